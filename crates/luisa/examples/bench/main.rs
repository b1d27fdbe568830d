//! The benchmark: how fast LUISA decides, takes messages in and answers, and what she needs, on this machine.
//!
//! Owns the measuring. The service is the release binary itself, with durable commits, against the fake Meta in this
//! process: both share the machine. How to run it and what it gave: `docs/numbers.md`.

mod decisions;
mod hanging;
mod machine;
mod served;

use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use hdrhistogram::Histogram;

/// Measure LUISA on this machine.
#[derive(Parser)]
struct Bench {
    /// Webhooks per second while the acknowledgement is measured.
    #[arg(long, default_value_t = 300)]
    rate: u32,
    /// Seconds of that.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Customers who write at once while answers per second are measured.
    #[arg(long, default_value_t = 5_000)]
    customers: u32,
    /// Reading and decision alone, without the service.
    #[arg(long)]
    decisions: bool,
}

fn main() -> anyhow::Result<()> {
    let bench = Bench::parse();
    if !bench.decisions {
        machine::build_luisa()?;
    }
    println!("{}\nload of the machine before the start: {}\n", machine::describe()?, machine::load());
    println!("| what | p50 | p99 | longest | of |\n| --- | --- | --- | --- | --- |");
    let messages = decisions::messages()?;
    row("reading of one message by itself", &decisions::readings(&messages)?);
    row("decision of one message, conversation fresh", &decisions::measure(&messages)?);
    if bench.decisions {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(served::measure(&bench, messages)).context("the service could not be measured")?;
    runtime.block_on(hanging::measure()).context("answers beside a hanging model could not be measured")
}

/// A line of the report; times are kept in microseconds.
fn row(what: &str, times: &Histogram<u64>) {
    let at = |share| readable(times.value_at_quantile(share));
    println!("| {what} | {} | {} | {} | {} |", at(0.5), at(0.99), readable(times.max()), times.len());
}

fn readable(micros: u64) -> String {
    if micros < 1_000 {
        format!("{micros} \u{b5}s")
    } else {
        format!("{:.1} ms", Duration::from_micros(micros).as_secs_f64() * 1e3)
    }
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Histogram::new(3).context("no histogram")
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
