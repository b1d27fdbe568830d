//! What is around LUISA: disk, backup, clocks, and the model's maker.
//!
//! Owns how much is enough. May not change anything.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use luisa_llm::{Client, Config, Prices};
use serde_json::Value;

use super::report::{Check, Finding};
use super::running::{Running, clock, reason};
use crate::settings::OpenAi;

const PATIENCE: Duration = Duration::from_secs(6);
/// Below it a busy day could fill the disk.
const LEAST_FREE: u64 = 500_000_000;
/// A nightly backup that failed once.
const OLDEST_BACKUP: i64 = 48 * 3_600;
/// HTTP tells whole seconds, and answers take a while.
const MOST_SKEW: i64 = 10;

/// Disk and backup, as LUISA herself sees them.
pub(super) async fn place(luisa: &Running) -> Vec<Finding> {
    let (disk, backup) = (Check::warning("disk"), Check::warning("backup"));
    match luisa.get("/ops/snapshot").await {
        Ok(figures) => vec![room(disk, &figures), age(backup, &figures), silent(&figures), stuck(&figures)],
        Err(trouble) => vec![disk.failed(trouble.to_string(), trouble.remedy())],
    }
}

fn room(check: Check, figures: &Value) -> Finding {
    let (Some(free), used) = (figures["disk_free_bytes"].as_u64(), figures["database_bytes"].as_u64()) else {
        return check.failed("the room on her disk is not known", "look with `df`");
    };
    // Writing the database anew, as erasing a person does, needs its size once more.
    let needed = LEAST_FREE.max(used.unwrap_or(0).saturating_mul(2));
    let detail = format!("{} MB free, the database has {} MB", free / 1_000_000, used.unwrap_or(0) / 1_000_000);
    if free < needed {
        return check.failed(detail, "make room, set RETENTION_DAYS, or move the database to a larger disk");
    }
    check.ok(detail)
}

/// Whether the number's messages go to another responder.
fn silent(figures: &Value) -> Finding {
    let check = Check::hard("number heard");
    if figures["silent_number"] == true {
        let remedy = "in WhatsApp Manager, Conversation Routing: give this app the chats, or take the number from the other responder";
        return check.failed("for an hour all messages came for another responder of the number", remedy);
    }
    check.ok("its messages come to LUISA")
}

/// What waits for a person's decision.
fn stuck(figures: &Value) -> Finding {
    let check = Check::warning("stuck");
    let count = |name: &str| figures[name].as_i64().unwrap_or(0);
    let (parked, held, dead) = (count("parked_msgs"), count("held_sends"), count("dead_letters"));
    let detail = format!("{parked} messages parked, {held} answers held, {dead} given up");
    if parked + held > 0 {
        return check
            .failed(detail, "look at them with `luisa stuck list`, then `luisa stuck send` or `luisa stuck drop`");
    }
    check.ok(detail)
}

fn age(check: Check, figures: &Value) -> Finding {
    let remedy = "run `luisa backup FILE` every night";
    match figures["last_backup_age_s"].as_i64() {
        None => check.failed("there never was one", remedy),
        Some(age) if age > OLDEST_BACKUP => check.failed(format!("the last one is {} hours old", age / 3_600), remedy),
        Some(age) => check.ok(format!("{} hours old", age / 3_600)),
    }
}

