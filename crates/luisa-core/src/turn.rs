//! The input of a decision: the messages of one turn, the conversation so far, the settings that bear on it, the time.
//!
//! Owns the shapes only. A turn is what the customer wrote in one go: one message, or a burst that gets one answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::memory::{Memory, Pending};
use crate::outcome::CachedAnswer;
use crate::taxonomy::{Channel, Mode};

/// One turn of a conversation, ready to be decided.
pub struct Turn<'a> {
    pub channel: Channel,
    pub now: Timestamp,
    /// Who leads, as stored; a `HumanActive` whose `human_until` has passed is read as `AiActive`.
    pub mode: Mode,
    pub human_until: Option<Timestamp>,
    pub memory: &'a Memory,
    /// Oldest first; never empty.
    pub messages: &'a [Inbound],
    /// The phone's address book knows this contact: a sign that a doubtful message is personal.
    pub in_address_book: bool,
    /// Messages of this contact in the 60 seconds before the turn's first one.
    pub recent_inbound: u32,
    /// The customer's WhatsApp profile name, if any.
    pub profile_name: Option<&'a str>,
    /// How the team reaches the customer, as a notice says it: a number and a link, or the chat's id.
    pub reach: Option<&'a str>,
    pub policy: &'a Policy,
    pub cache: &'a dyn FaqLookup,
}

/// A message as the core sees it, whatever the channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    pub message_id: String,
    /// When the customer sent it.
    pub at: Timestamp,
    /// It arrived so late that it is only answered when the chat is otherwise unanswered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    pub body: Body,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoted: Option<Quoted>,
    /// Headline and text of the ad that the customer came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<String>,
}

/// What the customer quoted: one of our photos, or a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    pub message_id: String,
    /// The catalog image that the quoted message showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The question that the quoted message of ours asked, with its options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Pending>,
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Body {
    Text {
        text: String,
    },
    /// A pressed button or a chosen list row. The `id` is anybody's until `options` has read it.
    Choice {
        id: String,
        title: String,
    },
    Media {
        media: MediaKind,
        caption: Option<String>,
        #[serde(default, skip_serializing_if = "Content::is_unseen")]
        content: Content,
    },
    Location {
        name: Option<String>,
        address: Option<String>,
    },
    /// A shared contact card.
    Contact,
    /// A reaction to a message; expects no answer.
    Reaction {
        emoji: Option<String>,
    },
    /// A WhatsApp cart; its prices are the client's and are not believed.
    Order {
        items: Vec<OrderLine>,
        text: Option<String>,
    },
    /// The answers of a form, a line `field: answer` each.
    Form {
        text: String,
    },
    /// A call that nobody could take, or a word on whether we may call.
    Call {
        call: Call,
    },
    /// The chat was opened for the first time and nothing written yet.
    Welcome,
    /// Something that WhatsApp or LUISA cannot read, perhaps a new customer's first message.
    Unsupported,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredLine")]
pub struct OrderLine {
    /// A catalog id, if it is one of ours.
    pub item: String,
    pub quantity: u32,
}

// An older form had the id alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredLine {
    Id(String),
    Line { item: String, quantity: u32 },
}

impl From<StoredLine> for OrderLine {
    fn from(stored: StoredLine) -> Self {
        match stored {
            StoredLine::Id(item) => Self { item, quantity: 1 },
            StoredLine::Line { item, quantity } => Self { item, quantity },
        }
    }
}

/// What a call, or a word about calling, comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    Missed,
    /// We may call.
    Allowed,
    /// We may not call.
    Refused,
}

/// What kind of file came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

/// What is known of a file by the time its message is decided.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Content {
    /// Nobody looked into it, or not in time.
    #[default]
    Unseen,
    /// The file could not be had.
    Lost,
    /// Words that were spoken, as a machine wrote them down: doubtful.
    Speech { text: String },
    /// Nothing could be understood in it.
    Unclear,
    /// It goes on for longer than anybody listens.
    TooLong,
}

impl Content {
    fn is_unseen(&self) -> bool {
        *self == Self::Unseen
    }
}

