//! People take chats over and give them back; LUISA never speaks over them.

use luisa_store::*;

use crate::shop::*;

async fn mode_of(shop: &Shop, chat: &ConversationId) -> Mode {
    shop.store.peek(chat).await.unwrap().conversation.mode
}

#[tokio::test]
async fn an_echo_takes_the_chat_and_the_pending_messages_stay() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    assert_eq!(shop.accept_one(at(1), echo(at(1), ANA, "e1")).await, Receipt::TakenOver(chat.clone()));
    let turn = shop.claim(at(10)).await.turn;
    assert_eq!(turn.conversation.mode, Mode::HumanActive);
    assert_eq!(turn.conversation.human_by.as_deref(), Some("phone"));
    assert_eq!(turn.conversation.human_since, Some(at(1)));
    assert_eq!(turn.conversation.human_until, Some(at(1 + 12 * 3600)));
    assert_eq!(turn.pending.len(), 1);
    assert_eq!(turn.recent[0].sender, Sender::Human);
}

#[tokio::test]
async fn a_redelivered_echo_does_not_take_the_chat_back_after_it_was_given_back() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    shop.accept_one(at(1), echo(at(1), ANA, "e1")).await;
    shop.store.give_back(at(2), &chat).await.unwrap();
    assert_eq!(shop.accept_one(at(3), echo(at(1), ANA, "e1")).await, Receipt::Duplicate);
    assert_eq!(mode_of(&shop, &chat).await, Mode::AiActive);
}

#[tokio::test]
async fn an_echo_that_arrives_after_its_time_is_recorded_and_takes_nothing() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let late = at(13 * 3600);
    assert_eq!(shop.accept_one(late, echo(at(1), ANA, "e1")).await, Receipt::Applied);
    assert_eq!(mode_of(&shop, &chat).await, Mode::AiActive);
    assert_eq!(shop.store.conversation(&chat, 9).await.unwrap().messages.len(), 2);
}

#[tokio::test]
async fn an_echo_does_not_shorten_what_a_person_already_has() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    shop.store.take_over(at(1), &chat, "carmen", None).await.unwrap();
    shop.accept_one(at(2), echo(at(2), ANA, "e1")).await;
    assert_eq!(shop.store.peek(&chat).await.unwrap().conversation.human_until, None);
    assert_eq!(shop.store.revert_expired(at(999_999)).await.unwrap(), []);
}

#[tokio::test]
async fn a_person_who_takes_over_between_commit_and_send_cancels_the_reply() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    shop.accept_one(at(11), echo(at(11), ANA, "e1")).await;
    assert!(shop.store.claim_outbox(at(12), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.text("SELECT state FROM outbox").unwrap(), "cancelled");
    let messages = shop.store.conversation(&chat, 10).await.unwrap().messages;
    assert_eq!(messages[1].state, MessageState::Cancelled);
    let trace = shop.trace_of("r-m1").await;
    assert_eq!((trace.error_message.as_deref(), trace.whatsapp_send_success), (Some("human_took_over"), None));
    assert_eq!(shop.store.snapshot(at(20)).await.unwrap().errores_count, 0, "it is not an error");
}

#[tokio::test]
async fn a_reply_refused_while_a_person_took_over_is_not_tried_again() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    let sending = shop.claim_send(at(11)).await;
    shop.store.take_over(at(12), &chat, "carmen", Some(at(900))).await.unwrap();
    shop.store.outbox_retry(at(13), sending, at(14), refused("130429")).await.unwrap();
    assert!(shop.store.claim_outbox(at(20), 10, LEASE).await.unwrap().is_empty());
    assert_eq!(shop.text("SELECT state FROM outbox").unwrap(), "cancelled");
}

#[tokio::test]
async fn a_person_who_takes_over_during_a_turn_makes_it_decide_again() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    let claimed = shop.claim(at(5)).await;
    shop.store.take_over(at(6), &chat, "carmen", Some(at(900))).await.unwrap();
    let lost = shop.store.commit_turn(at(7), claimed.claim, replying(&chat, "m1", "¡Compre!")).await;
    assert!(matches!(lost, Err(StoreError::Conflict(_))));
    let again = shop.claim(at(7)).await;
    assert_eq!(again.turn.conversation.mode, Mode::HumanActive);
    shop.store.commit_turn(at(8), again.claim, replying(&chat, "m1", "Ya la atienden")).await.unwrap();
    assert_eq!(shop.claim_send(at(9)).await.row().payload["text"], "Ya la atienden", "a courtesy may still be sent");
}

