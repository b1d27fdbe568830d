//! What a pack holds, prepared once when it is loaded, and whether a claim stands in it.
//!
//! Owns the comparison of claims by type: a price is a price, of its product, and an hour is an hour. May not look at a
//! conversation.

use std::collections::{HashMap, HashSet};

use crate::catalog::{Catalog, squash};
use crate::pack::Family;

use super::claims::{Claim, Found, Search, stem};
use super::license;
use super::vocabulary::{GuardRules, Hit, Need, Role, Vocabulary};

const NOON: u16 = 12 * 60;
const DAY: u16 = 24 * 60;

/// Everything that a text may state.
#[derive(Debug, Clone)]
pub struct Knowledge {
    pub(super) vocabulary: Vocabulary,
    pub(super) rules: GuardRules,
    /// Claims that are compared whole: percentages, dates, spans, telephones, links, promises.
    held: HashSet<Claim>,
    addresses: Vec<String>,
    hours: HashSet<u16>,
    day_hours: HashSet<(u8, u16)>,
    open: HashSet<u8>,
    /// Days that a fact denies.
    closed: HashSet<u8>,
    /// Amounts of the facts that are no product's price (a delivery, an installation), with the words beside them.
    fees: HashMap<i64, HashSet<String>>,
    items: Vec<ItemPrice>,
    families: Vec<FamilyPrice>,
    /// Squashed spelling → whether an item that may be offered has it.
    codes: HashMap<String, bool>,
    /// Digits → the words beside them.
    counts: HashMap<String, HashSet<String>>,
    /// Offer → the words of the sentence that grants it.
    offers: Vec<(usize, HashSet<String>)>,
}

/// A claim that nothing in the pack confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheld {
    /// As the decision path would show it.
    pub claim: String,
    /// It is an amount of money, which a change of the catalog may have taken away.
    pub price: bool,
}

#[derive(Debug, Clone)]
struct ItemPrice {
    price: Option<i64>,
    active: bool,
}

#[derive(Debug, Clone)]
struct FamilyPrice {
    from: Option<i64>,
    prices: HashSet<i64>,
}

