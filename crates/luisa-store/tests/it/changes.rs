//! Edits and deletions: by the writer, in any order, and wherever the words went.

use luisa_store::*;
use serde_json::json;

use crate::shop::*;

#[tokio::test]
async fn an_edit_that_overtakes_its_message_is_what_gets_answered() {
    let shop = Shop::open();
    assert_eq!(shop.accept_one(at(0), edit(at(0), by_phone(ANA), "m1", "cuánto vale")).await, Receipt::Early);
    assert_eq!(shop.accept_one(at(0), edit(at(0), by_phone(ANA), "m1", "cuánto vale la KT-D3")).await, Receipt::Early);
    shop.says(at(1), ANA, "m1", "hola").await;
    let pending = shop.claim(at(10)).await.turn.pending.remove(0);
    assert_eq!(
        (pending.text.as_deref(), &pending.payload),
        (Some("cuánto vale la KT-D3"), &json!({"text": "cuánto vale la KT-D3"}))
    );
    assert_eq!(shop.figure("SELECT count(*) FROM early_changes"), 0);
}

#[tokio::test]
async fn of_an_early_edit_and_an_early_deletion_the_deletion_counts_in_either_order() {
    for edit_first in [true, false] {
        let shop = Shop::open();
        let mut changes = [edit(at(0), by_phone(ANA), "m1", "otra"), revoke(by_phone(ANA), "m1")];
        if !edit_first {
            changes.reverse();
        }
        for change in changes {
            shop.accept_one(at(0), change).await;
        }
        let late = Arrival::Message(message(at(1), by_phone(ANA), "m1", "hola"));
        assert_eq!(shop.accept_one(at(1), late).await, Receipt::Applied);
        assert_eq!(shop.text("SELECT coalesce(text, payload) FROM messages"), None);
    }
}

#[tokio::test]
async fn a_correction_after_the_answer_is_answered_and_one_of_commas_is_not() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "¡Hola!").await;
    assert_eq!(shop.accept_one(at(20), edit(at(20), by_phone(ANA), "m1", "¡HOLA!")).await, Receipt::Applied);
    let corrected = edit(at(21), by_phone(ANA), "m1", "cuánto vale la KT-D3");
    assert_eq!(shop.accept_one(at(21), corrected.clone()).await, Receipt::Pending(chat.clone()));
    let claimed = shop.claim(at(30)).await;
    assert_eq!(claimed.turn.pending[0].text.as_deref(), Some("cuánto vale la KT-D3"));
    shop.store.commit_turn(at(30), claimed.claim, replying(&chat, "m1b", "$1.230.000")).await.unwrap();
    assert_eq!(shop.accept_one(at(31), corrected).await, Receipt::Applied, "told twice is told once");
    assert_eq!(shop.figure("SELECT count(*) FROM messages WHERE direction = 'in'"), 1);
}

#[tokio::test]
async fn nobody_changes_what_another_wrote_nor_what_we_wrote() {
    let shop = Shop::open();
    let (_, row) = shop.answers(at(0), ANA, "m1", "¿Cuál?").await;
    let sending = shop.claim_send(at(11)).await;
    assert_eq!(sending.row().id, row);
    shop.store.outbox_sent(at(11), sending, "w1".into(), 5.0).await.unwrap();
    shop.says(at(12), LUZ, "l1", "hola").await;
    let before = shop.text("SELECT json_group_array(json_array(text, payload, state)) FROM messages");
    for who in [by_phone(LUZ), by_phone("573005559999")] {
        for change in [edit(at(20), who.clone(), "m1", "otra"), revoke(who.clone(), "m1")] {
            assert_eq!(shop.accept_one(at(20), change).await, Receipt::Unparsed);
        }
    }
    for change in [edit(at(20), by_phone(ANA), "w1", "gratis"), revoke(by_phone(ANA), "w1")] {
        assert_eq!(shop.accept_one(at(20), change).await, Receipt::Unparsed, "it was ours");
    }
    assert_eq!(shop.text("SELECT json_group_array(json_array(text, payload, state)) FROM messages"), before);
    assert_eq!(shop.figure("SELECT count(*) FROM webhook_unparsed WHERE raw LIKE '%gratis%' OR raw LIKE '%otra%'"), 0);
    // Nor before it arrives.
    for change in [edit(at(30), by_phone(LUZ), "m2", "forjado"), revoke(by_phone("573005559999"), "m2")] {
        assert_eq!(shop.accept_one(at(30), change).await, Receipt::Early);
    }
    shop.says(at(31), ANA, "m2", "lo que dije").await;
    assert_eq!(shop.text("SELECT text FROM messages WHERE message_id = 'm2'").as_deref(), Some("lo que dije"));
}

