//! Answers that are worked out: prices, comparisons, lists, fitness, hours.
//!
//! Owns which products an answer is about and what of them is said. Prices come from the catalog; a product is called
//! good for something only when its row says so.

use crate::catalog::Item;
use crate::money::Cop;
use crate::outcome::Choice;
use crate::pack::topics::{Computed, Topic};
use crate::stages::draft::Draft;
use crate::stages::products as said;
use crate::stages::recommend;
use crate::stages::scene::{Scene, View};
use crate::stages::steer;

use super::calendar;
use super::heard::Ask;
use super::source::{Answered, narrowed, open};

/// Works out an answer and says it.
pub fn computed(
    scene: &mut Scene<'_>,
    at: usize,
    ask: &Ask,
    topic: &Topic,
    what: Computed,
    items: &[&Item],
    draft: &mut Draft,
) -> Answered {
    let unknown = |scene: &Scene<'_>, item: Option<&Item>| Answered::Unknown(open(scene, at, ask, topic, item));
    let sells = !matches!(what, Computed::Hours | Computed::Waiting | Computed::Delivery);
    let reading = &scene.views[at].reading;
    let absent = scene.pack.cues.absent(&reading.cues).is_some() || reading.stated.withdrawn.is_some();
    if sells && absent && items.is_empty() {
        said::not_carried(scene, crate::taxonomy::Intent::Disponibilidad, draft);
        return Answered::Known;
    }
    let sold = matches!(
        what,
        Computed::Price | Computed::Sum | Computed::Stock | Computed::Photo | Computed::Features | Computed::Included
    );
    if let Some(gone) = items.iter().copied().find(|item| sold && item.is_sold_out()) {
        said::in_its_place(scene, gone, draft);
        return Answered::Known;
    }
    match what {
        Computed::Hours => hours(scene, at, ask, draft),
        Computed::Price | Computed::Sum => return price(scene, at, ask, items, draft),
        Computed::WithPrice => with_price(scene, draft),
        Computed::ByPrice => return by_price(scene, at, ask, topic, draft),
        Computed::Cheapest => return extreme(scene, at, ask, items, false, draft),
        Computed::Dearest => return extreme(scene, at, ask, items, true, draft),
        Computed::Stock => {
            if items.is_empty() && scene.views[at].ambiguous {
                said::which(scene, draft);
                return Answered::WhichOne;
            }
            said::stock(scene, items, draft);
        }
        Computed::Photo => {
            steer::doubts(scene, draft);
            if items.is_empty() && scene.views[at].ambiguous {
                said::which(scene, draft);
                return Answered::WhichOne;
            }
            said::photo(scene, items, draft);
        }
        Computed::Features => return features(scene, at, ask, topic, items, draft),
        Computed::Included => return included(scene, at, ask, topic, items, draft),
        Computed::Compare => return compare(scene, at, ask, items, draft),
        Computed::Models => {
            models(scene, at, draft);
            if ask.limited {
                return Answered::Partly(open(scene, at, ask, topic, None));
            }
        }
        Computed::Promotions => crate::stages::reply::promotions(scene, draft),
        Computed::Delivery => {
            crate::stages::reply::fact(scene, crate::taxonomy::Intent::Envios, draft);
            if ask.limited {
                return Answered::Partly(open(scene, at, ask, topic, None));
            }
        }
        Computed::Fitness => return fitness(scene, at, ask, topic, items, draft),
        Computed::Kind => match items {
            [] => return kind_of_family(scene, at, ask, topic, draft),
            items => {
                for item in items.iter().take(3) {
                    draft.say(scene, "rasgo_es", &[("producto", &item.name), ("rasgo", &item.kind)]);
                }
            }
        },
        Computed::Above => {
            return above(scene, items, draft).map_or_else(|| unknown(scene, None), |()| Answered::Known);
        }
        Computed::Waiting => waiting(scene, draft),
    }
    if ask.limited && matches!(what, Computed::Stock) {
        return Answered::Partly(open(scene, at, ask, topic, items.first().copied()));
    }
    Answered::Known
}

