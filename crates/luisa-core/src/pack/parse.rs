//! From files to a pack.
//!
//! Owns the reading of each file and the gathering of faults; `check` looks at what the files say of one another. May
//! not read the disk: it is given names and bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::cues::CuesFile;
use super::demo::{self, DemoCustomer, DemoFile};
use super::facts::{Facts, FactsFile};
use super::llm::{self, Llm};
use super::places::{PlaceRules, Places, TOWNS, VILLAGES};
use super::template::Template;
use super::{About, Family, HandoffRule, Lexicon, Pack, Question, QuestionOption, Rule, check};
use crate::catalog::Catalog;
use crate::lexicon::constructions::Construction;
use crate::lexicon::fold::{plain, sound};
use crate::lexicon::matcher::Matcher;
use crate::lexicon::nouns::{Classes, Nouns};
use crate::lexicon::tokens::normalize;
use crate::money::Cop;
use crate::rows::RowFault;
use crate::schedule::StoreHours;
use crate::stages::guards::{GuardRules, Knowledge};
use crate::symbol::Symbol;
use crate::understanding::model::Model;
use crate::understanding::reading::Understanding;

/// A pack's files: path inside the pack → content.
pub type PackFiles = BTreeMap<String, Vec<u8>>;

/// What is wrong with a pack: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFault {
    pub file: String,
    pub line: Option<usize>,
    pub problem: String,
}

