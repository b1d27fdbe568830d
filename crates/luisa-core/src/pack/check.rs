//! What the files of a pack say of one another.
//!
//! Owns the cross-references: every reply and question that the code may use exists with the gaps it is filled with,
//! every concept, family, use, fact and picture that is named is there. What passes here cannot fail in a conversation.

use super::checks;
use super::parse::{PackFault, PackFiles};
use super::{HandoffRule, Pack, Question, QuestionOption};
use crate::stages::replies::{QUESTIONS, REPLIES};
use crate::symbol::Symbol;
use crate::taxonomy::{Intent, Reason};
use crate::understanding::slots::{BRAND, BUDGET, CITY, DISTRICT, MODEL, NAME, USE, VOLUME};

/// Facts that the stages ask for by name; `broken_packs` keeps the list whole.
pub const FACTS: &[(&str, &str)] =
    &[("repuestos_marcas", "brands whose spare parts the store has, or that it has none")];

/// The fact that is the label of the button which opens a list; a pack may do without.
pub const LIST_LABEL: &str = "ver_opciones";

/// The slots that every store has, besides its family's.
const SLOTS: &[&str] = &[USE, VOLUME, CITY, BRAND, MODEL, BUDGET, NAME, DISTRICT];
/// Those of them that a buyer is asked for.
const QUALIFYING: &[&str] = &[USE, VOLUME, CITY];
/// The one gap of a message that staff may send.
const NAME_GAP: &str = "{nombre_coma}";

/// Longest titles: WhatsApp's limits for a button and for a list row.
const BUTTON_TITLE: usize = 20;
const ROW_TITLE: usize = 24;
/// Largest picture in a pack, in bytes.
const MAX_IMAGE: usize = 300 * 1024;

/// Every fault of a parsed pack.
#[must_use]
pub fn faults(pack: &Pack, files: &PackFiles) -> Vec<PackFault> {
    let mut out = Faults { files, found: Vec::new() };
    about(pack, &mut out);
    replies(pack, &mut out);
    questions(pack, &mut out);
    facts(pack, &mut out);
    rules(pack, &mut out);
    handoffs(pack, &mut out);
    products(pack, files, &mut out);
    for (file, problem) in super::llm::faults(pack) {
        out.add(file, "", problem);
    }
    for (key, problem) in pack.checks.iter().flat_map(|asked| checks::problems(asked, pack)) {
        out.add("checks.toml", &key, problem);
    }
    out.found
}

struct Faults<'a> {
    files: &'a PackFiles,
    found: Vec<PackFault>,
}

impl Faults<'_> {
    // The line is where `key` first stands in the file: near enough to find it.
    fn add(&mut self, file: &str, key: &str, problem: String) {
        self.add_under(file, "", key, problem);
    }

    // The same, but not before the line that begins with `heading`.
    fn add_under(&mut self, file: &str, heading: &str, key: &str, problem: String) {
        let line = self.files.get(file).filter(|_| !key.is_empty()).and_then(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            let from = text.lines().position(|line| line.starts_with(heading)).unwrap_or(0);
            text.lines().skip(from).position(|line| line.contains(key)).map(|n| from + n + 1)
        });
        self.found.push(PackFault { file: file.to_owned(), line, problem });
    }
}

