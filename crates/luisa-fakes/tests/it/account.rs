//! Media, the phone number, templates and subscriptions.

use crate::world::{Caller, answer};
use luisa_fakes::meta::{Account, Template};
use luisa_fakes::{Behaviour, Endpoint, FakeMeta, Fate, graph_error};
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

#[tokio::test]
async fn an_uploaded_file_can_be_sent_looked_up_and_downloaded() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let (status, body) = answer(upload(&caller, &meta, "image/png", vec![7; 100])).await;
    assert_eq!(status, 200);
    let id = body["id"].as_str().unwrap();
    assert_eq!(body, json!({ "id": id }));
    let recorded = &meta.uploads()[0];
    assert_eq!((recorded.size, recorded.mime_type.as_str()), (100, "image/png"));
    assert_eq!(recorded.filename.as_deref(), Some("foto.png"));
    assert_eq!(caller.send(&crate::world::message("image", json!({ "id": id }))).await.0, 200);

    let (_, found) = answer(caller.get(id)).await;
    assert_eq!((&found["file_size"], &found["mime_type"]), (&json!(100), &json!("image/png")));
    let url = found["url"].as_str().unwrap();
    let file = caller.http.get(url).bearer_auth("token").send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.bytes().await.unwrap(), vec![7; 100]);
    assert_eq!(meta.recorded().downloads, [id]);
}

#[tokio::test]
async fn a_download_needs_the_token_a_user_agent_and_a_fresh_url() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let voice = meta.put_media("audio/ogg; codecs=opus", b"opus".to_vec());
    let (_, found) = answer(caller.get(&voice.id)).await;
    let url = found["url"].as_str().unwrap();
    assert_eq!(caller.http.get(url).send().await.unwrap().status(), 401);
    let bare = reqwest::Client::builder().timeout(crate::world::SOON).build().unwrap();
    assert_eq!(bare.get(url).bearer_auth("token").send().await.unwrap().status(), 403);
    meta.expire_media_urls();
    assert_eq!(caller.http.get(url).bearer_auth("token").send().await.unwrap().status(), 404);
    let (_, again) = answer(caller.get(&voice.id)).await;
    let fresh = caller.http.get(again["url"].as_str().unwrap()).bearer_auth("token").send().await.unwrap();
    assert_eq!(fresh.status(), 200);
    meta.expire_media(&voice.id);
    let (status, gone) = answer(caller.get(&voice.id)).await;
    assert_eq!((status, &gone["error"]["code"], &gone["error"]["error_subcode"]), (400, &json!(100), &json!(33)));
}

#[tokio::test]
async fn the_hash_is_base64_in_webhooks_hex_in_the_lookup_and_can_be_made_wrong() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let photo = meta.put_media("image/jpeg", b"abc".to_vec());
    assert_eq!(photo.sha256, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    let (_, found) = answer(caller.get(&photo.id)).await;
    assert_eq!(found["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    meta.corrupt_media(&photo.id);
    let file = caller.http.get(found["url"].as_str().unwrap()).bearer_auth("token").send().await.unwrap();
    assert_ne!(file.bytes().await.unwrap(), b"abc".as_slice());
}

#[tokio::test]
async fn uploads_have_types_and_sizes() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let mib = 1024 * 1024;
    for (mime_type, size, code) in [
        ("image/jpeg", 5 * mib + 1, 131053),
        ("audio/ogg", 16 * mib + 1, 131053),
        ("image/gif", 10, 100),
        ("image/png", 0, 131008),
    ] {
        let (_, body) = answer(upload(&caller, &meta, mime_type, vec![0; size])).await;
        assert_eq!(body["error"]["code"], code, "{mime_type} {size}");
    }
    assert_eq!(answer(upload(&caller, &meta, "image/jpeg", vec![0; 5 * mib])).await.0, 200);
    let url = format!("{}/v26.0/{}/media", meta.base_url(), meta.account().phone_number_id);
    let without_product = Form::new().part("file", Part::bytes(vec![1]).mime_str("image/png").unwrap());
    let (status, _) = answer(caller.http.post(&url).bearer_auth("token").multipart(without_product)).await;
    assert_eq!(status, 400);
    let (status, body) = answer(caller.http.post(&url).bearer_auth("token").json(&json!({}))).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!(100)));
    assert_eq!(meta.uploads().len(), 1);
}

