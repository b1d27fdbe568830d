//! Training: from `corpus/train` to the model of a pack, and the honest figures on writers left out.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use luisa_core::lexicon::hash::Spelling;
use luisa_core::pack::Pack;
use luisa_core::taxonomy::{Class, Intent};
use luisa_core::understanding::features;
use luisa_core::understanding::model::Model;
use luisa_core::understanding::noisy::{self, Noise};
use luisa_core::understanding::quality::{self, Got, Quality, Row, faults};
use luisa_core::understanding::reading::{Understanding, numbers, parse};
use luisa_core::understanding::train::{Example, Recipe, fit};
use luisa_core::understanding::{Reading, read};

use crate::corpus::{self, Writer};
use crate::printed;

#[derive(clap::Args)]
pub(crate) struct Options {
    #[arg(long, default_value = "packs/el-sastre")]
    pack: PathBuf,
    /// Only measures on writers left out; writes no model.
    #[arg(long)]
    measure: bool,
    /// Leaves out every sixth writer only: quick.
    #[arg(long)]
    quick: bool,
    /// Where the misses on writers left out are listed.
    #[arg(long, default_value = "target/misses.txt")]
    misses: PathBuf,
    #[arg(long)]
    epochs: Option<u32>,
    #[arg(long)]
    rate: Option<f32>,
    #[arg(long)]
    decay: Option<f32>,
    #[arg(long)]
    bits: Option<u32>,
    #[arg(long)]
    dropout: Option<f32>,
    #[arg(long)]
    hidden: Option<usize>,
    #[arg(long)]
    dropout_hidden: Option<f32>,
    #[arg(long)]
    start: Option<f32>,
    /// Fits whose mean is the model.
    #[arg(long)]
    fits: Option<u64>,
    /// Noisy copies of each message.
    #[arg(long)]
    copies: Option<u32>,
    #[arg(long)]
    asides: Option<usize>,
    #[arg(long)]
    noise: Option<f32>,
    /// Files of labelled messages to read with the new model; they train nothing.
    #[arg(long)]
    read: Vec<PathBuf>,
    /// Leaves no writer out and writes no model: for a look at `--read` alone, with scores that are not tempered.
    #[arg(long)]
    only_read: bool,
    /// Trains nothing: reads the files of `--read` with the model that the pack has.
    #[arg(long)]
    in_place: bool,
}

/// Messages thought up against what was misread of the other writers: they answer to those messages, so a model that has
/// seen them says nothing about new people. They train the pack's model and no model that is measured; their slots are
/// not labelled.
const OWN: &str = "extra";

/// With `--quick`, one writer in so many is left out.
const QUICK: usize = 6;

/// What the outputs of the model stand for.
struct Labels {
    class: Vec<String>,
    intent: Vec<String>,
    handoff: Vec<String>,
}

impl Labels {
    fn of(writers: &[Writer]) -> Self {
        let rows = || writers.iter().flat_map(|w| &w.rows);
        let sorted = |set: BTreeSet<String>| set.into_iter().collect();
        Self {
            class: sorted(rows().map(|r| r.class.id().to_owned()).collect()),
            intent: sorted(rows().map(|r| intent_label(r).to_owned()).collect()),
            handoff: sorted(rows().map(handoff_label).collect()),
        }
    }

    fn sizes(&self) -> [usize; 3] {
        [self.class.len(), self.intent.len(), self.handoff.len()]
    }

    fn indexes(&self, row: &Row) -> [usize; 3] {
        let at = |labels: &[String], label: &str| labels.iter().position(|l| l == label).unwrap_or(0);
        [at(&self.class, row.class.id()), at(&self.intent, intent_label(row)), at(&self.handoff, &handoff_label(row))]
    }

    fn all(&self) -> [Vec<String>; 3] {
        [self.class.clone(), self.intent.clone(), self.handoff.clone()]
    }
}

// A row without one, which `corpus::writers` lets into no training, says nothing.
fn intent_label(row: &Row) -> &'static str {
    row.intent.unwrap_or(Intent::Ninguno).id().as_str()
}