impl std::fmt::Display for PackFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} line {line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

impl PackFault {
    /// The fault of a row of `file`.
    #[must_use]
    pub fn in_row(file: &str, fault: RowFault) -> Self {
        Self { file: file.to_owned(), line: Some(fault.line), problem: fault.problem }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LexiconFile {
    negations: Vec<String>,
    fillers: Vec<String>,
    #[serde(default)]
    abbreviations: BTreeMap<String, String>,
    /// slot → value → phrases.
    #[serde(default)]
    slot: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    concept: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    construction: Vec<Construction>,
    /// Everyday words, which are never mended into another.
    #[serde(default)]
    known_words: Vec<String>,
    /// Concepts of private life: in a chat under way, silence needs one of them.
    #[serde(default)]
    private: Vec<String>,
    #[serde(default)]
    name_cues: Vec<String>,
    /// Words that may stand before a name: `la señora`.
    #[serde(default)]
    titles: Vec<String>,
    #[serde(default)]
    given_names: Vec<String>,
    #[serde(default)]
    not_names: Vec<String>,
}

/// `nouns.toml`: class → nouns, by whose trade they are of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NounsFile {
    #[serde(default)]
    own: Classes,
    #[serde(default)]
    either: Classes,
    #[serde(default)]
    other: Classes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandoffFile {
    handoff: Vec<HandoffRule>,
}

/// Texts that know where they stand in their file.
type Wordings = Spanned<Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RepliesFile {
    reply: BTreeMap<String, Wordings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionsFile {
    question: BTreeMap<String, QuestionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionRow {
    ask: Wordings,
    #[serde(default)]
    options: Vec<QuestionOption>,
    #[serde(default)]
    slot: Option<String>,
}

impl Pack {
    /// Loads and checks a pack.
    ///
    /// # Errors
    /// Every fault found.
    pub fn load(files: &PackFiles) -> Result<Self, Vec<PackFault>> {
        let (pack, mut found) = Self::parsed(files)?;
        found.extend(check::faults(&pack, files));
        if found.is_empty() { Ok(pack) } else { Err(found) }
    }

    /// A pack whose files are read but not held against one another: enough to train on; its faults come along.
    ///
    /// # Errors
    /// Every fault found, when too much is missing to make a pack.
    pub fn parsed(files: &PackFiles) -> Result<(Self, Vec<PackFault>), Vec<PackFault>> {
        let mut desk = Desk { files, faults: Vec::new() };
        let about: Option<About> = desk.toml("pack.toml");
        let facts: Option<FactsFile> = desk.toml("facts.toml");
        let lexicon: Option<LexiconFile> = desk.toml("lexicon.toml");
        let nouns = desk.nouns();
        let rules: Option<RulesFile> = desk.toml("rules.toml");
        let handoffs: Option<HandoffFile> = desk.toml("handoff.toml");
        let replies: Option<RepliesFile> = desk.toml("replies.toml");
        let questions: Option<QuestionsFile> = desk.toml("questions.toml");
        let guards: Option<GuardRules> = desk.toml("guards.toml");
        let cues = desk.cues(lexicon.as_ref());
        let topics = desk.topics();
        let catalog = desk.catalog();
        let places = desk.places();
        let model = desk.model();
        let demo = desk.demo();
        let llm = desk.llm();
        let checks = files.contains_key("checks.toml").then(|| desk.toml("checks.toml")).flatten();
        let (
            Some(about),
            Some(facts),
            Some(lexicon),
            Some(rules),
            Some(handoffs),
            Some(replies),
            Some(questions),
            Some(guards),
        ) = (about, facts, lexicon, rules, handoffs, replies, questions, guards)
        else {
            return Err(desk.faults);
        };
        let lexicon = desk.lexicon(lexicon);
        let replies = desk.replies(replies);
        let questions = desk.questions(questions);
        let media = files.keys().filter_map(|path| media_id(path)).collect();
        let (Some(mut catalog), Some(lexicon), Some(places)) = (catalog, lexicon, places) else {
            return Err(desk.faults);
        };
        catalog.unname(about.families.iter().flat_map(|family| [family.name.as_str(), &family.plural]));
        name_words(&mut catalog, &lexicon, &about.families);
        let store_hours = StoreHours::parse(&about.store_hours).unwrap_or_else(|problem| {
            desk.fault("pack.toml", None, problem);
            StoreHours::default()
        });
        let classifier_version = model.as_ref().map_or_else(|| "rules".to_owned(), |m| m.linear.version.clone());
        let families = about.families_priced(&catalog);
        let Facts { stated: mut facts, computed } = desk.facts(facts);
        facts.extend(computed.iter().map(|(id, fact)| (id.clone(), fact.text(&catalog, &families))));
        let Some(knowledge) = desk.knowledge(&guards, &catalog, &families, &facts) else {
            return Err(desk.faults);
        };
        let pack = Self {
            knowledge: Arc::new(knowledge),
            cheapest: cheapest(&families, &catalog),
            families,
            uses: about.uses.clone(),
            facts,
            computed: Arc::new(computed),
            catalog: Arc::new(catalog),
            lexicon: Arc::new(lexicon),
            nouns: Arc::new(nouns),
            places: Arc::new(places),
            cues: Arc::new(cues),
            topics: Arc::new(topics),
            rules: Arc::new(rules.rule),
            handoffs: handoffs.handoff,
            replies: Arc::new(replies),
            questions: Arc::new(questions),
            llm: llm.map(Arc::new),
            model: model.map(Arc::new),
            classifier_version,
            checks,
            store_hours,
            media,
            demo,
            about,
        };
        Ok((pack, desk.faults))
    }
}

/// Lets a product be found by words of its name that mean nothing else here.
pub(super) fn name_words(catalog: &mut Catalog, lexicon: &Lexicon, families: &[Family]) {
    let of_families: BTreeSet<String> = families
        .iter()
        .flat_map(|family| [family.id.as_str(), &family.name, &family.plural])
        .flat_map(|text| normalize(text, &lexicon.abbreviations).words)
        .map(|word| word.key)
        .collect();
    let everyday = |key: &str| lexicon.matcher.knows(key);
    catalog.learn_words(&lexicon.abbreviations, |key| of_families.contains(key), everyday);
}

/// The lowest price that is named.
pub(super) fn cheapest(families: &[Family], catalog: &Catalog) -> Option<Cop> {
    let families = families.iter().filter_map(|family| family.price_from.map(Cop));
    families.chain(catalog.active().filter_map(|item| item.price_cop)).filter(|price| price.0 > 0).min()
}

// The line, from 1, of a place in a text.
fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

// What a TOML error says does not name the key that is there twice.
fn toml_problem(text: &str, e: &toml::de::Error) -> String {
    let key = e.span().and_then(|span| text.get(span)).map(str::trim).filter(|key| !key.is_empty());
    match (e.message(), key) {
        ("duplicate key", Some(key)) => format!("`{key}` is there twice; keep one of the two"),
        (message, _) => format!("{message}; correct it as docs/packs.md shows"),
    }
}

// `media/I007.png` is the picture I007.
fn media_id(path: &str) -> Option<(String, String)> {
    let name = path.strip_prefix("media/")?;
    let (id, kind) = name.rsplit_once('.')?;
    (!name.contains('/') && matches!(kind, "png" | "jpg" | "jpeg")).then(|| (id.to_owned(), path.to_owned()))
}

struct Desk<'a> {
    files: &'a PackFiles,
    faults: Vec<PackFault>,
}

impl Desk<'_> {
    fn fault(&mut self, file: &str, line: Option<usize>, problem: String) {
        self.faults.push(PackFault { file: file.to_owned(), line, problem });
    }

    fn missing(&mut self, file: &str) {
        self.fault(file, None, "the file is missing; every pack needs it, see docs/packs.md".to_owned());
    }

    // The line of a place in a file that was read.
    fn line(&self, file: &str, at: usize) -> Option<usize> {
        let text = std::str::from_utf8(self.files.get(file)?).ok()?;
        Some(line_at(text, at))
    }

    fn toml<T: DeserializeOwned>(&mut self, file: &str) -> Option<T> {
        let Some(bytes) = self.files.get(file) else {
            self.missing(file);
            return None;
        };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(e) => {
                self.fault(file, None, format!("it is not UTF-8 text ({e}); save it as UTF-8"));
                return None;
            }
        };
        match toml::from_str(text) {
            Ok(value) => Some(value),
            Err(e) => {
                let line = e.span().map(|span| line_at(text, span.start));
                self.fault(file, line, toml_problem(text, &e));
                None
            }
        }
    }

    fn facts(&mut self, file: FactsFile) -> Facts {
        let (facts, faults) = file.facts();
        for (at, problem) in faults {
            self.fault("facts.toml", self.line("facts.toml", at), problem);
        }
        facts
    }

    // A pack without nouns has a model that knows none.
    fn nouns(&mut self) -> Nouns {
        let file: Option<NounsFile> = self.files.contains_key("nouns.toml").then(|| self.toml("nouns.toml")).flatten();
        file.map(|file| Nouns::new(&file.own, &file.either, &file.other)).unwrap_or_default()
    }

    fn llm(&mut self) -> Option<Llm> {
        if !self.files.contains_key(llm::WORDS) {
            return None;
        }
        let words = self.toml::<llm::Words>(llm::WORDS);
        let mut prompt = |file, purpose| match llm::prompt(self.files, file, purpose) {
            Ok(prompt) => Some(prompt),
            Err((file, problem)) => {
                self.fault(file, None, problem);
                None
            }
        };
        let (reply, personal) = (prompt(llm::REPLY, "reply"), prompt(llm::PERSONAL, "personal"));
        Some(Llm { words: words?.folded(), reply: reply?, personal: personal? })
    }

    // A pack without topics answers by what the model reads alone.
    fn topics(&mut self) -> super::topics::Topics {
        let file = "topics.toml";
        if !self.files.contains_key(file) {
            return super::topics::Topics::default();
        }
        let Some(rows) = self.toml::<super::topics::TopicsFile>(file) else {
            return super::topics::Topics::default();
        };
        rows.compile().unwrap_or_else(|problem| {
            self.fault(file, None, problem);
            super::topics::Topics::default()
        })
    }

    fn catalog(&mut self) -> Option<Catalog> {
        let file = "catalog.csv";
        let Some(bytes) = self.files.get(file) else {
            self.missing(file);
            return None;
        };
        let rows = |faults: Vec<RowFault>| faults.into_iter().map(|fault| PackFault::in_row(file, fault));
        Catalog::from_csv(bytes).map_err(|faults| self.faults.extend(rows(faults))).ok()
    }

    fn knowledge(
        &mut self,
        rules: &GuardRules,
        catalog: &Catalog,
        families: &[Family],
        facts: &BTreeMap<String, String>,
    ) -> Option<Knowledge> {
        Knowledge::of(rules, catalog, families, facts.values().map(String::as_str))
            .map_err(|e| {
                self.fault("guards.toml", None, format!("the phrases cannot be compiled ({e}); remove some"));
            })
            .ok()
    }

    fn places(&mut self) -> Option<Places> {
        let rules = if self.files.contains_key("places.toml") {
            self.toml::<PlaceRules>("places.toml")?
        } else {
            PlaceRules::default()
        };
        let towns = self.files.get(TOWNS).map_or(&b""[..], Vec::as_slice);
        let villages = self.files.get(VILLAGES).map_or(&b""[..], Vec::as_slice);
        Places::load(towns, villages, &rules).map_err(|faults| self.faults.extend(faults)).ok()
    }

    // Without the file nothing is read within the conversation but what the lexicon gives.
    fn cues(&mut self, lexicon: Option<&LexiconFile>) -> super::cues::Cues {
        let file = "cues.toml";
        if !self.files.contains_key(file) {
            return super::cues::Cues::default();
        }
        let (Some(written), Some(lexicon)) = (self.toml::<CuesFile>(file), lexicon) else {
            return super::cues::Cues::default();
        };
        written.compile(&lexicon.negations, &lexicon.fillers).unwrap_or_else(|e| {
            self.fault(file, None, format!("the phrases cannot be compiled ({e}); remove some"));
            super::cues::Cues::default()
        })
    }

    fn model(&mut self) -> Option<Understanding> {
        let file = "understanding.model";
        let bytes = self.files.get(file)?;
        Model::from_bytes(bytes).and_then(Understanding::new).map_err(|e| self.fault(file, None, e)).ok()
    }

    fn demo(&mut self) -> Vec<DemoCustomer> {
        let file = "demo.toml";
        if !self.files.contains_key(file) {
            return Vec::new();
        }
        let customers = self.toml::<DemoFile>(file).map(|read| read.customer).unwrap_or_default();
        for problem in demo::problems(&customers) {
            self.fault(file, None, problem);
        }
        customers
    }

    fn lexicon(&mut self, file: LexiconFile) -> Option<Lexicon> {
        let mut concepts: BTreeMap<Symbol, Vec<String>> = BTreeMap::new();
        for (slot, values) in file.slot {
            for (value, phrases) in values {
                concepts.insert(Symbol::new(&format!("{slot}={value}")), phrases);
            }
        }
        concepts.extend(file.concept.into_iter().map(|(name, phrases)| (Symbol::new(&name), phrases)));
        // What a construction finds may have no phrase of its own.
        let built = file.construction.iter().map(|construction| construction.concept);
        let known: BTreeSet<Symbol> = concepts.keys().copied().chain(built).collect();
        for part in file.construction.iter().flat_map(Construction::concepts).filter(|part| !known.contains(part)) {
            self.fault(
                "lexicon.toml",
                None,
                format!("construction: `{part}` is not a concept of this file; correct it, or write noun:{part}"),
            );
        }
        for name in file.private.iter().filter(|name| !known.contains(&Symbol::new(name))) {
            self.fault(
                "lexicon.toml",
                None,
                format!("private: `{name}` is not a concept of this file; correct or remove it"),
            );
        }
        let matcher = Matcher::new(&concepts, &file.negations, &file.fillers, &file.known_words)
            .map_err(|e| self.fault("lexicon.toml", None, format!("the phrases cannot be compiled ({e}); remove some")))
            .ok()?;
        Some(Lexicon {
            abbreviations: file.abbreviations.into_iter().map(|(k, v)| (plain(&k), plain(&v))).collect(),
            matcher,
            name_cues: file.name_cues.iter().map(|c| plain(c).split(' ').map(sound).collect()).collect(),
            titles: file.titles.iter().map(|t| plain(t)).collect(),
            given_names: file.given_names.iter().map(|n| sound(&plain(n))).collect(),
            not_names: file.not_names.iter().map(|n| plain(n)).collect(),
            private: file.private.iter().map(|name| Symbol::new(name)).collect(),
            concepts: known,
            constructions: file.construction,
        })
    }

    fn templates(&mut self, file: &str, id: &str, texts: &Wordings) -> Vec<Template> {
        let mut out = Vec::new();
        for text in texts.get_ref() {
            match Template::parse(text.get_ref()) {
                Ok(template) => out.push(template),
                Err(e) => self.fault(file, self.line(file, text.span().start), format!("`{id}`: {e}")),
            }
        }
        if texts.get_ref().is_empty() {
            let line = self.line(file, texts.span().start);
            self.fault(file, line, format!("`{id}` has no text; write at least one wording"));
        }
        out
    }

    fn replies(&mut self, file: RepliesFile) -> BTreeMap<Symbol, Vec<Template>> {
        file.reply.iter().map(|(id, texts)| (Symbol::new(id), self.templates("replies.toml", id, texts))).collect()
    }

    fn questions(&mut self, file: QuestionsFile) -> BTreeMap<Symbol, Question> {
        let mut out = BTreeMap::new();
        for (id, row) in file.question {
            let ask = self.templates("questions.toml", &id, &row.ask);
            out.insert(Symbol::new(&id), Question { ask, options: row.options, slot: row.slot });
        }
        out
    }
}
