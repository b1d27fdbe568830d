//! Rehearsal: a scripted customer talks to the pipeline, and what follows is compared with what was expected.
//!
//! Owns the script format (JSONL, see `corpus/README.md`) and the comparison. The clock advances by a minute per turn
//! from a fixed start, so that two rehearsals of one script are equal. May not do I/O.

use std::fmt::Write as _;

use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::lexicon::fold::plain;
use crate::memory::Memory;
use crate::outcome::{Answer, Outcome};
use crate::pack::Pack;
use crate::pipeline::decide;
use crate::taxonomy::{Channel, Mode};
use crate::turn::{Body, Inbound, MediaKind, NoCache, Policy, Quoted, Turn};

/// A scripted conversation.
#[derive(Debug, Clone, Deserialize)]
pub struct Script {
    pub id: String,
    #[serde(default)]
    pub title: String,
    /// The phone's address book knows this contact.
    #[serde(default)]
    pub in_address_book: bool,
    pub turns: Vec<ScriptTurn>,
    /// Slots that must hold at the end.
    #[serde(default)]
    pub final_slots: std::collections::BTreeMap<String, serde_json::Value>,
}

/// What the customer says in one go, and what must follow.
#[derive(Debug, Clone, Deserialize)]
pub struct ScriptTurn {
    /// A message each; `[Familiar]` presses the button of that title, `(foto)` and `(audio)` are files without words.
    pub say: Vec<String>,
    /// The catalog image that the first message quotes.
    #[serde(default)]
    pub quotes: Option<String>,
    /// How long after the turn before, in minutes; one when absent.
    #[serde(default)]
    pub after_minutes: Option<i64>,
    #[serde(default)]
    pub expect: Expect,
}

impl Script {
    /// A customer who says these texts, one per turn; nothing is expected.
    #[must_use]
    pub fn of_texts(id: &str, texts: impl IntoIterator<Item = String>) -> Self {
        let turn = |text| ScriptTurn { say: vec![text], quotes: None, after_minutes: None, expect: Expect::default() };
        Self {
            id: id.to_owned(),
            title: String::new(),
            in_address_book: false,
            turns: texts.into_iter().map(turn).collect(),
            final_slots: std::collections::BTreeMap::new(),
        }
    }
}

/// Expectations; what is absent is not checked.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Expect {
    pub reply: Option<bool>,
    pub class: Option<String>,
    pub intent: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    pub handoff: Option<Option<ExpectHandoff>>,
    pub mode: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub photo: Option<serde_json::Value>,
    #[serde(default)]
    pub must: Vec<String>,
    #[serde(default)]
    pub must_any: Vec<Vec<String>>,
    #[serde(default)]
    pub must_not: Vec<String>,
    pub closed_question: Option<bool>,
}

/// The handoff that a turn must raise.
#[derive(Debug, Clone, Deserialize)]
pub struct ExpectHandoff {
    pub team: Option<String>,
    #[serde(default)]
    pub reason: Vec<String>,
}

// Tells `null` (none may be there) from an absent key (not checked).
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// What a rehearsal showed.
#[derive(Debug, Clone)]
pub struct Rehearsed {
    pub checks: usize,
    /// `turn 2 intent: expected precio, got otro`.
    pub misses: Vec<String>,
    /// The chat as text, with the decision beside each turn.
    pub transcript: String,
}

/// Plays a script.
#[must_use]
pub fn play(pack: &Pack, script: &Script) -> Rehearsed {
    let mut now: Timestamp = "2026-11-24T15:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut memory = Memory::default();
    let (mut mode, mut human_until) = (Mode::AiActive, None);
    let mut out = Rehearsed { checks: 0, misses: Vec::new(), transcript: String::new() };
    let policy = Policy::default();
    for (n, step) in script.turns.iter().enumerate() {
        now = now.checked_add(step.after_minutes.unwrap_or(1).minutes()).unwrap_or(now);
        let messages: Vec<Inbound> = step
            .say
            .iter()
            .enumerate()
            .map(|(i, text)| Inbound {
                message_id: format!("{}-{n}-{i}", script.id),
                at: now,
                stale: false,
                body: body_of(text, &memory),
                quoted: step.quotes.as_ref().filter(|_| i == 0).map(|image| Quoted {
                    message_id: "quoted".to_owned(),
                    image_id: Some(image.clone()),
                    text: None,
                    asked: None,
                }),
                referral: None,
            })
            .collect();
        let turn = Turn {
            channel: Channel::Whatsapp,
            now,
            mode,
            human_until,
            memory: &memory,
            messages: &messages,
            in_address_book: script.in_address_book,
            recent_inbound: 0,
            profile_name: None,
            reach: None,
            policy: &policy,
            cache: &NoCache,
        };
        let outcome = decide(pack, &turn);
        write_turn(&mut out.transcript, &pack.about.assistant, step, &outcome);
        compare(n + 1, step, &outcome, &mut out);
        (memory, mode, human_until) = (outcome.memory, outcome.mode, outcome.human_until);
    }
    for (slot, expected) in &script.final_slots {
        out.checks += 1;
        let got = memory.slots.get(slot).map(|s| &s.value);
        if got != Some(expected) {
            out.misses.push(format!(
                "final slot {slot}: expected {expected}, got {}",
                got.map_or_else(|| "nothing".to_owned(), ToString::to_string)
            ));
        }
    }
    out
}