fn hours(scene: &Scene<'_>, at: usize, ask: &Ask, draft: &mut Draft) {
    let zone = scene.turn.policy.hours.zone.clone();
    let now = scene.turn.now.to_zoned(zone);
    let words = &scene.views[at].reading.normalized.words[ask.sentence.clone()];
    let when = calendar::when(words, now.date());
    let hour = calendar::hour(words);
    let mut store = scene.pack.store_hours.clone();
    store.closed.extend(scene.turn.policy.hours.closed.iter().map(|(day, reason)| (*day, reason.clone())));
    let when = when.or_else(|| hour.map(|_| calendar::When::On(now.date())));
    match when.filter(|_| store.is_known()) {
        None => draft.say(scene, "horario", &[]),
        Some(when) => {
            let minute = i16::from(now.hour()) * 60 + i16::from(now.minute());
            let told = calendar::told(&store, when, hour, now.date(), minute);
            let values: Vec<(&str, &str)> = told.values.iter().map(|(gap, value)| (*gap, value.as_str())).collect();
            draft.say(scene, told.reply, &values);
        }
    }
}

/// The products among which a question chooses: those of the message, of the last offer, of the family, all.
pub fn among<'a>(scene: &Scene<'a>, view: &View<'_>, items: &[&'a Item]) -> Vec<&'a Item> {
    let pack = scene.pack;
    if items.len() > 1 {
        return items.to_vec();
    }
    let named = view.reading.stated.families.first().cloned();
    let offered: Vec<&Item> = scene.memory.offered.iter().filter_map(|id| pack.catalog.item(id)).collect();
    let points = ["ambas", "ref_esa", "ref_otra"].iter().any(|c| view.reading.says(c));
    let mut all: Vec<&Item> = if named.is_none() && offered.len() > 1 && points { offered } else { Vec::new() };
    if all.is_empty() {
        let family = named.or_else(|| scene.memory.slot(&pack.about.family_slot));
        let mut rest: Vec<&Item> = pack.catalog.active().collect();
        // Those of the family first: who asks which one has a light means the machines spoken of.
        rest.sort_by_key(|item| (family.as_deref() != Some(item.family.as_str()), -item.priority));
        all = rest;
    }
    all
}

/// The other products of an item's family, then all others.
pub fn relatives<'a>(scene: &Scene<'a>, item: &Item) -> Vec<&'a Item> {
    let mut all: Vec<&Item> = scene.pack.catalog.active().filter(|other| other.id != item.id).collect();
    all.sort_by_key(|other| (other.family != item.family, -other.priority));
    all
}

/// Notes the products of an answer: what `la primera` and `esa` mean from now on.
pub fn spoken_of(scene: &mut Scene<'_>, items: &[&Item]) {
    if items.len() > 1 {
        scene.memory.offered = items.iter().map(|item| item.id.clone()).collect();
    }
    for item in items.iter().rev() {
        scene.memory.focus_on(&item.id);
    }
}

fn price(scene: &mut Scene<'_>, at: usize, ask: &Ask, items: &[&Item], draft: &mut Draft) -> Answered {
    let _ = ask;
    steer::doubts(scene, draft);
    if items.is_empty() && scene.views[at].ambiguous {
        said::which(scene, draft);
        return Answered::WhichOne;
    }
    let (priced, unpriced): (Vec<&Item>, Vec<&Item>) = items.iter().copied().partition(|item| item.price_cop.is_some());
    for item in priced.iter().take(3) {
        said::price_of(scene, item, draft);
    }
    if !unpriced.is_empty() {
        let names = crate::listing::listed(&unpriced.iter().map(|item| item.name.as_str()).collect::<Vec<_>>());
        draft.say(scene, "precio_desconocido", &[("producto", &names)]);
        let from = scene.pack.family(unpriced[0].family.as_str()).and_then(|f| Some((f, f.price_from?)));
        if let Some((family, from)) = from.filter(|_| priced.is_empty()) {
            draft.say(scene, "precio_familia", &[("familia", &family.plural), ("desde", &Cop(from).to_string())]);
        }
        draft.ask(scene, "asesor_precio", &[]);
    }
    if items.is_empty() {
        said::price(scene, &[], draft);
        priced_of_family(scene, draft);
    } else {
        spoken_of(scene, items);
        recommend::show(scene, items[0], draft);
        scene.memory.stage = scene.memory.stage.max(crate::memory::Stage::Priced);
    }
    Answered::Known
}

