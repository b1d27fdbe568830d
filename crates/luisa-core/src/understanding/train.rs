//! Training: from labelled messages to the model file, the same bytes every time.
//!
//! Owns the optimiser (AdaGrad on the logistic loss of three heads that share their features) and the calibration of
//! the temperatures on messages left out. Chance comes from a fixed seed. May not read files.

use super::features::Feature;
use super::model::{Head, Model, softmax};

/// A labelled message as numbers: the label's index per head.
#[derive(Debug, Clone)]
pub struct Example {
    pub features: Vec<Feature>,
    pub labels: [usize; 3],
    /// How much it counts; noisy copies count less.
    pub weight: f32,
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub bits: u32,
    pub epochs: u32,
    pub rate: f32,
    pub decay: f32,
    /// Share of the features hidden at each look at an example, so that none is leant on alone.
    pub dropout: f32,
    /// Hidden units beside the direct weights; zero makes the model linear.
    pub hidden: usize,
    /// Share of the hidden units that rest at each look.
    pub dropout_hidden: f32,
    /// What the sums of squares start from: greater is a gentler start.
    pub start: f32,
    pub seed: u64,
    /// Fits with seeds one after another, of which a linear model is the mean: it owes less to the order in which one of
    /// them met the examples.
    pub fits: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            bits: 16,
            epochs: 18,
            rate: 0.25,
            decay: 2e-5,
            dropout: 0.7,
            hidden: 0,
            dropout_hidden: 0.3,
            start: 0.1,
            seed: 20_261_122,
            fits: 4,
        }
    }
}

/// Weights before they are made bytes.
pub struct Weights {
    bits: u32,
    sizes: [usize; 3],
    hidden: usize,
    /// A row per feature: one weight per output, then one per hidden unit.
    table: Vec<f32>,
    bias: Vec<f32>,
    /// A row per hidden unit: one weight per output.
    upper: Vec<f32>,
}

/// Fits the heads to the examples. `sizes` are the numbers of labels per head.
#[must_use]
pub fn fit(examples: &[Example], sizes: [usize; 3], recipe: Recipe) -> Weights {
    let mut mean = Fitting::new(sizes, recipe).run(examples);
    // Hidden units of two fits have nothing to do with each other.
    let fits = if recipe.hidden == 0 { recipe.fits.max(1) } else { 1 };
    for n in 1..fits {
        let again = Recipe { seed: recipe.seed.wrapping_add(n), ..recipe };
        mean.add(&Fitting::new(sizes, again).run(examples));
    }
    mean.scale(1.0 / fits as f32);
    mean
}

// Weights on their way, with what AdaGrad remembers of each.
struct Fitting {
    w: Weights,
    recipe: Recipe,
    chance: Chance,
    squares: Vec<f32>,
    bias_squares: Vec<f32>,
    upper_squares: Vec<f32>,
    touched: Vec<bool>,
}

impl Fitting {
    fn new(sizes: [usize; 3], recipe: Recipe) -> Self {
        let outputs: usize = sizes.iter().sum();
        let width = outputs + recipe.hidden;
        let rows = 1usize << recipe.bits;
        let mut chance = Chance(recipe.seed);
        let mut table = vec![0.0; width * rows];
        for row in table.chunks_exact_mut(width) {
            row[outputs..].iter_mut().for_each(|w| *w = chance.around_zero(0.35));
        }
        let upper = (0..recipe.hidden * outputs).map(|_| chance.around_zero(0.2)).collect();
        let mut bias = vec![0.0; width];
        bias[outputs..].iter_mut().for_each(|b| *b = 0.05);
        Self {
            squares: vec![recipe.start; table.len()],
            bias_squares: vec![1e-6; width],
            upper_squares: vec![recipe.start; recipe.hidden * outputs],
            touched: vec![false; rows],
            w: Weights { bits: recipe.bits, sizes, hidden: recipe.hidden, table, bias, upper },
            recipe,
            chance,
        }
    }