#[tokio::test]
async fn a_deletion_follows_every_copy_of_the_words() {
    let shop = Shop::open();
    let text = "quiero la KT-D3, mi cédula es ZZSECRETO";
    let chat = shop.says(at(0), ANA, "m1", text).await;
    let claimed = shop.claim(at(10)).await;
    let mut turn = replying(&chat, "m1", "Con gusto");
    turn.memory = json!({"version": 1, "slots": {"nombre": {"value": "zzsecreto", "from": "m1"}, "uso": {"value": "cuero", "from": "m0"}},
        "matter": "mi cedula es zzsecreto", "goal": "comprar", "stage": "greeted", "amounts_said": [900_000]});
    turn.traces[0].raw_text = Some(text.to_owned());
    turn.traces[0].normalized_text = Some("mi cedula es zzsecreto".to_owned());
    turn.traces[0].slots = json!({"nombre": "zzsecreto"});
    turn.traces[0].classification_reasons = json!(["zzsecreto"]);
    turn.traces[0].decision_path = "rate_ok->openai:rejected:number:zzsecreto->sent".to_owned();
    let summary = format!("Uso: cuero\nDijo: «{text}»");
    turn.handoff = Some(HandoffChange::Open(NewHandoff {
        summary: summary.clone(),
        lead: json!({"nombre": "ZZSECRETO", "ciudad": "Cereté"}),
        ..new_handoff()
    }));
    turn.notices.push(NewNotice {
        team: "comercial".to_owned(),
        body: format!("Prioridad: alta\n{summary}"),
        letter: Some(NoticeLetter {
            recipient: json!({"phone": LUZ}),
            payload: json!({"letter": "notice", "text": format!("Prioridad: alta\n{summary}")}),
            pace: None,
        }),
    });
    shop.store.commit_turn(at(10), claimed.claim, turn).await.unwrap();
    assert_eq!(shop.accept_one(at(20), revoke(by_phone(ANA), "m1")).await, Receipt::Applied);
    shop.store.empty_log_of_dropped_words().await.unwrap();
    for file in std::fs::read_dir(shop.directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).to_lowercase().contains("zzsecreto"));
    }
    assert_eq!(shop.text("SELECT summary FROM handoffs").as_deref(), Some("Uso: cuero"));
    assert_eq!(shop.text("SELECT body FROM notifications").as_deref(), Some("Prioridad: alta\nUso: cuero"));
    let memory = shop.store.peek(&chat).await.unwrap().conversation.memory;
    assert_eq!(
        memory["slots"],
        json!({"uso": {"value": "cuero", "from": "m0"}}),
        "what others of their messages said stays"
    );
    assert_eq!((&memory["goal"], &memory["stage"]), (&json!("comprar"), &json!("greeted")));
    assert_eq!(shop.trace_of("r-m1").await.decision_path, "rate_ok->openai:rejected->sent");
}

#[tokio::test]
async fn what_the_staff_delete_on_the_phone_is_gone_here_and_nothing_else_of_theirs() {
    let shop = Shop::open();
    shop.says(at(0), ANA, "m1", "hola").await;
    shop.accept_one(at(30), echo(at(30), ANA, "e1")).await;
    let by_staff = |id: &str| Arrival::Revoke { message_id: id.into(), by: Author::Staff(by_phone(ANA)) };
    assert_eq!(
        shop.accept_one(at(31), by_staff("m1")).await,
        Receipt::Unparsed,
        "a customer's words are the customer's"
    );
    assert_eq!(shop.accept_one(at(31), by_staff("e1")).await, Receipt::Applied);
    assert_eq!(shop.text("SELECT text FROM messages WHERE message_id = 'e1'"), None);
}
