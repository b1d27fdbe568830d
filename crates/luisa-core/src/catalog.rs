//! Products: what the store sells, and which product a message means.
//!
//! Owns the items, the reading of `catalog.csv` and the matching of names and models. May not choose what to recommend
//! (that is `stages::recommend`) nor write text.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use crate::lexicon::dictation::dictated;
use crate::lexicon::fold::plain;
use crate::lexicon::near::Near;
use crate::lexicon::tokens::{Word, normalize};
use crate::money::Cop;
use crate::rows::{self, RowFault};
use crate::symbol::Symbol;

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
    pub brand: String,
    /// As the store writes it: `KT-D3`; empty for an item known by its kind alone.
    pub model: String,
    /// How a reply names it: `Kingter KT-D3`.
    pub name: String,
    pub family: Symbol,
    /// `industrial straight-stitch`: the kind in the store's words.
    pub kind: String,
    pub features: Vec<String>,
    /// What it is good for, by use id of the pack, best first.
    pub uses: Vec<Symbol>,
    /// The same in words for a reply.
    pub good_for: String,
    /// How much work it stands: `alto` for constant production, `bajo` for now and then, empty for either.
    pub volume: String,
    /// Whole pesos; unknown when absent, and then nobody guesses.
    pub price_cop: Option<Cop>,
    pub promo: bool,
    pub stock: Option<i64>,
    pub active: bool,
    pub image_id: String,
    /// 0–10: what a seller would rather show.
    pub priority: i64,
    /// Other spellings of the model, or of the name when there is no model.
    pub aliases: Vec<String>,
    /// What is known of it by column: a value, `sí` or `no`; what is not here nobody knows.
    #[serde(default)]
    pub traits: Traits,
}

/// Typed columns of a product: column id → cell.
pub type Traits = BTreeMap<String, Cell>;

/// One cell of a typed column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Cell {
    Yes,
    No,
    /// In the words that a customer reads: `200 puntadas`.
    Value(String),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        match plain(text.trim()).as_str() {
            "si" => Self::Yes,
            "no" => Self::No,
            _ => Self::Value(text.trim().to_owned()),
        }
    }
}

impl From<Cell> for String {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Yes => "sí".to_owned(),
            Cell::No => "no".to_owned(),
            Cell::Value(text) => text,
        }
    }
}

/// Reads `peso=12 kg|luz=sí`, as `catalog.csv` and the database keep it.
#[must_use]
pub fn traits_of(text: &str) -> Traits {
    let cells = text.split('|').filter_map(|cell| cell.split_once('='));
    cells
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(column, value)| (column.trim().to_owned(), Cell::from(value.to_owned())))
        .collect()
}

/// The same, written.
#[must_use]
pub fn traits_text(traits: &Traits) -> String {
    let cells = traits.iter().map(|(column, cell)| format!("{column}={}", String::from(cell.clone())));
    cells.collect::<Vec<_>>().join("|")
}

/// The column that lists the materials and garments for which a product is good.
pub const FITS: &str = "para";

impl Item {
    /// The cell of a column, if anybody filled it.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        self.traits.get(column)
    }

    /// Whether it is said to be good for a material.
    #[must_use]
    pub fn fits(&self, material: &str) -> bool {
        match self.traits.get(FITS) {
            Some(Cell::Value(list)) => list.split(',').any(|id| id.trim() == material),
            Some(Cell::Yes | Cell::No) | None => false,
        }
    }
}

impl Item {
    /// None is left; how many there are may be unknown.
    #[must_use]
    pub fn is_sold_out(&self) -> bool {
        self.stock == Some(0)
    }
}

/// A product named in a message: words `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// Position of the item in the catalog.
    pub item: usize,
    pub start: usize,
    pub end: usize,
}

/// All products, with the index that finds them in a message.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub items: Vec<Item>,
    /// Squashed spelling → item, longest spelling first: for slips of the finger.
    spellings: Vec<(String, usize)>,
    /// The same by spelling, in the order of the alphabet: for what is typed right.
    exact: BTreeMap<String, usize>,
    /// The same of products that are no longer offered.
    withdrawn: HashMap<String, usize>,
    /// Length → places in `spellings`, so that a slip is looked for among the few that it can be of.
    by_length: HashMap<usize, Vec<usize>>,
    /// Most words that one spelling may be typed in.
    most_words: usize,
    words: NameWords,
}

