//! Calendar: the days and hours that a customer speaks of, and what the store does on them.
//!
//! Owns the reading of `mañana`, `el 24 de diciembre`, `este festivo`, `a las 4`, and which sentence of the pack answers.
//! The words are the pack's; the clock is the turn's.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::lexicon::tokens::Word;
use crate::schedule::{Day, Span, StoreHours, spoken_minutes, weekday_name};

/// What is asked about the store's hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// `a esta hora`, `ya abrieron?`.
    Now,
    On(Date),
    /// `los sábados`, `un domingo`.
    Weekday(Weekday),
    /// `los festivos`.
    Holidays,
}

const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];
/// Days that people call by name.
const NAMED: &[(&str, i8, i8)] = &[
    ("reyes", 1, 6),
    ("navidad", 12, 25),
    ("nochebuena", 12, 24),
    ("velitas", 12, 7),
    ("inmaculada", 12, 8),
    ("virgen", 12, 8),
];

/// The day that the words speak of, the first one.
#[must_use]
pub fn when(words: &[Word], today: Date) -> Option<When> {
    // `este lunes que es festivo`: whatever the calendar says of that Monday.
    let holiday = words.iter().any(|w| matches!(w.text.as_str(), "festivo" | "festivos" | "feriado" | "feriados"));
    if holiday {
        let dated = (0..words.len()).find_map(|at| date_at(words, at, today)).map(When::On);
        return dated.or(Some(When::Holidays));
    }
    (0..words.len()).find_map(|at| when_at(words, at, today))
}

fn when_at(words: &[Word], at: usize, today: Date) -> Option<When> {
    let text = |n: usize| words.get(n).map_or("", |w| w.text.as_str());
    let before = at.checked_sub(1).map_or("", text);
    let ahead = |days: i64| today.checked_add(days.days()).ok().map(When::On);
    match text(at) {
        "hoy" => return Some(When::On(today)),
        "manana" if before == "pasado" => return ahead(2),
        "manana" if !matches!(before, "la" | "esta" | "por") => return ahead(1),
        "ahora" | "ahorita" | "ahoritica" => return Some(When::Now),
        "hora" if before == "esta" => return Some(When::Now),
        "momento" if before == "este" => return Some(When::Now),
        "festivo" | "festivos" | "feriado" | "feriados" => return Some(When::Holidays),
        _ => {}
    }
    if let Some(date) = date_at(words, at, today) {
        return Some(When::On(date));
    }
    if let Some((_, month, day)) = NAMED.iter().find(|(name, ..)| *name == text(at)) {
        return next(today, *month, *day).map(When::On);
    }
    let weekday = weekday_of(text(at))?;
    let habit = matches!(before, "los" | "un" | "algun" | "cada") || text(at).ends_with("os");
    if habit {
        return Some(When::Weekday(weekday));
    }
    let mut date = today;
    while date.weekday() != weekday {
        date = date.tomorrow().ok()?;
    }
    Some(When::On(date))
}

// `24 de diciembre`, `el 24`.
fn date_at(words: &[Word], at: usize, today: Date) -> Option<Date> {
    let text = |n: usize| words.get(n).map_or("", |w| w.text.as_str());
    let day: i8 = text(at).parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = |n: usize| MONTHS.iter().position(|m| *m == text(n)).and_then(|m| i8::try_from(m + 1).ok());
    if text(at + 1) == "de"
        && let Some(month) = month(at + 2)
    {
        return next(today, month, day);
    }
    let alone = at > 0
        && text(at - 1) == "el"
        && (at + 1 == words.len()
            || words[at + 1].after_break
            || !words[at + 1].text.bytes().any(|b| b.is_ascii_digit()));
    if !alone {
        return None;
    }
    let this = Date::new(today.year(), today.month(), day).ok().filter(|date| *date >= today);
    this.or_else(|| {
        let (year, month) = if today.month() == 12 { (today.year() + 1, 1) } else { (today.year(), today.month() + 1) };
        Date::new(year, month, day).ok()
    })
}

fn next(today: Date, month: i8, day: i8) -> Option<Date> {
    let this = Date::new(today.year(), month, day).ok()?;
    if this >= today { Some(this) } else { Date::new(today.year() + 1, month, day).ok() }
}

fn weekday_of(text: &str) -> Option<Weekday> {
    Some(match text {
        "lunes" => Weekday::Monday,
        "martes" => Weekday::Tuesday,
        "miercoles" => Weekday::Wednesday,
        "jueves" => Weekday::Thursday,
        "viernes" => Weekday::Friday,
        "sabado" | "sabados" => Weekday::Saturday,
        "domingo" | "domingos" => Weekday::Sunday,
        _ => return None,
    })
}

