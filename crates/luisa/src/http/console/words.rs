//! The console's own small words: roles, states, spans of time, as the team says them.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use luisa_store::{MessageRow, MessageState, Mode, Role, Sender};

use crate::runtime::Station;

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
        "take" => "tomó un chat",
        "answer" => "respondió en un chat",
        "give_back" => "devolvió un chat",
        "close" => "cerró un traspaso",
        "shop" => "cambió",
        "undo" => "deshizo el cambio de",
        "correct" => "corrigió una respuesta",
        "export" => "descargó los datos de una persona",
        "erase" => "borró a una persona",
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

// tidy: table
pub(super) fn team(id: &str) -> &str {
    match id {
        "comercial" => "ventas",
        "tecnica" => "taller",
        other => other,
    }
}

// tidy: table
pub(super) fn priority(id: &str) -> &str {
    match id {
        "urgent" => "urgente",
        "high" => "prioridad alta",
        "medium" => "prioridad media",
        "low" => "prioridad baja",
        other => other,
    }
}

// tidy: table
pub(super) fn class(id: &str) -> &str {
    match id {
        "EMPTY_OR_GIBBERISH" => "vacío o sin sentido",
        "NON_BUSINESS" => "personal",
        "BUSINESS_FAQ" => "pregunta frecuente",
        "BUSINESS_CONSULT" => "consulta del negocio",
        other => other,
    }
}

/// What stands for a message without words.
// tidy: table
pub(super) fn kind(kind: &str, state: MessageState) -> &'static str {
    if state == MessageState::Revoked {
        return "(mensaje eliminado)";
    }
    match kind {
        "image" => "📷 Foto",
        "audio" | "voice" => "🎤 Nota de voz",
        "video" => "🎬 Video",
        "document" => "📄 Documento",
        "sticker" => "Sticker",
        "location" => "📍 Ubicación",
        "contacts" => "👤 Contacto",
        "reaction" => "Reacción",
        "text" => "(texto que no se guarda)",
        _ => "(mensaje)",
    }
}

/// Who wrote, before their words in a list; the customer needs no name there.
// tidy: table
pub(super) fn speaker(sender: Sender) -> &'static str {
    match sender {
        Sender::Customer | Sender::System => "",
        Sender::Luisa => "LUISA",
        Sender::Human => "Equipo",
    }
}

/// What became of a message that went out.
// tidy: table
pub(super) fn state(message: &MessageRow) -> String {
    match message.state {
        MessageState::Received => String::new(),
        MessageState::Queued => "por salir".to_owned(),
        MessageState::Sent => "enviado".to_owned(),
        MessageState::Delivered => "entregado".to_owned(),
        MessageState::Read => "leído".to_owned(),
        MessageState::Played => "escuchado".to_owned(),
        MessageState::Failed => format!("no llegó: {}", failure(message.error_code.as_deref())),
        MessageState::Unknown => "no se sabe si llegó".to_owned(),
        MessageState::Cancelled => "no se envió: una persona tomó el chat".to_owned(),
        MessageState::Revoked => "eliminado".to_owned(),
    }
}

fn failure(code: Option<&str>) -> String {
    match code {
        Some("131047") => "pasaron 24 horas desde su último mensaje".to_owned(),
        Some("131026") => "ese número no recibe por WhatsApp".to_owned(),
        Some("131049" | "131050") => "WhatsApp no lo dejó pasar".to_owned(),
        Some(code) => format!("error {code} de WhatsApp"),
        None => "WhatsApp no dijo por qué".to_owned(),
    }
}

pub(super) fn is_lost(state: MessageState) -> bool {
    matches!(state, MessageState::Failed | MessageState::Unknown | MessageState::Cancelled)
}

/// Who answers in a chat.
pub(super) fn leads(mode: Mode, by: Option<&str>, me: &str, station: &Station) -> String {
    match (mode, by) {
        (Mode::AiActive, _) => format!("la atiende {}", station.shop.pack().about.assistant),
        (Mode::HumanActive, None | Some("luisa")) => "espera a una persona".to_owned(),
        (Mode::HumanActive, Some("phone")) => "la atienden desde el celular".to_owned(),
        (Mode::HumanActive, Some(name)) if name == me => "la atiende usted".to_owned(),
        (Mode::HumanActive, Some(name)) => format!("la atiende {name}"),
    }
}

/// How a person is called in a list.
pub(super) fn person(name: &str, phone: Option<&str>) -> String {
    match (name.trim(), phone) {
        ("", Some(number)) => self::phone(number),
        ("", None) => "Sin nombre".to_owned(),
        (name, _) => name.to_owned(),
    }
}

/// A telephone as one reads it.
pub(super) fn phone(wa_id: &str) -> String {
    match wa_id.strip_prefix("57").filter(|local| local.len() == 10 && local.is_ascii()) {
        Some(local) => format!("{} {} {}", &local[..3], &local[3..6], &local[6..]),
        None => format!("+{wa_id}"),
    }
}

/// For how long, as one says it.
pub(super) fn span(since: Timestamp, now: Timestamp) -> String {
    let span = now.duration_since(since).max(SignedDuration::ZERO);
    match (span.as_hours() / 24, span.as_hours(), span.as_mins()) {
        (0, 0, 0) => "menos de 1 min".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {} min", minutes - hours * 60),
        (1, _, _) => "1 día".to_owned(),
        (days, _, _) => format!("{days} días"),
    }
}

/// The time of day in the shop.
pub(super) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// The day in the shop.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let name = match at.weekday() {
        Weekday::Monday => "lunes",
        Weekday::Tuesday => "martes",
        Weekday::Wednesday => "miércoles",
        Weekday::Thursday => "jueves",
        Weekday::Friday => "viernes",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    };
    format!("{name} {}", at.strftime("%d/%m"))
}

/// An id as words.
pub(super) fn spaced(id: &str) -> String {
    id.replace('_', " ")
}

/// Text as part of a path.
pub(super) fn encoded(text: &str) -> String {
    let mut path = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// What a table holds, as a person understands it; none for what means nothing to them.
// tidy: table
pub(super) fn held(table: &str) -> Option<&'static str> {
    match table {
        "messages" => Some("mensajes"),
        "handoffs" => Some("traspasos"),
        "notifications" => Some("avisos al equipo"),
        "interaction_traces" => Some("decisiones explicadas"),
        "notes" => Some("notas del equipo"),
        "media" => Some("fotos y notas de voz"),
        "corrections" => Some("correcciones"),
        _ => None,
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
