//! The sender: the only place from which anything reaches a customer or a team.
//!
//! Owns the pace, the retries and what each of Meta's errors leads to. A send whose outcome is not known is never
//! repeated: a status settles it. May not decide what is said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use luisa_store::{OutboxClaim, StoreError};
use luisa_whatsapp::{Accepted, Client, Envelope, Fate, MediaSource, SendError, StopReason, limits, window};
use serde::Deserialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::Station;
use super::gate::{AT_ONCE, Gate, News};
use super::inbox::sleep;
use super::typing::Courtesy;
use crate::spans::journey;
use crate::telemetry::{masked, told};
use crate::wire::to_whatsapp::{self, Addressee, Cover, Letter};

/// Longer than any send with its picture: what is claimed longer than this has an unknown outcome.
const LEASE: Duration = Duration::from_secs(120);
const AFTER_FAULT: Duration = Duration::from_secs(1);
/// While more is waiting, so many places are filled at once, or those that are free after so long.
const BATCH: usize = 8;
const TOGETHER: Duration = Duration::from_millis(5);
const MARGIN: Duration = Duration::from_millis(1);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const RETRY_LATER: Duration = Duration::from_secs(5 * 60);

pub async fn work(station: Arc<Station>, client: Client, token: CancellationToken) {
    let mut gate = Gate::default();
    let mut under_way: JoinSet<News> = JoinSet::new();
    while !token.is_cancelled() {
        while let Some(ended) = under_way.try_join_next() {
            hear(&mut gate, ended);
        }
        let places = gate.places(Instant::now(), under_way.len());
        let now = station.shop.clock.now();
        let pause = match set_out(&station, &client, (now, places), &mut under_way).await {
            Ok(set_out) if places > 0 && set_out == places => {
                // More is waiting: what is claimed together shares a commit.
                let some_back = come_back(&mut gate, &mut under_way);
                drop(tokio::time::timeout(TOGETHER, some_back).await);
                continue;
            }
            Ok(_) => pause(&station, &gate, (now, places)).await,
            Err(error) => {
                error!(%error, "outbox_not_readable");
                Some(AFTER_FAULT)
            }
        };
        tokio::select! {
            () = token.cancelled() => {}
            () = station.shop.store.outbox_changed().notified(), if places > 0 => {}
            Some(ended) = under_way.join_next() => hear(&mut gate, ended),
            () = sleep(pause) => {}
        }
    }
    // What was asked of Meta is heard to its end: an answer that nobody hears is an unknown outcome.
    while under_way.join_next().await.is_some() {}
}

/// Waits until a few sends have ended.
async fn come_back(gate: &mut Gate, under_way: &mut JoinSet<News>) {
    while AT_ONCE.saturating_sub(under_way.len()) < BATCH
        && let Some(ended) = under_way.join_next().await
    {
        hear(gate, ended);
    }
}

/// Claims what may leave now and sends it; how many that were.
async fn set_out(
    station: &Arc<Station>,
    client: &Client,
    (now, places): (Timestamp, usize),
    under_way: &mut JoinSet<News>,
) -> Result<usize, StoreError> {
    if places == 0 {
        return Ok(0);
    }
    let limit = u32::try_from(places).unwrap_or(1);
    let claims = station.shop.store.claim_outbox(now, limit, LEASE).await?;
    let count = claims.len();
    for claim in claims {
        let (station, client) = (Arc::clone(station), client.clone());
        under_way.spawn(async move { send(&station, &client, claim).await });
    }
    Ok(count)
}

async fn pause(station: &Station, gate: &Gate, (now, places): (Timestamp, usize)) -> Option<Duration> {
    if let Some(shut) = gate.shut_for(Instant::now()) {
        return Some(shut);
    }
    if places == 0 {
        return None;
    }
    match station.shop.store.next_outbox_due(now).await {
        Ok(at) => {
            let wait = at?.duration_since(station.shop.clock.now());
            Some(Duration::try_from(wait).unwrap_or(Duration::ZERO) + MARGIN)
        }
        Err(error) => {
            error!(%error, "outbox_not_readable");
            Some(AFTER_FAULT)
        }
    }
}

