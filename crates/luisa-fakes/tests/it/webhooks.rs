//! How payloads travel: bytes, signature, redelivery.

use crate::world::{PHONE, Service, USER_ID};
use luisa_fakes::webhook::{escaped, sign};
use luisa_fakes::{Customer, NotDelivered, Person, Wamids, Webhook, payload};
use serde_json::{Value, json};

#[test]
fn raw_bodies_are_escaped_like_metas_and_mean_the_same() {
    let value = json!({ "text": "¿año 1/2? 🧵 \" \\ \n" });
    let raw = escaped(&value);
    assert_eq!(raw, br#"{"text":"\u00bfa\u00f1o 1\/2? \ud83e\uddf5 \" \\ \n"}"#);
    assert_eq!(serde_json::from_slice::<Value>(&raw).unwrap(), value);
}

#[test]
fn the_signature_is_the_documented_hmac() {
    // The second test case of RFC 4231.
    let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(sign("Jefe", b"what do ya want for nothing?"), expected);
}

#[tokio::test]
async fn a_post_is_signed_over_the_bytes_that_go_out() {
    let service = Service::answering(&[]).await;
    let ana = Person::with_phone(PHONE, "Ana Muñoz");
    let body = payload::text(&ana, "wamid.1", 1_795_000_000, "¿Qué máquinas tienen?");
    let status = Webhook::new(&service.url, Some("secreto")).post(&body).await.unwrap();
    assert_eq!(status, 200);
    let (raw, signature) = &service.raw()[0];
    assert!(raw.is_ascii());
    assert_eq!(signature.as_deref(), Some(sign("secreto", raw).as_str()));
    assert_eq!(service.bodies()[0], body);
}

#[tokio::test]
async fn raw_posts_go_out_as_they_are() {
    let service = Service::answering(&[401]).await;
    let webhook = Webhook::new(&service.url, Some("secreto"));
    assert_eq!(webhook.post_raw("{not json", Some("sha256=00")).await.unwrap(), 401);
    assert_eq!(service.raw()[0], (b"{not json".to_vec(), Some("sha256=00".to_owned())));
    webhook.post_raw("{}", None).await.unwrap();
    assert_eq!(service.raw()[1].1, None);
}

#[tokio::test]
async fn redelivery_goes_on_until_taken_with_the_same_bytes() {
    let service = Service::answering(&[500, 503]).await;
    let webhook = Webhook::new(&service.url, Some("secreto"));
    let body = payload::text(&Person::numbered(1), "wamid.1", 1, "Hola");
    assert_eq!(webhook.post_until_taken(&body, 5).await.unwrap(), 3);
    let raw = service.raw();
    assert!(raw.len() == 3 && raw.iter().all(|post| *post == raw[0]));
    let deaf = Service::answering(&[500; 9]).await;
    let error = Webhook::new(&deaf.url, None).post_until_taken(&body, 2).await.unwrap_err();
    assert!(matches!(error, NotDelivered::Refused { tries: 2, last } if last == 500));
    let nobody = Webhook::new("http://127.0.0.1:1/", None).post_until_taken(&body, 2).await.unwrap_err();
    assert!(matches!(nobody, NotDelivered::Unreachable(_)));
}

#[tokio::test]
async fn the_subscription_check_asks_as_meta_does() {
    let service = Service::answering(&[]).await;
    let (status, query) = Webhook::new(&service.url, None).verify("clave", "1158201444").await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(query, "hub.mode=subscribe&hub.verify_token=clave&hub.challenge=1158201444");
}

#[tokio::test]
async fn a_customer_talks_and_taps_with_fresh_ids() {
    let service = Service::answering(&[]).await;
    let mut ana = Customer::new(Person::without_phone(USER_ID, "Ana", "ana.m"), Webhook::new(&service.url, None), 7);
    let (first, _) = ana.says("Hola").await.unwrap();
    let (second, _) = ana.taps("wamid.shop", "ver", "Ver más").await.unwrap();
    assert_ne!(first, second);
    let message = |n: usize| service.bodies()[n]["entry"][0]["changes"][0]["value"]["messages"][0].clone();
    assert_eq!((&message(0)["id"], &message(0)["text"]["body"]), (&json!(first), &json!("Hola")));
    assert_eq!(message(1)["interactive"]["button_reply"], json!({ "id": "ver", "title": "Ver más" }));
    assert_eq!(message(1)["context"]["id"], "wamid.shop");
    assert!(message(0)["timestamp"].as_str().unwrap().parse::<u64>().unwrap() > 1_700_000_000);
}

#[test]
fn ids_are_the_same_for_the_same_seed_and_all_different() {
    let ids = |seed| {
        let mut wamids = Wamids::new(seed);
        (0..1000).map(|_| wamids.fresh()).collect::<Vec<_>>()
    };
    assert_eq!(ids(1), ids(1));
    let all: std::collections::HashSet<_> = ids(1).into_iter().chain(ids(2)).collect();
    assert_eq!(all.len(), 2000);
    assert!(all.iter().all(|id| id.starts_with("wamid.")));
}
