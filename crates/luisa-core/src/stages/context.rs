//! Context extraction: what the message adds to what is known, and which products it is about.
//!
//! Owns the slots over the conversation; which products a message is about is `reference`'s. The last word wins: a slot given again replaces the old one and what hung on it.

use serde_json::json;

use crate::lexicon::fold::plain;
use crate::memory::{Heard, SlotValue};
use crate::options::Press;
use crate::taxonomy::{Class, Intent, Reason, Verdict};
use crate::turn::Body;
use crate::understanding::slots::{BRAND, BUDGET, CITY, DISTRICT, MODEL, NAME, USE, VOLUME, capitalised};

use crate::verbatim::Verbatim;

use super::classify::Intended;
use super::handoff;
use super::lean;
use super::order;
use super::pending::{self, Answered};
use super::quantity;
use super::reference;
use super::scene::{self, Scene, View};
use super::verdict;
use crate::answers::heard::{self, Ask};
use crate::pack::topics::{Computed, Source};

/// Merges a message into the memory and says what it is about.
#[must_use]
pub fn extract<'a>(scene: &mut Scene<'a>, intended: Intended<'a>) -> View<'a> {
    let Intended { classified, intent, intent_score, cache } = intended;
    let mut view = View {
        inbound: classified.inbound,
        reading: classified.reading,
        class: classified.class,
        class_score: classified.class_score,
        intent,
        intent_score,
        answered: classified.answered,
        products: Vec::new(),
        ambiguous: false,
        gave_lead: false,
        call: None,
        asks: Vec::new(),
        cache,
        limited: classified.limited,
        fragment: classified.fragment,
        doubtful: classified.doubtful,
        verdict: classified.verdict,
        path: classified.path,
    };
    // Who names a product of ours, if only in part, is a customer.
    if verdict::waits(scene, view.verdict) && view.class != Class::NonBusiness {
        let named = reference::resolve(scene, &view);
        if !named.products.is_empty() || named.ambiguous {
            view.verdict = Verdict::Business;
        }
    }
    let waits = verdict::waits(scene, view.verdict);
    if view.limited || view.fragment || waits || !matches!(view.class, Class::Faq | Class::Consult) {
        return view;
    }
    view.asks = heard(scene, &view);
    let before = scene.memory.slot_values();
    merge_slots(scene, &view);
    merge_volume(scene, &view);
    merge_option(scene, &view);
    merge_form(scene, &view);
    if let Some(lines) = order::lines(&view.inbound.body) {
        scene.memory.order = lines.to_vec();
        view.gave_lead = true;
    }
    merge_form(scene, &view);
    if let Some(lines) = order::lines(&view.inbound.body) {
        scene.memory.order = lines.to_vec();
    }
    if scene.in_shadow() || scene.memory.handoff.is_some() {
        view.gave_lead |= merge_lead(scene, &view);
    }
    let referred = reference::resolve(scene, &view);
    (view.products, view.ambiguous) = (referred.products, referred.ambiguous);
    remember_products(scene, &view);
    remember_machine(scene, &view);
    scene.memory.amounts_said.extend(view.reading.stated.amounts.iter().map(|a| a.cop.0));
    let changed: Vec<String> = scene
        .memory
        .slot_values()
        .into_iter()
        .filter(|(id, value)| before.get(id) != Some(value))
        .map(|(id, _)| id)
        .collect();
    view.path.push(if changed.is_empty() { "slots:none".to_owned() } else { format!("slots:{}", changed.join(",")) });
    // Who asks what sergers there are looks for a serger.
    let stated = &view.reading.stated.values;
    let looked_for = stated.get(&scene.pack.about.family_slot).and_then(|v| scene.pack.family_id(v.as_str()?));
    match (view.intent, looked_for) {
        (Intent::Catalogo, Some(family)) => scene.memory.goal = Some(Intent::Buscar(family)),
        (intent, _) if is_goal(intent) => scene.memory.goal = Some(intent),
        _ => {}
    }
    remember_words(scene, &view);
    view
}