fn hear(gate: &mut Gate, ended: Result<News, tokio::task::JoinError>) {
    let news = ended.unwrap_or_else(|error| {
        // Its lease will settle it as unknown.
        error!(%error, "send_panicked");
        News::Nothing
    });
    if let Some(shut) = gate.hear(news, Instant::now()) {
        warn!(seconds = shut.as_secs(), ?news, "sending_paused");
    }
}

/// A message on its way.
struct Parcel<'a> {
    station: &'a Station,
    client: &'a Client,
    claim: OutboxClaim,
    letter: Letter,
    to: Addressee,
}

async fn send(station: &Station, client: &Client, claim: OutboxClaim) -> News {
    let row = claim.row();
    let letter = Letter::deserialize(&row.payload);
    let to = Addressee::deserialize(&row.recipient);
    let (letter, to) = match (letter, to) {
        (Ok(letter), Ok(to)) => (letter, to),
        (Err(error), _) | (_, Err(error)) => {
            error!(outbox = %row.id, %error, "outbox_row_unreadable");
            let error = own_error("unreadable", "the row is not in the sender's form");
            dead(station, claim, error).await;
            return News::Nothing;
        }
    };
    let parcel = Parcel { station, client, claim, letter, to };
    let picture = parcel.picture().await;
    let mut with_picture = picture.is_some();
    let mut envelope = parcel.envelope(picture);
    let mut by_template = parcel.starts_by_template();
    loop {
        let sealed = match envelope {
            Ok(sealed) => sealed,
            Err(error) => {
                error!(outbox = %parcel.claim.row().id, %error, "message_unsendable");
                let error = own_error("unsendable", &error.to_string());
                dead(station, parcel.claim, error).await;
                return News::Nothing;
            }
        };
        let started = Instant::now();
        let error = match client.send(&sealed).await {
            Ok(accepted) => return parcel.sent(accepted, started.elapsed()).await,
            Err(error) => error,
        };
        // Both were refused for certain, so trying another form is no repetition.
        match Fate::of_error(&error) {
            Fate::WithoutMedia if with_picture => {
                with_picture = false;
                parcel.forget_picture().await;
                envelope = parcel.envelope(None);
            }
            Fate::NeedsTemplate if !by_template && parcel.template().is_some() => {
                by_template = true;
                envelope = parcel.templated();
            }
            fate => return parcel.failed(fate, &error, started.elapsed()).await,
        }
    }
}

