//! Response generation: from what was understood to what will be said.
//!
//! Owns the choice of what to say, in the order asked, and of the one question at the end. The words are the pack's;
//! prices and facts come from it alone. One answer per turn, however many messages it has.

use crate::memory::Stage;
use crate::options::Press;
use crate::taxonomy::{Channel, Class, Intent, Reason, Verdict};
use crate::turn::{Body, Call, Content, MediaKind, PersonalMode};
use crate::understanding::slots::{BRAND, CITY, NAME, USE};

use crate::answers::say;

use super::desk;
use super::draft::Draft;
use super::files;
use super::order;
use super::pending::Answered;
use super::products;
use super::questions;
use super::recommend;
use super::scene::Scene;
use super::steer;
use super::traits;
use super::verdict;
use super::wish;

/// Most matters answered in one reply.
const MOST_MATTERS: usize = 3;

/// The draft of the turn's answer; empty when silence is wanted.
#[must_use]
pub fn compose(scene: &mut Scene<'_>) -> Draft {
    let mut draft = Draft::default();
    if scene.business().next().is_none() {
        without_business(scene, &mut draft);
        return draft;
    }
    if !scene.in_shadow() {
        scene.settle_desk();
    }
    if desk::handed_over(scene) && !scene.in_shadow() {
        hand_over(scene, &mut draft);
    } else if !not_text(scene, &mut draft) {
        let matters = if only_city(scene) { Vec::new() } else { scene.matters() };
        let (first, rest): (Vec<Intent>, Vec<Intent>) =
            matters.into_iter().partition(|intent| matches!(intent, Intent::Buscar(_) | Intent::Asesoria));
        let searches = !first.is_empty();
        for intent in first {
            matter(scene, intent, 1, &mut draft);
        }
        let before = draft.question.take();
        scene.ledger = say::all(scene, &mut draft);
        if draft.question.is_none() && !scene.ledger.open {
            draft.question = before;
        }
        let matters = rest;
        for intent in matters.iter().take(MOST_MATTERS) {
            if covered(&draft, *intent) {
                continue;
            }
            matter(scene, *intent, matters.len(), &mut draft);
        }
        if matters.is_empty() && scene.ledger.is_empty() && !searches {
            note_city(scene, &mut draft);
        }
        if draft.question.is_none() && !scene.ledger.open {
            questions::after_fact(scene, &mut draft);
        }
    }
    files::note(scene, &mut draft);
    if scene.memory.stage == Stage::New {
        scene.memory.stage = Stage::Greeted;
    }
    introduce(scene, &mut draft);
    draft
}

// A recommendation or a price already says what the product is, that it is carried and what it costs.
fn covered(draft: &Draft, intent: Intent) -> bool {
    let says = |ids: &[&str]| ids.iter().any(|id| draft.says(id));
    let recommended = says(&["recomienda", "recomienda_simple", "confirma", "ficha"]);
    let priced = says(&["precio", "precio_promo", "precio_desconocido", "precio_corto", "precio_corto_desconocido"]);
    match intent {
        Intent::Precio => priced,
        Intent::Disponibilidad | Intent::Especificaciones => recommended || priced,
        Intent::Buscar(_) | Intent::Asesoria => recommended,
        Intent::Fotos => draft.asset.is_some(),
        _ => false,
    }
}

// Whoever writes for the first time is greeted before the answer, and who was kept waiting hears a word of regret; not
// who is angry or in danger.
fn introduce(scene: &Scene<'_>, draft: &mut Draft) {
    if scene.says("esperando") && !scene.in_shadow() && !draft.said.is_empty() {
        let mut regret = Draft::default();
        regret.say(scene, "disculpa_espera", &[]);
        draft.said.splice(0..0, regret.said);
        return;
    }
    let grave = scene.call().is_some_and(|call| matches!(call.reason, Reason::Urgente | Reason::Reclamo));
    let introduced =
        ["saludo", "robot", "me_llamo", "no_se_ve", "agradecimiento", "despedida"].iter().any(|id| draft.says(id));
    if scene.memory.turns == 0 && !scene.in_shadow() && !grave && !introduced && !draft.said.is_empty() {
        let mut greeting = Draft::default();
        greeting.say(scene, "saludo_corto", &[]);
        draft.said.splice(0..0, greeting.said);
    }
}