// What a message asks. A pressed option asks nothing by its title, nor does the answer to an open question.
fn heard(scene: &Scene<'_>, view: &View<'_>) -> Vec<Ask> {
    let text = matches!(view.inbound.body, crate::turn::Body::Text { .. } | crate::turn::Body::Media { .. });
    if !text || view.answered.is_some() || scene.pack.topics.topics.is_empty() {
        return Vec::new();
    }
    let during = scene.memory.handoff.as_ref().map(|memo| memo.call.reason);
    let reading = &view.reading;
    let mut asks = heard::hear(scene.pack, reading, during);
    // What is looked for by its use is recommended, not judged.
    let searches = matches!(view.intent, Intent::Buscar(_) | Intent::Asesoria);
    let looks_for = |ask: &Ask| {
        let named = !reading.stated.mentions.is_empty() || lean::points(reading) || !reading.stated.brands.is_empty();
        searches && !named && (reading.stated.values.contains_key(USE) || ask.which)
    };
    asks.retain(|ask| !(ask.computes(scene.pack, Computed::Fitness) && looks_for(ask)));
    if asks.iter().all(|ask| ask.topic.is_none())
        && let Some(topic) = implied_topic(scene, view)
    {
        return heard::implied(scene.pack, reading, &topic).into_iter().collect();
    }
    // The price of the part that is looked for.
    let bare = reading.stated.mentions.is_empty() && reading.stated.families.is_empty();
    if scene.memory.goal == Some(Intent::Repuestos)
        && bare
        && asks.iter().any(|ask| ask.computes(scene.pack, Computed::Price))
    {
        return heard::implied(scene.pack, reading, "repuesto_precio").into_iter().collect();
    }
    // Words that no topic knows are a question only where no act, courtesy or search explains the message.
    let called = reading.handoff.is_some_and(|call| !handoff::asked_about(call.reason) || handoff::wants_done(view));
    let explained = called
        || !scene::informs(view.intent)
        || view.class == Class::Empty
        || EXPLAINING.iter().any(|concept| reading.says(concept));
    asks.retain(|ask| ask.topic.is_some() || !explained);
    asks
}

/// Concepts that have answers of their own.
const EXPLAINING: &[&str] = &[
    "robot",
    "inyeccion",
    "offtopic",
    "nombre_suyo",
    "otros_aparatos",
    "desconfia",
    "pausa",
    "dedo",
    "gusta",
    "caro",
    "regateo",
    "ya_dije",
    "rumor",
];

// A few words lean on what was asked before; a product, price or photo that the reading is sure of needs no phrase.
fn implied_topic(scene: &Scene<'_>, view: &View<'_>) -> Option<String> {
    let reading = &view.reading;
    let words = reading.normalized.words.len();
    let points = lean::points(reading) || reading.says("cual") || !reading.stated.mentions.is_empty();
    let dated = crate::answers::calendar::when(&reading.normalized.words, today(scene)).is_some();
    let courteous = ["gracias", "despedida"].iter().any(|c| reading.says(c));
    let explained = EXPLAINING.iter().any(|concept| reading.says(concept)) || reading.says("humano");
    let searches = matches!(view.intent, Intent::Buscar(_) | Intent::Asesoria);
    if scene.pack.cues.absent(&reading.cues).is_some() {
        return Some("modelos".to_owned()).filter(|_| scene::informs(view.intent) || searches);
    }
    let foreign = reading.stated.brands.iter().any(|b| !scene.pack.catalog.active().any(|i| i.brand == *b));
    if foreign && words <= 5 && scene::informs(view.intent) {
        return Some("modelos".to_owned());
    }
    let grave = ["peligro", "falla", "queja", "devolver"].iter().any(|c| reading.says(c));
    let greets = reading.says("saludo") || reading.says("otra_cosa");
    if explained || grave || greets || searches && reading.stated.values.contains_key(USE) {
        return None;
    }
    // What is named beside a repair, a part or a complaint is the customer's own.
    let own = scene.memory.handoff.as_ref().is_some_and(|memo| {
        !memo.call.reason.of_a_sale() && !matches!(memo.call.reason, Reason::PideHumano | Reason::ProyectoNegocio)
    });
    if let Some(topic) = asked_in_a_word(view) {
        return Some(topic.to_owned());
    }
    if own {
        return None;
    }
    if let Some(last) = scene.memory.topic.as_ref().filter(|_| words <= 7 && !courteous) {
        let calendar = scene.pack.topics.get(last).is_some_and(|t| t.source == Source::Computed(Computed::Hours));
        if calendar && dated || !calendar && points && view.intent != Intent::Comprar {
            return Some(last.clone());
        }
    }
    let described = !reading.stated.brands.is_empty() && reference::asked(scene, view).len() == 1;
    let named = !reading.stated.mentions.is_empty() || !reading.stated.fits.items.is_empty() || described;
    let pointed = lean::points(reading) && !scene.memory.offered.is_empty();
    if words <= 4
        && (named || pointed)
        && !courteous
        && view.intent != Intent::Comprar
        && scene.memory.goal != Some(Intent::Repuestos)
    {
        let priced = matches!(view.intent, Intent::Precio)
            || matches!(scene.memory.goal, Some(Intent::Precio | Intent::Cotizacion));
        return Some(if priced { "precio" } else { "caracteristicas" }.to_owned());
    }
    None
}

