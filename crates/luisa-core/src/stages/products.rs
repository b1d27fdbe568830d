//! Answers about products: price, stock, photo, features, comparison.
//!
//! Owns what is said of a product. A price is the catalog's or it is not said: what is unknown is an adviser's to
//! confirm.

use crate::catalog::Item;
use crate::listing::listed;
use crate::memory::Stage;
use crate::money::Cop;
use crate::options::Press;
use crate::outcome::Choice;
use crate::taxonomy::Intent;

use super::draft::Draft;
use super::questions;
use super::recommend;
use super::scene::Scene;
use super::traits;

/// Answers a question about products; the question at the end included.
pub fn answer(scene: &mut Scene<'_>, intent: Intent, draft: &mut Draft) {
    let mut named: Vec<&Item> = named(scene);
    let unnamed = scene.business().all(|v| v.reading.stated.mentions.is_empty());
    let price_of_both = intent == Intent::Precio && (scene.says("comparar") || scene.says("diferencia_precio"));
    if unnamed && scene.memory.offered.len() >= 2 && (scene.says("ambas") || price_of_both) {
        named = scene.memory.offered.iter().take(2).filter_map(|id| scene.pack.catalog.item(id)).collect();
    }
    if scene.views.iter().any(|v| v.ambiguous) && named.is_empty() {
        which(scene, draft);
        return;
    }
    match intent {
        Intent::Precio => price(scene, &named, draft),
        Intent::Disponibilidad => stock(scene, &named, draft),
        Intent::Fotos => photo(scene, &named, draft),
        _ => features(scene, &named, draft),
    }
    if let Some(gone) = named.iter().copied().find(|item| item.is_sold_out()) {
        in_its_place(scene, gone, draft);
    }
    if draft.question.is_none() {
        questions::next_for_buyer(scene, draft);
    }
}

/// Nobody is led on to buy what is not there: the nearest that is takes its place, and the talk goes on about that.
pub fn in_its_place(scene: &mut Scene<'_>, gone: &Item, draft: &mut Draft) {
    draft.say(scene, "agotado", &[("producto", &gone.name)]);
    let Some(item) = scene.pack.catalog.in_place_of(gone) else {
        draft.ask(scene, "inicio", &[]);
        return;
    };
    if draft.said.iter().any(|(_, text)| text.contains(&item.name)) {
        return;
    }
    draft.say(scene, "en_su_lugar", &[("producto", &item.name)]);
    price_of(scene, item, draft);
    recommend::show(scene, item, draft);
    scene.memory.focus_on(&item.id);
}

// The products of this turn, else the one under discussion when no family is named instead.
fn named<'a>(scene: &Scene<'a>) -> Vec<&'a Item> {
    let mut found: Vec<&Item> = Vec::new();
    for at in scene.business().flat_map(|v| v.products.iter()) {
        let item = &scene.pack.catalog.items[*at];
        if !found.iter().any(|known| known.id == item.id) {
            found.push(item);
        }
    }
    // `precio de la KS-8800; perdón, de la KT-D3`: the last one.
    if scene.says("correccion") && !scene.says("comparar") {
        found.drain(..found.len().saturating_sub(1));
    }
    found
}

/// See the caller.
pub fn price(scene: &mut Scene<'_>, named: &[&Item], draft: &mut Draft) {
    for item in named.iter().take(2) {
        price_of(scene, item, draft);
    }
    if let Some(first) = named.iter().find(|item| !item.is_sold_out()).or(named.first()) {
        scene.memory.stage = scene.memory.stage.max(Stage::Priced);
        if !first.is_sold_out() {
            recommend::show(scene, first, draft);
        }
        if named.iter().any(|item| item.price_cop.is_none() && !item.is_sold_out()) {
            draft.ask(scene, "asesor_precio", &[]);
        }
        return;
    }
    if draft.says("economico") {
        return;
    }
    let family = scene.family().and_then(|f| scene.pack.family(&f));
    match family {
        Some(family) => {
            match family.price_from {
                Some(from) => draft.say(
                    scene,
                    "precio_familia",
                    &[("familia", &family.plural), ("desde", &Cop(from).to_string())],
                ),
                None => draft.say(scene, "precio_familia_desconocido", &[("familia", &family.plural)]),
            }
            if recommend::ready(scene) && !recommend::done(scene) {
                recommend::say(scene, draft);
            }
        }
        None if draft.says("presupuesto_corto") => {}
        None => draft.say(scene, "precio_general", &[]),
    }
}

