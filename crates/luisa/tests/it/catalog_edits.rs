//! The catalog and the facts as the staff change them, while she serves.

use std::path::Path;

use serde_json::json;

use crate::world::{Luisa, World, http};

const KEY: &str = "key-of-the-tests";

async fn answer(luisa: &Luisa, chat: &str, text: &str) -> String {
    let (status, answer) =
        luisa.post("/api/chat", &json!({ "conversation_id": chat, "text": text, "sender": "customer" })).await;
    assert_eq!(status, 200, "{answer}");
    answer["response"].as_str().unwrap().to_owned()
}

fn by_hand(world: &World, sql: &str) {
    let conn = rusqlite::Connection::open(world.db()).unwrap();
    conn.busy_timeout(crate::world::SOON).unwrap();
    conn.execute_batch(sql).unwrap();
}

/// A copy of a pack of the repository, to change.
pub(crate) fn own_copy(pack: &str) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target)
            } else {
                std::fs::copy(entry.path(), target).map(|_| ()).unwrap()
            }
        }
    }
    let own = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(pack), own.path());
    own
}

#[tokio::test]
async fn a_price_changed_in_the_database_is_what_she_says_next_and_the_old_one_is_gone() {
    let world = World::new().await;
    let luisa = world.serve().await;
    assert!(answer(&luisa, "a", "cuánto vale la KT-D3?").await.contains("$1.230.000"));
    by_hand(&world, "UPDATE catalog_items SET price_cop = 1180000, source = 'store' WHERE item_id = 'I008'");
    luisa.log().count("catalog_changed", 1).await;
    let now = answer(&luisa, "b", "cuánto vale la KT-D3?").await;
    assert!(now.contains("$1.180.000") && !now.contains("1.230.000"), "{now}");
    // The lowest price of its family follows, and so do the promotions.
    let family = answer(&luisa, "c", "qué precio tienen las industriales?").await;
    assert!(family.contains("$1.180.000"), "{family}");
    let promotions = answer(&luisa, "d", "qué promociones tienen?").await;
    assert!(promotions.contains("la Kingter KT-D3 en $1.180.000 y la Kansew KS-8800 en $1.300.000"), "{promotions}");
    let general = answer(&luisa, "e", "qué precios manejan?").await;
    assert!(general.contains("$400.000") && general.contains("$1.180.000"), "{general}");
}

#[tokio::test]
async fn what_is_sold_out_or_withdrawn_is_not_offered() {
    let world = World::new().await;
    let luisa = world.serve().await;
    by_hand(
        &world,
        "UPDATE catalog_items SET stock = 0, source = 'store' WHERE item_id = 'I008';
         UPDATE catalog_items SET active = 0, source = 'store' WHERE item_id = 'I009'",
    );
    luisa.log().count("catalog_changed", 1).await;
    let sold_out = answer(&luisa, "a", "tienen la KT-D3?").await;
    assert!(sold_out.contains("agotada") || sold_out.contains("no nos queda"), "{sold_out}");
    let families = answer(&luisa, "b", "qué industriales tienen?").await;
    assert!(!families.contains("KS-8800"), "{families}");
    let (_, items) = luisa.get("/api/catalog/items").await;
    assert!(items["items"].as_array().unwrap().iter().all(|item| item["item_id"] != "I009"));
}

