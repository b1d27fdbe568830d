//! One person's data: all of it to read, or none of it left.
//!
//! Owns the list of what every table holds about people ([`HELD`]); a test fails when a table is missing in it. May not decide who may ask.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement, named_params, params};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Store;
use crate::error::StoreError;
use crate::ids::fresh;
use crate::sqlite::open_beside;
use crate::time::At;

/// What becomes of a person's rows in a table when they are erased.
#[derive(Debug, Clone, Copy)]
enum End {
    /// They go.
    Deleted,
    /// They stay as figures: these columns lose what was said and by whom, and the chat's id is exchanged for one that means nothing.
    Blanked(&'static str),
}

struct Held {
    table: &'static str,
    /// Which rows are the person's. `:contacts`, `:chats`, `:letters` (in the outbox) and `:marks` (what identifies
    /// them, in clear or inside a WhatsApp id) are JSON lists.
    whose: &'static str,
    end: End,
}

const fn deleted(table: &'static str, whose: &'static str) -> Held {
    Held { table, whose, end: End::Deleted }
}

const OF_THE_CHATS: &str = "conversation_id IN (SELECT value FROM json_each(:chats))";

/// All that is about one person, in an order in which it can be deleted.
const HELD: &[Held] = &[
    Held { table: "interaction_traces", whose: OF_THE_CHATS, end: End::Blanked(WORDS_OF_A_TRACE) },
    Held { table: "audit_log", whose: OF_THE_CHATS, end: End::Blanked("about = NULL, before = NULL, after = NULL") },
    Held { table: "charges", whose: OF_THE_CHATS, end: End::Blanked("key = NULL") },
    deleted("outbox", "id IN (SELECT value FROM json_each(:letters))"),
    deleted("notifications", OF_THE_CHATS),
    deleted("handoffs", OF_THE_CHATS),
    deleted("queries", OF_THE_CHATS),
    deleted("inbox", OF_THE_CHATS),
    deleted("parked_inbox", OF_THE_CHATS),
    deleted("media", OF_THE_CHATS),
    deleted("notes", OF_THE_CHATS),
    deleted("corrections", OF_THE_CHATS),
    deleted("drafts", OF_THE_CHATS),
    deleted("read_marks", OF_THE_CHATS),
    deleted("console_sends", OF_THE_CHATS),
    deleted("messages", OF_THE_CHATS),
    deleted("chat_heads", OF_THE_CHATS),
    deleted("conversations", "id IN (SELECT value FROM json_each(:chats))"),
    deleted("opt_outs", "contact_id IN (SELECT value FROM json_each(:contacts))"),
    deleted("contacts", "id IN (SELECT value FROM json_each(:contacts))"),
    // Last: what goes from the others is written here, too.
    deleted("changes", OF_THE_CHATS),
    deleted("webhook_unparsed", "EXISTS (SELECT 1 FROM json_each(:marks) WHERE instr(raw, value) > 0)"),
    deleted(
        "early_changes",
        "EXISTS (SELECT 1 FROM json_each(:marks) WHERE instr(message_id || ' ' || writer || ' ' || coalesce(wa_id, ''), value) > 0)",
    ),
    deleted("early_statuses", "EXISTS (SELECT 1 FROM json_each(:marks) WHERE instr(message_id, value) > 0)"),
];

/// A trace without these says what was decided, not what was said nor by whom. A WhatsApp message id holds the phone number.
pub(crate) const WORDS_OF_A_TRACE: &str = "message_id = NULL, customer_phone_hash = NULL, raw_text = NULL, normalized_text = NULL,
    classification_reasons = '[]', slots = '{}', asks = NULL, known = NULL, unknown = NULL, missed = NULL, response_text = NULL, openai_error = iif(openai_error IS NULL, NULL, 'erased'),
    error_message = iif(coalesce(error_message, 'human_took_over') = 'human_took_over', error_message, 'erased')";

/// The steps of a decision are ids; what stands behind the second of them, or behind a family, may be a word that was said.
fn plain(path: &str) -> String {
    let steps = path.split("->").map(|step| {
        let parts: Vec<&str> = step.splitn(3, ':').take(2).collect();
        let is_id = |part: &str| part.len() <= 32 && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        match parts[..] {
            [first, second] if is_id(second) => format!("{first}:{}", without_family(second)),
            [first, ..] => first.to_owned(),
            [] => String::new(),
        }
    });
    steps.collect::<Vec<_>>().join("->")
}

fn without_family(intent: &str) -> &str {
    if intent.starts_with("buscar_") { "buscar" } else { intent }
}

/// Leaves of a trace's path and intent what cannot be anybody's words.
pub(crate) fn plain_steps(conn: &Connection, trace: i64) -> Result<(), StoreError> {
    let sql = "SELECT decision_path, intent FROM interaction_traces WHERE id = ?1";
    let (path, intent): (String, Option<String>) =
        conn.prepare_cached(sql)?.query_row([trace], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "UPDATE interaction_traces SET decision_path = ?2, intent = ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![trace, plain(&path), intent.as_deref().map(without_family)])?;
    Ok(())
}

/// Tables in which nobody is.
#[cfg(test)]
const OF_NOBODY: &[&str] = &[
    "catalog_items",
    "closed_days",
    "fact_edits",
    "kv",
    "erasures",
    "shop_revision",
    "users",
    "sessions",
    "invitations",
    "shop_edits",
];

/// What triggers write and take away with the rows of `chat_heads`.
#[cfg(test)]
const OF_THE_SEARCH: &[&str] =
    &["chat_search", "chat_search_config", "chat_search_data", "chat_search_docsize", "chat_search_idx"];

/// Shorter than this, a mark could be part of anything.
const SHORTEST_MARK: usize = 8;

/// Whom it is about: a phone as WhatsApp writes it, and any other id as it was given (business-scoped id, user name, chat).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// The phone in WhatsApp's form, when what was given is one.
    pub wa_id: Option<String>,
    /// What was given.
    pub id: String,
}

/// Everything that is stored about one person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PersonData {
    /// When it was read.
    pub exported_at: Timestamp,
    /// Their rows by table, as they are stored.
    pub tables: BTreeMap<&'static str, Vec<Value>>,
}

