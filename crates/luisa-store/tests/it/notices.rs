//! What a team is told: one by one at first, then how many more there are; and the urgent in any case.

use std::time::Duration;

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

const TEAM: &str = "573005559001";

/// A customer calls for a person.
async fn calls(shop: &Shop, second: i64, n: i64, pace: Option<Pace>) {
    let id = format!("m{n}");
    let chat = shop.says(at(second), &format!("57300555{n:04}"), &id, "un asesor").await;
    let claimed = shop.store.claim_due(at(second + 5), 1, LEASE).await.unwrap().chats.remove(0);
    let mut turn = TurnCommit::silent(format!("r{n}").as_str().into(), json!({}));
    turn.handoff = Some(HandoffChange::Open(new_handoff()));
    turn.notices.push(NewNotice {
        team: "comercial".to_owned(),
        body: format!("llama {n}"),
        letter: Some(NoticeLetter {
            recipient: json!({"phone": TEAM}),
            payload: json!({"letter": "notice", "text": format!("llama {n}")}),
            pace,
        }),
    });
    assert_eq!(claimed.claim.conversation(), &chat);
    shop.store.commit_turn(at(second + 5), claimed.claim, turn).await.unwrap();
}

fn six_a_minute() -> Option<Pace> {
    let digest = json!({"letter": "notice", "text": "{n} más"});
    Some(Pace { singles: 6, within: Duration::from_secs(60), digest })
}

#[tokio::test]
async fn a_flood_is_six_notices_and_one_number_and_the_urgent_do_not_wait_for_it() {
    let shop = Shop::open();
    for n in 0..290 {
        calls(&shop, 0, n, six_a_minute()).await;
    }
    calls(&shop, 10, 300, None).await;
    assert_eq!(shop.figure("SELECT count(*) FROM notifications"), 291);
    let told = "SELECT json_group_array(payload ->> '$.text') FROM (SELECT payload FROM outbox ORDER BY due_at, id)";
    let told: Vec<String> = serde_json::from_str(&shop.text(told).unwrap()).unwrap();
    assert_eq!(told.len(), 8, "{told:?}");
    assert_eq!((told[6].as_str(), told[7].as_str()), ("llama 300", "284 más"), "the digest comes after the urgent");
    for second in 20..27 {
        let claim = shop.store.claim_outbox(at(second), 1, LEASE).await.unwrap().remove(0);
        shop.store.outbox_sent(at(second), claim, format!("w{second}").as_str().into(), 1.0).await.unwrap();
    }
    assert!(shop.store.claim_outbox(at(27), 1, LEASE).await.unwrap().is_empty());
    let digest = shop.claim_send(at(70)).await;
    shop.store.outbox_sent(at(70), digest, "w70".into(), 1.0).await.unwrap();
    assert_eq!(shop.figure("SELECT count(*) FROM notifications WHERE state = 'sent'"), 291, "each was told of");
    calls(&shop, 200, 400, six_a_minute()).await;
    assert_eq!(
        shop.figure("SELECT count(*) FROM outbox WHERE payload ->> '$.text' = 'llama 400'"),
        1,
        "a quiet minute later"
    );
}
