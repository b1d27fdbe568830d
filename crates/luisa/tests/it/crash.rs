//! A power cut in the middle: nobody is forgotten, nobody is answered twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use luisa_fakes::{Person, Wamids, payload};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::world::{SOON, World, now};

const PEOPLE: u32 = 300;
/// The first ones write before anything happens.
const FREELY: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_300_messages_every_customer_is_answered_and_none_twice() {
    let world = World::new().await.with("WHATSAPP_SETTLE_SECONDS", "8");
    let luisa = world.serve().await;
    let bodies: Arc<Vec<Value>> = Arc::new((0..PEOPLE).map(message).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let (kill, killing) = watch::channel(false);
    let mut posts = JoinSet::new();
    for _ in 0..16 {
        let (webhook, bodies, next) = (luisa.webhook(), Arc::clone(&bodies), Arc::clone(&next));
        let mut killing = killing.clone();
        posts.spawn(async move {
            let mut unacknowledged = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some(body) = bodies.get(n) else { return unacknowledged };
                if n >= FREELY {
                    // These race with the power cut.
                    killing.wait_for(|now| *now).await.unwrap();
                }
                let taken = webhook.post(body).await.is_ok_and(|status| status.is_success());
                if !taken {
                    unacknowledged.push(n);
                }
            }
        });
    }
    world.meta.wait_for_sent(60, SOON).await.unwrap();
    kill.send_replace(true);
    luisa.kill().await;
    let unacknowledged: Vec<usize> = posts.join_all().await.into_iter().flatten().collect();
    assert!(!unacknowledged.is_empty(), "she was killed too late to prove anything");

    let luisa = world.serve().await;
    for n in unacknowledged {
        luisa.webhook().post_until_taken(&bodies[n], 5).await.unwrap();
    }
    let answered = |seen: &luisa_fakes::meta::Recorded| {
        (0..PEOPLE).all(|n| seen.sent_to(Person::numbered(n).address()).next().is_some())
    };
    world.settle_unknown(&luisa).await;
    let all = world.meta.wait_until(answered, SOON).await;
    let unknown = world.count("SELECT count(*) FROM outbox WHERE state = 'unknown'");
    assert!(all.is_ok(), "{all:?}; {unknown} of unknown outcome");
    for n in 0..PEOPLE {
        assert_eq!(world.meta.sent_to(Person::numbered(n).address()).len(), 1, "customer {n}");
    }
    world.eventually("SELECT CAST(count(*) AS TEXT) FROM inbox", Some("0")).await;
    assert_eq!(world.count("SELECT count(*) FROM interaction_traces"), i64::from(PEOPLE));
}

fn message(n: u32) -> Value {
    payload::text(&Person::numbered(n), &Wamids::new(u64::from(n)).fresh(), now(), "a qué hora abren?")
}
