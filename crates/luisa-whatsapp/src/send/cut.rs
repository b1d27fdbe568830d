//! Cutting a text at a limit, where it hurts least.
//!
//! May not know what the text is for.

use unicode_segmentation::UnicodeSegmentation;

const MARK: char = '…';

/// The text in at most `limit` characters. What is too long ends in `…`, after a whole word when that keeps at least
/// half of the room, and never inside an emoji or an accented letter.
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let Some(room) = limit.checked_sub(1) else {
        return String::new();
    };
    let whole = longest_start(text, room);
    let kept = if ends_a_word(text, whole) { whole } else { without_last_word(whole, room / 2) };
    let mut short = kept.trim_end().to_owned();
    short.push(MARK);
    short
}

fn longest_start(text: &str, room: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        used += grapheme.chars().count();
        if used > room {
            break;
        }
        end = start + grapheme.len();
    }
    &text[..end]
}

fn ends_a_word(text: &str, start: &str) -> bool {
    text[start.len()..].starts_with(char::is_whitespace)
}

fn without_last_word(start: &str, least: usize) -> &str {
    match start.rfind(char::is_whitespace) {
        Some(space) if start[..space].chars().count() >= least => &start[..space],
        _ => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts_after_a_word_when_it_can() {
        let cases = [
            ("Máquina plana", 20, "Máquina plana"),
            ("Fileteadora industrial de tres hilos", 24, "Fileteadora industrial…"),
            ("Máquina plana de mesa", 14, "Máquina plana…"),
            ("Electroencefalografistas", 10, "Electroen…"),
            ("a bcdefghijklmnop", 10, "a bcdefgh…"),
            ("hola", 0, ""),
            ("hola", 1, "…"),
        ];
        for (text, limit, expected) in cases {
            assert_eq!(cut(text, limit), expected, "{text} in {limit}");
        }
    }

    #[test]
    fn an_emoji_or_an_accent_is_kept_whole_or_left_out() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(cut(&format!("abc{family}def"), 8), "abc…");
        assert_eq!(cut("cafe\u{301}s largos", 5), "caf…");
        assert_eq!(cut("🇨🇴🇨🇴🇨🇴", 4), "🇨🇴…");
    }

    proptest! {
        #[test]
        fn never_longer_than_the_limit_and_always_a_start_of_the_text(text in "\\PC{0,80}", limit in 0_usize..90) {
            let short = cut(&text, limit);
            prop_assert!(short.chars().count() <= limit);
            let kept = short.strip_suffix(MARK).unwrap_or(&short);
            prop_assert!(text.starts_with(kept) || text == short);
        }
    }
}
