//! Hours of the clock, the days they stand with, and deliveries promised for a day.

use super::amounts::value;
use super::claims::{Claim, Search};
use super::text::{Form, Half, Kind, Text};
use super::vocabulary::Role;

const DAYS: &[(&str, u8)] = &[
    ("lunes", 0),
    ("martes", 1),
    ("miercoles", 2),
    ("jueves", 3),
    ("viernes", 4),
    ("sabado", 5),
    ("sabados", 5),
    ("domingo", 6),
    ("domingos", 6),
    ("festivo", 7),
    ("festivos", 7),
    ("feriados", 7),
];
/// Words that name a day without naming which.
const SOON: &[&str] = &["hoy", "mañana", "mismo", "tarde", "noche", "semana", "inmediato", "inmediatamente", "ya"];

pub(super) fn find(search: &mut Search) {
    let clock = clock(search);
    days(search, &clock);
    promises(search);
}

/// An hour at tokens `from..to`.
struct Clock {
    from: usize,
    minute: u16,
    vague: bool,
}

fn clock(search: &mut Search) -> Vec<Clock> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < search.text.tokens.len() {
        match hour_at(&search.text, at) {
            Some((minute, vague, to)) => {
                search.claim(Claim::Hour { minute, vague }, at, to);
                found.push(Clock { from: at, minute, vague });
                at = to;
            }
            None => at += 1,
        }
    }
    found
}

// The hour that begins at a token: minute of the day, whether morning or afternoon is open, and its end.
fn hour_at(text: &Text, at: usize) -> Option<(u16, bool, usize)> {
    if text.word(at) == "mediodia" {
        return Some((12 * 60, false, at + 1));
    }
    let stated = value(text, at)?;
    let number = text.number(at);
    let (hour, mut minute) = (stated / 100, stated % 100);
    if !(0..=24).contains(&hour) || minute >= 60 {
        return None;
    }
    let decimal = number.is_some_and(|n| n.form == Form::Decimal);
    let mut to = at + 1;
    let colon = text.is_mark(to, ':').then(|| text.number(to + 1)).flatten().filter(|n| n.digits == 2);
    if let Some(minutes) = colon.and_then(|n| n.whole()).filter(|m| (0..60).contains(m)) {
        minute = minutes;
        to += 2;
    } else if text.word(to) == "y" && matches!(text.word(to + 1), "media" | "cuarto" | "treinta" | "quince") {
        minute = if matches!(text.word(to + 1), "media" | "treinta") { 30 } else { 15 };
        to += 2;
    }
    let half = half_after(text, &mut to);
    let introduced = at > 0 && matches!(text.word(at - 1), "las" | "la") && is_time_phrase(text, at, to);
    let ranged = in_range(text, at);
    if colon.is_none() && half.is_none() && !introduced && !ranged || (decimal && !introduced && half.is_none()) {
        return None;
    }
    let hour = match half {
        Some(Half::Pm) if hour < 12 => hour + 12,
        Some(Half::Am) if hour == 12 => 0,
        _ => hour,
    };
    let vague = half.is_none() && (1..=12).contains(&hour);
    Some((u16::try_from(hour * 60 + minute).ok()?, vague, to))
}

// `p. m.`, `de la tarde`.
fn half_after(text: &Text, to: &mut usize) -> Option<Half> {
    if let Some(Kind::Meridiem(half)) = text.kind(*to) {
        *to += 1;
        return Some(half);
    }
    let half = match (text.word(*to), text.word(*to + 1), text.word(*to + 2)) {
        ("de", "la", "mañana") => Half::Am,
        ("de", "la", "tarde" | "noche") => Half::Pm,
        _ => return None,
    };
    *to += 3;
    Some(half)
}

// `a las 8`, `hasta las 6`: not `las 2 máquinas` nor `la 2`.
fn is_time_phrase(text: &Text, at: usize, to: usize) -> bool {
    let before = at.checked_sub(2).map_or("", |n| text.word(n));
    let led = matches!(before, "a" | "hasta" | "desde" | "de" | "tipo" | "sobre" | "son" | "y");
    let ends = !matches!(text.kind(to), Some(Kind::Word))
        || matches!(text.word(to), "a" | "y" | "de" | "en" | "hasta" | "los" | "el" | "por" | "para" | "todos" | "o");
    led && ends && (text.word(at - 1) == "las" || text.word(at) == "1" || text.word(at) == "una")
}

