//! Starts that must fail say why in a sentence; a stop ends what is in hand.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use luisa_fakes::Behaviour;
use rusqlite::Connection;

use crate::world::{SOON, World};

#[tokio::test]
async fn a_wrong_setting_is_named_with_its_value_and_what_is_allowed() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "pronto").with("PORT", "99999");
    let (code, said) = world.refuses().await;
    assert_eq!(code, 2, "{said}");
    for word in ["REPLY_DEBOUNCE_MS", "pronto", "PORT", "99999"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[tokio::test]
async fn a_broken_pack_is_named_by_file_and_line() {
    let world = World::new().await;
    let pack = world.folder.path().join("negocio");
    copy_folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/el-sastre"), &pack);
    let facts = fs::read_to_string(pack.join("facts.toml")).unwrap();
    fs::write(pack.join("facts.toml"), format!("{facts}\nroto = [")).unwrap();
    let world = world.with("BUSINESS_DIR", pack.to_str().unwrap());
    let (code, said) = world.refuses().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("facts.toml") && said.contains("line "), "{said}");
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_database_that_another_process_serves_stops_the_start() {
    let world = World::new().await;
    let _luisa = world.serve().await;
    let (code, said) = world.refuses().await;
    assert_eq!(code, 75, "{said}");
    assert!(said.contains("luisa.db") && said.contains("already served"), "{said}");
}

#[tokio::test]
async fn a_locked_database_stops_the_start() {
    let world = World::new().await;
    fs::create_dir_all(world.db().parent().unwrap()).unwrap();
    let holder = Connection::open(world.db()).unwrap();
    holder
        .execute_batch(
            "CREATE TABLE t (x); PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (1);",
        )
        .unwrap();
    let (code, said) = world.refuses().await;
    assert_eq!(code, 75, "{said}");
    assert!(said.contains("luisa.db") && said.contains("locked"), "{said}");
}

#[tokio::test]
async fn a_read_only_database_and_something_else_in_its_place_stop_the_start() {
    let world = World::new().await;
    fs::create_dir_all(world.db().parent().unwrap()).unwrap();
    fs::write(world.db(), b"").unwrap();
    fs::set_permissions(world.db(), fs::Permissions::from_mode(0o444)).unwrap();
    let (code, said) = world.refuses().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("luisa.db") && said.contains("read-only"), "{said}");
    fs::set_permissions(world.db(), fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(world.db(), "not a database, but long enough to be read as one".repeat(40)).unwrap();
    let (code, said) = world.refuses().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("not a LUISA database"), "{said}");
}

#[tokio::test]
async fn a_port_in_use_stops_the_start() {
    let world = World::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let world = world.with("PORT", &port);
    let (code, said) = world.refuses().await;
    assert_eq!(code, 75, "{said}");
    assert!(said.contains(&port) && said.contains("in use") && said.contains("PORT"), "{said}");
}

#[tokio::test]
async fn told_to_stop_she_ends_what_is_in_hand_and_leaves_the_rest_for_the_next_start() {
    let world = World::new().await.with("REPLY_DEBOUNCE_MS", "6000");
    let mut luisa = world.serve().await;
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    assert_eq!(luisa.terminate().await, 0);
    assert_eq!(world.count("SELECT count(*) FROM inbox"), 1);
    assert!(luisa.log().events("workers_left_behind").is_empty());
    let world = world.with("REPLY_DEBOUNCE_MS", "0");
    let _luisa = world.serve().await;
    world.meta.wait_for_sent(1, SOON).await.unwrap();
}

#[tokio::test]
async fn a_terminal_that_closes_stops_her_as_a_signal_to_stop_does() {
    let world = World::new().await;
    let mut luisa = world.serve().await;
    assert_eq!(luisa.stopped_by("HUP").await, 0);
    assert_eq!(luisa.log().events("stopping")[0]["signal"], "SIGHUP");
}

#[tokio::test]
async fn the_service_manager_hears_when_she_is_ready_and_that_she_is_alive() {
    let world = World::new().await;
    let socket = world.folder.path().join("notify");
    let told = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    let world = world.with("NOTIFY_SOCKET", socket.to_str().unwrap()).with("WATCHDOG_USEC", "400000");
    let mut luisa = world.serve().await;
    let told = tokio::net::UnixDatagram::from_std({
        told.set_nonblocking(true).unwrap();
        told
    })
    .unwrap();
    let mut heard = Vec::new();
    while heard.len() < 2 {
        let mut buffer = [0; 200];
        let n = told.recv(&mut buffer).await.unwrap();
        heard.push(String::from_utf8_lossy(&buffer[..n]).trim().to_owned());
    }
    assert_eq!(heard, ["READY=1", "WATCHDOG=1"]);
    assert_eq!(luisa.terminate().await, 0);
}

#[tokio::test]
async fn told_to_stop_while_meta_is_slow_she_hears_the_answer_first() {
    let world = World::new().await;
    let mut luisa = world.serve().await;
    world.meta.fail_next(1, Behaviour::Hang(Some(std::time::Duration::from_secs(2))));
    luisa.customer(1).says("a qué hora abren?").await.unwrap();
    luisa.turns(1).await;
    world.eventually("SELECT state FROM outbox", Some("claimed")).await;
    assert_eq!(luisa.terminate().await, 0);
    assert_eq!(world.text("SELECT state FROM outbox").as_deref(), Some("due"), "refused by a gateway: again later");
}

#[tokio::test]
async fn after_the_stop_the_port_is_closed_and_a_second_start_works_at_once() {
    let world = World::new().await;
    let mut luisa = world.serve().await;
    let url = luisa.url.clone();
    assert_eq!(luisa.terminate().await, 0);
    assert!(crate::world::http().get(format!("{url}/health")).send().await.is_err());
    let luisa = world.serve().await;
    assert_eq!(luisa.get("/ready").await.0, 200);
}

#[tokio::test]
async fn the_health_command_tells_a_ready_luisa_from_one_that_is_gone() {
    let world = World::new().await;
    let mut luisa = world.serve().await;
    let port = luisa.url.rsplit(':').next().unwrap().to_owned();
    let desk = crate::cli::Desk::new().with("PORT", port);
    assert_eq!(desk.run(&["health"]).ends_with(0).out(), "ready\n");
    let holder = Connection::open(world.db()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let stuck = desk.run(&["health"]).ends_with(1).out();
    assert!(stuck.contains("not ready"), "a database that cannot be written: {stuck}");
    drop(holder);
    assert_eq!(luisa.terminate().await, 0);
    let gone = desk.run(&["health"]).ends_with(1).out();
    assert!(gone.contains("nobody answers at 127.0.0.1:"), "{gone}");
}