impl PersonData {
    /// Rows by table, of tables that have some.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let some = self.tables.iter().filter(|(_, rows)| !rows.is_empty());
        some.map(|(table, rows)| ((*table).to_owned(), i64::try_from(rows.len()).unwrap_or(i64::MAX))).collect()
    }
}

/// The receipt of an erasure. It is kept, and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erasure {
    /// Its own name.
    pub id: String,
    /// When.
    pub erased_at: Timestamp,
    /// Rows by table: deleted, in `interaction_traces` blanked.
    pub rows: BTreeMap<String, i64>,
    /// Chats of others in which the number was written. They are those others' words; this list is not kept.
    pub mentioned_in: Vec<String>,
}

impl Store {
    /// All rows about a person; none when nothing is stored about them.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn person(&self, now: Timestamp, who: &Who) -> Result<Option<PersonData>, StoreError> {
        let who = who.clone();
        self.read(move |conn| {
            let person = Person::find(conn, &who)?;
            let mut tables = BTreeMap::new();
            for held in HELD {
                tables.insert(held.table, person.rows(conn, held)?);
            }
            let data = PersonData { exported_at: now, tables };
            Ok((!data.counts().is_empty()).then_some(data))
        })
        .await
    }

    /// Erases a person from every table and keeps a receipt; none when nothing is stored about them. A turn of theirs under way is void. Call
    /// [`Store::scrub`] afterwards.
    ///
    /// # Errors
    /// `Busy`, `Broken`; nothing was erased then.
    pub async fn erase(&self, now: Timestamp, who: &Who) -> Result<Option<Erasure>, StoreError> {
        let who = who.clone();
        self.write(move |conn| {
            let person = Person::find(conn, &who)?;
            let mentioned_in = person.mentioned_in(conn, &who)?;
            person.release_letters(conn)?;
            let mut rows = BTreeMap::new();
            for held in HELD {
                let count = person.end(conn, now, held)?;
                if count > 0 {
                    rows.insert(held.table.to_owned(), count);
                }
            }
            if rows.is_empty() {
                return Ok(None);
            }
            let erasure = Erasure { id: fresh("e", now), erased_at: now, rows, mentioned_in };
            conn.execute(
                "INSERT INTO erasures (id, erased_at, rows) VALUES (?1, ?2, ?3)",
                params![erasure.id, At(now), json!(erasure.rows).to_string()],
            )?;
            Ok(Some(erasure))
        })
        .await
    }

    /// The kept receipts, latest first: when, and rows by table.
    ///
    /// # Errors
    /// `Busy`, `Broken`.
    pub async fn erasures(&self, limit: u32) -> Result<Vec<Erasure>, StoreError> {
        self.read(move |conn| {
            let read = |row: &Row<'_>| {
                let rows: String = row.get("rows")?;
                Ok(Erasure {
                    id: row.get("id")?,
                    erased_at: row.get::<_, At>("erased_at")?.0,
                    rows: serde_json::from_str(&rows).unwrap_or_default(),
                    mentioned_in: Vec::new(),
                })
            };
            let mut query = conn.prepare_cached("SELECT * FROM erasures ORDER BY id DESC LIMIT ?1")?;
            let rows = query.query_map([limit], read)?.collect::<Result<_, _>>()?;
            Ok(rows)
        })
        .await
    }

    /// Leaves no trace of deleted rows in the files: the database is written anew and its log emptied. Others may read meanwhile; who
    /// writes waits.
    ///
    /// # Errors
    /// `Busy` when another program reads or writes for longer than our patience: call it again.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        let path = self.path().to_path_buf();
        let patience = self.inner.patience;
        let scrubbing = tokio::task::spawn_blocking(move || {
            let conn = open_beside(&path, patience)?;
            conn.execute_batch("VACUUM")?;
            let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
        });
        let outcome =
            scrubbing.await.map_err(|error| StoreError::Broken(format!("scrubbing did not finish: {error}")))?;
        outcome.map_err(|error| error.at(self.path()))
    }
}

