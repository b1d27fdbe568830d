//! The scene: a turn while it is being decided.
//!
//! Owns the growing memory, the views of the turn's messages, and the making of the outcome from them. What each stage
//! found stays in the view, so that the trace is what was decided and not a second account of it.

use jiff::{Timestamp, ToSpan};

use crate::catalog::Item;
use crate::memory::{Memory, Stage};
use crate::outcome::{Answer, CachedAnswer, Desk, MessageTrace, Outcome, Shift};
use crate::pack::Pack;
use crate::taxonomy::{self, Class, HandoffCall, Intent, Mode, Reason};
use crate::turn::{Body, Content, Inbound, Turn};
use crate::understanding::{Reading, read};
use crate::verbatim::Verbatim;

use crate::answers::heard::Ask;
use crate::answers::say::Ledger;

use super::desk;
use super::draft::text_of;
use super::hours;
use super::pending::Answered;
use super::verdict;
use super::wish;

/// A turn in the making.
pub struct Scene<'a> {
    pub pack: &'a Pack,
    pub turn: &'a Turn<'a>,
    pub memory: Memory,
    /// Who led when the turn began.
    pub mode: Mode,
    pub shift: Shift,
    pub views: Vec<View<'a>>,
    pub desk: Desk,
    /// What was asked, and what became of it.
    pub ledger: Ledger,
    /// What was found out about its doubtful messages, once it was asked.
    pub verdict: Option<Verdict>,
    /// Steps of the turn as a whole, after those of each message.
    pub path: Vec<String>,
}

/// One message, as far as it is understood.
pub struct View<'a> {
    pub inbound: &'a Inbound,
    pub reading: Reading,
    pub class: Class,
    pub class_score: f32,
    pub intent: Intent,
    pub intent_score: f32,
    /// It answers the pending question.
    pub answered: Option<Answered>,
    /// Catalog positions of the products it is about, in order.
    pub products: Vec<usize>,
    /// It names a brand or family that several products share, and none of them.
    pub ambiguous: bool,
    /// It gave data that the team needs.
    pub gave_lead: bool,
    pub call: Option<HandoffCall>,
    /// What it asks, in order.
    pub asks: Vec<Ask>,
    pub cache: CacheUse,
    pub limited: bool,
    /// A later message of the burst speaks for it.
    pub fragment: bool,
    /// Neither surely personal nor surely the store's.
    pub doubtful: bool,
    pub verdict: taxonomy::Verdict,
    pub path: Vec<String>,
}

/// What a model's word on doubtful messages comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No model in play: the rules' class stands.
    AsRules,
    Business,
    Personal,
}

/// What the FAQ cache did for a message.
#[derive(Debug, Clone, PartialEq)]
pub enum CacheUse {
    /// Not a question that may be cached.
    Skipped,
    Miss(String),
    Hit,
}

impl<'a> Scene<'a> {
    /// Takes up the conversation; a person's time that has passed is over.
    #[must_use]
    pub fn open(pack: &'a Pack, turn: &'a Turn<'a>) -> Self {
        let expired = turn.mode == Mode::HumanActive && turn.human_until.is_some_and(|until| until <= turn.now);
        let mode = if expired { Mode::AiActive } else { turn.mode };
        let mut memory = turn.memory.clone();
        if mode == Mode::AiActive && memory.handoff.is_some() {
            // The person is done: what they were called for is history.
            memory.handoff = None;
            memory.courtesies = 0;
        }
        let shift = if expired { Shift::BackToAi } else { Shift::None };
        Self {
            pack,
            turn,
            memory,
            mode,
            shift,
            views: Vec::new(),
            desk: Desk::Nothing,
            ledger: Ledger::default(),
            verdict: None,
            path: Vec::new(),
        }
    }

    /// Whether a person leads the chat in this turn.
    #[must_use]
    pub fn in_shadow(&self) -> bool {
        self.mode == Mode::HumanActive
    }

