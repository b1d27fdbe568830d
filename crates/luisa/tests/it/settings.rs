//! Wrong settings and broken packs, as an operator meets them at the start.

use std::path::Path;

use crate::cli::Desk;

const PACK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/el-sastre");

fn copy_pack(to: &Path) {
    for entry in std::fs::read_dir(PACK).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
    for folder in ["media", "prompts"] {
        std::fs::create_dir(to.join(folder)).unwrap();
        for entry in std::fs::read_dir(Path::new(PACK).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, to.join(folder).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
}

#[test]
fn every_wrong_setting_is_a_line_of_its_own_before_anything_is_done() {
    let desk = Desk::new().with("PORT", "eighty").with("HUMAN_TTL_HOURS", "0").with("WHATSAPP_ENABLED", "true");
    let err = desk.run(&["serve"]).ends_with(2).err();
    for name in [
        "PORT=eighty",
        "HUMAN_TTL_HOURS=0",
        "WHATSAPP_ACCESS_TOKEN",
        "WHATSAPP_PHONE_NUMBER_ID",
        "WHATSAPP_VERIFY_TOKEN",
    ] {
        assert_eq!(err.lines().filter(|line| line.starts_with(&format!("luisa: {name} "))).count(), 1, "{name}: {err}");
    }
    assert_eq!(std::fs::read_dir(desk.folder()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn dotenv_is_read_and_the_environment_wins() {
    let desk = Desk::new().with("DB_PATH", "from_environment.db");
    desk.write(".env", "DB_PATH=from_file.db\nCACHE_MAX_SIZE=many\n");
    let err = desk.run(&["init-db"]).ends_with(2).err();
    assert!(err.contains("CACHE_MAX_SIZE=many"), "{err}");
    desk.write(".env", "DB_PATH=from_file.db\n");
    desk.run(&["init-db"]).ends_with(0);
    assert!(desk.folder().join("from_environment.db").exists() && !desk.folder().join("from_file.db").exists());
}

#[test]
fn production_does_not_start_with_its_doors_open() {
    let err = Desk::new().with("PRODUCTION_MODE", "true").run(&[]).ends_with(2).err();
    assert!(err.contains("LUISA_API_KEY is missing"), "{err}");
}

#[test]
fn a_misspelt_variable_is_warned_about_and_does_not_stop_the_work() {
    let ended = Desk::new().with("LUISA_APIKEY", "x").run(&["init-db"]).ends_with(0);
    assert!(ended.err().contains("LUISA_APIKEY") && ended.err().contains("LUISA_API_KEY"), "{}", ended.err());
}

#[test]
fn a_broken_pack_stops_the_start_with_every_fault_on_a_line() {
    let pack = tempfile::tempdir().unwrap();
    copy_pack(pack.path());
    let facts = std::fs::read_to_string(pack.path().join("facts.toml")).unwrap();
    std::fs::write(pack.path().join("facts.toml"), facts.replacen("say =", "sya =", 1)).unwrap();
    std::fs::remove_file(pack.path().join("guards.toml")).unwrap();
    let desk = Desk::new().with("BUSINESS_DIR", pack.path().to_str().unwrap());
    for command in [&["serve"][..], &["chat"], &["init-db"]] {
        let err = desk.run(command).ends_with(2).err();
        assert!(err.contains("facts.toml line ") && err.contains("sya"), "{command:?}: {err}");
        assert!(err.contains("guards.toml: the file is missing"), "{command:?}: {err}");
        assert!(err.contains(pack.path().to_str().unwrap()) && err.contains("BUSINESS_DIR"), "{command:?}: {err}");
    }
}

#[test]
fn a_pack_of_ones_own_is_served_in_place_of_the_built_in_one() {
    let pack = tempfile::tempdir().unwrap();
    copy_pack(pack.path());
    let about = std::fs::read_to_string(pack.path().join("pack.toml")).unwrap();
    let name = about.lines().find(|line| line.starts_with("name =")).unwrap();
    std::fs::write(pack.path().join("pack.toml"), about.replacen(name, "name = \"La Otra Tienda\"", 1)).unwrap();
    let desk = Desk::new().with("BUSINESS_DIR", pack.path().to_str().unwrap());
    desk.write("one.jsonl", "{\"id\":\"a\",\"text\":\"hola\",\"class\":\"BUSINESS_FAQ\",\"intent\":\"saludo\",\"slots\":{},\"handoff\":null}\n");
    let out = desk.run(&["eval", "one.jsonl"]).ends_with(0).out();
    assert!(out.contains("La Otra Tienda"), "{out}");
}
