//! Everything that is not a customer's message: statuses, echoes, the telephone's address book, Meta's errors.
//!
//! Owns the rank of statuses. May not decide what a failure leads to: that is `fate`.

use super::body::{self, Body};
use super::fields::{flag, int, items, object, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub phone_number_id: Option<String>,
    /// The message of ours it is about.
    pub id: String,
    pub state: State,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    pub recipient_id: Option<String>,
    pub recipient_user_id: Option<String>,
    /// What was sent along as `biz_opaque_callback_data`.
    pub opaque: Option<String>,
    pub pricing: Option<Pricing>,
    pub errors: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
    Other(String),
}

impl State {
    /// Statuses come twice and in any order: keep the highest, never go down.
    ///
    /// A failure stands above `sent`, for it is real after it; below `delivered`, for with several devices one may
    /// fail while the person has read it on another.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Delivered => 3,
            Self::Read => 4,
            Self::Played => 5,
        }
    }

    fn named(name: String) -> Self {
        match name.as_str() {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            "failed" => Self::Failed,
            _ => Self::Other(name),
        }
    }
}

impl Status {
    pub fn rank(&self) -> u8 {
        self.state.rank()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    pub billable: Option<bool>,
    pub model: Option<String>,
    pub category: Option<String>,
    pub kind: Option<String>,
}

/// An error as Meta writes it in webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: Option<i64>,
    pub title: Option<String>,
    pub message: Option<String>,
    pub details: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountError {
    pub phone_number_id: Option<String>,
    pub problem: Problem,
}

/// A person's word on what is sent to many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    pub wa_id: Option<String>,
    pub user_id: Option<String>,
    /// `stop`, or `resume`.
    pub value: String,
    pub category: Option<String>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
}

/// A change of the account, of its number, of a template, of the payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNews {
    pub field: String,
    /// What happened, in Meta's word for it: `DISABLED_UPDATE`, `FLAGGED`, `REJECTED`.
    pub event: String,
    /// Of a template, its name.
    pub about: Option<String>,
}

impl AccountNews {
    /// Whether a person should hear of it now: all but what is known to be good or without consequence.
    pub fn alarms(&self) -> bool {
        // tidy: table
        const GOOD: &[&str] = &[
            "APPROVED",
            "UNFLAGGED",
            "UPGRADE",
            "ONBOARDING",
            "VERIFIED_ACCOUNT",
            "ACCOUNT_RECONNECTED",
            "PARTNER_ADDED",
            "PARTNER_APP_INSTALLED",
            "AD_ACCOUNT_LINKED",
            "REINSTATED",
            "IN_APPEAL",
            "PENDING",
            "GREEN",
            "THROUGHPUT_UPGRADE",
            "MM_LITE_TERMS_SIGNED",
            "ACTIVE",
        ];
        !GOOD.contains(&self.event.as_str())
    }
}

/// A message the business wrote somewhere else. Redelivered ones have the same id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Echo {
    pub phone_number_id: Option<String>,
    pub id: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub to_user_id: Option<String>,
    /// Unix seconds.
    pub timestamp: Option<i64>,
    pub body: Body,
}

