//! Message classification and intent analysis, within the conversation.
//!
//! Owns what the conversation adds to the reading of a single message: a pending question turns `ok` into an answer, a
//! chat under way or a known private contact moves the line of what is personal. Silence is decided from here only.

use crate::answers::heard;
use crate::options::Press;
use crate::outcome::CachedAnswer;
use crate::pack::Pack;
use crate::taxonomy::{self, Class, Intent, Reason};
use crate::turn::{Body, Inbound};
use crate::understanding::reading::read_at;
use crate::understanding::slots::{USE, VOLUME};
use crate::understanding::{Reading, read};

use super::aside;
use super::burst;
use super::lean;
use super::pending::{Answered, answer};
use super::rate::Rate;
use super::scene::{CacheUse, Scene, Verdict};
use super::verdict;
use super::wish;

/// A classified message.
pub struct Classified<'a> {
    pub inbound: &'a Inbound,
    pub reading: Reading,
    pub class: Class,
    pub class_score: f32,
    pub answered: Option<Answered>,
    pub limited: bool,
    /// Part of a longer utterance of the same burst, which speaks for it.
    pub fragment: bool,
    /// Neither surely personal nor surely the store's, and nothing else tells.
    pub doubtful: bool,
    pub verdict: taxonomy::Verdict,
    pub path: Vec<String>,
}

/// A message with its intent.
pub struct Intended<'a> {
    pub classified: Classified<'a>,
    pub intent: Intent,
    pub intent_score: f32,
    pub cache: CacheUse,
}

/// The class of one message.
#[must_use]
pub fn classify<'a>(scene: &Scene<'_>, inbound: &'a Inbound, rate: Rate, press: Option<Press>) -> Classified<'a> {
    let pack = scene.pack;
    let limited = rate == Rate::Over;
    let mut path = vec![if limited { "rate_limited" } else { "rate_ok" }.to_owned()];
    let threshold = aside::threshold(scene);
    let text = inbound.body.text();
    let (utterance, fragment) = burst::utterance(scene.turn.messages, inbound);
    let mut reading = if text.is_empty() { read(pack, text) } else { read_at(pack, &utterance, threshold) };
    // Parts and the price of a machine are two matters.
    if reading.intent == Intent::Repuestos && reading.says("precio") && !reading.stated.families.is_empty() {
        reading.also.push(Intent::Precio);
    }
    let after_all = aside::business_after_all(scene, &reading);
    if let Some(why) = after_all {
        reading = read_at(pack, &utterance, aside::NEVER);
        reading.reasons.insert(0, why.to_owned());
    }
    let pending = scene.memory.pending.as_ref().filter(|_| !scene.in_shadow());
    let mut answered = pending.and_then(|p| answer(pack, p, &reading));
    let (mut class, mut class_score) = (reading.class, reading.class_score);
    if answered.is_some() {
        (class, class_score) = (Class::Consult, 0.95);
        reading.reasons.insert(0, "it answers the pending question".to_owned());
    }
    if answered.is_none() && gives_lead(scene, &reading) {
        (class, class_score) = (Class::Consult, 0.8);
        reading.reasons.insert(0, "it gives the data that the team asked for".to_owned());
    }
    if matches!(class, Class::Empty | Class::NonBusiness) && lean::on_sale(scene, &reading) {
        (class, class_score) = (Class::Consult, 0.7);
        reading.reasons.insert(0, "it leans on the sale under way".to_owned());
    }
    if class == Class::Empty && answered.is_none() && !reading.stated.brands.is_empty() {
        (class, class_score) = (Class::Consult, 0.8);
        reading.reasons.insert(0, "it names a brand".to_owned());
    }
    if matches!(class, Class::Empty | Class::NonBusiness) && answered.is_none() && leans_on_topic(scene, &reading) {
        (class, class_score) = (Class::Consult, 0.7);
        reading.reasons.insert(0, "it asks a topic of the store in a chat under way".to_owned());
    }
    if matches!(class, Class::Empty | Class::NonBusiness) && (reading.says("robot") || reading.says("inyeccion")) {
        (class, class_score) = (Class::Consult, 0.8);
        reading.reasons.insert(0, "it speaks to the assistant".to_owned());
    }
    if let Some(press) = press {
        (class, class_score) = (Class::Consult, 1.0);
        let id = if let Body::Choice { id, .. } = &inbound.body { id } else { "" };
        reading.reasons = vec![format!("pressed `{id}`")];
        answered = Some(match press {
            Press::Yes => Answered::Yes,
            Press::No => Answered::No,
            option => Answered::Option(option),
        });
    }
    if wish::of(&reading).is_some() {
        (class, class_score) = (Class::Consult, 1.0);
        answered = None;
        reading.reasons.insert(0, "it asks to be left alone".to_owned());
    }
    match &inbound.body {
        Body::Text { .. } => {}
        // What was pressed is settled above; a button of somebody else's is its words.
        Body::Choice { .. } => {}
        // A picture, a place or a file without words is for the store until the contrary is plain.
        Body::Media { .. } if !text.is_empty() => {}
        Body::Media { media, .. } => {
            let sticker = *media == crate::turn::MediaKind::Sticker;
            (class, class_score) = if sticker { (Class::Empty, 0.9) } else { (Class::Consult, 0.6) };
            reading.reasons = vec![format!("{media:?} without words").to_lowercase()];
        }
        Body::Location { .. } | Body::Contact | Body::Unsupported | Body::Order { .. } | Body::Call { .. } => {
            (class, class_score) = (Class::Consult, 0.8);
            reading.reasons = vec!["not a text".to_owned()];
        }
        // Only the store's own forms can be answered.
        Body::Form { .. } => {
            (class, class_score) = (Class::Consult, 1.0);
            reading.reasons.insert(0, "the answers of a form".to_owned());
        }
        Body::Welcome => {
            (class, class_score) = (Class::Faq, 1.0);
            reading.reasons = vec!["the chat was opened".to_owned()];
        }
        Body::Reaction { .. } => {
            (class, class_score) = (Class::Empty, 1.0);
            reading.reasons = vec!["a reaction".to_owned()];
        }
    }
    let worded = matches!(inbound.body, Body::Text { .. } | Body::Media { caption: Some(_), .. });
    let told = !worded || after_all.is_some() || class != reading.class || answered.is_some();
    let mut verdict = if told { of_class(class) } else { reading.verdict };
    if !told && let Some((settled, why)) = verdict::settled_by(scene, inbound, &reading) {
        verdict = settled;
        reading = reread(pack, &utterance, settled, reading);
        reading.reasons.insert(0, why.to_owned());
        (class, class_score) = (reading.class, reading.class_score);
    }
    let doubtful = verdict == taxonomy::Verdict::Unsure && is_doubtful(inbound, &reading);
    if doubtful && let Some(heard) = scene.verdict {
        reading = settled(pack, &utterance, heard, reading);
        verdict = if heard == Verdict::AsRules { verdict } else { of_class(reading.class) };
        (class, class_score) = (reading.class, reading.class_score);
    }
    path.push(format!("class:{}", class.id().to_lowercase()));
    if fragment {
        path.push("fragment".to_owned());
    }
    Classified { inbound, reading, class, class_score, answered, limited, fragment, doubtful, verdict, path }
}