impl Knowledge {
    /// Reads what a pack states.
    ///
    /// # Errors
    /// When the phrases cannot be compiled; the text says why.
    pub fn of<'a>(
        rules: &GuardRules,
        catalog: &Catalog,
        families: &[Family],
        facts: impl Iterator<Item = &'a str>,
    ) -> Result<Self, String> {
        let vocabulary = Vocabulary::new(rules, catalog, families)?;
        let items = catalog
            .items
            .iter()
            .map(|item| ItemPrice { price: item.price_cop.map(|p| p.0), active: item.active })
            .collect();
        let families: Vec<FamilyPrice> = families
            .iter()
            .map(|family| {
                let own = catalog.active().filter(|item| item.family == family.id);
                FamilyPrice { from: family.price_from, prices: own.filter_map(|i| Some(i.price_cop?.0)).collect() }
            })
            .collect();
        let mut known = Self {
            vocabulary,
            rules: rules.clone(),
            held: HashSet::new(),
            addresses: Vec::new(),
            hours: HashSet::new(),
            day_hours: HashSet::new(),
            open: HashSet::new(),
            closed: HashSet::new(),
            fees: HashMap::new(),
            items,
            families,
            codes: HashMap::new(),
            counts: HashMap::new(),
            offers: Vec::new(),
        };
        facts.for_each(|fact| known.learn(fact));
        known.learn_catalog(catalog);
        Ok(known)
    }

    /// The rules it was made with.
    #[must_use]
    pub fn rules(&self) -> &GuardRules {
        &self.rules
    }

    fn prices(&self) -> impl Iterator<Item = i64> {
        let items = self.items.iter().filter(|item| item.active).filter_map(|item| item.price);
        items.chain(self.families.iter().filter_map(|family| family.from))
    }

    fn learn_catalog(&mut self, catalog: &Catalog) {
        for item in &catalog.items {
            let texts = [item.name.as_str(), &item.kind, &item.good_for];
            texts.into_iter().chain(item.features.iter().map(String::as_str)).for_each(|text| self.learn(text));
            let joined = format!("{} {}", item.brand, item.model);
            let words = [item.name.as_str(), &item.model].into_iter().flat_map(str::split_whitespace);
            let spellings = [item.model.as_str(), &joined, &item.name].into_iter().chain(words);
            for spelling in spellings.chain(item.aliases.iter().map(String::as_str)).map(squash) {
                let offered = self.codes.entry(spelling).or_default();
                *offered |= item.active;
            }
        }
    }

    // Takes a text of the pack for true.
    fn learn(&mut self, text: &str) {
        let search = Search::of(text, &self.vocabulary);
        for found in &search.found {
            match &found.claim {
                // What a fact says of a product's price is the catalog's to confirm.
                Claim::Money(_) if bound_to(&search, found).is_some() => {}
                Claim::Money(cop) => {
                    let words = search.words_of(found.sentence).filter_map(stem).map(str::to_owned);
                    self.fees.entry(*cop).or_default().extend(words);
                }
                Claim::Hour { minute, vague } => self.hours.extend(readings(*minute, *vague)),
                Claim::DayHour { day, minute, vague } => {
                    self.day_hours.extend(readings(*minute, *vague).map(|minute| (*day, minute)));
                    self.open.insert(*day);
                }
                Claim::Open { day, open: true } => drop(self.open.insert(*day)),
                Claim::Open { day, open: false } => drop(self.closed.insert(*day)),
                Claim::Address(address) => self.addresses.push(address.clone()),
                Claim::Code(code) => drop(self.codes.entry(code.clone()).or_insert(true)),
                Claim::Count { digits, of } => self.counts.entry(digits.clone()).or_default().extend(of.clone()),
                Claim::Offer(offer) => {
                    let words = search.words_of(found.sentence).filter_map(stem).map(str::to_owned).collect();
                    self.offers.push((*offer, words));
                }
                Claim::Brand(_) | Claim::Act(..) => {}
                other => drop(self.held.insert(other.clone())),
            }
        }
    }

    /// The claims of a sentence that the pack does not hold. Acts are judged when they are said.
    #[must_use]
    pub fn unheld(&self, text: &str) -> Vec<Unheld> {
        let search = Search::of(text, &self.vocabulary);
        let judged_later = |claim: &Claim| matches!(claim, Claim::Act(need, _) if *need != Need::Nothing);
        let unheld = search.found.iter().filter(|found| !judged_later(&found.claim) && !self.holds(&search, found));
        let told = |found: &Found| Unheld {
            claim: license::label(&found.claim, &self.rules),
            price: matches!(found.claim, Claim::Money(_)),
        };
        unheld.map(told).collect()
    }

    /// Whether the pack holds a claim of a text.
    pub(super) fn holds(&self, search: &Search, found: &Found) -> bool {
        match &found.claim {
            Claim::Money(cop) => self.holds_money(search, found, *cop),
            Claim::Hour { minute, vague } => readings(*minute, *vague).any(|minute| self.hours.contains(&minute)),
            Claim::DayHour { day, minute, vague } => {
                readings(*minute, *vague).any(|minute| self.day_hours.contains(&(*day, minute)))
            }
            Claim::Open { day, open: true } => self.open.contains(day),
            // Where two facts disagree, each may be said.
            Claim::Open { day, open: false } => self.closed.contains(day) || !self.open.contains(day),
            Claim::Address(address) => self.addresses.iter().any(|known| begins_with(known, address)),
            Claim::Code(code) => self.codes.contains_key(code),
            Claim::Count { digits, of } => {
                let beside = |known: &HashSet<String>| of.is_empty() || of.iter().any(|word| known.contains(word));
                self.counts.get(digits).is_some_and(beside) || self.codes.contains_key(digits)
            }
            Claim::Offer(offer) => self.grants(search, found, *offer),
            Claim::Brand(_) | Claim::Act(..) => false,
            other => self.held.contains(other),
        }
    }

    /// The products that a text names and the store no longer offers.
    pub(super) fn withdrawn<'a>(&'a self, search: &'a Search) -> impl Iterator<Item = &'a Hit> {
        search.hits.iter().filter(|hit| matches!(hit.role, Role::Item(item) if !self.items[item].active)).filter(
            |hit| {
                let offered = |other: &Hit| {
                    matches!(other.role, Role::Item(item) if self.items[item].active)
                        && other.start <= hit.start
                        && other.end >= hit.end
                };
                !search.hits.iter().any(offered)
            },
        )
    }

    // A price is that of its product or family; a fee, that of the thing which the fact and the text both name.
    fn holds_money(&self, search: &Search, found: &Found, cop: i64) -> bool {
        let Some(end) = bound_to(search, found) else {
            return self.fees.contains_key(&cop) || self.prices().any(|price| price == cop);
        };
        let beside = self.fees.get(&cop);
        if beside.is_some_and(|beside| search.words_of(found.sentence).filter_map(stem).any(|w| beside.contains(w))) {
            return true;
        }
        let named = || search.hits.iter().filter(|hit| hit.end == end);
        let is_item = named().any(|hit| matches!(hit.role, Role::Item(_)));
        named().any(|hit| match hit.role {
            Role::Item(item) => self.items[item].price == Some(cop),
            Role::Family(family) if !is_item => {
                let family = &self.families[family];
                family.from == Some(cop) || family.prices.contains(&cop)
            }
            _ => false,
        })
    }

    // The fact that grants the offer speaks of the same thing.
    fn grants(&self, search: &Search, found: &Found, offer: usize) -> bool {
        let own: HashSet<&str> = self.rules.offers[offer].split(' ').filter_map(stem).collect();
        let words: Vec<&str> = search.words_of(found.sentence).filter_map(stem).filter(|w| !own.contains(w)).collect();
        self.offers
            .iter()
            .filter(|(granted, _)| *granted == offer)
            .any(|(_, of)| words.iter().any(|word| of.contains(*word)))
    }
}

// Where the name ends to which an amount belongs: that of a product or family named last before it, else the first one
// after it in its sentence.
fn bound_to(search: &Search, found: &Found) -> Option<usize> {
    let names = || search.hits.iter().filter(|hit| matches!(hit.role, Role::Item(_) | Role::Family(_)));
    let before = names().filter(|hit| hit.end <= found.at.start).map(|hit| hit.end).max();
    let same_sentence = |hit: &&Hit| search.sentence_of(hit) == found.sentence;
    let after = || names().filter(|h| h.start >= found.at.end).filter(same_sentence).map(|h| h.end).min();
    before.or_else(after)
}

/// The minutes that an hour may mean.
pub(super) fn readings(minute: u16, vague: bool) -> impl Iterator<Item = u16> {
    let other = vague.then_some((minute + NOON) % DAY);
    std::iter::once(minute % DAY).chain(other)
}

// An address may be said in part: `Calle 34`.
fn begins_with(known: &str, address: &str) -> bool {
    known.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
