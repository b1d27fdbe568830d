//! A fake of Meta's Cloud API: accepts, refuses and records sends as the real one does, and misbehaves on command.
//!
//! Owns the controls a test or a simulation has. May not know what the service under test looks like inside.

mod graph;
mod media;
mod check;
mod interactive;
mod behaviour;
mod refusal;
mod world;
mod shelf;
mod statuses;
mod record;

pub use behaviour::{Behaviour, Endpoint, Fate};
pub use record::{Attempt, Read, Recorded, Sent, StatusPost, Upload};
pub use refusal::{Refusal, graph_error};
pub use shelf::{MediaRef, Template};
pub use statuses::AutoStatuses;
pub use world::Account;

pub(crate) use statuses::unix_now;

use crate::ledger::{TimedOut, locked};
use crate::server::Server;
use serde_json::Value;
use statuses::Postman;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use world::{Fault, World};

/// Runs until dropped.
pub struct FakeMeta {
    world: Arc<World>,
    address: SocketAddr,
    _server: Server,
}

impl FakeMeta {
    /// On a free local port, with the ids of `payload::{PHONE_NUMBER_ID, WABA_ID}`.
    pub async fn start() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::start_at(anywhere, Account::default()).await.expect("a local port is free")
    }

    /// On a given address, for a service that is configured before the fake runs.
    pub async fn start_at(address: SocketAddr, account: Account) -> io::Result<Self> {
        let (listener, address) = Server::listen(address).await?;
        let world = Arc::new(World::new(account, format!("http://{address}")));
        let server = Server::serve(listener, graph::router(Arc::clone(&world)));
        Ok(Self { world, address, _server: server })
    }

    /// What goes into `WHATSAPP_API_BASE_URL`.
    pub fn base_url(&self) -> &str {
        &self.world.base_url
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn account(&self) -> &Account {
        &self.world.account
    }

    /// From now on only this token is good.
    pub fn accept_only_token(&self, token: &str) {
        locked(&self.world.controls).token = Some(token.to_owned());
    }
}

/// Misbehaviour. Faults wait in the order they were set and come before the script; messages that Meta would refuse
/// anyway (see the spec's limits) are refused first and use up no fault.
impl FakeMeta {
    /// The next `n` sends, whoever they are for.
    pub fn fail_next(&self, n: usize, behaviour: impl Into<Behaviour>) {
        self.fail_next_at(Endpoint::Send, n, behaviour);
    }

    /// The next `n` sends to this phone or user id.
    pub fn fail_next_to(&self, person: &str, n: usize, behaviour: impl Into<Behaviour>) {
        self.wait_for_call(Endpoint::Send, Some(person.trim_start_matches('+').to_owned()), n, behaviour.into());
    }

    /// The next `n` calls of another kind.
    pub fn fail_next_at(&self, endpoint: Endpoint, n: usize, behaviour: impl Into<Behaviour>) {
        self.wait_for_call(endpoint, None, n, behaviour.into());
    }

    /// Decides for every send, from its JSON, that no waiting fault is for.
    pub fn script(&self, script: impl Fn(&Value) -> Behaviour + Send + Sync + 'static) {
        locked(&self.world.controls).script = Some(Box::new(script));
    }

    /// All is well again: no waiting faults, no script.
    pub fn behave(&self) {
        let mut controls = locked(&self.world.controls);
        controls.faults.clear();
        controls.script = None;
    }

    fn wait_for_call(&self, endpoint: Endpoint, person: Option<String>, n: usize, behaviour: Behaviour) {
        if n > 0 {
            locked(&self.world.controls).faults.push(Fault { endpoint, person, left: n, behaviour });
        }
    }
}

/// The account's own things.
impl FakeMeta {
    /// A file that a customer sends: name it in `payload::image` and its like.
    pub fn put_media(&self, mime_type: &str, bytes: impl Into<Vec<u8>>) -> MediaRef {
        locked(&self.world.shelf).put(mime_type, bytes.into())
    }

    /// As after 7 (received) or 30 (uploaded) days: the id is unknown.
    pub fn expire_media(&self, media_id: &str) {
        locked(&self.world.shelf).forget_media(media_id);
    }

    /// As after 5 minutes: every download URL handed out so far answers 404.
    pub fn expire_media_urls(&self) {
        locked(&self.world.shelf).ticket += 1;
    }

    /// Its bytes no longer fit the sha256 that webhook and lookup tell.
    pub fn corrupt_media(&self, media_id: &str) {
        locked(&self.world.shelf).corrupt(media_id);
    }

