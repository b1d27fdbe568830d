//! A LUISA started for the run, as an operator would start it, on an empty database of its own.
//!
//! Owns the process, and what it needed as far as Linux tells.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use luisa_fakes::payload;
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(super) const SECRET: &str = "secret-of-the-simulation";
const DATABASE: &str = "simulation.db";

pub(super) struct Own {
    pub(super) url: String,
    folder: PathBuf,
    pid: u32,
    _child: Child,
}

/// What a LUISA has needed so far, or for each message.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Needs {
    /// Processor time of all its threads, microseconds.
    pub processor_us: u64,
    /// Handed to the file system, bytes.
    pub written_bytes: u64,
    /// The database's file, bytes.
    pub disk_bytes: u64,
    /// Resident memory now, megabytes.
    pub memory_mb: f64,
}

impl Needs {
    /// For each of so many messages since then.
    pub(super) fn since(&self, before: &Self, messages: u64) -> Self {
        let each = |now: u64, then: u64| now.saturating_sub(then) / messages.max(1);
        Self {
            processor_us: each(self.processor_us, before.processor_us),
            written_bytes: each(self.written_bytes, before.written_bytes),
            disk_bytes: each(self.disk_bytes, before.disk_bytes),
            memory_mb: self.memory_mb,
        }
    }
}

impl Own {
    pub(super) async fn start(program: &Path, folder: &Path, meta: &str) -> anyhow::Result<Self> {
        let mut child = Command::new(program)
            .arg("serve")
            .env_clear()
            .envs([
                ("WHATSAPP_ENABLED", "true"),
                ("WHATSAPP_ACCESS_TOKEN", "token-of-the-simulation"),
                ("WHATSAPP_PHONE_NUMBER_ID", payload::PHONE_NUMBER_ID),
                ("WHATSAPP_VERIFY_TOKEN", "word-of-the-simulation"),
                ("WHATSAPP_APP_SECRET", SECRET),
                ("WHATSAPP_API_BASE_URL", meta),
                ("REPLY_DEBOUNCE_MS", "0"),
                ("LOG_FORMAT", "json"),
                ("PORT", "0"),
                ("DB_PATH", DATABASE),
            ])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let stderr = child.stderr.take().context("the started LUISA has no log")?;
        let mut log = BufReader::new(stderr).lines();
        let address = loop {
            let line = log.next_line().await?.context("the started LUISA ended before it served")?;
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(address) = event["address"].as_str().filter(|_| event["message"] == "serving") {
                break address.to_owned();
            }
        };
        // Somebody must read the log, or its pipe fills up and the service waits.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        let pid = child.id().context("the started LUISA has no process")?;
        Ok(Self { url: format!("http://{address}"), folder: folder.to_path_buf(), pid, _child: child })
    }

    pub(super) fn needs(&self) -> anyhow::Result<Needs> {
        let read = |name: &str| {
            let file = format!("/proc/{}/{name}", self.pid);
            std::fs::read_to_string(&file)
                .with_context(|| format!("{file} cannot be read: has the started LUISA ended?"))
        };
        let (io, status) = (read("io")?, read("status")?);
        let field = |text: &str, name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        let disk = std::fs::metadata(self.folder.join(DATABASE)).map_or(0, |file| file.len());
        Ok(Needs {
            processor_us: u64::try_from(processor_time(&read("stat")?).as_micros()).unwrap_or(u64::MAX),
            written_bytes: field(&io, "wchar:"),
            disk_bytes: disk,
            memory_mb: (field(&status, "VmRSS:") as f64 / 102.4).round() / 10.0,
        })
    }
}

/// In user and system mode; Linux counts in hundredths of a second for programs.
fn processor_time(stat: &str) -> Duration {
    // The program's name, in brackets, may hold blanks; utime and stime are the 12th and 13th field after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
