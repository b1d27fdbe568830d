//! The console's own small words: roles, states, spans of time, as the team says them.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use luisa_store::Role;

// tidy: table
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "dueña",
        Role::Team => "equipo",
        Role::Workshop => "taller",
        Role::Reader => "lectura",
    }
}

/// What was done, for the list of what was done.
// tidy: table
pub(super) fn act(id: &str) -> &str {
    match id {
        "login" => "entró",
        "password_set" => "puso su clave",
        "invite" => "invitó a",
        "role" => "cambió el rol de",
        "shut_out" => "cerró la cuenta de",
        "session_ended" => "cerró una sesión de",
        other => other,
    }
}

/// How long ago, as one says it.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    let span = now.duration_since(at).max(SignedDuration::ZERO);
    let (days, hours, minutes) = (span.as_hours() / 24, span.as_hours(), span.as_mins());
    match (days, hours, minutes) {
        (0, 0, 0) => "ahora".to_owned(),
        (0, 0, minutes) => format!("hace {minutes} min"),
        (0, hours, _) => format!("hace {hours} h"),
        (1, _, _) => "hace 1 día".to_owned(),
        (days, _, _) => format!("hace {days} días"),
    }
}

/// A moment in the shop's time.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%d/%m/%Y %H:%M").to_string()
}

/// A browser in words, from what it says of itself.
pub(super) fn device(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)], otherwise| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map_or(otherwise, |(_, name)| *name)
    };
    let browser = first(
        &[
            ("Edg/", "Edge"),
            ("SamsungBrowser", "Samsung Internet"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ],
        "Navegador",
    );
    let system = first(
        &[
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Android", "Android"),
            ("Windows", "Windows"),
            ("Mac OS X", "Mac"),
            ("Linux", "Linux"),
        ],
        "equipo desconocido",
    );
    format!("{browser} en {system}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_as_one_says_it() {
        let now: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        let rows =
            [(20, "ahora"), (61, "hace 1 min"), (3_700, "hace 1 h"), (90_000, "hace 1 día"), (200_000, "hace 2 días")];
        for (seconds, said) in rows {
            assert_eq!(ago(now - SignedDuration::from_secs(seconds), now), said);
        }
        assert_eq!(ago(now + SignedDuration::from_secs(5), now), "ahora", "clocks differ");
    }

    #[test]
    fn a_browser_is_named_by_what_it_is() {
        let phone = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
        assert_eq!(device(phone), "Chrome en Android");
        assert_eq!(device(""), "Navegador en equipo desconocido");
    }
}