    /// Messages that are about the store.
    pub fn business(&self) -> impl Iterator<Item = &View<'a>> {
        let of_store = |v: &&View<'a>| !v.limited && !v.fragment && matches!(v.class, Class::Faq | Class::Consult);
        let waits = self.waits();
        self.views.iter().filter(move |v| !waits && of_store(v))
    }

    /// Whether nothing of the turn settles that it is for the store.
    #[must_use]
    pub fn waits(&self) -> bool {
        verdict::of_turn(&self.views).is_some_and(|of_turn| verdict::waits(self, of_turn))
    }

    /// What is asked, in the order of asking, each once; courtesies only when nothing else is.
    #[must_use]
    pub fn matters(&self) -> Vec<Intent> {
        let mut found: Vec<Intent> = Vec::new();
        for view in self.business() {
            let mut asked: Vec<Intent> =
                std::iter::once(view.intent).chain(view.reading.also.iter().copied()).collect();
            // What the message asks is answered ask by ask; its kind answers nothing any more.
            if !view.asks.is_empty() {
                asked.retain(|intent| match intent {
                    Intent::Buscar(_) | Intent::Asesoria => tells(view),
                    Intent::Confirmar | Intent::Negar | Intent::Repuestos => true,
                    _ => false,
                });
            }
            // What was asked first is answered first; what no word places stays where the reading put it.
            asked.sort_by_key(|intent| asked_at(&view.reading, *intent));
            for intent in asked {
                if !found.contains(&intent) {
                    found.push(intent);
                }
            }
        }
        // `¿la reciben en parte de pago?` does not ask how to pay.
        if found.contains(&Intent::ParteDePago) && !self.says("credito") {
            found.retain(|i| *i != Intent::FormasPago);
        }
        // Nor does who waits for a visit, a repair or their order ask about deliveries.
        let served = self.call().is_some_and(|call| !call.reason.of_a_sale() && call.reason != Reason::PideHumano);
        if served && found.len() > 1 {
            found.retain(|i| *i != Intent::Envios);
        }
        if found.iter().any(|i| !i.is_courtesy()) {
            found.retain(|i| !i.is_courtesy());
        }
        found
    }

    /// The most pressing call for a person in this turn.
    #[must_use]
    pub fn call(&self) -> Option<HandoffCall> {
        self.views.iter().filter_map(|v| v.call).min_by_key(|call| call.reason)
    }

    /// The product under discussion: named in this turn, else the one spoken of last.
    #[must_use]
    pub fn product(&self) -> Option<&'a Item> {
        let named = self.views.iter().rev().find_map(|v| v.products.first().copied());
        match named {
            Some(at) => self.pack.catalog.items.get(at),
            None => self.memory.focus.first().and_then(|id| self.pack.catalog.item(id)),
        }
    }

    /// The family under discussion: said, else that of the product.
    #[must_use]
    pub fn family(&self) -> Option<String> {
        self.memory.slot(&self.pack.about.family_slot).or_else(|| self.product().map(|item| item.family.to_string()))
    }

    /// Whether any message of the turn mentions a concept.
    #[must_use]
    pub fn says(&self, concept: &str) -> bool {
        self.business().any(|v| v.reading.says(concept))
    }

    /// The outcome of a turn that is put off until service opens.
    #[must_use]
    pub fn closed(mut self, later: Answer) -> Outcome {
        if matches!(later, Answer::Later { .. }) {
            self.memory.told_closed_until = hours::opening(&self);
        }
        Outcome {
            memory: self.memory,
            mode: self.mode,
            human_until: self.turn.human_until,
            shift: self.shift,
            answer: later,
            handoff: None,
            desk: Desk::Nothing,
            wish: None,
            traces: Vec::new(),
            forget: Vec::new(),
            asked: Vec::new(),
            queries: Vec::new(),
            asks_team: None,
            cacheable: None,
            cache_hit: false,
        }
    }

    /// Settles the turn: the team's desk, the mode, the traces.
    #[must_use]
    pub fn close(mut self, answer: Answer) -> Outcome {
        let call = self.call();
        let opened = matches!(self.desk, Desk::Open(_) | Desk::Raise(_));
        let ttl = self.turn.policy.human_ttl_hours.hours();
        let until = self.turn.now.checked_add(ttl).unwrap_or(Timestamp::MAX);
        let (mode, human_until) = match (opened, self.mode) {
            (true, _) => (Mode::HumanActive, Some(until)),
            (false, Mode::HumanActive) => (Mode::HumanActive, self.turn.human_until),
            (false, Mode::AiActive) => (Mode::AiActive, None),
        };
        if opened && self.mode == Mode::AiActive {
            self.shift = Shift::ToHuman;
            self.memory.stage = Stage::HandedOver;
        }
        if matches!(answer, Answer::Say(_)) {
            self.memory.turns += 1;
            self.memory.last_turn_at = Some(self.turn.now);
            self.memory.told_closed_until = None;
        }
        match verdict::of_turn(&self.views) {
            Some(taxonomy::Verdict::Unsure) | None => {}
            settled if self.views.iter().any(|v| v.class != Class::Empty) => self.memory.settled = settled,
            Some(_) => {}
        }
        let last_step = match &answer {
            Answer::Say(_) => "sent",
            Answer::Silence(why) => why.step(),
            Answer::Later { .. } => "later",
        };
        let whole: Vec<String> = self.path.iter().cloned().chain(std::iter::once(last_step.to_owned())).collect();
        let traces = self.views.iter().map(|view| self.trace(view, &whole)).collect();
        let forget = self.views.iter().filter(|v| self.is_private(v)).map(|v| v.inbound.message_id.clone()).collect();
        let cacheable = self.cacheable(&answer);
        let memory = &self.memory;
        self.ledger.queries.retain(|query| matches!(answer, Answer::Say(_)) && !memory.put.contains(&query.key()));
        let asks_team = desk::question(&self);
        self.memory.put.extend(self.ledger.queries.iter().map(crate::outcome::Query::key));
        Outcome {
            mode,
            human_until,
            shift: self.shift,
            handoff: call,
            wish: wish::of_turn(&self),
            traces,
            forget,
            asked: self.ledger.entries,
            queries: self.ledger.queries,
            asks_team,
            cacheable,
            cache_hit: self.views.iter().any(|v| v.cache == CacheUse::Hit),
            memory: self.memory,
            desk: self.desk,
            answer,
        }
    }

    // A message that somebody should look at keeps its words.
    fn is_private(&self, view: &View<'_>) -> bool {
        view.class == Class::NonBusiness && !verdict::waits(self, view.verdict)
    }

    // Only a question that stood alone and was answered whole is kept.
    fn cacheable(&self, answer: &Answer) -> Option<(String, CachedAnswer)> {
        let [view] = self.views.as_slice() else { return None };
        let CacheUse::Miss(key) = &view.cache else { return None };
        // What everybody will be answered depends on the words alone, and not on this chat.
        let alone = read(self.pack, view.inbound.body.text());
        let as_read = alone.class == view.class && alone.intent == view.intent && alone.normalized.text == *key;
        (as_read && matches!(answer, Answer::Say(_))).then(|| {
            let kept = CachedAnswer {
                class: view.class,
                score: view.class_score,
                intent: view.intent,
                intent_score: view.intent_score,
            };
            (key.clone(), kept)
        })
    }

    fn trace(&self, view: &View<'_>, whole: &[String]) -> MessageTrace {
        MessageTrace {
            message_id: view.inbound.message_id.clone(),
            raw_text: view.inbound.body.text().to_owned(),
            normalized_text: view.reading.normalized.text.clone(),
            class: view.class,
            class_score: view.class_score,
            verdict: view.verdict,
            reasons: view.reading.reasons.clone(),
            classifier_version: self.pack.classifier_version.clone(),
            intent: view.intent,
            intent_score: view.intent_score,
            slots: self.memory.slot_values(),
            handoff: view.call,
            path: view.path.iter().chain(whole).cloned().collect(),
        }
    }

    /// Calls the team's desk for this turn; see `desk`.
    pub fn settle_desk(&mut self) {
        self.desk = desk::settle(self);
    }

    /// The customer's words of the turn, for summaries.
    #[must_use]
    pub fn last_words(&self) -> String {
        // What a machine wrote down of speech is marked: it may be wrong.
        let said = |body: &Body| match body {
            Body::Media { content: Content::Speech { text }, .. } => {
                text_of(self, "dicho_en_audio", &[("valor", text)])
            }
            body => body.text().to_owned(),
        };
        let mut words: Vec<String> =
            self.turn.messages.iter().map(|m| said(&m.body)).filter(|t| !t.is_empty()).collect();
        if words.is_empty() && self.turn.messages.iter().any(|m| matches!(m.body, Body::Media { .. })) {
            words.push("(archivo)".to_owned());
        }
        Verbatim::said(&words.join(" / ")).to_string()
    }
}

