//! What we say, as what WhatsApp can carry: one message per turn, in the richest form that fits.
//!
//! Owns the form in which messages wait in the outbox (ours) and its mapping (Meta's). The words are never cut for the
//! sake of a button. May not send, nor decide what is said.

use luisa_core::outcome::{Choice, Reply};
use luisa_store::ContactRow;
use luisa_whatsapp::{Envelope, MediaSource, Outgoing, Recipient, ReplyButton, Row, Section, Unsendable, limits};
use serde::{Deserialize, Serialize};

/// What waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// An answer to a customer.
    Reply {
        #[serde(flatten)]
        reply: Reply,
        /// What the button that opens a list says.
        #[serde(default)]
        list_label: String,
        /// The customer's message that gets its ticks when this leaves; none where ticks are not wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark_read: Option<String>,
    },
    /// A word to a team.
    Notice { text: String },
}

/// To whom it goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    Phone(String),
    /// A business-scoped id, of a person whose phone we do not know.
    User(String),
}

impl Addressee {
    /// How this contact is reached.
    #[must_use]
    pub fn of(contact: &ContactRow) -> Option<Self> {
        let phone = contact.wa_id.clone().map(Self::Phone);
        phone.or_else(|| contact.user_id.clone().map(Self::User))
    }

    /// For masking in logs only.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Phone(id) | Self::User(id) => id,
        }
    }

    fn recipient(&self) -> Recipient {
        match self {
            Self::Phone(phone) => Recipient::Phone(phone.clone()),
            Self::User(user) => Recipient::User(user.clone()),
        }
    }
}

/// The envelope of a message, before what it says.
pub struct Cover<'a> {
    pub to: &'a Addressee,
    pub reply_to: Option<&'a str>,
    /// Comes back in the statuses.
    pub opaque: &'a str,
}

impl Cover<'_> {
    fn around(&self, message: Outgoing) -> Result<Envelope, Unsendable> {
        let envelope = Envelope {
            to: self.to.recipient(),
            message,
            reply_to: self.reply_to.map(str::to_owned),
            opaque: Some(self.opaque.to_owned()),
        };
        envelope.checked()
    }
}

/// A reply with its picture and its choices, or as much of them as WhatsApp carries in one message: what cannot be a
/// button or a caption goes as plain text.
pub fn reply(
    cover: &Cover<'_>,
    reply: &Reply,
    list_label: &str,
    picture: Option<MediaSource>,
) -> Result<Envelope, Unsendable> {
    match rich(reply, list_label, picture) {
        Some(message) => cover.around(message).or_else(|_| text(cover, &reply.text)),
        None => text(cover, &reply.text),
    }
}

/// Plain text.
pub fn text(cover: &Cover<'_>, text: &str) -> Result<Envelope, Unsendable> {
    cover.around(Outgoing::text(text))
}

/// An approved template with the whole notice as its one parameter, for when free words are not allowed.
pub fn template(cover: &Cover<'_>, name: &str, text: &str) -> Result<Envelope, Unsendable> {
    // `name` or `name:language`; the language is part of a template's identity at Meta.
    let (name, language) = name.split_once(':').unwrap_or((name, "es"));
    cover.around(Outgoing::Template {
        name: name.to_owned(),
        language: language.to_owned(),
        body_params: vec![text.to_owned()],
    })
}

fn rich(reply: &Reply, list_label: &str, picture: Option<MediaSource>) -> Option<Outgoing> {
    // Captions and bodies of buttons hold less than a text; a text that is cut says less than one without buttons.
    let fits = reply.text.chars().count() <= limits::INTERACTIVE_BODY.min(limits::CAPTION);
    if !fits {
        return None;
    }
    let body = reply.text.clone();
    match (reply.options.len(), picture) {
        (0, None) => None,
        (0, Some(source)) => Some(Outgoing::Image { source, caption: Some(body) }),
        (1..=limits::BUTTONS, header_image) => {
            let buttons = reply.options.iter().map(button).collect();
            Some(Outgoing::Buttons { header_image, body, footer: None, buttons })
        }
        // A list carries no picture.
        (_, _) => {
            let rows = reply.options.iter().take(limits::LIST_ROWS).map(row).collect();
            let sections = vec![Section { title: None, rows }];
            Some(Outgoing::List { body, footer: None, button: list_label.to_owned(), sections })
        }
    }
}

fn button(choice: &Choice) -> ReplyButton {
    ReplyButton { id: choice.id.clone(), title: choice.title.clone() }
}

fn row(choice: &Choice) -> Row {
    Row { id: choice.id.clone(), title: choice.title.clone(), description: None }
}
