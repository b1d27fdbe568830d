//! The team's desk: what a handoff becomes: opened, raised, completed with data, or left alone while it cools down.
//!
//! Owns the cooldown and what the team reads: a summary to act on, the next step, a first message to send.

use std::collections::BTreeMap;

use crate::memory::HandoffMemo;
use crate::money::Cop;
use crate::outcome::{Desk, Handoff, Notice};
use crate::pack::Pack;
use crate::symbol::Symbol;
use crate::taxonomy::{HandoffCall, Intent, Mode, Reason, Team};
use crate::understanding::slots::{BRAND, BUDGET, CITY, DISTRICT, MODEL, NAME, USE};
use crate::verbatim::Verbatim;

use super::draft::{Draft, text_of};
use super::order;
use super::scene::Scene;
use super::wish;

/// What this turn means for the desk; the memory notes when the team was told.
pub fn settle(scene: &mut Scene<'_>) -> Desk {
    let Some(call) = scene.call() else { return lead(scene) };
    let open = scene.memory.handoff.clone();
    let raise = match &open {
        None => false,
        Some(memo) => {
            let cooled =
                scene.turn.now.duration_since(memo.told_at).as_mins() >= scene.turn.policy.handoff_cooldown_minutes;
            let graver = call.priority > memo.call.priority;
            let other = call.reason != memo.call.reason;
            let again = graver || (cooled && other);
            if !again {
                scene.path.push("desk:cooldown".to_owned());
                return lead(scene);
            }
            true
        }
    };
    let asked = open.as_ref().is_some_and(|memo| memo.lead_asked);
    scene.memory.handoff = Some(HandoffMemo { call, told_at: scene.turn.now, lead_asked: asked });
    scene.path.push(if raise { "desk:raise".to_owned() } else { "desk:open".to_owned() });
    let handoff = handoff(scene, call);
    if raise { Desk::Raise(handoff) } else { Desk::Open(handoff) }
}

fn lead(scene: &mut Scene<'_>) -> Desk {
    let gave = scene.views.iter().any(|v| v.gave_lead);
    let Some(memo) = scene.memory.handoff.clone().filter(|_| gave) else {
        return Desk::Nothing;
    };
    scene.path.push("desk:lead".to_owned());
    let text = text_of(scene, "aviso_datos", &[("resumen", &summary(scene))]);
    Desk::Lead { lead: lead_data(scene), notice: Notice { team: memo.call.team, text } }
}

fn handoff(scene: &Scene<'_>, call: HandoffCall) -> Handoff {
    let (next_step, suggested) = scene
        .pack
        .handoff_rule(call.reason)
        .map_or_else(Default::default, |rule| (rule.next_step.clone(), rule.suggested.clone()));
    // Whoever wants to be left alone is not written to by way of a greeting.
    let wish = wish::of_turn(scene).filter(|_| call.reason == Reason::PideHumano);
    let (next_step, suggested) = match wish {
        Some(wish) => (text_of(scene, wish::step(wish), &[]), String::new()),
        None => (next_step, suggested),
    };
    let name = scene.memory.slot(NAME).map(|n| format!(" {}", Verbatim::name(&n))).unwrap_or_default();
    let summary = summary(scene);
    let about = &scene.pack.about;
    let priority = about.priorities.get(&call.priority).cloned().unwrap_or_default();
    let team = about.teams.get(&call.team).cloned().unwrap_or_default();
    let suggested_message = suggested.replace("{nombre_coma}", &name);
    let values = [
        ("equipo", team.as_str()),
        ("prioridad", &priority),
        ("motivo", call.reason.id()),
        ("resumen", &summary),
        ("paso", &next_step),
    ];
    let mut text = text_of(scene, "aviso", &values);
    if !suggested_message.is_empty() {
        text.push('\n');
        text.push_str(&text_of(scene, "aviso_sugerido", &[("valor", &suggested_message)]));
    }
    Handoff {
        call,
        summary,
        next_step,
        suggested_message,
        lead: lead_data(scene),
        notice: Notice { team: call.team, text },
    }
}

