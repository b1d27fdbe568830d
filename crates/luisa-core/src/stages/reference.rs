//! References: which products a message is about: named, quoted, or pointed at (`esa`, `la otra`, `la más cara`).
//!
//! Owns the resolving. What stays unclear is said to be unclear, so that it is asked and not guessed.

use crate::catalog::Item;
use crate::lexicon::tokens::normalize;
use crate::options::Press;
use crate::taxonomy::Intent;
use crate::understanding::Reading;

use super::order;
use super::pending::Answered;
use super::recommend;
use super::scene::{Scene, View};
use super::steer;

/// What a message points at.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Referred {
    /// Catalog positions, in the order said.
    pub products: Vec<usize>,
    /// A brand or family was named that several products share.
    pub ambiguous: bool,
}

impl Referred {
    fn one(item: usize) -> Self {
        Self { products: vec![item], ambiguous: false }
    }
}

/// The products that a message is about.
#[must_use]
pub fn resolve(scene: &Scene<'_>, view: &View<'_>) -> Referred {
    if let Some(Answered::Option(Press::Item(id))) = &view.answered
        && let Some(item) = position(scene, id)
    {
        return Referred::one(item);
    }
    if let Some(lines) = order::lines(&view.inbound.body) {
        let products: Vec<usize> = lines.iter().filter_map(|line| position(scene, &line.item)).collect();
        if !products.is_empty() {
            return Referred { products, ambiguous: false };
        }
    }
    let mut named: Vec<usize> = Vec::new();
    for mention in &view.reading.stated.mentions {
        if !named.contains(&mention.item) {
            named.push(mention.item);
        }
    }
    if !named.is_empty() {
        return Referred { products: named, ambiguous: false };
    }
    if let Some(referred) = by_words_of_a_name(scene, view) {
        return referred;
    }
    quoted(scene, view)
        .or_else(|| by_price(scene, view))
        .or_else(|| by_pointer(scene, view))
        .map_or_else(|| by_brand_or_focus(scene, view), Referred::one)
}

/// The products that a question of this message is about, whatever its intent: named, pointed at, or spoken of last.
#[must_use]
pub fn asked(scene: &Scene<'_>, view: &View<'_>) -> Vec<usize> {
    if let Some(referred) = by_words_of_a_name(scene, view) {
        return referred.products;
    }
    if let Some(item) = quoted(scene, view).or_else(|| by_price(scene, view)).or_else(|| by_pointer(scene, view)) {
        return vec![item];
    }
    let reading = &view.reading;
    match reading.stated.brands.as_slice() {
        [brand] => return by_brand(scene, view, brand).products,
        [] => {}
        _ => return Vec::new(),
    }
    let ranks = reading.says("la_barata") || reading.says("mas_cara");
    if ranks || !reading.stated.families.is_empty() && !reading.says("ref_esa") {
        return Vec::new();
    }
    scene.memory.focus.first().and_then(|id| position(scene, id)).into_iter().collect()
}

/// The product whose price the words name, of all: `la de 1.300`.
#[must_use]
pub fn priced_so(scene: &Scene<'_>, view: &View<'_>) -> Option<usize> {
    let all: Vec<usize> =
        (0..scene.pack.catalog.items.len()).filter(|at| scene.pack.catalog.items[*at].active).collect();
    by_price_among(scene, view, all)
}

// `la heavy duty`, of which there are four: by brand and family one of them, else they are asked among.
fn by_words_of_a_name(scene: &Scene<'_>, view: &View<'_>) -> Option<Referred> {
    let stated = &view.reading.stated;
    if stated.fits.items.is_empty() || own_machine(view.intent) {
        return None;
    }
    if let ([only], true) = (stated.fits.items.as_slice(), stated.fits.sure) {
        return Some(Referred::one(*only));
    }
    let pack = scene.pack;
    let family = stated.values.get(&pack.about.family_slot).and_then(|v| v.as_str());
    let fits = |at: &usize| {
        let item = &pack.catalog.items[*at];
        let of_brand = stated.brands.is_empty() || stated.brands.contains(&item.brand);
        of_brand && family.is_none_or(|family| item.family.as_str() == family)
    };
    let left: Vec<usize> = stated.fits.items.iter().copied().filter(fits).collect();
    match left.as_slice() {
        [] => None,
        [only] if stated.fits.items.len() > 1 => Some(Referred::one(*only)),
        _ => Some(Referred { products: Vec::new(), ambiguous: true }),
    }
}