// Beside where a family's prices begin: those that are known.
fn priced_of_family(scene: &mut Scene<'_>, draft: &mut Draft) {
    let Some(family) = scene.family() else { return };
    let mut items: Vec<&Item> = scene
        .pack
        .catalog
        .active()
        .filter(|item| item.family.as_str() == family && item.price_cop.is_some() && item.stock != Some(0))
        .collect();
    items.sort_by_key(|item| item.price_cop);
    items.truncate(3);
    if !items.is_empty() {
        let list = said::priced(&items);
        draft.say(scene, "con_precio", &[("productos", &list)]);
        spoken_of(scene, &items);
    }
}

fn with_price(scene: &mut Scene<'_>, draft: &mut Draft) {
    let mut items: Vec<&Item> =
        scene.pack.catalog.active().filter(|item| item.price_cop.is_some() && item.stock != Some(0)).collect();
    items.sort_by_key(|item| item.price_cop);
    items.truncate(4);
    // Of all that there is, first where each kind begins.
    if items.is_empty() || scene.memory.offered.len() < 2 {
        said::price(scene, &[], draft);
    }
    if items.is_empty() {
        return;
    }
    let list = said::priced(&items);
    draft.say(scene, "con_precio", &[("productos", &list)]);
    spoken_of(scene, &items);
}

// `la de 1.300 cuál es`: the product that costs so much.
fn by_price(scene: &mut Scene<'_>, at: usize, ask: &Ask, topic: &Topic, draft: &mut Draft) -> Answered {
    let named = crate::stages::reference::priced_so(scene, &scene.views[at]);
    let before = || {
        let last = scene.memory.amounts_said.last()?;
        scene.pack.catalog.items.iter().position(|i| i.active && i.price_cop.is_some_and(|p| p.0 == *last))
    };
    let found = named.or_else(before);
    match found.map(|n| &scene.pack.catalog.items[n]) {
        Some(item) => {
            said::price_of(scene, item, draft);
            spoken_of(scene, &[item]);
            recommend::show(scene, item, draft);
            Answered::Known
        }
        None => Answered::Unknown(open(scene, at, ask, topic, None)),
    }
}

// The cheapest or dearest of those whose price is known, and where the others begin.
fn extreme(scene: &mut Scene<'_>, at: usize, ask: &Ask, items: &[&Item], dearest: bool, draft: &mut Draft) -> Answered {
    let _ = ask;
    let view = &scene.views[at];
    let family = view.reading.stated.families.first().cloned();
    let promo = view.reading.says("promo");
    let of_offer: Vec<&Item> = scene.memory.offered.iter().filter_map(|id| scene.pack.catalog.item(id)).collect();
    let mut among: Vec<&Item> = match (&family, items.len(), promo) {
        (Some(family), ..) => scene.pack.catalog.active().filter(|i| i.family.as_str() == family).collect(),
        (None, 2.., _) => items.to_vec(),
        (None, _, true) => scene.pack.catalog.active().filter(|i| i.promo).collect(),
        (None, ..) if of_offer.len() > 1 && of_offer.iter().all(|i| i.price_cop.is_some()) => of_offer,
        (None, ..) => Vec::new(),
    };
    among.retain(|item| item.price_cop.is_some() && item.stock != Some(0));
    let chosen =
        if dearest { among.iter().max_by_key(|i| i.price_cop) } else { among.iter().min_by_key(|i| i.price_cop) };
    match chosen.copied() {
        Some(item) => {
            said::price_of(scene, item, draft);
            let others: Vec<&Item> = among.into_iter().filter(|other| other.id != item.id).collect();
            let all: Vec<&Item> = std::iter::once(item).chain(others).collect();
            spoken_of(scene, &all);
            recommend::show(scene, item, draft);
        }
        None if dearest => with_price(scene, draft),
        None => {
            let lowest = scene.pack.families.iter().filter(|f| f.price_from.is_some()).min_by_key(|f| f.price_from);
            if let Some((family, from)) = lowest.and_then(|f| Some((f.plural.clone(), f.price_from?))) {
                draft.say(scene, "economico", &[("familia", &family), ("desde", &Cop(from).to_string())]);
            }
        }
    }
    Answered::Known
}

