//! `luisa eval`: how well the served pack understands labelled messages.
//!
//! Owns the files, the clock and the thresholds; the measures are the core's. Messages are read one by one, without a
//! conversation.

mod dialogue;
mod replies;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use luisa_core::examination::Examination;
use luisa_core::pack::Pack;
use luisa_core::understanding::quality::{Got, Quality, Row, faults, rows};
use luisa_core::understanding::{Reading, read};
use serde_json::json;

use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::packs;
use crate::settings::Settings;

/// Messages read before the clock counts, so that caches are warm.
const WARM_UP: usize = 200;

/// Score the understanding on labelled messages: one JSON object per line with id, text, class, intent, slots and handoff.
#[derive(Debug, Args)]
pub struct Eval {
    /// JSONL files; `-` is standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// End with exit code 1 when a figure is lower: class_accuracy=0.95, or class_accuracy=95%. May be repeated.
    #[arg(long, value_name = "METRIC=VALUE", value_parser = floor)]
    fail_under: Vec<Floor>,
    /// Leave out the list of misses.
    #[arg(long)]
    brief: bool,
    /// Put consultations to the configured model instead: id, say, must, must_not. It costs money; no budget is kept.
    #[arg(long)]
    replies: bool,
    /// Play conversations whose turns say what must be answered (corpus/README.md), and count by kind what is.
    #[arg(long, conflicts_with = "replies")]
    dialogue: bool,
}

/// The least that a figure may be.
#[derive(Debug, Clone, PartialEq)]
struct Floor {
    metric: String,
    /// 0–1.
    least: f64,
}

struct Miss {
    id: String,
    text: String,
    faults: Vec<String>,
    reasons: Vec<String>,
}

struct Scores {
    quality: Quality,
    /// The same, file by file.
    by_file: Vec<(String, Quality)>,
    misses: Vec<Miss>,
    /// Of each message, sorted.
    times: Vec<Duration>,
}

impl Eval {
    /// Runs the command.
    ///
    /// # Errors
    /// A file that is not labelled messages, an unknown metric, a pack that cannot be used.
    pub fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let pack = packs::load(settings.business_dir.as_deref())?.pack;
        if self.replies {
            return self.run_replies(settings, &pack);
        }
        if self.dialogue {
            return self.run_dialogue(&pack);
        }
        let mut labelled = Vec::new();
        let mut by_file = Vec::new();
        for file in &self.files {
            let text = content(file)?;
            let of_file = rows(&text).map_err(|fault| anyhow::anyhow!("{file}, {fault}"))?;
            by_file.push((file.as_str(), of_file.len()));
            labelled.extend(of_file);
        }
        if labelled.is_empty() {
            bail!("there is no message in {}", self.files.join(", "));
        }
        let scores = score(&pack, &labelled, &by_file);
        let figures = scores.quality.figures();
        let missed = self.missed(&figures)?;
        if self.json {
            self.print_json(&pack, &scores, &figures, &missed)?;
        } else {
            self.print_text(&pack, &scores, &missed)?;
        }
        Ok(if missed.is_empty() { Verdict::Done } else { Verdict::No })
    }

    fn run_replies(&self, settings: &Settings, pack: &Pack) -> anyhow::Result<Verdict> {
        let files = self.files.iter().map(|file| Ok((file.clone(), content(file)?)));
        let files: Vec<(String, String)> = files.collect::<anyhow::Result<_>>()?;
        let replies = super::one_thread()?.block_on(replies::run(settings, pack, &files))?;
        let missed = self.missed(&replies.figures())?;
        if self.json {
            replies.print_json(&missed)?;
        } else {
            replies.print_text(self.brief, &missed)?;
        }
        Ok(if missed.is_empty() { Verdict::Done } else { Verdict::No })
    }

    fn run_dialogue(&self, pack: &Pack) -> anyhow::Result<Verdict> {
        let mut judged = Vec::new();
        for file in &self.files {
            let exam = Examination::parse(&content(file)?).map_err(|fault| anyhow::anyhow!("{file}, {fault}"))?;
            judged.extend(exam.judge(pack, None));
        }
        let figures = dialogue::figures(&judged);
        let missed = self.missed(&figures)?;
        dialogue::print(&judged, &figures, self.json, self.brief)?;
        for floor in &missed {
            eprintln!("{floor}");
        }
        Ok(if missed.is_empty() { Verdict::Done } else { Verdict::No })
    }

    // The floors that were not reached, in words.
    fn missed(&self, figures: &BTreeMap<&'static str, f64>) -> anyhow::Result<Vec<String>> {
        let mut missed = Vec::new();
        for Floor { metric, least } in &self.fail_under {
            let Some(figure) = figures.get(metric.as_str()) else {
                let known: Vec<&str> = figures.keys().copied().collect();
                bail!("--fail-under: there is no metric {metric}; there are {}", known.join(", "));
            };
            if figure < least {
                missed.push(format!("{metric} is {figure:.4}, under {least}"));
            }
        }
        Ok(missed)
    }

    fn print_text(&self, pack: &Pack, scores: &Scores, missed: &[String]) -> anyhow::Result<()> {
        let mut out = std::io::stdout();
        let paint = Paint::of(&out);
        let count = scores.quality.messages;
        writeln!(
            out,
            "{}",
            paint.bold(&format!("{count} messages, {}, {}", pack.about.name, pack.classifier_version))
        )?;
        writeln!(out, "{}", scores.quality.table())?;
        for (file, quality) in scores.by_file.iter().filter(|_| scores.by_file.len() > 1) {
            writeln!(out, "{}\n{}", paint.bold(file), quality.summary())?;
        }
        let micros = |share| scores.percentile(share).as_secs_f64() * 1e6;
        writeln!(
            out,
            "time per message: p50 {:.1} \u{b5}s, p99 {:.1} \u{b5}s, longest {:.1} \u{b5}s",
            micros(0.5),
            micros(0.99),
            micros(1.0)
        )?;
        if !self.brief && !scores.misses.is_empty() {
            writeln!(out, "\n{}", paint.bold(&format!("{} messages with a miss", scores.misses.len())))?;
            for miss in &scores.misses {
                writeln!(out, "{}  {}", paint.name(&miss.id), miss.text.replace('\n', " "))?;
                writeln!(out, "    {}", miss.faults.join("; "))?;
                if !miss.reasons.is_empty() {
                    writeln!(out, "    {}", paint.dim(&format!("because {}", miss.reasons.join("; "))))?;
                }
            }
        }
        for line in missed {
            writeln!(out, "{}", paint.warn(line))?;
        }
        Ok(())
    }

    fn print_json(
        &self,
        pack: &Pack,
        scores: &Scores,
        figures: &BTreeMap<&'static str, f64>,
        missed: &[String],
    ) -> anyhow::Result<()> {
        let misses: Vec<_> = scores.misses.iter().filter(|_| !self.brief).collect();
        let misses: Vec<_> = misses
            .iter()
            .map(|m| json!({ "id": m.id, "text": m.text, "faults": m.faults, "reasons": m.reasons }))
            .collect();
        let micros = |share| (scores.percentile(share).as_secs_f64() * 1e7).round() / 10.0;
        let report = json!({
            "files": self.files,
            "pack": pack.about.name,
            "classifier_version": pack.classifier_version,
            "figures": figures,
            "quality": scores.quality,
            "by_file": scores.by_file.iter().map(|(file, q)| (file.as_str(), q.figures())).collect::<BTreeMap<_, _>>(),
            "latency_us": { "p50": micros(0.5), "p99": micros(0.99), "max": micros(1.0) },
            "with_a_miss": scores.misses.len(),
            "misses": misses,
            "under": missed,
        });
        writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(&report)?)?;
        Ok(())
    }
}

