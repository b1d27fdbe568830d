//! The closed words that columns hold, and the order of delivery states.
//!
//! May not hold a rule about when a word is written: that is in the module of the operation.

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)+
                    other => Err(FromSqlError::other(UnknownWord { kind: stringify!($name), word: other.to_owned() })),
                }
            }
        }
    };
}

/// A column holds a word that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{word}` is not a {kind}")]
struct UnknownWord {
    kind: &'static str,
    word: String,
}

words!(
    /// Where a conversation comes from.
    Channel {
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// `POST /api/chat`.
        Api = "api",
    }
);
words!(
    /// Who answers.
    Mode {
        /// LUISA.
        AiActive = "AI_ACTIVE",
        /// A person; LUISA is only courteous.
        HumanActive = "HUMAN_ACTIVE",
    }
);
words!(
    /// What became of a file that a customer sent.
    MediaState {
        /// To be fetched.
        Due = "due",
        /// It is here.
        Kept = "kept",
        /// It cannot be had.
        Failed = "failed",
        /// Personal: it is not fetched.
        Closed = "closed",
        /// It was kept long enough.
        Gone = "gone",
    }
);
words!(
    /// Which way a message went.
    Direction {
        /// From the customer.
        In = "in",
        /// To the customer.
        Out = "out",
    }
);
words!(
    /// Who wrote a message.
    Sender {
        /// The customer.
        Customer = "customer",
        /// LUISA.
        Luisa = "luisa",
        /// One of the staff.
        Human = "human",
        /// The provider.
        System = "system",
    }
);
words!(
    /// What became of a message.
    MessageState {
        /// It came in.
        Received = "received",
        /// It waits in the outbox.
        Queued = "queued",
        /// The provider took it.
        Sent = "sent",
        /// It is on the phone.
        Delivered = "delivered",
        /// It was read.
        Read = "read",
        /// The voice note was heard.
        Played = "played",
        /// It will not arrive.
        Failed = "failed",
        /// The provider was asked and did not answer.
        Unknown = "unknown",
        /// It was never sent: a person took over.
        Cancelled = "cancelled",
        /// Its writer deleted it.
        Revoked = "revoked",
    }
);
words!(
    /// What an outgoing message is for.
    Purpose {
        /// LUISA's answer to the customer.
        Reply = "reply",
        /// A notice to a team.
        Notice = "notice",
        /// What a person wrote in the console.
        Console = "console",
    }
);
words!(
    /// Where an outbox row stands.
    OutboxState {
        /// To be sent from `due_at` on.
        Due = "due",
        /// Being sent.
        Claimed = "claimed",
        /// The provider took it.
        Sent = "sent",
        /// Asked, no answer: only a status may settle it.
        Unknown = "unknown",
        /// Given up.
        Dead = "dead",
        /// A person took over before it left.
        Cancelled = "cancelled",
        /// Waits for a person or a template.
        Held = "held",
    }
);
words!(
    /// Where a handoff stands.
    HandoffStatus {
        /// Nobody has taken it.
        Open = "open",
        /// A person works on it.
        Taken = "taken",
        /// Done.
        Closed = "closed",
    }
);
words!(
    /// What became of a notice to a team.
    NoticeState {
        /// It waits in the outbox.
        Queued = "queued",
        /// The provider took it.
        Sent = "sent",
        /// Not known yet.
        Unknown = "unknown",
        /// Not delivered: show it.
        Failed = "failed",
        /// It waits for a person or a template: show it.
        Held = "held",
    }
);
words!(
    /// Who wrote a catalog row last.
    CatalogSource {
        /// The business pack.
        Pack = "pack",
        /// The store's staff; wins over the pack.
        Store = "store",
    }
);

words!(
    /// What a user of the console may do.
    Role {
        /// Everything.
        Owner = "duena",
        /// Chats and catalog.
        Team = "equipo",
        /// Chats that the workshop is needed in.
        Workshop = "taller",
        /// Look only.
        Reader = "lectura",
    }
);

impl MessageState {
    /// A state is only ever replaced by one of the same or a higher rank, because statuses come in any order and more than once.
    ///
    /// `failed` after `sent` is real; `failed` after the message was on the phone is not believed. What a person deleted stays deleted.
    pub fn rank(self) -> i64 {
        match self {
            Self::Received | Self::Queued | Self::Unknown | Self::Cancelled => 0,
            Self::Sent => 1,
            Self::Failed => 2,
            Self::Delivered => 3,
            Self::Read => 4,
            Self::Played => 5,
            Self::Revoked => 9,
        }
    }
}