/// The hour that the words speak of, in minutes; a bare `a las 4` is in the afternoon when the morning is closed then.
#[must_use]
pub fn hour(words: &[Word]) -> Option<i16> {
    let text = |n: usize| words.get(n).map_or("", |w| w.text.as_str());
    (1..words.len()).find_map(|at| {
        let led = matches!(text(at - 1), "las" | "la")
            && at >= 2
            && matches!(text(at - 2), "a" | "tipo" | "desde" | "hasta" | "sobre" | "de");
        let hour: i16 = spoken_number(text(at)).filter(|h| led && (1..=24).contains(h))?;
        let minute = match (text(at + 1), text(at + 2)) {
            ("y", "media" | "30") => 30,
            (m, _) if m.len() == 2 && m.bytes().all(|b| b.is_ascii_digit()) => {
                m.parse().ok().filter(|m| *m < 60).unwrap_or(0)
            }
            _ => 0,
        };
        let said: Vec<&str> = (at + 1..(at + 7).min(words.len())).map(text).collect();
        let morning = said.windows(2).any(|w| w == ["la", "manana"]) || said.contains(&"am");
        let hour = if hour < 8 && !morning { hour + 12 } else { hour };
        Some(hour * 60 + minute)
    })
}

fn spoken_number(text: &str) -> Option<i16> {
    const WORDS: [&str; 12] =
        ["una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"];
    text.parse().ok().or_else(|| WORDS.iter().position(|w| *w == text).and_then(|n| i16::try_from(n + 1).ok()))
}

/// Which sentence answers, with what fills its gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub reply: &'static str,
    pub values: Vec<(&'static str, String)>,
}

/// What the store does then. `now` in minutes after midnight.
#[must_use]
pub fn told(hours: &StoreHours, when: When, at: Option<i16>, today: Date, now: i16) -> Told {
    match when {
        When::Now => told_now(hours, today, now),
        When::Holidays => Told { reply: "cerrado_festivos", values: Vec::new() },
        When::Weekday(weekday) => {
            let name = plural(weekday);
            match (hours.of_weekday(weekday), at) {
                (None, _) => Told { reply: "cerrado_siempre", values: vec![("cuando", format!("Los {name}"))] },
                (Some(span), at) => told_open(format!("Los {name}"), span, at),
            }
        }
        When::On(date) => {
            let name = spoken_date(date, today);
            match hours.on(date) {
                Day::Open(span) => told_open(name, span, at),
                closed => told_closed(hours, name, date, &closed, today),
            }
        }
    }
}

fn told_now(hours: &StoreHours, today: Date, now: i16) -> Told {
    match hours.on(today) {
        Day::Open(span) if (span.from..span.to).contains(&now) => {
            Told { reply: "abierto_ya", values: vec![("hasta", spoken_minutes(span.to))] }
        }
        Day::Open(span) if now < span.from => {
            let values = vec![("proxima", "hoy mismo".to_owned()), ("horas", spoken_span(span))];
            Told { reply: "cerrado_ya", values }
        }
        Day::Open(_) | Day::Off | Day::Holiday | Day::Closed(_) => {
            let (day, span) = next_open(hours, today, today);
            Told { reply: "cerrado_ya", values: vec![("proxima", day), ("horas", span)] }
        }
    }
}

fn told_open(when: String, span: Span, at: Option<i16>) -> Told {
    let horas = spoken_span(span);
    match at {
        None => Told { reply: "abre_dia", values: vec![("cuando", when), ("horas", horas)] },
        Some(at) if (span.from..span.to).contains(&at) => Told {
            reply: "abierto_a_esa_hora",
            values: vec![("hora", spoken_minutes(at)), ("cuando", lower(&when)), ("horas", horas)],
        },
        Some(at) => Told {
            reply: "cerrado_a_esa_hora",
            values: vec![("hora", spoken_minutes(at)), ("cuando", lower(&when)), ("horas", horas)],
        },
    }
}

fn told_closed(hours: &StoreHours, name: String, date: Date, day: &Day, today: Date) -> Told {
    let (proxima, horas) = next_open(hours, date, today);
    let mut values = vec![("cuando", name), ("proxima", proxima), ("horas", horas)];
    let reply = match day {
        Day::Holiday => "cerrado_festivo",
        Day::Closed(reason) if !reason.is_empty() => {
            values.push(("motivo", reason.clone()));
            "cerrado_motivo"
        }
        Day::Open(_) | Day::Off | Day::Closed(_) => "cerrado_dia",
    };
    Told { reply, values }
}

fn next_open(hours: &StoreHours, after: Date, today: Date) -> (String, String) {
    hours
        .next_open(after)
        .map_or_else(Default::default, |(date, span)| (lower(&spoken_date(date, today)), spoken_span(span)))
}

fn spoken_span(span: Span) -> String {
    format!("{} a {}", spoken_minutes(span.from), spoken_minutes(span.to))
}

// `Hoy martes`, `Mañana miércoles`, `El jueves 24 de diciembre`.
fn spoken_date(date: Date, today: Date) -> String {
    let day = weekday_name(date.weekday());
    match (date - today).get_days() {
        0 => format!("Hoy {day}"),
        1 => format!("Ma\u{f1}ana {day}"),
        _ => {
            let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
            format!("El {day} {} de {month}", date.day())
        }
    }
}

fn plural(weekday: Weekday) -> String {
    let name = weekday_name(weekday);
    if name.ends_with('s') { name.to_owned() } else { format!("{name}s") }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A past day in words: `ayer`, `el lunes 23 de noviembre`.
#[must_use]
pub fn spoken_since(date: Date, today: Date) -> String {
    if (today - date).get_days() == 1 { "ayer".to_owned() } else { lower(&spoken_date(date, today)) }
}
