//! Bursts: a thought sent in pieces (`es pa` / `gorras`) is read as one.
//!
//! Owns the gluing. A piece of up to three words belongs to the next longer message, or to the one before when it comes
//! last; every piece keeps its own trace.

use crate::turn::{Body, Inbound};

/// Longest piece, in words, that does not stand by itself.
const PIECE: usize = 3;

/// The text to read for a message, and whether a later message of the turn speaks for it.
#[must_use]
pub fn utterance(messages: &[Inbound], inbound: &Inbound) -> (String, bool) {
    let texts: Vec<&Inbound> = messages.iter().filter(|m| matches!(m.body, Body::Text { .. })).collect();
    let Some(at) = texts.iter().position(|m| std::ptr::eq(*m, inbound)).filter(|_| texts.len() > 1) else {
        return (inbound.body.text().to_owned(), false);
    };
    let group = groups(&texts).into_iter().find(|group| group.contains(&at)).unwrap_or_else(|| vec![at]);
    let text = group.iter().map(|i| texts[*i].body.text()).collect::<Vec<_>>().join("\n");
    (text, group.last() != Some(&at))
}

// Positions that belong together, in order.
fn groups(texts: &[&Inbound]) -> Vec<Vec<usize>> {
    let short = |i: usize| texts[i].body.text().split_whitespace().count() <= PIECE;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut waiting: Vec<usize> = Vec::new();
    for i in 0..texts.len() {
        waiting.push(i);
        if !short(i) {
            groups.push(std::mem::take(&mut waiting));
        }
    }
    match groups.last_mut() {
        Some(last) => last.extend(waiting),
        None => groups.push(waiting),
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(texts: &[&str]) -> Vec<(String, bool)> {
        let messages: Vec<Inbound> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| Inbound {
                message_id: i.to_string(),
                at: jiff::Timestamp::UNIX_EPOCH,
                stale: false,
                body: Body::Text { text: (*text).to_owned() },
                quoted: None,
                referral: None,
            })
            .collect();
        messages.iter().map(|m| utterance(&messages, m)).collect()
    }

    #[test]
    fn pieces_are_read_with_what_they_belong_to() {
        let joined = "es pa\ngorras".to_owned();
        assert_eq!(burst(&["es pa", "gorras"]), [(joined.clone(), true), (joined, false)]);
        assert_eq!(
            burst(&["a qué hora abren hoy", "y dónde quedan ustedes"]).iter().filter(|(_, piece)| *piece).count(),
            0
        );
        assert_eq!(burst(&["hola"]), [("hola".to_owned(), false)]);
    }
}