/// Removes chats that are nobody's (a JSON list of ids) from every table, their traces too; rows by table.
pub(crate) fn remove(conn: &Connection, now: Timestamp, chats: String) -> Result<BTreeMap<String, i64>, StoreError> {
    let nobody = Person::with_letters(conn, "[]".to_owned(), chats, "[]".to_owned())?;
    nobody.release_letters(conn)?;
    let mut rows = BTreeMap::new();
    for held in HELD {
        let count = nobody.end(conn, now, &Held { end: End::Deleted, ..*held })?;
        if count > 0 {
            rows.insert(held.table.to_owned(), count);
        }
    }
    Ok(rows)
}

/// A person as the tables know them; the lists are JSON.
struct Person {
    contacts: String,
    chats: String,
    letters: String,
    marks: String,
}

impl Person {
    fn find(conn: &Connection, who: &Who) -> Result<Self, StoreError> {
        // A contact that was merged away is the same person; so are all that were merged into the same one.
        let sql = "WITH met AS (
                SELECT coalesce(merged_into, id) AS root FROM contacts
                WHERE wa_id = :wa_id OR user_id = :id OR parent_user_id = :id OR username = ltrim(:id, '@')
                UNION SELECT coalesce(k.merged_into, k.id) FROM conversations c JOIN contacts k ON k.id = c.contact_id WHERE c.id = :id)
            SELECT id, wa_id, user_id, parent_user_id FROM contacts
            WHERE id IN (SELECT root FROM met) OR merged_into IN (SELECT root FROM met)";
        let mut contacts: Vec<String> = Vec::new();
        let mut names: Vec<String> = who.wa_id.iter().cloned().collect();
        let mut query = conn.prepare(sql)?;
        let mut rows = query.query(named_params! { ":wa_id": who.wa_id, ":id": who.id })?;
        while let Some(row) = rows.next()? {
            contacts.push(row.get(0)?);
            for column in 1..=3 {
                names.extend(row.get::<_, Option<String>>(column)?);
            }
        }
        // A business-scoped id that no contact has may still stand in what could not be understood.
        if who.id.contains('.') {
            names.push(who.id.clone());
        }
        let (contacts, marks) = (json!(contacts).to_string(), json!(marks(&names)).to_string());
        let sql = "SELECT json_group_array(id) FROM conversations
            WHERE id = ?2 OR contact_id IN (SELECT value FROM json_each(?1))";
        let chats: String = conn.query_row(sql, params![contacts, who.id], |row| row.get(0))?;
        Self::with_letters(conn, contacts, chats, marks)
    }

    fn with_letters(conn: &Connection, contacts: String, chats: String, marks: String) -> Result<Self, StoreError> {
        // Answers to them, notices about them, and whatever else was sent to their number.
        let sql = "SELECT json_group_array(id) FROM outbox WHERE conversation_id IN (SELECT value FROM json_each(?1))
            OR id IN (SELECT outbox_id FROM notifications WHERE conversation_id IN (SELECT value FROM json_each(?1)))
            OR EXISTS (SELECT 1 FROM json_each(?2) WHERE instr(recipient, value) > 0)";
        let letters: String = conn.query_row(sql, params![chats, marks], |row| row.get(0))?;
        Ok(Self { contacts, chats, letters, marks })
    }

    /// The statement with those of the person's lists bound that it names.
    fn prepare<'c>(&self, conn: &'c Connection, sql: &str) -> Result<Statement<'c>, StoreError> {
        let mut query = conn.prepare(sql)?;
        let lists = [
            (":contacts", &self.contacts),
            (":chats", &self.chats),
            (":letters", &self.letters),
            (":marks", &self.marks),
        ];
        for (name, list) in lists {
            if let Some(index) = query.parameter_index(name)? {
                query.raw_bind_parameter(index, list)?;
            }
        }
        Ok(query)
    }

    fn rows(&self, conn: &Connection, held: &Held) -> Result<Vec<Value>, StoreError> {
        let mut query = self.prepare(conn, &format!("SELECT * FROM {} WHERE {}", held.table, held.whose))?;
        let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
        let mut rows = query.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut object = Map::new();
            for (index, column) in columns.iter().enumerate() {
                object.insert(column.clone(), readable(row.get_ref(index)?));
            }
            found.push(Value::Object(object));
        }
        Ok(found)
    }

    /// Ends the person's rows in one table; how many.
    fn end(&self, conn: &Connection, now: Timestamp, held: &Held) -> Result<i64, StoreError> {
        let Held { table, whose, end } = held;
        let count = match end {
            End::Deleted => self.prepare(conn, &format!("DELETE FROM {table} WHERE {whose}"))?.raw_execute()?,
            End::Blanked(columns) => {
                let chats: Vec<String> = serde_json::from_str(&self.chats).unwrap_or_default();
                let sql = format!("UPDATE {table} SET conversation_id = ?2, {columns} WHERE conversation_id = ?1");
                let mut count = 0;
                for chat in chats {
                    if *table == "interaction_traces" {
                        let sql_ids = "SELECT id FROM interaction_traces WHERE conversation_id = ?1";
                        let ids: Vec<i64> =
                            conn.prepare(sql_ids)?.query_map([&chat], |row| row.get(0))?.collect::<Result<_, _>>()?;
                        for id in ids {
                            plain_steps(conn, id)?;
                        }
                    }
                    count += conn.execute(&sql, params![chat, fresh("erased_", now)])?;
                }
                count
            }
        };
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Lets go of letters that notices about others point to.
    fn release_letters(&self, conn: &Connection) -> Result<(), StoreError> {
        let sql =
            "UPDATE notifications SET outbox_id = NULL WHERE outbox_id IN (SELECT value FROM json_each(:letters))";
        self.prepare(conn, sql)?.raw_execute()?;
        Ok(())
    }

    /// Chats of others that hold the number as people write it.
    fn mentioned_in(&self, conn: &Connection, who: &Who) -> Result<Vec<String>, StoreError> {
        let Some(wa_id) = &who.wa_id else { return Ok(Vec::new()) };
        let local = wa_id.get(wa_id.len().saturating_sub(10)..).unwrap_or(wa_id);
        let sql = "SELECT DISTINCT conversation_id FROM messages
            WHERE conversation_id NOT IN (SELECT value FROM json_each(?1))
                AND (instr(replace(coalesce(text, ''), ' ', ''), ?2) > 0 OR instr(coalesce(payload, ''), ?2) > 0)";
        let mut query = conn.prepare(sql)?;
        let chats = query.query_map(params![self.chats, local], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(chats)
    }
}

/// The ids as they stand in texts, and as they stand in the base64 of a WhatsApp message id.
fn marks(ids: &[String]) -> Vec<String> {
    let mut marks = Vec::new();
    for id in ids.iter().filter(|id| id.len() >= SHORTEST_MARK) {
        marks.push(id.clone());
        for offset in 0..3 {
            marks.extend(encoded_at(offset, id));
        }
    }
    marks
}

/// The letters of an id that begins at this place within three bytes: the first ones, which the byte before has a part in, are left out; the
/// last one is there in every form that the byte behind can give it, so that no other number's last digit matches.
fn encoded_at(offset: usize, id: &str) -> Vec<String> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(id.as_bytes());
    let bits = bytes.len() * 8;
    let foreign = (6 - bits % 6) % 6;
    let forms = (0..1_u8 << foreign).map(|next| {
        let mut bytes = bytes.clone();
        bytes.extend((foreign > 0).then(|| next << (8 - foreign)));
        STANDARD_NO_PAD.encode(&bytes).get((offset * 8).div_ceil(6)..bits.div_ceil(6)).map(str::to_owned)
    });
    forms.flatten().collect()
}

