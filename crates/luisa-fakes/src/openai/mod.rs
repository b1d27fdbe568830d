//! A fake of OpenAI's API: chat completions, models and transcriptions, with scripted answers and every known fault.
//!
//! Owns the routes and the record. May not know prompts: a script gets the request's JSON and answers it.

mod answer;
mod rules;
mod transcription;

pub use answer::{Answer, ApiError};
pub use rules::Dialect;
pub use transcription::{Ears, Transcription};

use crate::ledger::{Ledger, TimedOut, locked};
use crate::server::{Server, json_text};
use answer::Said;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A call for a chat completion that carried a key and valid JSON.
#[derive(Clone, Debug)]
pub struct Request {
    pub at: Instant,
    pub body: Value,
}

/// Runs until dropped.
pub struct FakeOpenAi {
    world: Arc<World>,
    base_url: String,
    _server: Server,
}

type Script = Box<dyn Fn(&Value) -> Answer + Send + Sync>;

struct World {
    ledger: Ledger<Recorded>,
    controls: Mutex<Controls>,
}

#[derive(Default)]
struct Recorded {
    requests: Vec<Request>,
    transcriptions: Vec<Transcription>,
}

#[derive(Default)]
struct Controls {
    answers: VecDeque<Answer>,
    script: Option<Script>,
    transcripts: VecDeque<Answer>,
    key: Option<String>,
    dialect: Dialect,
    speech: Ears,
    models: Option<Answer>,
}

impl FakeOpenAi {
    pub async fn start() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (listener, address) = Server::listen(anywhere).await.expect("a local port is free");
        let world =
            Arc::new(World { ledger: Ledger::new(Recorded::default()), controls: Mutex::new(Controls::default()) });
        let server = Server::serve(listener, router(Arc::clone(&world)));
        Self { world, base_url: format!("http://{address}/v1"), _server: server }
    }

    /// What goes into `OPENAI_BASE_URL`: it ends in `/v1`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub fn accept_only_key(&self, key: &str) {
        locked(&self.world.controls).key = Some(key.to_owned());
    }

    pub fn speak(&self, dialect: Dialect) {
        locked(&self.world.controls).dialect = dialect;
    }

    /// How it wants to be asked for transcripts from now on.
    pub fn hear_as(&self, ears: Ears) {
        locked(&self.world.controls).speech = ears;
    }

    /// One more answer in the queue. An empty queue asks the script; without a script the answer is a greeting.
    pub fn answer_next(&self, answer: impl Into<Answer>) {
        locked(&self.world.controls).answers.push_back(answer.into());
    }

    pub fn script(&self, script: impl Fn(&Value) -> Answer + Send + Sync + 'static) {
        locked(&self.world.controls).script = Some(Box::new(script));
    }

    /// One more transcript in the queue.
    pub fn transcribe_next(&self, answer: impl Into<Answer>) {
        locked(&self.world.controls).transcripts.push_back(answer.into());
    }

    /// What `/v1/models` answers from now on.
    pub fn answer_models(&self, answer: impl Into<Answer>) {
        locked(&self.world.controls).models = Some(answer.into());
    }

    /// Every chat request, refused ones too.
    pub fn requests(&self) -> Vec<Request> {
        self.world.ledger.read(|recorded| recorded.requests.clone())
    }

    pub fn transcriptions(&self) -> Vec<Transcription> {
        self.world.ledger.read(|recorded| recorded.transcriptions.clone())
    }

    /// All requests, once there are at least `n`.
    pub async fn wait_for_requests(&self, n: usize, within: Duration) -> Result<Vec<Request>, TimedOut> {
        let describe = |recorded: &Recorded| (format!("{n} requests"), format!("{} requests", recorded.requests.len()));
        self.world.ledger.wait_until(|recorded| recorded.requests.len() >= n, within, describe).await?;
        Ok(self.requests())
    }
}

fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/models", get(models))
        .route("/v1/audio/transcriptions", post(transcription::transcriptions))
        .layer(DefaultBodyLimit::disable())
        .with_state(world)
}

async fn chat_completions(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(error) = world.authorized(&headers) {
        return error.response();
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return ApiError::bad_request("We could not parse the JSON body of your request.").response();
    };
    world.ledger.write(|recorded| {
        recorded.requests.push(Request { at: Instant::now(), body: request.clone() });
    });
    let dialect = locked(&world.controls).dialect;
    if let Err(error) = rules::check(&request, dialect) {
        return error.response();
    }
    let answer = world.answer(&request);
    let burnt = rules::reasons_itself_empty(&request, dialect);
    answer.play(|said| completion(&request, said, burnt)).await
}

async fn models(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if let Err(error) = world.authorized(&headers) {
        return error.response();
    }
    let scripted = locked(&world.controls).models.clone();
    if let Some(answer) = scripted {
        return answer.play(|said| said.content).await;
    }
    let listed: Vec<Value> = rules::models()
        .into_iter()
        .map(|model| {
            json!({
                "id": model["id"],
                "object": "model",
                "created": 1_780_000_000,
                "owned_by": "openai",
                "shutdown_date": model["shutdown_date"],
            })
        })
        .collect();
    json_text(StatusCode::OK, json!({ "object": "list", "data": listed }).to_string())
}

impl World {
    fn authorized(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = header.and_then(|value| value.strip_prefix("Bearer ")).filter(|key| !key.trim().is_empty());
        let controls = locked(&self.controls);
        match (given, controls.key.as_deref()) {
            (None, _) => Err(ApiError::unauthorized()),
            (Some(given), Some(expected)) if given != expected => Err(ApiError::unauthorized()),
            (Some(_), _) => Ok(()),
        }
    }

    fn answer(&self, request: &Value) -> Answer {
        let mut controls = locked(&self.controls);
        if let Some(answer) = controls.answers.pop_front() {
            return answer;
        }
        controls.script.as_ref().map_or_else(|| Answer::from("Hola"), |script| script(request))
    }
}

fn completion(request: &Value, said: Said, burnt: bool) -> Value {
    let prompt_tokens = tokens_in(&request["messages"].to_string());
    let (said, reasoning_tokens) = if burnt {
        let cap = request["max_completion_tokens"].as_u64().unwrap_or_default();
        (Said { content: json!(""), refusal: Value::Null, finish_reason: "length" }, cap)
    } else {
        (said, 0)
    };
    let completion_tokens = reasoning_tokens + tokens_in(said.content.as_str().unwrap_or_default());
    json!({
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_795_000_000,
        "model": rules::model_of(request),
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": said.content, "refusal": said.refusal, "annotations": [] },
            "logprobs": null,
            "finish_reason": said.finish_reason,
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": reasoning_tokens, "audio_tokens": 0 },
        },
        "service_tier": "default",
    })
}

/// Near enough to a real count for tests of budgets.
fn tokens_in(text: &str) -> u64 {
    text.chars().count().div_ceil(4) as u64
}
