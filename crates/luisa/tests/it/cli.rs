//! The commands as scripts and people use them: the built binary, its output and its exit code.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::hush;

/// `luisa` in a folder of its own, with nothing of this machine's environment.
pub(crate) struct Desk {
    folder: TempDir,
    vars: Vec<(String, String)>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), vars: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.type_in(arguments, "")
    }

    pub(crate) fn type_in(&self, arguments: &[&str], typed: &str) -> Ended {
        let mut child = Command::new(env!("CARGO_BIN_EXE_luisa"))
            .args(arguments)
            .env_clear()
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may be gone by now.
        drop(child.stdin.take().unwrap().write_all(typed.as_bytes()));
        let ended = Ended(child.wait_with_output().unwrap());
        hush::assert_hushed(ended.err().lines(), &hush::secrets(&self.vars));
        ended
    }
}

/// How a command ended.
pub(crate) struct Ended(Output);

impl Ended {
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "out: {}\nerr: {}", self.out(), self.err());
        self
    }
}

#[test]
fn help_lists_the_commands_that_exist_and_how_settings_are_given() {
    let help = Desk::new().run(&["--help"]).ends_with(0).out();
    for word in ["serve", "init-db", "chat", "eval", "ops", "backup", "privacy", ".env.example", "Exit codes"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn wrong_use_ends_with_two_and_says_so_on_standard_error() {
    for arguments in [&["sell"][..], &["eval"], &["eval", "x.jsonl", "--fail-under", "class_accuracy"], &["ops"]] {
        let ended = Desk::new().run(arguments).ends_with(2);
        assert!(ended.out().is_empty() && !ended.err().is_empty(), "{arguments:?}");
    }
}

#[test]
fn init_db_makes_the_database_and_may_be_repeated() {
    let desk = Desk::new().with("DB_PATH", "shop/luisa.db");
    let first = desk.run(&["init-db"]).ends_with(0).out();
    assert!(first.contains("shop/luisa.db") && first.contains("9 products"), "{first}");
    assert!(desk.folder().join("shop/luisa.db").is_file());
    assert_eq!(desk.run(&["init-db"]).ends_with(0).out(), first);
}

#[test]
fn a_database_that_is_something_else_is_refused_in_one_sentence() {
    let desk = Desk::new().with("DB_PATH", "notes.txt");
    desk.write("notes.txt", &"not a database, but long enough to look like one. ".repeat(100));
    let err = desk.run(&["init-db"]).ends_with(2).err();
    assert!(err.contains("notes.txt is not a LUISA database") && err.trim().lines().count() == 1, "{err}");
}

#[test]
fn a_piped_chat_prints_answers_and_decisions_without_colours_or_prompts() {
    let ended = Desk::new().type_in(&["chat"], "hola, a cómo la kingter KT-D3?\n/salir\nhola\n").ends_with(0);
    let out = ended.out();
    assert!(out.contains("1.230.000"), "{out}");
    assert!(out.contains("[photo I008") && out.contains("path rate_ok->") && out.contains("AI_ACTIVE"), "{out}");
    assert!(!out.contains('\u{1b}') && !out.contains("you"), "{out}");
    assert_eq!(out.matches("path rate_ok->").count(), 1, "after /salir nothing is answered: {out}");
    assert!(ended.err().is_empty(), "{}", ended.err());
}

#[test]
fn a_number_in_the_chat_presses_that_button() {
    let out = Desk::new().type_in(&["chat", "--json"], "hola\n1\n").ends_with(0).out();
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2, "{out}");
    let pressed = answers[0]["interactive"]["options"][0]["title"].as_str().unwrap();
    assert!(!pressed.is_empty());
    // A bare "1" means nothing; the button it presses is business.
    assert_eq!(answers[1]["classification"], "BUSINESS_CONSULT", "{out}");
    assert_eq!(answers[0]["conversation_id"], answers[1]["conversation_id"]);
}

#[test]
fn nuevo_begins_another_conversation_that_knows_nothing_of_the_first() {
    let typed = "busco una industrial para jeans\n/nuevo\nhola\n";
    let out = Desk::new().type_in(&["chat", "--json"], typed).ends_with(0).out();
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_ne!(answers[0]["conversation_id"], answers[1]["conversation_id"]);
    assert_eq!(answers[0]["slots"]["tipo_maquina"], "industrial", "{out}");
    assert_eq!(answers[1]["slots"], serde_json::json!({}), "{out}");
}

#[test]
fn a_script_may_write_faster_than_the_limit_for_customers() {
    let typed = "a que hora abren?\n".repeat(40);
    let out = Desk::new().type_in(&["chat"], &typed).ends_with(0).out();
    assert_eq!(out.matches("path rate_ok->").count(), 40, "{out}");
}

#[test]
fn a_chat_leaves_nothing_behind_unless_it_is_kept() {
    let desk = Desk::new();
    desk.type_in(&["chat"], "hola\n").ends_with(0);
    assert_eq!(std::fs::read_dir(desk.folder()).unwrap().count(), 0);
    desk.type_in(&["chat", "--conversation", "mostrador"], "busco una industrial\n").ends_with(0);
    let again = desk.type_in(&["chat", "--conversation", "mostrador", "--json"], "para jeans\n").ends_with(0).out();
    let answer: Value = serde_json::from_str(again.trim()).unwrap();
    assert_eq!(answer["slots"]["tipo_maquina"], "industrial", "the second talk goes on with the first: {again}");
}

#[test]
fn traza_shows_the_whole_trace_of_the_last_message() {
    let out = Desk::new().type_in(&["chat", "--quiet"], "hola\n/traza\n").ends_with(0).out();
    let trace = &out[out.find("[\n").unwrap()..];
    let trace: Value = serde_json::from_str(trace).unwrap();
    assert_eq!(trace[0]["raw_text"], "hola");
}

const LABELLED: &str = r#"{"id":"a","text":"a que hora abren","class":"BUSINESS_FAQ","intent":"horario","slots":{},"handoff":null}
{"id":"b","text":"donde quedan ubicados","class":"BUSINESS_FAQ","intent":"horario","slots":{},"handoff":null}
"#;

#[test]
fn eval_scores_a_file_and_lists_its_misses_with_reasons() {
    let desk = Desk::new();
    desk.write("two.jsonl", LABELLED);
    let out = desk.run(&["eval", "two.jsonl"]).ends_with(0).out();
    assert!(out.contains("2 messages") && out.contains("p99"), "{out}");
    assert!(out.contains("intent ubicacion instead of horario") && out.contains("because "), "{out}");
    let brief = desk.run(&["eval", "two.jsonl", "--brief"]).ends_with(0).out();
    assert!(!brief.contains("instead of"), "{brief}");
}

#[test]
fn eval_json_is_for_programs_and_a_floor_that_is_missed_ends_with_one() {
    let desk = Desk::new();
    desk.write("two.jsonl", LABELLED);
    let ended = desk.run(&["eval", "two.jsonl", "--json", "--fail-under", "intent_accuracy=90%"]).ends_with(1);
    let report: Value = serde_json::from_str(&ended.out()).unwrap();
    assert_eq!(report["figures"]["intent_accuracy"], 0.5);
    assert_eq!(report["misses"][0]["id"], "b");
    assert!(report["under"][0].as_str().unwrap().contains("intent_accuracy"));
    desk.run(&["eval", "two.jsonl", "--fail-under", "intent_accuracy=0.5"]).ends_with(0);
}

#[test]
fn eval_names_the_file_and_line_that_it_cannot_read() {
    let desk = Desk::new();
    desk.write("bad.jsonl", "{\"id\":\"a\"}\n");
    let err = desk.run(&["eval", "bad.jsonl"]).ends_with(2).err();
    assert!(err.contains("bad.jsonl") && err.contains("line 1"), "{err}");
    let err = desk.run(&["eval", "none.jsonl"]).ends_with(2).err();
    assert!(err.contains("none.jsonl"), "{err}");
    let err = desk.type_in(&["eval", "-", "--fail-under", "wit=1"], LABELLED).ends_with(2).err();
    assert!(err.contains("no metric wit") && err.contains("class_accuracy"), "{err}");
}

#[test]
fn the_snapshot_shows_the_last_hour_of_the_configured_database() {
    let desk = Desk::new();
    let typed = "hola\nnecesito hablar con una persona\n";
    desk.type_in(&["chat", "--keep"], typed).ends_with(0);
    let figures = desk.run(&["ops", "snapshot", "--json"]).ends_with(0).out();
    let figures: Value = serde_json::from_str(&figures).unwrap();
    assert_eq!(figures["total_msgs_60m"], 2);
    assert_eq!(figures["pct_handoff"], 50.0);
    assert_eq!(figures["pct_personal"], 0.0);
    assert_eq!(figures["errores_count"], 0);
    let table = desk.run(&["ops", "snapshot"]).ends_with(0).out();
    assert!(table.contains("handed to a person") && table.contains("50.00 %"), "{table}");
    assert!(table.contains("handoffs open             1, the oldest for "), "{table}");
}

#[test]
fn a_snapshot_of_an_empty_database_has_no_data_where_a_zero_would_lie() {
    let desk = Desk::new();
    desk.run(&["init-db"]).ends_with(0);
    let table = desk.run(&["ops", "snapshot"]).ends_with(0).out();
    let value = |name: &str| table.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap().trim().to_owned();
    for name in ["personal", "handed to a person", "questions from the cache", "decision time, p95"] {
        assert_eq!(value(name), "no data", "{table}");
    }
    for name in ["messages  ", "errors", "messages unanswered", "dead letters", "handoffs open"] {
        assert_eq!(value(name), "0", "{table}");
    }
    assert_eq!((value("last backup").as_str(), value("spent on them").as_str()), ("never", "US$ 0.0000"), "{table}");
    assert!(value("free on its disk").ends_with('B'), "{table}");
    desk.run(&["backup", "copy.db"]).ends_with(0);
    let figures: Value = serde_json::from_str(&desk.run(&["ops", "snapshot", "--json"]).ends_with(0).out()).unwrap();
    assert!(figures["last_backup_age_s"].as_i64().unwrap() < 60, "{figures}");
}

#[test]
fn a_snapshot_of_no_database_says_so_and_makes_none() {
    let desk = Desk::new();
    let err = desk.run(&["ops", "snapshot"]).ends_with(2).err();
    assert!(err.contains("no database at data/luisa.db") && err.contains("init-db"), "{err}");
    assert!(!desk.folder().join("data").exists());
}