/// The price of one product, or that an adviser confirms it.
pub fn price_of(scene: &Scene<'_>, item: &Item, draft: &mut Draft) {
    match item.price_cop {
        _ if item.is_sold_out() => draft.say(scene, "agotado", &[("producto", &item.name)]),
        Some(price) if item.promo => {
            draft.say(scene, "precio_promo", &[("producto", &item.name), ("precio", &price.to_string())])
        }
        Some(price) => draft.say(scene, "precio", &[("producto", &item.name), ("precio", &price.to_string())]),
        None => draft.say(scene, "precio_desconocido", &[("producto", &item.name)]),
    }
}

/// See the caller.
pub fn stock(scene: &mut Scene<'_>, named: &[&Item], draft: &mut Draft) {
    if named.is_empty() {
        let brand = scene.business().find_map(|v| v.reading.stated.brands.first().cloned());
        if let Some(brand) = brand.filter(|b| !scene.pack.catalog.active().any(|i| i.brand == *b)) {
            draft.say(scene, "marca_no_manejada", &[("marca", &brand)]);
            return;
        }
        if recommend::ready(scene) && !recommend::done(scene) {
            recommend::say(scene, draft);
            return;
        }
        match scene.family().and_then(|f| scene.pack.family(&f)) {
            Some(family) => {
                let names = list_family(scene, family.id.as_str());
                draft.say(scene, "disponible_familia", &[("familia", &family.plural), ("productos", &names)]);
            }
            None => draft.say(scene, "disponible_general", &[]),
        }
        return;
    }
    for item in named.iter().take(2) {
        let id = if item.is_sold_out() { "agotado" } else { "disponible" };
        draft.say(scene, id, &[("producto", &item.name)]);
    }
}

/// The names of a family's products, best first, at most six; they are what `la primera` means from now on.
pub fn list_family(scene: &mut Scene<'_>, family: &str) -> String {
    list(scene, |item| item.family.as_str() == family)
}

/// The same for any products of the catalog.
pub fn list(scene: &mut Scene<'_>, wanted: impl Fn(&Item) -> bool) -> String {
    let mut items: Vec<&Item> =
        scene.pack.catalog.active().filter(|item| wanted(item) && !item.is_sold_out()).collect();
    items.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id)));
    items.truncate(6);
    offer(scene, &items)
}

/// Notes which products were named, in order, and says their names.
pub fn offer(scene: &mut Scene<'_>, items: &[&Item]) -> String {
    scene.memory.offered = items.iter().map(|i| i.id.clone()).collect();
    let names: Vec<&str> = items.iter().map(|i| i.name.as_str()).collect();
    listed(&names)
}

/// See the caller.
pub fn photo(scene: &mut Scene<'_>, named: &[&Item], draft: &mut Draft) {
    // Of two asked for, the one not seen yet: a reply carries one picture.
    let unseen = named.iter().find(|item| !scene.memory.shown.contains(&item.id)).filter(|_| named.len() > 1);
    let wanted = unseen.or(named.first()).copied().or_else(|| {
        let family = scene.family()?;
        scene.pack.catalog.active().filter(|i| i.family.as_str() == family).max_by_key(|i| i.priority)
    });
    let Some(item) = wanted else {
        draft.say(scene, "foto_de_cual", &[]);
        return;
    };
    if item.image_id.is_empty() {
        draft.say(scene, "sin_foto", &[("producto", &item.name)]);
        scene.memory.focus_on(&item.id);
        return;
    }
    draft.say(scene, "foto", &[("producto", &item.name)]);
    // Asked for, it is sent even if it was sent before.
    draft.asset = Some(recommend::asset(item));
    if !scene.memory.shown.contains(&item.id) {
        scene.memory.shown.push(item.id.clone());
    }
    scene.memory.focus_on(&item.id);
}

