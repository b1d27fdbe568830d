//! A running LUISA with everything around her: the built binary, a fake Meta, customers, a look into the database.
//!
//! Waiting is for events (the fake's record, the log's lines), never for time to pass.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use luisa_fakes::{Customer, FakeMeta, Person, Webhook, payload};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::hush;

/// Far longer than anything here takes; a test that needs it has failed.
pub(crate) const SOON: Duration = Duration::from_secs(60);
pub(crate) const SECRET: &str = "app-secret-of-the-tests";
pub(crate) const VERIFY: &str = "verify-token-of-the-tests";
pub(crate) const TEAM: &str = "573005559001";
pub(crate) const TECHNICIAN: &str = "573005559002";

/// A LUISA process.
pub(crate) struct Luisa {
    pub(crate) child: Child,
    pub(crate) url: String,
    log: Log,
    secrets: Vec<String>,
}

impl Drop for Luisa {
    fn drop(&mut self) {
        hush::assert_hushed(self.log.all().iter().map(String::as_str), &self.secrets);
    }
}

/// What she has logged so far.
#[derive(Clone)]
pub(crate) struct Log(Arc<watch::Sender<Vec<String>>>);

/// Her place in the world; it outlives her.
pub(crate) struct World {
    pub(crate) meta: FakeMeta,
    pub(crate) folder: TempDir,
    settings: Vec<(String, String)>,
}

