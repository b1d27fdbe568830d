//! The variables of the process and of `.env` in its working directory.
//!
//! Owns the reading of that file. May not show a line of it: a line may hold a secret.

use std::io::{Cursor, ErrorKind};
use std::os::unix::fs::PermissionsExt;

use super::reader::{SettingFault, Vars};

const FILE: &str = ".env";

/// What `.env` gives, overridden by what the environment gives. An empty variable of the environment overrides too.
pub(super) fn variables() -> Result<Vars, Vec<SettingFault>> {
    let mut vars = match std::fs::read_to_string(FILE) {
        Ok(text) => parse(&text)?,
        Err(e) if e.kind() == ErrorKind::NotFound => Vars::new(),
        Err(e) => {
            return Err(vec![fault(
                &format!("cannot be read ({e})"),
                "Give the user that runs luisa the right to read it, or remove it.",
            )]);
        }
    };
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            vars.insert(name, value);
        }
    }
    Ok(vars)
}

/// A word about a file that other users of the machine can read.
pub(super) fn others_may_read() -> Option<String> {
    let mode = std::fs::metadata(FILE).ok()?.permissions().mode();
    (mode & 0o077 != 0)
        .then(|| format!("{FILE} holds secrets and other users of this machine may read it: chmod 600 {FILE}"))
}

/// The variables of a file's text.
pub(super) fn parse(text: &str) -> Result<Vars, Vec<SettingFault>> {
    // Editors on Windows put a mark before the first name.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut vars = Vars::new();
    for item in dotenvy::from_read_iter(Cursor::new(text)) {
        match item {
            Ok((name, value)) => {
                vars.insert(name, value);
            }
            Err(dotenvy::Error::LineParse(line, _)) => {
                let number = text
                    .lines()
                    .position(|candidate| !line.is_empty() && candidate.contains(line.trim()))
                    .map(|n| n + 1);
                let place = number.map_or_else(String::new, |n| format!("line {n} "));
                return Err(vec![fault(
                    &format!("{place}is not NAME=value"),
                    "Put values with spaces, # or $ between single quotes: NAME='value'.",
                )]);
            }
            Err(e) => return Err(vec![fault(&format!("cannot be read ({e})"), "Save it as UTF-8 text.")]),
        }
    }
    Ok(vars)
}

fn fault(what: &str, remedy: &str) -> SettingFault {
    SettingFault { variable: FILE.to_owned(), value: None, allowed: what.to_owned(), remedy: remedy.to_owned() }
}