/// A change in the telephone's address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSync {
    pub phone_number_id: Option<String>,
    pub action: SyncAction,
    pub contact: AppContact,
    /// Unix seconds.
    pub timestamp: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncAction {
    Add,
    Remove,
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppContact {
    pub full_name: Option<String>,
    pub first_name: Option<String>,
    pub phone_number: Option<String>,
    pub user_id: Option<String>,
    pub username: Option<String>,
}

pub(super) fn status(item: &Value, phone_number_id: Option<String>) -> Option<Status> {
    let pricing = |pricing: &Value| Pricing {
        billable: flag(pricing, "billable"),
        model: text(pricing, "pricing_model"),
        category: text(pricing, "category"),
        kind: text(pricing, "type"),
    };
    Some(Status {
        phone_number_id,
        id: text(item, "id")?,
        state: State::named(text(item, "status")?),
        timestamp: int(item, "timestamp"),
        recipient_id: text(item, "recipient_id"),
        recipient_user_id: text(item, "recipient_user_id"),
        opaque: text(item, "biz_opaque_callback_data"),
        pricing: object(item, "pricing").map(pricing),
        errors: problems(item),
    })
}

pub(super) fn echo(item: &Value, phone_number_id: Option<String>) -> Option<Echo> {
    Some(Echo {
        phone_number_id,
        id: text(item, "id")?,
        from: text(item, "from"),
        to: text(item, "to"),
        to_user_id: text(item, "to_user_id"),
        timestamp: int(item, "timestamp"),
        body: body::read(item),
    })
}

pub(super) fn state_sync(item: &Value, phone_number_id: Option<String>) -> Option<StateSync> {
    if text(item, "type")? != "contact" {
        return None;
    }
    let contact = object(item, "contact")?;
    let action = text(item, "action")?;
    Some(StateSync {
        phone_number_id,
        action: match action.as_str() {
            "add" => SyncAction::Add,
            "remove" => SyncAction::Remove,
            _ => SyncAction::Other(action),
        },
        contact: AppContact {
            full_name: text(contact, "full_name"),
            first_name: text(contact, "first_name"),
            phone_number: text(contact, "phone_number"),
            user_id: text(contact, "user_id"),
            username: text(contact, "username"),
        },
        timestamp: int(item, "timestamp").or_else(|| int(&item["metadata"], "timestamp")),
    })
}

pub(super) fn preference(item: &Value) -> Option<Preference> {
    Some(Preference {
        wa_id: text(item, "wa_id"),
        user_id: text(item, "user_id"),
        value: text(item, "value")?,
        category: text(item, "category"),
        timestamp: int(item, "timestamp"),
    })
}

/// The fields that tell of the account, and where each says what happened.
const NEWS: [(&str, &[&str]); 13] = [
    ("account_update", &["event"]),
    ("account_alerts", &["alert_type", "alert_severity"]),
    ("account_review_update", &["decision"]),
    ("account_settings_update", &["type"]),
    ("phone_number_quality_update", &["event", "current_limit"]),
    ("phone_number_name_update", &["decision"]),
    ("message_template_status_update", &["event"]),
    ("message_template_quality_update", &["new_quality_score"]),
    ("message_template_components_update", &["event"]),
    ("template_category_update", &["new_category"]),
    ("business_capability_update", &["event"]),
    ("payment_configuration_update", &["status"]),
    ("security", &["event"]),
];

pub(super) fn news(field: &str, value: &Value) -> Option<AccountNews> {
    let (_, keys) = NEWS.iter().find(|(name, _)| *name == field)?;
    if !value.is_object() {
        return None;
    }
    let alert = value.get("alert_info").unwrap_or(value);
    let event = keys.iter().find_map(|key| text(value, key).or_else(|| text(alert, key)));
    // Without its word it is still news, and what is not understood is not unimportant.
    let event = event.unwrap_or_else(|| "UNKNOWN".to_owned());
    let safe = event.len() <= 60 && event.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    Some(AccountNews {
        field: field.to_owned(),
        event: if safe { event } else { "UNKNOWN".to_owned() },
        about: text(value, "message_template_name"),
    })
}

/// The readable ones of `errors[]`.
pub(super) fn problems(item: &Value) -> Vec<Problem> {
    items(item, "errors").iter().filter_map(problem).collect()
}

pub(super) fn problem(item: &Value) -> Option<Problem> {
    let problem = Problem {
        code: int(item, "code"),
        title: text(item, "title"),
        message: text(item, "message"),
        details: item.get("error_data").and_then(|data| text(data, "details")),
    };
    let says_something = problem.code.is_some() || problem.title.is_some() || problem.message.is_some();
    says_something.then_some(problem)
}
