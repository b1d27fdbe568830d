//! Who was owed an answer and got it, when: the figures of a run.
//!
//! Pure: the time is an argument, counted from the start of the run.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use serde::Serialize;

use super::own::Needs;

/// A webhook that was answered, or given up.
pub(super) struct Ack {
    /// When each of its messages was due.
    pub(super) dues: Vec<Duration>,
    /// By how much it was held back on purpose.
    pub(super) delay: Duration,
    pub(super) at: Duration,
    /// How often it had to be delivered; none: it was never taken.
    pub(super) tries: Option<u32>,
}

#[derive(Default)]
struct Chat {
    /// When the messages were due that have no answer yet.
    owed: VecDeque<Duration>,
    /// The mark of the last answer, which grows with the order in which answers were decided.
    last: Option<String>,
    /// Whether and how often this one is answered is not ours to say.
    unjudged: bool,
}

/// One second of the run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Second {
    /// Messages written.
    pub written: u64,
    /// Webhooks taken.
    pub acknowledged: u64,
    /// Answers at the fake Meta.
    pub answered: u64,
    /// Messages without an answer at its end.
    pub waiting: u64,
    /// Of the webhooks taken in it, milliseconds.
    pub ack: Spread,
    /// Of the answers in it, milliseconds.
    pub answer: Spread,
    #[serde(skip)]
    acks: Vec<Duration>,
    #[serde(skip)]
    answers: Vec<Duration>,
}

/// Percentiles in milliseconds; none of nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spread {
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub longest: Option<f64>,
}

impl Spread {
    fn of(times: &mut [Duration]) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let rank = (times.len() as f64 * share).ceil() as usize;
            times.get(rank.saturating_sub(1)).map(|time| (time.as_secs_f64() * 1e5).round() / 1e2)
        };
        Self { p50: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1.0) }
    }
}

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Messages per second that customers wrote, step by step.
    pub offered: Vec<u32>,
    pub messages: u64,
    /// Messages that were owed an answer and got it.
    pub answered: u64,
    /// From the first message to the last answer.
    pub seconds: f64,
    /// Answers in that time, by the second.
    pub answers_per_second: f64,
    /// From the moment at which a webhook was due to its 200.
    pub ack: Spread,
    /// From the same moment to the answer at Meta.
    pub answer: Spread,
    /// Messages whose webhook was never taken.
    pub refused: u64,
    /// Webhooks that had to be delivered again.
    pub redelivered: u64,
    /// Messages that got no answer although nothing stood in the way.
    pub lost: u64,
    /// Messages whose answer Meta swallowed: LUISA cannot know of them.
    pub hidden: u64,
    /// Answers to who was owed none.
    pub doubled: u64,
    /// Answers of one chat that left in another order than they were decided.
    pub out_of_order: u64,
    /// Of a LUISA that was started for the run.
    pub needs: Option<Needs>,
    pub series: Vec<Second>,
}

impl Report {
    /// Nobody was forgotten, answered twice or in the wrong order.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.out_of_order + self.refused == 0
    }
}

/// The run so far.
#[derive(Default)]
pub struct Ledger {
    chats: HashMap<String, Chat>,
    marks: HashSet<String>,
    swallowed: HashSet<String>,
    seconds: Vec<Second>,
    written: u64,
    answered: u64,
    waiting: u64,
    refused: u64,
    redelivered: u64,
    doubled: u64,
    out_of_order: u64,
    last_news: Duration,
    last_answer: Duration,
}

impl Ledger {
    /// A message is due that wants an answer.
    pub(super) fn wrote(&mut self, who: &str, due: Duration) {
        self.chats.entry(who.to_owned()).or_default().owed.push_back(due);
        self.written += 1;
        self.waiting += 1;
        self.second(due).written += 1;
        self.last_news = self.last_news.max(due);
    }

    /// A message that may be answered or not.
    pub(super) fn wrote_without_claim(&mut self, who: &str) {
        self.chats.entry(who.to_owned()).or_default().unjudged = true;
    }