// Nothing of the turn is about the store.
fn without_business(scene: &Scene<'_>, draft: &mut Draft) {
    if scene.views.iter().any(|v| v.limited) {
        let told = scene.memory.told_slow_at.is_some_and(|at| scene.turn.now.duration_since(at).as_secs() < 60);
        if !told {
            draft.say(scene, "muy_rapido", &[]);
        }
        return;
    }
    if scene.views.iter().all(|v| matches!(v.inbound.body, Body::Reaction { .. })) {
        return;
    }
    if scene.waits() {
        verdict::neutral_line(scene, draft);
        return;
    }
    if scene.views.iter().any(|v| v.class == Class::NonBusiness) {
        match (scene.turn.channel, scene.turn.policy.personal) {
            (Channel::Api, _) => {
                draft.say(scene, "fuera_de_tema", &[]);
                draft.ask(scene, "inicio", &[]);
            }
            (Channel::Whatsapp, PersonalMode::Polite) => draft.say(scene, "personal_cortesia", &[]),
            (Channel::Whatsapp, PersonalMode::Silent) => {}
        }
        return;
    }
    // A laugh in a private chat is for whoever it was sent to.
    if scene.turn.channel == Channel::Whatsapp && verdict::of_turn(&scene.views) == Some(Verdict::Personal) {
        return;
    }
    // Nothing to act on: a courtesy keeps the door open.
    draft.say(scene, if scene.memory.turns == 0 { "saludo" } else { "acuse" }, &[]);
    draft.ask(scene, if scene.memory.turns == 0 { "inicio" } else { "algo_mas" }, &[]);
}

// Facts that were asked for, then who will take over, then what they need to know.
fn hand_over(scene: &mut Scene<'_>, draft: &mut Draft) {
    let Some(call) = scene.call() else { return };
    if wish::of_turn(scene).is_some() && call.reason == Reason::PideHumano {
        desk::promise(scene, call).say(scene, draft);
        draft.ask(scene, "quedamos", &[]);
        return;
    }
    scene.ledger = say::all(scene, draft);
    draft.question = None;
    let matters = scene.matters();
    // That they deliver there is part of what is promised.
    let told = |intent: Intent| intent == Intent::Envios && call.reason == Reason::Logistica;
    for intent in matters.iter().filter(|i| fixed_fact(**i) && !told(**i)).take(2) {
        fact(scene, *intent, draft);
    }
    if matters.contains(&Intent::Precio) || (call.reason == Reason::Cierre && scene.says("precio")) {
        match scene.business().flat_map(|v| v.products.first()).next().copied().or_else(|| focus(scene)) {
            Some(at) => {
                let item = &scene.pack.catalog.items[at];
                products::price_of(scene, item, draft);
            }
            None if call.reason == Reason::Logistica => {}
            None => {}
        }
    }
    order::say(scene, draft);
    desk::promise(scene, call).say(scene, draft);
    let missing = desk::missing(scene);
    questions::for_team(scene, &missing, draft);
    if let Some(memo) = scene.memory.handoff.as_mut() {
        memo.lead_asked = true;
    }
}

fn focus(scene: &Scene<'_>) -> Option<usize> {
    let id = scene.memory.focus.first()?;
    scene.pack.catalog.items.iter().position(|item| item.id == *id)
}

/// Whether one fixed fact answers the intent.
#[must_use]
pub fn fixed_fact(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Horario
            | Intent::Ubicacion
            | Intent::Contacto
            | Intent::FormasPago
            | Intent::Envios
            | Intent::Garantia
            | Intent::Promociones
            | Intent::Catalogo
    )
}

