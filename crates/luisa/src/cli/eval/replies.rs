//! `luisa eval --replies`: consultations put to the configured model, judged as a served LUISA judges them.
//!
//! Owns the file's format and the figures. The gate is not asked: whoever runs this pays, and the report says how much.
//! May not soften a check: what would not be said to a customer counts as refused.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use jiff::Timestamp;
use luisa_core::ask::{Heard, Hearing, Step};
use luisa_core::lexicon::fold::plain;
use luisa_core::memory::Memory;
use luisa_core::outcome::Outcome;
use luisa_core::pack::Pack;
use luisa_core::pipeline::{begin, decide, resume};
use luisa_core::taxonomy::{Channel, Mode};
use luisa_core::turn::{Body, Inbound, ModelUse, NoCache, Policy, Turn};
use luisa_llm::{Client, NanoUsd};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::runtime::commit::reply_of;
use crate::runtime::model;
use crate::settings::{OpenAi, Settings};

/// One line of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    /// What the customer writes, one turn each; the last is put to the model.
    say: Vec<String>,
    /// Words that must be in the reply; `a|b` are alternatives.
    #[serde(default)]
    must: Vec<String>,
    /// Words that must not.
    #[serde(default)]
    must_not: Vec<String>,
}

/// What came of one consultation.
struct Replied {
    id: String,
    reply: String,
    hearing: Option<Hearing>,
    cost: NanoUsd,
    latency: Option<Duration>,
    faults: Vec<String>,
}

/// All of them.
pub(super) struct Replies {
    model: String,
    replied: Vec<Replied>,
}

/// Puts every consultation of these files (name, content) to the model.
pub(super) async fn run(settings: &Settings, pack: &Pack, files: &[(String, String)]) -> anyhow::Result<Replies> {
    let openai = &settings.openai;
    if !openai.enabled {
        bail!("--replies asks a model: set OPENAI_ENABLED=true, OPENAI_BASE_URL and OPENAI_API_KEY");
    }
    let client = model::client(openai)?;
    let mut replied = Vec::new();
    for (file, text) in files {
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let row: Row = serde_json::from_str(line)
                .with_context(|| format!("{file}, line {}: no consultation with id, say, must and must_not", n + 1))?;
            if row.say.is_empty() {
                bail!("{file}, line {}: `say` is empty; write what the customer says", n + 1);
            }
            replied.push(ask(openai, &client, pack, row).await);
        }
    }
    if replied.is_empty() {
        bail!(
            "there is no consultation in {}",
            files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        );
    }
    Ok(Replies { model: openai.model.clone(), replied })
}

async fn ask(openai: &OpenAi, client: &Client, pack: &Pack, row: Row) -> Replied {
    let policy = Policy { model: ModelUse::Replies, ..Policy::default() };
    let now = Timestamp::now();
    let mut memory = Memory::default();
    let (last, before) = row.say.split_last().expect("`say` was found to have a turn");
    for text in before {
        let messages = [message(now, text)];
        memory = decide(pack, &turn(now, &memory, &messages, &policy)).memory;
    }
    let messages = [message(now, last)];
    let turn = turn(now, &memory, &messages, &policy);
    let (ask, paused) = match begin(pack, &turn) {
        Step::Done(outcome) => return replied(&row, &outcome, None, NanoUsd::ZERO, None),
        Step::Ask(ask, paused) => (ask, paused),
    };
    let Some(prompt) = paused.prompt(ask, &[], openai.max_input_chars as usize) else {
        let (outcome, hearing) = resume(*paused, &Heard::NotAsked("no_prompt"));
        return replied(&row, &outcome, Some(hearing), NanoUsd::ZERO, None);
    };
    let request = model::request(openai, ask.purpose, prompt);
    let (heard, spent, latency) = match client.complete(&request, Instant::now() + openai.timeout).await {
        Ok(done) => {
            let heard = done.content.json().map_or(Heard::Failed("wrong_shape"), |json| Heard::Answer(json.clone()));
            (heard, Some(done.spent), done.latency)
        }
        Err(failed) => (Heard::Failed(failed.failure.id()), failed.spent, failed.latency),
    };
    let (outcome, hearing) = resume(*paused, &heard);
    replied(&row, &outcome, Some(hearing), spent.map(|spent| spent.cost).unwrap_or_default(), Some(latency))
}

fn replied(
    row: &Row,
    outcome: &Outcome,
    hearing: Option<Hearing>,
    cost: NanoUsd,
    latency: Option<Duration>,
) -> Replied {
    let reply = reply_of(&outcome.answer).map(|reply| reply.text.clone()).unwrap_or_default();
    let said = plain(&reply);
    let has = |words: &str| words.split('|').any(|word| said.contains(plain(word).as_str()));
    let lacks = row.must.iter().filter(|words| !has(words)).map(|words| format!("lacks `{words}`"));
    let says = row.must_not.iter().filter(|words| has(words)).map(|words| format!("says `{words}`"));
    Replied { id: row.id.clone(), faults: lacks.chain(says).collect(), reply, hearing, cost, latency }
}

