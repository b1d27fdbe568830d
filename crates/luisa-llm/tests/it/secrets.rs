//! The key and the customer's words stay where they belong, whatever the provider quotes.

use crate::world::{KEY, ask, client, config, question, structured};
use luisa_fakes::{Answer, ApiError, FakeOpenAi};
use luisa_llm::Client;
use serde_json::json;

const SECRET_PART: &str = "0123456789";

fn assert_clean(what: &str, shown: &str) {
    assert!(!shown.contains(SECRET_PART), "{what} shows the key: {shown}");
    assert!(!shown.contains("jeans"), "{what} shows a customer's text: {shown}");
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_the_key_or_a_text() {
    let openai = FakeOpenAi::start().await;
    let client = client(&openai);
    assert_clean("the client", &format!("{client:?}"));
    assert_clean("the settings", &format!("{:?}", config(openai.base_url())));
    assert_clean("a request", &format!("{:?}", question()));
    openai.answer_next("Para jeans, una industrial");
    assert_clean("an answer", &format!("{:?}", ask(&client, &question()).await.unwrap()));
    openai.answer_next(Answer::Json(json!({ "reply": "Para jeans", "sure": 1 })));
    assert_clean("a structured answer", &format!("{:?}", ask(&client, &structured()).await.unwrap()));
}

#[tokio::test]
async fn errors_that_quote_the_key_or_the_request_are_cleaned() {
    let openai = FakeOpenAi::start().await;
    let client = client(&openai);
    let quoting = [
        ApiError { message: format!("Incorrect API key provided: {KEY}."), ..ApiError::unauthorized() },
        ApiError { message: "Incorrect API key provided: sk-te*****0123456789.".into(), ..ApiError::unauthorized() },
        ApiError::bad_request("bad input: [{'content': '¿Qué máquina me sirve para coser jeans?'}]"),
        ApiError::bad_request("bad input: ...coser jeans..."),
        ApiError::no_such_model(KEY),
        ApiError::bad_request(&format!("no such field {KEY} ").repeat(50)),
    ];
    for error in quoting {
        openai.answer_next(error);
        let failed = ask(&client, &question()).await.unwrap_err();
        assert_clean("a failure", &format!("{failed} {failed:?}"));
        assert!(failed.to_string().len() < 400, "{failed}");
    }
    let wrong = json!({ "reply": "Para jeans", "jeans": KEY });
    openai.answer_next(Answer::Json(wrong));
    let failed = ask(&client, &structured()).await.unwrap_err();
    assert_clean("a wrong shape", &format!("{failed} {failed:?}"));
}

#[tokio::test]
async fn an_unreachable_address_is_not_repeated_in_the_error() {
    let client = Client::new(config("http://127.0.0.1:1/v1?key=0123456789")).unwrap();
    let failed = ask(&client, &question()).await.unwrap_err();
    assert_clean("a failure to connect", &format!("{failed} {failed:?}"));
}
