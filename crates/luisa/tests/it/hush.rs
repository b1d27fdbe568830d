//! What must be in no log: every LUISA that these tests start is listened to at her most talkative, and searched when she goes.
//!
//! Whoever starts one does it through `World` or `Desk`, which ask here; a test sees to that.

/// Settings whose values are secrets, by the end of their name.
const SECRETS: [&str; 4] = ["_TOKEN", "_SECRET", "_KEY", "_PASSWORD"];
/// How the made-up numbers of the tests begin, without the country; four digits follow.
const NUMBERS: &str = "300555";

/// The secrets among these settings.
pub(crate) fn secrets(settings: &[(String, String)]) -> Vec<String> {
    let secret = |name: &str| SECRETS.iter().any(|end| name.ends_with(end));
    let long_enough = |value: &str| value.len() >= 8;
    settings.iter().filter(|(name, value)| secret(name) && long_enough(value)).map(|(_, value)| value.clone()).collect()
}

/// The first line that holds a whole telephone number or one of the secrets.
pub(crate) fn leak<'a>(lines: impl IntoIterator<Item = &'a str>, secrets: &[String]) -> Option<&'a str> {
    lines.into_iter().find(|line| has_number(line) || secrets.iter().any(|secret| line.contains(secret)))
}

fn has_number(line: &str) -> bool {
    line.match_indices(NUMBERS).any(|(at, found)| {
        let rest = &line.as_bytes()[at + found.len()..];
        rest.len() >= 4 && rest[..4].iter().all(u8::is_ascii_digit)
    })
}

#[track_caller]
pub(crate) fn assert_hushed<'a>(lines: impl IntoIterator<Item = &'a str>, secrets: &[String]) {
    // A test that fails already must not abort the whole run.
    if std::thread::panicking() {
        return;
    }
    if let Some(line) = leak(lines, secrets) {
        panic!("a whole number or a secret is in the log: {line}");
    }
}

#[test]
fn a_leak_is_found_and_a_mask_is_none() {
    let secrets = secrets(&[
        ("WHATSAPP_ACCESS_TOKEN".to_owned(), "token-of-the-tests".to_owned()),
        ("LOG_FORMAT".to_owned(), "json-and-more".to_owned()),
    ]);
    for line in [
        "to 573005550001",
        r#"{"from":"3005550001"}"#,
        "Bearer token-of-the-tests",
        "/v26.0/me?access_token=token-of-the-tests&x",
    ] {
        assert_eq!(leak([line], &secrets), Some(line));
    }
    for line in ["from \u{2026}0001", "300555 is how they begin", "json-and-more", ""] {
        assert_eq!(leak([line], &secrets), None);
    }
}

#[test]
fn no_test_starts_a_luisa_that_is_not_listened_to() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut starting = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if text.contains(concat!("CARGO_BIN_EXE", "_luisa")) {
            starting.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    starting.sort();
    assert_eq!(starting, ["cli.rs", "world.rs"], "start her with World or Desk, whose logs are searched");
}