impl Scores {
    // Nearest rank.
    fn percentile(&self, share: f64) -> Duration {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        self.times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

fn score(pack: &Pack, labelled: &[Row], files: &[(&str, usize)]) -> Scores {
    for row in labelled.iter().take(WARM_UP) {
        std::hint::black_box(read(pack, &row.text));
    }
    let mut times = Vec::with_capacity(labelled.len());
    let readings: Vec<Reading> = labelled
        .iter()
        .map(|row| {
            let started = Instant::now();
            let reading = read(pack, &row.text);
            times.push(started.elapsed());
            reading
        })
        .collect();
    times.sort_unstable();
    let got: Vec<Got> = readings.iter().map(Got::of).collect();
    let quality = Quality::of(labelled.iter().zip(&got));
    let mut all = labelled.iter().zip(&got);
    let by_file = files.iter().map(|(file, of)| ((*file).to_owned(), Quality::of(all.by_ref().take(*of)))).collect();
    let misses = labelled.iter().zip(&got).zip(&readings).filter_map(|((row, got), reading)| {
        let faults = faults(row, got);
        let reasons = reading.reasons.clone();
        (!faults.is_empty()).then(|| Miss { id: row.id.clone(), text: row.text.clone(), faults, reasons })
    });
    Scores { quality, by_file, misses: misses.collect(), times }
}

fn content(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    if file == "-" {
        std::io::stdin().lock().read_to_string(&mut text).context("standard input is not UTF-8 text")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))
}

// `class_accuracy=0.95`, `class_accuracy=95%` or `class_accuracy=95`.
fn floor(text: &str) -> Result<Floor, String> {
    let wrong = || format!("`{text}` is not METRIC=VALUE, for example class_accuracy=0.95");
    let (metric, value) = text.split_once('=').ok_or_else(wrong)?;
    let (number, percent) = value.strip_suffix('%').map_or((value, false), |number| (number, true));
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let least = if percent || number > 1.0 { number / 100.0 } else { number };
    if !(0.0..=1.0).contains(&least) {
        return Err(format!("`{value}` is not between 0 and 1, nor between 0 % and 100 %"));
    }
    Ok(Floor { metric: metric.trim().to_owned(), least })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_a_share_or_a_percentage() {
        for text in ["class_accuracy=0.95", "class_accuracy=95%", "class_accuracy=95"] {
            assert_eq!(floor(text), Ok(Floor { metric: "class_accuracy".to_owned(), least: 0.95 }), "{text}");
        }
        for text in ["class_accuracy", "class_accuracy=high", "class_accuracy=-1", "class_accuracy=101"] {
            assert!(floor(text).is_err(), "{text}");
        }
    }
}