impl Parcel<'_> {
    fn cover(&self) -> Cover<'_> {
        let row = self.claim.row();
        let reply_to = row.reply_to.as_ref().map(|id| id.as_str());
        Cover { to: &self.to, reply_to, opaque: &row.opaque }
    }

    fn envelope(&self, picture: Option<MediaSource>) -> Result<Envelope, luisa_whatsapp::Unsendable> {
        match &self.letter {
            Letter::Reply { reply, list_label, .. } => to_whatsapp::reply(&self.cover(), reply, list_label, picture),
            Letter::Notice { .. } if self.starts_by_template() => self.templated(),
            Letter::Notice { text } => to_whatsapp::text(&self.cover(), text),
        }
    }

    fn templated(&self) -> Result<Envelope, luisa_whatsapp::Unsendable> {
        let name = self.template().unwrap_or_default();
        let text = match &self.letter {
            Letter::Notice { text } => text,
            Letter::Reply { reply, .. } => &reply.text,
        };
        to_whatsapp::template(&self.cover(), name, text)
    }

    /// The template for notices; an answer to a customer has none.
    fn template(&self) -> Option<&str> {
        match self.letter {
            Letter::Notice { .. } => self.station.shop.settings.whatsapp.notify_template.as_deref(),
            Letter::Reply { .. } => None,
        }
    }

    fn starts_by_template(&self) -> bool {
        let now = self.station.shop.clock.now();
        self.template().is_some() && !self.station.windows.is_open(self.to.id(), now)
    }

    async fn picture(&self) -> Option<MediaSource> {
        let station = self.station;
        let image_id = self.image_id()?;
        let media_id = station.pictures.media_id(&station.shop, self.client, image_id).await?;
        Some(MediaSource::MediaId(media_id))
    }

    fn image_id(&self) -> Option<&str> {
        match &self.letter {
            Letter::Reply { reply, .. } => reply.asset.as_ref().map(|asset| asset.image_id.as_str()),
            Letter::Notice { .. } => None,
        }
    }

    async fn forget_picture(&self) {
        if let Some(image_id) = self.image_id() {
            self.station.pictures.forget(&self.station.shop, image_id).await;
        }
    }

    async fn sent(self, accepted: Accepted, took: Duration) -> News {
        let (station, row) = (self.station, self.claim.row());
        let latency_ms = took.as_secs_f64() * 1e3;
        info!(
            request_id = row.request_id.as_ref().map(tracing::field::display),
            to = %masked(self.to.id()),
            purpose = %row.purpose,
            latency_ms,
            attempt = row.attempts,
            "whatsapp_send_success"
        );
        station.counters.sends_ok.add(1);
        station.counters.send.record(took);
        let ticks = self.ticks();
        let now = station.shop.clock.now();
        station.pulse.taken(now);
        journey::sending(&station.spans, row, (now, took), None);
        let settled = station.shop.store.outbox_sent(now, self.claim, accepted.message_id.into(), latency_ms).await;
        report(settled);
        if let Some(message_id) = ticks {
            station.courtesy(Courtesy::Ticks { message_id });
        }
        News::Passed
    }

    /// The customer's message that gets its ticks with this answer.
    fn ticks(&self) -> Option<String> {
        let Letter::Reply { mark_read, .. } = &self.letter else { return None };
        let chat = self.claim.row().conversation_id.as_ref()?;
        let message_id = mark_read.as_ref()?;
        self.station.ticks.end(chat, message_id).then(|| message_id.clone())
    }

    async fn failed(self, fate: Fate, error: &SendError, took: Duration) -> News {
        let station = self.station;
        let settle = own_settlement(fate, self.claim.row().attempts);
        self.log_failure(fate, error, took);
        match settle {
            Settle::Unknown => station.counters.sends_unknown.add(1),
            Settle::Again(_) | Settle::Hold | Settle::Dead => {
                station.counters.refused(reason_of(error).code.as_deref())
            }
        }
        let (store, now) = (&station.shop.store, station.shop.clock.now());
        let reason = reason_of(error);
        let code = reason.code.clone().or_else(|| Some("refused".to_owned()));
        journey::sending(&station.spans, self.claim.row(), (now, took), code);
        if fate == Fate::ChatBackoff
            && let (Some(chat), Settle::Again(wait)) = (&self.claim.row().conversation_id, settle)
        {
            report(store.delay_chat(chat, later(now, wait)).await);
        }
        match settle {
            Settle::Again(wait) => report(store.outbox_retry(now, self.claim, later(now, wait), reason).await),
            Settle::Hold => report(store.outbox_hold(now, self.claim, reason).await),
            Settle::Dead => report(store.outbox_dead(now, self.claim, reason).await),
            Settle::Unknown => report(store.outbox_unknown(now, self.claim, reason).await),
        }
        match fate {
            Fate::GlobalBackoff { after } => News::TooFast(after),
            Fate::StopAll(_) => News::Stopped,
            Fate::Retry { .. } | Fate::RetryLater | Fate::Unknown => News::Nothing,
            // Meta read it: it is the message that does not please.
            Fate::ChatBackoff | Fate::NeedsTemplate | Fate::GiveUp | Fate::WithoutMedia => News::Passed,
            Fate::DeadLetter | Fate::TemplateBroken => News::Passed,
        }
    }

    fn log_failure(&self, fate: Fate, why: &SendError, took: Duration) {
        let row = self.claim.row();
        let request_id = row.request_id.as_ref().map(tracing::field::display);
        let latency_ms = took.as_secs_f64() * 1e3;
        let code = reason_of(why).code;
        let to = masked(self.to.id());
        let said = told(&why.to_string());
        warn!(
            request_id,
            to = %to,
            purpose = %row.purpose,
            latency_ms,
            code,
            ?fate,
            attempt = row.attempts,
            error = said,
            "whatsapp_send_failed"
        );
        if let Fate::StopAll(reason) = fate {
            error!(code, remedy = remedy(reason), "sending_stopped");
        } else if fate.alarms() {
            error!(request_id, code, error = said, purpose = %row.purpose, "message_set_aside");
        }
    }
}