// The kind that was read, where a word of the lexicon speaks of it too.
fn asked_in_a_word(view: &View<'_>) -> Option<&'static str> {
    let (concept, topic) = match view.intent {
        Intent::Precio => ("precio", "precio"),
        Intent::Fotos => ("foto", "foto"),
        Intent::Disponibilidad => ("disponible", "existencia"),
        Intent::Promociones => ("promo", "promociones"),
        Intent::Ubicacion => ("ubicacion", "direccion"),
        Intent::Horario => ("horario", "horario"),
        Intent::FormasPago => ("pago", "formas_pago"),
        Intent::Envios => ("envio", "envio"),
        Intent::Garantia => ("garantia", "garantia"),
        _ => return None,
    };
    view.reading.says(concept).then_some(topic)
}

fn today(scene: &Scene<'_>) -> jiff::civil::Date {
    scene.turn.now.to_zoned(scene.turn.policy.hours.zone.clone()).date()
}

/// Most messages whose words are kept, and most of each.
const MOST_HEARD: usize = 6;
const LONGEST_HEARD: usize = 160;

// The words that carry what is wanted, for whoever takes the chat over: `busco un prensatelas`, `necesito la lanzadera`.
// A bare answer is in its slot.
fn remember_words(scene: &mut Scene<'_>, view: &View<'_>) {
    let bare = matches!(view.answered, Some(Answered::Yes | Answered::No | Answered::Option(_) | Answered::Unsure));
    let brings = !bare && !view.intent.is_courtesy() && view.intent != Intent::Ninguno;
    let words = Verbatim::of(view.inbound.body.text(), LONGEST_HEARD);
    if !brings || view.reading.normalized.words.len() < 2 || words.is_empty() {
        return;
    }
    let heard = &mut scene.memory.heard;
    heard.retain(|known| known.words != words.as_str());
    heard.push(Heard { from: view.inbound.message_id.clone(), words: words.to_string() });
    if heard.len() > MOST_HEARD {
        heard.remove(0);
    }
}

fn is_goal(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Precio
            | Intent::Disponibilidad
            | Intent::Fotos
            | Intent::Especificaciones
            | Intent::Comprar
            | Intent::Cotizacion
            | Intent::Buscar(_)
            | Intent::Asesoria
            | Intent::Repuestos
            | Intent::Promociones
    )
}

fn set(scene: &mut Scene<'_>, slot: &str, value: serde_json::Value, from: &str) {
    let family_slot = scene.pack.about.family_slot.clone();
    let changed = scene.memory.slots.get(slot).is_some_and(|known| known.value != value);
    if slot == family_slot && changed {
        forget_other_family(scene, value.as_str().unwrap_or_default());
    }
    scene.memory.slots.insert(slot.to_owned(), SlotValue { value, from: from.to_owned() });
}

// A change of family makes the model, the brand and what was offered of the old one stale.
fn forget_other_family(scene: &mut Scene<'_>, family: &str) {
    let pack = scene.pack;
    let of_family = |id: &String| pack.catalog.item(id).is_some_and(|item| item.family.as_str() == family);
    scene.memory.focus.retain(of_family);
    scene.memory.offered.retain(of_family);
    let model = scene.memory.slot(MODEL);
    let stale = model.is_some_and(|m| !pack.catalog.items.iter().any(|i| i.model == m && i.family.as_str() == family));
    if stale {
        scene.memory.slots.remove(MODEL);
        scene.memory.slots.remove(BRAND);
    }
}

