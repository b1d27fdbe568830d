//! Whatever arrives, she reads it and goes on.

use std::sync::LazyLock;

use luisa_core::pack::Pack;
use luisa_core::rehearsal::{Script, play};
use luisa_core::understanding::read;
use proptest::prelude::*;

use crate::packs::el_sastre;

static PACK: LazyLock<Pack> = LazyLock::new(el_sastre);

fn script(texts: Vec<String>) -> Script {
    Script::of_texts("any", texts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_stop_the_reading(bytes in proptest::collection::vec(any::<u8>(), 0..6_000)) {
        let reading = read(&PACK, &String::from_utf8_lossy(&bytes));
        prop_assert!((0.0..=1.0).contains(&reading.class_score));
        prop_assert!(reading.normalized.text.chars().count() <= 40_000);
    }

    #[test]
    fn no_words_stop_a_conversation(texts in proptest::collection::vec("[a-zñáéíóú0-9$.,?¿! ]{0,80}|\\PC{0,60}", 1..5)) {
        let played = play(&PACK, &script(texts));
        prop_assert!(!played.transcript.is_empty());
    }
}

#[test]
fn the_longest_and_the_strangest_messages_are_read() {
    for text in [
        "a".repeat(4_096),
        "máquina ".repeat(600),
        "9".repeat(4_096),
        "ٱ🧵".repeat(2_000),
        "$1.1.1".repeat(700),
        "ja".repeat(2_048),
    ] {
        let reading = read(&PACK, &text);
        assert!(reading.class_score > 0.0);
    }
}