#[tokio::test]
async fn a_person_answers_from_the_console() {
    let shop = Shop::open();
    let (chat, _) = shop.answers(at(0), ANA, "m1", "¿Cuál máquina?").await;
    let taking = ("carmen".to_owned(), Some(at(900)));
    let queued = shop.store.answer_as_person(at(11), &chat, taking, reply("Hola Ana")).await.unwrap().unwrap();
    let sending = shop.claim_send(at(11)).await;
    assert_eq!((sending.row().id, sending.row().purpose), (queued, Purpose::Console));
    let messages = shop.store.conversation(&chat, 10).await.unwrap().messages;
    let states: Vec<_> = messages.iter().map(|row| (row.sender, row.state)).collect();
    let expected = [
        (Sender::Customer, MessageState::Received),
        (Sender::Luisa, MessageState::Cancelled),
        (Sender::Human, MessageState::Queued),
    ];
    assert_eq!(states, expected);
}

#[tokio::test]
async fn a_chat_reverts_to_luisa_when_its_time_with_a_person_ends() {
    let shop = Shop::open();
    let ana = shop.says(at(0), ANA, "m1", "hola").await;
    let luz = shop.says(at(0), LUZ, "m2", "hola").await;
    shop.store.take_over(at(1), &ana, "carmen", Some(at(100))).await.unwrap();
    shop.store.take_over(at(1), &luz, "carmen", Some(at(200))).await.unwrap();
    assert_eq!(shop.store.revert_expired(at(99)).await.unwrap(), []);
    assert_eq!(shop.store.revert_expired(at(100)).await.unwrap(), std::slice::from_ref(&ana));
    assert_eq!(shop.store.revert_expired(at(101)).await.unwrap(), []);
    assert_eq!((mode_of(&shop, &ana).await, mode_of(&shop, &luz).await), (Mode::AiActive, Mode::HumanActive));
}

// An urgent handoff opened at 10 s, with its notice.
async fn urgent(shop: &Shop) -> ConversationId {
    let chat = shop.says(at(0), ANA, "m1", "bota chispas").await;
    let claimed = shop.claim(at(10)).await;
    let mut turn = replying(&chat, "m1", "Desconéctela");
    turn.mode = Some(ModeChange { mode: Mode::HumanActive, human_until: Some(at(43_200)), by: None });
    turn.handoff = Some(HandoffChange::Open(NewHandoff { priority: "urgent".to_owned(), ..new_handoff() }));
    turn.notices.push(notice(Some(LUZ)));
    shop.store.commit_turn(at(10), claimed.claim, turn).await.unwrap();
    chat
}

const QUARTER: i64 = 900;

async fn waiting(shop: &Shop, seconds: i64) -> Vec<HandoffRow> {
    shop.store.urgent_waiting(at(seconds - QUARTER), at(seconds - 3600)).await.unwrap()
}

#[tokio::test]
async fn an_urgent_customer_whom_nobody_answers_is_told_of_again_every_quarter_of_an_hour() {
    let shop = Shop::open();
    urgent(&shop).await;
    assert!(waiting(&shop, 900).await.is_empty(), "the team was told less than a quarter of an hour ago");
    let due = waiting(&shop, 911).await;
    assert_eq!(due.len(), 1);
    let told = |seconds: i64| shop.store.remind(at(seconds), &due[0], at(seconds - QUARTER), notice(Some(LUZ)));
    assert!(told(911).await.unwrap());
    assert!(!told(912).await.unwrap(), "another worker comes too late");
    assert_eq!(shop.figure("SELECT raised FROM handoffs"), 1);
    assert_eq!(shop.figure("SELECT count(*) FROM notifications WHERE state = 'queued'"), 2);
    assert!(waiting(&shop, 1_800).await.is_empty());
    assert_eq!(waiting(&shop, 1_812).await.len(), 1);
    assert!(waiting(&shop, 3_700).await.is_empty(), "after an hour nobody is told any more");
}

#[tokio::test]
async fn nobody_is_told_again_of_a_customer_whom_a_person_answered_took_or_gave_back() {
    for how in ["answered", "taken", "given back"] {
        let shop = Shop::open();
        let chat = urgent(&shop).await;
        match how {
            "answered" => drop(shop.accept_one(at(20), echo(at(20), ANA, "e1")).await),
            "taken" => {
                let id = shop.store.handoffs(1).await.unwrap()[0].id;
                shop.store.take_handoff(at(20), id, "carmen").await.unwrap();
            }
            _ => shop.store.give_back(at(20), &chat).await.unwrap(),
        }
        assert!(waiting(&shop, 1_200).await.is_empty(), "{how}");
    }
}