// A text that says something, and the classifier cannot tell to whom.
fn is_doubtful(inbound: &Inbound, reading: &Reading) -> bool {
    matches!(inbound.body, Body::Text { .. }) && reading.class != Class::Empty
}

// What else than the words decided decides for sure.
fn of_class(class: Class) -> taxonomy::Verdict {
    if class == Class::NonBusiness { taxonomy::Verdict::Personal } else { taxonomy::Verdict::Business }
}

// The reading that goes with a verdict; what says nothing stays so.
fn reread(pack: &Pack, utterance: &str, verdict: taxonomy::Verdict, reading: Reading) -> Reading {
    match (verdict, reading.class) {
        (taxonomy::Verdict::Business, Class::NonBusiness) => read_at(pack, utterance, aside::NEVER),
        (taxonomy::Verdict::Personal, Class::Faq | Class::Consult) => read_at(pack, utterance, 0.0),
        _ => reading,
    }
}

// The reading of a doubtful message once somebody was asked.
fn settled(pack: &Pack, utterance: &str, verdict: Verdict, reading: Reading) -> Reading {
    match verdict {
        Verdict::AsRules => reading,
        Verdict::Business => {
            let mut reading = read_at(pack, utterance, aside::NEVER);
            reading.reasons.insert(0, "doubtful, and not found to be personal".to_owned());
            reading
        }
        Verdict::Personal => {
            let mut reading = read_at(pack, utterance, 0.0);
            reading.reasons.insert(0, "doubtful, and a model finds it personal".to_owned());
            reading
        }
    }
}

