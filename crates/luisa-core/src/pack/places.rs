//! Places: which municipality a customer names.
//!
//! Owns the gazetteer of municipalities and villages and the caution that names such as `Bello` or `Pasto` need: they
//! count only where a place is expected, after `en`, `de`, `para`, …

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::Deserialize;

use super::parse::PackFault;
use crate::lexicon::fold::{plain, sound};
use crate::lexicon::near::Near;
use crate::lexicon::tokens::Word;
use crate::rows;

/// The files of places.
pub const TOWNS: &str = "municipios.csv";
pub const VILLAGES: &str = "corregimientos.csv";

/// A municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub municipality: String,
    pub department: String,
}

/// `places.toml`: how the gazetteer is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceRules {
    /// Departments preferred when a name occurs in several, nearest first.
    #[serde(default)]
    pub near: Vec<String>,
    /// Names that are also words or surnames: only after a preposition.
    #[serde(default)]
    pub careful: Vec<String>,
    /// Names that are never taken for a place.
    #[serde(default)]
    pub never: Vec<String>,
    /// Words after which a place is expected.
    #[serde(default)]
    pub before: Vec<String>,
    /// Districts of the store's city, as properly written.
    #[serde(default)]
    pub districts: Vec<String>,
}

/// All known places.
#[derive(Debug, Default)]
pub struct Places {
    places: Vec<Place>,
    /// Sound keys joined by spaces → candidates.
    by_key: HashMap<String, Vec<usize>>,
    careful: HashSet<String>,
    before: HashSet<String>,
    near_words: Near,
    departments: HashMap<String, String>,
    preferred: Vec<String>,
    /// First word of a key → the most words that a key beginning with it has.
    openings: HashMap<String, usize>,
    /// Sound keys → the district's name.
    districts: HashMap<String, String>,
}

#[derive(Deserialize)]
struct TownRow {
    municipio: String,
    departamento: String,
    #[serde(default)]
    alias: String,
}

#[derive(Deserialize)]
struct VillageRow {
    nombre: String,
    municipio: String,
    departamento: String,
}

impl Places {
    /// Reads `municipios.csv` and `corregimientos.csv`; `words` are sound keys of the lexicon, so that a town named
    /// like a word of the trade is treated with care.
    ///
    /// # Errors
    /// Every faulty row, with its file and line.
    pub fn load(towns: &[u8], villages: &[u8], rules: &PlaceRules) -> Result<Self, Vec<PackFault>> {
        let mut out = Self { preferred: rules.near.clone(), ..Self::default() };
        let mut faults = Vec::new();
        let mut never: HashSet<String> = rules.never.iter().map(|n| key_of(n)).collect();
        let (rows, bad) = rows::read::<TownRow>(towns, &["municipio", "departamento"]);
        faults.extend(bad.into_iter().map(|fault| PackFault::in_row(TOWNS, fault)));
        for (_, row) in rows {
            let at = out.places.len();
            out.departments.insert(key_of(&row.departamento), row.departamento.clone());
            for name in std::iter::once(row.municipio.as_str()).chain(row.alias.split('|')) {
                out.add(name, at, &never);
            }
            out.places.push(Place { municipality: row.municipio, department: row.departamento });
        }
        // A village never takes a town's name away.
        never.extend(out.by_key.keys().cloned());
        let (rows, bad) = rows::read::<VillageRow>(villages, &["nombre", "municipio", "departamento"]);
        faults.extend(bad.into_iter().map(|fault| PackFault::in_row(VILLAGES, fault)));
        for (line, row) in rows {
            let town =
                out.places.iter().position(|p| p.municipality == row.municipio && p.department == row.departamento);
            if let Some(at) = town {
                out.add(&row.nombre, at, &never);
                continue;
            }
            let problem = format!(
                "village `{}`: municipality `{}` of `{}` is not in {TOWNS}; correct the names",
                row.nombre, row.municipio, row.departamento
            );
            faults.push(PackFault { file: VILLAGES.to_owned(), line: Some(line), problem });
        }
        out.careful = rules.careful.iter().map(|n| key_of(n)).collect();
        out.districts = rules.districts.iter().map(|name| (key_of(name), name.clone())).collect();
        out.before = rules.before.iter().map(|w| sound(&plain(w))).collect();
        out.near_words = Near::new(out.by_key.keys().filter(|k| !k.contains(' ') && k.len() >= 7).cloned());
        if faults.is_empty() { Ok(out) } else { Err(faults) }
    }

