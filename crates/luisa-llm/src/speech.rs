//! A recording to be written down, and what a server made of it.
//!
//! Owns the words the caller uses. A transcript never shows in `Debug`: it is a customer's.

use crate::money::NanoUsd;
use std::fmt;
use std::time::Duration;

/// How a server wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeechDialect {
    /// `gpt-transcribe`: languages and keywords, and a 400 for what the older one knows.
    OpenAi,
    /// The older one, which servers of one's own speak: language and prompt, and segments with doubts.
    Whisper,
}

#[derive(Clone, PartialEq)]
pub struct Recording {
    pub bytes: Vec<u8>,
    /// Its ending tells the server what it is.
    pub file_name: String,
    pub mime: String,
    pub seconds: f64,
    pub model: String,
    pub dialect: SpeechDialect,
    /// `es`
    pub language: String,
    /// Words that may come up, the likeliest first.
    pub names: Vec<String>,
    /// What the recording is about, in a sentence.
    pub setting: String,
}

#[derive(Clone, PartialEq)]
pub struct Transcript {
    pub text: String,
    /// Of servers that give them.
    pub segments: Vec<Segment>,
    pub cost: NanoUsd,
    pub latency: Duration,
}

/// How sure a server was of a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    pub no_speech_prob: f64,
    pub avg_logprob: f64,
    pub compression_ratio: f64,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recording({} bytes, {} s, {}, {:?})", self.bytes.len(), self.seconds, self.model, self.dialect)
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transcript({} chars, {:?}, {})", self.text.chars().count(), self.segments, self.cost)
    }
}
