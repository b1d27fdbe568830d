//! Bytes to JSON: the only step of reception that may refuse.
//!
//! Owns the repair of half emojis. May not know what the JSON means.

use serde_json::Value;

/// The body is not JSON, or nests deeper than anything Meta sends.
#[derive(Debug, thiserror::Error)]
#[error("the body is not JSON: {0}")]
pub struct NotJson(#[from] serde_json::Error);

pub(super) fn read(raw: &[u8]) -> Result<Value, NotJson> {
    match serde_json::from_slice(raw) {
        Ok(value) => Ok(value),
        // A name cut in the middle of an emoji leaves half a surrogate pair. Refusing would lose the whole batch, and
        // have it redelivered for seven days.
        Err(error) => match without_half_pairs(raw) {
            Some(repaired) => Ok(serde_json::from_slice(&repaired)?),
            None => Err(error.into()),
        },
    }
}

/// The same bytes with every lone `\uD8xx` escape as U+FFFD, or nothing when there is none.
fn without_half_pairs(raw: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(raw.len());
    let mut found = false;
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        let taken = match escape(rest) {
            Some(0xD800..=0xDBFF) if matches!(rest.get(6..).and_then(escape), Some(0xDC00..=0xDFFF)) => 12,
            Some(0xD800..=0xDFFF) => {
                repaired.extend_from_slice(b"\\ufffd");
                found = true;
                at += 6;
                continue;
            }
            Some(_) => 6,
            // A backslash takes its next byte along: in `\\ud800` there is no escape.
            None if rest[0] == b'\\' => rest.len().min(2),
            None => 1,
        };
        repaired.extend_from_slice(&rest[..taken]);
        at += taken;
    }
    found.then_some(repaired)
}

fn escape(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    let all_hex = digits.iter().all(u8::is_ascii_hexdigit);
    if !all_hex {
        return None;
    }
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_becomes_a_replacement_character() {
        let cases = [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ude00b""#, "\u{fffd}b"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83d\n\u00f1""#, "\u{fffd}\nñ"),
            (r#""\\ud83d \ud83d""#, "\\ud83d \u{fffd}"),
        ];
        for (raw, expected) in cases {
            assert_eq!(read(raw.as_bytes()).unwrap(), expected, "{raw}");
        }
    }

    #[test]
    fn whole_emojis_and_escaped_backslashes_are_left_alone() {
        assert_eq!(read(br#""\ud83d\ude00 \\ud83d""#).unwrap(), "😀 \\ud83d");
    }

    #[test]
    fn what_is_not_json_stays_refused() {
        for raw in ["", "{", "\"\\ud83d", "nope \\ud83d", "\"\\", "\"\\u12", "\"\\ud83d\\u\""] {
            assert!(read(raw.as_bytes()).is_err(), "{raw}");
        }
        assert!(read(b"\xff\xfe").is_err());
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
    }
}
