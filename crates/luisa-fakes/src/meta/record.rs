//! What the fake remembers of the calls it got.

use serde_json::Value;
use std::time::Instant;

/// A message that was accepted and, as far as the fake's world goes, reached its recipient.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Instant,
    /// As the caller wrote it in `to`.
    pub to: Option<String>,
    /// The business-scoped id in `recipient`.
    pub recipient: Option<String>,
    /// The `type`: text, image, interactive, template…
    pub kind: String,
    /// What the person reads: body, caption or interactive body; a template's parameters, one per line.
    pub text: String,
    /// Reply buttons or the rows of a list, as (id, title).
    pub buttons: Vec<(String, String)>,
    /// The media id or the link of an image, also of one in an interactive header.
    pub image: Option<String>,
    pub template: Option<String>,
    /// `biz_opaque_callback_data`.
    pub opaque: Option<String>,
    /// The id of the message that is quoted.
    pub context: Option<String>,
    pub raw: Value,
    pub wamid: String,
}

/// A message marked as read.
#[derive(Clone, Debug)]
pub struct Read {
    pub at: Instant,
    pub message_id: String,
    /// The typing indicator was shown too.
    pub typing: bool,
}

/// Any call to send, whatever became of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub at: Instant,
    pub raw: Value,
    /// The message is in `sent` (or in `lost`), whatever the caller was told.
    pub taken: bool,
    /// The Graph error the caller was told.
    pub code: Option<i64>,
}

/// A file the service uploaded.
#[derive(Clone, Debug)]
pub struct Upload {
    pub at: Instant,
    pub media_id: String,
    pub mime_type: String,
    pub filename: Option<String>,
    pub size: usize,
}

/// A status that was posted to the webhook.
#[derive(Clone, Debug)]
pub struct StatusPost {
    pub wamid: String,
    pub status: String,
    /// The webhook answered 2xx.
    pub taken: bool,
}

/// Everything at one moment; what `FakeMeta::wait_until` looks at.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    pub sent: Vec<Sent>,
    pub reads: Vec<Read>,
    pub attempts: Vec<Attempt>,
    /// Accepted with a 200 and never delivered, without any error: a business-scoped id in `to`.
    pub lost: Vec<Sent>,
    pub uploads: Vec<Upload>,
    pub downloads: Vec<String>,
    pub statuses: Vec<StatusPost>,
    /// Statuses on their way or waiting for their turn.
    pub statuses_due: usize,
}

impl Recorded {
    pub fn sent_to<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a Sent> {
        self.sent.iter().filter(move |sent| sent.is_for(person))
    }

    pub(super) fn in_short(&self) -> String {
        let last: Vec<&str> = self.sent.iter().rev().take(3).map(|sent| sent.text.as_str()).collect();
        format!(
            "{} sent (the last ones: {last:?}), {} reads, {} attempts, {} lost, {} statuses posted, {} due",
            self.sent.len(),
            self.reads.len(),
            self.attempts.len(),
            self.lost.len(),
            self.statuses.len(),
            self.statuses_due,
        )
    }
}

impl Sent {
    /// By phone, with or without `+`, or by business-scoped id.
    pub fn is_for(&self, person: &str) -> bool {
        let digits = |text: &str| text.trim_start_matches('+').to_owned();
        self.recipient.as_deref() == Some(person) || self.to.as_deref().is_some_and(|to| digits(to) == digits(person))
    }
}
