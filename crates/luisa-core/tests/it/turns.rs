//! Turns as the shell hands them to the core.

use jiff::Timestamp;
use luisa_core::memory::Memory;
use luisa_core::taxonomy::{Channel, Mode};
use luisa_core::turn::{Body, Inbound, NoCache, Policy, Turn};

/// A Tuesday morning within the hours of both stores.
pub(crate) fn morning() -> Timestamp {
    "2026-11-24T15:00:00Z".parse().unwrap()
}

/// A message as it comes in, quoting nothing.
pub(crate) fn inbound(id: &str, at: Timestamp, body: Body) -> Inbound {
    Inbound { message_id: id.to_owned(), at, stale: false, body, quoted: None, referral: None }
}

pub(crate) fn text(id: &str, at: Timestamp, text: &str) -> Inbound {
    inbound(id, at, Body::Text { text: text.to_owned() })
}

/// A turn on WhatsApp in a chat that LUISA leads, of a contact without a name; a test changes what it is about.
pub(crate) fn turn<'a>(memory: &'a Memory, messages: &'a [Inbound], policy: &'a Policy) -> Turn<'a> {
    Turn {
        channel: Channel::Whatsapp,
        now: morning(),
        mode: Mode::AiActive,
        human_until: None,
        memory,
        messages,
        in_address_book: false,
        recent_inbound: 0,
        profile_name: None,
        reach: None,
        policy,
        cache: &NoCache,
    }
}
