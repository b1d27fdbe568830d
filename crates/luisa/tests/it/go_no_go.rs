//! May she go? The check as an operator and a script use it, against a LUISA that is well and several that are not.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use luisa_fakes::meta::Template;
use luisa_fakes::{FakeOpenAi, payload};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::world::{Luisa, SECRET, World, http};

/// How the check ended.
struct Checked {
    code: i32,
    report: Value,
}

impl Checked {
    /// What was found about a check: `ok`, `failed`, `skipped`; and the rest of the line.
    #[track_caller]
    fn of(&self, check: &str) -> (&str, &str) {
        let found = self.report["checks"].as_array().unwrap().iter().find(|found| found["check"] == check);
        let found = found.unwrap_or_else(|| panic!("no `{check}` in {}", self.report));
        (found["verdict"].as_str().unwrap(), found["detail"].as_str().unwrap())
    }

    fn failed(&self, weight: &str) -> Vec<&str> {
        let all = self.report["checks"].as_array().unwrap().iter();
        let failed = all.filter(|found| found["weight"] == weight && found["verdict"] == "failed");
        failed.map(|found| found["check"].as_str().unwrap()).collect()
    }
}

async fn check(world: &World, luisa: &Luisa) -> Checked {
    let json = run(world, &["--base-url", &luisa.url, "--json"]).await;
    Checked { code: json.0, report: serde_json::from_str(&json.1).unwrap() }
}

async fn run(world: &World, arguments: &[&str]) -> (i32, String) {
    let mut command = world.command();
    command.args(["go-no-go", "--hard-fail"]).args(arguments).stdout(Stdio::piped());
    let output = command.output().await.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// A pack of the repository, to be spoilt.
fn copied(pack: &str, to: &Path) -> String {
    let to = to.join(pack);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs").join(pack), &to);
    to.to_str().unwrap().to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// A LUISA as a newcomer starts her: no WhatsApp, no key.
async fn newcomer() -> World {
    World::new().await.with("WHATSAPP_ENABLED", "false")
}

#[tokio::test]
async fn a_newcomers_luisa_may_go_with_either_pack_and_nothing_of_the_check_stays() {
    for pack in ["el-sastre", "minimal"] {
        let world = newcomer().await;
        let folder = copied(pack, world.folder.path());
        let world = world.with("BUSINESS_DIR", &folder);
        let luisa = world.serve().await;
        luisa.post("/api/chat", &json!({ "conversation_id": "cliente", "text": "hola" })).await;
        let checked = check(&world, &luisa).await;
        assert_eq!((checked.code, &checked.report["go"]), (0, &json!(true)), "{pack}: {}", checked.report);
        assert_eq!(checked.failed("hard"), [""; 0], "{pack}");
        for name in
            ["greeting", "personal filter", "faq horario", "faq cache", "trace", "product", "handoff", "cleanup"]
        {
            assert_eq!(checked.of(name).0, "ok", "{pack}: {name}: {}", checked.of(name).1);
        }
        assert_eq!(checked.of("whatsapp number").0, "skipped");
        assert_eq!(checked.of("backup"), ("failed", "there never was one"));
        assert_eq!(everything_that_names(&world, "go-no-go"), [""; 0], "{pack}");
        assert_eq!(world.count("SELECT count(*) FROM conversations"), 1, "the customer's stays");
        assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), 1);
        assert_eq!(luisa.get("/api/handoffs").await.1, json!({ "handoffs": [] }));
    }
}

/// Tables in which any column of any row holds this text.
fn everything_that_names(world: &World, text: &str) -> Vec<String> {
    let conn = world.look();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> =
        conn.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let names = |table: &String| {
        let query = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns: Vec<String> = query.column_names().map(|name| format!("coalesce({name}, '')")).collect();
        let sql = format!("SELECT count(*) FROM {table} WHERE instr({}, ?1) > 0", columns.join(" || ' ' || "));
        conn.query_row(&sql, [text], |row| row.get::<_, i64>(0)).unwrap() > 0
    };
    tables.into_iter().filter(names).collect()
}