/// LUISA's clock against this machine's, and this machine's against Meta's when WhatsApp is on.
pub(super) async fn clocks(luisa: &Running, meta: Option<&str>) -> Finding {
    let check = Check::warning("clock");
    let mut seen = Vec::new();
    let asked = Instant::now();
    if let Some(theirs) = luisa.dated("/health").await.ok().and_then(|answer| answer.clock) {
        seen.push(("LUISA's machine", skew(theirs, asked)));
    }
    if let Some(base) = meta {
        let asked = Instant::now();
        match outside(base).await {
            Ok(Some(theirs)) => seen.push(("Meta", skew(theirs, asked))),
            Ok(None) => {}
            Err(why) => return check.failed(format!("Meta's clock is not known ({why})"), "check the way to Meta"),
        }
    }
    let worst = seen.iter().max_by_key(|(_, skew)| skew.abs());
    match worst {
        None => check.skipped("nobody told the time"),
        Some((whose, skew)) if skew.abs() > MOST_SKEW => {
            let detail = format!("{skew:+} s between this machine and {whose}");
            check.failed(detail, "set the clock by NTP (timedatectl set-ntp true): messages would seem old or new")
        }
        Some(_) => {
            let against: Vec<&str> = seen.iter().map(|(whose, _)| *whose).collect();
            check.ok(format!("within {MOST_SKEW} s of {}", against.join(" and ")))
        }
    }
}

async fn outside(base: &str) -> Result<Option<Timestamp>, String> {
    let client = reqwest::Client::builder().timeout(PATIENCE).build().map_err(|error| error.to_string())?;
    // Whatever the answer is, it is dated; no token is sent.
    let answer = client.get(base).send().await.map_err(|error| reason(&error))?;
    Ok(clock(&answer))
}

/// Seconds by which their clock is ahead; the answer was written somewhere between then and now.
fn skew(theirs: Timestamp, asked: Instant) -> i64 {
    let half = SignedDuration::try_from(asked.elapsed() / 2).unwrap_or_default();
    let then = Timestamp::now() - half;
    theirs.duration_since(then).as_secs()
}

/// Does the model's maker take the key, and does it have the model?
pub(super) async fn model(settings: &OpenAi, today: jiff::civil::Date) -> Finding {
    let check = Check::warning("openai");
    if !settings.enabled {
        return check.skipped("OPENAI_ENABLED=false");
    }
    let config = Config {
        base_url: settings.base_url.clone(),
        api_key: settings.api_key.clone(),
        timeout: PATIENCE,
        dialect: None,
        prices: Arc::new(Prices::embedded()),
    };
    let remedy = "check OPENAI_API_KEY, OPENAI_BASE_URL and the account's credit";
    let listed = match Client::new(config) {
        Ok(client) => client.models(Instant::now() + PATIENCE).await.map_err(|failure| failure.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let listed = match listed {
        Ok(listed) => listed,
        Err(why) => return check.failed(why, remedy),
    };
    for wanted in [&settings.model, &settings.model_classifier] {
        let Some(found) = listed.iter().find(|model| model.id == *wanted) else {
            let detail = format!("the key may not use {wanted}, or there is no such model");
            return check.failed(detail, "set OPENAI_MODEL to one that the maker lists");
        };
        if let Some(end) = found.shutdown_date.filter(|end| *end <= today) {
            return check.failed(format!("{wanted} has ended on {end}"), "set OPENAI_MODEL to a current one");
        }
    }
    check.ok(format!("the key is taken, {} is there", settings.model))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::report::Verdict;
    use super::*;

    #[test]
    fn a_full_disk_and_an_old_backup_are_warned_of() {
        let room = |free: u64, used: u64| {
            room(Check::warning("disk"), &json!({ "disk_free_bytes": free, "database_bytes": used })).verdict
        };
        assert_eq!(room(5_000_000_000, 1_000_000), Verdict::Ok);
        assert_eq!(room(400_000_000, 1_000_000), Verdict::Failed);
        assert_eq!(room(5_000_000_000, 3_000_000_000), Verdict::Failed, "it could not be written anew");
        let age = |age: Value| age_of(&json!({ "last_backup_age_s": age }));
        fn age_of(figures: &Value) -> Verdict {
            super::age(Check::warning("backup"), figures).verdict
        }
        assert_eq!(
            (age(json!(3_600)), age(json!(200_000)), age(Value::Null)),
            (Verdict::Ok, Verdict::Failed, Verdict::Failed)
        );
    }
}