fn merge_slots(scene: &mut Scene<'_>, view: &View<'_>) {
    let about_own_machine = matches!(
        view.intent,
        Intent::Repuestos | Intent::Reparacion | Intent::EstadoPedido | Intent::ParteDePago | Intent::Reclamo
    );
    let family_slot = scene.pack.about.family_slot.clone();
    budget_said(scene, view);
    // `una pa la casa` names no family, and yet says which one is looked for.
    if let Intent::Buscar(family) = view.intent
        && view.intent_score > 0.6
        && scene.pack.family(family.as_str()).is_some()
        && !scene.memory.was_said(&family_slot)
    {
        set(scene, &family_slot, json!(family), &view.inbound.message_id);
    }
    at_home(scene, view, &family_slot);
    let stated = &view.reading.stated;
    if stated.not_in.is_some() && !stated.values.contains_key(CITY) && scene.memory.slot(CITY) == stated.not_in {
        scene.memory.slots.remove(CITY);
    }
    if pending_slot(scene).as_deref() == Some(BRAND)
        && view.reading.stated.brands.is_empty()
        && let Some(brand) = pending::brand_word(scene.pack, &view.reading)
    {
        set(scene, BRAND, json!(brand), &view.inbound.message_id);
    }
    for (slot, value) in &view.reading.stated.values {
        // The machine they bring to the workshop is not the one they want to buy.
        if about_own_machine && *slot == family_slot && scene.memory.slots.contains_key(slot) {
            continue;
        }
        // `ropa` says less than the `uniformes` known already.
        if slot == USE && says_less(scene, view, value) {
            continue;
        }
        // `en Medellín la consigo en un millón` does not say where they live.
        if *slot == CITY && (view.reading.says("rumor") || view.reading.says("otra_cosa")) {
            continue;
        }
        // `para la casa`, said of a serger's use, does not make it another machine.
        if *slot == family_slot && answers_use(scene, view) {
            continue;
        }
        set(scene, slot, value.clone(), &view.inbound.message_id);
    }
}

// `es para trabajar en la casa` chooses the family that the pack says, when none was.
fn at_home(scene: &mut Scene<'_>, view: &View<'_>, family_slot: &str) {
    let known = scene.memory.was_said(family_slot) || view.reading.stated.values.contains_key(family_slot);
    let choosing = matches!(view.intent, Intent::Buscar(_) | Intent::Asesoria);
    let Some(family) = scene
        .pack
        .cues
        .at_home
        .filter(|_| !known && choosing && (view.reading.says("en_casa") || view.reading.says("principiante")))
    else {
        return;
    };
    set(scene, family_slot, json!(family), &view.inbound.message_id);
}

// An amount in a search, or after one was given, is what they can spend.
fn budget_said(scene: &mut Scene<'_>, view: &View<'_>) {
    let searching = matches!(view.intent, Intent::Buscar(_) | Intent::Asesoria | Intent::Catalogo);
    let amended = scene.memory.slots.contains_key(BUDGET)
        && matches!(view.intent, Intent::Otro | Intent::Reclamo | Intent::Confirmar | Intent::Negar);
    let haggling = view.reading.says("regateo") || view.reading.says("precio");
    if let Some(amount) = thousands(scene, view).filter(|_| !haggling) {
        set(scene, BUDGET, json!(amount), &view.inbound.message_id);
        return;
    }
    let largest = view.reading.stated.amounts.iter().filter(|a| !a.denied).map(|a| a.cop.0).max();
    if let Some(amount) = largest.filter(|_| (searching || amended) && !haggling) {
        set(scene, BUDGET, json!(amount), &view.inbound.message_id);
    }
}

// `tengo 900`, `no, son 700`: nobody spends nine hundred pesos; thousands are meant.
fn thousands(scene: &Scene<'_>, view: &View<'_>) -> Option<i64> {
    let reading = &view.reading;
    let words = &reading.normalized.words;
    let at = words.iter().position(|w| w.text.len() == 3 && w.text.bytes().all(|b| b.is_ascii_digit()))?;
    let last = words.get(at + 1).is_none_or(|next| scene.pack.lexicon.not_names.contains(&next.text));
    let held = reading.hits.iter().any(|h| h.concept.as_str() == "cuenta_con" && h.end == at);
    let amended = reading.says("correccion") && scene.memory.slots.contains_key(BUDGET);
    let has = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|w| w.text == "tengo");
    let purse = held && (reading.says("presupuesto") || has);
    let free = reading.stated.amounts.is_empty() && reading.stated.mentions.is_empty() && words.len() <= 10;
    let thousand = words[at].text.parse::<i64>().ok()? * 1_000;
    (lean::is_selling(scene) && free && last && (purse || amended)).then_some(thousand)
}

