//! The reading of one message: rules where they are sure, the model for the rest.
//!
//! Owns how the two are weighed. A customer taken for a private contact is met with silence, the worst error there is,
//! so beside the class there is a verdict: surely the store's, surely personal, or neither.

use std::collections::BTreeMap;

use crate::lexicon::constructions;
use crate::lexicon::matcher::Hit;
use crate::lexicon::nouns::Noun;
use crate::lexicon::tokens::{Normalized, normalize};
use crate::pack::{Pack, Rule};
use crate::symbol::Symbol;
use crate::taxonomy::{Class, HandoffCall, Intent, Reason, Team, Verdict};

use super::features::{Feature, Seen, features};
use super::model::Scores;
use super::noise;
use super::rules;
use super::slots::{Stated, stated};

/// What one message says by itself.
#[derive(Debug, Clone)]
pub struct Reading {
    pub normalized: Normalized,
    pub keys: Vec<String>,
    pub hits: Vec<Hit>,
    pub stated: Stated,
    pub class: Class,
    /// Calibrated, 0–1.
    pub class_score: f32,
    pub intent: Intent,
    pub intent_score: f32,
    pub handoff: Option<HandoffCall>,
    /// Other fixed facts asked in the same message.
    pub also: Vec<Intent>,
    /// What decided, in plain words.
    pub reasons: Vec<String>,
    pub personal_score: f32,
    /// Surely the store's, surely personal, or neither; `class` is the likelier of the two.
    pub verdict: Verdict,
    /// What the phrases of `cues.toml` say; only the conversation reads them.
    pub cues: Vec<Hit>,
    /// Other intents that the model held possible for a business message, likeliest first.
    pub others: Vec<(Intent, f32)>,
}

impl Reading {
    /// Whether a concept is mentioned and not denied.
    #[must_use]
    pub fn says(&self, concept: &str) -> bool {
        self.hits.iter().chain(&self.cues).any(|h| !h.negated && h.concept.as_str() == concept)
    }

    /// The slots of a message read by itself: what a machine is for and how much it works count only where a machine is
    /// wanted, and a message that is not the store's states nothing.
    #[must_use]
    pub fn slots(&self) -> BTreeMap<String, serde_json::Value> {
        if matches!(self.class, Class::NonBusiness | Class::Empty) {
            return BTreeMap::new();
        }
        let mut slots = self.stated.values.clone();
        if !self.intent.wants_machine() {
            slots.retain(|slot, _| !matches!(slot.as_str(), super::slots::USE | super::slots::VOLUME));
        }
        slots
    }

    /// Whether the class is near a coin's toss between personal and business.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        (0.25..0.75).contains(&self.personal_score)
    }
}

/// The parts of a message that every later step looks at.
pub struct Parsed {
    pub normalized: Normalized,
    pub keys: Vec<String>,
    pub hits: Vec<Hit>,
    pub nouns: Vec<Noun>,
    pub stated: Stated,
}

/// Normalises a message and finds what it mentions.
#[must_use]
pub fn parse(pack: &Pack, raw: &str) -> Parsed {
    let normalized = normalize(raw, &pack.lexicon.abbreviations);
    let mut keys = pack.lexicon.matcher.mended_keys(&normalized.words);
    // A noun is no slip of the finger.
    for (key, word) in keys.iter_mut().zip(&normalized.words).filter(|(key, word)| **key != word.key) {
        if pack.nouns.knows(&word.key) {
            key.clone_from(&word.key);
        }
    }
    let mut hits = pack.lexicon.matcher.hits(&normalized.words, &keys);
    let nouns = pack.nouns.find(&keys);
    constructions::add(&pack.lexicon.constructions, &mut hits, &nouns);
    let stated = stated(pack, &normalized, &hits);
    Parsed { normalized, keys, hits, nouns, stated }
}