// A picture, a voice note, a place: said back, with what would help. True when it answered.
fn not_text(scene: &mut Scene<'_>, draft: &mut Draft) -> bool {
    let Some(last) = scene.views.iter().rev().find(|v| !v.limited) else {
        return false;
    };
    let wordless = scene.business().all(|v| v.inbound.body.text().is_empty());
    if !wordless {
        return false;
    }
    let (reply, question) = match &last.inbound.body {
        Body::Media { content: Content::Lost, .. } => ("archivo_no_abre", "escribirlo"),
        Body::Media { content: Content::Unclear, .. } => ("audio_confuso", "escribirlo"),
        Body::Media { content: Content::TooLong, .. } => ("audio_largo", "escribirlo"),
        Body::Media { media: MediaKind::Audio, .. } => ("audio_recibido", "escribirlo"),
        Body::Media { media: MediaKind::Image | MediaKind::Video, .. }
            if scene.memory.goal == Some(Intent::Repuestos) =>
        {
            ("foto_recibida", "asesor")
        }
        Body::Media { media: MediaKind::Image | MediaKind::Video, .. } => ("foto_recibida", "que_maquina"),
        Body::Media { .. } => ("archivo_recibido", "asesor"),
        Body::Location { .. } => ("ubicacion_recibida", "asesor"),
        Body::Contact => ("contacto_recibido", "asesor"),
        Body::Unsupported => ("no_se_ve", "inicio"),
        Body::Call { call: Call::Missed } => ("llamada_perdida", "humano_o_seguir"),
        Body::Call { call: Call::Allowed } => ("llamada_permitida", "algo_mas"),
        Body::Call { call: Call::Refused } => ("llamada_no", "algo_mas"),
        Body::Text { .. } | Body::Choice { .. } | Body::Reaction { .. } | Body::Order { .. } => return false,
        Body::Form { .. } | Body::Welcome => return false,
    };
    draft.say(scene, reply, &[]);
    draft.ask(scene, question, &[]);
    true
}

// tidy: table
fn matter(scene: &mut Scene<'_>, intent: Intent, of: usize, draft: &mut Draft) {
    if products::not_carried(scene, intent, draft) {
        return;
    }
    match intent {
        Intent::Saludo => greet(scene, draft),
        Intent::Agradecimiento | Intent::Despedida if scene.says("pausa") => other(scene, draft),
        Intent::Despedida => draft_courtesy(scene, "despedida", draft),
        Intent::Agradecimiento if scene.says("despedida") => draft_courtesy(scene, "despedida", draft),
        Intent::Agradecimiento => draft_courtesy(scene, "agradecimiento", draft),
        Intent::Confirmar => confirmed(scene, draft),
        Intent::Negar => denied(scene, draft),
        fixed if fixed_fact(fixed) => fact(scene, fixed, draft),
        Intent::Precio | Intent::Disponibilidad | Intent::Fotos | Intent::Especificaciones => {
            steer::doubts(scene, draft);
            products::answer(scene, intent, draft);
        }
        Intent::Buscar(_) | Intent::Asesoria => search(scene, intent, draft),
        Intent::Repuestos => parts(scene, draft),
        Intent::Instalacion | Intent::Capacitacion => draft.say(scene, "instalacion_incluida", &[]),
        _ if of > 1 => {}
        _ => other(scene, draft),
    }
}

fn greet(scene: &Scene<'_>, draft: &mut Draft) {
    draft.say(scene, if scene.memory.turns == 0 { "saludo" } else { "saludo_de_vuelta" }, &[]);
    if scene.memory.goal.is_some() && scene.memory.turns > 0 {
        questions::after_fact(scene, draft);
    } else {
        draft.ask(scene, "inicio", &[]);
    }
}

fn draft_courtesy(scene: &Scene<'_>, id: &str, draft: &mut Draft) {
    draft.say(scene, id, &[]);
    draft.ask(scene, if id == "despedida" { "quedamos" } else { "algo_mas" }, &[]);
}

