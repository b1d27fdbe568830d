//! Names in a sentence: `Singer, Kingter y Union`.

use crate::lexicon::fold::plain;

/// Names with commas, and `y` or `e` before the last one.
#[must_use]
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let texts: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match texts.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} {} {last}", first.join(", "), and(last)),
    }
}

// `e` before the sound i.
fn and(next: &str) -> &'static str {
    let word = plain(next);
    let sounds_i = word.starts_with('i') || (word.starts_with("hi") && !word.starts_with("hie"));
    if sounds_i { "e" } else { "y" }
}