fn about(pack: &Pack, out: &mut Faults<'_>) {
    let about = &pack.about;
    if about.format != 1 {
        out.add(
            "pack.toml",
            "format",
            format!("format {} is not known to this build; it reads format 1", about.format),
        );
    }
    if pack.families.is_empty() {
        out.add("pack.toml", "family", "there is no [[family]]; name at least one family of products".to_owned());
    }
    let lines = about.personal;
    if !(0.0 < lines.doubt_from && lines.doubt_from < 0.5 && 0.5 < lines.sure_from && lines.sure_from < 1.0) {
        let (doubt, sure) = (lines.doubt_from, lines.sure_from);
        let problem = format!("doubt_from {doubt} must be between 0 and 0.5, sure_from {sure} between 0.5 and 1");
        out.add("pack.toml", "doubt_from", problem);
    }
    if jiff::tz::TimeZone::get(&about.time_zone).is_err() {
        out.add(
            "pack.toml",
            "time_zone",
            format!("time_zone `{}` is not a known zone; write for example America/Bogota", about.time_zone),
        );
    }
    for team in crate::taxonomy::Team::ALL {
        if !about.teams.contains_key(team) {
            out.add("pack.toml", "teams", format!("[teams] lacks `{team}`; say how customers call that team"));
        }
    }
    for priority in crate::taxonomy::Priority::ALL {
        if !about.priorities.contains_key(priority) {
            let lacks = format!("[priorities] lacks `{priority}`; say how the team reads it");
            out.add("pack.toml", "priorities", lacks);
        }
    }
    for slot in about.qualify.iter().filter(|s| **s != about.family_slot && !QUALIFYING.contains(&s.as_str())) {
        let known = [&[about.family_slot.as_str()], QUALIFYING].concat().join(", ");
        out.add_under(
            "pack.toml",
            "qualify",
            slot,
            format!("qualify: nobody is asked for the slot `{slot}`; use {known}"),
        );
    }
    families(pack, out);
}

fn families(pack: &Pack, out: &mut Faults<'_>) {
    let file = "pack.toml";
    for family in &pack.families {
        let (id, ask) = (family.id, family.ask_use);
        if !pack.questions.contains_key(&ask) {
            let problem = format!("family `{id}`: ask_use `{ask}` is not in questions.toml; write [question.{ask}]");
            out.add(file, ask.as_str(), problem);
        }
        if let Some(fact) = family.includes.as_ref().filter(|f| !pack.facts.contains_key(*f)) {
            let problem = format!("family `{id}`: includes `{fact}` is not in facts.toml; write [fact.{fact}]");
            out.add(file, fact, problem);
        }
        if let Some(item) = family.step_up.as_ref().filter(|i| pack.catalog.item(i).is_none()) {
            let problem = format!("family `{id}`: step_up `{item}` is not in catalog.csv; write the id of a product");
            out.add(file, item, problem);
        }
    }
    for purpose in pack.uses.iter().filter(|u| pack.family(u.family.as_str()).is_none()) {
        let (id, family) = (purpose.id, purpose.family);
        let problem = format!("use `{id}`: family `{family}` is not a [[family]]; use {}", family_ids(pack));
        out.add(file, family.as_str(), problem);
    }
}