// A yes without a yes-or-no question behind it: go on with what is under way.
fn confirmed(scene: &mut Scene<'_>, draft: &mut Draft) {
    let asked = scene.memory.pending.as_ref().map(|p| p.question.as_str());
    match scene.memory.goal.filter(|_| asked != Some("algo_mas")) {
        Some(Intent::Repuestos) => parts(scene, draft),
        Some(goal) => search(scene, goal, draft),
        None => {
            draft.say(scene, "digame", &[]);
            draft.ask(scene, "inicio", &[]);
        }
    }
}

fn denied(scene: &mut Scene<'_>, draft: &mut Draft) {
    let asked = scene.memory.pending.as_ref().map(|p| p.question.as_str());
    match asked {
        // `¿está en Montería?` no: then where?
        Some("ciudad") => {
            draft.say(scene, "anotado", &[]);
            draft.ask(scene, "ciudad_cual", &[]);
        }
        _ if scene.says("ir_a_ver") => {
            draft.say(scene, "invitacion", &[]);
            draft.ask(scene, "algo_mas", &[]);
        }
        Some("algo_mas") => draft_courtesy(scene, "despedida", draft),
        _ => {
            draft.say(scene, "sin_afan", &[]);
            draft.ask(scene, "algo_mas", &[]);
        }
    }
}

/// Says one fixed fact.
pub fn fact(scene: &mut Scene<'_>, intent: Intent, draft: &mut Draft) {
    match intent {
        Intent::Ubicacion if scene.says("ir_a_ver") => draft.say(scene, "invitacion", &[]),
        Intent::Horario if scene.says("ir_a_ver") => draft.say(scene, "invitacion", &[]),
        Intent::Horario => draft.say(scene, "horario", &[]),
        Intent::Ubicacion => draft.say(scene, "ubicacion", &[]),
        Intent::Contacto => draft.say(scene, "contacto", &[]),
        Intent::FormasPago if scene.says("credito") => draft.say(scene, "credito", &[]),
        Intent::FormasPago => draft.say(scene, "formas_pago", &[]),
        Intent::Envios => match scene.memory.slot(CITY) {
            Some(city) if city == scene.pack.about.city => draft.say(scene, "envios_local", &[("ciudad", &city)]),
            Some(city) => draft.say(scene, "envios_ciudad", &[("ciudad", &city)]),
            None => draft.say(scene, "envios", &[]),
        },
        Intent::Garantia => draft.say(scene, "garantia", &[]),
        Intent::Promociones => promotions(scene, draft),
        Intent::Catalogo => catalogue(scene, draft),
        _ => {}
    }
}

// The products on promotion are from now on what `la otra` and `la más cara` mean.
/// Says the promotions.
pub fn promotions(scene: &mut Scene<'_>, draft: &mut Draft) {
    let pack = scene.pack;
    let promoted: Vec<&crate::catalog::Item> = pack.catalog.promotions();
    let reply = match promoted.len() {
        0 => "sin_promociones",
        1 => "promocion",
        _ => "promociones",
    };
    draft.say(scene, reply, &[]);
    products::offer(scene, &promoted);
    for item in promoted.iter().rev() {
        scene.memory.focus_on(&item.id);
    }
    // The one that the question points at stays the one spoken of.
    if let Some(item) = scene.views.iter().rev().find_map(|v| v.products.first()).map(|at| &pack.catalog.items[*at]) {
        scene.memory.focus_on(&item.id);
    }
}