fn position(scene: &Scene<'_>, id: &str) -> Option<usize> {
    scene.pack.catalog.items.iter().position(|item| item.id == id)
}

// What they quote, or the ad they came from, names the product for them.
fn quoted(scene: &Scene<'_>, view: &View<'_>) -> Option<usize> {
    let pack = scene.pack;
    let quoted = view.inbound.quoted.as_ref();
    if let Some(image) = quoted.and_then(|q| q.image_id.as_deref()) {
        return pack.catalog.items.iter().position(|i| i.image_id == image);
    }
    let text = quoted.and_then(|q| q.text.as_deref()).or(view.inbound.referral.as_deref())?;
    let words = normalize(text, &pack.lexicon.abbreviations).words;
    pack.catalog.mentions(&words).first().map(|mention| mention.item)
}

// `la de 1.300`: among the products spoken of, the one whose price begins so.
fn by_price(scene: &Scene<'_>, view: &View<'_>) -> Option<usize> {
    by_price_among(scene, view, spoken_of(scene))
}

fn by_price_among(scene: &Scene<'_>, view: &View<'_>, spoken: Vec<usize>) -> Option<usize> {
    let text = &view.reading.normalized.punctuated;
    let runs = text.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '\''));
    let said: Vec<String> = runs.map(|run| run.chars().filter(char::is_ascii_digit).collect()).collect();
    let matches = |item: &Item| {
        let price = item.price_cop.map(|p| p.0.to_string()).unwrap_or_default();
        said.iter().any(|n| {
            n.len() >= SIGNIFICANT && price.strip_prefix(n.as_str()).is_some_and(|rest| rest.bytes().all(|b| b == b'0'))
        })
    };
    let mut found = spoken.into_iter().filter(|at| matches(&scene.pack.catalog.items[*at]));
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

/// Digits of a price that tell it from a count.
const SIGNIFICANT: usize = 4;

// Offered or discussed, the last offered first.
fn spoken_of(scene: &Scene<'_>) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    for id in scene.memory.offered.iter().chain(&scene.memory.focus) {
        if let Some(at) = position(scene, id).filter(|at| !all.contains(at)) {
            all.push(at);
        }
    }
    all
}

fn by_pointer(scene: &Scene<'_>, view: &View<'_>) -> Option<usize> {
    let reading = &view.reading;
    let by_place = |n: usize| scene.memory.offered.get(n).and_then(|id| position(scene, id));
    let spoken = spoken_of(scene);
    if reading.says("de_la_foto") {
        return scene.memory.shown.last().and_then(|id| position(scene, id));
    }
    // `otra persona`, `en otro lado`: another, but no other product.
    if reading.says("ref_otra") && !reading.says("otra_cosa") && !reading.says("rumor") {
        return other(scene, &spoken);
    }
    if spoken.len() > 1 && (reading.says("mas_cara") || reading.says("la_barata")) {
        return by_rank(scene, &spoken, reading.says("mas_cara"));
    }
    if reading.normalized.words.len() <= 4
        && let Some(item) = described(scene, reading)
    {
        return Some(item);
    }
    if reading.says("ref_primera") {
        by_place(0)
    } else if reading.says("ref_segunda") {
        by_place(1)
    } else if reading.says("ref_ultima") && !reading.says("ref_esa") {
        by_place(scene.memory.offered.len().saturating_sub(1))
    } else {
        None
    }
}

/// `la electrónica`, `la reforzada`: the first of those spoken of that a word fits.
#[must_use]
pub fn described(scene: &Scene<'_>, reading: &Reading) -> Option<usize> {
    let spoken = spoken_of(scene);
    let fits = |at: &usize| describes(scene, reading, &scene.pack.catalog.items[*at]);
    spoken.iter().copied().find(fits).filter(|_| spoken.len() > 1)
}

// The dearest or the cheapest of those whose price is known; with one unknown nobody can tell.
fn by_rank(scene: &Scene<'_>, spoken: &[usize], dearest: bool) -> Option<usize> {
    let offered = scene.memory.offered.len().max(2);
    let priced: Vec<(i64, usize)> = spoken
        .iter()
        .take(offered)
        .filter_map(|at| scene.pack.catalog.items[*at].price_cop.map(|price| (price.0, *at)))
        .collect();
    if priced.len() < 2 {
        return None;
    }
    let chosen = if dearest { priced.iter().max() } else { priced.iter().min() };
    chosen.map(|(_, at)| *at)
}

