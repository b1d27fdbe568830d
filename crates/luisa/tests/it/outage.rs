//! Meta is away for a while: nobody stays unanswered, and nobody reads an answer twice whom Meta told us it has.
//!
//! By default the outage is as long as the first sends of some customers; with `LUISA_OUTAGE_SECONDS=10` it is measured by the clock, and
//! the figures are those of docs/reliability.md.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use luisa_fakes::{AutoStatuses, Behaviour, Fate, graph_error};

use crate::world::{SOON, World};

const CUSTOMERS: u32 = 80;

/// Customers never answered, and answered twice.
async fn outage(behaviour: Behaviour) -> (u32, u32) {
    let world = World::new().await.with("WHATSAPP_TIMEOUT_SECONDS", "2").with("WHATSAPP_SETTLE_SECONDS", "3");
    let luisa = world.serve().await;
    world.meta.auto_statuses(AutoStatuses::new(
        luisa.webhook().url(),
        Some(crate::world::SECRET),
        &["sent", "delivered"],
    ));
    let out = Arc::new(AtomicBool::new(true));
    let (still_out, kind) = (Arc::clone(&out), behaviour.clone());
    world.meta.script(move |_| if still_out.load(Ordering::SeqCst) { kind.clone() } else { Behaviour::Accept });
    for n in 0..CUSTOMERS {
        luisa.customer(n).says("a qué hora abren?").await.unwrap();
    }
    match std::env::var("LUISA_OUTAGE_SECONDS").ok().and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        None => world.meta.wait_until(|seen| seen.attempts.len() >= 3, SOON).await.unwrap(),
    }
    out.store(false, Ordering::SeqCst);
    // One who writes when all is well again: the statuses of her answer show that they flow.
    luisa.customer(CUSTOMERS).says("a qué hora abren?").await.unwrap();
    let everybody = |seen: &luisa_fakes::meta::Recorded| {
        let mut people: Vec<_> = seen.sent.iter().filter_map(|sent| sent.to.as_deref()).collect();
        people.sort_unstable();
        people.dedup();
        people.len() > CUSTOMERS as usize
    };
    drop(world.meta.wait_until(everybody, SOON).await);
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for sent in world.meta.sent() {
        *answers.entry(sent.to.unwrap_or_default()).or_default() += 1;
    }
    let answered = u32::try_from(answers.len()).unwrap();
    let twice = u32::try_from(answers.values().filter(|count| **count > 1).count()).unwrap();
    println!("{behaviour:?}: {} never answered, {twice} twice, of {CUSTOMERS}", CUSTOMERS + 1 - answered);
    (CUSTOMERS + 1 - answered, twice)
}

#[tokio::test]
async fn in_an_outage_every_customer_is_answered() {
    for behaviour in [
        graph_error(131000).into(),
        Behaviour::Refuse(graph_error(130429)),
        Behaviour::Gateway(503),
        Behaviour::Reset(Fate::Lost),
        Behaviour::Hang(None),
    ] {
        assert_eq!(outage(behaviour.clone()).await, (0, 0), "{behaviour:?}");
    }
}

#[tokio::test]
async fn what_meta_took_in_an_outage_and_tells_of_is_not_sent_twice() {
    assert_eq!(outage(Behaviour::Reset(Fate::Taken)).await, (0, 0));
}