/// The numbers of a parsed message, as training and inference both see them.
#[must_use]
pub fn numbers(parsed: &Parsed, bits: u32) -> Vec<Feature> {
    let stated = &parsed.stated;
    let mut signs: Vec<&str> = Vec::new();
    let mut sign = |present: bool, name: &'static str| {
        if present {
            signs.push(name);
        }
    };
    sign(!stated.mentions.is_empty(), "model");
    sign(stated.mentions.len() > 1, "models");
    sign(!stated.brands.is_empty(), "brand");
    sign(stated.families.len() == 1, "family");
    sign(stated.families.len() > 1, "families");
    sign(stated.values.contains_key(super::slots::CITY), "place");
    sign(stated.elsewhere, "elsewhere");
    sign(!stated.amounts.is_empty(), "money");
    sign(stated.values.contains_key(super::slots::NAME), "name");
    let item = !stated.mentions.is_empty() || !stated.families.is_empty() || !stated.brands.is_empty();
    sign(item && stated.elsewhere, "product elsewhere");
    sign(!stated.mentions.is_empty() && stated.values.contains_key(super::slots::CITY), "model and place");
    sign(!item && stated.elsewhere, "only elsewhere");
    let seen =
        Seen { n: &parsed.normalized, keys: &parsed.keys, hits: &parsed.hits, nouns: &parsed.nouns, signs: &signs };
    features(&seen, bits)
}

/// From this probability on a message is rather personal than the store's: its class, not yet its verdict.
pub const RATHER: f32 = 0.5;

/// Reads a message by itself.
#[must_use]
pub fn read(pack: &Pack, raw: &str) -> Reading {
    read_at(pack, raw, RATHER)
}

/// Reads a message, personal only when at least `threshold` sure: what the conversation tells moves the line.
#[must_use]
pub fn read_at(pack: &Pack, raw: &str, threshold: f32) -> Reading {
    let parsed = parse(pack, raw);
    let scores = pack.model.as_ref().map(|model| model.linear.score(&numbers(&parsed, model.linear.bits)));
    let Parsed { normalized, keys, hits, stated, nouns: _ } = parsed;
    let mut reading = Reading {
        normalized,
        keys,
        hits,
        stated,
        class: Class::Consult,
        class_score: 0.5,
        intent: Intent::Otro,
        intent_score: 0.5,
        handoff: None,
        also: Vec::new(),
        reasons: Vec::new(),
        personal_score: 0.0,
        verdict: Verdict::Business,
        cues: Vec::new(),
        others: Vec::new(),
    };
    reading.cues = pack.cues.hits(&reading.normalized.words, &reading.keys);
    if let Some(why) = noise::emptiness(&reading.normalized, &reading.hits) {
        reading.set(Class::Empty, 0.99, Intent::Ninguno, 0.99);
        reading.reasons.push(why.to_owned());
        return reading;
    }
    match pack.model.as_ref().zip(scores) {
        Some((model, scores)) => by_model(pack, model, &scores, &mut reading, threshold),
        None => by_rules_alone(pack, &mut reading),
    }
    reading.verdict = pack.about.personal.verdict(reading.personal_score);
    by_sure_rules(pack, &mut reading);
    reading.also = other_facts(pack, &reading);
    reading
}

impl Reading {
    fn set(&mut self, class: Class, class_score: f32, intent: Intent, intent_score: f32) {
        (self.class, self.class_score, self.intent, self.intent_score) = (class, class_score, intent, intent_score);
    }
}

fn by_model(pack: &Pack, model: &Understanding, scores: &Scores, reading: &mut Reading, threshold: f32) {
    let choice = model.choose(scores, threshold);
    reading.personal_score = choice.personal;
    reading.set(choice.class, choice.class_score, choice.intent, choice.intent_score);
    reading.others = choice.others;
    reading.handoff = choice.handoff.and_then(|(reason, team)| pack.handoff_call(reason, Some(team)));
    if matches!(reading.class, Class::Faq | Class::Consult)
        && reading.handoff.is_none_or(|call| call.reason.of_a_sale())
    {
        match sale_reason(reading) {
            Some(reason) => reading.handoff = pack.handoff_call(reason, None),
            None if asks_placelessly(reading) || only_looks_for_parts(reading) => reading.handoff = None,
            None => {}
        }
    }
    reading.reasons.push(format!(
        "model: {} {:.2}, {} {:.2}",
        choice.class, choice.class_score, choice.intent, choice.intent_score
    ));
    let mut mentioned: Vec<&str> = reading.hits.iter().filter(|h| !h.negated).map(|h| h.concept.as_str()).collect();
    mentioned.dedup();
    if !mentioned.is_empty() {
        mentioned.truncate(6);
        reading.reasons.push(format!("mentions: {}", mentioned.join(", ")));
    }
}

