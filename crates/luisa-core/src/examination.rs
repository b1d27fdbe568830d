//! Examination: questions in the middle of a chat, and whether what LUISA says answers them.
//!
//! Owns the format (JSONL, see `corpus/README.md`) and the judging. A turn says what an answer must contain, not which
//! intent was read. The clock advances by a minute per turn from a fixed start. May not do I/O.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::lexicon::fold::plain;
use crate::memory::Memory;
use crate::outcome::{Answer, Outcome, Reply};
use crate::pack::Pack;
use crate::pipeline::decide;
use crate::taxonomy::{Channel, Mode, Team};
use crate::turn::{Body, Inbound, NoCache, Policy, Turn};

/// Every conversation of a file, with the phrases that its answers share.
#[derive(Debug, Default)]
pub struct Examination {
    phrases: BTreeMap<String, Vec<String>>,
    chats: Vec<Chat>,
}

#[derive(Debug, Deserialize)]
struct Phrases {
    phrases: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Chat {
    id: String,
    turns: Vec<AskedTurn>,
}

#[derive(Debug, Deserialize)]
struct AskedTurn {
    text: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    answer: Option<Wanted>,
    #[serde(default, rename = "if")]
    only_if: Option<Condition>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    #[serde(default)]
    models: Option<usize>,
    #[serde(default)]
    any: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    kind: Kind,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    all: Vec<Vec<String>>,
    #[serde(default)]
    none: Vec<String>,
    #[serde(default)]
    off: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    handoff: Option<Option<String>>,
}

fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// What a turn asks of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A fact of the store that answers.
    Fact,
    /// That she does not know, about this very matter.
    Unknown,
    /// Taken up as asked.
    Act,
    /// A courtesy, regret, a datum taken down.
    Ack,
    /// What is needed is asked back.
    Clarify,
}

impl Kind {
    /// As the files write it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Unknown => "unknown",
            Self::Act => "act",
            Self::Ack => "ack",
            Self::Clarify => "clarify",
        }
    }
}

/// A judged turn.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The chat's id and the turn's place, from 1: `d05.2`.
    pub id: String,
    pub kind: Kind,
    pub topic: String,
    pub said: String,
    pub reply: String,
    pub path: String,
    /// What is wrong with the answer; none when it passes.
    pub fault: Option<String>,
}

impl Examination {
    /// Reads a file.
    ///
    /// # Errors
    /// The line that is not as it should be, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut found = Self::default();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let fault = |e: serde_json::Error| format!("line {}: {e}", n + 1);
            if n == 0 {
                found.phrases = serde_json::from_str::<Phrases>(line).map_err(fault)?.phrases;
            } else {
                found.chats.push(serde_json::from_str(line).map_err(fault)?);
            }
        }
        Ok(found)
    }

    /// Plays every chat and judges the turns that say what an answer must contain. With `words`, the reply is that
    /// text whatever was asked: what a parrot would score.
    #[must_use]
    pub fn judge(&self, pack: &Pack, words: Option<&str>) -> Vec<Judged> {
        self.chats.iter().flat_map(|chat| self.judge_chat(pack, chat, words)).collect()
    }

    fn judge_chat(&self, pack: &Pack, chat: &Chat, words: Option<&str>) -> Vec<Judged> {
        let mut judged = Vec::new();
        let mut player = Player::new();
        let (mut before, mut teams, mut skipping) = (String::new(), Vec::new(), false);
        let names: Vec<String> = pack.catalog.items.iter().map(|item| folded(&item.name)).collect();
        for (n, turn) in chat.turns.iter().enumerate() {
            if let Some(condition) = &turn.only_if {
                let named = named_in(&names, &before);
                let holds = condition.models.is_none_or(|least| named.len() >= least)
                    && (condition.any.is_empty() || condition.any.iter().any(|a| self.stands(a, &before, &before)));
                skipping |= !holds;
                if skipping {
                    continue;
                }
            }
            let outcome = player.say(pack, &format!("{}-{n}", chat.id), &turn.text);
            let reply = match (&outcome.answer, words) {
                (_, Some(words)) => Reply { text: words.to_owned(), ..Reply::default() },
                (Answer::Say(checked), None) => checked.reply().clone(),
                (Answer::Silence(_) | Answer::Later { .. }, None) => Reply::default(),
            };
            let now = outcome.handoff.map(|call| call.team);
            teams.extend(now);
            let second = named_in(&names, &before).get(1).cloned();
            if let Some(wanted) = &turn.answer {
                let seen = Seen { reply: &reply, now, teams: &teams, second: second.as_deref() };
                judged.push(Judged {
                    id: format!("{}.{}", chat.id, n + 1),
                    kind: wanted.kind,
                    topic: turn.topic.clone(),
                    said: turn.text.clone(),
                    reply: reply.text.clone(),
                    path: outcome.traces.iter().map(|t| t.path.join("->")).collect::<Vec<_>>().join(" | "),
                    fault: self.fault(wanted, &seen),
                });
            }
            before = folded(&whole(&reply));
        }
        judged
    }

    fn fault(&self, wanted: &Wanted, seen: &Seen<'_>) -> Option<String> {
        let open = wanted.kind == Kind::Clarify || wanted.handoff == Some(Some("*".to_owned()));
        let full = folded(&whole(seen.reply));
        let text = if open { full.clone() } else { folded(&without_question(&whole(seen.reply))) };
        let admits = without_sentences(&text, &wanted.off);
        let stands = |needle: &String| match needle.as_str() {
            "@asset" => seen.reply.asset.is_some(),
            "@second" => seen.second.is_some_and(|name| text.contains(name)),
            "@unknown" => self.stands(needle, &admits, &full),
            _ => self.stands(needle, &text, &full),
        };
        if full.trim().is_empty() {
            return Some("silence".to_owned());
        }
        if let Some(bad) = wanted.none.iter().find(|needle| stands(needle)) {
            return Some(format!("says `{bad}`"));
        }
        if !wanted.any.is_empty() && !wanted.any.iter().any(stands) {
            return Some(format!("lacks any of {}", wanted.any.iter().take(4).cloned().collect::<Vec<_>>().join(", ")));
        }
        if let Some(list) = wanted.all.iter().find(|list| !list.iter().any(stands)) {
            return Some(format!("lacks {}", list.iter().take(4).cloned().collect::<Vec<_>>().join(" or ")));
        }
        match wanted.handoff.as_ref() {
            Some(None) if seen.now.is_some() => Some("hands over".to_owned()),
            Some(Some(team)) if team != "*" && !seen.teams.iter().any(|t| t.id() == team) => {
                Some(format!("does not call {team}"))
            }
            _ => None,
        }
    }

    fn stands(&self, needle: &str, text: &str, full: &str) -> bool {
        let text = if matches!(needle, "@askneed" | "@askmodel") { full } else { text };
        match self.phrases.get(needle) {
            Some(list) => list.iter().any(|phrase| text.contains(&folded(phrase))),
            None => text.contains(&folded(needle)),
        }
    }
}