impl Body {
    /// A file of which nothing more is known.
    #[must_use]
    pub fn file(media: MediaKind, caption: Option<String>) -> Self {
        Self::Media { media, caption, content: Content::Unseen }
    }

    /// The words of the message: text, title, what was spoken, caption; empty when it has none.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Text { text } | Self::Form { text } => text,
            Self::Choice { title, .. } => title,
            Self::Media { content: Content::Speech { text }, .. } => text,
            Self::Media { caption, .. } => caption.as_deref().unwrap_or_default(),
            Self::Order { text, .. } => text.as_deref().unwrap_or_default(),
            Self::Location { .. } | Self::Contact | Self::Reaction { .. } | Self::Unsupported => "",
            Self::Call { .. } | Self::Welcome => "",
        }
    }
}

/// What to do with a personal message on WhatsApp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PersonalMode {
    /// No reply: staff answer by hand.
    #[default]
    Silent,
    /// One short courtesy.
    Polite,
}

/// The settings that bear on decisions.
#[derive(Debug, Clone)]
pub struct Policy {
    pub personal: PersonalMode,
    /// Most messages per contact in 60 s that are analysed, per channel.
    pub rate_per_minute: u32,
    /// How long a person keeps a chat before LUISA takes it up again, in hours; slides with each of their messages.
    pub human_ttl_hours: i64,
    /// A team is told of the same chat again only after this many minutes, unless the matter gets more urgent.
    pub handoff_cooldown_minutes: i64,
    pub hours: ServiceHours,
    /// False switches the FAQ cache off.
    pub cache_enabled: bool,
    pub model: ModelUse,
}

/// What a language model may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ModelUse {
    /// There is none.
    #[default]
    Off,
    /// Whether a doubtful message is personal.
    Doubts,
    /// Free sentences for consultations: off unless somebody wants them.
    Replies,
    /// Both.
    RepliesAndDoubts,
}

impl ModelUse {
    /// Whether it may be asked if a doubtful message is personal.
    #[must_use]
    pub fn doubts(self) -> bool {
        matches!(self, Self::Doubts | Self::RepliesAndDoubts)
    }

    /// Whether its sentences may be said.
    #[must_use]
    pub fn replies(self) -> bool {
        matches!(self, Self::Replies | Self::RepliesAndDoubts)
    }
}

/// When LUISA answers, in local time.
#[derive(Debug, Clone)]
pub struct ServiceHours {
    /// False: always.
    pub enabled: bool,
    /// First hour of service, 0–23.
    pub start: i8,
    /// Hour at which service ends, 1–24.
    pub end: i8,
    /// From this hour on no new conversation is begun.
    pub new_conversation_cutoff: i8,
    pub zone: jiff::tz::TimeZone,
    /// Days off of the store beside Sundays and public holidays, each with its reason if it has one.
    pub closed: std::sync::Arc<std::collections::BTreeMap<jiff::civil::Date, String>>,
}

impl Default for Policy {
    /// The defaults of `.env.example`, on the WhatsApp channel.
    fn default() -> Self {
        Self {
            personal: PersonalMode::Silent,
            rate_per_minute: 20,
            human_ttl_hours: 12,
            handoff_cooldown_minutes: 30,
            hours: ServiceHours::default(),
            cache_enabled: true,
            model: ModelUse::Off,
        }
    }
}

impl Default for ServiceHours {
    fn default() -> Self {
        Self {
            enabled: false,
            start: 8,
            end: 21,
            new_conversation_cutoff: 18,
            zone: bogota(),
            closed: std::sync::Arc::default(),
        }
    }
}

/// America/Bogota, from the embedded database; UTC−5 if that were missing.
#[must_use]
pub fn bogota() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("America/Bogota")
        .unwrap_or_else(|_| jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(-5)))
}

/// The FAQ cache as the core sees it: a lookup by normalised text.
pub trait FaqLookup: Sync {
    /// The answer kept for this normalised text, if any.
    fn find(&self, normalized: &str) -> Option<CachedAnswer>;
}

/// No cache: every question is worked out anew.
pub struct NoCache;

impl FaqLookup for NoCache {
    fn find(&self, _normalized: &str) -> Option<CachedAnswer> {
        None
    }
}
