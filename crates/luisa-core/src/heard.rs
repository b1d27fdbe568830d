//! Words that a machine wrote down of speech: which names it should listen for, and which it misheard.
//!
//! Owns the names of the pack as a listener needs them, and the comparison by sound. A word that the pack knows is never
//! changed. May not judge what the words mean.

use std::collections::BTreeSet;

use crate::lexicon::fold::{plain, sound};
use crate::pack::Pack;

/// Shorter names are too like other words to be corrected: `Kansew` is like `cansen` and `con su`.
const SHORTEST: usize = 9;
/// A word of so many sounds stands for itself: it is a whole name or no part of one.
const WHOLE: usize = 7;
/// Most words that one name may have been heard as.
const MOST_WORDS: usize = 4;
/// A name is meant when so little of its sound differs, in hundredths.
const NEAR: usize = 28;

/// The names of the pack, the shortest first: brands, kinds, products.
#[must_use]
pub fn names(pack: &Pack) -> Vec<String> {
    let mut names = BTreeSet::new();
    for item in pack.catalog.active() {
        names.insert(item.brand.clone());
        names.insert(item.name.clone());
    }
    names.extend(pack.families.iter().map(|family| family.name.clone()));
    let mut names: Vec<String> = names.into_iter().filter(|name| !name.is_empty()).collect();
    names.sort_by_key(|name| name.chars().count());
    names
}

/// The transcript with the names that were misheard put right: `una fila de adora` is a `fileteadora`.
#[must_use]
pub fn corrected(pack: &Pack, transcript: &str) -> String {
    let names = single_names(pack);
    let words: Vec<&str> = transcript.split_whitespace().collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match misheard(pack, &names, &words[at..]) {
            Some((name, count)) => {
                let tail = words[at + count - 1].trim_start_matches(|c: char| c.is_alphanumeric());
                out.push(format!("{name}{tail}"));
                at += count;
            }
            None => {
                out.push(words[at].to_owned());
                at += 1;
            }
        }
    }
    out.join(" ")
}

struct Name {
    written: String,
    key: Vec<char>,
}

// Brands and kinds of one word: those that a listener who does not know the trade hears as something else.
fn single_names(pack: &Pack) -> Vec<Name> {
    let brands = pack.catalog.active().map(|item| item.brand.as_str());
    let families = pack.families.iter().map(|family| family.name.as_str());
    let words: BTreeSet<&str> = brands.chain(families).filter(|name| !name.contains(' ')).collect();
    let name = |written: &str| Name { key: key_of(&[written]), written: written.to_owned() };
    words.into_iter().map(name).filter(|name| name.key.len() >= SHORTEST).collect()
}

fn key_of(words: &[&str]) -> Vec<char> {
    let letters: String = words.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphanumeric()).collect();
    sound(&plain(&letters)).chars().collect()
}

// The name that the first words were meant for, and how many they are.
fn misheard<'a>(pack: &Pack, names: &'a [Name], words: &[&str]) -> Option<(&'a str, usize)> {
    let mut best: Option<(&str, usize, usize)> = None;
    for count in 1..=MOST_WORDS.min(words.len()) {
        let part = &words[..count];
        let ends_inside = part[..count - 1].iter().any(|word| word.ends_with(['.', ',', '?', '!', ';', ':']));
        if ends_inside || heard_well(pack, names, part) {
            continue;
        }
        let key = key_of(part);
        for name in names.iter().filter(|name| name.key.first() == key.first()) {
            let off = distance(&key, &name.key, name.key.len() * 2 * NEAR / 100);
            if let Some(off) =
                off.filter(|off| (*off > 0 || count > 1) && best.is_none_or(|(_, _, least)| *off < least))
            {
                best = Some((&name.written, count, off));
            }
        }
    }
    best.map(|(name, count, _)| (name, count))
}

// A word that the pack knows, a name as it is, or words too long to be parts of one.
fn heard_well(pack: &Pack, names: &[Name], words: &[&str]) -> bool {
    let keys: Vec<Vec<char>> = words.iter().map(|word| key_of(&[word])).collect();
    match keys.as_slice() {
        [key] => key.len() < WHOLE || pack.lexicon.matcher.knows(&key.iter().collect::<String>()),
        keys => keys.iter().any(|key| key.len() >= WHOLE || names.iter().any(|name| name.key == *key)),
    }
}

// How far two sounds are apart, in halves of a letter; none beyond the limit. A vowel for a vowel and a sound for its
// neighbour (`d` for `t`) are half a letter.
fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) * 2 > limit {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).map(|n| n * 2).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = (i + 1) * 2;
        for (j, y) in b.iter().enumerate() {
            let change = before + swap(*x, *y);
            before = row[j + 1];
            row[j + 1] = change.min(before + 2).min(row[j] + 2);
        }
    }
    row.last().copied().filter(|off| *off <= limit)
}

fn swap(x: char, y: char) -> usize {
    const NEIGHBOURS: [&str; 7] = ["aeiou", "bpf", "dt", "gkj", "mn", "sC", "rl"];
    if x == y {
        return 0;
    }
    if NEIGHBOURS.iter().any(|group| group.contains(x) && group.contains(y)) { 1 } else { 2 }
}