#[tokio::test]
async fn a_changed_fact_empties_the_faq_cache_and_its_counts_stay() {
    let world = World::new().await;
    let luisa = world.serve().await;
    for chat in ["a", "b"] {
        assert!(answer(&luisa, chat, "a qué hora abren?").await.contains("9:00"));
    }
    let (_, before) = luisa.get("/api/cache/stats").await;
    assert_eq!((&before["hits"], &before["misses"], &before["size"]), (&json!(1), &json!(1), &json!(1)));
    by_hand(
        &world,
        "INSERT INTO fact_edits VALUES ('horario', 'lunes a viernes de 7:00 a 17:00; sábados y domingos no abrimos',
         '2026-11-25 10:00:00.000', 'carmen')",
    );
    luisa.log().count("catalog_changed", 1).await;
    let (_, emptied) = luisa.get("/api/cache/stats").await;
    assert_eq!((&emptied["hits"], &emptied["misses"], &emptied["size"]), (&json!(1), &json!(1), &json!(0)));
    let now = answer(&luisa, "c", "a qué hora abren?").await;
    assert!(now.contains("7:00 a 17:00"), "{now}");
    let (_, after) = luisa.get("/api/cache/stats").await;
    assert_eq!((&after["hits"], &after["misses"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_changed_file_of_the_pack_holds_after_a_sync_and_a_broken_one_changes_nothing() {
    let own = own_copy("minimal");
    let world = World::new().await.with("BUSINESS_DIR", own.path().to_str().unwrap()).with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    let sync = || http().post(format!("{}/api/catalog/sync", luisa.url)).header("X-LUISA-API-KEY", KEY).send();
    assert!(answer(&luisa, "a", "a qué hora abren?").await.contains("5:30"));
    let facts = own.path().join("facts.toml");
    let text = std::fs::read_to_string(&facts).unwrap();
    std::fs::write(&facts, text.replace("5:30", "6:30")).unwrap();
    assert_eq!(sync().await.unwrap().status(), 200);
    assert!(answer(&luisa, "b", "a qué hora abren?").await.contains("6:30"));
    std::fs::write(&facts, "nothing").unwrap();
    let refused = sync().await.unwrap();
    assert_eq!(refused.status(), 409);
    let why = refused.text().await.unwrap();
    assert!(why.contains("facts.toml line 1"), "{why}");
    assert!(answer(&luisa, "c", "a qué hora abren?").await.contains("6:30"));
}

fn write(world: &World, name: &str, text: &str) -> String {
    let path = world.folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_store_s_file_is_imported_while_she_serves_and_its_products_are_sold() {
    let world = World::new().await;
    let luisa = world.serve().await;
    let file = write(
        &world,
        "precios.csv",
        "Código;Nombre;Marca;Modelo;Categoría;Precio;Existencias;Activo\n\
         I008;;Kingter;KT-D3;Industrial;$ 1.180.000;3;Sí\n\
         S100;Kingter KT-9900;Kingter;KT-9900;máquina industrial;1.750.000 COP;2;x\n"
            .replace("I008;;", "I008;Kingter KT-D3;")
            .as_str(),
    );
    let (code, checked, _) = world.run(&["catalog", "check", &file]).await;
    assert_eq!(code, 0, "{checked}");
    assert!(checked.contains("Nuevos 1, cambiados 1") && checked.contains("«1230000» pasa a «1180000»"), "{checked}");
    assert!(checked.contains("1 sin foto") && checked.contains("S100"), "{checked}");
    assert!(answer(&luisa, "a", "cuánto vale la KT-D3?").await.contains("$1.230.000"), "a check changes nothing");
    let (code, imported, _) = world.run(&["catalog", "import", &file, "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&imported).unwrap();
    assert_eq!((code, &report["imported"], &report["added"]), (0, &json!(true), &json!(["S100"])), "{report}");
    luisa.log().count("catalog_changed", 1).await;
    assert!(answer(&luisa, "b", "cuánto vale la KT-D3?").await.contains("$1.180.000"));
    assert!(answer(&luisa, "c", "qué precio tiene la kt9900").await.contains("$1.750.000"));
    let photo = answer(&luisa, "d", "foto de la kt 9900").await;
    assert!(photo.contains("KT-9900") && photo.contains("asesor"), "{photo}");
    // What the file did not name is as it was.
    assert!(answer(&luisa, "e", "cuánto vale la KS-8800?").await.contains("$1.300.000"));
}

#[tokio::test]
async fn every_fault_of_a_file_is_told_at_once_and_nothing_is_imported() {
    let world = World::new().await;
    drop(world.serve().await);
    let file = write(
        &world,
        "malo.csv",
        "codigo,nombre,familia,precio,activo,existencias\n\
         I008,Kingter KT-D3,industrial,1100000,si,2\n\
         S1,Una,lavadora,mil,si,1\n\
         S2,,industrial,900000,quizas,-3\n\
         S1,Otra,industrial,900000,si,1\n",
    );
    for command in ["check", "import"] {
        let (code, text, _) = world.run(&["catalog", command, &file]).await;
        assert_eq!(code, 1, "{text}");
        for wanted in [
            "fila 3, columna «familia», «lavadora»: la tienda no tiene esa familia; escriba una de estas: familiar, industrial",
            "fila 3, columna «precio», «mil»: esto no es un precio",
            "fila 4, columna «activo», «quizas»: esto no es sí ni no; escriba «si» o «no»",
            "fila 4, columna «existencias», «-3»: esto no es una cantidad",
            "fila 4, columna «nombre», «»: el producto «S2» no tiene nombre",
            "no se cambió nada",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        assert_eq!(world.count("SELECT count(*) FROM catalog_items WHERE source = 'store'"), 0);
    }
    let (code, text, _) = world.run(&["catalog", "check", &write(&world, "x.csv", "nombre,color\nUna,rojo\n")]).await;
    assert!(code == 1 && text.contains("fila 1") && text.contains("no hay columna «codigo»"), "{text}");
    let (code, _, error) = world.run(&["catalog", "check", "nada.csv"]).await;
    assert!(code == 2 && error.contains("nada.csv"), "{error}");
}

#[tokio::test]
async fn what_is_exported_comes_back_in_without_a_change_in_both_formats() {
    let world = World::new().await;
    let file = write(
        &world,
        "mas.csv",
        "codigo,nombre,familia,modelo,otros_nombres,caracteristicas,precio,notas\n\
         0105,\"Sierra, \"\"pro\"\"\",familiar,X-0105,sierra | pro,\"dos, tres|cuatro\",500000,llegó en mayo\n",
    );
    assert_eq!(world.run(&["init-db"]).await.0, 0);
    assert_eq!(world.run(&["catalog", "import", &file]).await.0, 0);
    for name in ["todo.csv", "todo.xlsx"] {
        let path = world.folder.path().join(name);
        let path = path.to_str().unwrap();
        let (code, said, error) = world.run(&["catalog", "export", path]).await;
        assert!(code == 0 && said.contains("10 productos"), "{said}{error}");
        let (code, _, error) = world.run(&["catalog", "export", path]).await;
        assert!(code == 2 && error.contains("--force"), "{error}");
        let (code, said, _) = world.run(&["catalog", "import", path, "--whole"]).await;
        assert!(code == 0 && said.contains("Nuevos 0, cambiados 0, iguales 10, retirados 0"), "{name}: {said}");
        // In another database the same file makes the same catalog.
        let other = World::new().await;
        assert_eq!(other.run(&["init-db"]).await.0, 0);
        assert_eq!(other.run(&["catalog", "import", path]).await.0, 0);
        let all = |world: &World| {
            let sql = "SELECT json_group_array(json_array(item_id, brand, model, name, family, features, uses, price_cop, stock,
                active, image_id, priority, notes, kind, good_for, volume, promo, aliases) ORDER BY item_id) FROM catalog_items";
            world.text(sql).unwrap()
        };
        assert_eq!(all(&world), all(&other), "{name}");
    }
    let (_, csv, _) = world.run(&["catalog", "export", "-"]).await;
    assert!(csv.starts_with("\u{feff}codigo;marca;modelo;nombre;"), "{csv}");
}

#[tokio::test]
async fn a_spreadsheet_of_the_store_is_read_with_its_numbers_and_empty_rows() {
    let world = World::new().await;
    let path = world.folder.path().join("tienda.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in ["Referencia", "Precio venta", "Cantidad", "En promoción"].iter().enumerate() {
        sheet.write_string(2, u16::try_from(column).unwrap(), *name).unwrap();
    }
    sheet.write_string(3, 0, "I008").unwrap().write_number(3, 1, 1_190_000.0).unwrap().write_number(3, 2, 4).unwrap();
    sheet.write_boolean(3, 3, true).unwrap();
    sheet
        .write_string(5, 0, "I009")
        .unwrap()
        .write_string(5, 1, "$1.250.000")
        .unwrap()
        .write_string(5, 2, "dos")
        .unwrap();
    book.save(&path).unwrap();
    let (code, text, error) = world.run(&["catalog", "check", path.to_str().unwrap()]).await;
    assert_eq!(code, 1, "{text}{error}");
    assert!(text.contains("fila 6, columna «Cantidad», «dos»"), "{text}");
    assert!(text.contains("1 por corregir"), "{text}");
}

/// What a shop does on a Monday: the price list comes in, and everything that LUISA says of prices follows, also for who
/// checks her and after a restart.
#[tokio::test]
async fn a_price_list_imported_while_she_serves_holds_everywhere_and_after_a_restart() {
    let world = World::new().await.with("LUISA_API_KEY", KEY);
    let mut luisa = world.serve().await;
    assert!(answer(&luisa, "a", "qué promociones tienen?").await.contains("$1.230.000"));
    let file = write(&world, "p.csv", "codigo;precio\nI008;1.250.000\n");
    let (code, said, error) = world.run(&["catalog", "import", &file]).await;
    assert_eq!(code, 0, "{said}{error}");
    luisa.log().count("catalog_changed", 1).await;
    for turn in ["before", "after"] {
        let promotions = answer(&luisa, &format!("{turn}-1"), "qué promociones tienen?").await;
        assert!(
            promotions.contains("la Kingter KT-D3 en $1.250.000 y la Kansew KS-8800 en $1.300.000"),
            "{promotions}"
        );
        let general = answer(&luisa, &format!("{turn}-2"), "qué precios manejan?").await;
        assert!(general.contains("$400.000") && general.contains("$1.250.000"), "{general}");
        let (code, report, _) = world.run(&["go-no-go", "--hard-fail", "--base-url", &luisa.url, "--json"]).await;
        assert_eq!(code, 0, "{report}");
        assert_eq!(luisa.log().events("price_of_no_product").len(), 0);
        assert_eq!(luisa.terminate().await, 0);
        luisa = world.serve().await;
    }
}

#[tokio::test]
async fn a_pack_with_an_old_price_in_a_sentence_starts_syncs_and_says_where_it_stands() {
    let own = own_copy("el-sastre");
    let replies = own.path().join("replies.toml");
    let text = std::fs::read_to_string(&replies).unwrap();
    std::fs::write(&replies, text.replacen("En promoción están {dato.promociones};", "La KT-D3 está en $999.000.", 1))
        .unwrap();
    let world = World::new().await.with("BUSINESS_DIR", own.path().to_str().unwrap()).with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    let told = luisa.log().line("price_of_no_product", |line| line["id"] == "promociones").await;
    assert_eq!(told["claim"], "money:$999.000");
    let sync =
        http().post(format!("{}/api/catalog/sync", luisa.url)).header("X-LUISA-API-KEY", KEY).send().await.unwrap();
    assert_eq!(sync.status(), 200);
    let (_, report, _) = world.run(&["go-no-go", "--hard-fail", "--base-url", &luisa.url]).await;
    assert!(report.contains("replies.toml `promociones` says money:$999.000"), "{report}");
}

#[tokio::test]
async fn a_product_that_is_withdrawn_or_sold_out_is_no_reason_to_stay_closed() {
    let world = World::new().await.with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    let file = write(&world, "p.csv", "codigo;activo\nI008;no\n");
    assert_eq!(world.run(&["catalog", "import", &file]).await.0, 0);
    luisa.log().count("catalog_changed", 1).await;
    let (code, report, _) = world.run(&["go-no-go", "--hard-fail", "--base-url", &luisa.url]).await;
    assert_eq!(code, 0, "{report}");
}

/// What hangs in a shop's computer: a title, columns of the accountant, and words where a program wants numbers.
#[tokio::test]
async fn a_shop_s_real_list_is_taken_without_repair_and_what_is_not_read_is_named() {
    let world = World::new().await;
    assert_eq!(world.run(&["init-db"]).await.0, 0);
    let text = "Lista de precios noviembre 2026;;;;;\r\n;;;;;\r\n\
        Código;Descripción;Costo;Precio de venta;Existencia;Proveedor\r\n\
        I008;Kingter;900.000;1´190.000;5 und;Distribuciones “La 34”\r\n\
        I009;Kansew;1.000.000;1.2 millones;Agotado;–\r\n";
    let windows: Vec<u8> = text
        .chars()
        .map(|c| match c {
            '“' => 0x93,
            '”' => 0x94,
            '–' => 0x96,
            c => u8::try_from(u32::from(c)).unwrap(),
        })
        .collect();
    let path = world.folder.path().join("lista.csv");
    std::fs::write(&path, windows).unwrap();
    let (code, text, error) = world.run(&["catalog", "import", path.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{text}{error}");
    assert!(text.contains("columnas que no se leen: Descripción, Costo, Proveedor"), "{text}");
    let rows =
        "SELECT group_concat(item_id || ' ' || price_cop || ' ' || stock) FROM catalog_items WHERE source = 'store'";
    assert_eq!(world.text(rows).unwrap(), "I008 1190000 5,I009 1200000 0");
}

#[tokio::test]
async fn a_price_that_jumps_or_stands_alone_is_imported_only_when_it_is_said_to_be_right() {
    let world = World::new().await;
    assert_eq!(world.run(&["init-db"]).await.0, 0);
    let file = write(
        &world,
        "x.csv",
        "codigo;nombre;familia;precio\nI008;Kingter KT-D3;industrial;1230\nI009;Kansew KS-8800;industrial;13000000\n\
         N1;Singer 1;familiar;650\n",
    );
    for command in ["check", "import"] {
        let (code, text, _) = world.run(&["catalog", command, &file]).await;
        assert_eq!(code, 1, "{text}");
        for wanted in ["OJO I008: hoy cuesta $1.230.000 y quedaría en $1.230", "OJO I009", "OJO N1", "--yes"] {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        assert_eq!(world.count("SELECT count(*) FROM catalog_items WHERE source = 'store'"), 0);
    }
    assert_eq!(world.run(&["catalog", "import", &file, "--yes"]).await.0, 0);
    assert_eq!(world.count("SELECT count(*) FROM catalog_items WHERE source = 'store'"), 3);
}

#[tokio::test]
async fn no_command_of_the_catalog_makes_a_database_where_there_is_none() {
    let world = World::new().await;
    let file = write(&world, "p.csv", "codigo;precio\nI008;1.250.000\n");
    let (code, text, error) = world.run(&["catalog", "import", &file]).await;
    assert!(code == 2 && text.is_empty() && error.contains("no hay base de datos"), "{text}{error}");
    for arguments in [["catalog", "check", &file], ["catalog", "export", "-"]] {
        let (code, _, error) = world.run(&arguments).await;
        assert!(code == 0 && error.contains("este es el catálogo del paquete"), "{error}");
    }
    assert!(!world.db().exists());
}