    pub(super) fn acknowledged(&mut self, ack: &Ack) {
        self.last_news = self.last_news.max(ack.at);
        let Some(tries) = ack.tries else {
            self.refused += ack.dues.len() as u64;
            return;
        };
        self.redelivered += u64::from(tries > 1);
        let (at, delay) = (ack.at, ack.delay);
        let second = self.second(at);
        second.acknowledged += 1;
        second.acks.extend(ack.dues.iter().map(|due| at.saturating_sub(*due + delay)));
    }

    /// Meta swallows the next answer to this one.
    pub(super) fn hidden(&mut self, who: &str) {
        self.swallowed.insert(who.to_owned());
    }

    /// An answer is at the fake Meta.
    pub(super) fn answered(&mut self, who: &str, mark: Option<&str>, at: Duration) {
        self.last_news = self.last_news.max(at);
        // A team's number, or the message before the run.
        let Some(chat) = self.chats.get_mut(who) else { return };
        if let Some(mark) = mark {
            if !self.marks.insert(mark.to_owned()) {
                self.doubled += 1;
                return;
            }
            self.out_of_order += u64::from(chat.last.as_deref().is_some_and(|last| last > mark));
            chat.last = Some(mark.to_owned());
        }
        if chat.unjudged {
            return;
        }
        let Some(due) = chat.owed.pop_front() else {
            self.doubled += 1;
            return;
        };
        self.waiting -= 1;
        self.answered += 1;
        self.last_answer = self.last_answer.max(at);
        let second = self.second(at);
        second.answered += 1;
        second.answers.push(at.saturating_sub(due));
    }

    /// It is now: what waits is noted.
    pub(super) fn look(&mut self, now: Duration) {
        let waiting = self.waiting;
        self.second(now).waiting = waiting;
    }

    /// The last time that anything happened.
    pub(super) fn last_news(&self) -> Duration {
        self.last_news
    }

    /// Messages without an answer.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// In a line: how it goes.
    #[must_use]
    pub fn in_short(&self) -> String {
        let last = self.seconds.iter().rev().nth(1).map_or(0, |second| second.answered);
        let wrong = self.doubled + self.out_of_order + self.refused;
        format!(
            "{} written, {} answered ({last}/s), {} waiting, {wrong} wrong",
            self.written, self.answered, self.waiting
        )
    }

    pub(super) fn report(mut self) -> Report {
        let hidden =
            self.chats.iter().filter(|(who, chat)| !chat.owed.is_empty() && self.swallowed.contains(*who)).count()
                as u64;
        let seconds = self.last_answer.as_secs_f64();
        let (mut acks, mut answers) = (Vec::new(), Vec::new());
        for second in &mut self.seconds {
            acks.extend_from_slice(&second.acks);
            answers.extend_from_slice(&second.answers);
            second.ack = Spread::of(&mut second.acks);
            second.answer = Spread::of(&mut second.answers);
        }
        Report {
            offered: Vec::new(),
            messages: self.written,
            answered: self.answered,
            seconds,
            answers_per_second: if seconds > 0.0 {
                (self.answered as f64 / seconds * 10.0).round() / 10.0
            } else {
                0.0
            },
            ack: Spread::of(&mut acks),
            answer: Spread::of(&mut answers),
            refused: self.refused,
            redelivered: self.redelivered,
            lost: self.waiting.saturating_sub(hidden + self.refused),
            hidden,
            doubled: self.doubled,
            out_of_order: self.out_of_order,
            needs: None,
            series: self.seconds,
        }
    }

    fn second(&mut self, at: Duration) -> &mut Second {
        let place = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        while self.seconds.len() <= place {
            let waiting = self.seconds.last().map_or(0, |second| second.waiting);
            self.seconds.push(Second { waiting, ..Second::default() });
        }
        &mut self.seconds[place]
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