#[tokio::test]
async fn media_endpoints_fail_on_command() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.fail_next_at(Endpoint::MediaUpload, 1, graph_error(131053));
    assert_eq!(answer(upload(&caller, &meta, "image/png", vec![1])).await.0, 400);
    assert!(meta.uploads().is_empty());
    let photo = meta.put_media("image/jpeg", b"abc".to_vec());
    meta.fail_next_at(Endpoint::MediaLookup, 1, Behaviour::Gateway(503));
    assert_eq!(caller.get(&photo.id).send().await.unwrap().status(), 503);
    let (_, found) = answer(caller.get(&photo.id)).await;
    meta.fail_next_at(Endpoint::MediaDownload, 1, Behaviour::Reset(Fate::Lost));
    let broken = caller.http.get(found["url"].as_str().unwrap()).bearer_auth("token").send().await.unwrap();
    broken.bytes().await.unwrap_err();
}

#[tokio::test]
async fn the_phone_number_tells_its_fields() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    let id = meta.account().phone_number_id.clone();
    let (_, phone) = answer(caller.get(&id)).await;
    assert_eq!((&phone["id"], &phone["quality_rating"]), (&json!(id), &json!("GREEN")));
    meta.set_phone_field("quality_rating", json!("RED"));
    let (_, chosen) = answer(caller.get(&format!("{id}?fields=quality_rating,throughput"))).await;
    assert_eq!(chosen, json!({ "id": id, "quality_rating": "RED", "throughput": { "level": "STANDARD" } }));
}

#[tokio::test]
async fn the_account_lists_templates_and_subscribed_apps() {
    let meta = FakeMeta::start().await;
    let caller = Caller::of(&meta);
    meta.add_template(Template::approved("aviso_equipo", "es_CO", 3));
    meta.add_template(Template { status: "PENDING".into(), ..Template::approved("otro", "es_CO", 0) });
    let (_, page) = answer(caller.account("message_templates")).await;
    let listed: Vec<(&Value, &Value)> =
        page["data"].as_array().unwrap().iter().map(|item| (&item["name"], &item["status"])).collect();
    assert_eq!(listed, [(&json!("aviso_equipo"), &json!("APPROVED")), (&json!("otro"), &json!("PENDING"))]);
    assert_eq!(page["data"][0]["components"][0]["text"], "{{1}} {{2}} {{3}}");
    let (_, filtered) = answer(caller.account("message_templates?name=otro")).await;
    assert_eq!(filtered["data"].as_array().unwrap().len(), 1);
    let (_, apps) = answer(caller.account("subscribed_apps")).await;
    assert!(apps["data"][0]["whatsapp_business_api_data"]["id"].is_string());
    meta.unsubscribe();
    assert_eq!(answer(caller.account("subscribed_apps")).await.1, json!({ "data": [] }));
}

#[tokio::test]
async fn a_service_with_its_own_ids_can_be_served_at_a_known_address() {
    let first = FakeMeta::start().await;
    let account = Account { phone_number_id: "555".into(), ..Account::default() };
    assert!(FakeMeta::start_at(first.address(), account.clone()).await.is_err(), "the address is taken");
    let meta = FakeMeta::start_at("127.0.0.1:0".parse().unwrap(), account).await.unwrap();
    assert_eq!(answer(Caller::of(&meta).get("555")).await.1["id"], "555");
}

fn upload(caller: &Caller, meta: &FakeMeta, mime_type: &str, bytes: Vec<u8>) -> RequestBuilder {
    let file = Part::bytes(bytes).file_name("foto.png").mime_str(mime_type).unwrap();
    let form = Form::new().text("messaging_product", "whatsapp").text("type", mime_type.to_owned()).part("file", file);
    let url = format!("{}/v26.0/{}/media", meta.base_url(), meta.account().phone_number_id);
    caller.http.post(url).bearer_auth("token").multipart(form)
}
