//! One product changed by one person: checked as an import is checked, kept with what it was before, in effect at once.
//!
//! The console and the team's commands on WhatsApp both end here. May not know a page or a message.

use luisa_core::catalog_table::{self, Entry, Table};
use luisa_core::money::Cop;
use luisa_store::{CatalogItem, StoreError, Telling};

use crate::catalog::{self, CatalogError};
use crate::shop::Shop;

/// What is to be different, as a person writes it; none: as it is.
#[derive(Debug, Clone, Default)]
pub struct Wish<'a> {
    pub price: Option<&'a str>,
    /// Pieces; empty: not counted.
    pub stock: Option<&'a str>,
    pub promo: Option<bool>,
    pub active: Option<bool>,
    /// The person has said that a price far from the old one is meant.
    pub sure: bool,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    NoSuchProduct,
    Price,
    Stock,
    /// More than twice or less than half of what it was: perhaps a slip of the finger.
    Far {
        old: Cop,
        new: Cop,
    },
    /// The shop could not be served so.
    Unusable(String),
    Overtaken,
}

/// A change that was made, in words; both empty when nothing was different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub name: String,
    pub before: String,
    pub after: String,
}

/// Changes a product, or says why not.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn product(
    shop: &Shop,
    by: &str,
    code: &str,
    wish: &Wish<'_>,
) -> Result<Result<Changed, Refusal>, CatalogError> {
    let rows = shop.store.catalog_items().await?;
    let items: Vec<CatalogItem> = rows.into_iter().map(|row| row.item).collect();
    let Some(known) = items.iter().find(|item| item.item_id.eq_ignore_ascii_case(code)) else {
        return Ok(Err(Refusal::NoSuchProduct));
    };
    let changed = match wished(shop, &items, known, wish) {
        Ok(changed) => changed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (before, after) = differences(known, &changed);
    let words = Changed { name: changed.name.clone(), before: before.clone(), after: after.clone() };
    if *known == changed {
        return Ok(Ok(words));
    }
    let facts = shop.store.fact_edits().await?;
    let facts = facts.iter().map(|edit| (edit.key.as_str(), edit.value.as_str()));
    let effective = items.iter().map(|item| if item.item_id == changed.item_id { &changed } else { item });
    let effective = effective.cloned().map(catalog::item).collect();
    if let Err(why) = shop.own_pack().edited(effective, facts) {
        return Ok(Err(Refusal::Unusable(why)));
    }
    let telling = Telling { by: by.to_owned(), before, after };
    match shop.store.edit_product(shop.clock.now(), known.clone(), changed, telling).await {
        Ok(()) => {}
        Err(StoreError::Conflict(_)) => return Ok(Err(Refusal::Overtaken)),
        Err(error) => return Err(error.into()),
    }
    shop.refresh().await?;
    Ok(Ok(words))
}

/// The product as it would be.
fn wished(shop: &Shop, items: &[CatalogItem], known: &CatalogItem, wish: &Wish<'_>) -> Result<CatalogItem, Refusal> {
    let price = wish.price.map(catalog_table::price).transpose().map_err(|_| Refusal::Price)?.flatten();
    if let (Some(old), Some(new), false) = (known.price_cop.map(Cop), price, wish.sure)
        && (new.0 > old.0.saturating_mul(2) || new.0.saturating_mul(2) < old.0)
    {
        return Err(Refusal::Far { old, new });
    }
    let yes = |is: bool| (if is { "si" } else { "no" }).to_owned();
    let cells = [
        ("codigo", Some(known.item_id.clone())),
        ("precio", wish.price.map(str::to_owned)),
        ("existencias", wish.stock.map(str::to_owned)),
        ("promocion", wish.promo.map(yes)),
        ("activo", wish.active.map(yes)),
    ];
    let (header, row) = cells.into_iter().filter_map(|(column, cell)| Some((column.to_owned(), cell?))).unzip();
    let entries: Vec<Entry> = items.iter().cloned().map(entry).collect();
    let read = catalog_table::read(&Table { header_row: 1, header, rows: vec![(2, row)] }, &shop.own_pack(), &entries);
    match read {
        Ok(mut read) if !read.entries.is_empty() => {
            let entry = read.entries.swap_remove(0);
            Ok(CatalogItem { notes: known.notes.clone(), ..catalog::stored(&entry.item) })
        }
        Ok(_) => Err(Refusal::NoSuchProduct),
        Err(faults) if faults.iter().any(|fault| fault.column == "existencias") => Err(Refusal::Stock),
        Err(faults) if faults.iter().any(|fault| fault.column == "precio") => Err(Refusal::Price),
        Err(faults) => Err(Refusal::Unusable(faults.first().map(|fault| fault.problem.clone()).unwrap_or_default())),
    }
}

fn entry(item: CatalogItem) -> Entry {
    Entry { notes: item.notes.clone().unwrap_or_default(), item: catalog::item(item) }
}

fn differences(known: &CatalogItem, changed: &CatalogItem) -> (String, String) {
    let yes = |is: bool, yes: &str, no: &str| (if is { yes } else { no }).to_owned();
    let sides = |item: &CatalogItem| {
        [
            item.price_cop.map_or("sin precio".to_owned(), |price| Cop(price).to_string()),
            stock_in_words(item.stock),
            yes(item.promo, "en promoción", "sin promoción"),
            yes(item.active, "se ofrece", "no se ofrece"),
        ]
    };
    let pairs = sides(known).into_iter().zip(sides(changed)).filter(|(before, after)| before != after);
    let (before, after): (Vec<String>, Vec<String>) = pairs.unzip();
    (before.join(", "), after.join(", "))
}

/// How many there are, as the team says it.
#[must_use]
pub fn stock_in_words(stock: Option<i64>) -> String {
    match stock {
        None => "sin contar".to_owned(),
        Some(0) => "agotada".to_owned(),
        Some(1) => "1 pieza".to_owned(),
        Some(n) => format!("{n} piezas"),
    }
}