// `[Familiar]` presses the button of that title; anything else is typed.
fn body_of(text: &str, memory: &Memory) -> Body {
    let title = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let option = title.and_then(|t| memory.pending.as_ref()?.options.iter().find(|o| o.title == t));
    match option {
        Some(option) => Body::Choice { id: option.id.clone(), title: option.title.clone() },
        None => match text {
            "(foto)" => Body::file(MediaKind::Image, None),
            "(audio)" => Body::file(MediaKind::Audio, None),
            _ => Body::Text { text: text.to_owned() },
        },
    }
}

fn write_turn(out: &mut String, assistant: &str, step: &ScriptTurn, outcome: &Outcome) {
    let speaks = format!("{:<8}", format!("{assistant}:"));
    if let Some(minutes) = step.after_minutes {
        let _ = writeln!(out, "         … {minutes} min");
    }
    if let Some(image) = &step.quotes {
        let _ = writeln!(out, "Cliente: (cita la foto {image})");
    }
    for text in &step.say {
        let _ = writeln!(out, "Cliente: {text}");
    }
    match &outcome.answer {
        Answer::Say(checked) => {
            let reply = checked.reply();
            if let Some(asset) = &reply.asset {
                let _ = writeln!(out, "{speaks} [foto {}]", asset.image_id);
            }
            for (i, line) in reply.text.lines().enumerate() {
                let _ = writeln!(out, "{:<8} {line}", if i == 0 { speaks.as_str() } else { "" });
            }
            if !reply.options.is_empty() {
                let titles: Vec<&str> = reply.options.iter().map(|o| o.title.as_str()).collect();
                let _ = writeln!(out, "         ({})", titles.join(" | "));
            }
        }
        Answer::Silence(_) => out.push_str("         (silencio)\n"),
        Answer::Later { .. } => out.push_str("         (más tarde)\n"),
    }
    for trace in &outcome.traces {
        let _ = writeln!(out, "         · {} {}", trace.decision_path(), outcome.mode);
    }
}

fn compare(n: usize, step: &ScriptTurn, outcome: &Outcome, out: &mut Rehearsed) {
    let expect = &step.expect;
    let mut check = |what: &str, ok: bool, expected: String, got: String| {
        out.checks += 1;
        if !ok {
            out.misses.push(format!("turn {n} «{}» {what}: expected {expected}, got {got}", step.say.join(" / ")));
        }
    };
    let reply = match &outcome.answer {
        Answer::Say(checked) => Some(checked.reply()),
        Answer::Silence(_) | Answer::Later { .. } => None,
    };
    if let Some(wanted) = expect.reply {
        check("reply", reply.is_some() == wanted, wanted.to_string(), reply.is_some().to_string());
    }
    let last = outcome.traces.last();
    if let (Some(wanted), Some(trace)) = (&expect.class, last) {
        check("class", trace.class.id() == wanted, wanted.clone(), trace.class.id().to_owned());
    }
    if let (Some(wanted), Some(_)) = (&expect.intent, last) {
        let got: Vec<&str> = outcome.traces.iter().map(|t| t.intent.id().as_str()).collect();
        check("intent", got.iter().any(|i| wanted.iter().any(|w| w == i)), wanted.join("|"), got.join(","));
    }
    if let Some(wanted) = &expect.handoff {
        let got = outcome.handoff.map_or_else(|| "none".to_owned(), |c| format!("{}@{}", c.reason, c.team));
        let ok = match (wanted, outcome.handoff) {
            (None, None) => true,
            (Some(w), Some(c)) => {
                w.team.as_deref().is_none_or(|t| t == c.team.id())
                    && (w.reason.is_empty() || w.reason.iter().any(|r| r == c.reason.id()))
            }
            _ => false,
        };
        check(
            "handoff",
            ok,
            wanted.as_ref().map_or_else(
                || "none".to_owned(),
                |w| format!("{}@{}", w.reason.join("|"), w.team.as_deref().unwrap_or("?")),
            ),
            got,
        );
    }
    if let Some(wanted) = &expect.mode {
        check("mode", outcome.mode.id() == wanted, wanted.clone(), outcome.mode.to_string());
    }
    if let Some(wanted) = &expect.photo {
        let got = reply.and_then(|r| r.asset.as_ref()).map(|a| a.image_id.as_str());
        let ok = match wanted {
            serde_json::Value::Null => got.is_none(),
            serde_json::Value::Array(ids) => got.is_some_and(|g| ids.iter().any(|id| id.as_str() == Some(g))),
            _ => got.is_some(),
        };
        check("photo", ok, wanted.to_string(), got.unwrap_or("none").to_owned());
    }
    let said = reply.map(|r| plain(&r.text)).unwrap_or_default();
    let contains = |alternatives: &str| alternatives.split('|').any(|a| said.contains(plain(a).as_str()));
    for wanted in &expect.must {
        check("must", contains(wanted), wanted.clone(), said.clone());
    }
    for group in &expect.must_any {
        check("must_any", group.iter().any(|w| contains(w)), group.join("|"), said.clone());
    }
    for unwanted in &expect.must_not {
        check("must_not", !said.contains(plain(unwanted).as_str()), format!("no «{unwanted}»"), said.clone());
    }
    if let Some(wanted) = expect.closed_question {
        let got = reply.is_some_and(|r| r.text.trim_end().ends_with('?'));
        check("closed_question", got == wanted, wanted.to_string(), said.clone());
    }
}