fn family_ids(pack: &Pack) -> String {
    pack.families.iter().map(|f| f.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn facts(pack: &Pack, out: &mut Faults<'_>) {
    for (id, fact) in pack.computed.iter() {
        if let Some(family) = fact.family().filter(|family| pack.family(family.as_str()).is_none()) {
            let problem = format!("fact `{id}`: family `{family}` is not in pack.toml; use {}", family_ids(pack));
            out.add_under("facts.toml", &format!("[fact.{id}]"), "family", problem);
        }
    }
    for (id, what) in FACTS.iter().filter(|(id, _)| !pack.facts.contains_key(*id)) {
        out.add("facts.toml", "", format!("fact `{id}` is missing; LUISA needs it, write [fact.{id}]: {what}"));
    }
}

/// A sentence that states an amount which no product has at the moment. It is replaced when it would be said, and stops
/// no start: the price is right, the sentence is old.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StalePrice {
    pub file: &'static str,
    pub id: String,
    /// `money:$1.230.000`
    pub claim: String,
    pub text: String,
}

/// The sentences of a pack, with the staff's edits, that state an amount which no product or fact has.
#[must_use]
pub fn stale_prices(pack: &Pack) -> Vec<StalePrice> {
    let texts = |texts: &[super::template::Template]| -> Vec<String> {
        texts.iter().map(|text| text.fill(&pack.facts, &[])).collect()
    };
    let facts = pack.facts.iter().map(|(id, say)| ("facts.toml", id.clone(), vec![say.clone()]));
    let replies = pack.replies.iter().map(|(id, said)| ("replies.toml", id.to_string(), texts(said)));
    let questions = pack.questions.iter().map(|(id, asked)| ("questions.toml", id.to_string(), texts(&asked.ask)));
    let mut stale = Vec::new();
    for (file, id, said) in facts.chain(replies).chain(questions) {
        for text in said {
            let prices = pack.knowledge.unheld(&text).into_iter().filter(|unheld| unheld.price);
            stale.extend(prices.map(|price| StalePrice {
                file,
                id: id.clone(),
                claim: price.claim,
                text: text.clone(),
            }));
        }
    }
    stale
}

/// What keeps a fact from being said, when the staff have changed it: in Spanish, for whoever typed it.
#[must_use]
pub fn fact_problem(edited: &Pack, id: &str) -> Option<String> {
    let say = edited.fact(id);
    if say.trim().is_empty() {
        return Some("está vacío; escriba lo que LUISA debe decir".to_owned());
    }
    if say.contains(['{', '}']) || say.chars().any(char::is_control) {
        return Some("no puede tener llaves ni saltos de línea".to_owned());
    }
    if id == LIST_LABEL && say.chars().count() > BUTTON_TITLE {
        return Some(format!("es el rótulo de un botón: {BUTTON_TITLE} letras como máximo"));
    }
    if let Some(price) = edited.knowledge.unheld(say).into_iter().find(|unheld| unheld.price) {
        let price = price.claim.trim_start_matches("money:").to_owned();
        return Some(format!("dice {price}, y ningún producto cuesta eso: los precios van en el catálogo"));
    }
    let most = edited.knowledge.rules().max_chars;
    let gap = format!("dato.{id}");
    let says = |text: &&super::template::Template| text.gaps().any(|named| named == gap);
    let texts = edited.replies.values().flatten().chain(edited.questions.values().flat_map(|asked| &asked.ask));
    let long = texts.filter(says).any(|text| text.fill(&edited.facts, &[]).chars().count() > most);
    (most > 0 && long).then(|| format!("es muy largo: una respuesta tiene como máximo {most} letras"))
}

// What a sentence states without a gap, no fact holds: it would be replaced whenever it is said.
fn stated(pack: &Pack, place: (&str, &str), id: &str, texts: &[super::template::Template], out: &mut Faults<'_>) {
    for text in texts {
        let filled = text.fill(&pack.facts, &[]);
        for unheld in pack.knowledge.unheld(&filled).into_iter().filter(|unheld| !unheld.price) {
            let claim = unheld.claim;
            let problem = format!(
                "`{id}` states {claim} in `{filled}`, which no fact or product holds; write it in facts.toml or say less"
            );
            out.add_under(place.0, place.1, place.1, problem);
        }
    }
}

fn replies(pack: &Pack, out: &mut Faults<'_>) {
    let file = "replies.toml";
    for (id, texts) in pack.replies.iter() {
        stated(pack, (file, &format!("{id} ")), id.as_str(), texts, out);
    }
    for (id, given) in REPLIES {
        let Some(texts) = pack.replies.get(&Symbol::new(id)) else {
            out.add(file, "", format!("reply `{id}` is missing; LUISA needs it, write `{id} = [\"…\"]` under [reply]"));
            continue;
        };
        for gap in texts.iter().flat_map(super::template::Template::gaps) {
            gap_fault(pack, (file, &format!("{id} ")), id, gap, given, out);
        }
        if !texts.is_empty() && texts.iter().all(|text| text.gaps().any(|gap| may_be_unknown(pack, gap))) {
            let problem = format!("`{id}`: every wording names a lowest price, which may be unknown; add one without");
            out.add(file, &format!("{id} "), problem);
        }
    }
    for id in pack.replies.keys().filter(|id| !REPLIES.iter().any(|(known, _)| *known == id.as_str())) {
        out.add(file, id.as_str(), format!("reply `{id}` is not one that LUISA uses; correct its name or remove it"));
    }
}

// The lowest price of a family whose products have none.
fn may_be_unknown(pack: &Pack, gap: &str) -> bool {
    let fact = gap.strip_prefix("dato.").and_then(|id| pack.computed.get(id));
    fact.is_some_and(|fact| fact.family().is_some())
}

// `place` is the file and how the line of the text begins there.
fn gap_fault(pack: &Pack, place: (&str, &str), id: &str, gap: &str, given: &[&str], out: &mut Faults<'_>) {
    let known = match gap.strip_prefix("dato.") {
        Some(fact) => pack.facts.contains_key(fact),
        None => given.contains(&gap),
    };
    if !known {
        let offer = if given.is_empty() {
            "facts as {dato.…}".to_owned()
        } else {
            format!("{{{}}}, or facts as {{dato.…}}", given.join("}, {"))
        };
        let problem = format!("`{id}`: nothing is known to fill {{{gap}}}; use {offer}");
        out.add_under(place.0, place.1, gap, problem);
    }
}

fn questions(pack: &Pack, out: &mut Faults<'_>) {
    let file = "questions.toml";
    for (id, given) in QUESTIONS {
        match pack.questions.get(&Symbol::new(id)) {
            None => out.add(file, "", format!("question `{id}` is missing; LUISA needs it, write [question.{id}]")),
            Some(question) => {
                for gap in question.ask.iter().flat_map(super::template::Template::gaps) {
                    gap_fault(pack, (file, &format!("[question.{id}]")), id, gap, given, out);
                }
            }
        }
    }
    for (id, question) in pack.questions.iter() {
        stated(pack, (file, &format!("[question.{id}]")), id.as_str(), &question.ask, out);
        options(pack, id.as_str(), question, out);
    }
}

fn options(pack: &Pack, id: &str, question: &Question, out: &mut Faults<'_>) {
    let (file, heading) = ("questions.toml", format!("[question.{id}]"));
    let limit = if question.options.len() > 3 { ROW_TITLE } else { BUTTON_TITLE };
    for option in &question.options {
        let length = option.title.chars().count();
        if length > limit || length == 0 {
            let title = &option.title;
            let problem =
                format!("question `{id}`: title `{title}` has {length} characters; WhatsApp takes 1 to {limit}");
            out.add_under(file, &heading, title, problem);
        }
        if let Some(problem) = option_fault(pack, option) {
            out.add_under(file, &heading, &option.id, format!("question `{id}`: option id `{}` {problem}", option.id));
        }
    }
    if question.options.len() > 10 {
        let problem = format!("question `{id}` has {} options; WhatsApp takes at most 10", question.options.len());
        out.add(file, &heading, problem);
    }
    if let Some(slot) = question.slot.as_deref().filter(|slot| !is_slot(pack, slot)) {
        let problem = format!("question `{id}`: slot `{slot}` is not known; use {}", slot_ids(pack));
        out.add_under(file, &heading, slot, problem);
    }
}

// What is wrong with what pressing an option does.
fn option_fault(pack: &Pack, option: &QuestionOption) -> Option<String> {
    match option.id.split_once(':') {
        None if matches!(option.id.as_str(), "yes" | "no" | "human") => None,
        Some(("act", act)) if Intent::from_id(act).is_some_and(|intent| is_intent(pack, intent)) => None,
        Some(("act", act)) => {
            Some(format!("does `{act}`, which is no intent of this store; write one that docs/packs.md lists"))
        }
        Some(("human", reason)) if Reason::from_id(reason).is_some() => None,
        Some(("human", reason)) => {
            let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.id()).collect();
            Some(format!("calls a person for `{reason}`, which is no reason; use {}", known.join(", ")))
        }
        Some(("set", rest)) => match rest.split_once('=') {
            Some((slot, value)) if slot == pack.about.family_slot && pack.family(value).is_none() => {
                Some(format!("sets the family `{value}`, which is not in pack.toml; use {}", family_ids(pack)))
            }
            Some((slot, value)) if !value.is_empty() && is_slot(pack, slot) => None,
            Some((slot, _)) => Some(format!("must be set:<slot>=<value>, and not `{slot}`; use {}", slot_ids(pack))),
            None => Some("must be set:<slot>=<value>".to_owned()),
        },
        _ => Some("must begin with set:, act: or human:, or be yes, no or human".to_owned()),
    }
}