/// A column as a person can read it: JSON kept as text is JSON again.
fn readable(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into(),
        ValueRef::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let parsed = if text.starts_with(['{', '[']) { serde_json::from_str(&text).ok() } else { None };
            parsed.unwrap_or_else(|| text.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_says_what_it_holds_about_people() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("luisa.db");
        drop(Store::open(&path).unwrap());
        let conn = Connection::open(&path).unwrap();
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        let mut query = conn.prepare(sql).unwrap();
        let there: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let mut listed: Vec<&str> = HELD
            .iter()
            .map(|held| held.table)
            .chain(OF_NOBODY.iter().copied())
            .chain(OF_THE_SEARCH.iter().copied())
            .collect();
        listed.sort_unstable();
        assert_eq!(there, listed, "a new table belongs in HELD or, if nobody is in it, in OF_NOBODY");
    }

    #[test]
    fn a_number_is_found_inside_a_whatsapp_id_wherever_it_begins() {
        let number = "573005550001";
        let marks = marks(&[number.to_owned()]);
        for before in ["", "x", "xy", "\u{1d}\u{18}\u{c}"] {
            let wamid = format!("wamid.{}", STANDARD_NO_PAD.encode(format!("{before}{number}\u{15}\u{2}abc")));
            assert!(marks.iter().any(|mark| wamid.contains(mark.as_str())), "{wamid}");
            let other = format!("wamid.{}", STANDARD_NO_PAD.encode(format!("{before}573005550002\u{15}\u{2}abc")));
            assert!(!marks.iter().any(|mark| other.contains(mark.as_str())), "{other}");
        }
    }
}
