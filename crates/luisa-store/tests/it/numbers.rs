//! Snapshot, counts and the reading of traces.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

/// One answered message whose trace is changed by `change`.
async fn traced(shop: &Shop, second: i64, change: impl FnOnce(&mut TraceRow)) {
    let id = format!("m{second}");
    let chat = shop.says(at(second), ANA, &id, "hola").await;
    let claimed = shop.claim(at(second + 2)).await;
    let mut turn = TurnCommit::silent(format!("r-{id}").into(), json!({}));
    let mut row = trace(&chat, &turn.request_id, &id);
    change(&mut row);
    turn.traces.push(row);
    shop.store.commit_turn(at(second + 2), claimed.claim, turn).await.unwrap();
}

#[tokio::test]
async fn an_empty_hour_has_no_percentages() {
    let shop = Shop::open();
    let snapshot = shop.store.snapshot(at(0)).await.unwrap();
    let expected = json!({"total_msgs_60m": 0, "pct_personal": null, "pct_handoff": null, "pct_openai": null,
        "errores_count": 0, "p95_latency_ms": null, "undelivered_notices_60m": 0});
    assert_eq!(serde_json::to_value(snapshot).unwrap(), expected);
}

#[tokio::test]
async fn the_snapshot_counts_the_last_hour_only() {
    let shop = Shop::open();
    traced(&shop, 0, |row| row.latency_ms = Some(9_000.0)).await;
    for (index, second) in (4_000..4_030).step_by(10).enumerate() {
        traced(&shop, second, |row| {
            row.latency_ms = Some(1.0 + index as f64);
            row.is_personal = index == 0;
            row.openai_called = index == 1;
            row.handoff_reason = (index < 2).then(|| "cierre".to_owned());
            row.openai_error = (index == 1).then(|| "timeout".to_owned());
        })
        .await;
    }
    let snapshot = shop.store.snapshot(at(4_100)).await.unwrap();
    assert_eq!(snapshot.total_msgs_60m, 3);
    assert_eq!(
        (snapshot.pct_personal, snapshot.pct_handoff, snapshot.pct_openai),
        (Some(33.33), Some(66.67), Some(33.33))
    );
    assert_eq!((snapshot.errores_count, snapshot.p95_latency_ms), (1, Some(3.0)));
}

#[tokio::test]
async fn the_95th_percentile_is_the_nearest_rank() {
    let shop = Shop::open();
    for index in 1..=20_i64 {
        traced(&shop, index * 5, |row| row.latency_ms = Some(index as f64)).await;
    }
    assert_eq!(shop.store.snapshot(at(200)).await.unwrap().p95_latency_ms, Some(19.0));
    traced(&shop, 300, |row| row.latency_ms = Some(21.0)).await;
    assert_eq!(shop.store.snapshot(at(310)).await.unwrap().p95_latency_ms, Some(20.0));
}

#[tokio::test]
async fn counts_tell_what_piles_up() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "hola").await;
    shop.says(at(20), LUZ, "m2", "hola").await;
    shop.store.take_over(at(21), &chat, "carmen", None).await.unwrap();
    let counts = shop.store.counts().await.unwrap();
    assert_eq!((counts.conversations, counts.human_active), (2, 1));
    assert_eq!((counts.inbox_pending, counts.inbox_oldest_at), (1, Some(at(20))));
    assert_eq!((counts.outbox_waiting, counts.outbox_oldest_at), (0, None));
}

#[tokio::test]
async fn traces_are_read_newest_first_in_pages_and_by_what_they_are_about() {
    let shop = Shop::open();
    for second in [0, 10, 20] {
        traced(&shop, second, |_| {}).await;
    }
    let all = TraceFilter { limit: 2, ..TraceFilter::default() };
    let page = shop.store.traces(all.clone()).await.unwrap();
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [3, 2]);
    let rest = shop.store.traces(TraceFilter { before_id: Some(2), ..all.clone() }).await.unwrap();
    assert_eq!(rest.iter().map(|row| row.created_at).collect::<Vec<_>>(), [at(2)]);
    let recent = shop.store.traces(TraceFilter { since: Some(at(12)), limit: 9, ..all.clone() }).await.unwrap();
    assert_eq!(recent.len(), 2);
    let other = TraceFilter { conversation: Some("wa_nobody".into()), ..all };
    assert_eq!(shop.store.traces(other).await.unwrap(), []);
}

#[tokio::test]
async fn the_chats_that_changed_last_come_first() {
    let shop = Shop::open();
    let ana = shop.says(at(0), ANA, "m1", "hola").await;
    let luz = shop.says(at(5), LUZ, "m2", "hola").await;
    let ids = |rows: Vec<ConversationRow>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(shop.store.conversations(9).await.unwrap()), [luz.clone(), ana.clone()]);
    shop.says(at(9), ANA, "m3", "¿hola?").await;
    assert_eq!(ids(shop.store.conversations(9).await.unwrap()), [ana, luz]);
}