fn greeting(second: i64, wa_id: &str, id: &str, text: &str) -> Arrival {
    let Arrival::Echo(echo) = echo(at(second), wa_id, id) else { panic!("an echo") };
    Arrival::Echo(EchoedMessage { text: Some(text.to_owned()), ..echo })
}

#[tokio::test]
async fn what_the_phone_writes_by_itself_takes_no_chat() {
    let words = "¡Hola! Gracias por comunicarse con nosotros, en un momento le atendemos.";
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    assert_eq!(shop.accept_one(at(2), greeting(2, ANA, "e1", words)).await, Receipt::Applied, "nobody types so fast");
    assert_eq!(mode_of(&shop, &chat).await, Mode::AiActive);
    let slow = shop.says(at(20), LUZ, "m2", "hola").await;
    assert_eq!(
        shop.accept_one(at(32), greeting(32, LUZ, "e2", words)).await,
        Receipt::Applied,
        "others were told the same"
    );
    assert_eq!(mode_of(&shop, &slow).await, Mode::AiActive);
    let typed = greeting(50, ANA, "e3", "Claro que sí, ya le muestro la fileteadora que tenemos");
    assert_eq!(shop.accept_one(at(50), typed).await, Receipt::TakenOver(chat.clone()), "a person");
    shop.says(at(60), ANA, "m3", "y vale?").await;
    shop.store.give_back(at(61), &chat).await.unwrap();
    let quick = greeting(62, ANA, "e4", "Vale un millón doscientos treinta mil pesos, vecina");
    assert_eq!(shop.accept_one(at(62), quick).await, Receipt::TakenOver(chat), "whoever is there may be quick");
}

#[tokio::test]
async fn a_late_copy_does_not_take_back_a_chat_that_was_given_back() {
    let shop = Shop::open();
    let chat = shop.says(at(0), ANA, "m1", "hola").await;
    shop.accept_one(at(30), echo(at(30), ANA, "e1")).await;
    shop.store.give_back(at(60), &chat).await.unwrap();
    assert_eq!(shop.accept_one(at(90), echo(at(40), ANA, "e2")).await, Receipt::Applied);
    assert_eq!(mode_of(&shop, &chat).await, Mode::AiActive);
    assert_eq!(shop.accept_one(at(100), echo(at(99), ANA, "e3")).await, Receipt::TakenOver(chat));
}

#[tokio::test]
async fn a_person_in_the_chat_has_its_handoff_and_giving_back_or_time_ends_it() {
    for end in ["given back", "time"] {
        let shop = Shop::open();
        let chat = shop.says(at(0), ANA, "m1", "quiero comprar").await;
        let claimed = shop.claim(at(10)).await;
        let mut turn = replying(&chat, "m1", "ya le aviso");
        turn.handoff = Some(HandoffChange::Open(new_handoff()));
        shop.store.commit_turn(at(10), claimed.claim, turn).await.unwrap();
        shop.accept_one(at(60), echo(at(60), ANA, "e1")).await;
        let taken = shop.store.handoffs(1).await.unwrap().remove(0);
        assert_eq!(
            (taken.status, taken.taken_by.as_deref(), taken.taken_at),
            (HandoffStatus::Taken, Some("phone"), Some(at(60)))
        );
        if end == "time" {
            assert_eq!(shop.store.revert_expired(at(60 + 13 * 3600)).await.unwrap(), [chat]);
        } else {
            shop.store.give_back(at(99), &chat).await.unwrap();
        }
        assert_eq!(shop.store.handoffs(1).await.unwrap()[0].status, HandoffStatus::Closed, "{end}");
    }
}

#[tokio::test]
async fn the_staffs_words_are_kept_in_chats_about_business_alone() {
    let shop = Shop::open();
    let private = |second, wa_id, id| {
        let Arrival::Echo(echo) = echo(at(second), wa_id, id) else { panic!("an echo") };
        Arrival::Echo(EchoedMessage { words: Words::OfBusiness, ..echo })
    };
    shop.accept_one(at(0), private(0, LUZ, "e1")).await;
    let kept = |id: &str| format!("SELECT coalesce(text, payload) FROM messages WHERE message_id = '{id}'");
    assert_eq!(shop.text(&kept("e1")), None, "of a chat nobody has understood");
    shop.answers(at(10), ANA, "m1", "¿Cuál?").await;
    shop.accept_one(at(60), private(60, ANA, "e2")).await;
    assert_eq!(shop.text(&kept("e2")).as_deref(), Some("Hola, soy Carmen"));
    shop.sql().execute_batch("UPDATE interaction_traces SET is_personal = 1").unwrap();
    shop.accept_one(at(70), private(70, ANA, "e3")).await;
    assert_eq!(shop.text(&kept("e3")), None, "of a private one");
}
