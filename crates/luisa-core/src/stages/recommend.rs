//! Recommendation: at most two products, with the reason for this customer.
//!
//! Owns the ranking. It uses what the customer said (family, use, volume, budget) and the store's own priority; price
//! decides only against a stated budget.

use crate::catalog::Item;
use crate::memory::{Memory, OFFERED, SlotValue, Stage};
use crate::money::Cop;
use crate::outcome::Asset;
use crate::pack::{Family, Pack};
use crate::symbol::Symbol;
use crate::understanding::slots::{BUDGET, USE, VOLUME};

use super::draft::Draft;
use super::scene::Scene;
use super::traits;

/// The best products for what is known, best first, at most two.
#[must_use]
pub fn best<'a>(scene: &Scene<'a>) -> Vec<&'a Item> {
    let (pack, memory) = (scene.pack, &scene.memory);
    let family = family(pack, memory);
    let mut ranked: Vec<(i64, &Item)> = pack
        .catalog
        .active()
        .filter(|item| family.as_ref().is_none_or(|f| item.family == *f) && item.stock != Some(0))
        .map(|item| (score(scene, item), item))
        .collect();
    ranked.sort_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.id.cmp(&y.id)));
    let top = ranked.first().map_or(0, |(s, _)| *s);
    ranked.into_iter().take(2).filter(|(s, _)| *s * 10 >= top * 6).map(|(_, item)| item).collect()
}

/// The family said, else the one that the use suggests; occasional work at home stays at home.
#[must_use]
pub fn family(pack: &Pack, memory: &Memory) -> Option<Symbol> {
    if let Some(said) = memory.slot(&pack.about.family_slot).and_then(|said| pack.family_id(&said)) {
        return Some(said);
    }
    let purpose = memory.slot(USE)?;
    pack.uses.iter().find(|u| u.id.as_str() == purpose).map(|u| u.family)
}

fn score(scene: &Scene<'_>, item: &Item) -> i64 {
    let (pack, memory) = (scene.pack, &scene.memory);
    let mut score = item.priority * 3;
    if let Some(purpose) = memory.slot(USE) {
        score += match item.uses.iter().position(|u| u.as_str() == purpose) {
            Some(place) => 40 - 6 * i64::try_from(place).unwrap_or(5).min(5),
            None => -10,
        };
    }
    if let Some(volume) = memory.slot(VOLUME)
        && !item.volume.is_empty()
    {
        score += if item.volume == volume { 18 } else { -6 };
    }
    let cheapest = pack.cheapest.map(|c| c.0);
    // What bears most is the step up, and not where one begins, unless much work is meant.
    let steps_up = pack.families.iter().any(|f| f.step_up.as_deref() == Some(item.id.as_str()));
    if steps_up && memory.slot(VOLUME).as_deref() != Some("alto") {
        score -= 8;
    }
    if scene.says("principiante") || scene.says("para_quien") {
        score += if item.volume == "bajo" { 18 } else { -6 };
    }
    if traits::suits(scene, item) {
        score += 20;
    }
    // A small purse with unknown prices is better served by the simpler product.
    let small_purse =
        memory.slots.get(BUDGET).and_then(|s| s.value.as_i64()).is_some_and(|b| cheapest.is_some_and(|c| b < c * 2));
    if small_purse && item.price_cop.is_none() && item.volume == "bajo" {
        score += 12;
    }
    if let Some(budget) = memory.slots.get(BUDGET).and_then(|s| s.value.as_i64())
        && let Some(price) = item.price_cop
    {
        score += if price.0 <= budget { 12 } else { -20 };
    }
    score
}

/// Whether a product was recommended in this conversation.
#[must_use]
pub fn done(scene: &Scene<'_>) -> bool {
    ["recomienda", "recomienda_simple"].iter().any(|id| scene.memory.said.contains_key(*id))
}

/// Whether something that bears on the choice was said in this turn.
#[must_use]
pub fn learnt(scene: &Scene<'_>) -> bool {
    let bears = |slot: &str| scene.memory.slot(slot) != scene.turn.memory.slot(slot);
    [USE, VOLUME, BUDGET].iter().any(|slot| bears(slot))
}

/// Whether a recommendation may be confirmed: there was one, and it was not confirmed yet.
#[must_use]
pub fn may_confirm(scene: &Scene<'_>) -> bool {
    done(scene) && !scene.memory.said.contains_key("confirma")
}

/// What was recommended stays the best with what was learnt now: it is named again, with the reason and the price.
pub fn confirm(scene: &mut Scene<'_>, draft: &mut Draft) {
    let Some(item) = best(scene).first().copied() else { return };
    draft.say(scene, "confirma", &[("producto", &item.name), ("razon", &item.good_for)]);
    price_line(scene, item, draft);
    draft.asset = Some(asset(item));
    scene.memory.focus_on(&item.id);
}

/// Whether enough is known to recommend: a family, and something about the work or the purse.
#[must_use]
pub fn ready(scene: &Scene<'_>) -> bool {
    let memory = &scene.memory;
    let about_work = [USE, VOLUME, BUDGET].iter().any(|slot| memory.slots.contains_key(*slot));
    family(scene.pack, memory).is_some()
        && (about_work
            || scene.says("principiante")
            || scene.says("la_mejor")
            || scene.says("para_quien")
            || traits::asked(scene))
}

/// The better of the products offered before, when the customer asks which of them.
fn among_offered<'a>(scene: &Scene<'a>) -> Option<Vec<&'a Item>> {
    let asks_which = ["ambas", "comparar", "asesoria", "la_mejor"].iter().any(|concept| scene.says(concept));
    let pack = scene.pack;
    let mut offered: Vec<&Item> = scene.memory.offered.iter().filter_map(|id| pack.catalog.item(id)).collect();
    if !asks_which || offered.len() < 2 {
        return None;
    }
    offered.sort_by(|a, b| score(scene, b).cmp(&score(scene, a)).then_with(|| a.id.cmp(&b.id)));
    offered.truncate(1);
    Some(offered)
}

