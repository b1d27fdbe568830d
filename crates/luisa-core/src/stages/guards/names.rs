//! Models and brands.

use crate::catalog::squash;

use super::claims::{Claim, Search};
use super::text::Kind;
use super::vocabulary::Role;

/// What is written with letters and digits: a model, or another thing that has a number of its own.
pub(super) fn codes(search: &mut Search) {
    for at in 0..search.text.tokens.len() {
        if search.text.kind(at) == Some(Kind::Code) && !search.text.tokens[at].used {
            let code = squash(search.text.word(at));
            search.claim(Claim::Code(code), at, at + 1);
        }
    }
    // `KS 8800`: the number belongs to the name.
    let items: Vec<(usize, usize)> =
        search.hits.iter().filter(|h| matches!(h.role, Role::Item(_))).map(|h| (h.start, h.end)).collect();
    for (start, end) in items {
        let (from, to) = (search.text.token_at(start), search.text.token_at(end.saturating_sub(1)) + 1);
        search.text.take(from, to.min(search.text.tokens.len()));
    }
}

/// Brands that the store does not carry.
pub(super) fn brands(search: &mut Search) {
    let brands: Vec<(usize, usize)> = search
        .hits
        .iter()
        .filter_map(|hit| match hit.role {
            Role::NotCarried(brand) => Some((brand, search.text.token_at(hit.start))),
            _ => None,
        })
        .collect();
    for (brand, at) in brands {
        search.note(Claim::Brand(brand), at, at + 1);
    }
}
