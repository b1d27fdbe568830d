//! How many messages, of which class and intent, at what hour and on what day.
//!
//! Owns those counts. May not judge them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Count, Counts, Seen, Turn, percent};

const INTENTS: usize = 40;
const CODES: usize = 12;
/// A day per point; longer spans show the latest.
const DAYS: usize = 400;

/// Sums under way.
#[derive(Debug, Default)]
pub struct Tally {
    pub first_at: Option<String>,
    pub last_at: Option<String>,
    total: u64,
    personal: u64,
    turns: u64,
    replies: u64,
    cached: u64,
    called: u64,
    by_rules: u64,
    handoffs: u64,
    errors: u64,
    sends: Sends,
    codes: Counts,
    classes: Counts,
    intents: Counts,
    reasons: Counts,
    days: BTreeMap<String, Day>,
    hours: [Hour; 24],
    week: [[u64; 24]; 7],
}

/// What came in and what was done with it.
#[derive(Debug, Clone, Serialize)]
pub struct Messages {
    pub total: u64,
    pub personal: u64,
    pub pct_personal: Option<f64>,
    /// A burst of messages is one turn and has one answer.
    pub turns: u64,
    pub replies: u64,
    /// Answers from the FAQ cache, in turns.
    pub cached: u64,
    /// Messages for which a model was asked.
    pub openai_called: u64,
    /// Turns that had an answer, and no model was asked: per cent of all turns that had one.
    pub pct_answered_by_rules: Option<f64>,
    /// Messages that showed the need for a person.
    pub handoffs: u64,
    /// Messages with an error in the decision, in the model or in the sending.
    pub errors: u64,
    pub sends: Sends,
    pub send_errors: Vec<Count>,
    pub classes: Vec<Count>,
    pub intents: Vec<Count>,
    pub handoff_reasons: Vec<Count>,
    pub days: Vec<Day>,
    /// By the hour of the store's clock, 0 to 23.
    pub hours: Vec<Hour>,
    /// Messages by weekday, Monday first, and hour.
    pub week: Vec<Vec<u64>>,
}

/// Answers on WhatsApp, in turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sends {
    pub ok: u64,
    pub failed: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Day {
    pub day: String,
    pub messages: u64,
    pub replies: u64,
    pub handoffs: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Hour {
    pub hour: usize,
    pub messages: u64,
    pub handoffs: u64,
}

impl Tally {
    pub(super) fn take(&mut self, seen: &Seen<'_>, day: &str) {
        let row = seen.row;
        if self.first_at.is_none() {
            self.first_at = Some(row.created_at.to_owned());
        }
        let last = self.last_at.get_or_insert_default();
        row.created_at.clone_into(last);
        let handed = u64::from(row.handoff_reason.is_some());
        let replied = u64::from(seen.reply().is_some());
        self.total += 1;
        self.personal += u64::from(row.is_personal);
        self.called += u64::from(row.openai_called);
        self.handoffs += handed;
        self.errors += u64::from(is_error(seen));
        self.classes.add(row.classification);
        self.intents.add(row.intent.unwrap_or("-"));
        if let Some(reason) = row.handoff_reason {
            self.reasons.add(reason);
        }
        self.take_turn(seen);
        if let Some(known) = self.days.get_mut(day) {
            known.add(handed, replied);
        } else {
            let mut fresh = Day { day: day.to_owned(), ..Day::default() };
            fresh.add(handed, replied);
            self.days.insert(day.to_owned(), fresh);
        }
        self.hours[seen.hour].messages += 1;
        self.hours[seen.hour].handoffs += handed;
        self.week[seen.weekday][seen.hour] += 1;
    }

    fn take_turn(&mut self, seen: &Seen<'_>) {
        if !seen.opens_turn {
            return;
        }
        self.turns += 1;
        self.replies += u64::from(seen.reply().is_some());
        self.cached += u64::from(seen.row.cache_hit);
        match seen.row.whatsapp_send_success {
            Some(true) => self.sends.ok += 1,
            Some(false) => self.sends.failed += 1,
            None => {}
        }
        if let Some(code) = seen.row.whatsapp_send_error_code {
            self.codes.add(code);
        }
    }

    pub(super) fn close(&mut self, turn: &Turn) {
        self.by_rules += u64::from(turn.answered && !turn.called);
    }

    pub(super) fn report(self) -> Messages {
        let skip = self.days.len().saturating_sub(DAYS);
        let hours = self.hours.into_iter().enumerate().map(|(hour, counted)| Hour { hour, ..counted });
        Messages {
            total: self.total,
            personal: self.personal,
            pct_personal: percent(self.personal, self.total),
            turns: self.turns,
            replies: self.replies,
            cached: self.cached,
            openai_called: self.called,
            pct_answered_by_rules: percent(self.by_rules, self.replies),
            handoffs: self.handoffs,
            errors: self.errors,
            sends: self.sends,
            send_errors: self.codes.most(CODES),
            classes: self.classes.most(INTENTS),
            intents: self.intents.most(INTENTS),
            handoff_reasons: self.reasons.most(INTENTS),
            days: self.days.into_values().skip(skip).collect(),
            hours: hours.collect(),
            week: self.week.iter().map(|hours| hours.to_vec()).collect(),
        }
    }
}

impl Day {
    fn add(&mut self, handed: u64, replied: u64) {
        self.messages += 1;
        self.handoffs += handed;
        self.replies += replied;
    }
}

/// As in the snapshot of the last hour: a chat that a person took over meanwhile is none.
fn is_error(seen: &Seen<'_>) -> bool {
    let row = seen.row;
    row.whatsapp_send_success == Some(false)
        || row.openai_error.is_some()
        || row.error_message.is_some_and(|error| error != "human_took_over")
}