fn says_less(scene: &Scene<'_>, view: &View<'_>, value: &serde_json::Value) -> bool {
    let general = scene.pack.uses.iter().any(|u| u.general && Some(u.id.as_str()) == value.as_str());
    let asked = pending_slot(scene).as_deref() == Some(USE);
    general && scene.memory.slots.contains_key(USE) && !asked && !view.reading.says("correccion")
}

// The question was what for, and the family's own name is not in the answer.
fn answers_use(scene: &Scene<'_>, view: &View<'_>) -> bool {
    let family = scene.memory.slot(&scene.pack.about.family_slot).and_then(|f| scene.pack.family(&f));
    let asked = scene.memory.pending.as_ref().map(|p| p.question);
    let at_home = view.reading.says("en_casa") && scene.memory.was_said(&scene.pack.about.family_slot);
    let named =
        scene.pack.families.iter().any(|f| view.reading.normalized.words.iter().any(|w| w.text == f.id.as_str()));
    family.is_some_and(|f| asked == Some(f.ask_use) || at_home) && !view.reading.says("correccion") && !named
}

// `unas 20 a la semana`, `graneadito`: how much they sew, in words that mean it only where a machine is being chosen.
fn merge_volume(scene: &mut Scene<'_>, view: &View<'_>) {
    let stated = view.reading.stated.values.contains_key(VOLUME);
    let machine = matches!(view.intent, Intent::Buscar(_) | Intent::Asesoria) && lean::is_selling(scene);
    if !machine || view.reading.says("negocio_propio") {
        return;
    }
    let asked = pending_slot(scene).as_deref() == Some(VOLUME);
    let counted = quantity::of(scene.pack, &view.reading).map(quantity::Pieces::volume);
    let little =
        view.reading.says("poco") || view.reading.cues.iter().any(|h| h.negated && h.concept.as_str() == "mucho");
    let said_alone = view.reading.normalized.words.len() <= 4 && !scene.memory.slots.contains_key(VOLUME);
    let told = match (asked || said_alone, little, view.reading.says("mucho")) {
        (true, true, _) => Some("bajo"),
        (true, false, true) => Some("alto"),
        _ => None,
    };
    if let Some(volume) = counted.or(told.filter(|_| !stated)) {
        set(scene, VOLUME, json!(volume), &view.inbound.message_id);
    }
}

fn pending_slot(scene: &Scene<'_>) -> Option<String> {
    let pending = scene.memory.pending.as_ref()?;
    scene.pack.questions.get(&pending.question)?.slot.clone()
}

// A pressed or named option sets its slot: `set:uso=jeans`.
fn merge_option(scene: &mut Scene<'_>, view: &View<'_>) {
    if let Some(Answered::Option(Press::Set { slot, value })) = &view.answered {
        set(scene, slot, json!(value), &view.inbound.message_id);
    }
}

// A form says by itself what each answer is.
fn merge_form(scene: &mut Scene<'_>, view: &View<'_>) {
    let Body::Form { text } = &view.inbound.body else { return };
    for (field, answer) in text.lines().filter_map(|line| line.split_once(": ")) {
        let slot = plain(field);
        let slot = slot.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let named = [NAME, DISTRICT].into_iter().find(|known| *known == slot);
        let answer: String = answer.split_whitespace().take(MOST_NAMES).map(capitalised).collect::<Vec<_>>().join(" ");
        if let Some(slot) = named.filter(|_| answer.chars().any(char::is_alphabetic)) {
            set(scene, slot, json!(answer), &view.inbound.message_id);
        }
    }
}

/// Most words of a name or a district.
const MOST_NAMES: usize = 4;