struct Seen<'a> {
    reply: &'a Reply,
    /// The team called in this turn.
    now: Option<Team>,
    /// Every team called so far.
    teams: &'a [Team],
    second: Option<&'a str>,
}

// The text with the title of the picture that comes along.
fn whole(reply: &Reply) -> String {
    let title = reply.asset.as_ref().map_or("", |asset| asset.title.as_str());
    format!("{title} {}", reply.text)
}

fn folded(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_question(text: &str) -> String {
    let cut = text.trim_end().ends_with('?').then(|| text.rfind('¿')).flatten();
    cut.map_or_else(|| text.to_owned(), |at| text[..at].to_owned())
}

fn without_sentences(text: &str, off: &[String]) -> String {
    let ends = ['.', ';', ':', '!', '?'];
    let kept = text.split_inclusive(ends).filter(|s| !off.iter().any(|word| s.contains(&folded(word))));
    kept.collect()
}

// The products named in a text, in the order in which they stand there.
fn named_in(names: &[String], text: &str) -> Vec<String> {
    let mut found: Vec<(usize, std::cmp::Reverse<usize>, &String)> = names
        .iter()
        .filter_map(|name| text.find(name.as_str()).map(|at| (at, std::cmp::Reverse(name.len()), name)))
        .collect();
    found.sort();
    found.dedup_by_key(|(at, ..)| *at);
    found.into_iter().map(|(.., name)| name.clone()).collect()
}

struct Player {
    now: Timestamp,
    memory: Memory,
    mode: Mode,
    human_until: Option<Timestamp>,
}

impl Player {
    fn new() -> Self {
        let now = "2026-11-24T15:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
        Self { now, memory: Memory::default(), mode: Mode::AiActive, human_until: None }
    }

    fn say(&mut self, pack: &Pack, id: &str, text: &str) -> Outcome {
        self.now = self.now.checked_add(1.minutes()).unwrap_or(self.now);
        let body = Body::Text { text: text.to_owned() };
        let messages =
            [Inbound { message_id: id.to_owned(), at: self.now, stale: false, body, quoted: None, referral: None }];
        let policy = Policy::default();
        let turn = Turn {
            channel: Channel::Api,
            now: self.now,
            mode: self.mode,
            human_until: self.human_until,
            memory: &self.memory,
            messages: &messages,
            in_address_book: false,
            recent_inbound: 0,
            profile_name: None,
            reach: None,
            policy: &policy,
            cache: &NoCache,
        };
        let outcome = decide(pack, &turn);
        (self.mode, self.human_until) = (outcome.mode, outcome.human_until);
        self.memory = outcome.memory.clone();
        outcome
    }
}