    fn run(mut self, examples: &[Example]) -> Weights {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut averaged: Vec<f32> = vec![0.0; self.w.table.len()];
        let mut averaged_bias: Vec<f32> = vec![0.0; self.w.bias.len()];
        let from = self.recipe.epochs / 2;
        for epoch in 0..self.recipe.epochs {
            self.chance.shuffle(&mut order);
            let rate = self.recipe.rate * (1.0 - 0.9 * epoch as f32 / self.recipe.epochs as f32);
            for &i in &order {
                self.step(&examples[i], rate);
            }
            // The mean of the later rounds forgets what the last messages happened to be.
            if epoch >= from && self.recipe.hidden == 0 {
                let share = 1.0 / (self.recipe.epochs - from) as f32;
                averaged.iter_mut().zip(&self.w.table).for_each(|(a, w)| *a += share * w);
                averaged_bias.iter_mut().zip(&self.w.bias).for_each(|(a, w)| *a += share * w);
            }
        }
        if self.recipe.hidden == 0 {
            (self.w.table, self.w.bias) = (averaged, averaged_bias);
        }
        let width = self.w.width();
        // A row nobody touched still holds its random start: it must not speak.
        for (row, _) in self.w.table.chunks_exact_mut(width).zip(&self.touched).filter(|(_, touched)| !**touched) {
            row.fill(0.0);
        }
        self.w
    }

    fn step(&mut self, example: &Example, rate: f32) {
        let recipe = self.recipe;
        let shown = self.chance.some_of(&example.features, recipe.dropout);
        let (width, outputs) = (self.w.width(), self.w.outputs());
        let sums = self.w.sums(&shown);
        let mut active: Vec<f32> = sums[outputs..].iter().map(|h| h.max(0.0)).collect();
        for h in &mut active {
            let kept = !self.chance.hides(recipe.dropout_hidden);
            *h = if kept { *h / (1.0 - recipe.dropout_hidden) } else { 0.0 };
        }
        let mut gradient = self.w.outputs_of(&sums, &active);
        self.w.make_probabilities(&mut gradient);
        let mut at = 0;
        for (head, label) in example.labels.iter().enumerate() {
            gradient[at + label] -= 1.0;
            at += self.w.sizes[head];
        }
        gradient.iter_mut().for_each(|g| *g *= example.weight);
        let mut whole = gradient.clone();
        for (j, h) in active.iter().enumerate() {
            let row = j * outputs..(j + 1) * outputs;
            let (upper, squares) = (&mut self.w.upper[row.clone()], &mut self.upper_squares[row]);
            let mut back = 0.0;
            for ((u, s), g) in upper.iter_mut().zip(squares).zip(&gradient) {
                back += *u * g;
                let g = g * h + recipe.decay * *u;
                *s += g * g;
                *u -= rate * g / s.sqrt();
            }
            whole.push(if *h > 0.0 { back / (1.0 - recipe.dropout_hidden) } else { 0.0 });
        }
        for (o, g) in whole.iter().enumerate() {
            self.bias_squares[o] += g * g;
            self.w.bias[o] -= rate * 0.5 * g / self.bias_squares[o].sqrt();
        }
        for &(row, value) in &shown {
            self.touched[row as usize] = true;
            let start = row as usize * width;
            let weights = &mut self.w.table[start..start + width];
            let seen = &mut self.squares[start..start + width];
            for ((weight, square), g) in weights.iter_mut().zip(seen).zip(&whole) {
                let g = g * value + recipe.decay * *weight;
                *square += g * g;
                *weight -= rate * g / square.sqrt();
            }
        }
    }
}

impl Weights {
    fn add(&mut self, other: &Self) {
        self.table.iter_mut().zip(&other.table).for_each(|(sum, w)| *sum += w);
        self.bias.iter_mut().zip(&other.bias).for_each(|(sum, w)| *sum += w);
    }

    fn scale(&mut self, share: f32) {
        self.table.iter_mut().chain(&mut self.bias).for_each(|w| *w *= share);
    }

    fn outputs(&self) -> usize {
        self.sizes.iter().sum()
    }

    fn width(&self) -> usize {
        self.outputs() + self.hidden
    }

    // Linear sums of outputs and hidden units.
    fn sums(&self, features: &[Feature]) -> Vec<f32> {
        let width = self.width();
        let mut sums = self.bias.clone();
        for &(row, value) in features {
            let start = row as usize * width;
            for (sum, weight) in sums.iter_mut().zip(&self.table[start..start + width]) {
                *sum += value * weight;
            }
        }
        sums
    }