fn handoff_label(row: &Row) -> String {
    row.handoff
        .and_then(|h| h.reason.zip(h.team))
        .map_or_else(|| "none".to_owned(), |(reason, team)| format!("{}@{}", reason.id(), team.id()))
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = corpus::root();
    let directory = root.join(&options.pack);
    if options.in_place {
        let pack = corpus::pack(&directory, true)?;
        return options.read.iter().try_for_each(|file| look(&pack, &root.join(file)));
    }
    let mut pack = corpus::pack(&directory, false)?;
    let writers = printed::with_people(&root, &directory, &pack)?;
    let labels = Labels::of(&writers);
    let default = Recipe::default();
    let recipe = Recipe {
        bits: options.bits.unwrap_or(default.bits),
        epochs: options.epochs.unwrap_or(default.epochs),
        rate: options.rate.unwrap_or(default.rate),
        decay: options.decay.unwrap_or(default.decay),
        dropout: options.dropout.unwrap_or(default.dropout),
        hidden: options.hidden.unwrap_or(default.hidden),
        dropout_hidden: options.dropout_hidden.unwrap_or(default.dropout_hidden),
        start: options.start.unwrap_or(default.start),
        seed: default.seed,
        fits: options.fits.unwrap_or(default.fits),
    };
    let noise = Noise {
        asides: options.asides.unwrap_or(Noise::default().asides),
        weight: options.noise.unwrap_or(0.5),
        copies: options.copies.unwrap_or(Noise::default().copies),
        ..Noise::default()
    };
    let examples: Vec<Vec<Example>> = writers.iter().map(|w| of_rows(&pack, &labels, w, recipe.bits, None)).collect();
    let noisy: Vec<Vec<Example>> =
        writers.iter().map(|w| of_rows(&pack, &labels, w, recipe.bits, Some(noise))).collect();
    let started = Instant::now();
    let folds: Vec<usize> = (0..writers.len())
        .filter(|w| writers[*w].name != OWN && !printed::is(&writers[*w]))
        .step_by(if options.quick { QUICK } else { 1 })
        .collect();
    let all: Vec<Example> = examples.iter().chain(&noisy).flatten().cloned().collect();
    if options.only_read {
        let model = fit(&all, labels.sizes(), recipe).into_model("a look".to_owned(), labels.all(), [1.0; 3]);
        install(&mut pack, model)?;
        println!("trained in {:.0} s", started.elapsed().as_secs_f32());
        return options.read.iter().try_for_each(|file| look(&pack, &root.join(file)));
    }
    let left_out = left_out(&pack, &writers, &labels, &examples, &noisy, recipe, &folds);
    println!("{} writers left out in turn, {:.0} s\n", folds.len(), started.elapsed().as_secs_f32());
    report(&writers, &left_out, &root.join(&options.misses))?;
    if options.measure {
        return Ok(());
    }
    let temperatures = mean(&left_out.iter().map(|fold| fold.temperatures).collect::<Vec<_>>());
    let model = fit(&all, labels.sizes(), recipe).into_model(version(&writers), labels.all(), temperatures);
    let bytes = model.to_bytes();
    std::fs::write(directory.join(corpus::MODEL), &bytes)?;
    println!(
        "{} · {} messages · {:.2} MB · temperatures {temperatures:.2?}",
        model.version,
        count(&writers),
        bytes.len() as f64 / 1e6
    );
    install(&mut pack, model)?;
    let train: Vec<(&Row, Got)> =
        writers.iter().flat_map(|w| &w.rows).map(|r| (r, Got::of(&read(&pack, &r.text)))).collect();
    let quality = Quality::of(train.iter().map(|(row, got)| (*row, got)));
    println!(
        "on its own messages: class {:.2} %, intent {:.2} %",
        100.0 * quality.class.rate(),
        100.0 * quality.intent.rate()
    );
    options.read.iter().try_for_each(|file| look(&pack, &root.join(file)))
}

