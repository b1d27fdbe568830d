//! Conversation Routing: chats that somebody else answers, and how they change hands.
//!
//! Owns the shapes of `standby` and `messaging_handovers`. May not decide who may write.

use super::body::{self, Body};
use super::fields::{int, object, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the owner of a chat wrote in it: the request that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StandbyEcho {
    pub id: String,
    pub to: Option<String>,
    pub to_user_id: Option<String>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    pub body: Body,
}

/// A chat has changed hands. Whom it was passed to is told `control_passed`, whom it was taken from `control_taken`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub to_us: bool,
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    pub previous_role: Option<String>,
    pub new_role: Option<String>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
}

pub(super) fn echo(item: &Value) -> Option<StandbyEcho> {
    let sent = object(item, "message").unwrap_or(item);
    Some(StandbyEcho {
        id: text(item, "id")?,
        to: text(sent, "to").or_else(|| text(item, "to")),
        to_user_id: text(sent, "recipient").or_else(|| text(item, "to_user_id")),
        timestamp: int(item, "timestamp"),
        body: body::read(sent),
    })
}

pub(super) fn handover(item: &Value) -> Option<Handover> {
    let kind = text(item, "type")?;
    let sender = object(item, "sender")?;
    let role = |whose: &str| {
        text(item, &format!("{whose}_owner_role")).or_else(|| text(item, &format!("{whose}_owner_app_role")))
    };
    let digits = |phone: String| phone.trim_start_matches('+').to_owned();
    Some(Handover {
        to_us: match kind.as_str() {
            "control_passed" => true,
            "control_taken" => false,
            _ => return None,
        },
        wa_id: text(sender, "phone_number").or_else(|| text(sender, "wa_id")).map(digits),
        user_id: text(sender, "user_id"),
        previous_role: role("previous"),
        new_role: role("new"),
        timestamp: int(item, "timestamp"),
    })
}
