//! A person who writes to the shop: payloads with fresh ids and the present time, posted.
//!
//! Owns the convenience. May not know what the shop answers: see `FakeMeta`.

use crate::meta::unix_now;
use crate::payload::{Person, Wamids, button_reply, quoting, text};
use crate::webhook::{NotDelivered, StatusCode, Webhook};
use serde_json::Value;

pub struct Customer {
    pub person: Person,
    webhook: Webhook,
    wamids: Wamids,
}

impl Customer {
    /// Two customers must not share a seed, or they share message ids.
    pub fn new(person: Person, webhook: Webhook, seed: u64) -> Self {
        Self { person, webhook, wamids: Wamids::new(seed) }
    }

    /// The id of the message, and what the shop's server said.
    pub async fn says(&mut self, body: &str) -> Result<(String, StatusCode), NotDelivered> {
        self.sends(|who, wamid, at| text(who, wamid, at, body)).await
    }

    /// A tap on a button of the shop's message `on`.
    pub async fn taps(&mut self, on: &str, id: &str, title: &str) -> Result<(String, StatusCode), NotDelivered> {
        self.sends(|who, wamid, at| quoting(button_reply(who, wamid, at, id, title), on)).await
    }

    /// Any payload, for example `|who, wamid, at| payload::voice(who, wamid, at, &media)`.
    pub async fn sends(
        &mut self,
        payload: impl FnOnce(&Person, &str, u64) -> Value,
    ) -> Result<(String, StatusCode), NotDelivered> {
        let wamid = self.wamids.fresh();
        let payload = payload(&self.person, &wamid, unix_now());
        let status = self.webhook.post(&payload).await?;
        Ok((wamid, status))
    }
}
