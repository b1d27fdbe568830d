//! Acts claimed as done, and discounts or gifts offered.

use super::claims::{Claim, Search};
use super::vocabulary::{Hit, Role};

pub(super) fn find(search: &mut Search) {
    let hits: Vec<Hit> =
        search.hits.iter().filter(|hit| matches!(hit.role, Role::Act(_) | Role::Offer(_))).copied().collect();
    for hit in hits {
        let at = search.text.token_at(hit.start);
        match hit.role {
            Role::Act(need) if claims_a_deed(search, at) => {
                let said = search.text.folded[hit.start..hit.end].to_owned();
                search.note(Claim::Act(need, said), at, at + 1);
            }
            Role::Offer(offer) if !denied_before(search, at, hit) => {
                search.note(Claim::Offer(offer), at, at + 1);
            }
            _ => {}
        }
    }
}

// `que le agende` and a question only offer it.
fn claims_a_deed(search: &Search, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |n| search.text.word(n));
    !matches!(before, "que" | "si" | "no") && !search.text.asks(at)
}

// Denied by a word before it in its part, and not by the offer's own: `no tiene costo`.
fn denied_before(search: &Search, at: usize, offer: Hit) -> bool {
    let part = search.text.tokens[at].part;
    search.hits.iter().any(|hit| {
        hit.role == Role::Denial
            && hit.end <= offer.start
            && search.text.tokens.get(search.text.token_at(hit.start)).is_some_and(|t| t.part == part)
    })
}
