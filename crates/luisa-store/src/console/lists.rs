//! The lists of chats: who waits, mine, all, and the search. One row per chat, read from its head, by key and never by counting rows.
//!
//! May not change anything.

use jiff::Timestamp;
use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};
use serde::Serialize;

use super::users::UserId;
use crate::Store;
use crate::error::StoreError;
use crate::ids::{ConversationId, HandoffId};
use crate::rows::{maybe_time, time};
use crate::states::{Channel, HandoffStatus, MessageState, Mode, Sender};
use crate::time::At;

/// What a list shows of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChatLine {
    /// The chat.
    pub id: ConversationId,
    /// Where the next page begins.
    pub place: Place,
    /// Where it comes from.
    pub channel: Channel,
    /// How the person is called; empty when nobody knows.
    pub name: String,
    /// Their telephone as WhatsApp writes it, when known.
    pub phone: Option<String>,
    /// Who answers.
    pub mode: Mode,
    /// Until when a person leads.
    pub human_until: Option<Timestamp>,
    /// Who leads.
    pub human_by: Option<String>,
    /// When the customer wrote last.
    pub last_inbound_at: Option<Timestamp>,
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<Timestamp>,
    /// When the last message came or went.
    pub last_at: Timestamp,
    /// The last message; none when it is gone.
    pub last: Option<LastWords>,
    /// The newest handoff that is not closed.
    pub handoff: Option<OpenHandoff>,
    /// The customer wrote something that this user has not seen.
    pub unread: bool,
    /// What the customer wrote last was personal.
    pub personal: bool,
}

/// The last message of a chat, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastWords {
    /// Who wrote it.
    pub sender: Sender,
    /// Its type in our words.
    pub kind: String,
    /// Its text, when it is kept.
    pub text: Option<String>,
    /// What became of it.
    pub state: MessageState,
}

/// A handoff, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenHandoff {
    /// The handoff.
    pub id: HandoffId,
    /// Who must act.
    pub team: String,
    /// How urgent it is.
    pub priority: String,
    /// Where it stands.
    pub status: HandoffStatus,
    /// Who has it.
    pub taken_by: Option<String>,
}

/// A place in a list: of the waiting a time and a number, of the others a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The chat's number.
    pub head: i64,
    /// Its last message.
    pub message: i64,
}

/// Which chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatList {
    /// Customers who wait: those with a person, and those whom LUISA has not answered since `unanswered_since`; longest first, after the
    /// one with this time and number.
    Waiting {
        /// LUISA is given until then to answer.
        unanswered_since: Timestamp,
        /// The last one of the page before.
        after: Option<(Timestamp, i64)>,
    },
    /// Chats that this user leads, latest first.
    Mine {
        /// The user's name.
        name: String,
    },
    /// Every chat, latest first, before this message.
    All {
        /// The last message of the last one of the page before.
        before: Option<i64>,
    },
    /// Chats whose person's name or number has words that begin so.
    Found {
        /// As it was typed.
        words: String,
    },
}

impl Store {
    /// Chats for a user, at most `limit`.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn chat_lines(&self, user: UserId, list: ChatList, limit: u32) -> Result<Vec<ChatLine>, StoreError> {
        self.read(move |conn| match list {
            ChatList::Waiting { unanswered_since, after } => {
                let (since, head) = after.map_or((None, 0), |(since, head)| (Some(since), head));
                let since = since.unwrap_or(Timestamp::UNIX_EPOCH);
                let which = "h.waiting_since IS NOT NULL AND (h.waiting_since, h.id) > (?3, ?4)
                    AND (c.mode = 'HUMAN_ACTIVE' OR h.waiting_since <= ?5) ORDER BY h.waiting_since, h.id";
                lines(conn, which, &[&user, &limit, &At(since), &head, &At(unanswered_since)])
            }
            ChatList::Mine { name } => {
                let which = "c.human_by = ?3 AND c.mode = 'HUMAN_ACTIVE' ORDER BY h.last_message DESC";
                lines(conn, which, &[&user, &limit, &name])
            }
            ChatList::All { before } => {
                let which = "h.last_message < ?3 ORDER BY h.last_message DESC";
                lines(conn, which, &[&user, &limit, &before.unwrap_or(i64::MAX)])
            }
            ChatList::Found { words } => {
                let Some(asked) = asked(&words) else { return Ok(Vec::new()) };
                let which =
                    "h.id IN (SELECT rowid FROM chat_search WHERE chat_search MATCH ?3 ORDER BY rowid DESC LIMIT 500)
                    ORDER BY h.last_message DESC";
                lines(conn, which, &[&user, &limit, &asked])
            }
        })
        .await
    }

    /// The chat as the lists show it.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn chat_line(&self, user: UserId, chat: &ConversationId) -> Result<ChatLine, StoreError> {
        let chat = chat.clone();
        self.read(move |conn| {
            lines(conn, "h.conversation_id = ?3", &[&user, &1_u32, &chat])?.pop().ok_or(StoreError::NotFound)
        })
        .await
    }

    /// How many customers wait, counted up to `most`.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn how_many_wait(&self, unanswered_since: Timestamp, most: u32) -> Result<u32, StoreError> {
        self.read(move |conn| {
            let sql =
                "SELECT count(*) FROM (SELECT 1 FROM chat_heads h JOIN conversations c ON c.id = h.conversation_id
                WHERE h.waiting_since IS NOT NULL AND (c.mode = 'HUMAN_ACTIVE' OR h.waiting_since <= ?1) LIMIT ?2)";
            Ok(conn.prepare_cached(sql)?.query_row((At(unanswered_since), most), |row| row.get(0))?)
        })
        .await
    }
}