// A file that trained nothing, read with the new model.
fn look(pack: &Pack, path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let rows = quality::rows(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
    let read: Vec<(Reading, Got)> =
        rows.iter().map(|row| read(pack, &row.text)).map(|r| (r.clone(), Got::of(&r))).collect();
    let all: Vec<(&Row, &Reading, &Got)> =
        rows.iter().zip(&read).map(|(row, (reading, got))| (row, reading, got)).collect();
    let quality = Quality::of(all.iter().map(|(row, _, got)| (*row, *got)));
    println!("{}\n{}", path.display(), quality.summary());
    trade_off(&all);
    let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    write_misses(&corpus::root().join(format!("target/misses-{name}.txt")), all.into_iter())
}

fn of_rows(pack: &Pack, labels: &Labels, writer: &Writer, bits: u32, noise: Option<Noise>) -> Vec<Example> {
    let rows = &writer.rows;
    let example = |row: &Row, text: &str, weight: f32| Example {
        features: numbers(&parse(pack, text), bits),
        labels: labels.indexes(row),
        weight,
    };
    match noise {
        None if printed::is(writer) => rows.iter().map(|row| example(row, &row.text, printed::WEIGHT)).collect(),
        Some(_) if printed::is(writer) => Vec::new(),
        None => rows.iter().map(|row| example(row, &row.text, 1.0)).collect(),
        Some(noise) => {
            let copies = noisy::copies(rows, noise);
            copies.iter().map(|copy| example(&rows[copy.of], &copy.text, noise.weight)).collect()
        }
    }
}

/// One writer read by a model that never saw them.
struct Fold {
    writer: usize,
    readings: Vec<(Reading, Got)>,
    temperatures: [f32; 3],
}

fn left_out(
    pack: &Pack,
    writers: &[Writer],
    labels: &Labels,
    examples: &[Vec<Example>],
    noisy: &[Vec<Example>],
    recipe: Recipe,
    folds: &[usize],
) -> Vec<Fold> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut done: Vec<Fold> = std::thread::scope(|scope| {
        let run = || {
            let mut mine = Vec::new();
            loop {
                let Some(&out) = folds.get(next.fetch_add(1, std::sync::atomic::Ordering::SeqCst)) else { return mine };
                mine.push(fold(pack, writers, labels, examples, noisy, recipe, out));
            }
        };
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(run)).collect();
        handles.into_iter().filter_map(|h| h.join().ok()).flatten().collect()
    });
    done.sort_by_key(|fold| fold.writer);
    done
}

fn fold(
    pack: &Pack,
    writers: &[Writer],
    labels: &Labels,
    examples: &[Vec<Example>],
    noisy: &[Vec<Example>],
    recipe: Recipe,
    out: usize,
) -> Fold {
    let seen: Vec<Example> = (0..writers.len())
        .filter(|w| *w != out && writers[*w].name != OWN)
        .flat_map(|w| examples[w].iter().chain(&noisy[w]))
        .cloned()
        .collect();
    let weights = fit(&seen, labels.sizes(), recipe);
    let temperatures = weights.temperatures(&examples[out]);
    let model = weights.into_model(format!("without {}", writers[out].name), labels.all(), temperatures);
    let mut pack = pack.clone();
    let mut readings = Vec::new();
    if install(&mut pack, model).is_ok() {
        for row in &writers[out].rows {
            let reading = read(&pack, &row.text);
            let got = Got::of(&reading);
            readings.push((reading, got));
        }
    }
    Fold { writer: out, readings, temperatures }
}

fn install(pack: &mut Pack, model: Model) -> anyhow::Result<()> {
    pack.model = Some(Arc::new(Understanding::new(model).map_err(|e| anyhow::anyhow!(e))?));
    Ok(())
}

fn report(writers: &[Writer], folds: &[Fold], misses: &Path) -> anyhow::Result<()> {
    let pairs =
        |fold: &'_ Fold| -> Vec<(usize, usize)> { (0..fold.readings.len()).map(|i| (fold.writer, i)).collect() };
    for fold in folds {
        let rows = &writers[fold.writer].rows;
        let quality = Quality::of(rows.iter().zip(fold.readings.iter().map(|(_, got)| got)));
        let percent = |x: f64| 100.0 * x;
        println!(
            "{:<12} class {:6.2}  silenced {:5.2}  answered {:5.2}  intent {:6.2}  handoff {:6.2}  false {:5.2}  slots {:6.2}  t {:.2?}",
            writers[fold.writer].name,
            percent(quality.class.rate()),
            percent(quality.silenced.rate()),
            percent(quality.personal_answered.rate()),
            percent(quality.intent.rate()),
            percent(quality.handoff_team.rate()),
            percent(quality.false_handoffs.rate()),
            percent(quality.slots.f1()),
            fold.temperatures,
        );
    }
    let all: Vec<(&Row, &Reading, &Got)> = folds
        .iter()
        .flat_map(|fold| pairs(fold).into_iter().map(move |(w, i)| (w, i, fold)))
        .map(|(w, i, fold)| (&writers[w].rows[i], &fold.readings[i].0, &fold.readings[i].1))
        .collect();
    trade_off(&all);
    println!("\n{}", Quality::of(all.iter().map(|(row, _, got)| (*row, *got))).table());
    write_misses(misses, all.into_iter())
}

