//! `facts.toml`: what the store states, in its own words or worked out from the catalog of the moment.
//!
//! Owns the form of the file and the working out. A price stands in the catalog alone: a fact that names prices names
//! those of the products as they are now. May not decide when a fact is said.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Family;
use super::template::Template;
use crate::catalog::Catalog;
use crate::listing::listed;
use crate::money::Cop;
use crate::symbol::Symbol;

/// Names in one sentence; of more, how many there are.
const MOST_NAMED: usize = 8;

/// What a fact is worked out from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    /// The products on promotion, each with its price.
    Promotions,
    /// The lowest price of a family.
    PriceFrom,
    /// The brands of what is offered.
    Brands,
}

/// `facts.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactsFile {
    fact: BTreeMap<String, Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    say: Option<String>,
    /// When somebody of the store last confirmed it.
    checked: Option<String>,
    of: Option<Source>,
    family: Option<Symbol>,
    each: Option<String>,
    more: Option<String>,
}

/// How a fact is worked out.
#[derive(Debug, Clone)]
pub struct Computed {
    source: Source,
    family: Option<Symbol>,
    each: Template,
    more: Option<Template>,
}

/// The facts of a file: those that are stated, and how the others are worked out.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) stated: BTreeMap<String, String>,
    pub(super) computed: BTreeMap<String, Computed>,
}

/// A fault of one fact: where it begins in the file, and a sentence.
pub(super) type FactFault = (usize, String);

impl FactsFile {
    /// Tells the two kinds of facts apart.
    pub(super) fn facts(self) -> (Facts, Vec<FactFault>) {
        let mut facts = Facts::default();
        let mut faults = Vec::new();
        for (id, row) in self.fact {
            let at = row.span().start;
            let row = row.into_inner();
            let say = row.say.clone();
            match row.read() {
                Ok(Kind::Stated(say)) => drop(facts.stated.insert(id, say)),
                Ok(Kind::Computed(computed)) => drop(facts.computed.insert(id, computed)),
                Err(problem) => {
                    faults.push((at, format!("fact `{id}`: {problem}")));
                    // Whoever names it is not at fault.
                    facts.stated.insert(id, say.unwrap_or_default());
                }
            }
        }
        (facts, faults)
    }
}

enum Kind {
    Stated(String),
    Computed(Computed),
}

impl Row {
    fn read(self) -> Result<Kind, String> {
        match (self.say, self.of) {
            (Some(_), Some(_)) => Err("it has both `say` and `of`; keep one of the two".to_owned()),
            (None, None) => Err("it says nothing; write `say`, or `of` for a fact of the catalog".to_owned()),
            (Some(say), None) => {
                if self.checked.is_none() {
                    return Err("`checked` is missing; write the day on which the store confirmed it".to_owned());
                }
                if self.family.is_some() || self.each.is_some() || self.more.is_some() {
                    return Err("`family`, `each` and `more` belong to a fact with `of`; remove them".to_owned());
                }
                Ok(Kind::Stated(say))
            }
            (None, Some(source)) => {
                if (source == Source::PriceFrom) != self.family.is_some() {
                    return Err("`family` goes with `of = \"price_from\"`, and with nothing else".to_owned());
                }
                let given: &[&str] = match source {
                    Source::Promotions => &["producto", "precio"],
                    Source::Brands => &["marca"],
                    Source::PriceFrom => &["precio"],
                };
                let each = self
                    .each
                    .unwrap_or_else(|| given.iter().map(|gap| format!("{{{gap}}}")).collect::<Vec<_>>().join(" "));
                let each = template("each", &each, given)?;
                let more = self.more.map(|text| template("more", &text, &["cuantas"])).transpose()?;
                Ok(Kind::Computed(Computed { source, family: self.family, each, more }))
            }
        }
    }
}

fn template(key: &str, text: &str, given: &[&str]) -> Result<Template, String> {
    let template = Template::parse(text)?;
    if let Some(gap) = template.gaps().find(|gap| !given.contains(gap)) {
        return Err(format!("{key}: nothing is known to fill {{{gap}}}; use {{{}}}", given.join("}, {")));
    }
    Ok(template)
}

impl Computed {
    /// The family whose lowest price it is.
    #[must_use]
    pub fn family(&self) -> Option<Symbol> {
        self.family
    }

    /// What it says of this catalog; empty when there is nothing to say.
    #[must_use]
    pub fn text(&self, catalog: &Catalog, families: &[Family]) -> String {
        match self.source {
            Source::Promotions => {
                let priced = catalog.promotions().into_iter().filter_map(|item| Some((&item.name, item.price_cop?)));
                self.list(priced.map(|(name, price)| self.one(&[("producto", name), ("precio", &price.to_string())])))
            }
            Source::Brands => self.list(catalog.brands().into_iter().map(|brand| self.one(&[("marca", brand)]))),
            Source::PriceFrom => {
                let family = families.iter().find(|family| Some(family.id) == self.family);
                let from = family.and_then(|family| family.price_from).map(|from| Cop(from).to_string());
                from.map_or_else(String::new, |from| self.one(&[("precio", &from)]))
            }
        }
    }

    fn one(&self, values: &[(&str, &str)]) -> String {
        self.each.fill(&BTreeMap::new(), values)
    }

    fn list(&self, all: impl Iterator<Item = String>) -> String {
        let mut names: Vec<String> = all.collect();
        let left = names.len().saturating_sub(MOST_NAMED);
        if left > 0 {
            names.truncate(MOST_NAMED);
            names.extend(self.more.as_ref().map(|more| more.fill(&BTreeMap::new(), &[("cuantas", &left.to_string())])));
        }
        listed(&names)
    }
}

/// The lowest price of a family: that of its products where all of them have one, else the lower of that and what
/// `pack.toml` says of those without a price. What is sold out counts only where all is.
pub(super) fn price_from(floor: Option<i64>, family: Symbol, catalog: &Catalog) -> Option<i64> {
    let own = || catalog.active().filter(move |item| item.family == family);
    let in_stock = own().any(|item| !item.is_sold_out());
    let sold = || own().filter(move |item| !in_stock || !item.is_sold_out());
    let lowest = sold().filter_map(|item| Some(item.price_cop?.0)).min();
    let all_known = sold().next().is_some() && sold().all(|item| item.price_cop.is_some());
    if all_known { lowest } else { [lowest, floor].into_iter().flatten().min() }
}
