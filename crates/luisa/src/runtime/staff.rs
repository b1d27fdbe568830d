//! What the team asks of LUISA on WhatsApp, for those without a browser at hand: who waits, a price, sold out, give a chat back.
//!
//! Only from the team's own numbers (the settings name them); from any other the same words are a customer's. Each is answered with what was
//! understood, asked back when two fit, and kept in the audit log. May not decide for a customer.

use jiff::Timestamp;
use luisa_core::lexicon::fold::plain;
use luisa_core::outcome::Reply;
use luisa_core::turn::{Body, Inbound};
use luisa_store::{
    ChatLine, ChatList, Delivery, HandoffStatus, Mode, Outgoing, PendingRow, RequestId, StoreError, TraceRow,
    TurnCommit, TurnView,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Station;
use crate::catalog::CatalogError;
use crate::shop_edit::{self, Refusal, Wish};
use crate::telemetry::masked;
use crate::wire::to_whatsapp::{Addressee, Letter};

/// Chats that are named in an answer.
const NAMED: u32 = 10;
/// Nobody is a user with this number: what is unread for them does not matter here.
const NO_USER: i64 = 0;

/// What somebody of the team asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Command {
    WhoWaits,
    Price { code: String, price: String, sure: bool },
    SoldOut { code: String },
    InStock { code: String },
    GiveBack { whom: String },
    Help,
}

impl Command {
    fn id(&self) -> &'static str {
        match self {
            Self::WhoWaits => "quien_espera",
            Self::Price { .. } => "precio",
            Self::SoldOut { .. } => "agotada",
            Self::InStock { .. } => "hay",
            Self::GiveBack { .. } => "devolver",
            Self::Help => "comandos",
        }
    }
}

/// The turn that answers the team's commands; none when this chat is not a team's, or one of its messages is none.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn turn(station: &Station, view: &TurnView, now: Timestamp) -> Result<Option<TurnCommit>, CatalogError> {
    let Some(number) = view.contact.as_ref().and_then(|contact| contact.wa_id.as_deref()) else { return Ok(None) };
    let notify = &station.shop.settings.whatsapp.notify;
    let teams = [&notify.comercial, &notify.tecnica, &notify.internal];
    if !teams.into_iter().flatten().any(|team| team == number) {
        return Ok(None);
    }
    let commands: Option<Vec<(&PendingRow, String, Command)>> = view.pending.iter().map(command_of).collect();
    let Some(commands) = commands.filter(|commands| !commands.is_empty()) else { return Ok(None) };
    let by = format!("WhatsApp {}", masked(number));
    let request = RequestId(format!("req_{}", Uuid::now_v7().simple()));
    let mut turn = TurnCommit::silent(request.clone(), view.conversation.memory.clone());
    let mut said = Vec::new();
    for (row, text, command) in commands {
        let answer = answer(station, &by, &command, now).await?;
        turn.traces.push(trace(view, &request, row, &text, &command, &answer));
        said.push(answer);
    }
    turn.outgoing.extend(outgoing(view, said.join("\n\n"), now));
    Ok(Some(turn))
}

fn command_of(row: &PendingRow) -> Option<(&PendingRow, String, Command)> {
    let inbound = Inbound::deserialize(&row.payload).ok()?;
    let Body::Text { .. } = &inbound.body else { return None };
    let text = inbound.body.text().to_owned();
    let command = read(&text)?;
    Some((row, text, command))
}

/// A command in a text; none when it is something else.
fn read(text: &str) -> Option<Command> {
    let folded = plain(text);
    let words: Vec<&str> =
        folded.split_whitespace().map(|word| word.trim_matches(['?', '¿', '!', '¡', ',', '*'])).collect();
    let code = |word: &&str| word.bytes().any(|b| b.is_ascii_digit()).then(|| word.to_uppercase());
    match words.as_slice() {
        ["quien" | "quienes", "espera" | "esperan"] => Some(Command::WhoWaits),
        ["comandos"] => Some(Command::Help),
        ["precio", item, price @ ..] if !price.is_empty() => {
            let sure = price.last() == Some(&"seguro");
            let price = &price[..price.len() - usize::from(sure)];
            Some(Command::Price { code: code(item)?, price: price.concat(), sure })
        }
        ["agotada" | "agotado", item] => Some(Command::SoldOut { code: code(item)? }),
        ["hay", item] => Some(Command::InStock { code: code(item)? }),
        ["devolver", whom @ ..] if !whom.is_empty() => Some(Command::GiveBack { whom: whom.join(" ") }),
        _ => None,
    }
}

