//! Who a message is from: one contact per person, whichever of WhatsApp's two ids came along.
//!
//! Owns `contacts` and the merging of two of them. One rule holds everywhere: two different user ids are two people. A number may change
//! hands; then it moves to its new owner, and the history stays with the old one. May not assume a phone, nor that one stays.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::error::StoreError;
use crate::ids::{ContactId, ConversationId, fresh};
use crate::rows::ContactRow;
use crate::time::At;
use crate::{conversations, outbox};

/// What a webhook says about a person. At least one of `wa_id` and `user_id` is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The phone as WhatsApp writes it.
    pub wa_id: Option<String>,
    /// The business-scoped user id.
    pub user_id: Option<String>,
    /// The parent business's id of the same user.
    pub parent_user_id: Option<String>,
    /// The name in their profile.
    pub profile_name: Option<String>,
    /// Their public user name.
    pub username: Option<String>,
}

impl Identity {
    /// By their number alone.
    pub fn of_phone(wa_id: Option<String>) -> Self {
        Self { wa_id, user_id: None, parent_user_id: None, profile_name: None, username: None }
    }
}

/// The contact of an identity: found, completed, merged or created.
pub(crate) fn resolve(conn: &Connection, now: Timestamp, identity: &Identity) -> Result<ContactId, StoreError> {
    if identity.wa_id.is_none() && identity.user_id.is_none() {
        return Err(StoreError::Conflict("a person came without wa_id and without user_id".to_owned()));
    }
    let id = match (by_wa_id(conn, identity)?, by_user_id(conn, identity)?) {
        (None, None) => create(conn, now)?,
        (None, Some(user)) => user.id,
        (Some(phone), None) if is_another_user(&phone, identity) => {
            lose_number(conn, now, &phone)?;
            create(conn, now)?
        }
        (Some(phone), None) => phone.id,
        (Some(phone), Some(user)) if phone.id == user.id => user.id,
        // A number without a user and a user without a number are one person; whoever has more of either is another.
        (Some(phone), Some(user)) if phone.user_id.is_none() && user.wa_id.is_none() => {
            merge(conn, now, &phone, &user)?
        }
        (Some(phone), Some(user)) => {
            lose_number(conn, now, &phone)?;
            user.id
        }
    };
    learn(conn, now, &id, identity)?;
    Ok(id)
}

/// The contact is known by another user id than this one.
fn is_another_user(known: &ContactRow, said: &Identity) -> bool {
    known.user_id.is_some() && said.user_id.is_some() && known.user_id != said.user_id
}

/// A system message says that `old` is now `new`. Its user ids are believed: whoever had the old one has the new one. A number that it
/// points to moves to them; whoever had that number keeps their own history.
pub(crate) fn change_identity(
    conn: &Connection,
    now: Timestamp,
    old: &Identity,
    new: &Identity,
) -> Result<(), StoreError> {
    let Some(mut person) = find(conn, old)? else {
        // Nobody we know; who they are now may be.
        let known = Identity { user_id: new.user_id.clone().or_else(|| old.user_id.clone()), ..new.clone() };
        return resolve(conn, now, &known).map(drop);
    };
    let proven = person.user_id.is_none() || person.user_id == old.user_id;
    if !proven && is_another_user(&person, new) {
        // The old id that is named is the number alone, and somebody else is known under it.
        return resolve(conn, now, new).map(drop);
    }
    if let Some(other) = by_user_id(conn, new)?.filter(|other| other.id != person.id) {
        let id = merge(conn, now, &person, &other)?;
        person = load(conn, &id)?.ok_or(StoreError::NotFound)?;
    }
    if let Some(other) = by_wa_id(conn, new)?.filter(|other| other.id != person.id) {
        lose_number(conn, now, &other)?;
    }
    learn(conn, now, &person.id, new)
}

/// The chat of a person, when they are known and have one. Nothing is learned of them.
pub(crate) fn chat_of(conn: &Connection, identity: &Identity) -> Result<Option<ConversationId>, StoreError> {
    Ok(find(conn, identity)?.map(|contact| ConversationId::of_contact(&contact.id)))
}

/// A number is somebody else's from now on: what waits for its old owner must not reach the new one.
fn lose_number(conn: &Connection, now: Timestamp, contact: &ContactRow) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE contacts SET wa_id = NULL, updated_at = ?2 WHERE id = ?1")?
        .execute(params![contact.id, At(now)])?;
    let Some(number) = &contact.wa_id else { return Ok(()) };
    outbox::number_has_changed_hands(conn, now, &ConversationId::of_contact(&contact.id), number)
}