/// What becomes of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settle {
    Again(Duration),
    Hold,
    Dead,
    Unknown,
}

fn own_settlement(fate: Fate, attempts: i64) -> Settle {
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    match fate {
        Fate::Retry { .. } if attempts > limits::RETRIES => Settle::Dead,
        Fate::Retry { after } => {
            let own = jittered(FIRST_RETRY * (1 << attempts.saturating_sub(1).min(8)));
            Settle::Again(after.map_or(own, |after| after.max(own)))
        }
        // It is not the message's fault: it waits at the gate, for as long as it takes.
        Fate::GlobalBackoff { after } => Settle::Again(after.unwrap_or_default()),
        Fate::StopAll(_) => Settle::Again(Duration::ZERO),
        Fate::ChatBackoff => Settle::Again(window::chat_backoff(attempts)),
        Fate::RetryLater => Settle::Again(jittered(RETRY_LATER)),
        Fate::NeedsTemplate => Settle::Hold,
        Fate::GiveUp | Fate::WithoutMedia | Fate::DeadLetter | Fate::TemplateBroken => Settle::Dead,
        Fate::Unknown => Settle::Unknown,
    }
}

fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(rand::random_range(0.75..1.25))
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(now)
}

async fn dead(station: &Station, claim: OutboxClaim, error: luisa_store::SendError) {
    station.counters.refused(error.code.as_deref());
    let now = station.shop.clock.now();
    report(station.shop.store.outbox_dead(now, claim, error).await);
}

/// Nothing is lost when a settlement is: the lease makes it an unknown outcome, which a status settles.
fn report(settled: Result<(), StoreError>) {
    match settled {
        Ok(()) => {}
        Err(StoreError::Conflict(why)) => info!(why, "send_settled_elsewhere"),
        Err(error) => error!(%error, "send_not_settled"),
    }
}

fn own_error(code: &str, text: &str) -> luisa_store::SendError {
    luisa_store::SendError { code: Some(code.to_owned()), text: text.to_owned() }
}

fn reason_of(error: &SendError) -> luisa_store::SendError {
    let code = match error {
        SendError::Api { code, http_status, .. } if *code < 0 => format!("http_{http_status}"),
        SendError::Api { code, .. } => code.to_string(),
        SendError::Timeout => "timeout".to_owned(),
        SendError::Connect(_) => "connect".to_owned(),
        SendError::Broken(_) => "answer_lost".to_owned(),
    };
    own_error(&code, &told(&error.to_string()))
}

// tidy: table
fn remedy(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Token => "the access token is refused: make a new one and set WHATSAPP_ACCESS_TOKEN",
        StopReason::Permission => {
            "the token may not send from this number: give its system user whatsapp_business_messaging"
        }
        StopReason::Account => "Meta has restricted the account: see Account Quality in Business Manager",
        StopReason::DisplayName => "the display name is not approved: see WhatsApp Manager",
        StopReason::Payment => "the account has no valid means of payment: see Billing in Business Manager",
        StopReason::Registration => "the number is not registered: register it and check WHATSAPP_PHONE_NUMBER_ID",
        StopReason::Country => "Meta does not deliver to that country from this account",
        StopReason::NoSuchNumber => {
            "there is no such number, or the token may not see it: check WHATSAPP_PHONE_NUMBER_ID and the token's rights"
        }
        StopReason::NotGraph => {
            "something else than Graph answers: check WHATSAPP_API_BASE_URL and WHATSAPP_PHONE_NUMBER_ID"
        }
    }
}