fn features(
    scene: &mut Scene<'_>,
    at: usize,
    ask: &Ask,
    topic: &Topic,
    items: &[&Item],
    draft: &mut Draft,
) -> Answered {
    match items {
        [] if scene.views[at].ambiguous => {
            said::which(scene, draft);
            return Answered::WhichOne;
        }
        [] => models(scene, at, draft),
        [item] => {
            said::sheet(scene, item, draft);
            spoken_of(scene, &[item]);
            if narrowed(scene, at, ask, item) {
                return Answered::Partly(open(scene, at, ask, topic, Some(item)));
            }
        }
        _ => return compare(scene, at, ask, items, draft),
    }
    Answered::Known
}

// What comes with a product: of a family that says it; of others nobody knows.
fn included(
    scene: &mut Scene<'_>,
    at: usize,
    ask: &Ask,
    topic: &Topic,
    items: &[&Item],
    draft: &mut Draft,
) -> Answered {
    let pack = scene.pack;
    let named = scene.views[at].reading.stated.families.first().cloned();
    let family = items.first().map(|item| item.family.to_string()).or(named).or_else(|| scene.family());
    let fact = family.as_deref().and_then(|f| pack.family(f)).and_then(|f| f.includes.clone());
    match (fact, items.first()) {
        (Some(fact), Some(item)) => {
            draft.say(scene, "trae", &[("producto", &item.name), ("incluye", pack.fact(&fact))]);
            spoken_of(scene, &items[..1]);
        }
        (Some(fact), None) => draft.say(scene, "incluye", &[("incluye", pack.fact(&fact))]),
        (None, Some(item)) => {
            said::sheet(scene, item, draft);
            return Answered::Partly(open(scene, at, ask, topic, Some(item)));
        }
        (None, None) => {
            let with = pack.families.iter().find_map(|f| Some((f.plural.clone(), f.includes.clone()?)));
            let Some((family, fact)) = with else { return Answered::Unknown(open(scene, at, ask, topic, None)) };
            draft.say(scene, "incluye_familia", &[("familia", &family), ("incluye", pack.fact(&fact))]);
        }
    }
    match items.first() {
        Some(item) if narrowed(scene, at, ask, item) => Answered::Partly(open(scene, at, ask, topic, Some(item))),
        None if ask.limited => Answered::Partly(open(scene, at, ask, topic, None)),
        Some(_) | None => Answered::Known,
    }
}

/// Most products in one comparison.
const COMPARED: usize = 3;

