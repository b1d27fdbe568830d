//! The money beside the model's: what voice notes and WhatsApp itself took in a span of time.
//!
//! Owns the dated rates and the sums. What a message is billed for is the provider's own word in its status.

use std::io::{self, Write};

use anyhow::Context;
use luisa_store::{Billed, ServiceSpending, Span, Store};
use serde::{Deserialize, Serialize};

const RATES: &str = include_str!("../../data/whatsapp_rates.toml");
const NANO: f64 = 1e9;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    checked: String,
    other: f64,
    country: Vec<Country>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Country {
    prefix: String,
    usd: f64,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Line {
    /// `transcription`, `vision`, `whatsapp`.
    pub service: String,
    /// Notes, pictures, messages.
    pub count: i64,
    /// Seconds of speech; none where nothing is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    pub usd: f64,
}

/// What was spent beside the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ledger {
    pub lines: Vec<Line>,
    /// The day of the rates that WhatsApp's messages were counted at.
    pub rates_checked: String,
}

impl Ledger {
    /// Reads it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn read(store: &Store, span: Span) -> anyhow::Result<Self> {
        let rates: Rates = toml::from_str(RATES).context("the rates of WhatsApp in this binary cannot be read")?;
        let mut lines: Vec<Line> = store.spending_by_service(span).await?.into_iter().map(of_service).collect();
        let billed = store.billed_messages(span).await?;
        if !billed.is_empty() {
            let usd = billed.iter().map(|billed| rates.of(billed) * billed.messages as f64).sum();
            let count = billed.iter().map(|billed| billed.messages).sum();
            lines.push(Line { service: "whatsapp".to_owned(), count, seconds: None, usd });
        }
        Ok(Self { lines, rates_checked: rates.checked })
    }

    /// Writes it under the model's costs; nothing when nothing was spent.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for Line { service, count, seconds, usd } in &self.lines {
            let measured = seconds.map_or_else(String::new, |seconds| format!(", {seconds:.0} s"));
            let rates =
                if service == "whatsapp" { format!(" (rates of {})", self.rates_checked) } else { String::new() };
            writeln!(out, "{service}: {count}{measured}, US$ {usd:.4}{rates}")?;
        }
        Ok(())
    }
}

fn of_service(taken: ServiceSpending) -> Line {
    let seconds = (taken.service == "transcription").then_some(taken.spending.units);
    let usd = taken.spending.nano_usd as f64 / NANO;
    Line { service: taken.service, count: taken.spending.charges, seconds, usd }
}

impl Rates {
    fn of(&self, billed: &Billed) -> f64 {
        let known = self.country.iter().filter(|c| billed.prefix.as_ref().is_some_and(|p| p.starts_with(&c.prefix)));
        known.max_by_key(|country| country.prefix.len()).map_or(self.other, |country| country.usd)
    }
}
