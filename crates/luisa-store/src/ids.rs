//! Ids as the store keeps them: plain newtypes, so that one cannot be passed for another.
//!
//! May not know what an id means to a provider.

use std::fmt;

use jiff::Timestamp;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                String::column_result(value).map(Self)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    };
}

text_id!(
    /// A person as we know them: `c` and a time-ordered number. Stable when their phone or user id changes.
    ContactId
);
text_id!(
    /// A chat: `wa_` and the contact's id, or the id that an API client chose.
    ConversationId
);
text_id!(
    /// A message's id at its provider, in or out.
    MessageId
);
text_id!(
    /// One decision, as it is named in traces and answers.
    RequestId
);
number_id!(
    /// A call for a person.
    HandoffId
);
number_id!(
    /// One message to be sent.
    OutboxId
);

impl ConversationId {
    /// The chat of a WhatsApp contact.
    pub fn of_contact(contact: &ContactId) -> Self {
        Self(format!("wa_{contact}"))
    }

    /// The contact in the id of a WhatsApp chat.
    pub(crate) fn contact(&self) -> Option<ContactId> {
        self.0.strip_prefix("wa_").map(ContactId::from)
    }
}

/// A new time-ordered id: the prefix and 32 hexadecimal digits.
pub(crate) fn fresh(prefix: &str, now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    let id = Uuid::new_v7(uuid::Timestamp::from_unix_time(seconds, nanos, 0, 0));
    format!("{prefix}{}", id.simple())
}