fn is_slot(pack: &Pack, slot: &str) -> bool {
    slot == pack.about.family_slot || SLOTS.contains(&slot)
}

fn slot_ids(pack: &Pack) -> String {
    [&[pack.about.family_slot.as_str()], SLOTS].concat().join(", ")
}

// A search is an intent only for a family that the store has.
fn is_intent(pack: &Pack, intent: Intent) -> bool {
    !matches!(intent, Intent::Buscar(family) if pack.family(family.as_str()).is_none())
}

fn rules(pack: &Pack, out: &mut Faults<'_>) {
    let known = |name: &Symbol| {
        let name = name.as_str().strip_prefix("no ").unwrap_or(name.as_str());
        pack.lexicon
            .concepts
            .iter()
            .any(|c| c.as_str() == name || (name.ends_with('=') && c.as_str().starts_with(name)))
    };
    for rule in pack.rules.iter() {
        for concept in rule.all.iter().chain(&rule.any).chain(&rule.none).filter(|c| !known(c)) {
            let problem = format!(
                "rule `{}`: concept `{concept}` is not in lexicon.toml; write it under [concept] or correct it",
                rule.say
            );
            out.add("rules.toml", concept.as_str(), problem);
        }
        if let Some(intent) = rule.intent.filter(|intent| !is_intent(pack, *intent)) {
            let problem = format!("rule `{}`: intent `{intent}` is of no family; use {}", rule.say, family_ids(pack));
            out.add("rules.toml", intent.id().as_str(), problem);
        }
        if rule.intent.is_none() && rule.class.is_none() && rule.handoff.is_none() {
            out.add(
                "rules.toml",
                &rule.say,
                format!("rule `{}` decides nothing; give it a class, an intent or a handoff", rule.say),
            );
        }
    }
}

