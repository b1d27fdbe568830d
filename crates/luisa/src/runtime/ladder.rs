//! The ladder of a handoff that nobody answers: the team is told again, then the owner, then the customer hears how it is.
//!
//! Owns the order and the hours in which people are disturbed. Who still waits, the store knows; the words are the pack's.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use luisa_core::outcome::Reply;
use luisa_core::stages::desk::{Unanswered, reminder};
use luisa_core::symbol::Symbol;
use luisa_core::taxonomy::Team;
use luisa_store::{Channel, Climb, Delivery, HandoffRow, NewNotice, NoticeLetter, Outgoing, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Station, commit};
use crate::telemetry;
use crate::wire::to_whatsapp::{Addressee, Letter};

const EVERY: Duration = Duration::from_secs(30);
/// Whoever was told has so long before the next is.
const BETWEEN: SignedDuration = SignedDuration::from_mins(10);
/// An older handoff is in the list; nobody is disturbed for it, and WhatsApp would not let a word through.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(23);
/// The hours of the day in which people are disturbed.
const DAY: std::ops::Range<i8> = 7..21;

/// The steps, in their order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Team,
    Owner,
    Customer,
}

impl Step {
    const ALL: [Self; 3] = [Self::Team, Self::Owner, Self::Customer];

    fn number(self) -> i64 {
        match self {
            Self::Team => 1,
            Self::Owner => 2,
            Self::Customer => 3,
        }
    }

    /// Minutes after the handoff was opened; none: this step is not taken.
    fn after(self, station: &Station) -> Option<i64> {
        let shadow = &station.shop.settings.shadow;
        let minutes = match self {
            Self::Team => shadow.remind_team_minutes,
            Self::Owner => shadow.tell_owner_minutes,
            Self::Customer => shadow.tell_customer_minutes,
        };
        (minutes > 0).then_some(minutes)
    }
}

pub async fn work(station: Arc<Station>, token: CancellationToken) {
    loop {
        if let Err(error) = climb_all(&station).await {
            warn!(%error, "handoffs_not_climbed");
        }
        if token.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

async fn climb_all(station: &Station) -> Result<(), StoreError> {
    let now = station.shop.clock.now();
    let hour = now.to_zoned(station.shop.settings.hours.zone.clone()).hour();
    if !DAY.contains(&hour) {
        return Ok(());
    }
    let before = |span| now.checked_sub(span).unwrap_or(now);
    for step in Step::ALL {
        let minutes = step.after(station);
        // A step that is not taken is passed at once.
        let opened = (before(GIVEN_UP), before(SignedDuration::from_mins(minutes.unwrap_or(0))));
        let due = station.shop.store.unanswered_handoffs(step.number(), opened, before(BETWEEN)).await?;
        for handoff in due {
            let climb = if minutes.is_some() { what(station, &handoff, step, now).await? } else { Climb::Skip };
            let told = climb != Climb::Skip;
            if station.shop.store.climb(now, &handoff, step.number(), climb).await? && told {
                info!(conversation = telemetry::chat(&handoff.conversation_id), team = %handoff.team, ?step, "handoff_climbed");
            }
        }
    }
    Ok(())
}

async fn what(station: &Station, handoff: &HandoffRow, step: Step, now: Timestamp) -> Result<Climb, StoreError> {
    Ok(match step {
        // Of an urgent one the team hears every quarter of an hour anyway.
        Step::Team if handoff.priority == "urgent" => Climb::Skip,
        Step::Team => match words(station, handoff, now) {
            Some(told) => {
                // Of the API nobody climbs.
                let chat = &handoff.conversation_id;
                let about = commit::About { chat, channel: Channel::Whatsapp, urgent: false, reachable: true };
                Climb::Tell(commit::notice(station, &about, &told))
            }
            None => Climb::Skip,
        },
        Step::Owner => owner(station, handoff, now).map_or(Climb::Skip, Climb::Tell),
        Step::Customer => customer(station, handoff, now).await?.map_or(Climb::Skip, Climb::Say),
    })
}

fn words(station: &Station, handoff: &HandoffRow, now: Timestamp) -> Option<luisa_core::outcome::Notice> {
    let waits = Unanswered {
        team: Team::from_id(&handoff.team)?,
        reason: &handoff.reason,
        summary: &handoff.summary,
        next_step: handoff.next_step.as_deref().unwrap_or_default(),
        minutes: now.duration_since(handoff.created_at).as_mins(),
    };
    Some(reminder(&station.shop.pack(), waits))
}

/// The owner hears of it on a number of their own; where the team's is theirs, they have heard.
fn owner(station: &Station, handoff: &HandoffRow, now: Timestamp) -> Option<NewNotice> {
    let told = words(station, handoff, now)?;
    let whatsapp = &station.shop.settings.whatsapp;
    let number = whatsapp.notify.internal.clone().filter(|_| whatsapp.enabled)?;
    if whatsapp.notify.of(told.team) == Some(number.as_str()) {
        return None;
    }
    let letter = NoticeLetter {
        recipient: serde_json::to_value(Addressee::Phone(number)).unwrap_or_default(),
        payload: serde_json::to_value(Letter::Notice { text: told.text.clone() }).unwrap_or_default(),
        pace: None,
    };
    Some(NewNotice { team: told.team.id().to_owned(), body: told.text, letter: Some(letter) })
}

/// What the customer hears: how long it has been, and that the team was told again.
async fn customer(station: &Station, handoff: &HandoffRow, now: Timestamp) -> Result<Option<Outgoing>, StoreError> {
    let found = station.shop.store.conversation(&handoff.conversation_id, 0).await?;
    let wrote = found.conversation.last_inbound_at;
    let open = wrote.is_some_and(|at| now.duration_since(at) < luisa_store::ANSWER_WINDOW);
    let Some(to) = found.contact.as_ref().and_then(Addressee::of).filter(|_| open) else { return Ok(None) };
    let pack = station.shop.pack();
    let waited = in_words(now.duration_since(handoff.created_at));
    let say = Symbol::known("traspaso_demora").and_then(|id| pack.replies.get(&id)?.first());
    let Some(text) = say.map(|say| say.fill(&pack.facts, &[("tiempo", waited.as_str())])) else { return Ok(None) };
    let reply = Reply { text: text.clone(), options: Vec::new(), asset: None, question: None };
    let letter = Letter::Reply { reply, list_label: String::new(), mark_read: None };
    Ok(Some(Outgoing {
        kind: "text".to_owned(),
        text: Some(text),
        payload: serde_json::to_value(&letter).unwrap_or_default(),
        reply_to: None,
        delivery: Delivery::Queue { recipient: serde_json::to_value(&to).unwrap_or_default(), due_at: now },
    }))
}

fn in_words(span: SignedDuration) -> String {
    let (hours, minutes) = (span.as_hours(), span.as_mins() % 60);
    match (hours, minutes) {
        (0, minutes) => format!("{minutes} minutos"),
        (1, 0) => "una hora".to_owned(),
        (1, _) => "más de una hora".to_owned(),
        (hours, _) => format!("más de {hours} horas"),
    }
}