/// The words of names by which a product is told from others, when it is not named whole.
#[derive(Debug, Clone, Default)]
struct NameWords {
    /// Sound of a word → the items with it in their name.
    items: HashMap<String, Vec<usize>>,
    /// How many such words an item's name has.
    count: Vec<usize>,
    /// Those that mean something else too: one alone names nothing.
    everyday: BTreeSet<String>,
    /// The sounds of what is said of an item: kind, features, what it is good for.
    described: Vec<BTreeSet<String>>,
    near: Near,
}

/// Products that a message may mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fits {
    /// Places in the catalog, likeliest first.
    pub items: Vec<usize>,
    /// One product, named by most of its name: nothing to ask.
    pub sure: bool,
}

/// Shorter words of a name tell nothing (`para`), unless they are numbers.
const SHORTEST_WORD: usize = 5;
const SHORTEST_NUMBER: usize = 3;

/// A model may be typed in so many pieces: `heavy duty 67 05 c`.
const PIECES: usize = 5;

const COLUMNS: &[&str] = &[
    "id",
    "brand",
    "model",
    "name",
    "family",
    "kind",
    "features",
    "uses",
    "good_for",
    "volume",
    "price_cop",
    "promo",
    "stock",
    "active",
    "image_id",
    "priority",
    "aliases",
];

/// A row of `catalog.csv`, as a store keeps it.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    brand: String,
    model: String,
    name: String,
    family: String,
    kind: String,
    features: String,
    uses: String,
    good_for: String,
    volume: String,
    price_cop: String,
    promo: String,
    stock: String,
    active: String,
    image_id: String,
    priority: String,
    aliases: String,
    /// A store that knows no typed columns leaves it out.
    #[serde(default)]
    traits: String,
}

