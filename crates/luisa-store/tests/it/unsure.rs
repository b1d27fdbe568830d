//! The list of chats to look at: on it while nobody knows whose they are, off it when that is settled or taken.

use luisa_store::*;

use crate::shop::*;

async fn decided(shop: &Shop, seconds: i64, id: &str, verdict: &str) -> ConversationId {
    let chat = shop.says(at(seconds), ANA, id, "lo del sábado").await;
    let claimed = shop.claim(at(seconds + 10)).await;
    let mut commit = replying(&chat, id, "Hola");
    for trace in &mut commit.traces {
        trace.verdict = Some(verdict.to_owned());
    }
    shop.store.commit_turn(at(seconds + 10), claimed.claim, commit).await.unwrap();
    chat
}

#[tokio::test]
async fn a_chat_is_to_be_looked_at_until_it_is_settled_or_taken() {
    let shop = Shop::open();
    let chat = decided(&shop, 0, "m1", "unsure").await;
    let listed = shop.store.unsure(9).await.unwrap();
    assert_eq!(listed.iter().map(|c| &c.conversation_id).collect::<Vec<_>>(), [&chat]);
    shop.store.take_over(at(20), &chat, "carmen", None).await.unwrap();
    assert_eq!(shop.store.unsure(9).await.unwrap(), []);
    shop.store.give_back(at(30), &chat).await.unwrap();
    assert_eq!(shop.store.unsure(9).await.unwrap().len(), 1);
    decided(&shop, 40, "m2", "business").await;
    assert_eq!(shop.store.unsure(9).await.unwrap(), []);
}
