//! The client against a server of its own: what it puts on the wire, and what it makes of each answer.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use luisa_whatsapp::client::{NO_CODE, verify_sha256};
use luisa_whatsapp::{Client, Config, ConfigError, Envelope, Fate, MediaError, Outgoing, Recipient, SendError, Typing};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const TOKEN: &str = "EAAsecret123";

#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    uri: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Answer = Arc<dyn Fn(&Seen) -> Response + Send + Sync>;

/// A server that gives one kind of answer and keeps what it was asked.
struct Server {
    base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn answering(answer: impl Fn(&Seen) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let state: (Arc<Mutex<Vec<Seen>>>, Answer) = (seen.clone(), Arc::new(answer));
        let app = axum::Router::new().fallback(record).with_state(state);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base_url, seen }
    }

    async fn json(status: u16, body: Value) -> Self {
        Self::answering(move |_| (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()).await
    }

    fn client(&self) -> Client {
        client(&self.base_url, Duration::from_secs(10))
    }

    fn only(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

async fn record(
    State((seen, answer)): State<(Arc<Mutex<Vec<Seen>>>, Answer)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Seen { method, uri: uri.to_string(), headers, body };
    let response = answer(&request);
    seen.lock().unwrap().push(request);
    response
}

fn config(base_url: &str, timeout: Duration) -> Config {
    Config {
        base_url: base_url.into(),
        api_version: "v26.0".into(),
        phone_number_id: "1065".into(),
        access_token: TOKEN.into(),
        timeout,
    }
}

fn client(base_url: &str, timeout: Duration) -> Client {
    Client::new(config(base_url, timeout)).unwrap()
}

fn hello() -> Envelope {
    Envelope::new(Recipient::Phone("573005550001".into()), Outgoing::text("Hola"))
}

/// A socket that reads one request and then does as it is told.
async fn socket(reply: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(reply).await.unwrap();
        if reply.is_empty() {
            std::future::pending::<()>().await;
        }
    });
    base_url
}

#[tokio::test]
async fn a_message_goes_out_as_documented_and_its_id_comes_back() {
    let server = Server::json(
        200,
        json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": "573005550001", "wa_id": "573005550001", "user_id": "CO.1" }],
            "messages": [{ "id": "wamid.OUT", "message_status": "accepted" }],
        }),
    )
    .await;
    let accepted = server.client().send(&hello()).await.unwrap();
    assert_eq!((accepted.message_id.as_str(), accepted.wa_id.as_deref()), ("wamid.OUT", Some("573005550001")));
    assert_eq!((accepted.user_id.as_deref(), accepted.message_status.as_deref()), (Some("CO.1"), Some("accepted")));

    let seen = server.only();
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v26.0/1065/messages"));
    assert_eq!(seen.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(seen.header("content-type"), "application/json");
    assert_eq!(seen.json(), hello().to_json());
}

