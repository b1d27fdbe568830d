//! The catalog and the facts: prices, stock, promotions, what is offered, and what LUISA may say. Checked as an import is checked, in effect
//! at once, taken back in one step.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use luisa_core::lexicon::fold::plain;
use luisa_core::money::Cop;
use luisa_store::{CatalogItem, CatalogRow, ShopEdit, StoreError, Telling};
use serde::Deserialize;

use super::access::Staff;
use super::frame::{Frame, Tab};
use super::trouble::{Trouble, rendered};
use super::words;
use crate::catalog;
use crate::runtime::Station;
use crate::runtime::commit::LIST_LABEL;
use crate::shop_edit::{self, Refusal, Wish, stock_in_words};

const EDITS: u32 = 25;
/// A fact is one sentence, or a part of one.
const LONGEST_FACT: usize = 500;
const PAGE: &str = "/console/catalogo";
const FACTS: &str = "/console/datos";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Product {
    #[serde(default)]
    precio: String,
    #[serde(default)]
    existencias: String,
    #[serde(default)]
    promocion: Option<String>,
    #[serde(default)]
    activo: Option<String>,
    /// The price is far from the old one, and meant.
    #[serde(default)]
    seguro: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Saying {
    #[serde(default)]
    texto: String,
}

#[derive(Template)]
#[template(path = "console/shop.html")]
struct ShopPage {
    frame: Frame,
    search: String,
    lines: Vec<Line>,
    edits: Vec<EditLine>,
}

struct Line {
    code: String,
    href: String,
    name: String,
    price: String,
    stock: String,
    sold_out: bool,
    off: bool,
    promo: bool,
    picture: Option<String>,
}

struct EditLine {
    id: i64,
    at: String,
    who: String,
    key: String,
    change: String,
    undoable: bool,
}

#[derive(Template)]
#[template(path = "console/product.html")]
struct ProductPage {
    frame: Frame,
    code: String,
    name: String,
    picture: Option<String>,
    price: String,
    stock: String,
    promo: bool,
    active: bool,
    problem: String,
    /// The price has to be confirmed.
    far: bool,
}

#[derive(Template)]
#[template(path = "console/facts.html")]
struct FactsPage {
    frame: Frame,
    facts: Vec<FactLine>,
    edits: Vec<EditLine>,
}

struct FactLine {
    key: String,
    title: String,
    say: String,
    edited: bool,
}

pub(super) async fn page(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let frame = Frame::of(&station, &staff, Tab::Shop, "Catálogo").await?;
    let wanted = plain(&asked.q);
    let rows = station.shop.store.catalog_items().await?;
    let fits = |row: &CatalogRow| {
        let all = plain(&format!("{} {} {} {}", row.item.item_id, row.item.name, row.item.brand, row.item.family));
        wanted.split_whitespace().all(|word| all.contains(word))
    };
    let lines = rows.iter().filter(|row| fits(row)).map(|row| line(&station, &row.item)).collect();
    let edits = edits(&station, "product").await?;
    Ok(rendered(&ShopPage { frame, search: asked.q, lines, edits }))
}

fn line(station: &Station, item: &CatalogItem) -> Line {
    Line {
        href: format!("{PAGE}/{}", words::encoded(&item.item_id)),
        code: item.item_id.clone(),
        name: item.name.clone(),
        price: item.price_cop.map_or("sin precio".to_owned(), |price| Cop(price).to_string()),
        stock: stock_in_words(item.stock),
        sold_out: item.stock == Some(0),
        off: !item.active,
        promo: item.promo,
        picture: picture(station, item),
    }
}

fn picture(station: &Station, item: &CatalogItem) -> Option<String> {
    let id = item.image_id.as_ref().filter(|id| station.shop.media(id).is_some())?;
    Some(format!("/api/assets/{}", words::encoded(id)))
}

async fn edits(station: &Station, kind: &str) -> Result<Vec<EditLine>, Trouble> {
    let zone = &station.shop.settings.hours.zone;
    let rows = station.shop.store.shop_edits(EDITS).await?;
    let line = |row: ShopEdit| EditLine {
        id: row.id,
        at: words::moment(row.at, zone),
        who: row.who,
        change: format!("{} → {}", row.before, row.after),
        key: words::spaced(&row.key),
        undoable: row.undoable,
    };
    Ok(rows.into_iter().filter(|row| row.kind == kind).map(line).collect())
}

async fn item(station: &Station, code: &str) -> Result<CatalogItem, Trouble> {
    let rows = station.shop.store.catalog_items().await?;
    rows.into_iter().map(|row| row.item).find(|item| item.item_id == code).ok_or(Trouble::NotFound)
}

pub(super) async fn product(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(code): Path<String>,
) -> Result<Response, Trouble> {
    let item = item(&station, &code).await?;
    show(&station, &staff, &item, &as_typed(&item), None).await
}

fn as_typed(item: &CatalogItem) -> Product {
    Product {
        precio: item.price_cop.map_or(String::new(), |price| Cop(price).to_string()),
        existencias: item.stock.map_or(String::new(), |stock| stock.to_string()),
        promocion: item.promo.then(|| "si".to_owned()),
        activo: item.active.then(|| "si".to_owned()),
        seguro: None,
    }
}

async fn show(
    station: &Station,
    staff: &Staff,
    item: &CatalogItem,
    typed: &Product,
    refusal: Option<Refusal>,
) -> Result<Response, Trouble> {
    let frame = Frame::of(station, staff, Tab::Shop, &item.name).await?;
    let far = matches!(refusal, Some(Refusal::Far { .. }));
    let problem = refusal.as_ref().map(told).unwrap_or_default();
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = ProductPage {
        frame,
        code: item.item_id.clone(),
        name: item.name.clone(),
        picture: picture(station, item),
        price: typed.precio.clone(),
        stock: typed.existencias.clone(),
        promo: typed.promocion.is_some(),
        active: typed.activo.is_some(),
        problem,
        far,
    };
    Ok((status, rendered(&page)).into_response())
}

pub(super) async fn save(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(code): Path<String>,
    Form(typed): Form<Product>,
) -> Result<Response, Trouble> {
    let known = item(&station, &code).await?;
    let wish = Wish {
        price: Some(&typed.precio),
        stock: Some(&typed.existencias),
        promo: Some(typed.promocion.is_some()),
        active: Some(typed.activo.is_some()),
        sure: typed.seguro.is_some(),
    };
    match shop_edit::product(&station.shop, &staff.user.name, &code, &wish).await? {
        Ok(_) => Ok(Redirect::to(PAGE).into_response()),
        Err(refusal) => show(&station, &staff, &known, &typed, Some(refusal)).await,
    }
}

/// One press in the list: sold out, or back again, uncounted.
pub(super) async fn toggle_stock(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(code): Path<String>,
) -> Result<Redirect, Trouble> {
    let known = item(&station, &code).await?;
    let stock = if known.stock == Some(0) { "" } else { "0" };
    let wish = Wish { stock: Some(stock), ..Wish::default() };
    match shop_edit::product(&station.shop, &staff.user.name, &code, &wish).await? {
        Ok(_) => Ok(Redirect::to(PAGE)),
        Err(refusal) => Err(Trouble::Unusable(told(&refusal))),
    }
}

/// Why a product was not changed, in words.
fn told(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoSuchProduct => "Ese producto ya no está en el catálogo.".to_owned(),
        Refusal::Price => "Ese precio no se entiende. Escríbalo en pesos, como 1.250.000, o déjelo vacío.".to_owned(),
        Refusal::Stock => "Las existencias son un número: 0 si está agotada, o vacío si no las cuenta.".to_owned(),
        Refusal::Far { old, new } => format!("Valía {old} y ahora valdría {new}. ¿Está bien?"),
        Refusal::Unusable(why) => format!("Así no se puede usar ({why}); nada cambió."),
        Refusal::Overtaken => "Otra persona lo cambió mientras tanto: mire cómo está ahora.".to_owned(),
    }
}

