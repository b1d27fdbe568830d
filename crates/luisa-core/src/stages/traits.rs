//! Traits: whether a product has what was asked: `¿y esa trae pantalla?`, `¿cuál gasta menos luz?`, `¿aguanta jean?`.
//!
//! Owns the matching of the words asked with what the catalog says of a product. What the catalog does not say is not
//! known, and is said to be unknown.

use crate::catalog::Item;
use crate::lexicon::fold::{plain, sound};
use crate::lexicon::tokens::normalize;
use crate::pack::Pack;
use crate::understanding::slots::USE;

use super::draft::Draft;
use super::recommend;
use super::scene::Scene;

/// Answers the trait that was asked of these products; false when none was.
pub fn answer(scene: &mut Scene<'_>, named: &[&Item], draft: &mut Draft) -> bool {
    let which = scene.says("la_mejor") || scene.says("comparar") || scene.says("cual");
    let among = candidates(scene, named);
    if !scene.says("rasgo") && !which || among.is_empty() {
        return false;
    }
    if let Some(purpose) = use_asked(scene) {
        for_use(scene, &purpose, named, draft);
        return true;
    }
    let wanted = wanted(scene);
    let has = |item: &&Item| trait_of(scene.pack, item, &wanted);
    let single = named.first().filter(|_| named.len() == 1 && !which).copied();
    match single {
        Some(item) => match (has(&item), among.iter().find_map(|other| has(other).map(|t| (*other, t)))) {
            (Some(found), _) => has_it(scene, item, &found, draft),
            (None, Some((other, found))) => {
                draft.say(scene, "rasgo_no_se", &[("producto", &item.name)]);
                has_it(scene, other, &found, draft);
            }
            (None, None) if scene.says("detalle") => {
                draft.say(scene, "rasgo_no_se", &[("producto", &item.name)]);
                draft.ask(scene, "asesor", &[]);
            }
            (None, None) => return false,
        },
        None if named.is_empty() && scene.says("detalle") && !among.iter().any(|item| has(item).is_some()) => {
            let family = scene.family().and_then(|f| scene.pack.family(&f)).map_or("", |f| f.name.as_str());
            draft.say(scene, "rasgo_no_se", &[("producto", family)]);
            draft.ask(scene, "asesor", &[]);
        }
        None => match among.iter().find_map(|item| has(item).map(|t| (*item, t))) {
            Some((item, found)) => {
                has_it(scene, item, &found, draft);
                recommend::show(scene, item, draft);
                scene.memory.focus_on(&item.id);
            }
            None => return false,
        },
    }
    true
}

/// What of a product was found: a feature, or what it is good for.
enum Found {
    Feature(String),
    GoodFor,
}

fn has_it(scene: &Scene<'_>, item: &Item, found: &Found, draft: &mut Draft) {
    match found {
        // One word says what it is, several what it has.
        Found::Feature(feature) if !feature.contains(' ') => {
            draft.say(scene, "rasgo_es", &[("producto", &item.name), ("rasgo", feature)])
        }
        Found::Feature(feature) => draft.say(scene, "rasgo_si", &[("producto", &item.name), ("rasgo", feature)]),
        // Of the one just spoken of, what it is good for was said.
        Found::GoodFor if scene.memory.focus.first() == Some(&item.id) => {
            draft.say(scene, "sirve_eso", &[("producto", &item.name)])
        }
        Found::GoodFor => draft.say(scene, "sirve_mas", &[("producto", &item.name), ("razon", &item.good_for)]),
    }
}