// After `¿me regala su nombre y barrio?` a short message is the answer: `Marta, La Granja`.
fn merge_lead(scene: &mut Scene<'_>, view: &View<'_>) -> bool {
    let asked = scene.memory.handoff.as_ref().is_some_and(|h| h.lead_asked);
    let stated = &view.reading.stated.values;
    let mut gave = [NAME, CITY, DISTRICT].iter().any(|slot| stated.contains_key(*slot));
    let words = &view.reading.normalized.words;
    let lexicon = &scene.pack.lexicon;
    // `Yolanda Petro, la compré en julio` is read as anything by who knows nothing of the question.
    let opens_with_name = words.first().is_some_and(|w| lexicon.given_names.contains(&w.key) && starts_large(&w.raw));
    let vague = matches!(
        view.intent,
        Intent::Otro | Intent::Ninguno | Intent::Saludo | Intent::Confirmar | Intent::Asesoria | Intent::Contacto
    ) || view.intent_score < 0.5
        || stated.contains_key(DISTRICT)
        || opens_with_name && !view.reading.normalized.signals.question;
    if !asked || words.is_empty() || words.len() > 8 || !vague {
        return asked && gave;
    }
    let small = |text: &str| {
        lexicon.not_names.contains(text)
            || matches!(
                text,
                "soy" | "llamo" | "me" | "mi" | "nombre" | "barrio" | "claro" | "listo" | "si" | "con" | "gusto"
            )
    };
    if !scene.memory.slots.contains_key(NAME) {
        let found: Vec<String> = words
            .iter()
            .skip_while(|w| small(&w.text))
            .take_while(|w| !small(&w.text) && w.text.chars().all(char::is_alphabetic))
            .scan(0, |n, w| {
                *n += 1;
                (*n <= 3 && (*n == 1 || !w.after_break)).then(|| capitalised(&w.raw))
            })
            .collect();
        let named = found.first().is_some_and(|f| {
            lexicon.given_names.contains(&crate::lexicon::fold::sound(&crate::lexicon::fold::plain(f)))
        });
        let place = stated.contains_key(CITY) && words.len() <= 3;
        if !found.is_empty() && (named || (!place && words.len() <= 4 && view.reading.hits.is_empty())) {
            set(scene, NAME, json!(found.join(" ")), &view.inbound.message_id);
            gave = true;
        }
    }
    // What follows a comma or line break after the name is where they live.
    let rest: Vec<String> = words
        .iter()
        .skip(1)
        .skip_while(|w| !w.after_break)
        .filter(|w| !small(&w.text))
        .take(4)
        .map(|w| capitalised(&w.raw))
        .collect();
    // A word that the store's customers use otherwise (`la compré en julio`) is no place.
    let place = words.iter().skip(1).skip_while(|w| !w.after_break);
    let said_otherwise =
        place.clone().any(|w| !small(&w.text) && lexicon.matcher.knows(&w.key) && !starts_large(&w.raw));
    if gave
        && !rest.is_empty()
        && !said_otherwise
        && !stated.contains_key(CITY)
        && !scene.memory.slots.contains_key(DISTRICT)
    {
        set(scene, DISTRICT, json!(rest.join(" ")), &view.inbound.message_id);
    }
    gave
}

fn remember_products(scene: &mut Scene<'_>, view: &View<'_>) {
    let pack = scene.pack;
    for at in view.products.iter().rev() {
        scene.memory.focus_on(&pack.catalog.items[*at].id);
    }
    if let [only] = view.products.as_slice() {
        let item = &pack.catalog.items[*only];
        let referred = !view.reading.stated.mentions.is_empty() || lean::points(&view.reading);
        if referred && !item.model.is_empty() {
            set(scene, MODEL, json!(item.model), &view.inbound.message_id);
        }
    }
}

fn starts_large(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

// The customer's own machine, for parts and repairs: brand and whatever they call the model.
fn remember_machine(scene: &mut Scene<'_>, view: &View<'_>) {
    let parts = view.intent == Intent::Repuestos || scene.memory.goal == Some(Intent::Repuestos);
    if !parts {
        return;
    }
    let words = &view.reading.normalized.words;
    let model = words
        .iter()
        .find(|w| w.text.len() >= 3 && w.text.bytes().any(|b| b.is_ascii_digit()))
        .map(|w| w.raw.to_uppercase());
    let changed =
        scene.memory.slot(BRAND) != scene.turn.memory.slot(BRAND) && scene.turn.memory.slots.contains_key(BRAND);
    if changed {
        scene.memory.machine = None;
    }
    // The machine whose price was asked is not the one that needs a part.
    let of_parts = scene.turn.memory.goal == Some(Intent::Repuestos) || view.reading.stated.values.contains_key(MODEL);
    let known = if changed || !of_parts { None } else { scene.memory.slot(MODEL) };
    if let Some(model) = model.or(known) {
        let brand = scene.memory.slot(BRAND).unwrap_or_default();
        scene.memory.machine = Some(format!("{brand} {model}").trim().to_owned());
    }
}