fn features(scene: &mut Scene<'_>, named: &[&Item], draft: &mut Draft) {
    if named.is_empty() && families(scene, draft) {
        return;
    }
    let both = named.len() >= 2 && scene.says("comparar");
    if !both && !scene.says("incluye") && traits::answer(scene, named, draft) {
        return;
    }
    let compared: Vec<&Item> = if named.len() >= 2 {
        named.iter().take(2).copied().collect()
    } else if scene.says("comparar") {
        scene.memory.offered.iter().chain(&scene.memory.focus).filter_map(|id| scene.pack.catalog.item(id)).fold(
            Vec::new(),
            |mut all, item| {
                if all.len() < 2 && !all.iter().any(|known: &&Item| known.id == item.id) {
                    all.push(item);
                }
                all
            },
        )
    } else {
        Vec::new()
    };
    if let [a, b] = compared.as_slice() {
        let (ra, rb) = (traits(scene, a), traits(scene, b));
        let first = [("a", a.name.as_str()), ("rasgos_a", &ra), ("para_a", &a.good_for)];
        let second = [("b", b.name.as_str()), ("rasgos_b", &rb), ("para_b", &b.good_for)];
        draft.say(scene, "compara", &[first, second].concat());
        scene.memory.offered = vec![a.id.clone(), b.id.clone()];
        let options = [a, b].map(|i| Choice { id: Press::item_id(&i.id), title: short(&i.name) }).to_vec();
        draft.ask_among(scene, "cual", options);
        return;
    }
    match named.first() {
        Some(item) => {
            let comes_with = scene.pack.family(item.family.as_str()).and_then(|f| f.includes.as_deref());
            if let Some(fact) = comes_with.filter(|_| scene.says("incluye")) {
                draft.say(scene, "trae", &[("producto", &item.name), ("incluye", scene.pack.fact(fact))]);
                recommend::show(scene, item, draft);
                return;
            }
            draft.say(
                scene,
                "ficha",
                &[
                    ("producto", &item.name),
                    ("tipo", &item.kind),
                    ("rasgos", &traits(scene, item)),
                    ("bueno_para", &item.good_for),
                ],
            );
            recommend::show(scene, item, draft);
        }
        None => {
            let fact = scene.family().and_then(|f| scene.pack.family(&f)).and_then(|f| f.includes.clone());
            match fact {
                Some(fact) => draft.say(scene, "incluye", &[("incluye", scene.pack.fact(&fact))]),
                None => shelf(scene, draft),
            }
        }
    }
}

/// What a product is, what it has and what it is good for.
pub fn sheet(scene: &mut Scene<'_>, item: &Item, draft: &mut Draft) {
    draft.say(
        scene,
        "ficha",
        &[
            ("producto", &item.name),
            ("tipo", &item.kind),
            ("rasgos", &traits(scene, item)),
            ("bueno_para", &item.good_for),
        ],
    );
    recommend::show(scene, item, draft);
}

/// The same in one line, with its price where it is known: one of several that are compared.
pub fn line(scene: &Scene<'_>, item: &Item, draft: &mut Draft) {
    let price = item.price_cop.map(|price| format!(", {price}")).unwrap_or_default();
    let values = [
        ("producto", item.name.as_str()),
        ("precio", &price),
        ("bueno_para", &item.good_for),
        ("rasgos", &traits(scene, item)),
    ];
    draft.say(scene, "compara_una", &values);
}

// `¿qué diferencia hay entre una familiar y una industrial?`: what each is for, and where its prices begin.
/// See the caller.
pub fn families(scene: &Scene<'_>, draft: &mut Draft) -> bool {
    let named: Vec<String> = scene.business().flat_map(|v| v.reading.stated.families.iter().cloned()).collect();
    let known: Vec<_> = named.iter().filter_map(|id| scene.pack.family(id)).collect();
    let [a, b, ..] = known.as_slice() else { return false };
    let (Some(for_a), Some(for_b)) = (&a.good_for, &b.good_for) else { return false };
    draft.say(scene, "compara_familias", &[("a", &a.name), ("para_a", for_a), ("b", &b.name), ("para_b", for_b)]);
    true
}

// Nothing fits what was asked: what there is of the family under discussion.
fn shelf(scene: &mut Scene<'_>, draft: &mut Draft) {
    match scene.family() {
        Some(family) => {
            let names = list_family(scene, &family);
            draft.say(scene, "cuales_hay", &[("productos", &names)]);
        }
        None => draft.say(scene, "cual_producto", &[]),
    }
}

// The features in one line, those that were asked about first; the price belongs to the price.
fn traits(scene: &Scene<'_>, item: &Item) -> String {
    let asked: Vec<&str> =
        scene.business().flat_map(|v| v.reading.keys.iter()).map(String::as_str).filter(|k| k.len() >= 4).collect();
    let touches = |feature: &str| {
        let words = crate::lexicon::tokens::normalize(feature, &scene.pack.lexicon.abbreviations).words;
        words.iter().any(|w| w.key.len() >= 4 && asked.iter().any(|a| w.key.starts_with(traits::stem(a))))
    };
    let mut ordered: Vec<&str> = item.features.iter().map(String::as_str).collect();
    ordered.sort_by_key(|feature| !touches(feature));
    let few: Vec<&str> = ordered.into_iter().take(4).collect();
    if few.is_empty() { item.kind.clone() } else { listed(&few) }
}

