//! The showcase: whole conversations as a customer's telephone shows them, with the decisions beside each turn.
//!
//! They are read as the owner of the store would read them. A change of a sentence or of a decision shows here; accept it
//! with `INSTA_UPDATE=always cargo test -p luisa-core --test it showcase` once it reads well.

use std::collections::{BTreeMap, BTreeSet};

use luisa_core::rehearsal::play;

use crate::dialogue::scripts;
use crate::packs::el_sastre;

#[test]
fn conversations_read_like_the_stores_best_seller() {
    let pack = el_sastre();
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for script in scripts("vitrina.jsonl") {
        let (kind, _) = script.id.split_once('-').unwrap();
        let text = format!("# {}: {}\n{}", script.id, script.title, play(&pack, &script).transcript);
        kinds.entry(kind.to_owned()).or_default().push(text);
    }
    let count: usize = kinds.values().map(Vec::len).sum();
    assert!(count >= 40, "only {count} conversations");
    for (kind, chats) in kinds {
        insta::assert_snapshot!(format!("showcase_{kind}"), chats.join("\n"));
    }
}

#[test]
fn no_sentence_is_said_twice_in_a_chat_and_every_reply_fits_a_telephone() {
    let pack = el_sastre();
    for name in ["vitrina.jsonl", "desarrollo.jsonl", "desarrollo2.jsonl"] {
        for script in scripts(name) {
            let transcript = play(&pack, &script).transcript;
            let mut before: BTreeSet<String> = BTreeSet::new();
            for reply in replies(&transcript) {
                assert!(!reply.contains("**"), "{}: {reply}", script.id);
                assert!(reply.chars().count() <= 480, "{}: {} characters: {reply}", script.id, reply.chars().count());
                let sentences = sentences(&reply);
                for sentence in sentences.iter().filter(|s| s.chars().count() > 40) {
                    assert!(!before.contains(sentence), "{}: «{sentence}» comes twice\n{transcript}", script.id);
                }
                before.extend(sentences);
            }
        }
    }
}

// What LUISA wrote, a turn each, without pictures and buttons.
fn replies(transcript: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for line in transcript.lines() {
        if let Some(text) = line.strip_prefix("Luisa:") {
            if !text.trim_start().starts_with("[foto") {
                all.push(text.trim().to_owned());
            }
        } else if line.starts_with("         ")
            && !line.trim_start().starts_with(['·', '(', '…'])
            && let Some(last) = all.last_mut()
        {
            last.push(' ');
            last.push_str(line.trim());
        }
    }
    all
}

fn sentences(reply: &str) -> BTreeSet<String> {
    // A full stop inside an amount is followed by no space.
    reply.split(". ").flat_map(|part| part.split_inclusive(['?', '!'])).map(|s| s.trim().to_owned()).collect()
}
