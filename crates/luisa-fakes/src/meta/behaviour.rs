//! What the fake does with a call: take it as the real one would, or misbehave on command.
//!
//! Owns the kinds of misbehaviour and how they look on the wire. May not record anything itself.

use super::refusal::Refusal;
use crate::server::{cut_off, gateway_page, json_text};
use axum::http::StatusCode;
use axum::response::Response;
use std::time::Duration;

/// Whether the work was done although the answer does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Taken,
    Lost,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Behaviour {
    /// As the real server does when all is well.
    Accept,
    /// An error of the Graph API; nothing was done.
    Refuse(Refusal),
    /// An HTML page of a proxy with this HTTP status; nothing was done.
    Gateway(u16),
    /// No answer, for ever or until a 504 at the end; nothing was done.
    Hang(Option<Duration>),
    /// Done at once, answered late: a client that times out meanwhile cannot know.
    AnswerAfter(Duration),
    /// A 200 that breaks off in the middle of its body.
    Reset(Fate),
    /// A 200 whose body is not JSON.
    Garbage(Fate),
    /// A send that is accepted and comes back as a `failed` status (see `FakeMeta::auto_statuses`).
    FailLater(Refusal),
}

impl From<Refusal> for Behaviour {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// Which calls a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    Send,
    /// Mark as read, with or without the typing indicator.
    Read,
    MediaUpload,
    MediaLookup,
    MediaDownload,
    PhoneNumber,
    Templates,
    SubscribedApps,
}

impl Behaviour {
    /// `take` does the work and gives the honest answer; it is called at most once.
    pub(super) async fn play(self, take: impl FnOnce() -> Response) -> Response {
        match self {
            Self::Accept | Self::FailLater(_) => take(),
            Self::Refuse(refusal) => refusal.response(),
            Self::Gateway(status) => gateway_page(status),
            Self::Hang(None) => std::future::pending().await,
            Self::Hang(Some(time)) => {
                tokio::time::sleep(time).await;
                gateway_page(504)
            }
            Self::AnswerAfter(time) => {
                let answer = take();
                tokio::time::sleep(time).await;
                answer
            }
            Self::Reset(fate) => {
                fate.settle(take);
                cut_off(r#"{"messaging_product":"whatsapp","contacts":[{"inp"#)
            }
            Self::Garbage(fate) => {
                fate.settle(take);
                json_text(StatusCode::OK, "for (;;); not JSON at all")
            }
        }
    }

    /// The error code a caller gets to see, for the record of attempts.
    pub(super) fn refused_with(&self) -> Option<i64> {
        match self {
            Self::Refuse(refusal) => Some(refusal.code),
            Self::Accept
            | Self::Gateway(_)
            | Self::Hang(_)
            | Self::AnswerAfter(_)
            | Self::Reset(_)
            | Self::Garbage(_)
            | Self::FailLater(_) => None,
        }
    }

    pub(super) fn takes(&self) -> bool {
        match self {
            Self::Accept | Self::AnswerAfter(_) | Self::FailLater(_) => true,
            Self::Refuse(_) | Self::Gateway(_) | Self::Hang(_) => false,
            Self::Reset(fate) | Self::Garbage(fate) => *fate == Fate::Taken,
        }
    }
}

impl Fate {
    fn settle(self, take: impl FnOnce() -> Response) {
        if self == Self::Taken {
            drop(take());
        }
    }
}