/// Says the recommendation, with the photo of the first, and notes what was offered.
pub fn say(scene: &mut Scene<'_>, draft: &mut Draft) {
    let pack = scene.pack;
    let chosen = among_offered(scene).filter(|_| !learnt(scene));
    let others = if chosen.is_some() { scene.memory.offered.clone() } else { Vec::new() };
    let found = chosen.unwrap_or_else(|| best(scene));
    let Some(first) = found.first() else { return };
    if let Some(fact) = short_budget(scene) {
        draft.say(scene, "presupuesto_corto", &[("presupuesto", &fact.0), ("familia", &fact.1), ("desde", &fact.2)]);
    }
    let purpose =
        scene.memory.slot(USE).and_then(|id| pack.uses.iter().find(|u| u.id.as_str() == id)).map(|u| u.name.clone());
    match &purpose {
        Some(purpose) => {
            draft.say(scene, "recomienda", &[("producto", &first.name), ("uso", purpose), ("razon", &first.good_for)])
        }
        None => draft.say(scene, "recomienda_simple", &[("producto", &first.name), ("razon", &first.good_for)]),
    }
    price_line(scene, first, draft);
    let includes = pack.family(first.family.as_str()).and_then(|f| f.includes.as_deref());
    // Two or three lines: after the family's price there is no room for what is included.
    if let Some(fact) = includes.filter(|_| !draft.says("precio_familia")) {
        draft.say(scene, "incluye", &[("incluye", pack.fact(fact))]);
    }
    let up = step_up(scene, first);
    let mut offered = vec![first.id.clone()];
    match (up, found.get(1)) {
        (Some(up), _) if includes.is_none() => {
            draft.say(scene, "sube", &[("producto", &up.name)]);
            offered.push(up.id.clone());
        }
        (_, second) => {
            if let Some(second) = second.filter(|_| includes.is_none()) {
                draft.say(scene, "recomienda_otra", &[("producto", &second.name), ("razon", &second.good_for)]);
            }
            offered.extend(second.map(|item| item.id.clone()));
        }
    }
    show(scene, first, draft);
    // The one not chosen is still `la otra`.
    offered.extend(others.into_iter().filter(|id| *id != first.id));
    offered.dedup();
    scene.memory.offered = offered;
    settle_family(scene, first);
    scene.memory.focus_on(&first.id);
    scene.memory.stage = scene.memory.stage.max(Stage::Recommended);
}

// From here on the talk is about this family, said or not.
fn settle_family(scene: &mut Scene<'_>, item: &Item) {
    let slot = scene.pack.about.family_slot.clone();
    let value = serde_json::json!(item.family);
    scene.memory.slots.entry(slot).or_insert(SlotValue { value, from: OFFERED.to_owned() });
}

fn price_line(scene: &Scene<'_>, item: &Item, draft: &mut Draft) {
    match item.price_cop {
        Some(price) => draft.say(scene, "precio_corto", &[("precio", &price.to_string())]),
        None => draft.say(scene, "precio_corto_desconocido", &[]),
    }
}

// The next better one, named once.
fn step_up<'a>(scene: &Scene<'a>, first: &Item) -> Option<&'a Item> {
    let id = scene.pack.family(first.family.as_str()).and_then(|f| f.step_up.as_deref())?;
    let up = scene.pack.catalog.item(id)?;
    (up.active && up.id != first.id && !scene.memory.said.contains_key("sube")).then_some(up)
}

/// Puts a product's photo on the reply, once per conversation.
pub fn show(scene: &mut Scene<'_>, item: &Item, draft: &mut Draft) {
    if scene.memory.shown.contains(&item.id) {
        return;
    }
    draft.asset = Some(asset(item));
    scene.memory.shown.push(item.id.clone());
}

/// A product's picture as a reply carries it.
#[must_use]
pub fn asset(item: &Item) -> Asset {
    Asset { image_id: item.image_id.clone(), title: item.name.clone(), price_cop: item.price_cop.map(|p| p.0) }
}

/// Budget, family and its lowest price, when the budget does not reach it.
#[must_use]
pub fn short_budget(scene: &Scene<'_>) -> Option<(String, String, String)> {
    let (budget, family, from) = purse(scene)?;
    (budget < from && !scene.memory.said.contains_key("presupuesto_corto")).then(|| spoken(budget, family, from))
}

/// The same for a budget that was named in this turn and reaches the lowest price.
#[must_use]
pub fn new_budget(scene: &Scene<'_>) -> Option<(String, String, String)> {
    let (budget, family, from) = purse(scene)?;
    let new = scene.memory.slot(BUDGET) != scene.turn.memory.slot(BUDGET);
    (budget >= from && new).then(|| spoken(budget, family, from))
}

// What they can spend, and where the family under discussion (else the cheapest) begins.
fn purse<'a>(scene: &Scene<'a>) -> Option<(i64, &'a Family, i64)> {
    let budget = scene.memory.slots.get(BUDGET).and_then(|s| s.value.as_i64())?;
    let known = family(scene.pack, &scene.memory).and_then(|f| scene.pack.family(f.as_str()));
    let family =
        known.or_else(|| scene.pack.families.iter().filter(|f| f.price_from.is_some()).min_by_key(|f| f.price_from))?;
    Some((budget, family, family.price_from?))
}

fn spoken(budget: i64, family: &Family, from: i64) -> (String, String, String) {
    (Cop(budget).to_string(), family.plural.clone(), Cop(from).to_string())
}
