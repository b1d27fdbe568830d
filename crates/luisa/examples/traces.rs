//! Fills a database with made-up traces, to measure `luisa traces analyze` on as many as a busy store has in years.
//!
//! Owns the making of them: words from the labelled messages of `corpus/train`, times and costs at random with a fixed
//! seed. How to run it and what it gave: `docs/numbers.md`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use luisa_store::Store;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rusqlite::{Connection, Statement, params};
use serde::Deserialize;

/// Make a new database at FILE with so many traces.
#[derive(Parser)]
struct Fill {
    file: PathBuf,
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// The last of them happens now, the first so many days before.
    #[arg(long, default_value_t = 90)]
    days: u32,
}

/// A labelled message.
#[derive(Deserialize)]
struct Labelled {
    text: String,
    class: String,
    #[serde(default)]
    intent: Option<String>,
    #[serde(default)]
    handoff: Option<serde_json::Value>,
}

fn main() -> anyhow::Result<()> {
    let fill = Fill::parse();
    if fill.file.exists() {
        bail!("{} exists: name a new file", fill.file.display());
    }
    let messages = messages()?;
    drop(Store::open(&fill.file)?);
    let mut conn = Connection::open(&fill.file)?;
    let tx = conn.transaction()?;
    {
        let mut insert = tx.prepare(INSERT)?;
        let mut rng = StdRng::seed_from_u64(20_261_125);
        let end = Timestamp::now();
        let span = SignedDuration::from_hours(24 * i64::from(fill.days));
        for row in 0..fill.rows {
            let left = span.mul_f64(f64::from(fill.rows - row) / f64::from(fill.rows));
            let at = waking(end.checked_sub(left)?, &mut rng)?;
            put(&mut insert, row, at, &messages[rng.random_range(0..messages.len())], &mut rng)?;
        }
    }
    tx.commit()?;
    println!("{} holds {} traces", fill.file.display(), fill.rows);
    Ok(())
}

const INSERT: &str = "INSERT INTO interaction_traces (request_id, message_id, conversation_id, channel, customer_phone_hash,
    raw_text, normalized_text, classification, classification_score, classification_reasons, classifier_version,
    is_personal, intent, intent_score, slots, routed_team, handoff_reason, handoff_priority, selected_asset_id, cache_hit,
    openai_called, openai_model, openai_input_tokens, openai_output_tokens, openai_cost_usd, openai_latency_ms,
    openai_fallback_used, response_text, response_len_chars, decision_path, conversation_mode, latency_ms, latency_us,
    whatsapp_send_success, whatsapp_send_latency_ms, whatsapp_send_error_code, created_at)
    VALUES (?1, ?2, ?3, 'whatsapp', ?4, ?5, ?6, ?7, ?8, '[\"model: 0.81\",\"mentions: precio, maquina\"]', 'made-up', ?9,
    ?10, ?11, '{\"tipo_maquina\":\"industrial\",\"uso\":\"jeans\"}', NULL, ?12, NULL, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)";

fn messages() -> anyhow::Result<Vec<Labelled>> {
    let mut all = Vec::new();
    for file in std::fs::read_dir("corpus/train").context("run it in the repository's folder")? {
        for line in BufReader::new(File::open(file?.path())?).lines() {
            all.extend(serde_json::from_str::<Labelled>(&line?).ok());
        }
    }
    if all.is_empty() {
        bail!("corpus/train holds no messages");
    }
    Ok(all)
}

/// Few write at night and on Sundays: most of those who would write at another hour of the same days.
fn waking(at: Timestamp, rng: &mut StdRng) -> anyhow::Result<Timestamp> {
    let hours = at.as_second() / 3600 - 5;
    let (hour, sunday) = (hours.rem_euclid(24), (hours.div_euclid(24) + 4).rem_euclid(7) == 0);
    let mut moved = at;
    if !(7..21).contains(&hour) && rng.random_bool(0.85) {
        moved = moved.checked_add(SignedDuration::from_hours(11))?;
    }
    if sunday && rng.random_bool(0.7) {
        moved = moved.checked_sub(SignedDuration::from_hours(24 * rng.random_range(1..6)))?;
    }
    Ok(moved)
}

// tidy: table
fn put(insert: &mut Statement<'_>, row: u32, at: Timestamp, said: &Labelled, rng: &mut StdRng) -> anyhow::Result<()> {
    let chat = row / 40 * 8 + rng.random_range(0..8);
    let personal = said.class == "NON_BUSINESS";
    let consult = said.class == "BUSINESS_CONSULT";
    let called = consult && rng.random_bool(0.08);
    let failed = called && rng.random_bool(0.03);
    let cached = said.class == "BUSINESS_FAQ" && rng.random_bool(0.4);
    let product = said.intent.as_deref().is_some_and(|intent| intent.starts_with("buscar_") || intent == "precio");
    let (input, output) = (rng.random_range(500..1400_i64), rng.random_range(40..170_i64));
    let cost = (input as f64 * 0.1 + output as f64 * 0.5) / 1e6;
    let reply = (!personal).then(|| "Claro que s\u{ed}. ".repeat(rng.random_range(2..26)) + "\u{bf}Le sirve?");
    let latency_us: i64 = if called { rng.random_range(600_000..5_000_000) } else { rng.random_range(40..900) };
    let send_ms = 90.0 + 900.0 * rng.random::<f64>().powi(4);
    let refused = rng.random_bool(0.004);
    let doubtful = rng.random_bool(0.07);
    let path = format!(
        "rate_ok->class:{}->cache_skip->intent:{}->slots:none->handoff:none->{}reply:general+ciudad->guards_ok->sent",
        said.class.to_lowercase(),
        said.intent.as_deref().unwrap_or("otro"),
        match (called, failed) {
            (true, true) => "openai:failed:timeout->",
            (true, false) => "openai:ok->",
            (false, _) => "openai:no:robust_rule->",
        }
    );
    insert.execute(params![
        format!("req-{row:08}"),
        format!("wamid.{row:08}"),
        format!("wa_{chat:08}"),
        format!("{chat:064x}"),
        (!personal).then_some(&said.text),
        (!personal).then(|| said.text.to_lowercase()),
        said.class,
        if doubtful { rng.random_range(0.4..0.7) } else { rng.random_range(0.8..1.0) },
        personal,
        said.intent,
        rng.random_range(0.6..1.0),
        said.handoff.as_ref().filter(|handoff| handoff.is_object()).map(|_| "cierre"),
        product.then_some("I007"),
        cached,
        called,
        called.then_some("gpt-6-luna"),
        called.then_some(input),
        called.then_some(output),
        called.then_some(cost),
        called.then_some(latency_us as f64 / 1e3),
        failed,
        reply,
        reply.as_ref().map(|reply| reply.chars().count() as i64),
        path,
        "AI_ACTIVE",
        latency_us as f64 / 1e3,
        latency_us,
        (!personal).then_some(!refused),
        (!personal).then_some(send_ms),
        (refused && !personal).then_some("131026"),
        luisa_store::time::to_text(at),
    ])?;
    Ok(())
}
