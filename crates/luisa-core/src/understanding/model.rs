//! The statistical model: three heads (class, intent, handoff) over hashed features, direct and through a hidden layer.
//!
//! Owns the file format and the inference. A row of the table holds one signed byte per output; scores are scaled per
//! output, tempered per head, and made probabilities. A few microseconds a message, no allocation per row.

use super::features::{self, Feature};

const MAGIC: &[u8; 8] = b"LUISAML2";
/// So many signed bytes cannot overflow two bytes: 255 × 128 < 2¹⁵.
const MOST_ADDED: usize = 255;

/// One set of mutually exclusive answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The stored ids it chooses between.
    pub labels: Vec<String>,
    /// Scores are divided by this before they become probabilities, so that 0.8 means eight of ten.
    pub temperature: f32,
}

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Which corpus and features it was made from; stored as `classifier_version`.
    pub version: String,
    pub bits: u32,
    /// Class, intent, handoff.
    pub heads: [Head; 3],
    /// Hidden units.
    pub hidden: usize,
    /// Per output, heads side by side, then per hidden unit; the same order as in a row.
    pub bias: Vec<f32>,
    /// What one step of a table byte is worth, in the same order.
    pub scale: Vec<f32>,
    /// One row per hidden unit: its weight on each output.
    pub upper: Vec<f32>,
    /// `1 << bits` rows of one byte per output and hidden unit.
    pub table: Vec<i8>,
}

/// Probabilities of the three heads, in the order of their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub class: Vec<f32>,
    pub intent: Vec<f32>,
    pub handoff: Vec<f32>,
}

impl Model {
    /// Outputs of all heads together.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.heads.iter().map(|h| h.labels.len()).sum()
    }

    /// Scores a message.
    #[must_use]
    pub fn score(&self, features: &[Feature]) -> Scores {
        let outputs = self.outputs();
        let width = outputs + self.hidden;
        let mut sums = vec![0.0f32; width];
        let mut run = vec![0i16; width];
        // Features of one group share their value: their bytes are added as they are, and weighed once.
        for group in features.chunk_by(|a, b| a.1 == b.1).flat_map(|group| group.chunks(MOST_ADDED)) {
            run.fill(0);
            for &(row, _) in group {
                let start = row as usize * width;
                for (sum, weight) in run.iter_mut().zip(&self.table[start..start + width]) {
                    *sum += i16::from(*weight);
                }
            }
            let value = group.first().map_or(0.0, |(_, value)| *value);
            for (sum, added) in sums.iter_mut().zip(&run) {
                *sum += value * f32::from(*added);
            }
        }
        for ((sum, scale), bias) in sums.iter_mut().zip(&self.scale).zip(&self.bias) {
            *sum = *sum * scale + bias;
        }
        let (out, hidden) = sums.split_at_mut(outputs);
        for (h, row) in hidden.iter().zip(self.upper.chunks_exact(outputs)).filter(|(h, _)| **h > 0.0) {
            for (o, u) in out.iter_mut().zip(row) {
                *o += h * u;
            }
        }
        let mut at = 0;
        let [class, intent, handoff] = self.heads.each_ref().map(|head| {
            let logits = out[at..at + head.labels.len()].iter().map(|logit| logit / head.temperature);
            at += head.labels.len();
            softmax(logits.collect())
        });
        Scores { class, intent, handoff }
    }

    /// The file form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_u32(&mut out, features::VERSION);
        put_u32(&mut out, self.bits);
        put_u32(&mut out, u32::try_from(self.hidden).unwrap_or(u32::MAX));
        put_text(&mut out, &self.version);
        for head in &self.heads {
            put_u32(&mut out, u32::try_from(head.labels.len()).unwrap_or(u32::MAX));
            out.extend(head.temperature.to_le_bytes());
            head.labels.iter().for_each(|label| put_text(&mut out, label));
        }
        for number in self.bias.iter().chain(&self.scale).chain(&self.upper) {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.table.iter().map(|w| w.to_le_bytes()[0]));
        out
    }

    /// Reads the file form.
    ///
    /// # Errors
    /// One sentence that says what is wrong and how to mend it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { rest: bytes };
        let retrain = "train it again with `cargo xtask train`";
        if reader.take(MAGIC.len()) != Some(MAGIC.as_slice()) {
            return Err(format!("it is not a model file; {retrain}"));
        }
        let cut = || format!("the file ends too early; {retrain}");
        let made_for = reader.u32().ok_or_else(cut)?;
        if made_for != features::VERSION {
            return Err(format!(
                "it was trained for features {made_for}, this build has {}; {retrain}",
                features::VERSION
            ));
        }
        let bits = reader.u32().filter(|b| (8..=22).contains(b)).ok_or_else(cut)?;
        let hidden = reader.u32().filter(|h| *h <= 1_024).ok_or_else(cut)? as usize;
        let version = reader.text().ok_or_else(cut)?;
        let heads = [reader.head().ok_or_else(cut)?, reader.head().ok_or_else(cut)?, reader.head().ok_or_else(cut)?];
        let outputs: usize = heads.iter().map(|h| h.labels.len()).sum();
        let width = outputs + hidden;
        let bias = reader.numbers(width).ok_or_else(cut)?;
        let scale = reader.numbers(width).ok_or_else(cut)?;
        let upper = reader.numbers(hidden * outputs).ok_or_else(cut)?;
        let table: Vec<i8> = reader.rest.iter().map(|b| i8::from_le_bytes([*b])).collect();
        if table.len() != width << bits {
            return Err(format!("its table has {} bytes instead of {}; {retrain}", table.len(), width << bits));
        }
        Ok(Self { version, bits, heads, hidden, bias, scale, upper, table })
    }
}

/// Probabilities from scores.
#[must_use]
pub fn softmax(mut logits: Vec<f32>) -> Vec<f32> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for logit in &mut logits {
        *logit = (*logit - top).exp();
        total += *logit;
    }
    logits.iter_mut().for_each(|p| *p /= total);
    logits
}

fn put_u32(out: &mut Vec<u8>, n: u32) {
    out.extend(n.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u32(out, u32::try_from(text.len()).unwrap_or(u32::MAX));
    out.extend(text.as_bytes());
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(head)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn f32(&mut self) -> Option<f32> {
        Some(f32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn numbers(&mut self, count: usize) -> Option<Vec<f32>> {
        (0..count).map(|_| self.f32()).collect()
    }

    fn head(&mut self) -> Option<Head> {
        let count = self.u32().filter(|n| *n <= 256)?;
        let temperature = self.f32()?;
        let labels = (0..count).map(|_| self.text()).collect::<Option<_>>()?;
        Some(Head { labels, temperature })
    }
}
