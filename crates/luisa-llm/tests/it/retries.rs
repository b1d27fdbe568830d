//! How often a provider is asked: the fake counts.

use crate::world::{SHORT, ask, ask_within, client, patient_client, question};
use luisa_fakes::{Answer, ApiError, FakeOpenAi};
use luisa_llm::Failure;
use std::time::Duration;

#[tokio::test]
async fn what_passes_is_asked_once_more() {
    let passing = [
        Answer::from(ApiError::rate_limit(0)),
        Answer::from(ApiError::server(500)),
        Answer::Gateway(502),
        Answer::from(ApiError::server(503)),
        Answer::Gateway(504),
    ];
    for passing in passing {
        let openai = FakeOpenAi::start().await;
        openai.answer_next(passing);
        openai.answer_next("Una industrial");
        let answer = ask(&client(&openai), &question()).await.unwrap();
        assert_eq!((answer.content.text(), answer.attempts), (Some("Una industrial"), 2));
        let asked = openai.requests();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[0].body, asked[1].body);
    }
}

#[tokio::test]
async fn and_never_twice_more_whatever_comes() {
    let zero = Duration::ZERO;
    let cases = [
        (ApiError::rate_limit(0), ApiError::rate_limit(0), Failure::RateLimited { retry_after: Some(zero) }),
        (ApiError::server(500), ApiError::server(503), Failure::ServerError { status: 503 }),
        (ApiError::rate_limit(0), ApiError::server(500), Failure::ServerError { status: 500 }),
        (ApiError::server(500), ApiError::insufficient_quota(), Failure::QuotaExhausted),
    ];
    for (first, second, failure) in cases {
        let openai = FakeOpenAi::start().await;
        openai.answer_next(first);
        openai.answer_next(second);
        let failed = ask(&client(&openai), &question()).await.unwrap_err();
        assert_eq!((failed.failure, failed.attempts), (failure, 2));
        assert_eq!(openai.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_rate_limit_beyond_the_deadline_is_not_waited_for() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(ApiError::rate_limit(60));
    let failed = ask(&client(&openai), &question()).await.unwrap_err();
    let retry_after = Some(Duration::from_secs(60));
    assert_eq!(failed.failure, Failure::RateLimited { retry_after });
    assert_eq!(openai.requests().len(), 1);
}

#[tokio::test]
async fn the_second_call_has_only_what_is_left_of_the_time() {
    let openai = FakeOpenAi::start().await;
    openai.answer_next(ApiError::rate_limit(0));
    openai.answer_next(Answer::Hang(None));
    let failed = ask_within(&patient_client(&openai), &question(), SHORT).await.unwrap_err();
    assert_eq!((failed.failure, failed.attempts), (Failure::Timeout, 2));
}