/// Who, how to reach them, what, product, city, budget, words: one line each, only what is known. What the customer
/// wrote stands in its line and cannot leave it.
#[must_use]
pub fn summary(scene: &Scene<'_>) -> String {
    let memory = &scene.memory;
    let who = memory.slot(NAME).or_else(|| scene.turn.profile_name.map(str::to_owned));
    let who = who.map(|name| Verbatim::name(&name).to_string());
    let product = scene
        .product()
        .map(|item| item.name.clone())
        .or_else(|| scene.family().and_then(|f| scene.pack.family(&f).map(|f| f.name.clone())));
    let machine = memory.machine.clone().or_else(|| {
        let brand = memory.slot(BRAND)?;
        Some(format!("{brand} {}", memory.slot(MODEL).unwrap_or_default()).trim().to_owned())
    });
    let place = [memory.slot(DISTRICT), memory.slot(CITY)].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let budget = memory.slots.get(BUDGET).and_then(|s| s.value.as_i64()).map(|n| Cop(n).to_string());
    let said = scene.last_words();
    let matter = matter(scene);
    let promised = scene.call().map(|call| promise(scene, call).text(scene));
    let lines = [
        ("resumen_cliente", who),
        ("resumen_contacto", scene.turn.reach.map(str::to_owned)),
        ("resumen_pedido", order::summary(scene)),
        ("resumen_producto", product),
        ("resumen_maquina", machine),
        ("resumen_uso", memory.slot(USE)),
        ("resumen_ciudad", Some(place).filter(|p| !p.is_empty())),
        ("resumen_presupuesto", budget),
        ("resumen_asunto", matter),
        ("resumen_dijo", Some(said).filter(|s| !s.is_empty())),
        ("resumen_promesa", promised.filter(|p| !p.is_empty())),
    ];
    lines
        .iter()
        .filter_map(|(id, value)| value.as_ref().map(|v| (id, Verbatim::of(v, LONGEST_LINE))))
        .filter(|(_, value)| !value.is_empty())
        .map(|(id, value)| text_of(scene, id, &[("valor", value.as_str())]))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Most characters of a line's value.
const LONGEST_LINE: usize = 420;

// What was said before this turn that carried the matter.
fn matter(scene: &Scene<'_>) -> Option<String> {
    let now = |from: &str| scene.turn.messages.iter().any(|message| message.message_id == from);
    let before = scene.memory.heard.iter().filter(|heard| !now(&heard.from)).map(|heard| heard.words.as_str());
    let words = before.collect::<Vec<_>>().join(" / ");
    (!words.is_empty()).then_some(words)
}

fn lead_data(scene: &Scene<'_>) -> BTreeMap<String, String> {
    [NAME, CITY, DISTRICT]
        .iter()
        .filter_map(|slot| Some(((*slot).to_owned(), Verbatim::name(&scene.memory.slot(slot)?).to_string())))
        .collect()
}

/// The slots that the team of this turn's handoff needs and nobody knows.
#[must_use]
pub fn missing(scene: &Scene<'_>) -> Vec<String> {
    let Some(memo) = scene.memory.handoff.as_ref().filter(|memo| !memo.lead_asked) else {
        return Vec::new();
    };
    let needed = scene.pack.handoff_rule(memo.call.reason).map_or(&[][..], |rule| rule.lead.as_slice());
    let city_known =
        |slot: &str| slot == DISTRICT && scene.memory.slot(CITY).is_some_and(|c| c != scene.pack.about.city);
    needed.iter().filter(|slot| !scene.memory.slots.contains_key(*slot) && !city_known(slot)).cloned().collect()
}

/// What a team reads of the questions of this turn that nobody can answer.
#[must_use]
pub fn question(scene: &Scene<'_>) -> Option<Notice> {
    let queries = &scene.ledger.queries;
    let technical = queries.iter().all(|query| query.team == Team::Tecnica);
    let names: Vec<&str> = queries.iter().map(|query| query.name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let asked = crate::listing::listed(&names);
    let text = text_of(scene, "aviso_pregunta", &[("pregunta", &asked), ("resumen", &summary(scene))]);
    Some(Notice { team: if technical { Team::Tecnica } else { Team::Comercial }, text })
}

/// An urgent call that nobody has taken up.
#[derive(Debug, Clone, Copy)]
pub struct Unanswered<'a> {
    pub team: Team,
    /// A reason's id.
    pub reason: &'a str,
    pub summary: &'a str,
    pub next_step: &'a str,
    pub minutes: i64,
}

/// What the team reads again of it.
#[must_use]
pub fn reminder(pack: &Pack, waits: Unanswered<'_>) -> Notice {
    let minutes = waits.minutes.to_string();
    let values = [
        ("minutos", minutes.as_str()),
        ("motivo", waits.reason),
        ("resumen", waits.summary),
        ("paso", waits.next_step),
    ];
    let words = Symbol::known("aviso_espera").and_then(|id| pack.replies.get(&id)?.first());
    Notice { team: waits.team, text: words.map_or_else(String::new, |text| text.fill(&pack.facts, &values)) }
}

/// What a team reads when more wait than it is told of one by one; `how_many` stands for their number.
#[must_use]
pub fn many(pack: &Pack, how_many: &str) -> String {
    let words = Symbol::known("aviso_varios").and_then(|id| pack.replies.get(&id)?.first());
    words.map_or_else(String::new, |text| text.fill(&pack.facts, &[("cuantos", how_many)]))
}

/// What the customer is told when a person is called.
pub struct Promise {
    reply: String,
    city: String,
    team: String,
}

impl Promise {
    /// Says it in a draft.
    pub fn say(&self, scene: &Scene<'_>, draft: &mut Draft) {
        draft.say(scene, &self.reply, &[("ciudad", &self.city), ("equipo", &self.team)]);
    }

    fn text(&self, scene: &Scene<'_>) -> String {
        text_of(scene, &self.reply, &[("ciudad", &self.city), ("equipo", &self.team)])
    }
}

/// What is promised for a call: by its reason, but danger comes before all, and whoever only asked a price has not bought.
#[must_use]
pub fn promise(scene: &Scene<'_>, call: HandoffCall) -> Promise {
    let buys = scene
        .business()
        .any(|v| v.answered.is_some() || matches!(v.intent, Intent::Comprar | Intent::Cotizacion | Intent::Confirmar));
    let wish = wish::of_turn(scene).filter(|_| call.reason == Reason::PideHumano);
    let reply = match call.reason {
        Reason::PideHumano if wish.is_some() => wish.map(wish::acknowledged).unwrap_or_default().to_owned(),
        Reason::Urgente if scene.says("peligro") => "traspaso_peligro".to_owned(),
        Reason::Cierre if scene.says("ya_pague") => "traspaso_pago".to_owned(),
        Reason::Cierre if !buys => "traspaso_dato".to_owned(),
        reason => format!("traspaso_{reason}"),
    };
    let city = scene.memory.slot(CITY).unwrap_or_default();
    let team = scene.pack.about.teams.get(&call.team).cloned().unwrap_or_default();
    Promise { reply, city, team }
}

/// Whether a person leads or is being called in this turn.
#[must_use]
pub fn handed_over(scene: &Scene<'_>) -> bool {
    scene.mode == Mode::HumanActive || matches!(scene.desk, Desk::Open(_) | Desk::Raise(_))
}