fn compare(scene: &mut Scene<'_>, at: usize, ask: &Ask, items: &[&Item], draft: &mut Draft) -> Answered {
    let _ = ask;
    let pack = scene.pack;
    let view = &scene.views[at];
    let kinds = view.reading.stated.families.len() >= 2 && view.reading.stated.mentions.is_empty();
    if kinds && said::families(scene, draft) {
        return Answered::Known;
    }
    let mut set: Vec<&Item> = items.to_vec();
    if set.len() < 2 {
        let brands = &view.reading.stated.brands;
        let family =
            view.reading.stated.families.first().cloned().or_else(|| scene.memory.slot(&pack.about.family_slot));
        let of_brands = pack.catalog.active().filter(|i| brands.contains(&i.brand));
        let same = |i: &&Item| family.as_deref().is_none_or(|f| i.family.as_str() == f);
        let mut found: Vec<&Item> = of_brands.filter(same).collect();
        if brands.len() < 2 {
            let spoken = scene.memory.offered.iter().chain(&scene.memory.focus).filter_map(|id| pack.catalog.item(id));
            found = set.iter().copied().chain(spoken).collect();
        }
        set = found.into_iter().fold(Vec::new(), |mut all, item| {
            if !all.iter().any(|known: &&Item| known.id == item.id) {
                all.push(item);
            }
            all
        });
    }
    set.truncate(COMPARED);
    if set.len() < 2 {
        if said::families(scene, draft) {
            return Answered::Known;
        }
        return match set.first() {
            Some(item) => {
                said::sheet(scene, item, draft);
                spoken_of(scene, &set);
                Answered::Known
            }
            None => {
                models(scene, at, draft);
                Answered::Known
            }
        };
    }
    for item in &set {
        said::line(scene, item, draft);
    }
    spoken_of(scene, &set);
    let options =
        set.iter().map(|i| Choice { id: format!("set:item={}", i.id), title: said::short(&i.name) }).collect();
    draft.ask_among(scene, "cual", options);
    Answered::Known
}

// What there is of a brand or family, whole; of everything, the kinds and brands.
fn models(scene: &mut Scene<'_>, at: usize, draft: &mut Draft) {
    let pack = scene.pack;
    let stated = &scene.views[at].reading.stated;
    let (brands, families) = (stated.brands.clone(), stated.families.clone());
    if let Some(brand) = brands.iter().find(|b| !pack.catalog.active().any(|i| i.brand == **b)) {
        draft.say(scene, "marca_no_manejada", &[("marca", brand)]);
        return;
    }
    if brands.is_empty() && families.is_empty() {
        draft.say(scene, "catalogo", &[]);
        return;
    }
    let wanted = |item: &Item| {
        (brands.is_empty() || brands.contains(&item.brand))
            && (families.is_empty() || families.iter().any(|f| item.family.as_str() == f))
    };
    let names = said::list(scene, wanted);
    let family = families.first().and_then(|f| pack.family(f)).map(|f| f.plural.clone());
    let of = family.or_else(|| brands.first().cloned()).unwrap_or_default();
    if names.is_empty() {
        draft.say(scene, "no_tenemos", &[("que", &of)]);
    } else {
        draft.say(scene, "catalogo_familia", &[("familia", &of), ("productos", &names)]);
    }
}