// Not the one just spoken of: among those mentioned, else the next best of its family.
fn other(scene: &Scene<'_>, spoken: &[usize]) -> Option<usize> {
    let current = scene.memory.focus.first().and_then(|id| position(scene, id))?;
    let mentioned = spoken.iter().copied().find(|at| *at != current);
    // To who sighed at the price a cheaper one was named.
    let cheaper = || {
        let named = scene.memory.said.contains_key("economica_otra");
        steer::cheaper(scene).filter(|_| named).and_then(|item| position(scene, &item.id))
    };
    mentioned.or_else(cheaper).or_else(|| {
        let best = recommend::best(scene);
        best.iter().filter_map(|item| position(scene, &item.id)).find(|at| *at != current)
    })
}

// A brand alone means its only product, or the one being discussed; several are asked about.
fn by_brand_or_focus(scene: &Scene<'_>, view: &View<'_>) -> Referred {
    if own_machine(view.intent) {
        return Referred::default();
    }
    if let [brand] = view.reading.stated.brands.as_slice() {
        return by_brand(scene, view, brand);
    }
    in_focus(scene, view)
}

// What is named then is the customer's own, or nothing in particular.
fn own_machine(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Repuestos
            | Intent::Reparacion
            | Intent::EstadoPedido
            | Intent::ParteDePago
            | Intent::Reclamo
            | Intent::Catalogo
    )
}

fn by_brand(scene: &Scene<'_>, view: &View<'_>, brand: &str) -> Referred {
    let pack = scene.pack;
    let stated = &view.reading.stated;
    let item = |at: &usize| &pack.catalog.items[*at];
    let family = stated.values.get(&pack.about.family_slot).and_then(|v| v.as_str());
    let of_brand: Vec<usize> = (0..pack.catalog.items.len())
        .filter(|at| item(at).active && item(at).brand == brand && family.is_none_or(|f| item(at).family.as_str() == f))
        .collect();
    let keep = |test: &dyn Fn(&usize) -> bool| of_brand.iter().copied().filter(|at| test(at)).collect::<Vec<_>>();
    let described = keep(&|at| describes(scene, &view.reading, item(at)));
    let discussed = keep(&|at| scene.memory.focus.contains(&item(at).id));
    let known = scene.memory.slot(&pack.about.family_slot);
    let of_family = keep(&|at| known.as_deref() == Some(item(at).family.as_str()));
    for narrowed in [&of_brand, &described, &discussed, &of_family] {
        if let [only] = narrowed.as_slice() {
            return Referred::one(*only);
        }
    }
    Referred { products: Vec::new(), ambiguous: !of_brand.is_empty() }
}

// `la singer electrónica`: a word of what the product is.
fn describes(scene: &Scene<'_>, reading: &Reading, item: &Item) -> bool {
    let brand = normalize(&item.brand, &scene.pack.lexicon.abbreviations).words;
    let words = normalize(&item.kind, &scene.pack.lexicon.abbreviations).words;
    let family = scene.pack.family(item.family.as_str()).map(|f| f.name.clone()).unwrap_or_default();
    let common = normalize(&family, &scene.pack.lexicon.abbreviations).words;
    words
        .iter()
        .filter(|w| w.key.len() >= 5 && !brand.iter().chain(&common).any(|b| b.key == w.key))
        .any(|w| reading.keys.contains(&w.key))
}

fn in_focus(scene: &Scene<'_>, view: &View<'_>) -> Referred {
    let reading = &view.reading;
    // Which is the cheapest nobody can tell while a price is unknown; it is not the one just spoken of.
    let ranks = reading.says("la_barata") || reading.says("mas_cara");
    let points = (reading.says("ref_esa") || reading.stated.families.is_empty()) && !ranks;
    let about_one = matches!(
        view.intent,
        Intent::Precio
            | Intent::Fotos
            | Intent::Especificaciones
            | Intent::Disponibilidad
            | Intent::Comprar
            | Intent::Confirmar
            | Intent::Cotizacion
    );
    let focus = scene.memory.focus.first().and_then(|id| position(scene, id));
    focus.filter(|_| points && about_one).map_or_else(Referred::default, Referred::one)
}
