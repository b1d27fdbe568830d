//! What goes wrong on purpose: on the way in, and at Meta.
//!
//! Owns the dice. May not count what came of it.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use luisa_fakes::meta::{Behaviour, Fate};
use luisa_fakes::{FakeMeta, graph_error};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

/// Longer than LUISA waits for Meta.
const HANG: Duration = Duration::from_secs(45);
const TOO_FAST: i64 = 130_429;
const UNDELIVERABLE: i64 = 131_026;

/// A kind of misbehaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trouble {
    /// Webhooks and statuses come twice.
    Duplicates,
    /// Several messages in one webhook.
    Batches,
    /// Webhooks are up to two seconds late, and statuses come in any order.
    Late,
    /// Messages a week old, as Meta delivers them after an outage.
    WeekOld,
    /// A person of the staff writes to the customer from the phone meanwhile.
    Echoes,
    /// Meta refuses sends as too fast.
    #[value(name = "429")]
    TooFast,
    /// A proxy of Meta answers 503.
    #[value(name = "5xx")]
    ServerErrors,
    /// Meta does not answer, and the message did not arrive.
    Hang,
    /// Meta takes the message and its answer breaks off.
    Broken,
    /// Meta takes the message and reports later that it failed.
    Failed,
}

/// The dice for one run.
pub(super) struct Mischief {
    troubles: Vec<Trouble>,
    share: u32,
    random: StdRng,
}

impl Mischief {
    pub(super) fn new(troubles: &[Trouble], share: u32, seed: u64) -> Self {
        Self { troubles: troubles.to_vec(), share, random: StdRng::seed_from_u64(seed) }
    }

    /// Whether this one meets the trouble.
    pub(super) fn strikes(&mut self, trouble: Trouble) -> bool {
        self.troubles.contains(&trouble) && self.random.random_range(0..100) < self.share
    }

    pub(super) fn delay(&mut self) -> Duration {
        Duration::from_millis(self.random.random_range(0..2_000))
    }

    /// From now on Meta misbehaves too. The receiver hears of everybody whose answer Meta hides: LUISA cannot know, and must not repeat it.
    pub(super) fn at_meta(&self, meta: &FakeMeta) -> Receiver<String> {
        let (tell, hidden) = channel();
        let dice = Mutex::new(Self::new(&self.troubles, self.share, self.random.clone().random()));
        meta.script(move |send| {
            let mut dice = dice.lock().unwrap_or_else(PoisonError::into_inner);
            let behaviour = dice.behaviour();
            if matches!(behaviour, Behaviour::Hang(_)) {
                drop(tell.send(addressee(send)));
            }
            behaviour
        });
        hidden
    }

    fn behaviour(&mut self) -> Behaviour {
        if self.strikes(Trouble::TooFast) {
            return graph_error(TOO_FAST).into();
        }
        if self.strikes(Trouble::ServerErrors) {
            return Behaviour::Gateway(503);
        }
        if self.strikes(Trouble::Hang) {
            return Behaviour::Hang(Some(HANG));
        }
        if self.strikes(Trouble::Broken) {
            return Behaviour::Reset(Fate::Taken);
        }
        if self.strikes(Trouble::Failed) {
            return Behaviour::FailLater(graph_error(UNDELIVERABLE));
        }
        Behaviour::Accept
    }
}

fn addressee(send: &Value) -> String {
    let to = send["recipient"].as_str().or_else(|| send["to"].as_str()).unwrap_or_default();
    to.trim_start_matches('+').to_owned()
}