// When a sale needs a person is a matter of what is known, not of words: the product, the place, and what is asked.
fn sale_reason(reading: &Reading) -> Option<Reason> {
    let stated = &reading.stated;
    let place = stated.values.contains_key(super::slots::CITY);
    let model = stated.values.contains_key(super::slots::MODEL);
    let product = model || !stated.families.is_empty() || !stated.brands.is_empty() || !stated.mentions.is_empty();
    let delivery = reading.intent == Intent::Envios || reading.says("envio");
    match reading.intent {
        Intent::Comprar | Intent::Cotizacion => Some(Reason::Cierre),
        Intent::Precio | Intent::FormasPago | Intent::Envios if model && place => Some(Reason::Cierre),
        Intent::Disponibilidad if model && place && delivery => Some(Reason::Cierre),
        Intent::Precio | Intent::Envios | Intent::Disponibilidad | Intent::Buscar(_) | Intent::Fotos
            if product && stated.elsewhere && delivery =>
        {
            Some(Reason::Logistica)
        }
        Intent::Asesoria | Intent::Catalogo if product && stated.elsewhere && delivery => Some(Reason::Logistica),
        _ => None,
    }
}

// A price or a means of payment asked without saying from where is answered, not handed over.
fn asks_placelessly(reading: &Reading) -> bool {
    let plain = [Intent::Precio, Intent::FormasPago, Intent::Disponibilidad, Intent::Envios, Intent::Fotos];
    !reading.stated.values.contains_key(super::slots::CITY)
        && (plain.contains(&reading.intent) || matches!(reading.intent, Intent::Buscar(_)))
}

// Parts are sold by talking first: nothing is closed before a price, a payment or a delivery is asked.
fn only_looks_for_parts(reading: &Reading) -> bool {
    let closes = ["comprar", "precio", "pago", "envio"].iter().any(|concept| reading.says(concept));
    reading.intent == Intent::Repuestos && !closes
}

/// A model this sure of class and intent is not overruled.
const STRONGER: f32 = 0.9;

// A pack without a model: the first rule that fires; a store's visitor is a customer unless they speak of private
// matters alone.
fn by_rules_alone(pack: &Pack, reading: &mut Reading) {
    let words = reading.normalized.words.len();
    match rules::first(&pack.rules, &reading.hits, words, |rule| rule.intent.is_some()) {
        Some(rule) => apply(pack, rule, reading),
        None if reading.says("personal") => {
            reading.personal_score = 0.8;
            reading.set(Class::NonBusiness, 0.8, Intent::Ninguno, 0.8);
        }
        None => reading.set(Class::Consult, 0.4, Intent::Otro, 0.4),
    }
    if let Some(rule) = rules::first(&pack.rules, &reading.hits, words, |rule| rule.handoff.is_some()) {
        reading.handoff = rule.handoff.and_then(|reason| pack.handoff_call(reason, rule.team));
    }
}

fn by_sure_rules(pack: &Pack, reading: &mut Reading) {
    let words = reading.normalized.words.len();
    if let Some(rule) = rules::first(&pack.rules, &reading.hits, words, |rule| {
        rule.sure && (rule.intent.is_some() || rule.class.is_some())
    }) {
        let agrees = rule.intent.is_none_or(|intent| intent == reading.intent);
        if !agrees && pack.model.is_some() && reading.class_score.min(reading.intent_score) >= STRONGER {
            reading.reasons.push(format!("the model is surer than the rule: {}", rule.say));
        } else {
            apply(pack, rule, reading);
        }
    }
    if let Some(rule) = rules::first(&pack.rules, &reading.hits, words, |rule| rule.sure && rule.handoff.is_some())
        && reading.class != Class::NonBusiness
    {
        reading.handoff = rule.handoff.and_then(|reason| pack.handoff_call(reason, rule.team));
        reading.reasons.push(format!("rule: {}", rule.say));
    }
    if matches!(reading.class, Class::NonBusiness | Class::Empty) {
        reading.handoff = None;
    }
}

fn apply(pack: &Pack, rule: &Rule, reading: &mut Reading) {
    if let Some(intent) = rule.intent {
        reading.intent = intent;
        reading.class = rule.class.unwrap_or(intent.class());
        reading.handoff =
            pack.reason_of_intent(intent).and_then(|reason| pack.handoff_call(reason, rule.team)).or(reading.handoff);
    } else if let Some(class) = rule.class {
        reading.class = class;
        if matches!(class, Class::Empty | Class::NonBusiness) {
            reading.intent = Intent::Ninguno;
        }
    }
    (reading.class_score, reading.intent_score) = (0.97, 0.97);
    reading.verdict = if reading.class == Class::NonBusiness { Verdict::Personal } else { Verdict::Business };
    reading.reasons.insert(0, format!("rule: {}", rule.say));
}