// `¿y viene con instrucciones?`, asked where machines are spoken of.
fn leans_on_topic(scene: &Scene<'_>, reading: &Reading) -> bool {
    let under_way = scene.memory.turns > 0
        && (scene.memory.goal.is_some()
            || !scene.memory.focus.is_empty()
            || scene.memory.topic.is_some()
            || scene.in_shadow());
    // `y cuál sí hace`, right after something was asked.
    let leans = scene.memory.topic.is_some()
        && (lean::points(reading) || reading.says("cual"))
        && reading.normalized.words.len() <= 7;
    if under_way && leans && reading.personal_score < 0.9 {
        return true;
    }
    let private = scene.pack.lexicon.private.iter().filter(|c| reading.says(c.as_str())).count();
    under_way && private <= 2 && reading.normalized.words.len() <= 30 && heard::asks_topic(scene.pack, reading)
}

// After `¿me regala su nombre?` a short message that says little else is the name.
fn gives_lead(scene: &Scene<'_>, reading: &Reading) -> bool {
    let asked = scene.memory.handoff.as_ref().is_some_and(|memo| memo.lead_asked);
    let words = reading.normalized.words.len();
    let unknown = !scene.memory.slots.contains_key(crate::understanding::slots::NAME);
    let blank = matches!(reading.class, Class::Empty | Class::NonBusiness);
    let small = reading.says("acuse") || reading.says("gracias") || reading.says("si");
    let letters = reading.normalized.signals.letters > 2;
    let laughs = reading.reasons.first().is_some_and(|r| r == "laughter");
    asked && unknown && blank && (1..=8).contains(&words) && !small && letters && !laughs
}

/// The intent of a classified message; the cache's when it had the answer.
#[must_use]
pub fn intent<'a>(
    scene: &Scene<'_>,
    mut classified: Classified<'a>,
    cached: (CacheUse, Option<CachedAnswer>),
) -> Intended<'a> {
    let (cache, kept) = cached;
    let step = match &cache {
        CacheUse::Skipped => "cache_skip",
        CacheUse::Miss(_) => "cache_miss",
        CacheUse::Hit => "cache_hit",
    };
    classified.path.push(step.to_owned());
    let (intent, intent_score) = match (kept, classified.answered.clone()) {
        (Some(kept), _) => (kept.intent, kept.intent_score),
        (None, Some(answered)) => (meaning(scene, &answered, &classified.reading), 0.95),
        (None, None) => match lean::follow_up(scene, &classified) {
            Some((intent, score)) => {
                // The model's call was for another reading of the words; danger and threats stand.
                let grave = ["peligro", "legal", "falla"].iter().any(|concept| classified.reading.says(concept));
                let coming = intent.class() == Class::Faq && !grave;
                classified.reading.handoff =
                    classified.reading.handoff.filter(|call| call.reason == Reason::Urgente && !coming);
                (intent, score)
            }
            None => plain(scene, &mut classified),
        },
    };
    classified.path.push(format!("intent:{intent}"));
    Intended { classified, intent, intent_score, cache }
}

fn plain(scene: &Scene<'_>, classified: &mut Classified<'_>) -> (Intent, f32) {
    let store = matches!(classified.class, Class::Faq | Class::Consult);
    if store && wish::of(&classified.reading).is_none() && lean::unsupported(scene, &classified.reading) {
        let own = scene.pack.reason_of_intent(classified.reading.intent).is_some();
        classified.reading.handoff = None;
        classified.reading.reasons.insert(0, "no word supports calling a person".to_owned());
        if own {
            return (lean::otherwise(scene, &classified.reading), 0.5);
        }
    }
    let reading = &classified.reading;
    let body = &classified.inbound.body;
    let wordless = matches!(body, Body::Media { .. }) && body.text().is_empty();
    match (&classified.inbound.body, classified.class) {
        (_, Class::Empty | Class::NonBusiness) => (Intent::Ninguno, reading.intent_score),
        _ if wish::of(reading).is_some() => (Intent::HablarConHumano, 1.0),
        (Body::Order { .. }, _) => (Intent::Comprar, 1.0),
        (Body::Welcome, _) => (Intent::Saludo, 1.0),
        (Body::Form { .. }, _) => (form_matter(scene, reading), 0.9),
        (Body::Location { .. } | Body::Contact | Body::Unsupported | Body::Call { .. }, _) => (Intent::Otro, 0.6),
        _ if wordless => (Intent::Otro, 0.6),
        // The store's, whatever the model made of it.
        _ if reading.intent == Intent::Ninguno => (lean::otherwise(scene, reading), 0.5),
        _ => (named_matter(scene, reading), reading.intent_score),
    }
}