fn catalogue(scene: &mut Scene<'_>, draft: &mut Draft) {
    if scene.says("otros_aparatos") {
        draft.say(scene, "no_manejamos", &[]);
        return;
    }
    if let Some((budget, family, from)) = recommend::short_budget(scene) {
        draft.say(scene, "presupuesto_corto", &[("presupuesto", &budget), ("familia", &family), ("desde", &from)]);
        return;
    }
    // `¿venden máquinas para calzado?` is answered with the one that they have for it.
    let purpose = scene.business().any(|v| v.reading.stated.values.contains_key(USE));
    if purpose && recommend::ready(scene) && !recommend::done(scene) {
        recommend::say(scene, draft);
        questions::next_for_buyer(scene, draft);
        return;
    }
    let brand = scene.business().find_map(|v| v.reading.stated.brands.first().cloned());
    if let Some(brand) = brand.as_ref().filter(|b| !scene.pack.catalog.active().any(|i| i.brand == **b)) {
        draft.say(scene, "marca_no_manejada", &[("marca", brand)]);
        return;
    }
    let family =
        scene.business().find_map(|v| v.reading.stated.families.first().cloned()).and_then(|f| scene.pack.family(&f));
    if let Some(brand) = brand.filter(|_| family.is_none()) {
        let names = products::list(scene, |item| item.brand == brand);
        draft.say(scene, "catalogo_familia", &[("familia", &brand), ("productos", &names)]);
        return;
    }
    match family {
        Some(family) => {
            let names = products::list_family(scene, family.id.as_str());
            draft.say(scene, "catalogo_familia", &[("familia", &family.plural), ("productos", &names)]);
        }
        None => draft.say(scene, "catalogo", &[]),
    }
}

// What was offered is of another family, or of none that the customer chose.
fn family_is_new(scene: &Scene<'_>) -> bool {
    let slot = &scene.pack.about.family_slot;
    scene.memory.was_said(slot) && scene.memory.slot(slot) != scene.turn.memory.slot(slot)
}

// Looking for a machine: ask what is missing, recommend when enough is known.
fn search(scene: &mut Scene<'_>, intent: Intent, draft: &mut Draft) {
    if scene.says("robot") || scene.says("inyeccion") || scene.says("otros_aparatos") {
        other(scene, draft);
        return;
    }
    let chosen = scene.business().any(|v| !v.products.is_empty());
    if chosen {
        let pressed = scene.business().any(|v| matches!(v.answered, Some(Answered::Option(Press::Item(_)))));
        let goal =
            if pressed && matches!(scene.memory.goal, Some(Intent::Precio | Intent::Fotos | Intent::Disponibilidad)) {
                scene.memory.goal
            } else {
                None
            };
        products::answer(scene, goal.unwrap_or(Intent::Especificaciones), draft);
        return;
    }
    steer::doubts(scene, draft);
    let asks_which = ["asesoria", "comparar", "la_mejor"].iter().any(|concept| scene.says(concept));
    if scene.says("ya_dije") {
        draft.say(scene, "disculpa_repite", &[]);
    }
    if asks_which && !scene.memory.offered.is_empty() && traits::answer(scene, &[], draft) {
        scene.path.push("trait".to_owned());
    } else if recommend::ready(scene) && (!recommend::done(scene) || asks_which || better_known(scene)) {
        recommend::say(scene, draft);
    } else if recommend::may_confirm(scene) && recommend::learnt(scene) && recommend::short_budget(scene).is_none() {
        recommend::confirm(scene, draft);
    } else if let Some((budget, family, from)) = recommend::short_budget(scene) {
        draft.say(scene, "presupuesto_corto", &[("presupuesto", &budget), ("familia", &family), ("desde", &from)]);
    } else if let Some((budget, family, from)) = recommend::new_budget(scene) {
        draft.say(scene, "presupuesto_alcanza", &[("presupuesto", &budget), ("familia", &family), ("desde", &from)]);
    } else if scene.business().any(|v| v.reading.stated.values.contains_key(CITY)) {
        note_city(scene, draft);
    } else if let (Intent::Buscar(family), true) = (intent, scene.memory.offered.is_empty() || family_is_new(scene)) {
        let name = scene.pack.family(family.as_str()).map_or_else(String::new, |f| f.name.clone());
        draft.say(scene, "busca_tipo", &[("familia", &name)]);
    } else if intent == Intent::Asesoria && !recommend::done(scene) {
        draft.say(scene, "asesoria", &[]);
    } else if !draft.says("disculpa_repite") {
        draft.say(scene, "anotado", &[]);
    }
    scene.memory.stage = scene.memory.stage.max(Stage::Qualifying);
    questions::next_for_buyer(scene, draft);
}