impl Catalog {
    /// Reads `catalog.csv`; all faulty rows are named at once.
    ///
    /// # Errors
    /// Every fault, with its line.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, Vec<RowFault>> {
        let mut items: Vec<Item> = Vec::new();
        let (rows, mut faults) = rows::read::<Row>(bytes, COLUMNS);
        for (line, row) in rows {
            match item_of(row) {
                Ok(item) if items.iter().any(|known| known.id == item.id) => {
                    let problem = format!("id `{}` is there twice; give each product its own", item.id);
                    faults.push(RowFault { line, problem });
                }
                Ok(item) => items.push(item),
                Err(problem) => faults.push(RowFault { line, problem }),
            }
        }
        faults.sort_by_key(|fault| fault.line);
        if faults.is_empty() { Ok(Self::new(items)) } else { Err(faults) }
    }

    /// Indexes items: by name, model, brand with model, and aliases; never by a brand or a family alone.
    #[must_use]
    pub fn new(items: Vec<Item>) -> Self {
        let too_wide: BTreeSet<String> =
            items.iter().flat_map(|item| [squash(&item.brand), squash(item.family.as_str())]).collect();
        let mut spellings: Vec<(String, usize)> = Vec::new();
        let mut withdrawn: HashMap<String, usize> = HashMap::new();
        for (i, item) in items.iter().enumerate() {
            let typed = [item.model.clone(), format!("{} {}", item.brand, item.model), item.name.clone()];
            let typed = typed.iter().chain(&item.aliases).map(|text| squash(text));
            for spelling in typed.filter(|spelling| spelling.len() >= 2 && !too_wide.contains(spelling)) {
                if item.active {
                    spellings.push((spelling, i));
                } else {
                    withdrawn.insert(spelling, i);
                }
            }
        }
        spellings.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        spellings.dedup();
        // What two products are called names neither: it is asked about.
        let shared: BTreeSet<String> =
            spellings.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0.clone()).collect();
        spellings.retain(|(spelling, _)| !shared.contains(spelling));
        let most_words = items.iter().map(|item| item.name.split_whitespace().count()).max().unwrap_or(0).max(PIECES);
        let exact = spellings.iter().cloned().collect();
        let by_length = by_length(&spellings);
        Self { items, spellings, exact, withdrawn, by_length, most_words, words: NameWords::default() }
    }

    /// Learns the words of names. `common` are those that say nothing of one product, such as families; `everyday` those
    /// that customers use for something else too.
    pub fn learn_words(
        &mut self,
        abbreviations: &BTreeMap<String, String>,
        common: impl Fn(&str) -> bool,
        everyday: impl Fn(&str) -> bool,
    ) {
        let keys = |text: &str| normalize(text, abbreviations).words.into_iter().map(|word| word.key);
        let brands: BTreeSet<String> = self.items.iter().flat_map(|item| keys(&item.brand)).collect();
        let mut words = NameWords::default();
        for (at, item) in self.items.iter().enumerate() {
            let names = [item.name.as_str(), &item.model].into_iter().chain(item.aliases.iter().map(String::as_str));
            let own: BTreeSet<String> =
                names.flat_map(keys).filter(|key| may_tell(key) && !brands.contains(key) && !common(key)).collect();
            let said = [item.kind.as_str(), &item.good_for].into_iter().chain(item.features.iter().map(String::as_str));
            words.described.push(said.flat_map(keys).filter(|key| may_tell(key)).collect());
            words.count.push(own.len());
            for key in own.into_iter().filter(|_| item.active) {
                words.items.entry(key).or_default().push(at);
            }
        }
        words.near = Near::new(words.items.keys().cloned());
        words.everyday = words.items.keys().filter(|key| everyday(key)).cloned().collect();
        self.words = words;
    }

    /// The products whose names share most words with a message that names none of them whole.
    #[must_use]
    pub fn fitting(&self, words: &[Word]) -> Fits {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for word in words {
            let key = if self.words.items.contains_key(&word.key) {
                word.key.as_str()
            } else {
                self.words.near.correct(&word.key).unwrap_or_default()
            };
            if seen.insert(key) {
                let found = self.words.items.get(key).map_or(&[][..], Vec::as_slice);
                found.iter().for_each(|at| *shared.entry(*at).or_default() += 1);
            }
        }
        let Some(most) = shared.values().copied().max() else { return Fits::default() };
        let telling = seen.iter().any(|key| !key.is_empty() && !self.words.everyday.contains(*key));
        if most < 2 && !telling {
            return Fits::default();
        }
        let mut items: Vec<usize> = shared.iter().filter(|(_, n)| **n == most).map(|(at, _)| *at).collect();
        // `la de pedal`: what is said of them tells them apart.
        let said = |at: &usize| words.iter().filter(|word| self.words.described[*at].contains(&word.key)).count();
        let best = items.iter().map(said).max().unwrap_or(0);
        items.retain(|at| said(at) == best);
        items.sort_by_key(|at| (std::cmp::Reverse(self.items[*at].priority), *at));
        let sure = matches!(items.as_slice(), [only] if most * 2 >= self.words.count[*only]);
        Fits { items, sure }
    }

    /// Takes words out of the index that mean more than one product, such as what the pack calls a family.
    pub fn unname<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        let wide: BTreeSet<String> = texts.map(squash).collect();
        self.spellings.retain(|(spelling, _)| !wide.contains(spelling));
        self.by_length = by_length(&self.spellings);
        self.exact.retain(|spelling, _| !wide.contains(spelling));
        self.withdrawn.retain(|spelling, _| !wide.contains(spelling));
    }

    /// The item with this id, active or not.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The items a customer may be offered.
    pub fn active(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.active)
    }

    /// The products on promotion that can be had and whose price is known, the ones a seller would rather show first.
    #[must_use]
    pub fn promotions(&self) -> Vec<&Item> {
        let promoted = self.active().filter(|item| item.promo && item.price_cop.is_some() && !item.is_sold_out());
        let mut promoted: Vec<&Item> = promoted.collect();
        promoted.sort_by_key(|item| std::cmp::Reverse(item.priority));
        promoted
    }

    /// What to offer in place of a product that is sold out: of its family and in stock, with most uses in common, then the
    /// price that is known and nearest, then what a seller would rather show.
    #[must_use]
    pub fn in_place_of(&self, gone: &Item) -> Option<&Item> {
        let shared = |item: &Item| item.uses.iter().filter(|purpose| gone.uses.contains(purpose)).count();
        let apart = |item: &Item| match (item.price_cop, gone.price_cop) {
            (Some(price), Some(before)) => price.0.abs_diff(before.0),
            (Some(_), None) => 0,
            (None, _) => u64::MAX,
        };
        let others = self.active().filter(|item| item.family == gone.family && item.id != gone.id);
        let in_stock = others.filter(|item| !item.is_sold_out());
        in_stock.min_by_key(|item| (std::cmp::Reverse(shared(item)), apart(item), std::cmp::Reverse(item.priority)))
    }

    /// The brands of what may be offered, those with most to show first.
    #[must_use]
    pub fn brands(&self) -> Vec<&str> {
        let mut weights: BTreeMap<&str, i64> = BTreeMap::new();
        for item in self.active().filter(|item| !item.brand.is_empty()) {
            *weights.entry(&item.brand).or_default() += item.priority.max(1);
        }
        let mut brands: Vec<(&str, i64)> = weights.into_iter().collect();
        brands.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        brands.into_iter().map(|(brand, _)| brand).collect()
    }

    /// Whether an item's model names it alone: `Heavy Duty` is a line of which `Heavy Duty 6705C` is one.
    #[must_use]
    pub fn is_one_model(&self, item: &Item) -> bool {
        let longer = |other: &Item| other.model.len() > item.model.len() && other.model.starts_with(&item.model);
        !item.model.is_empty() && !self.active().any(longer)
    }

    /// The products that a message names, in order, the longest reading at each place. Where none is typed, one may be
    /// dictated: `la seis cincuenta y tres`.
    #[must_use]
    pub fn mentions(&self, words: &[Word]) -> Vec<Mention> {
        let typed = self.typed_mentions(words);
        if !typed.is_empty() {
            return typed;
        }
        let Some(read) = dictated(words) else { return typed };
        let said = self.typed_mentions(&read.words).into_iter();
        said.map(|m| Mention { start: read.from[m.start].start, end: read.from[m.end - 1].end, ..m }).collect()
    }

    fn typed_mentions(&self, words: &[Word]) -> Vec<Mention> {
        let mut found: Vec<Mention> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            match self.mention_at(words, at) {
                Some(mention) => {
                    at = mention.end;
                    found.push(mention);
                }
                None => at += 1,
            }
        }
        found
    }

    /// The product that a message names and the store no longer offers.
    #[must_use]
    pub fn withdrawn(&self, words: &[Word]) -> Option<usize> {
        if self.withdrawn.is_empty() {
            return None;
        }
        let spans = (0..words.len())
            .flat_map(|start| (start + 1..=(start + PIECES).min(words.len())).map(move |end| start..end));
        spans.collect::<Vec<_>>().into_iter().rev().find_map(|span| {
            let typed: String = words[span].iter().map(|w| w.text.as_str()).collect();
            self.withdrawn.get(&squash(&typed)).copied()
        })
    }

    fn mention_at(&self, words: &[Word], start: usize) -> Option<Mention> {
        let most_letters = self.spellings.first().map_or(0, |(spelling, _)| spelling.len() + 1);
        let longest = (start + self.most_words).min(words.len());
        let typed_right = self.longest_beginning(&words[start..longest]);
        for end in (start + 1..=longest).rev() {
            // What begins no spelling can only be a slip, and slips are mended in spellings with digits alone.
            let digits: usize = words[start..end].iter().map(|w| digits(&w.text)).sum();
            let length: usize = words[start..end].iter().map(|w| w.text.len()).sum();
            if (digits < 2 && end - start > typed_right) || length < 2 || length > most_letters {
                continue;
            }
            let typed = typed(&words[start..end]);
            let exact = self.exact.get(&typed);
            let slipped = || {
                let lengths = (typed.len().saturating_sub(1)..=typed.len() + 1).rev();
                let mut near = lengths.filter_map(|length| self.by_length.get(&length)).flatten();
                let found = near.find(|at| same_model_mistyped(&self.spellings[**at].0, &typed));
                found.map(|at| &self.spellings[*at].1)
            };
            let found = if digits >= 2 { exact.or_else(slipped) } else { exact };
            if let Some(item) = found {
                return Some(Mention { item: *item, start, end });
            }
        }
        None
    }

    // How many of these words together are still the beginning of a spelling.
    fn longest_beginning(&self, words: &[Word]) -> usize {
        let begins = |n: usize| {
            let typed = typed(&words[..n]);
            let next = self.exact.range::<str, _>((Bound::Included(typed.as_str()), Bound::Unbounded)).next();
            next.is_some_and(|(spelling, _)| spelling.starts_with(&typed))
        };
        (1..=words.len()).take_while(|n| begins(*n)).count()
    }
}

