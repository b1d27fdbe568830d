//! Whether a transcript was spoken: what models invent of silence, noise and loops is not taken for a customer's words.
//!
//! Owns the signs. Pure. May not know what the words ask.

use std::collections::HashSet;

use luisa_core::lexicon::fold::plain;
use luisa_llm::Transcript;

const ARTEFACTS: &str = include_str!("../../data/artefacts.txt");
/// Nobody says so many characters in a second.
const FASTEST: f64 = 35.0;
/// A customer's message is cut here.
const LONGEST: usize = 2_000;
/// Fewer words than these cannot loop.
const LEAST_WORDS: usize = 9;

/// The words of a transcript, or why they are none.
///
/// # Errors
/// A name of the reason, to be stored and counted.
pub fn spoken(transcript: &Transcript, seconds: f64) -> Result<String, &'static str> {
    let text = transcript.text.trim();
    let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
    if letters < 2 {
        return Err("empty");
    }
    if is_artefact(text) {
        return Err("artefact");
    }
    let doubtful = |s: &&luisa_llm::Segment| s.no_speech_prob > 0.6 && s.avg_logprob < -1.0;
    let doubts = transcript.segments.iter().filter(doubtful).count();
    if doubts > 0 && doubts * 2 >= transcript.segments.len() {
        return Err("no_speech");
    }
    if transcript.segments.iter().any(|segment| segment.compression_ratio > 2.4) || loops(text) {
        return Err("loop");
    }
    if seconds > 0.0 && letters as f64 / seconds > FASTEST {
        return Err("invented");
    }
    Ok(text.chars().take(LONGEST).collect())
}

fn is_artefact(text: &str) -> bool {
    let words = words(text).join(" ");
    let lines = ARTEFACTS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.into_iter().any(|line| match line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(whole) => words == whole,
        None => words.contains(line),
    })
}

fn words(text: &str) -> Vec<String> {
    let folded = plain(text);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

// The same few words again and again.
fn loops(text: &str) -> bool {
    let words = words(text);
    let pairs: HashSet<&[String]> = words.windows(2).collect();
    words.len() >= LEAST_WORDS && pairs.len() * 5 <= (words.len() - 1) * 2
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use luisa_llm::{NanoUsd, Segment};

    use super::*;

    fn judged(text: &str, segments: Vec<Segment>) -> Result<String, &'static str> {
        let transcript = Transcript { text: text.to_owned(), segments, cost: NanoUsd::ZERO, latency: Duration::ZERO };
        spoken(&transcript, 6.0)
    }

    #[test]
    fn what_models_make_of_silence_and_noise_is_not_taken_for_words() {
        for (text, reason) in [
            ("", "empty"),
            ("…", "empty"),
            ("Subtítulos realizados por la comunidad de Amara.org", "artefact"),
            ("¡Gracias por ver el video!", "artefact"),
            ("Música.", "artefact"),
            ("la la la la la la la la la la la", "loop"),
            ("a cómo está a cómo está a cómo está a cómo está a cómo está", "loop"),
            (
                &"precio de la máquina industrial y de la familiar para mi taller de confección en Montería ".repeat(4),
                "loop",
            ),
        ] {
            assert_eq!(judged(text, Vec::new()), Err(reason), "{text}");
        }
        let segment =
            |no_speech_prob, avg_logprob, compression_ratio| Segment { no_speech_prob, avg_logprob, compression_ratio };
        assert_eq!(judged("buenas tardes", vec![segment(0.9, -1.4, 1.0)]), Err("no_speech"));
        assert_eq!(judged("buenas tardes", vec![segment(0.1, -0.2, 3.1)]), Err("loop"));
        assert!(judged("buenas tardes", vec![segment(0.9, -0.3, 1.0)]).is_ok());
    }

    #[test]
    fn what_customers_say_is_kept() {
        for text in [
            "Sí.",
            "gracias",
            "Buenas, ¿a cómo la fileteadora?",
            "no no no, la otra",
            "Listo, muchas gracias, muchas gracias",
        ] {
            assert_eq!(judged(text, Vec::new()).as_deref(), Ok(text));
        }
    }
}