fn note_city(scene: &Scene<'_>, draft: &mut Draft) {
    let city = scene.memory.slot(CITY).unwrap_or_default();
    let id = if city == scene.pack.about.city { "anotado_local" } else { "anotado_ciudad" };
    draft.say(scene, id, &[("ciudad", &city)]);
}

// Only where they are was asked and told: the price or the photo of before is not said again.
fn only_city(scene: &Scene<'_>) -> bool {
    let mut views = scene.business();
    let (Some(view), None) = (views.next(), views.next()) else { return false };
    let set_city = matches!(&view.answered, Some(Answered::Option(Press::Set { slot, .. })) if slot == CITY);
    let told = matches!(view.answered, Some(Answered::Slot)) && view.reading.stated.values.contains_key(CITY);
    let asked = matches!(
        view.intent,
        Intent::Precio | Intent::Disponibilidad | Intent::Fotos | Intent::Especificaciones | Intent::Promociones
    );
    let again = ["precio", "foto", "disponible", "incluye"].iter().any(|concept| view.reading.says(concept));
    (set_city || told) && asked && !again && view.reading.also.is_empty()
}

// What was said since the last recommendation points to another product.
fn better_known(scene: &Scene<'_>) -> bool {
    let family = &scene.pack.about.family_slot;
    let changed = recommend::learnt(scene) || scene.memory.slot(family) != scene.turn.memory.slot(family);
    let best = recommend::best(scene).first().map(|item| item.id.clone());
    changed && best.as_ref() != scene.memory.offered.first()
}

// Parts: brand and model of the customer's machine first; then an adviser confirms.
fn parts(scene: &mut Scene<'_>, draft: &mut Draft) {
    let brand = scene.memory.slot(BRAND);
    let carried = brand.as_ref().is_none_or(|b| scene.pack.fact("repuestos_marcas").contains(b.as_str()));
    if !carried {
        draft.say(scene, "repuestos_otra_marca", &[]);
        draft.ask(scene, "asesor", &[]);
        return;
    }
    match (brand, scene.memory.machine.clone()) {
        (_, Some(machine)) => {
            draft.say(scene, "repuestos_listo", &[("maquina", &machine)]);
            draft.ask(scene, "asesor", &[]);
        }
        (Some(brand), None) => {
            draft.say(scene, "repuestos_con_marca", &[("marca", &brand)]);
            draft.ask(scene, "modelo_repuesto", &[]);
        }
        (None, None) => {
            draft.say(scene, "repuestos_pide", &[]);
            draft.ask(scene, "marca_repuesto", &[]);
        }
    }
}

fn other(scene: &mut Scene<'_>, draft: &mut Draft) {
    if scene.says("robot") && !scene.says("nombre_suyo") {
        draft.say(scene, "robot", &[]);
        draft.ask(scene, "humano_o_seguir", &[]);
    } else if steer::answer(scene, draft) {
        scene.path.push("steer".to_owned());
    } else if scene.says("inyeccion") || scene.says("offtopic") {
        draft.say(scene, "fuera_de_tema", &[]);
        draft.ask(scene, "inicio", &[]);
    } else if scene.says("otros_aparatos") {
        draft.say(scene, "no_manejamos", &[]);
        draft.ask(scene, "inicio", &[]);
    } else if scene.says("regateo") || scene.says("caro") {
        steer::doubts(scene, draft);
        draft.ask(scene, "asesor", &[]);
    } else if scene
        .business()
        .any(|v| v.reading.stated.values.contains_key(CITY) || v.reading.stated.values.contains_key(NAME))
    {
        let city = scene.business().any(|v| v.reading.stated.values.contains_key(CITY));
        if city {
            note_city(scene, draft);
        } else {
            draft.say(scene, "anotado", &[]);
        }
        questions::after_fact(scene, draft);
    } else {
        draft.say(scene, "no_entendi", &[]);
        draft.ask(scene, if scene.memory.turns == 0 { "inicio" } else { "asesor" }, &[]);
    }
}