// What a form is about: a machine that was chosen, what one is wanted for, or a matter for a person.
fn form_matter(scene: &Scene<'_>, reading: &Reading) -> Intent {
    let stated = &reading.stated;
    let family = stated.values.get(&scene.pack.about.family_slot).and_then(|v| scene.pack.family_id(v.as_str()?));
    match (reading.intent, family) {
        (Intent::Reparacion | Intent::Repuestos | Intent::Instalacion | Intent::Visita | Intent::Capacitacion, _) => {
            reading.intent
        }
        _ if !stated.mentions.is_empty() => Intent::Disponibilidad,
        (_, Some(family)) => Intent::Buscar(family),
        _ if [USE, VOLUME].iter().any(|slot| stated.values.contains_key(*slot)) => Intent::Asesoria,
        _ => Intent::HablarConHumano,
    }
}

// A price asked of a product or a family is a price, however the sentence begins; a brand that the store has, asked for
// by name, is that product.
fn named_matter(scene: &Scene<'_>, reading: &Reading) -> Intent {
    let stated = &reading.stated;
    let thing = !stated.families.is_empty() || !stated.mentions.is_empty() || !stated.brands.is_empty();
    let only = |brand: &String| scene.pack.catalog.active().filter(|item| item.brand == *brand).count() == 1;
    match reading.intent {
        Intent::Buscar(_) | Intent::Disponibilidad if thing && reading.also.contains(&Intent::Precio) => Intent::Precio,
        Intent::Catalogo if stated.brands.len() == 1 && stated.families.is_empty() && only(&stated.brands[0]) => {
            Intent::Disponibilidad
        }
        Intent::Catalogo if scene.pack.cues.absent(&reading.cues).is_some() => Intent::Disponibilidad,
        // `agujas para una industrial` asks for the needles.
        Intent::Buscar(_) if part_of(scene, reading) => Intent::Repuestos,
        // No family was named, and the model only guesses one.
        Intent::Buscar(_) if stated.families.is_empty() && reading.intent_score < GUESS => Intent::Asesoria,
        intent => intent,
    }
}

// A part is named first, and the machine after `para`.
fn part_of(scene: &Scene<'_>, reading: &Reading) -> bool {
    let family = format!("{}=", scene.pack.about.family_slot);
    let first = |wanted: &dyn Fn(&str) -> bool| {
        reading.hits.iter().filter(|h| wanted(h.concept.as_str())).map(|h| h.start).min()
    };
    let part = first(&|concept| concept == "repuesto");
    let machine = first(&|concept| concept.starts_with(&family));
    let between = part.zip(machine).filter(|(part, machine)| part < machine);
    between.is_some_and(|(part, machine)| reading.normalized.words[part..machine].iter().any(|w| w.text == "para"))
}

/// Below this a family that nobody named is a guess.
const GUESS: f32 = 0.8;

// What an answer wants: the option's own act, else the matter under way goes on.
fn meaning(scene: &Scene<'_>, answered: &Answered, reading: &Reading) -> Intent {
    let goal = || scene.memory.goal.unwrap_or(Intent::Asesoria);
    match answered {
        Answered::Yes => Intent::Confirmar,
        Answered::No => Intent::Negar,
        Answered::Unsure => goal(),
        Answered::Slot => {
            // What it is for, or how much, goes on with the choice, whatever was asked in between.
            let chooses = [USE, VOLUME].iter().any(|slot| reading.stated.values.contains_key(*slot));
            let choosing = matches!(scene.memory.goal, Some(Intent::Buscar(_) | Intent::Asesoria));
            if chooses && !choosing && scene.memory.goal != Some(Intent::Repuestos) {
                let family = scene.family().and_then(|f| scene.pack.family_id(&f));
                return family.map_or(Intent::Asesoria, Intent::Buscar);
            }
            family_search(scene, reading.stated.values.get(&scene.pack.about.family_slot).and_then(|v| v.as_str()))
                .unwrap_or_else(goal)
        }
        Answered::Option(press) => match press {
            Press::Act(intent) => *intent,
            Press::Human(_) | Press::Yes => Intent::Confirmar,
            Press::No => Intent::Negar,
            Press::Set { slot, value } if *slot == scene.pack.about.family_slot => {
                family_search(scene, Some(value)).unwrap_or_else(goal)
            }
            Press::Set { .. } | Press::Item(_) => goal(),
        },
    }
}

fn family_search(scene: &Scene<'_>, family: Option<&str>) -> Option<Intent> {
    let family = scene.pack.family_id(family?)?;
    // A family given for a price question is still a price question.
    match scene.memory.goal {
        Some(Intent::Buscar(_) | Intent::Asesoria | Intent::Catalogo) | None => Some(Intent::Buscar(family)),
        Some(_) => None,
    }
}