fn message(at: Timestamp, text: &str) -> Inbound {
    let body = Body::Text { text: text.to_owned() };
    Inbound { message_id: "eval".to_owned(), at, stale: false, body, quoted: None, referral: None }
}

fn turn<'a>(now: Timestamp, memory: &'a Memory, messages: &'a [Inbound], policy: &'a Policy) -> Turn<'a> {
    Turn {
        channel: Channel::Api,
        now,
        mode: Mode::AiActive,
        human_until: None,
        memory,
        messages,
        in_address_book: false,
        recent_inbound: 0,
        profile_name: None,
        reach: None,
        policy,
        cache: &NoCache,
    }
}

impl Replies {
    /// Shares from 0 to 1.
    pub(super) fn figures(&self) -> BTreeMap<&'static str, f64> {
        let all = self.replied.len() as f64;
        let asked = self.asked().count() as f64;
        let used = self.asked().filter(|(_, hearing)| hearing.used).count() as f64;
        let right = self.replied.iter().filter(|one| one.faults.is_empty()).count() as f64;
        BTreeMap::from([
            ("grounded_rate", if asked > 0.0 { used / asked } else { 0.0 }),
            ("right_rate", right / all),
            ("without_call", 1.0 - asked / all),
        ])
    }

    fn asked(&self) -> impl Iterator<Item = (&Replied, &Hearing)> {
        self.replied.iter().filter_map(|one| Some((one, one.hearing.as_ref()?)))
    }

    fn cost(&self) -> NanoUsd {
        self.replied.iter().map(|one| one.cost).sum()
    }

    /// Why answers were not used, and how often.
    fn refusals(&self) -> BTreeMap<String, usize> {
        let mut found = BTreeMap::new();
        for error in self.asked().filter_map(|(_, hearing)| hearing.error.clone()) {
            // What was claimed is in the list of replies; here its kind counts.
            let kind: Vec<&str> = error.split(':').take(2).collect();
            *found.entry(kind.join(":")).or_default() += 1;
        }
        found
    }

    // Nearest rank.
    fn latency(&self, share: f64) -> f64 {
        let mut times: Vec<Duration> = self.replied.iter().filter_map(|one| one.latency).collect();
        times.sort_unstable();
        let rank = (times.len() as f64 * share).ceil() as usize;
        times.get(rank.saturating_sub(1)).copied().unwrap_or_default().as_secs_f64() * 1e3
    }

    pub(super) fn print_text(&self, brief: bool, missed: &[String]) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        let figures = self.figures();
        let asked = self.asked().count();
        writeln!(out, "{} consultations, {asked} put to {}", self.replied.len(), self.model)?;
        for (name, figure) in &figures {
            writeln!(out, "{name:<14} {:.1} %", figure * 100.0)?;
        }
        for (why, count) in self.refusals() {
            writeln!(out, "not used       {count} for {why}")?;
        }
        writeln!(out, "cost           {} USD", self.cost())?;
        let (median, slow, longest) = (self.latency(0.5), self.latency(0.95), self.latency(1.0));
        writeln!(out, "latency        p50 {median:.0} ms, p95 {slow:.0} ms, longest {longest:.0} ms")?;
        for one in self.replied.iter().filter(|_| !brief) {
            let how = match &one.hearing {
                None => "rules",
                Some(hearing) if hearing.used => "model",
                Some(hearing) => hearing.error.as_deref().unwrap_or("rules"),
            };
            writeln!(out, "\n{} [{how}] {}", one.id, one.reply.replace('\n', " / "))?;
            for fault in &one.faults {
                writeln!(out, "    {fault}")?;
            }
        }
        for line in missed {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    pub(super) fn print_json(&self, missed: &[String]) -> anyhow::Result<()> {
        let replies: Vec<Value> = self
            .replied
            .iter()
            .map(|one| {
                json!({
                    "id": one.id,
                    "reply": one.reply,
                    "asked": one.hearing.is_some(),
                    "used": one.hearing.as_ref().is_some_and(|hearing| hearing.used),
                    "error": one.hearing.as_ref().and_then(|hearing| hearing.error.clone()),
                    "cost_usd": one.cost.as_usd(),
                    "latency_ms": one.latency.map(|time| time.as_secs_f64() * 1e3),
                    "faults": one.faults,
                })
            })
            .collect();
        let report = json!({
            "model": self.model,
            "consultations": self.replied.len(),
            "asked": self.asked().count(),
            "figures": self.figures(),
            "not_used": self.refusals(),
            "cost_usd": self.cost().as_usd(),
            "latency_ms": { "p50": self.latency(0.5), "p95": self.latency(0.95), "max": self.latency(1.0) },
            "replies": replies,
            "under": missed,
        });
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
        Ok(())
    }
}