/// The search in the index's own language: every word quoted, each by its beginning; none when there is no word.
fn asked(typed: &str) -> Option<String> {
    let plain: String = typed.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    // A number is typed in groups; the index has it whole.
    let number = plain.chars().all(|c| c.is_ascii_digit() || c == ' ');
    let plain = if number { plain.replace(' ', "") } else { plain };
    let words: Vec<String> = plain.split_whitespace().map(|word| format!("\"{word}\"*")).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// `which` may use `?3` and what follows; `?1` is the user, `?2` the most rows.
fn lines(conn: &Connection, which: &str, key: &[&dyn ToSql]) -> Result<Vec<ChatLine>, StoreError> {
    let sql = format!(
        "SELECT h.id AS head, h.last_message, h.last_at, h.waiting_since, h.personal, h.name, c.id AS chat, c.channel, c.mode,
            c.human_until, c.human_by, c.last_inbound_at, m.sender, m.kind, m.text, m.state, k.wa_id,
            f.id AS handoff, f.team, f.priority, f.status, f.taken_by,
            m.direction = 'in' AND h.last_message > coalesce(r.message, 0) AS unread
        FROM chat_heads h JOIN conversations c ON c.id = h.conversation_id
        LEFT JOIN messages m ON m.id = h.last_message LEFT JOIN contacts k ON k.id = c.contact_id
        LEFT JOIN handoffs f ON f.id = (SELECT max(id) FROM handoffs WHERE conversation_id = c.id AND status <> 'closed')
        LEFT JOIN read_marks r ON r.conversation_id = c.id AND r.user_id = ?1
        WHERE {which} LIMIT ?2"
    );
    let mut query = conn.prepare_cached(&sql)?;
    Ok(query.query_map(key, read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ChatLine> {
    let last = match row.get::<_, Option<Sender>>("sender")? {
        None => None,
        Some(sender) => {
            Some(LastWords { sender, kind: row.get("kind")?, text: row.get("text")?, state: row.get("state")? })
        }
    };
    let handoff = match row.get::<_, Option<HandoffId>>("handoff")? {
        None => None,
        Some(id) => Some(OpenHandoff {
            id,
            team: row.get("team")?,
            priority: row.get("priority")?,
            status: row.get("status")?,
            taken_by: row.get("taken_by")?,
        }),
    };
    Ok(ChatLine {
        id: row.get("chat")?,
        place: Place { head: row.get("head")?, message: row.get("last_message")? },
        channel: row.get("channel")?,
        name: row.get("name")?,
        phone: row.get("wa_id")?,
        mode: row.get("mode")?,
        human_until: maybe_time(row, "human_until")?,
        human_by: row.get("human_by")?,
        last_inbound_at: maybe_time(row, "last_inbound_at")?,
        waiting_since: maybe_time(row, "waiting_since")?,
        last_at: time(row, "last_at")?,
        last,
        handoff,
        unread: row.get::<_, Option<bool>>("unread")?.unwrap_or(false),
        personal: row.get("personal")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_words_and_never_a_command_of_the_index() {
        assert_eq!(asked("Ána peñ").as_deref(), Some("\"Ána\"* \"peñ\"*"));
        assert_eq!(asked("300 555-0001").as_deref(), Some("\"3005550001\"*"));
        assert_eq!(asked("a\" OR name:*").as_deref(), Some("\"a\"* \"OR\"* \"name\"*"));
        assert_eq!(asked(" \"- "), None);
    }
}