    /// Whether a municipality is properly called so.
    #[must_use]
    pub fn is_municipality(&self, name: &str) -> bool {
        self.places.iter().any(|place| place.municipality == name)
    }

    fn add(&mut self, name: &str, at: usize, never: &HashSet<String>) {
        let key = key_of(name);
        if key.is_empty() || never.contains(&key) {
            return;
        }
        let words = key.split(' ').count();
        let most = self.openings.entry(key.split(' ').take(1).collect()).or_default();
        *most = words.max(*most);
        let known = self.by_key.entry(key).or_default();
        if !known.contains(&at) {
            known.push(at);
        }
    }

    /// The known district that a message names after a preposition or an article, and its words.
    #[must_use]
    pub fn district(&self, words: &[Word]) -> Option<(&str, Range<usize>)> {
        (1..words.len()).find_map(|start| {
            let before = &words[start - 1];
            let introduced = self.before.contains(&before.key)
                || matches!(
                    before.text.as_str(),
                    "al" | "del" | "el" | "la" | "los" | "las" | "barrio" | "urbanizacion"
                );
            if !introduced {
                return None;
            }
            (start + 1..=(start + 3).min(words.len())).rev().find_map(|end| {
                let key = words[start..end].iter().map(|w| w.key.as_str()).collect::<Vec<_>>().join(" ");
                self.districts.get(&key).map(|name| (name.as_str(), start..end))
            })
        })
    }

    /// The place that a message names: the first after a preposition, else the first; where a word is `taken` it names
    /// something else, and a word that `known` knows is no misspelt town.
    #[must_use]
    pub fn find(&self, words: &[Word], taken: impl Fn(usize) -> bool, known: impl Fn(&str) -> bool) -> Option<&Place> {
        let mut expected: Option<usize> = None;
        let mut anywhere: Option<usize> = None;
        let mut i = 0;
        while i < words.len() {
            let Some((candidates, end, mended)) = self.longest_at(words, i, &known).filter(|_| !taken(i)) else {
                i += 1;
                continue;
            };
            let introduced = i > 0 && self.before.contains(&words[i - 1].key);
            let alone = words.len() <= 2;
            let key: String = words[i..end].iter().map(|w| w.key.as_str()).collect::<Vec<_>>().join(" ");
            // `mirando` is more often just that than a misspelt `Miranda`.
            let needs_care = mended || self.careful.contains(&key) || (end - i == 1 && key.len() <= 3);
            let place = self.pick(candidates, words.get(end..).unwrap_or_default());
            if introduced || (alone && (mended || !needs_care)) {
                expected.get_or_insert(place);
            } else if !needs_care {
                anywhere.get_or_insert(place);
            }
            i = end;
        }
        expected.or(anywhere).map(|at| &self.places[at])
    }

    // The candidates, where the name ends, and whether it is misspelt.
    fn longest_at(
        &self,
        words: &[Word],
        start: usize,
        known: impl Fn(&str) -> bool,
    ) -> Option<(&[usize], usize, bool)> {
        let most = self.openings.get(&words[start].key).copied().unwrap_or(0);
        for end in (start + 1..=(start + most).min(words.len())).rev() {
            let key = words[start..end].iter().map(|w| w.key.as_str()).collect::<Vec<_>>().join(" ");
            if let Some(found) = self.by_key.get(&key) {
                return Some((found, end, false));
            }
        }
        // Every town's name is known here, and what `known` knows is not mended.
        if known(&words[start].key) {
            return None;
        }
        let mended = self.near_words.correct(&words[start].key)?;
        self.by_key.get(mended).map(|found| (found.as_slice(), start + 1, true))
    }

    // The department named right after it decides; else the nearest one.
    fn pick(&self, candidates: &[usize], after: &[Word]) -> usize {
        let named = (1..=2).find_map(|n| {
            let key = after.get(..n)?.iter().map(|w| w.key.as_str()).collect::<Vec<_>>().join(" ");
            self.departments.get(&key)
        });
        let by_department = |name: &String| candidates.iter().copied().find(|at| self.places[*at].department == *name);
        named.and_then(by_department).or_else(|| self.preferred.iter().find_map(by_department)).unwrap_or(candidates[0])
    }
}

fn key_of(name: &str) -> String {
    let folded = plain(name);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(sound).collect::<Vec<_>>().join(" ")
}