#[tokio::test]
async fn reading_a_message_shows_typing_only_when_asked() {
    let server = Server::json(200, json!({ "success": true })).await;
    server.client().mark_read("wamid.IN", Typing::Show).await.unwrap();
    server.client().mark_read("wamid.IN", Typing::No).await.unwrap();
    let bodies: Vec<Value> = server.seen.lock().unwrap().iter().map(Seen::json).collect();
    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN" });
    let mut typing = read.clone();
    typing["typing_indicator"] = json!({ "type": "text" });
    assert_eq!(bodies, [typing, read]);
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_a_slash_at_its_end() {
    let server = Server::json(200, json!({ "success": true })).await;
    let base_url = format!("{}/provider/", server.base_url);
    client(&base_url, Duration::from_secs(10)).mark_read("wamid.IN", Typing::No).await.unwrap();
    assert_eq!(server.only().uri, "/provider/v26.0/1065/messages");
}

#[tokio::test]
async fn a_refusal_says_its_code_and_details() {
    let body = json!({ "error": {
        "message": "(#131056) Pair rate limit", "type": "OAuthException", "code": 131_056, "error_subcode": 2_494_055,
        "is_transient": true, "error_data": { "messaging_product": "whatsapp", "details": "Too many to this person" },
        "fbtrace_id": "A1",
    } });
    let server = Server::answering(move |_| {
        (StatusCode::BAD_REQUEST, [("retry-after", "12")], body.to_string()).into_response()
    })
    .await;
    let error = server.client().send(&hello()).await.unwrap_err();
    let expected = SendError::Api {
        http_status: 400,
        code: 131_056,
        subcode: Some(2_494_055),
        details: "Too many to this person".into(),
        is_transient: true,
        retry_after: Some(Duration::from_secs(12)),
    };
    assert_eq!(error, expected);
}

#[tokio::test]
async fn errors_of_every_other_shape_keep_their_status() {
    let cases = [
        (400, r#"{"error":{"message":"Bad","code":100}}"#, 100, "Bad"),
        (401, r#"{"error":{"message":"Expired","code":0,"error_data":"not an object"}}"#, 0, "Expired"),
        (503, "<html>upstream</html>", NO_CODE, "the answer does not say why"),
        (429, "", NO_CODE, "the answer does not say why"),
        (500, r#"{"error":"text"}"#, NO_CODE, "the answer does not say why"),
        (200, r#"{"error":{"message":"In a 200","code":131026}}"#, 131_026, "In a 200"),
    ];
    for (status, body, code, details) in cases {
        let server = Server::answering(move |_| (StatusCode::from_u16(status).unwrap(), body).into_response()).await;
        let error = server.client().send(&hello()).await.unwrap_err();
        let SendError::Api { http_status, code: found, details: said, .. } = error else { panic!("{error:?}") };
        assert_eq!((http_status, found, said.as_str()), (status, code, details));
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_unknown() {
    let error = client(&socket(b"").await, Duration::from_secs(1)).send(&hello()).await.unwrap_err();
    assert_eq!(error, SendError::Timeout);
    assert!(error.outcome_unknown());
}

#[tokio::test]
async fn an_answer_that_stops_half_way_is_unknown() {
    let replies: [&'static [u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"messages\"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnope",
    ];
    for reply in replies {
        let error = client(&socket(reply).await, Duration::from_secs(10)).send(&hello()).await.unwrap_err();
        assert!(matches!(error, SendError::Broken(_)), "{error:?}");
        assert_eq!(Fate::of_error(&error), Fate::Unknown);
    }
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_is_unknown() {
    let error = client(&socket(b"\r\n").await, Duration::from_secs(10)).send(&hello()).await.unwrap_err();
    assert!(error.outcome_unknown(), "{error:?}");
}

#[tokio::test]
async fn a_refusal_cut_short_is_still_a_refusal() {
    let reply = b"HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{\"error\"";
    let error = client(&socket(reply).await, Duration::from_secs(10)).send(&hello()).await.unwrap_err();
    assert!(matches!(error, SendError::Api { http_status: 500, code: NO_CODE, .. }), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_never_reached_anybody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&base_url, Duration::from_secs(10)).send(&hello()).await.unwrap_err();
    assert!(matches!(error, SendError::Connect(_)), "{error:?}");
    assert!(!error.outcome_unknown());
}

#[tokio::test]
async fn the_token_is_in_no_debug_and_no_error_even_when_meta_quotes_it() {
    let body = json!({ "error": { "message": format!("Malformed access token {TOKEN}"), "code": 190 } });
    let server = Server::json(401, body).await;
    let client = server.client();
    let error = client.send(&hello()).await.unwrap_err();
    assert_eq!(error.to_string(), "WhatsApp refused (HTTP 401, code 190): Malformed access token ***");
    let config = config(&server.base_url, Duration::from_secs(1));
    for text in [format!("{client:?}"), format!("{config:?}"), format!("{error:?}")] {
        assert!(!text.contains(TOKEN), "{text}");
    }
}

#[tokio::test]
async fn settings_that_can_never_work_are_refused_at_once() {
    let with = |change: fn(&mut Config)| {
        let mut config = config("https://graph.example", Duration::from_secs(1));
        change(&mut config);
        Client::new(config).map(drop)
    };
    assert_eq!(with(|config| config.base_url = "graph.example".into()), Err(ConfigError::BaseUrl));
    assert_eq!(with(|config| config.base_url = "ftp://graph.example".into()), Err(ConfigError::BaseUrl));
    assert_eq!(with(|config| config.phone_number_id = " ".into()), Err(ConfigError::Empty("phone number id")));
    assert_eq!(with(|config| config.access_token = "".into()), Err(ConfigError::Empty("access token")));
    assert_eq!(with(|config| config.access_token = "two words".into()), Err(ConfigError::Token));
    // A line break at the end of a secret's file.
    assert_eq!(with(|config| config.access_token = "EAA\n".into()), Ok(()));
}

#[tokio::test]
async fn a_file_is_uploaded_as_a_form() {
    let server = Server::json(200, json!({ "id": "900" })).await;
    let id = server.client().upload_media(b"JPEG".to_vec(), "image/jpeg", "plana.jpg").await.unwrap();
    assert_eq!(id.0, "900");
    let seen = server.only();
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "/v26.0/1065/media"));
    assert!(seen.header("content-type").starts_with("multipart/form-data"));
    let form = String::from_utf8(seen.body.to_vec()).unwrap();
    for part in [
        "name=\"messaging_product\"\r\n\r\nwhatsapp\r\n",
        "name=\"type\"\r\n\r\nimage/jpeg\r\n",
        "name=\"file\"; filename=\"plana.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\n",
    ] {
        assert!(form.contains(part), "{part} in {form}");
    }
}

#[tokio::test]
async fn a_file_nobody_would_take_is_not_uploaded() {
    let server = Server::json(200, json!({ "id": "900" })).await;
    let large = server.client().upload_media(vec![0; 5 * 1024 * 1024 + 1], "image/png", "a.png").await;
    assert_eq!(large, Err(MediaError::TooLarge { limit: 5 * 1024 * 1024 }));
    let nameless = server.client().upload_media(vec![0], "not a mime", "a").await;
    assert_eq!(nameless, Err(MediaError::BadMime("not a mime".into())));
    assert!(server.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_is_found_downloaded_and_verified() {
    let server = Server::answering(|seen| match seen.uri.as_str() {
        "/file" => "abc".into_response(),
        _ => {
            let url = format!("http://{}/file", seen.header("host"));
            let hash = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
            json!({ "id": "900", "url": url, "mime_type": "image/jpeg", "sha256": hash, "file_size": 3 })
                .to_string()
                .into_response()
        }
    })
    .await;
    let client = server.client();
    let location = client.media_url("900").await.unwrap();
    assert_eq!((location.mime_type.as_deref(), location.file_size), (Some("image/jpeg"), Some(3)));
    let bytes = client.download_media(&location.url, 3).await.unwrap();
    assert_eq!(verify_sha256(&bytes, &location.sha256.unwrap()), Ok(()));
    assert_eq!(client.download_media(&location.url, 2).await, Err(MediaError::TooLarge { limit: 2 }));

    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].uri, "/v26.0/900?phone_number_id=1065");
    assert_eq!(seen[1].header("authorization"), format!("Bearer {TOKEN}"));
    assert!(seen[1].header("user-agent").starts_with("luisa-whatsapp/"));
}

#[tokio::test]
async fn an_expired_file_is_an_error_with_its_status() {
    let server = Server::json(404, json!({})).await;
    let error = server.client().download_media(&format!("{}/file", server.base_url), 9).await.unwrap_err();
    assert!(matches!(error, MediaError::Call(SendError::Api { http_status: 404, .. })), "{error:?}");
}

#[tokio::test]
async fn the_token_goes_to_no_other_host() {
    let thief = Server::json(200, json!({})).await;
    let client = client("https://graph.example", Duration::from_secs(1));
    let urls = [
        thief.base_url.as_str(),
        "https://evil-fbsbx.com/a",
        "https://fbsbx.com.evil.example/a",
        "http://lookaside.fbsbx.com/a",
        "not a url",
    ];
    for url in urls {
        assert_eq!(client.download_media(url, 9).await, Err(MediaError::UntrustedHost), "{url}");
    }
    assert!(thief.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_id_from_outside_cannot_leave_its_place_in_the_url() {
    let server = Server::json(200, json!({ "url": "x" })).await;
    server.client().media_url("900/../../evil?x=1#y").await.unwrap();
    assert_eq!(server.only().uri, "/v26.0/900%2F..%2F..%2Fevil%3Fx=1%23y?phone_number_id=1065");
}

#[tokio::test]
async fn the_number_the_templates_and_the_subscriptions_can_be_asked_for() {
    let server = Server::answering(|seen| {
        let answer = match seen.uri.as_str() {
            uri if uri.starts_with("/v26.0/1065?fields=") => {
                json!({ "id": "1065", "display_phone_number": "+57 300 5550000", "quality_rating": "GREEN" })
            }
            "/v26.0/1022/subscribed_apps" => {
                json!({ "data": [{ "whatsapp_business_api_data": { "id": "7", "name": "Tienda" } }] })
            }
            uri if uri.contains("after=c1") => json!({
                "data": [{ "name": "otra", "language": "es", "status": "PAUSED" }, { "name": "no language" }],
                "paging": { "cursors": { "after": "c2" } },
            }),
            _ => json!({
                "data": [{
                    "name": "aviso", "language": "es_CO", "status": "APPROVED", "category": "UTILITY",
                    "components": [{ "type": "HEADER", "text": "no" }, { "type": "BODY", "text": "Hay un aviso: {{1}}" }],
                }],
                "paging": { "cursors": { "after": "c1" }, "next": "https://graph.example/next" },
            }),
        };
        answer.to_string().into_response()
    })
    .await;
    let client = server.client();
    let number = client.phone_number_info().await.unwrap();
    assert_eq!((number.id.as_str(), number.quality_rating.as_deref()), ("1065", Some("GREEN")));
    let apps = client.subscribed_apps("1022").await.unwrap();
    assert_eq!(apps[0].name.as_deref(), Some("Tienda"));
    let templates = client.message_templates("1022").await.unwrap();
    let short: Vec<_> = templates.iter().map(|found| (found.name.as_str(), found.status.as_str())).collect();
    assert_eq!(short, [("aviso", "APPROVED"), ("otra", "PAUSED")]);
    assert_eq!(templates[0].body.as_deref(), Some("Hay un aviso: {{1}}"));
}

#[tokio::test]
async fn the_apps_webhook_is_asked_for_with_the_apps_own_token() {
    let fields = json!([{ "name": "messages", "version": "v26.0" }]);
    let ours =
        json!({ "object": "whatsapp_business_account", "callback_url": "https://luisa.example/x", "fields": fields });
    let server = Server::json(200, json!({ "data": [{ "object": "page", "fields": [] }, ours] })).await;
    let webhook = server.client().webhook_subscription("7", &"app-secret".into()).await.unwrap().unwrap();
    assert_eq!((webhook.fields.as_slice(), webhook.active), (["messages".to_owned()].as_slice(), true));
    assert_eq!(webhook.callback_url.as_deref(), Some("https://luisa.example/x"));
    let seen = server.only();
    assert_eq!(seen.uri, "/v26.0/7/subscriptions");
    assert_eq!(seen.header("authorization"), "Bearer 7|app-secret");
}