pub(super) async fn undo(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(edit): Path<i64>,
) -> Result<Redirect, Trouble> {
    let (store, now) = (&station.shop.store, station.shop.clock.now());
    let of_a_fact = store.shop_edits(EDITS).await?.iter().any(|row| row.id == edit && row.kind == "fact");
    store.undo_shop_edit(now, edit, &staff.user.name).await.map_err(|error| match error {
        StoreError::Conflict(_) => {
            Trouble::Unusable("Ese cambio ya no se puede deshacer: hubo otro después.".to_owned())
        }
        other => other.into(),
    })?;
    station.shop.refresh().await?;
    Ok(Redirect::to(if of_a_fact { FACTS } else { PAGE }))
}

pub(super) async fn facts(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
) -> Result<Response, Trouble> {
    let frame = Frame::of(&station, &staff, Tab::Shop, "Datos").await?;
    let (pack, edited) = (station.shop.pack(), station.shop.store.fact_edits().await?);
    // What a button says is no fact.
    let facts = pack.facts.iter().filter(|(key, _)| *key != LIST_LABEL).map(|(key, say)| FactLine {
        key: key.clone(),
        title: words::spaced(key),
        say: say.clone(),
        edited: edited.iter().any(|edit| edit.key == *key),
    });
    let facts = facts.collect();
    let edits = edits(&station, "fact").await?;
    Ok(rendered(&FactsPage { frame, facts, edits }))
}

pub(super) async fn save_fact(
    State(station): State<Arc<Station>>,
    Extension(staff): Extension<Staff>,
    Path(key): Path<String>,
    Form(form): Form<Saying>,
) -> Result<Redirect, Trouble> {
    let (pack, own) = (station.shop.pack(), station.shop.own_pack());
    let Some(known) = pack.facts.get(&key).filter(|_| key != LIST_LABEL) else { return Err(Trouble::NotFound) };
    let say = form.texto.split_whitespace().collect::<Vec<_>>().join(" ");
    if say.is_empty() || say.chars().count() > LONGEST_FACT {
        return Err(Trouble::Unusable(format!("Escriba el dato en una frase de hasta {LONGEST_FACT} letras.")));
    }
    if *known == say {
        return Ok(Redirect::to(FACTS));
    }
    let store = &station.shop.store;
    let items = store.catalog_items().await?.into_iter().map(|row| catalog::item(row.item)).collect();
    let edits = store.fact_edits().await?;
    let facts = edits.iter().map(|edit| (edit.key.as_str(), edit.value.as_str())).chain([(key.as_str(), say.as_str())]);
    if let Err(why) = own.edited(items, facts) {
        return Err(Trouble::Unusable(format!("Así no se puede usar ({why}); nada cambió.")));
    }
    let telling = Telling { by: staff.user.name.clone(), before: known.clone(), after: say.clone() };
    let value = (own.facts.get(&key) != Some(&say)).then_some(say.as_str());
    store.edit_fact_as(station.shop.clock.now(), &key, value, telling).await?;
    station.shop.refresh().await?;
    Ok(Redirect::to(FACTS))
}