// `de 8 a 6`: no unit after it.
fn in_range(text: &Text, at: usize) -> bool {
    let is_hour = |n: usize| text.number(n).and_then(super::text::Number::whole).is_some_and(|h| (0..=24).contains(&h));
    let bare = |n: usize| {
        !matches!(text.kind(n), Some(Kind::Word | Kind::Mark('%' | '/' | '-')))
            || matches!(text.word(n), "y" | "los" | "de" | "en" | "todos")
    };
    let opens = |n: usize| n > 0 && matches!(text.word(n - 1), "de" | "viernes" | "sabado" | "sabados" | "domingos");
    let first = opens(at) && text.word(at + 1) == "a" && is_hour(at + 2) && bare(at + 3);
    let second = at >= 3 && text.word(at - 1) == "a" && opens(at - 2) && bare(at + 1) && was_hour(text, at - 2);
    first || second
}

// The first hour of the range may have been taken already.
fn was_hour(text: &Text, at: usize) -> bool {
    matches!(text.kind(at), Some(Kind::Number(n)) if n.whole().is_some_and(|h| (0..=24).contains(&h)))
}

// Days with their hours, and days on which the store is open or not.
fn days(search: &mut Search, clock: &[Clock]) {
    let mut group: Vec<(u8, usize)> = Vec::new();
    let mut hours_said = false;
    let mut sentence = u16::MAX;
    for at in 0..search.text.tokens.len() {
        if search.text.tokens[at].sentence != sentence {
            group.clear();
            sentence = search.text.tokens[at].sentence;
        }
        if let Some(day) = day_at(&search.text, at) {
            if hours_said {
                group.clear();
            }
            hours_said = false;
            let through = group.last().filter(|_| at >= 2 && search.text.word(at - 1) == "a").map(|(first, _)| *first);
            group.extend((through.map_or(day, |first| first + 1)..=day).map(|d| (d, at)));
            open_day(search, &group, at);
        }
        if let Some(hour) = clock.iter().find(|c| c.from == at) {
            hours_said = true;
            for (day, _) in &group {
                let claim = Claim::DayHour { day: *day, minute: hour.minute, vague: hour.vague };
                search.note(claim, at, at + 1);
            }
        }
    }
}

fn day_at(text: &Text, at: usize) -> Option<u8> {
    if text.kind(at)? != Kind::Word {
        return None;
    }
    DAYS.iter().find(|(word, _)| *word == text.word(at)).map(|(_, day)| *day)
}

// Named together with a word of being open, a day is said to be open, or denied to be.
fn open_day(search: &mut Search, group: &[(u8, usize)], at: usize) {
    let speaks_of_opening = search.in_sentence(at, |role| role == Role::Opening);
    if !speaks_of_opening || search.text.asks(at) {
        return;
    }
    let open = !search.denied(at);
    for (day, from) in group.iter().filter(|(_, from)| *from == at) {
        search.note(Claim::Open { day: *day, open }, *from, *from + 1);
    }
}

// `llega el viernes`, `mañana se la entregamos`: a day beside a word of arrival.
fn promises(search: &mut Search) {
    for at in 0..search.text.tokens.len() {
        let word = search.text.word(at);
        let dated = day_at(&search.text, at).is_some() || (SOON.contains(&word) && names_a_day(&search.text, at));
        if dated && search.in_sentence(at, |role| role == Role::Arrival) && !search.denied(at) && !search.text.asks(at)
        {
            search.note(Claim::Promise(search.text.word(at).to_owned()), at, at + 1);
        }
    }
}

// `por la mañana` is a part of the day; `esta tarde` and `el mismo día` are a day.
fn names_a_day(text: &Text, at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |n| text.word(n));
    match text.word(at) {
        "hoy" | "inmediatamente" => true,
        "mañana" => before != "la",
        "mismo" => text.word(at + 1) == "dia",
        "tarde" | "noche" => before == "esta",
        "semana" => matches!(before, "esta" | "otra" | "proxima" | "misma"),
        "inmediato" => before == "de",
        "ya" => text.word(at + 1) == "mismo",
        _ => false,
    }
}
