//! Bytes to JSON: the only step of reception that may refuse.
//!
//! Owns the repair of what breaks a whole body: half emojis, bytes that are no text, numbers and nesting that no reader takes. What
//! cannot be repaired is cut out as small as possible, so that its siblings are read. May not know what the JSON means.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The body is not JSON.
#[derive(Debug, thiserror::Error)]
#[error("the body is not JSON: {0}")]
pub struct NotJson(#[from] serde_json::Error);

/// So deep within a body its parts are looked at one by one: below it are fields of items.
const DEEPEST_CUT: usize = 12;
/// Of a part that was cut out, so much is kept.
const LONGEST_CUT: usize = 4 * 1024;

/// A body, and the parts of it that are in no form that can be read.
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) cut_out: Vec<String>,
}

pub(super) fn read(raw: &[u8]) -> Result<Read, NotJson> {
    let whole = |value: Value| Read { value, cut_out: Vec::new() };
    let error = match serde_json::from_slice(raw) {
        Ok(value) => return Ok(whole(value)),
        Err(error) => error,
    };
    // Refusing would lose the whole batch, and have it redelivered for seven days.
    let repaired = text_of(&without_half_pairs(raw).unwrap_or_else(|| raw.to_vec()));
    if let Ok(value) = serde_json::from_str(&repaired) {
        return Ok(whole(value));
    }
    // Every envelope of Meta's is an object.
    let body = serde_json::from_str::<&RawValue>(&repaired).ok().filter(|body| body.get().starts_with('{'));
    let Some(body) = body else { return Err(error.into()) };
    let mut cut_out = Vec::new();
    let value = salvaged(body, 0, &mut cut_out);
    Ok(Read { value, cut_out })
}

/// Bytes that are no letters become U+FFFD, and control characters, which JSON has in no place, blanks.
fn text_of(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).chars().map(|letter| if letter < ' ' { ' ' } else { letter }).collect()
}

/// The value with what cannot be read as null.
fn salvaged(raw: &RawValue, depth: usize, cut_out: &mut Vec<String>) -> Value {
    if let Ok(value) = serde_json::from_str(raw.get()) {
        return value;
    }
    if depth < DEEPEST_CUT {
        if let Ok(Fields(fields)) = serde_json::from_str(raw.get()) {
            let fields = fields.into_iter().map(|(name, field)| (name, salvaged(field, depth + 1, cut_out)));
            return Value::Object(Map::from_iter(fields));
        }
        if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            // A list within a list is nothing of Meta's: it is somebody's depth.
            let below = |item: &RawValue| if item.get().starts_with('[') { DEEPEST_CUT } else { depth + 1 };
            return items.into_iter().map(|item| salvaged(item, below(item), cut_out)).collect();
        }
    }
    cut_out.push(raw.get().chars().take(LONGEST_CUT).collect());
    Value::Null
}

/// The fields of an object, unread. Of two with one name the last counts, as everywhere.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Visitor).map(Fields)
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
            assert_eq!(read(raw.as_bytes()).unwrap().value, expected, "{raw}");
        }
    }

    #[test]
    fn whole_emojis_and_escaped_backslashes_are_left_alone() {
        assert_eq!(read(br#""\ud83d\ude00 \\ud83d""#).unwrap().value, "😀 \\ud83d");
    }

    #[test]
    fn what_is_not_json_stays_refused() {
        for raw in ["", "{", "\"\\ud83d", "nope \\ud83d", "\"\\", "\"\\u12", "\"\\ud83d\\u\""] {
            assert!(read(raw.as_bytes()).is_err(), "{raw}");
        }
        assert!(read(b"\xff\xfe").is_err());
        assert!(read("[".repeat(100_000).as_bytes()).is_err());
        assert!(read(b"1e400").is_err());
    }

    #[test]
    fn what_breaks_a_body_is_cut_out_and_its_siblings_are_read() {
        let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
        for bad in ["1e400", "-1e999", &deep] {
            let raw = format!(r#"{{"entry":[{{"a":1,"b":{bad}}},{{"c":[2,{{"d":{bad}}},3]}}]}}"#);
            let read = read(raw.as_bytes()).unwrap();
            assert_eq!((&read.value["entry"][0]["a"], &read.value["entry"][1]["c"][2]), (&1.into(), &3.into()));
            assert_eq!(read.cut_out.len(), 2, "{bad}");
        }
        for (raw, expected) in [
            (&b"{\"a\":\"x\x01y\"}"[..], "x y"),
            (&b"{\"a\":\"x\xffy\"}"[..], "x\u{fffd}y"),
            (&b"{\"a\":\"x\ny\"}"[..], "x y"),
        ] {
            assert_eq!(read(raw).unwrap().value["a"], expected);
        }
    }
}
