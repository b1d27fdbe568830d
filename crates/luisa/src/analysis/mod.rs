//! The report on many traces: what they cost, how good the answers were, how fast, and where customers go.
//!
//! Owns the one pass over the rows: each part takes a row and keeps sums, never the row. Pure: may not read the
//! database, a clock or settings. No figure holds a customer's words unless they were asked for, and then masked.

pub mod local;
pub mod money;
pub mod audit;
pub mod quality;
pub mod phrases;
pub mod pace;
pub mod journey;
pub mod tally;
pub mod page;
mod chart;

use jiff::tz::TimeZone;
use luisa_store::Figures;
use serde::Serialize;

use audit::{Audit, Gate};
use journey::Journey;
use local::LocalTime;
use money::Money;
use pace::Pace;
use phrases::Phrases;
pub use phrases::Texts;
use quality::Quality;
use tally::Tally;

/// What a report goes by.
#[derive(Debug, Clone)]
pub struct Terms {
    /// In which hours and days are told.
    pub zone: TimeZone,
    pub texts: Texts,
    pub gate: Gate,
}

/// A report under way.
pub struct Analysis {
    local: LocalTime,
    turn: Turn,
    messages: Tally,
    money: Money,
    audit: Audit,
    quality: Quality,
    phrases: Phrases,
    pace: Pace,
    journey: Journey,
}

/// A turn, once its last message is known.
#[derive(Debug, Default)]
struct Turn {
    request_id: String,
    answered: bool,
    consultation: bool,
    called: bool,
    handed: bool,
    cached: bool,
    latency_ms: Option<f64>,
}

/// A row, and what is known of it beyond its columns.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    pub row: &'a Figures<'a>,
    /// The first message of its turn: what belongs to the turn as a whole is counted here.
    pub opens_turn: bool,
    pub hour: usize,
    /// Monday is 0.
    pub weekday: usize,
}

/// The whole report. Times are those of the store.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The first and the last message that were read.
    pub first_at: Option<String>,
    pub last_at: Option<String>,
    pub messages: tally::Messages,
    pub cost: money::Cost,
    pub gate: audit::GateReport,
    pub quality: quality::QualityReport,
    pub unsure: phrases::Unsure,
    pub performance: pace::Performance,
    pub funnel: journey::Funnel,
}

impl Analysis {
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            local: LocalTime::of(terms.zone),
            turn: Turn::default(),
            messages: Tally::default(),
            money: Money::default(),
            audit: Audit::new(terms.gate),
            quality: Quality::default(),
            phrases: Phrases::new(terms.texts),
            pace: Pace::default(),
            journey: Journey::default(),
        }
    }

    /// Takes the next row; rows come in the order of their ids, so that a turn's messages follow one another.
    pub fn take(&mut self, row: &Figures<'_>) {
        let opens_turn = row.request_id != self.turn.request_id;
        if opens_turn {
            self.close_turn();
            row.request_id.clone_into(&mut self.turn.request_id);
            self.turn.answered = row.response_text.is_some_and(|text| !text.is_empty());
            self.turn.cached = row.cache_hit;
            self.turn.latency_ms = row.latency_ms;
        }
        self.turn.consultation |= row.classification == "BUSINESS_CONSULT";
        self.turn.called |= row.openai_called;
        self.turn.handed |= row.handoff_reason.is_some();
        let at = self.local.read(row.created_at);
        let seen = Seen { row, opens_turn, hour: at.hour, weekday: at.weekday };
        self.money.take(&seen, &at.day);
        self.messages.take(&seen, &at.day);
        self.audit.take(row, &self.turn);
        self.quality.take(&seen);
        self.phrases.take(row);
        self.pace.take(&seen);
        self.journey.take(row);
    }

    /// The turn of the rows before is whole.
    fn close_turn(&mut self) {
        self.messages.close(&self.turn);
        self.money.close(&self.turn);
        self.pace.close(&self.turn);
        self.turn = Turn { request_id: std::mem::take(&mut self.turn.request_id), ..Turn::default() };
    }

    /// What the model cost, with the dearest conversations by their ids.
    #[must_use]
    pub fn cost(mut self) -> money::Cost {
        self.close_turn();
        self.money.report()
    }

    /// The report on what was taken.
    #[must_use]
    pub fn report(mut self) -> Report {
        self.close_turn();
        let zone = &self.local;
        // Programs choose the ids of their conversations, and may choose a telephone number.
        let cost = money::Cost { dearest_conversations: Vec::new(), ..self.money.report() };
        Report {
            first_at: self.messages.first_at.as_deref().map(|at| zone.shown(at)),
            last_at: self.messages.last_at.as_deref().map(|at| zone.shown(at)),
            performance: self.pace.report(zone),
            messages: self.messages.report(),
            cost,
            gate: self.audit.report(),
            quality: self.quality.report(),
            unsure: self.phrases.report(),
            funnel: self.journey.report(),
        }
    }
}

impl Seen<'_> {
    /// The turn's reply, at the row that opens the turn.
    #[must_use]
    pub fn reply(&self) -> Option<&str> {
        self.row.response_text.filter(|text| self.opens_turn && !text.is_empty())
    }
}

/// How often something was seen, the most frequent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    pub what: String,
    pub count: u64,
}

/// Counts by a word.
#[derive(Debug, Default)]
pub struct Counts(std::collections::BTreeMap<String, u64>);

impl Counts {
    pub fn add(&mut self, what: &str) {
        if let Some(count) = self.0.get_mut(what) {
            *count += 1;
        } else {
            self.0.insert(what.to_owned(), 1);
        }
    }

    #[must_use]
    pub fn most(self, limit: usize) -> Vec<Count> {
        let mut all: Vec<Count> = self.0.into_iter().map(|(what, count)| Count { what, count }).collect();
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.what.cmp(&b.what)));
        all.truncate(limit);
        all
    }
}

/// A part of a whole in per cent with two decimals; none without a whole.
#[must_use]
pub fn percent(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 * 10_000.0 / whole as f64).round() / 100.0)
}
