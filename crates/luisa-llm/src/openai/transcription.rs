//! One recording, written down: both dialects of `audio/transcriptions`.
//!
//! Owns the fields of each. May not judge what was heard: whoever asks does.

use super::{Client, failure, retry};
use crate::call::{Basis, Failed, Failure, Spent, Usage};
use crate::dialect::is_openai;
use crate::money::NanoUsd;
use crate::speech::{Recording, Segment, SpeechDialect, Transcript};
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use std::time::Instant;
use tokio::time::{sleep, timeout_at};

/// One keyword with these and the whole request is refused.
const FORBIDDEN: [char; 4] = ['<', '>', '\n', '\r'];
const MOST_KEYWORDS: usize = 100;
/// The older model reads 224 tokens of a prompt, and of a longer one the end.
const LONGEST_PROMPT: usize = 600;

/// How much an answer should tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    Segments,
    Text,
}

impl Client {
    /// Has a recording written down by `until`, or says why not. What the server may send a bill for is in `Failed` too.
    pub async fn transcribe(&self, recording: &Recording, until: Instant) -> Result<Transcript, Failed> {
        let started = Instant::now();
        let deadline = until.min(self.deadline());
        let mut attempts = 0;
        let tries = self.speech_tries(recording, deadline, &mut attempts);
        let outcome = timeout_at(deadline.into(), tries).await.unwrap_or(Err(Failure::Timeout));
        let latency = started.elapsed();
        let cost = self.speech_cost(recording);
        match outcome.and_then(|body| transcript(&body)) {
            Ok((text, segments)) => Ok(Transcript { text, segments, cost, latency }),
            Err(failure) => {
                let billed = failure::may_be_billed(&failure) || failure == Failure::Empty;
                let spent = billed.then(|| Spent {
                    model: recording.model.clone(),
                    usage: Usage::default(),
                    cost,
                    basis: Basis::Estimated,
                });
                Err(Failed { failure, spent, latency, attempts })
            }
        }
    }

    /// What writing it down costs; 0 on a server of one's own.
    pub fn speech_cost(&self, recording: &Recording) -> NanoUsd {
        let sends_bills = self.base.host_str().is_some_and(is_openai);
        let dearest = || self.prices.dearest_speech().filter(|_| sends_bills);
        let price = self.prices.speech(&recording.model).or_else(dearest);
        price.map_or(NanoUsd::ZERO, |price| price.cost(recording.seconds))
    }

    async fn speech_tries(
        &self,
        recording: &Recording,
        deadline: Instant,
        attempts: &mut u32,
    ) -> Result<Vec<u8>, Failure> {
        let mut detail = Detail::Segments;
        loop {
            *attempts += 1;
            let outcome = self.write_down(recording, detail).await;
            let Err(failure) = outcome else { return outcome };
            let plainer = recording.dialect == SpeechDialect::Whisper && detail == Detail::Segments;
            if plainer && matches!(failure, Failure::BadRequest { status: 400 | 422, .. }) {
                // Some servers know no segments.
                detail = Detail::Text;
                *attempts -= 1;
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Some(pause) = retry::pause(&failure, *attempts, left, retry::jitter()) else { return Err(failure) };
            sleep(pause).await;
        }
    }

    async fn write_down(&self, recording: &Recording, detail: Detail) -> Result<Vec<u8>, Failure> {
        let part = Part::bytes(recording.bytes.clone()).file_name(recording.file_name.clone());
        let bad = |_| Failure::BadRequest { status: 0, details: "not a MIME type".to_owned() };
        let part = part.mime_str(&recording.mime).map_err(bad)?;
        let form = Form::new().part("file", part).text("model", recording.model.clone());
        let form = match recording.dialect {
            SpeechDialect::OpenAi => current(form, recording),
            SpeechDialect::Whisper => older(form, recording, detail),
        };
        let answered = self.call(self.http.post(self.url(&["audio", "transcriptions"])).multipart(form)).await?;
        Ok(self.good_body(&answered, None)?.to_vec())
    }
}

fn current(form: Form, recording: &Recording) -> Form {
    let mut form = form.text("languages[]", recording.language.clone()).text("prompt", recording.setting.clone());
    let sound = recording.names.iter().filter(|name| !name.contains(FORBIDDEN));
    for name in sound.take(MOST_KEYWORDS) {
        form = form.text("keywords[]", name.clone());
    }
    form
}

fn older(form: Form, recording: &Recording, detail: Detail) -> Form {
    let mut prompt = recording.setting.clone();
    for name in &recording.names {
        if prompt.len() + name.len() + 2 > LONGEST_PROMPT {
            break;
        }
        prompt.push_str(", ");
        prompt.push_str(name);
    }
    let format = match detail {
        Detail::Segments => "verbose_json",
        Detail::Text => "json",
    };
    form.text("language", recording.language.clone()).text("prompt", prompt).text("response_format", format)
}

fn transcript(body: &[u8]) -> Result<(String, Vec<Segment>), Failure> {
    let json: Value =
        serde_json::from_slice(body).map_err(|_| Failure::WrongShape("the body is not JSON".to_owned()))?;
    let text = json["text"].as_str().ok_or_else(|| Failure::WrongShape("there is no text".to_owned()))?;
    let segments = json["segments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |segment: &Value, field: &str, otherwise: f64| segment[field].as_f64().unwrap_or(otherwise);
    let segments = segments.iter().map(|segment| Segment {
        no_speech_prob: number(segment, "no_speech_prob", 0.0),
        avg_logprob: number(segment, "avg_logprob", 0.0),
        compression_ratio: number(segment, "compression_ratio", 1.0),
    });
    Ok((text.trim().to_owned(), segments.collect()))
}