// The product named, those offered, then the family's: whoever asks `cuál` means those that were shown.
fn candidates<'a>(scene: &Scene<'a>, named: &[&'a Item]) -> Vec<&'a Item> {
    let catalog = &scene.pack.catalog;
    let family = scene.family();
    let offered = scene.memory.offered.iter().filter_map(|id| catalog.item(id));
    let of_family = catalog.active().filter(|i| family.as_deref() == Some(i.family.as_str()));
    let mut all: Vec<&Item> = Vec::new();
    for item in named.iter().copied().chain(offered).chain(of_family) {
        if !all.iter().any(|known| known.id == item.id) {
            all.push(item);
        }
    }
    all
}

// A use named in this turn: `¿aguanta jean?`.
fn use_asked(scene: &Scene<'_>) -> Option<String> {
    let stated = scene.business().find_map(|v| v.reading.stated.values.get(USE).and_then(|v| v.as_str()))?;
    let asks = scene.says("rasgo") || scene.says("comparar") || scene.says("la_mejor");
    asks.then(|| stated.to_owned())
}

fn for_use(scene: &mut Scene<'_>, purpose: &str, named: &[&Item], draft: &mut Draft) {
    let name = scene.pack.uses.iter().find(|u| u.id.as_str() == purpose).map(|u| u.name.clone()).unwrap_or_default();
    let fits = |item: &Item| item.uses.iter().any(|u| u.as_str() == purpose);
    if let Some(item) = named.first().filter(|item| fits(item)) {
        draft.say(scene, "sirve_si", &[("producto", &item.name), ("uso", &name)]);
        recommend::show(scene, item, draft);
        return;
    }
    // Of those that were shown, before any other.
    let shown = scene.memory.offered.iter().filter_map(|id| scene.pack.catalog.item(id));
    let Some(best) = shown.chain(recommend::best(scene)).find(|item| fits(item)) else {
        recommend::say(scene, draft);
        return;
    };
    draft.say(scene, "sirve_otra", &[("producto", &best.name), ("uso", &name), ("razon", &best.good_for)]);
    recommend::show(scene, best, draft);
    scene.memory.focus_on(&best.id);
}

/// Whether a product has a trait that the turn asks for in the pack's words: `cosas gruesas`.
#[must_use]
pub fn suits(scene: &Scene<'_>, item: &Item) -> bool {
    let meant: Vec<String> = meant(scene).collect();
    !meant.is_empty() && trait_of(scene.pack, item, &meant).is_some()
}

/// Whether the turn asks for a trait in the pack's words.
#[must_use]
pub fn asked(scene: &Scene<'_>) -> bool {
    meant(scene).next().is_some()
}

fn meant<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = String> + 'a {
    let views = scene.business();
    views.flat_map(|view| scene.pack.cues.meant(&view.reading.cues).map(|word| sound(&plain(word))))
}

// Sound keys of what is asked: the words of the message, and what the pack says they mean.
fn wanted(scene: &Scene<'_>) -> Vec<String> {
    let families: Vec<String> = scene
        .pack
        .families
        .iter()
        .flat_map(|f| normalize(&f.plural, &scene.pack.lexicon.abbreviations).words)
        .map(|w| w.key)
        .collect();
    let mut keys: Vec<String> = Vec::new();
    for view in scene.business() {
        let own = view.reading.keys.iter().filter(|k| k.len() >= SHORTEST && !families.contains(k));
        keys.extend(own.filter(|k| !SMALL.contains(&k.as_str())).cloned());
    }
    keys.extend(meant(scene));
    keys
}

/// Shortest word that can name a trait.
const SHORTEST: usize = 4;
/// Words of that length that name none.
const SMALL: &[&str] =
    &["para", "como", "esta", "este", "esto", "todo", "toda", "sera", "seria", "kasa", "buen", "buena"];
/// Letters that two forms of a word share: `elástica`, `elástico`.
const STEM: usize = 5;

fn trait_of(pack: &Pack, item: &Item, wanted: &[String]) -> Option<Found> {
    let touches = |text: &str| {
        normalize(text, &pack.lexicon.abbreviations)
            .words
            .iter()
            .filter(|w| w.key.len() >= SHORTEST)
            .filter(|w| wanted.iter().any(|k| w.key.starts_with(stem(k))))
            .count()
    };
    // The feature that more of the asked words touch; the first among equals.
    let best = item.features.iter().enumerate().max_by_key(|(n, feature)| (touches(feature), std::cmp::Reverse(*n)));
    match best.filter(|(_, feature)| touches(feature) > 0) {
        Some((_, feature)) => Some(Found::Feature(feature.clone())),
        None => (touches(&item.good_for) > 0).then_some(Found::GoodFor),
    }
}

/// The part of a word that its forms share.
#[must_use]
pub fn stem(key: &str) -> &str {
    key.char_indices().nth(STEM).map_or(key, |(at, _)| &key[..at])
}
