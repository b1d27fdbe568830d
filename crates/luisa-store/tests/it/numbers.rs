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
        "errores_count": 0, "p95_latency_ms": null, "pct_cache_hit": null, "undelivered_notices_60m": 0,
        "send_failures_60m": {}, "unanswered_msgs": 0, "oldest_unanswered_s": null, "parked_msgs": 0, "unsent_msgs": 0,
        "oldest_unsent_s": null, "dead_letters": 0, "unknown_sends": 0, "held_sends": 0, "handoffs_open": 0,
        "longest_handoff_wait_s": null, "modes": {"AI_ACTIVE": 0, "HUMAN_ACTIVE": 0}, "last_backup_age_s": null});
    assert_eq!(serde_json::to_value(snapshot).unwrap(), expected);
    let unasked = ModelUse { model_calls_today: 0, model_spend_today_usd: Some(0.0) };
    assert_eq!(
        shop.store.model_use(at(0)).await.unwrap(),
        unasked,
        "nothing asked is nothing spent, and that is known"
    );
}

/// Two hours of a shop, one row of each table every half minute, none like the one before it.
const LIVED: &str = "
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 239),
        row AS (SELECT i, strftime('%Y-%m-%d %H:%M:%f', '2026-11-20 15:00:00', '+' || (i * 30) || ' seconds') AS at FROM n)
    INSERT INTO conversations (id, channel, mode, created_at, updated_at)
        SELECT 'c' || i, 'api', iif(i % 7 = 3, 'HUMAN_ACTIVE', 'AI_ACTIVE'), at, at FROM row;
    WITH row AS (SELECT CAST(substr(id, 2) AS INTEGER) AS i, id, created_at AS at FROM conversations)
    INSERT INTO interaction_traces (request_id, conversation_id, channel, classification, is_personal, handoff_reason, cache_hit,
            openai_called, openai_cost_usd, openai_error, whatsapp_send_success, error_message, decision_path, conversation_mode,
            latency_ms, created_at)
        SELECT 'r' || i, id, 'api', iif(i % 3 = 0, 'BUSINESS_FAQ', 'BUSINESS_CONSULT'), i % 11 = 0, iif(i % 5 = 0, 'cierre', NULL),
            i % 4 = 0, i % 6 = 0, iif(i % 12 = 0, i / 1000.0, NULL), iif(i % 30 = 0, 'timeout', NULL),
            CASE i % 13 WHEN 0 THEN 0 WHEN 1 THEN NULL ELSE 1 END, iif(i % 17 = 0, 'human_took_over', iif(i % 19 = 0, 'x', NULL)),
            CASE i % 3 WHEN 0 THEN 'a->cache_hit->b' WHEN 1 THEN 'a->cache_miss->b' ELSE 'a->cache_skip->b' END, 'AI_ACTIVE', iif(i % 8 = 7, NULL, (i * 37 % 101) / 10.0), at FROM row;
    WITH row AS (SELECT CAST(substr(id, 2) AS INTEGER) AS i, id, created_at AS at FROM conversations)
    INSERT INTO outbox (opaque, lane, conversation_id, purpose, recipient, payload, state, due_at, error_code, created_at)
        SELECT 'o' || i, id, id, 'reply', '{}', '{}',
            CASE i % 9 WHEN 0 THEN 'dead' WHEN 1 THEN 'unknown' WHEN 2 THEN 'held' WHEN 3 THEN 'due' ELSE 'sent' END, at,
            CASE WHEN i % 9 > 3 OR i % 5 = 0 THEN NULL WHEN i % 2 = 0 THEN '131026' ELSE 'timeout' END, at FROM row;
    INSERT INTO inbox (conversation_id, message_id, payload, provider_at, received_at)
        SELECT id, 'm' || id, '{}', created_at, created_at FROM conversations WHERE id IN ('c200', 'c210', 'c220');
    INSERT INTO handoffs (conversation_id, team, priority, reason, summary, status, created_at, updated_at)
        SELECT id, 'comercial', 'high', 'cierre', '', iif(id LIKE '%5', 'open', 'closed'), created_at, created_at FROM conversations;
    INSERT INTO notifications (conversation_id, team, body, state, created_at)
        SELECT id, 'comercial', '', iif(id LIKE '%1', 'failed', iif(id LIKE '%2', 'held', 'sent')), created_at FROM conversations;";

