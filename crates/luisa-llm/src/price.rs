//! What models cost and when they end: dated data, not code.
//!
//! Owns the table and the arithmetic. May not read a clock or a file: a newer table comes in as text.

use crate::call::{Request, Usage};
use crate::dialect::Effort;
use crate::money::NanoUsd;
use jiff::civil::Date;
use serde::Deserialize;

const EMBEDDED: &str = include_str!("../data/prices.toml");
const MILLION: u128 = 1_000_000;
/// What the format adds to every message.
const TOKENS_AROUND_A_MESSAGE: u32 = 4;

/// A table of prices, as of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// The day on which somebody compared the table with the maker's page.
    pub checked: Date,
    models: Vec<Model>,
    speech: Vec<Speech>,
}

/// What a model takes for a minute of speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    pub id: String,
    pub minute: NanoUsd,
    pub shutdown: Option<Date>,
}

impl Speech {
    /// Rounded up to a whole billionth of a dollar.
    pub fn cost(&self, seconds: f64) -> NanoUsd {
        NanoUsd((self.minute.0 as f64 * seconds.max(0.0) / 60.0).ceil() as u64)
    }
}

/// Prices are for a million tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub id: String,
    pub input: NanoUsd,
    pub cached: NanoUsd,
    pub output: NanoUsd,
    pub reasoning: bool,
    pub least_effort: Option<Effort>,
    pub shutdown: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricesError {
    #[error("the table of prices cannot be read: {0}")]
    Toml(String),
    #[error("`{field}` of the model `{model}` is not a price in US dollars")]
    Price { model: String, field: &'static str },
    #[error("the model `{0}` is in the table twice")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    checked: Date,
    #[serde(default)]
    model: Vec<Row>,
    #[serde(default)]
    speech: Vec<SpeechRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpeechRow {
    id: String,
    minute: toml::Value,
    shutdown: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    r#in: toml::Value,
    cached: toml::Value,
    out: toml::Value,
    #[serde(default)]
    reasoning: bool,
    least_effort: Option<Effort>,
    shutdown: Option<Date>,
}

impl Prices {
    /// The table this version was built with.
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the table in data/ is read by a test")
    }

    pub fn parse(text: &str) -> Result<Self, PricesError> {
        let table: Table = toml::from_str(text).map_err(|error| PricesError::Toml(error.to_string()))?;
        let mut models: Vec<Model> = Vec::new();
        for row in table.model {
            if models.iter().any(|known| known.id == row.id) {
                return Err(PricesError::Twice(row.id));
            }
            models.push(row.model()?);
        }
        let speech = table.speech.into_iter().map(SpeechRow::speech).collect::<Result<_, _>>()?;
        Ok(Self { checked: table.checked, models, speech })
    }

    /// The newer table's models win; the older one's others stay.
    #[must_use]
    pub fn overridden_by(mut self, newer: Self) -> Self {
        self.models.retain(|old| newer.models.iter().all(|new| new.id != old.id));
        self.models.extend(newer.models);
        self.speech.retain(|old| newer.speech.iter().all(|new| new.id != old.id));
        self.speech.extend(newer.speech);
        self.checked = newer.checked;
        self
    }

    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// What a model takes that writes speech down.
    pub fn speech(&self, id: &str) -> Option<&Speech> {
        self.speech.iter().find(|model| model.id == id)
    }

    pub(crate) fn dearest_speech(&self) -> Option<&Speech> {
        self.speech.iter().max_by_key(|model| model.minute)
    }

    pub fn find(&self, id: &str) -> Option<&Model> {
        let named = |name: &str| self.models.iter().find(|model| model.id == name);
        named(id).or_else(|| named(without_date(id)?))
    }

    /// For a model nobody knows on a server that sends bills: better to stop early than to be surprised.
    pub(crate) fn dearest(&self) -> Option<&Model> {
        self.models.iter().max_by_key(|model| model.output)
    }
}

impl Model {
    /// Rounded up to a whole billionth of a dollar.
    pub fn cost(&self, usage: &Usage) -> NanoUsd {
        let cached = usage.cached.min(usage.input);
        let fresh = usage.input - cached;
        let for_tokens = |tokens: u32, price: NanoUsd| u128::from(tokens) * u128::from(price.0);
        let millionths =
            for_tokens(fresh, self.input) + for_tokens(cached, self.cached) + for_tokens(usage.output, self.output);
        NanoUsd(u64::try_from(millionths.div_ceil(MILLION)).unwrap_or(u64::MAX))
    }

    /// Nothing when no end is known; negative when it is past.
    pub fn days_left(&self, today: Date) -> Option<i32> {
        let until = today.until(self.shutdown?).ok()?;
        Some(until.get_days())
    }
}

impl SpeechRow {
    fn speech(self) -> Result<Speech, PricesError> {
        let text = self.minute.as_str().map_or_else(|| self.minute.to_string(), str::to_owned);
        let minute = text.parse().map_err(|_| PricesError::Price { model: self.id.clone(), field: "minute" })?;
        Ok(Speech { id: self.id, minute, shutdown: self.shutdown })
    }
}

impl Row {
    fn model(self) -> Result<Model, PricesError> {
        let price = |field: &'static str, value: &toml::Value| {
            // A number is printed with the digits it was written with, so both ways of writing are exact.
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let model = self.id.clone();
            text.parse().map_err(|_| PricesError::Price { model, field })
        };
        Ok(Model {
            input: price("in", &self.r#in)?,
            cached: price("cached", &self.cached)?,
            output: price("out", &self.out)?,
            reasoning: self.reasoning,
            least_effort: self.least_effort,
            shutdown: self.shutdown,
            id: self.id,
        })
    }
}

/// 3.9 characters a token, as measured on Spanish; a real tokenizer costs 44 MiB to be a little nearer.
pub fn estimate_tokens(text: &str) -> u32 {
    let tenths = text.chars().count().saturating_mul(10).div_ceil(39);
    u32::try_from(tenths).unwrap_or(u32::MAX)
}

/// The most a request can cost: its input fresh, its output to the cap.
pub fn estimate_request(request: &Request) -> Usage {
    let schema = request.schema.as_ref().map_or(0, |schema| estimate_tokens(&schema.schema.to_string()));
    let texts = std::iter::once(&request.system).chain(request.messages.iter().map(|message| &message.text));
    let input = texts
        .fold(schema, |sum, text| sum.saturating_add(estimate_tokens(text)).saturating_add(TOKENS_AROUND_A_MESSAGE));
    Usage { input, output: request.max_output_tokens, ..Usage::default() }
}

/// `gpt-4o-mini-2024-07-18` is `gpt-4o-mini`.
fn without_date(id: &str) -> Option<&str> {
    const DATE: usize = "-2024-07-18".len();
    let at = id.len().checked_sub(DATE)?;
    let (name, date) = (id.get(..at)?, id.get(at..)?);
    date.strip_prefix('-')?.parse::<Date>().ok()?;
    Some(name)
}
