//! The decision alone: each message of the test split, as the first of its conversation.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use luisa::packs;
use luisa_core::memory::Memory;
use luisa_core::pipeline::decide;
use luisa_core::taxonomy::{Channel, Mode};
use luisa_core::turn::{Body, Inbound, NoCache, Policy, Turn};
use luisa_core::understanding::{quality, read};

/// Each message counts with the median of its rounds, so that what else the machine does is not taken for the decision.
const ROUNDS: usize = 7;

/// The texts of `corpus/test`.
pub(crate) fn messages() -> anyhow::Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/test");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(&folder).context("corpus/test is not there")? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "jsonl") {
            let rows = quality::rows(&std::fs::read_to_string(&path)?).map_err(anyhow::Error::msg)?;
            texts.extend(rows.into_iter().map(|row| row.text));
        }
    }
    if texts.is_empty() {
        bail!("corpus/test has no messages");
    }
    Ok(texts)
}

/// How long each decision takes, without the FAQ cache.
pub(crate) fn measure(messages: &[String]) -> anyhow::Result<Histogram<u64>> {
    let pack = packs::load(None)?.pack;
    let policy = Policy::default();
    let memory = Memory::default();
    let now = Timestamp::now();
    let mut rounds = vec![Vec::with_capacity(ROUNDS); messages.len()];
    for _ in 0..ROUNDS {
        for (text, times) in messages.iter().zip(&mut rounds) {
            let inbound = Inbound {
                message_id: "bench".to_owned(),
                at: now,
                stale: false,
                body: Body::Text { text: text.clone() },
                quoted: None,
                referral: None,
            };
            let turn = Turn {
                channel: Channel::Whatsapp,
                now,
                mode: Mode::AiActive,
                human_until: None,
                memory: &memory,
                messages: std::slice::from_ref(&inbound),
                in_address_book: false,
                recent_inbound: 0,
                profile_name: Some("Ana"),
                reach: None,
                policy: &policy,
                cache: &NoCache,
            };
            let started = Instant::now();
            black_box(decide(&pack, &turn));
            times.push(started.elapsed());
        }
    }
    medians(rounds)
}

/// How long each message takes to be read by itself: normalised, matched, weighed by the model and held against the rules.
pub(crate) fn readings(messages: &[String]) -> anyhow::Result<Histogram<u64>> {
    let pack = packs::load(None)?.pack;
    let mut rounds = vec![Vec::with_capacity(ROUNDS); messages.len()];
    for _ in 0..ROUNDS {
        for (text, times) in messages.iter().zip(&mut rounds) {
            let started = Instant::now();
            black_box(read(&pack, text));
            times.push(started.elapsed());
        }
    }
    medians(rounds)
}

fn medians(rounds: Vec<Vec<Duration>>) -> anyhow::Result<Histogram<u64>> {
    let mut medians = crate::histogram()?;
    for mut times in rounds {
        times.sort_unstable();
        medians.record(crate::micros(times[ROUNDS / 2]))?;
    }
    Ok(medians)
}