async fn answer(station: &Station, by: &str, command: &Command, now: Timestamp) -> Result<String, CatalogError> {
    match command {
        Command::WhoWaits => Ok(who_waits(station, now).await?),
        Command::GiveBack { whom } => Ok(give_back(station, by, whom, now).await?),
        Command::Price { code, price, sure } => {
            let wish = Wish { price: Some(price), sure: *sure, ..Wish::default() };
            let far = format!("Si está bien, escriba: precio {code} {price} seguro");
            change(station, by, code, &wish, &far).await
        }
        Command::SoldOut { code } => change(station, by, code, &Wish { stock: Some("0"), ..Wish::default() }, "").await,
        Command::InStock { code } => change(station, by, code, &Wish { stock: Some(""), ..Wish::default() }, "").await,
        Command::Help => Ok("Puede escribirme:\n• quién espera\n• precio CÓDIGO 1250000\n• agotada CÓDIGO\n• hay CÓDIGO\n• devolver NOMBRE o número".to_owned()),
    }
}

async fn change(station: &Station, by: &str, code: &str, wish: &Wish<'_>, far: &str) -> Result<String, CatalogError> {
    let changed = shop_edit::product(&station.shop, by, code, wish).await?;
    Ok(match changed {
        Ok(changed) if changed.after.is_empty() => format!("{code}, {}: ya estaba así.", changed.name),
        Ok(changed) => format!("Listo. {code}, {}: {} → {}.", changed.name, changed.before, changed.after),
        Err(Refusal::NoSuchProduct) => format!("No hay un producto {code}. Nada cambió."),
        Err(Refusal::Price) => "Ese precio no lo entiendo; escríbalo en pesos, como 1250000. Nada cambió.".to_owned(),
        Err(Refusal::Far { old, new }) => format!("{code} vale {old} y quedaría en {new}. Nada cambió. {far}"),
        Err(Refusal::Stock | Refusal::Unusable(_)) => format!("{code} no se puede dejar así. Nada cambió."),
        Err(Refusal::Overtaken) => format!("{code} cambió en este momento; escríbalo otra vez."),
    })
}

async fn who_waits(station: &Station, now: Timestamp) -> Result<String, StoreError> {
    let since = now.saturating_sub(jiff::SignedDuration::from_mins(2)).unwrap_or(now);
    let which = ChatList::Waiting { unanswered_since: since, after: None };
    let lines = station.shop.store.chat_lines(NO_USER, which, NAMED + 1).await?;
    if lines.is_empty() {
        return Ok("Nadie espera una respuesta.".to_owned());
    }
    let most = usize::try_from(NAMED).unwrap_or(usize::MAX);
    let mut said: Vec<String> = lines.iter().take(most).map(|line| waiting_line(line, now)).collect();
    if lines.len() > most {
        said.push("… y más, en la consola.".to_owned());
    }
    Ok(format!("Esperan:\n{}", said.join("\n")))
}

fn waiting_line(line: &ChatLine, now: Timestamp) -> String {
    let minutes = line.waiting_since.map_or(0, |since| now.duration_since(since).as_mins());
    let waited =
        if minutes < 60 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) };
    let link = line.phone.as_ref().map(|phone| format!(" https://wa.me/{phone}")).unwrap_or_default();
    let taken = line.handoff.as_ref().filter(|open| open.status == HandoffStatus::Taken);
    let taken =
        taken.and_then(|open| open.taken_by.as_ref()).map(|who| format!(" (la tiene {who})")).unwrap_or_default();
    format!("• {}: {waited}{taken}{link}", called(line))
}

fn called(line: &ChatLine) -> String {
    let number = line
        .phone
        .as_deref()
        .map(|phone| format!(" …{}", phone.get(phone.len().saturating_sub(4)..).unwrap_or_default()));
    let name = if line.name.is_empty() { "Sin nombre" } else { &line.name };
    format!("{name}{}", number.unwrap_or_default())
}