/// Whether an intent only asks for information.
#[must_use]
pub fn informs(intent: Intent) -> bool {
    crate::stages::reply::fixed_fact(intent)
        || matches!(
            intent,
            Intent::Precio
                | Intent::Disponibilidad
                | Intent::Fotos
                | Intent::Especificaciones
                | Intent::Instalacion
                | Intent::Capacitacion
                | Intent::Otro
        )
}

// What a machine is for or what can be spent: enough to go on choosing beside the answer.
fn tells(view: &View<'_>) -> bool {
    use crate::understanding::slots::{BUDGET, USE, VOLUME};
    [USE, VOLUME, BUDGET].iter().any(|slot| view.reading.stated.values.contains_key(*slot))
        && view.asks.iter().all(|ask| ask.materials.is_empty())
}

/// Where in a message a fixed matter is asked: the first word of its concept.
fn asked_at(reading: &Reading, intent: Intent) -> usize {
    let concept = match intent {
        Intent::Horario => "horario",
        Intent::Ubicacion => "ubicacion",
        Intent::Garantia => "garantia",
        Intent::Envios => "envio",
        Intent::Promociones => "promo",
        Intent::FormasPago => "pago",
        _ => return 0,
    };
    reading.hits.iter().filter(|h| h.concept.as_str() == concept).map(|h| h.start + 1).min().unwrap_or(0)
}