    fn outputs_of(&self, sums: &[f32], active: &[f32]) -> Vec<f32> {
        let outputs = self.outputs();
        let mut out = sums[..outputs].to_vec();
        for (j, h) in active.iter().enumerate().filter(|(_, h)| **h > 0.0) {
            for (o, u) in out.iter_mut().zip(&self.upper[j * outputs..(j + 1) * outputs]) {
                *o += h * u;
            }
        }
        out
    }

    // All heads' probabilities side by side.
    fn make_probabilities(&self, logits: &mut [f32]) {
        let mut at = 0;
        for size in self.sizes {
            let head = softmax(logits[at..at + size].to_vec());
            logits[at..at + size].copy_from_slice(&head);
            at += size;
        }
    }

    fn logits(&self, features: &[Feature]) -> Vec<f32> {
        let sums = self.sums(features);
        let active: Vec<f32> = sums[self.outputs()..].iter().map(|h| h.max(0.0)).collect();
        self.outputs_of(&sums, &active)
    }

    /// The temperature per head that makes the probabilities of left-out examples honest.
    #[must_use]
    pub fn temperatures(&self, left_out: &[Example]) -> [f32; 3] {
        let logits: Vec<Vec<f32>> = left_out.iter().map(|e| self.logits(&e.features)).collect();
        let mut at = 0;
        let mut out = [1.0; 3];
        for (head, size) in self.sizes.iter().enumerate() {
            let loss = |t: f32| -> f32 {
                let of = |(e, l): (&Example, &Vec<f32>)| {
                    let p = softmax(l[at..at + size].iter().map(|x| x / t).collect());
                    -p[e.labels[head]].max(1e-9).ln()
                };
                left_out.iter().zip(&logits).map(of).sum()
            };
            let candidates = (0..60).map(|i| 0.4 + 0.05 * i as f32);
            out[head] = candidates.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap_or(1.0);
            at += size;
        }
        out
    }

    /// The finished model: weights as bytes.
    #[must_use]
    pub fn into_model(self, version: String, labels: [Vec<String>; 3], temperatures: [f32; 3]) -> Model {
        let (width, outputs) = (self.width(), self.outputs());
        let mut top = vec![1e-6f32; width];
        for row in self.table.chunks_exact(width) {
            for (t, w) in top.iter_mut().zip(row) {
                *t = t.max(w.abs());
            }
        }
        let scale: Vec<f32> = top.iter().map(|t| t / 127.0).collect();
        let table = self
            .table
            .chunks_exact(width)
            .flat_map(|row| row.iter().zip(&scale).map(|(w, s)| (w / s).round() as i8))
            .collect();
        let mut at = 0;
        let mut temperature = temperatures.into_iter();
        let heads = labels.map(|labels| {
            at += labels.len();
            Head { labels, temperature: temperature.next().unwrap_or(1.0) }
        });
        debug_assert_eq!(at, outputs);
        Model { version, bits: self.bits, heads, hidden: self.hidden, bias: self.bias, scale, upper: self.upper, table }
    }
}

/// A small generator with a fixed seed (splitmix64): training must not differ from run to run.
pub struct Chance(pub u64);

impl Chance {
    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is above zero.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % n.max(1) as u64) as usize
    }

    // Evenly within `reach` of zero.
    fn around_zero(&mut self, reach: f32) -> f32 {
        ((self.draw() >> 40) as f32 / (1u64 << 23) as f32 - 1.0) * reach
    }

    fn hides(&mut self, share: f32) -> bool {
        ((self.draw() >> 40) as f32 / (1u64 << 24) as f32) < share
    }

    // The features that are not hidden, grown so that their sum is expected to stay.
    fn some_of(&mut self, features: &[Feature], hidden: f32) -> Vec<Feature> {
        if hidden <= 0.0 {
            return features.to_vec();
        }
        let line = (f64::from(hidden) * u64::MAX as f64) as u64;
        features.iter().filter(|_| self.draw() >= line).map(|(row, value)| (*row, value / (1.0 - hidden))).collect()
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for i in (1..order.len()).rev() {
            order.swap(i, self.below(i + 1));
        }
    }
}