// What it would cost to silence fewer customers: personal messages answered at other thresholds.
fn trade_off(all: &[(&Row, &Reading, &Got)]) {
    let scores = |personal: bool| -> Vec<f32> {
        let of = |(row, _, _): &&(&Row, &Reading, &Got)| match row.class {
            Class::NonBusiness => personal,
            Class::Faq | Class::Consult => !personal,
            Class::Empty => false,
        };
        let mut scores: Vec<f32> = all.iter().filter(of).map(|(_, reading, _)| reading.personal_score).collect();
        scores.sort_by(|a, b| b.total_cmp(a));
        scores
    };
    let (customers, personal) = (scores(false), scores(true));
    let mut line = String::from("answered at silenced ");
    for share in [0.0025, 0.005, 0.01, 0.02, 0.03] {
        let threshold = customers.get((customers.len() as f64 * share) as usize).copied().unwrap_or(1.0);
        let answered = personal.iter().filter(|p| **p <= threshold).count() as f64 / personal.len().max(1) as f64;
        let _ = write!(line, " {:.2}%→{:.1}% (p>{threshold:.3})", share * 100.0, answered * 100.0);
    }
    println!("{line}");
    let mut line = String::from("answered fully and neutral below ");
    for doubt in [0.02, 0.03, 0.05, 0.08, 0.12, 0.2] {
        let share = |scores: &[f32], from: f32, to: f32| {
            scores.iter().filter(|p| (from..to).contains(*p)).count() as f64 / scores.len().max(1) as f64
        };
        let (full, neutral) = (share(&personal, 0.0, doubt), share(&customers, doubt, SURELY));
        let _ = write!(line, " {doubt}: {:.1}%, {:.1}%", full * 100.0, neutral * 100.0);
    }
    println!("{line}");
}

/// The upper line of the table of lower lines.
const SURELY: f32 = 0.985;

/// Lists what was read wrong, worst first, with the reasons of the reading.
pub(crate) fn write_misses<'a>(
    path: &Path,
    readings: impl Iterator<Item = (&'a Row, &'a Reading, &'a Got)>,
) -> anyhow::Result<()> {
    let mut lines: Vec<String> = Vec::new();
    for (row, reading, got) in readings {
        let wrong = faults(row, got);
        if !wrong.is_empty() {
            let mut line = String::new();
            let _ = write!(
                line,
                "{} | {} | {} | p {:.2} | {}",
                wrong.join("; "),
                row.id,
                row.text.replace('\n', " / "),
                reading.personal_score,
                reading.reasons.join("; ")
            );
            lines.push(line);
        }
    }
    lines.sort();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, lines.join("\n") + "\n")?;
    println!("{} misses in {}", lines.len(), path.display());
    Ok(())
}

fn mean(all: &[[f32; 3]]) -> [f32; 3] {
    let n = all.len().max(1) as f32;
    [0, 1, 2].map(|head| all.iter().map(|t| t[head]).sum::<f32>() / n)
}

fn count(writers: &[Writer]) -> usize {
    writers.iter().map(|w| w.rows.len()).sum()
}

// Which corpus: how many messages and a hash of the files as they are.
fn version(writers: &[Writer]) -> String {
    let features = Spelling::default().and(&features::VERSION.to_string());
    let hash = writers.iter().fold(features, |hash, writer| hash.and(&writer.name).and(&writer.text)).finish();
    format!("es-co-{}-{:08x}", count(writers), (hash ^ (hash >> 32)) as u32)
}