    pub fn add_template(&self, template: Template) {
        locked(&self.world.shelf).templates.push(template);
    }

    /// For example `quality_rating` to `RED`.
    pub fn set_phone_field(&self, field: &str, value: Value) {
        locked(&self.world.shelf).phone_fields.insert(field.to_owned(), value);
    }

    /// No app is subscribed to the account: webhooks would not come.
    pub fn unsubscribe(&self) {
        locked(&self.world.shelf).unsubscribed = true;
    }

    /// The app's webhook is told of these fields only; of none: it has no webhook.
    pub fn tell_only(&self, fields: &[&str]) {
        locked(&self.world.shelf).webhook_fields = fields.iter().map(|field| (*field).to_owned()).collect();
    }

    /// From now on only this secret is the app's.
    pub fn accept_only_app_secret(&self, secret: &str) {
        locked(&self.world.controls).app_secret = Some(secret.to_owned());
    }

    /// From now on every accepted message has statuses. Must be called inside a tokio runtime.
    pub fn auto_statuses(&self, plan: AutoStatuses) {
        let postman = Postman::start(plan, Arc::clone(&self.world.ledger));
        *locked(&self.world.postman) = Some(postman);
    }
}

/// What happened.
impl FakeMeta {
    pub fn recorded(&self) -> Recorded {
        self.world.ledger.read(Recorded::clone)
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.world.ledger.read(|recorded| recorded.sent.clone())
    }

    pub fn sent_to(&self, person: &str) -> Vec<Sent> {
        self.world.ledger.read(|recorded| recorded.sent_to(person).cloned().collect())
    }

    pub fn reads(&self) -> Vec<Read> {
        self.world.ledger.read(|recorded| recorded.reads.clone())
    }

    pub fn attempts(&self) -> Vec<Attempt> {
        self.world.ledger.read(|recorded| recorded.attempts.clone())
    }

    pub fn lost(&self) -> Vec<Sent> {
        self.world.ledger.read(|recorded| recorded.lost.clone())
    }

    pub fn uploads(&self) -> Vec<Upload> {
        self.world.ledger.read(|recorded| recorded.uploads.clone())
    }

    /// The statuses posted so far; those still due are in `recorded()`.
    pub fn statuses(&self) -> Vec<StatusPost> {
        self.world.ledger.read(|recorded| recorded.statuses.clone())
    }

    /// Empties the record (a long simulation need not keep everything).
    pub fn forget(&self) {
        self.world.ledger.write(|recorded| {
            let statuses_due = recorded.statuses_due;
            *recorded = Recorded { statuses_due, ..Recorded::default() };
        });
    }

    /// Everything recorded since it was last taken or forgotten; nothing is missed or seen twice.
    pub fn drain(&self) -> Recorded {
        self.world.ledger.write(|recorded| {
            let statuses_due = recorded.statuses_due;
            std::mem::replace(recorded, Recorded { statuses_due, ..Recorded::default() })
        })
    }

    /// All messages sent, once there are at least `n`.
    pub async fn wait_for_sent(&self, n: usize, within: Duration) -> Result<Vec<Sent>, TimedOut> {
        self.wait_for(&format!("{n} sent messages"), |recorded| recorded.sent.len() >= n, within).await?;
        Ok(self.sent())
    }

    /// Every status of every accepted message was posted (or given up).
    pub async fn wait_for_statuses(&self, within: Duration) -> Result<Vec<StatusPost>, TimedOut> {
        self.wait_for("all statuses posted", |recorded| recorded.statuses_due == 0, within).await?;
        Ok(self.statuses())
    }

    /// Looks again only after something was recorded; the predicate must not call the fake.
    pub async fn wait_until(&self, predicate: impl FnMut(&Recorded) -> bool, within: Duration) -> Result<(), TimedOut> {
        self.wait_for("the record to be as expected", predicate, within).await
    }

    async fn wait_for(
        &self,
        wanted: &str,
        predicate: impl FnMut(&Recorded) -> bool,
        within: Duration,
    ) -> Result<(), TimedOut> {
        let describe = |recorded: &Recorded| (wanted.to_owned(), recorded.in_short());
        self.world.ledger.wait_until(predicate, within, describe).await
    }
}

impl Drop for FakeMeta {
    fn drop(&mut self) {
        // Connections may keep the world alive for a while; statuses must stop now.
        locked(&self.world.postman).take();
    }
}