fn fitness(scene: &mut Scene<'_>, at: usize, ask: &Ask, topic: &Topic, items: &[&Item], draft: &mut Draft) -> Answered {
    let pack = scene.pack;
    let Some(material) = ask.materials.first().and_then(|n| pack.topics.materials.get(*n)) else {
        return Answered::Unknown(open(scene, at, ask, topic, items.first().copied()));
    };
    let exactly = |item: &&Item| item.fits(material.id.as_str());
    let broadly = |item: &&Item| material.broader.iter().any(|id| item.fits(id.as_str()));
    let broad_name = |item: &Item| {
        let known = material.broader.iter().find(|id| item.fits(id.as_str()));
        known.and_then(|id| pack.topics.materials.iter().find(|m| m.id == *id)).map_or("", |m| m.name.as_str())
    };
    let name = material.name.as_str();
    // How much, how thick, how long is a question of its own.
    let limits = pack.topics.get("limite_uso").filter(|_| ask.limited).unwrap_or(topic);
    let partly = |scene: &Scene<'_>, item: Option<&Item>| Answered::Partly(open(scene, at, ask, limits, item));
    if let [item, ..] = items
        && !ask.which
    {
        spoken_of(scene, &items[..1]);
        if exactly(item) {
            let id = if ask.limited { "sirve_hasta_ahi" } else { "sirve_si" };
            draft.say(scene, id, &[("producto", &item.name), ("uso", name)]);
            return if ask.limited { partly(scene, Some(item)) } else { Answered::Known };
        }
        if broadly(item) {
            draft.say(scene, "sirve_hasta_ahi", &[("producto", &item.name), ("uso", broad_name(item))]);
            return partly(scene, Some(item));
        }
        let other = relatives(scene, item).into_iter().find(|o| exactly(o));
        if let Some(other) = other {
            draft.say(scene, "sirve_otra", &[("producto", &other.name), ("uso", name), ("razon", &other.good_for)]);
        }
        return Answered::Unknown(open(scene, at, ask, topic, Some(item)));
    }
    let candidates = among(scene, &scene.views[at], items);
    let good: Vec<&Item> = candidates
        .iter()
        .copied()
        .filter(|i| exactly(i))
        .chain(candidates.iter().copied().filter(|i| !exactly(i) && broadly(i)))
        .take(2)
        .collect();
    let Some(first) = good.first().copied() else {
        return Answered::Unknown(open(scene, at, ask, topic, None));
    };
    draft.say(scene, "sirve_otra", &[("producto", &first.name), ("uso", name), ("razon", &first.good_for)]);
    spoken_of(scene, &good);
    recommend::show(scene, first, draft);
    if ask.limited || !exactly(&first) { partly(scene, Some(first)) } else { Answered::Known }
}

// `las fileteadoras son industriales?`: the kind of every product of the family.
fn kind_of_family(scene: &mut Scene<'_>, at: usize, ask: &Ask, topic: &Topic, draft: &mut Draft) -> Answered {
    let family = scene.views[at].reading.stated.families.first().cloned().or_else(|| scene.family());
    let items: Vec<&Item> =
        scene.pack.catalog.active().filter(|i| family.as_deref() == Some(i.family.as_str())).take(3).collect();
    if items.is_empty() {
        return Answered::Unknown(open(scene, at, ask, topic, None));
    }
    for item in &items {
        draft.say(scene, "rasgo_es", &[("producto", &item.name), ("rasgo", &item.kind)]);
    }
    spoken_of(scene, &items);
    Answered::Known
}

// `hay alguna por encima de esa?`: the others of its family.
fn above(scene: &mut Scene<'_>, items: &[&Item], draft: &mut Draft) -> Option<()> {
    let current = items.first().copied().or_else(|| scene.product())?;
    let named: Vec<String> = scene.memory.offered.iter().chain(&scene.memory.focus).cloned().collect();
    let mut others: Vec<&Item> =
        scene.pack.catalog.active().filter(|i| i.family == current.family && i.id != current.id).collect();
    others.sort_by_key(|i| (named.contains(&i.id), -i.priority));
    let next = others.first().copied()?;
    draft.say(scene, "recomienda_otra", &[("producto", &next.name), ("razon", &next.good_for)]);
    said::line(scene, next, draft);
    spoken_of(scene, &[next]);
    Some(())
}

// The truth about a wait: since when the team knows, and that it is told again.
fn waiting(scene: &mut Scene<'_>, draft: &mut Draft) {
    let told = scene.memory.handoff.as_ref().map(|memo| memo.told_at);
    let zone = scene.turn.policy.hours.zone.clone();
    match told {
        Some(told) => {
            let told = told.to_zoned(zone.clone());
            let since = crate::schedule::spoken_minutes(i16::from(told.hour()) * 60 + i16::from(told.minute()));
            let now = scene.turn.now.to_zoned(zone);
            let day = if told.date() == now.date() {
                "hoy".to_owned()
            } else {
                calendar::spoken_since(told.date(), now.date())
            };
            draft.say(scene, "espera_desde", &[("hora", &since), ("cuando", &day)]);
        }
        None => draft.say(scene, "espera", &[]),
    }
}