async fn give_back(station: &Station, by: &str, whom: &str, now: Timestamp) -> Result<String, StoreError> {
    let store = &station.shop.store;
    let found = store.chat_lines(NO_USER, ChatList::Found { words: whom.to_owned() }, 50).await?;
    let led: Vec<&ChatLine> = found.iter().filter(|line| line.mode == Mode::HumanActive).collect();
    Ok(match led.as_slice() {
        [] if found.is_empty() => format!("No encuentro a «{whom}». Nada cambió."),
        [] => format!("A «{whom}» ya la atiende LUISA."),
        [line] => {
            store.return_chat(now, &line.id, by).await?;
            format!("Listo. {} vuelve a LUISA.", called(line))
        }
        several => {
            let names: Vec<String> = several.iter().take(5).map(|line| format!("• {}", called(line))).collect();
            format!("¿Cuál? Escriba devolver y los cuatro últimos números:\n{}", names.join("\n"))
        }
    })
}

fn outgoing(view: &TurnView, text: String, now: Timestamp) -> Option<Outgoing> {
    let to = view.contact.as_ref().and_then(Addressee::of)?;
    let reply = Reply { text: text.clone(), options: Vec::new(), asset: None, question: None };
    let letter = Letter::Reply { reply, list_label: String::new(), mark_read: None };
    Some(Outgoing {
        kind: "text".to_owned(),
        text: Some(text),
        payload: serde_json::to_value(&letter).unwrap_or_default(),
        reply_to: None,
        delivery: Delivery::Queue { recipient: serde_json::to_value(&to).unwrap_or_default(), due_at: now },
    })
}

// tidy: table
fn trace(
    view: &TurnView,
    request: &RequestId,
    row: &PendingRow,
    text: &str,
    command: &Command,
    answer: &str,
) -> TraceRow {
    TraceRow {
        request_id: request.clone(),
        message_id: Some(row.message_id.clone()),
        conversation_id: view.conversation.id.clone(),
        channel: view.conversation.channel,
        customer_phone_hash: None,
        raw_text: Some(text.to_owned()),
        normalized_text: Some(plain(text)),
        classification: "BUSINESS_CONSULT".to_owned(),
        classification_score: Some(1.0),
        classification_reasons: json!(["staff_command"]),
        classifier_version: None,
        is_personal: false,
        intent: Some("staff_command".to_owned()),
        intent_score: Some(1.0),
        slots: Value::Object(serde_json::Map::new()),
        routed_team: None,
        handoff_reason: None,
        handoff_priority: None,
        selected_asset_id: None,
        cache_hit: false,
        openai_called: false,
        openai_model: None,
        openai_input_tokens: None,
        openai_output_tokens: None,
        openai_cost_usd: None,
        openai_latency_ms: None,
        openai_error: None,
        openai_fallback_used: false,
        openai_canary_allowed: false,
        prompt_version: None,
        response_text: Some(answer.to_owned()),
        response_len_chars: i64::try_from(answer.chars().count()).ok(),
        decision_path: format!("staff:{}->sent", command.id()),
        conversation_mode: view.conversation.mode,
        latency_ms: None,
        latency_us: None,
        whatsapp_send_success: None,
        whatsapp_send_latency_ms: None,
        whatsapp_send_error_code: None,
        error_message: None,
        verdict: Some("business".to_owned()),
        asks: None,
        known: None,
        unknown: None,
        missed: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_as_people_write_it_and_a_sentence_is_none() {
        let price = |price: &str, sure| Some(Command::Price { code: "I008".to_owned(), price: price.to_owned(), sure });
        for (text, command) in [
            ("¿Quién espera?", Some(Command::WhoWaits)),
            ("quien espera", Some(Command::WhoWaits)),
            ("Precio i008 1.250.000", price("1.250.000", false)),
            ("precio I008 $1 250 000", price("$1250000", false)),
            ("precio I008 12500 seguro", price("12500", true)),
            ("Agotada I008", Some(Command::SoldOut { code: "I008".to_owned() })),
            ("hay i008", Some(Command::InStock { code: "I008".to_owned() })),
            ("Devolver Ana Pérez", Some(Command::GiveBack { whom: "ana perez".to_owned() })),
            ("precio de la kingter por favor", None),
            ("hay alguien", None),
            ("hola, quién espera a Ana", None),
            ("", None),
        ] {
            assert_eq!(read(text), command, "{text}");
        }
    }
}