// Words as one spelling. They are folded already; only what is not plain letters and digits needs it again.
fn typed(words: &[Word]) -> String {
    let typed: String = words.iter().map(|w| w.text.as_str()).collect();
    if typed.bytes().all(|b| b.is_ascii_alphanumeric()) { typed } else { squash(&typed) }
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn may_tell(key: &str) -> bool {
    key.len() >= SHORTEST_WORD || (key.len() >= SHORTEST_NUMBER && key.bytes().any(|b| b.is_ascii_digit()))
}

fn by_length(spellings: &[(String, usize)]) -> HashMap<usize, Vec<usize>> {
    let mut out: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, (spelling, _)) in spellings.iter().enumerate() {
        out.entry(spelling.len()).or_default().push(at);
    }
    out
}

/// A spelling without spaces, hyphens and accents.
#[must_use]
pub fn squash(text: &str) -> String {
    plain(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

// Two neighbouring characters swapped, or one letter (not a digit) changed or missing, in a spelling long enough and
// with digits in it.
fn same_model_mistyped(spelling: &str, typed: &str) -> bool {
    let has_digits = |s: &str| digits(s) >= 2;
    if spelling.len() < 5 || !has_digits(spelling) || !has_digits(typed) {
        return false;
    }
    let (a, b) = (spelling.as_bytes(), typed.as_bytes());
    let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[common..], &b[common..]);
    match (ra.len(), rb.len()) {
        (x, y) if x == y && x >= 1 => {
            let swapped = x >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2..] == rb[2..];
            let one_letter = !ra[0].is_ascii_digit() && !rb[0].is_ascii_digit() && ra[1..] == rb[1..];
            let o_for_zero = ra[0] == b'0' && rb[0] == b'o' && ra[1..] == rb[1..];
            swapped || one_letter || o_for_zero
        }
        (x, y) if x == y + 1 => !ra[0].is_ascii_digit() && ra[1..] == *rb,
        (x, y) if y == x + 1 => !rb[0].is_ascii_digit() && rb[1..] == *ra,
        _ => false,
    }
}