/// Says plainly that something is not carried, with the family that comes nearest; false when all asked is carried.
pub fn not_carried(scene: &mut Scene<'_>, intent: Intent, draft: &mut Draft) -> bool {
    let asks = matches!(
        intent,
        Intent::Catalogo
            | Intent::Disponibilidad
            | Intent::Precio
            | Intent::Fotos
            | Intent::Especificaciones
            | Intent::Buscar(_)
            | Intent::Asesoria
            | Intent::Repuestos
            | Intent::Reparacion
            | Intent::Otro
    );
    let pack = scene.pack;
    // What is repaired or needs a part is the customer's own, also when the store sells it no more.
    let buys = asks && !matches!(intent, Intent::Repuestos | Intent::Reparacion);
    let withdrawn = scene.business().find_map(|v| v.reading.stated.withdrawn).filter(|_| buys);
    let withdrawn = withdrawn.map(|at| &pack.catalog.items[at]).map(|item| (item.name.as_str(), Some(item.family)));
    let absent = || scene.business().find_map(|v| pack.cues.absent(&v.reading.cues)).filter(|_| asks);
    let Some((what, near)) = withdrawn.or_else(|| absent().map(|absent| (absent.say.as_str(), absent.near))) else {
        return false;
    };
    draft.say(scene, "no_tenemos", &[("que", what)]);
    match near.and_then(|near| pack.family(near.as_str())) {
        Some(family) => {
            let names = list_family(scene, family.id.as_str());
            draft.say(scene, "lo_cercano", &[("familia", &family.plural), ("productos", &names)]);
            draft.ask(scene, "cercano_o_asesor", &[]);
        }
        None => draft.ask(scene, "inicio", &[]),
    }
    true
}

/// Asks which of several products is meant.
pub fn which(scene: &mut Scene<'_>, draft: &mut Draft) {
    let brand = scene.business().find_map(|v| v.reading.stated.brands.first().cloned());
    let family = scene.memory.slot(&scene.pack.about.family_slot);
    // Those whose names share words with the message, when it has any.
    let fits = scene.business().map(|v| v.reading.stated.fits.items.as_slice()).find(|fits| !fits.is_empty());
    let all = &scene.pack.catalog.items;
    let candidates = fits.map_or_else(|| (0..all.len()).collect(), <[usize]>::to_vec);
    let candidates = candidates.into_iter().map(|at| &all[at]).filter(|item| item.active);
    let mut items: Vec<&Item> = candidates.filter(|i| brand.as_ref().is_none_or(|b| i.brand == *b)).collect();
    let narrowed: Vec<&Item> =
        items.iter().copied().filter(|i| family.as_ref().is_some_and(|f| i.family.as_str() == f)).collect();
    if !narrowed.is_empty() {
        items = narrowed;
    }
    items.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.id.cmp(&b.id)));
    items.truncate(10);
    let names = if scene.says("precio") { priced(&items) } else { offer(scene, &items) };
    scene.memory.offered = items.iter().map(|i| i.id.clone()).collect();
    if let Some(first) = items.first() {
        scene.memory.focus_on(&first.id);
    }
    let options = items.iter().map(|i| Choice { id: Press::item_id(&i.id), title: short(&i.name) }).collect();
    draft.say(scene, "cuales_hay", &[("productos", &names)]);
    draft.ask_among(scene, "cual", options);
}

// Each with its price, where it is known.
/// See the caller.
pub fn priced(items: &[&Item]) -> String {
    let each = |item: &&Item| match item.price_cop {
        Some(price) => format!("{} ({price})", item.name),
        None => item.name.clone(),
    };
    listed(&items.iter().map(each).collect::<Vec<_>>())
}

// A title that fits a button: the end of the name says most.
/// See the caller.
pub fn short(name: &str) -> String {
    if name.chars().count() <= 20 {
        return name.to_owned();
    }
    let mut words: Vec<&str> = name.split(' ').collect();
    while words.len() > 1 && words.join(" ").chars().count() > 20 {
        words.remove(0);
    }
    words.join(" ").chars().take(20).collect()
}