#[tokio::test]
async fn a_question_taken_out_of_the_pack_is_a_no_go_that_names_it() {
    let world = newcomer().await;
    let folder = copied("minimal", world.folder.path());
    let rules = Path::new(&folder).join("rules.toml");
    let text = fs::read_to_string(&rules).unwrap();
    let rule = "[[rule]]\nsay = \"asks the hours\"\nany = [\"horario\"]\nintent = \"horario\"\nalso = true\n";
    assert!(text.contains(rule));
    fs::write(&rules, text.replace(rule, "")).unwrap();
    let world = world.with("BUSINESS_DIR", &folder);
    let luisa = world.serve().await;
    let checked = check(&world, &luisa).await;
    assert_eq!(checked.code, 1);
    assert_eq!(checked.failed("hard"), ["faq horario", "faq cache"]);
    assert!(checked.of("faq horario").1.contains("not `horario`"), "{}", checked.report);
    let (code, text) = run(&world, &["--base-url", &luisa.url]).await;
    assert_eq!(code, 1);
    assert!(text.contains("FAIL  faq horario") && text.contains("NO-GO. failed: faq horario, faq cache."), "{text}");
    let mut lenient = world.command();
    lenient.args(["go-no-go", "--base-url", &luisa.url]);
    assert!(lenient.status().await.unwrap().success(), "without --hard-fail it only tells");
}

#[tokio::test]
async fn a_fact_taken_out_of_the_pack_keeps_her_from_starting_and_the_check_says_which() {
    let world = newcomer().await;
    let folder = copied("minimal", world.folder.path());
    let facts = Path::new(&folder).join("facts.toml");
    let text = fs::read_to_string(&facts).unwrap();
    fs::write(&facts, text.replace("[fact.horario]", "[fact.otra_cosa]")).unwrap();
    let port = free_port();
    let world = world.with("BUSINESS_DIR", &folder).with("PORT", &port);
    assert_eq!(world.refuses().await.0, 2);
    let (code, text) = run(&world, &[]).await;
    assert_eq!(code, 1);
    assert!(text.contains("FAIL  health") && text.contains("NO-GO. failed: health."), "{text}");
    assert!(text.contains("nothing answers") && text.contains("horario"), "{text}");
}

fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn a_locked_database_is_a_no_go_that_names_it() {
    let world = newcomer().await;
    let luisa = world.serve().await;
    let lock = rusqlite::Connection::open(world.db()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let checked = check(&world, &luisa).await;
    assert_eq!((checked.code, checked.failed("hard")), (1, vec!["database"]), "{}", checked.report);
    assert_eq!(checked.of("health").0, "ok", "the process itself runs");
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(check(&world, &luisa).await.code, 0);
}

#[tokio::test]
async fn a_database_file_that_is_gone_is_a_no_go_although_sqlite_goes_on() {
    let world = newcomer().await;
    let luisa = world.serve().await;
    fs::remove_file(world.db()).unwrap();
    assert_eq!(luisa.get("/ready").await.0, 503);
    let checked = check(&world, &luisa).await;
    assert_eq!((checked.code, checked.failed("hard")), (1, vec!["database"]), "{}", checked.report);
}

#[tokio::test]
async fn with_whatsapp_the_account_is_looked_at_and_no_team_is_told() {
    let world = World::new()
        .await
        .with("WHATSAPP_BUSINESS_ACCOUNT_ID", payload::WABA_ID)
        .with("NOTIFY_TEMPLATE", "aviso_equipo:es_CO")
        .with("BUSINESS_HOURS_ENABLED", "true")
        .with("BUSINESS_HOURS_START", "0")
        .with("BUSINESS_HOURS_END", "1")
        .with("BUSINESS_HOURS_NEW_CONVERSATION_CUTOFF", "0");
    world.meta.accept_only_app_secret(SECRET);
    world.meta.add_template(Template::approved("aviso_equipo", "es_CO", 1));
    let luisa = world.serve().await;
    let checked = check(&world, &luisa).await;
    assert_eq!(checked.code, 0, "{}", checked.report);
    for name in ["handoff", "whatsapp number", "webhook fields", "notify template", "clock", "graph version"] {
        assert_eq!(checked.of(name).0, "ok", "{name}: {}", checked.of(name).1);
    }
    assert!(checked.of("clock").1.contains("Meta"));
    assert_eq!(world.meta.attempts().len(), 0, "nothing was sent to anybody");
    assert_eq!(world.count("SELECT count(*) FROM outbox"), 0);

    world.meta.tell_only(&["messages"]);
    world.meta.set_phone_field("quality_rating", json!("RED"));
    let checked = check(&world.with("NOTIFY_TEMPLATE", "otro"), &luisa).await;
    assert_eq!((checked.code, checked.failed("hard")), (0, vec![]), "Meta's state is a warning");
    assert_eq!(checked.of("webhook fields"), ("failed", "not subscribed: smb_message_echoes, smb_app_state_sync"));
    assert!(checked.of("whatsapp number").1.contains("RED"));
    assert!(checked.of("notify template").1.contains("not among"));
}

#[tokio::test]
async fn a_token_that_meta_refuses_is_told_with_what_to_do_and_never_shown() {
    let world = World::new().await.with("WHATSAPP_BUSINESS_ACCOUNT_ID", payload::WABA_ID);
    world.meta.accept_only_token("another");
    let luisa = world.serve().await;
    let (code, text) = run(&world, &["--base-url", &luisa.url]).await;
    assert_eq!(code, 0);
    assert!(text.contains("warn  whatsapp number") && text.contains("set WHATSAPP_ACCESS_TOKEN"), "{text}");
    assert!(!text.contains("token-of-the-tests") && !text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn with_a_model_its_maker_is_asked_for_the_list_and_no_answer_is_bought() {
    let openai = FakeOpenAi::start().await;
    let world = newcomer()
        .await
        .with("OPENAI_ENABLED", "true")
        .with("OPENAI_FREE_SENTENCES", "true")
        .with("OPENAI_API_KEY", "clave-de-prueba-0123456789")
        .with("OPENAI_BASE_URL", openai.base_url());
    let luisa = world.serve().await;
    let checked = check(&world, &luisa).await;
    assert_eq!((checked.code, checked.of("openai").0), (0, "ok"), "{}", checked.report);
    assert_eq!(openai.requests().len(), 0, "the pack's own questions are answered by rules");
    let checked = check(&world.with("OPENAI_MODEL", "gpt-no-hay"), &luisa).await;
    assert_eq!(checked.of("openai").0, "failed");
    assert_eq!(checked.of("model's end"), ("failed", "gpt-no-hay is not among the models known on 2026-11-20"));
}

#[tokio::test]
async fn in_production_the_check_needs_the_key_and_so_does_whoever_plays_it() {
    const KEY: &str = "0123456789abcdef0123456789abcdef";
    let world = World::new().await.with("PRODUCTION_MODE", "true").with("HOST", "127.0.0.1").with("LUISA_API_KEY", KEY);
    let luisa = world.serve().await;
    assert_eq!(check(&world, &luisa).await.code, 0);
    let chat = json!({ "conversation_id": "go-no-go.0123456789.x", "text": "hola" });
    assert_eq!(luisa.post("/api/chat", &chat).await.0, 401);
    for (method, path) in
        [("GET", "/ops/checks"), ("GET", "/ops/checks/0123456789"), ("DELETE", "/ops/checks/0123456789")]
    {
        let answer = http().request(method.parse().unwrap(), format!("{}{path}", luisa.url)).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{method} {path}");
    }
    let stranger = World::new().await.with("WHATSAPP_ENABLED", "false");
    let checked = check(&stranger, &luisa).await;
    assert_eq!(checked.code, 1);
    assert!(checked.of("answers").1.contains("401"), "{}", checked.report);
}

#[tokio::test]
async fn only_the_checks_own_conversations_can_be_removed() {
    let world = newcomer().await;
    let luisa = world.serve().await;
    luisa.post("/api/chat", &json!({ "conversation_id": "cliente", "text": "hola" })).await;
    for (run, status) in [("cliente", 400), ("%25", 400), ("0123456789abcdef", 200)] {
        let answer = http().delete(format!("{}/ops/checks/{run}", luisa.url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{run}");
    }
    assert_eq!(luisa.get("/api/conversations/cliente").await.0, 200);
}

#[tokio::test]
async fn an_address_that_is_none_is_wrong_use() {
    let world = newcomer().await;
    let mut command = world.command();
    command.args(["go-no-go", "--base-url", "luisa"]);
    let output = Command::output(&mut command).await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("is not an address"));
}