fn handoffs(pack: &Pack, out: &mut Faults<'_>) {
    for reason in Reason::ALL.iter().filter(|r| pack.handoff_rule(**r).is_none()) {
        out.add("handoff.toml", "", format!("reason `{reason}` is missing; write a [[handoff]] for it"));
    }
    for rule in &pack.handoffs {
        handoff(pack, rule, out);
    }
}

fn handoff(pack: &Pack, rule: &HandoffRule, out: &mut Faults<'_>) {
    let (file, reason) = ("handoff.toml", rule.reason);
    let heading = format!("reason = \"{reason}\"");
    let rest = rule.suggested.replace(NAME_GAP, "");
    if let Some(at) = rest.find(['{', '}']) {
        let gap: String = rest[at..].split_inclusive('}').next().unwrap_or_default().chars().take(24).collect();
        let problem = format!("handoff `{reason}`: nothing is known to fill `{gap}` in suggested; use {NAME_GAP} only");
        out.add_under(file, &heading, &gap, problem);
    }
    for slot in rule.lead.iter().filter(|slot| !is_slot(pack, slot)) {
        let problem = format!("handoff `{reason}`: lead `{slot}` is not a slot; use {}", slot_ids(pack));
        out.add_under(file, &heading, slot, problem);
    }
    for intent in rule.intents.iter().filter(|intent| !is_intent(pack, **intent)) {
        let problem = format!("handoff `{reason}`: intent `{intent}` is of no family; use {}", family_ids(pack));
        out.add_under(file, &heading, intent.id().as_str(), problem);
    }
}

fn products(pack: &Pack, files: &PackFiles, out: &mut Faults<'_>) {
    let file = "catalog.csv";
    for item in &pack.catalog.items {
        let (id, image) = (&item.id, &item.image_id);
        let row = format!("{id},");
        if pack.family(item.family.as_str()).is_none() {
            let known = family_ids(pack);
            let problem = format!("product `{id}`: family `{}` is not in pack.toml; use {known}", item.family);
            out.add_under(file, &row, id, problem);
        }
        for purpose in item.uses.iter().filter(|u| !pack.uses.iter().any(|known| known.id == **u)) {
            let problem = format!("product `{id}`: use `{purpose}` is not in pack.toml; write a [[use]] for it");
            out.add_under(file, &row, id, problem);
        }
        let Some(path) = pack.media.get(image) else {
            let problem = format!("product `{id}`: there is no picture; give it media/{image}.png or .jpg");
            out.add_under(file, &row, id, problem);
            continue;
        };
        let size = files.get(path).map_or(0, Vec::len);
        if size > MAX_IMAGE {
            out.add(path, "", format!("the picture has {size} bytes; keep it under {MAX_IMAGE}"));
        }
    }
}
