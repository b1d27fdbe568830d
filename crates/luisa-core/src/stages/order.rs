//! Carts and forms: what a customer sends as a list or as the answers of a form.
//!
//! Owns the words for an order: our names, their quantities, our prices. What the client says it costs is not believed.

use crate::catalog::Item;
use crate::turn::{Body, OrderLine};

use super::draft::Draft;
use super::scene::Scene;

/// Most lines of an order that are said one by one.
const MOST_LINES: usize = 10;

/// Says what was ordered; true when the turn has an order.
pub fn say(scene: &Scene<'_>, draft: &mut Draft) {
    for lines in scene.business().filter_map(|view| lines(&view.inbound.body)) {
        let (known, unknown) = words(scene, lines);
        if !known.is_empty() {
            draft.say(scene, "pedido_recibido", &[("pedido", &known.join(", "))]);
        }
        if unknown > 0 {
            draft.say(scene, "pedido_sin_reconocer", &[]);
        }
    }
}

/// The lines of a cart.
#[must_use]
pub fn lines(body: &Body) -> Option<&[OrderLine]> {
    match body {
        Body::Order { items, .. } => Some(items),
        Body::Text { .. } | Body::Choice { .. } | Body::Media { .. } | Body::Location { .. } | Body::Contact => None,
        Body::Form { .. } | Body::Call { .. } | Body::Welcome | Body::Reaction { .. } | Body::Unsupported => None,
    }
}

/// The order that the chat knows, for the team: each line with our price, unknown ones by their number.
#[must_use]
pub fn summary(scene: &Scene<'_>) -> Option<String> {
    let lines = &scene.memory.order;
    let (mut known, unknown) = words(scene, lines);
    if unknown > 0 {
        known.push(format!("{unknown} ?"));
    }
    (!known.is_empty()).then(|| known.join(", "))
}

// `2 × Kingter KT-D3 ($1.230.000)` for each line that the catalog knows, and how many it does not.
fn words(scene: &Scene<'_>, lines: &[OrderLine]) -> (Vec<String>, usize) {
    let item = |line: &OrderLine| -> Option<&Item> { scene.pack.catalog.item(&line.item).filter(|item| item.active) };
    let known: Vec<String> = lines
        .iter()
        .filter_map(|line| Some((line, item(line)?)))
        .take(MOST_LINES)
        .map(|(line, item)| {
            let price = item.price_cop.map(|price| format!(" ({price})")).unwrap_or_default();
            format!("{} × {}{price}", line.quantity, item.name)
        })
        .collect();
    let unknown = lines.iter().filter(|line| item(line).is_none()).count();
    (known, unknown)
}