// Fixed facts asked beside the main matter: only what the rules are sure of.
fn other_facts(pack: &Pack, reading: &Reading) -> Vec<Intent> {
    if matches!(reading.class, Class::Empty | Class::NonBusiness) {
        return Vec::new();
    }
    let words = reading.normalized.words.len();
    let mut found: Vec<Intent> = Vec::new();
    for rule in pack.rules.iter().filter(|r| r.also && rules::fires(r, &reading.hits, words)) {
        if let Some(intent) = rule.intent
            && intent != reading.intent
            && !found.contains(&intent)
        {
            found.push(intent);
        }
    }
    found
}

/// The labels of the three heads and how they hang together, as learnt from the corpus.
#[derive(Debug, Clone)]
pub struct Understanding {
    pub linear: super::model::Model,
    classes: Vec<Class>,
    intents: Vec<Intent>,
    handoffs: Vec<Option<(Reason, Team)>>,
}

/// What the model chooses.
pub struct ModelChoice {
    pub class: Class,
    pub class_score: f32,
    pub intent: Intent,
    pub intent_score: f32,
    pub handoff: Option<(Reason, Team)>,
    pub personal: f32,
    /// Other intents of a business message, likeliest first.
    pub others: Vec<(Intent, f32)>,
}

impl Understanding {
    /// Gives the labels of a trained model their meaning.
    ///
    /// # Errors
    /// When a label is not of the taxonomy.
    pub fn new(linear: super::model::Model) -> Result<Self, String> {
        let unknown = |kind: &str, label: &str| {
            format!("its {kind} `{label}` is not of the taxonomy; train it again with `cargo xtask train`")
        };
        let [class, intent, handoff] = &linear.heads;
        let classes = class
            .labels
            .iter()
            .map(|l| Class::from_id(l).ok_or_else(|| unknown("class", l)))
            .collect::<Result<_, _>>()?;
        let intents = intent
            .labels
            .iter()
            .map(|l| Intent::from_id(l).ok_or_else(|| unknown("intent", l)))
            .collect::<Result<_, _>>()?;
        let handoffs = handoff
            .labels
            .iter()
            .map(|l| handoff_label(l).ok_or_else(|| unknown("handoff", l)))
            .collect::<Result<_, _>>()?;
        Ok(Self { classes, intents, handoffs, linear })
    }

    /// Weighs the heads together: a class with an intent it can have, a handoff that fits the intent.
    #[must_use]
    pub fn choose(&self, scores: &super::model::Scores, personal_threshold: f32) -> ModelChoice {
        // Of each class: how likely it is with any intent, and its likeliest one.
        let mut joint: Vec<(Class, f32, f32, usize)> = Vec::with_capacity(self.classes.len());
        for (class, p_class) in self.classes.iter().zip(&scores.class) {
            let (mut any, mut best) = (0.0, (0.0, 0));
            for (i, (intent, p_intent)) in self.intents.iter().zip(&scores.intent).enumerate() {
                let p = p_class * p_intent * fit(*class, *intent);
                any += p;
                if p > best.0 {
                    best = (p, i);
                }
            }
            joint.push((*class, any, best.0, best.1));
        }
        let total = f32::max(joint.iter().map(|(_, any, ..)| any).sum(), 1e-9);
        let personal = joint.iter().find(|(class, ..)| *class == Class::NonBusiness).map_or(0.0, |c| c.1 / total);
        let (class, any, p, i) = joint
            .into_iter()
            .filter(|(class, ..)| *class != Class::NonBusiness || personal >= personal_threshold)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
            .unwrap_or((Class::Consult, 0.0, 0.0, 0));
        let class_score = any / total;
        let intent = if matches!(class, Class::Empty | Class::NonBusiness) { Intent::Ninguno } else { self.intents[i] };
        let intent_score = p / total / f32::max(class_score, 1e-9);
        let handoff = if matches!(class, Class::Consult | Class::Faq) { self.handoff(scores, class) } else { None };
        let mut others: Vec<(Intent, f32)> = self
            .intents
            .iter()
            .copied()
            .zip(scores.intent.iter().copied())
            .filter(|(i, _)| *i != Intent::Ninguno)
            .collect();
        others.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        others.truncate(OTHERS);
        ModelChoice { class, class_score, intent, intent_score, handoff, personal, others }
    }