/// The store phone's address book gained or lost this person; losing an unknown one is nothing.
pub(crate) fn set_address_book(
    conn: &Connection,
    now: Timestamp,
    identity: &Identity,
    name: Option<&str>,
) -> Result<(), StoreError> {
    let id = match name {
        Some(_) => resolve(conn, now, identity)?,
        None => match find(conn, identity)? {
            Some(contact) => contact.id,
            None => return Ok(()),
        },
    };
    conn.prepare_cached(
        "UPDATE contacts SET address_book_name = ?2, in_address_book = ?3, updated_at = ?4 WHERE id = ?1",
    )?
    .execute(params![id, name, name.is_some(), At(now)])?;
    Ok(())
}

/// A contact by our id, or the one it was merged into.
pub(crate) fn load(conn: &Connection, id: &ContactId) -> Result<Option<ContactRow>, StoreError> {
    one(
        conn,
        "SELECT * FROM contacts WHERE id = (SELECT coalesce(merged_into, id) FROM contacts WHERE id = ?1)",
        id.as_str(),
    )
}

/// Whoever is known under the user id, or under the number unless another user has it.
fn find(conn: &Connection, identity: &Identity) -> Result<Option<ContactRow>, StoreError> {
    match by_user_id(conn, identity)? {
        Some(contact) => Ok(Some(contact)),
        None => Ok(by_wa_id(conn, identity)?.filter(|phone| !is_another_user(phone, identity))),
    }
}

fn by_wa_id(conn: &Connection, identity: &Identity) -> Result<Option<ContactRow>, StoreError> {
    let Some(wa_id) = &identity.wa_id else { return Ok(None) };
    one(conn, "SELECT * FROM contacts WHERE wa_id = ?1", wa_id)
}

fn by_user_id(conn: &Connection, identity: &Identity) -> Result<Option<ContactRow>, StoreError> {
    let Some(user_id) = &identity.user_id else {
        return Ok(None);
    };
    one(conn, "SELECT * FROM contacts WHERE user_id = ?1", user_id)
}

fn one(conn: &Connection, sql: &str, key: &str) -> Result<Option<ContactRow>, StoreError> {
    Ok(conn.prepare_cached(sql)?.query_row([key], ContactRow::read).optional()?)
}

fn create(conn: &Connection, now: Timestamp) -> Result<ContactId, StoreError> {
    let id = ContactId(fresh("c", now));
    conn.prepare_cached("INSERT INTO contacts (id, created_at, updated_at) VALUES (?1, ?2, ?2)")?
        .execute(params![id, At(now)])?;
    Ok(id)
}

/// Writes what the identity says over what was known; what it does not say stays. Unchanged rows are not written.
fn learn(conn: &Connection, now: Timestamp, id: &ContactId, said: &Identity) -> Result<(), StoreError> {
    let sql = "UPDATE contacts SET wa_id = coalesce(?2, wa_id), user_id = coalesce(?3, user_id),
            parent_user_id = coalesce(?4, parent_user_id), profile_name = coalesce(?5, profile_name),
            username = coalesce(?6, username), updated_at = ?7
        WHERE id = ?1 AND (wa_id, user_id, parent_user_id, profile_name, username) IS NOT
            (coalesce(?2, wa_id), coalesce(?3, user_id), coalesce(?4, parent_user_id), coalesce(?5, profile_name), coalesce(?6, username))";
    let row = params![id, said.wa_id, said.user_id, said.parent_user_id, said.profile_name, said.username, At(now)];
    conn.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// Two rows are one person: the older survives and takes the younger's ids, chat and all that hangs on it.
fn merge(conn: &Connection, now: Timestamp, one: &ContactRow, other: &ContactRow) -> Result<ContactId, StoreError> {
    let one_is_older = (one.created_at, &one.id) <= (other.created_at, &other.id);
    let (older, younger) = if one_is_older { (one, other) } else { (other, one) };
    conn.prepare_cached("UPDATE contacts SET merged_into = ?2 WHERE merged_into = ?1")?
        .execute(params![younger.id, older.id])?;
    conn.prepare_cached(
        "UPDATE contacts SET wa_id = NULL, user_id = NULL, merged_into = ?2, updated_at = ?3 WHERE id = ?1",
    )?
    .execute(params![younger.id, older.id, At(now)])?;
    conn.prepare_cached(
        "UPDATE contacts SET wa_id = coalesce(wa_id, ?2), user_id = coalesce(user_id, ?3),
            parent_user_id = coalesce(parent_user_id, ?4), profile_name = coalesce(profile_name, ?5),
            username = coalesce(username, ?6), address_book_name = coalesce(address_book_name, ?7),
            in_address_book = max(in_address_book, ?8), updated_at = ?9 WHERE id = ?1",
    )?
    .execute(params![
        older.id,
        younger.wa_id,
        younger.user_id,
        younger.parent_user_id,
        younger.profile_name,
        younger.username,
        younger.address_book_name,
        younger.in_address_book,
        At(now)
    ])?;
    conversations::merge(conn, now, &older.id, &younger.id)?;
    Ok(older.id.clone())
}