#[tokio::test]
async fn every_figure_is_that_of_a_query_by_hand() {
    let shop = Shop::open();
    shop.sql().execute_batch(LIVED).unwrap();
    let now = at(7_201);
    let hour = "created_at > '2026-11-20 16:00:01.000'";
    let figure = |sql: &str| shop.sql().query_row(&sql.replace("HOUR", hour), [], |row| row.get::<_, f64>(0)).unwrap();
    let by_hand = [
        ("total_msgs_60m", "SELECT count(*) FROM interaction_traces WHERE HOUR"),
        ("pct_personal", "SELECT round(100.0 * avg(is_personal), 2) FROM interaction_traces WHERE HOUR"),
        ("pct_handoff", "SELECT round(100.0 * avg(handoff_reason IS NOT NULL), 2) FROM interaction_traces WHERE HOUR"),
        ("pct_openai", "SELECT round(100.0 * avg(openai_called), 2) FROM interaction_traces WHERE HOUR"),
        (
            "errores_count",
            "SELECT count(*) FROM interaction_traces WHERE HOUR AND (whatsapp_send_success = 0 OR openai_error IS NOT NULL
                OR error_message = 'x')",
        ),
        (
            "p95_latency_ms",
            "SELECT min(latency_ms) FROM (SELECT latency_ms, cume_dist() OVER (ORDER BY latency_ms) AS part
                FROM interaction_traces WHERE HOUR AND latency_ms IS NOT NULL) WHERE part >= 0.95",
        ),
        (
            "pct_cache_hit",
            "SELECT round(100.0 * avg(instr(decision_path, 'hit') > 0), 2) FROM interaction_traces
                WHERE HOUR AND instr(decision_path, 'skip') = 0",
        ),
        ("undelivered_notices_60m", "SELECT count(*) FROM notifications WHERE HOUR AND state <> 'sent'"),
        ("unanswered_msgs", "SELECT 3"),
        ("oldest_unanswered_s", "SELECT 7201 - 200 * 30"),
        ("unsent_msgs", "SELECT count(*) FROM outbox WHERE state = 'due'"),
        ("oldest_unsent_s", "SELECT 7201 - 3 * 30"),
        ("dead_letters", "SELECT count(*) FROM outbox WHERE state = 'dead'"),
        ("unknown_sends", "SELECT count(*) FROM outbox WHERE state = 'unknown'"),
        ("held_sends", "SELECT count(*) FROM outbox WHERE state = 'held'"),
        ("handoffs_open", "SELECT count(*) FROM handoffs WHERE status = 'open'"),
        (
            "longest_handoff_wait_s",
            "SELECT CAST(max((julianday('2026-11-20 17:00:01') - julianday(created_at)) * 86400 + 0.5) AS INTEGER)
                FROM handoffs WHERE status = 'open'",
        ),
    ];
    let snapshot = shop.store.snapshot(now).await.unwrap();
    let snapshot = serde_json::to_value(snapshot).unwrap();
    for (name, sql) in by_hand {
        assert_eq!(snapshot[name].as_f64(), Some(figure(sql)), "{name}: {snapshot}");
    }
    for code in ["131026", "timeout"] {
        let sql = format!("SELECT count(*) FROM outbox WHERE HOUR AND state <> 'sent' AND error_code = '{code}'");
        assert_eq!(snapshot["send_failures_60m"][code].as_f64(), Some(figure(&sql)), "{code}: {snapshot}");
    }
    let nameless = "SELECT count(*) FROM outbox WHERE HOUR AND state IN ('dead', 'held') AND error_code IS NULL";
    assert_eq!(snapshot["send_failures_60m"]["no_code"].as_f64(), Some(figure(nameless)), "{snapshot}");
    for mode in ["AI_ACTIVE", "HUMAN_ACTIVE"] {
        let sql = format!("SELECT count(*) FROM conversations WHERE mode = '{mode}'");
        assert_eq!(snapshot["modes"][mode].as_f64(), Some(figure(&sql)), "{mode}: {snapshot}");
    }
    let today = shop.store.model_use(at(600)).await.unwrap();
    let day = "openai_called = 1 AND created_at >= '2026-11-20 15:10:00.000'";
    let calls = figure(&format!("SELECT count(*) FROM interaction_traces WHERE {day}"));
    let spent = figure(&format!("SELECT sum(openai_cost_usd) FROM interaction_traces WHERE {day}"));
    assert_eq!((today.model_calls_today as f64, today.model_spend_today_usd), (calls, Some(spent)));
}

#[tokio::test]
async fn a_model_without_a_known_price_has_spent_nobody_knows_what() {
    let shop = Shop::open();
    traced(&shop, 0, |row| row.openai_called = true).await;
    let unpriced = ModelUse { model_calls_today: 1, model_spend_today_usd: None };
    assert_eq!(shop.store.model_use(at(0)).await.unwrap(), unpriced);
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