    // Every intent has its say, as likely as it is; `none` weighs a little less, since a handoff too many costs less
    // than a customer whom nobody calls.
    fn handoff(&self, scores: &Scores, class: Class) -> Option<(Reason, Team)> {
        let intents: Vec<f32> = self.intents.iter().zip(&scores.intent).map(|(i, p)| p * fit(class, *i)).collect();
        // The teams are told apart first: two reasons of one team must not lose against `none` by being two.
        let mut by_team: BTreeMap<Option<Team>, (f32, f32, usize)> = BTreeMap::new();
        for (h, handoff) in self.handoffs.iter().enumerate() {
            let reason = handoff.map(|(reason, _)| reason);
            let fitting: f32 = self.intents.iter().zip(&intents).map(|(i, p)| p * handoff_fit(*i, reason)).sum();
            let weight = scores.handoff[h] * fitting * if reason.is_none() { NONE_WEIGHT } else { 1.0 };
            let (all, most, best) = by_team.entry(handoff.map(|(_, team)| team)).or_insert((0.0, weight, h));
            *all += weight;
            if weight > *most {
                (*most, *best) = (weight, h);
            }
        }
        let best = by_team.values().max_by(|a, b| a.0.total_cmp(&b.0))?;
        self.handoffs[best.2]
    }
}

/// How many intents are kept beside the chosen one.
const OTHERS: usize = 4;

/// What `none` counts against a handoff.
const NONE_WEIGHT: f32 = 0.35;

/// `reparacion@tecnica`, or `none`.
#[must_use]
pub fn handoff_label(label: &str) -> Option<Option<(Reason, Team)>> {
    if label == "none" {
        return Some(None);
    }
    let (reason, team) = label.split_once('@')?;
    Some(Some((Reason::from_id(reason)?, Team::from_id(team)?)))
}

// How far an intent can be of a class. A consultation may ask a fixed fact first; silence has no intent.
fn fit(class: Class, intent: Intent) -> f32 {
    match (class, intent) {
        (Class::Empty | Class::NonBusiness, Intent::Ninguno) => 1.0,
        (Class::Empty | Class::NonBusiness, _) | (_, Intent::Ninguno) => 0.02,
        (class, intent) if intent.class() == class => 1.0,
        (Class::Consult, _) => 0.2,
        _ => 0.03,
    }
}

// How far a handoff fits an intent: each service intent has its own, and plain questions have none.
fn handoff_fit(intent: Intent, reason: Option<Reason>) -> f32 {
    let own = match intent {
        Intent::Reclamo => &[Reason::Reclamo, Reason::Urgente][..],
        Intent::HablarConHumano => &[Reason::PideHumano, Reason::Urgente, Reason::ProyectoNegocio],
        Intent::Reparacion => &[Reason::Reparacion, Reason::Urgente],
        Intent::Instalacion | Intent::Capacitacion | Intent::Visita => {
            &[Reason::ServicioDiferencial, Reason::ProyectoNegocio, Reason::Urgente]
        }
        Intent::EstadoPedido => &[Reason::EstadoPedido, Reason::Urgente],
        Intent::ParteDePago => &[Reason::ParteDePago],
        Intent::Proveedor => &[Reason::Proveedor],
        Intent::Comprar | Intent::Cotizacion => &[Reason::Cierre, Reason::ProyectoNegocio, Reason::Reparacion],
        Intent::Buscar(_) | Intent::Asesoria | Intent::Precio | Intent::Disponibilidad | Intent::Fotos => {
            return match reason {
                None => 1.0,
                Some(reason) if of_another_intent(reason) => 0.6,
                Some(_) => 0.9,
            };
        }
        _ => return if reason.is_none() { 1.0 } else { 0.9 },
    };
    match reason {
        Some(reason) if own.contains(&reason) => 1.0,
        Some(_) => 0.3,
        None => 0.1,
    }
}

// Reasons that come with an intent of their own: who looks for a machine to learn on asks for no course.
fn of_another_intent(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ServicioDiferencial
            | Reason::Reparacion
            | Reason::EstadoPedido
            | Reason::ParteDePago
            | Reason::Proveedor
            | Reason::Reclamo
    )
}

/// The slot families a symbol may stand for in rules.
#[must_use]
pub fn slot_concept(slot: &str, value: &str) -> Symbol {
    Symbol::new(&format!("{slot}={value}"))
}