impl World {
    /// With WhatsApp on, every webhook signed, and no waiting for the end of a burst.
    pub(crate) async fn new() -> Self {
        let meta = FakeMeta::start().await;
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("data").join("luisa.db");
        let settings = [
            ("WHATSAPP_ENABLED", "true"),
            ("WHATSAPP_ACCESS_TOKEN", "token-of-the-tests"),
            ("WHATSAPP_PHONE_NUMBER_ID", payload::PHONE_NUMBER_ID),
            ("WHATSAPP_VERIFY_TOKEN", VERIFY),
            ("WHATSAPP_APP_SECRET", SECRET),
            ("WHATSAPP_API_BASE_URL", meta.base_url()),
            ("LUISA_HUMAN_NOTIFY_NUMBER", TEAM),
            ("TECNICO_NOTIFY_NUMBER", TECHNICIAN),
            ("REPLY_DEBOUNCE_MS", "0"),
            ("LOG_FORMAT", "json"),
            // At her most talkative, so that whatever she could ever log is searched.
            ("LOG_LEVEL", "TRACE"),
            ("PORT", "0"),
            ("DB_PATH", db.to_str().unwrap()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { meta, folder, settings }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Her settings, as variables.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (String, String)> {
        self.settings.iter().cloned()
    }

    pub(crate) fn db(&self) -> std::path::PathBuf {
        self.folder.path().join("data").join("luisa.db")
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_luisa"));
        command.env_clear().envs(self.settings.iter().cloned()).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts her and waits until she serves.
    pub(crate) async fn serve(&self) -> Luisa {
        let mut child = self.command().arg("serve").spawn().unwrap();
        let log = Log::of(&mut child);
        let line = log.line("serving", |_| true).await;
        let address = line["address"].as_str().unwrap().to_owned();
        Luisa { child, url: format!("http://{address}"), log, secrets: hush::secrets(&self.settings) }
    }

    /// A start that must fail: the exit code and what was said.
    pub(crate) async fn refuses(&self) -> (i32, String) {
        let output = self.command().arg("serve").output();
        let output = tokio::time::timeout(SOON, output).await.expect("a refused start ends").unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        hush::assert_hushed(said.lines(), &hush::secrets(&self.settings));
        (output.status.code().unwrap(), said)
    }

    /// Another command beside her, with the same settings: exit code, standard output, standard error.
    pub(crate) async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command().args(arguments).stdout(Stdio::piped()).output();
        let output = tokio::time::timeout(SOON, output).await.expect("a command ends").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The database, to read; she may be writing to it.
    pub(crate) fn look(&self) -> Connection {
        let conn = Connection::open_with_flags(self.db(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        conn.busy_timeout(SOON).unwrap();
        conn
    }

    /// One number out of the database.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        self.look().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// One text out of the database; none for NULL.
    pub(crate) fn text(&self, sql: &str) -> Option<String> {
        self.look().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

impl Luisa {
    pub(crate) fn webhook(&self) -> Webhook {
        Webhook::new(format!("{}/whatsapp/webhook", self.url), Some(SECRET))
    }

    /// The customer with this number; the same number is the same person.
    pub(crate) fn customer(&self, n: u32) -> Customer {
        Customer::new(Person::numbered(n), self.webhook(), u64::from(n))
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Waits until so many turns are committed since the start.
    pub(crate) async fn turns(&self, n: usize) {
        self.log.count("turn_committed", n).await;
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = http().get(format!("{}{path}", self.url)).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = http().post(format!("{}{path}", self.url)).json(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// Ends her as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks her to stop; her exit code.
    pub(crate) async fn terminate(&mut self) -> i32 {
        self.stopped_by("TERM").await
    }

    /// Her exit code after this signal.
    pub(crate) async fn stopped_by(&mut self, signal: &str) -> i32 {
        let pid = self.child.id().expect("she runs");
        let told = Command::new("kill").args([format!("-{signal}"), pid.to_string()]).status().await.unwrap();
        assert!(told.success());
        let ended = tokio::time::timeout(SOON, self.child.wait()).await.expect("she stops").unwrap();
        ended.code().expect("an exit code, not a signal")
    }
}

impl Log {
    fn of(child: &mut Child) -> Self {
        let stderr = child.stderr.take().unwrap();
        let log = Self(Arc::new(watch::Sender::new(Vec::new())));
        let written = log.clone();
        tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                written.0.send_modify(|all| all.push(line));
            }
        });
        log
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    /// The events of this name so far.
    pub(crate) fn events(&self, name: &str) -> Vec<Value> {
        events(&self.0.borrow(), name)
    }

    /// Waits for an event of this name that is as wanted.
    pub(crate) async fn line(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = |lines: &Vec<String>| events(lines, name).into_iter().find(|event| wanted(event));
        let mut written = self.0.subscribe();
        let seen = tokio::time::timeout(SOON, written.wait_for(|lines| found(lines).is_some())).await;
        match seen {
            Ok(Ok(lines)) => found(&lines).unwrap(),
            Ok(Err(_)) | Err(_) => panic!("no `{name}` as wanted in the log:\n{}", self.all().join("\n")),
        }
    }

    /// Waits for so many events of this name.
    pub(crate) async fn count(&self, name: &str, n: usize) {
        let mut written = self.0.subscribe();
        let enough = written.wait_for(|lines| events(lines, name).len() >= n);
        if tokio::time::timeout(SOON, enough).await.is_err() {
            panic!("not {n} times `{name}` in the log:\n{}", self.all().join("\n"));
        }
    }
}

fn events(lines: &[String], name: &str) -> Vec<Value> {
    let parsed = lines.iter().filter(|line| line.contains(name)).filter_map(|line| serde_json::from_str(line).ok());
    parsed.filter(|event: &Value| event["message"] == name).collect()
}

pub(crate) fn http() -> reqwest::Client {
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder().timeout(SOON).build().unwrap()
}

/// Unix seconds.
pub(crate) fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap()
}

impl World {
    /// Waits until a query gives this text. The database tells nobody of its changes, so it is asked again; each time
    /// after the one event that cannot be missed, the next turn of the runtime's timer.
    pub(crate) async fn eventually(&self, sql: &str, wanted: Option<&str>) {
        let asking = async {
            while self.text(sql).as_deref() != wanted {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(SOON, asking).await.is_err() {
            panic!("`{sql}` is {:?}, not {wanted:?}", self.text(sql));
        }
    }

    /// Statuses for what was taken while nobody heard the answer, as Meta sends them.
    pub(crate) async fn settle_unknown(&self, luisa: &Luisa) {
        for sent in self.meta.sent() {
            let who = Person::with_phone(sent.to.as_deref().unwrap_or_default(), "Cliente");
            let status = payload::StatusOf::new(&sent.wamid, "delivered", now(), &who);
            let status = status.opaque(sent.opaque.as_deref().unwrap_or_default());
            assert_eq!(luisa.webhook().post(&payload::status(&status)).await.unwrap(), 200);
        }
    }
}