fn item_of(row: Row) -> Result<Item, String> {
    let number = |name: &str, text: &str| -> Result<Option<i64>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|_| format!("{name} `{text}` is not a whole number; write digits only, or leave it empty"))
    };
    let flag = |name: &str, text: &str, default: bool| match text {
        "" => Ok(default),
        "si" | "sí" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        other => Err(format!("{name} `{other}` must be `si` or `no`")),
    };
    let list = |text: &str| -> Vec<String> {
        text.split('|').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
    };
    if row.id.is_empty() || row.name.is_empty() || row.family.is_empty() {
        return Err("id, name and family must be filled in".to_owned());
    }
    let price = number("price_cop", &row.price_cop)?;
    if price.is_some_and(|p| p <= 0) {
        return Err(format!("price_cop `{}` must be above zero, or empty when unknown", row.price_cop));
    }
    Ok(Item {
        image_id: if row.image_id.is_empty() { row.id.clone() } else { row.image_id },
        id: row.id,
        brand: row.brand,
        model: row.model,
        name: row.name,
        family: Symbol::new(&row.family),
        kind: row.kind,
        features: list(&row.features),
        uses: list(&row.uses).iter().map(|u| Symbol::new(u)).collect(),
        good_for: row.good_for,
        volume: row.volume,
        price_cop: price.map(Cop),
        promo: flag("promo", &row.promo, false)?,
        stock: number("stock", &row.stock)?,
        active: flag("active", &row.active, true)?,
        priority: number("priority", &row.priority)?.unwrap_or(5),
        aliases: list(&row.aliases),
        traits: traits_of(&row.traits),
    })
}

#[cfg(test)]
#[path = "catalog_tests.rs"]
mod tests;
