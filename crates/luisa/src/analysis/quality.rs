//! How good the answers were, as far as it can be counted.
//!
//! Owns what counts as a flaw. A turn has one answer, so answers are counted once a turn.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use super::audit::step;
use super::journey::key;
use super::{Count, Counts, Seen, percent};

/// Longer answers are not read on a phone.
pub const LONGEST_REPLY: i64 = 350;
const SHOWN: usize = 10;

/// Sums under way.
#[derive(Debug, Default)]
pub struct Quality {
    replies: u64,
    long: u64,
    longest: i64,
    long_kinds: Counts,
    /// Answers of LUISA in chats that she leads.
    leading: u64,
    unasked: u64,
    unasked_intents: Counts,
    repeated: u64,
    repeated_kinds: Counts,
    last: HashMap<u64, u64>,
    fallbacks: u64,
    fallback_errors: Counts,
    replaced: u64,
    replaced_kinds: Counts,
    rejected: u64,
    rejected_kinds: Counts,
}

/// The flaws. Percentages are of all answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityReport {
    pub replies: u64,
    /// Over 350 characters.
    pub too_long: u64,
    pub pct_too_long: Option<f64>,
    pub longest_chars: i64,
    /// By what was said, as the decision path names it.
    pub too_long_by_reply: Vec<Count>,
    /// Answers in chats that LUISA leads which do not end with a question.
    pub without_question: u64,
    pub pct_without_question: Option<f64>,
    pub without_question_by_intent: Vec<Count>,
    /// The same text twice in a row in one conversation.
    pub repeated: u64,
    pub pct_repeated: Option<f64>,
    pub repeated_by_reply: Vec<Count>,
    /// A model was asked and the rules answered.
    pub fallbacks: u64,
    pub fallbacks_by_error: Vec<Count>,
    /// Texts that the fact check replaced, by what it found.
    pub fact_check_hits: u64,
    pub fact_check_by_claim: Vec<Count>,
    /// Texts of the model that were refused, by why.
    pub model_texts_rejected: u64,
    pub rejected_by_claim: Vec<Count>,
}

impl Quality {
    pub(super) fn take(&mut self, seen: &Seen<'_>) {
        let row = seen.row;
        if row.openai_fallback_used {
            self.fallbacks += 1;
            self.fallback_errors.add(kind(row.openai_error.unwrap_or("-")));
        }
        if row.openai_called
            && let Some(claim) = step(row.decision_path, "openai:rejected:")
        {
            self.rejected += 1;
            self.rejected_kinds.add(kind(claim));
        }
        if let Some(text) = seen.reply() {
            self.take_reply(seen, text);
        }
    }

    fn take_reply(&mut self, seen: &Seen<'_>, text: &str) {
        let row = seen.row;
        let said = || step(row.decision_path, "reply:").unwrap_or("-");
        self.replies += 1;
        let chars = row.response_len_chars.unwrap_or_default();
        self.longest = self.longest.max(chars);
        if chars > LONGEST_REPLY {
            self.long += 1;
            self.long_kinds.add(said());
        }
        if row.conversation_mode == "AI_ACTIVE" && !row.is_personal {
            self.leading += 1;
            if !text.trim_end().ends_with('?') {
                self.unasked += 1;
                self.unasked_intents.add(row.intent.unwrap_or("-"));
            }
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        if self.last.insert(key(row.conversation_id), hash) == Some(hash) {
            self.repeated += 1;
            self.repeated_kinds.add(said());
        }
        if let Some(claim) = step(row.decision_path, "guards_replaced:") {
            self.replaced += 1;
            self.replaced_kinds.add(kind(claim));
        }
    }

    pub(super) fn report(self) -> QualityReport {
        QualityReport {
            replies: self.replies,
            too_long: self.long,
            pct_too_long: percent(self.long, self.replies),
            longest_chars: self.longest,
            too_long_by_reply: self.long_kinds.most(SHOWN),
            without_question: self.unasked,
            pct_without_question: percent(self.unasked, self.leading),
            without_question_by_intent: self.unasked_intents.most(SHOWN),
            repeated: self.repeated,
            pct_repeated: percent(self.repeated, self.replies),
            repeated_by_reply: self.repeated_kinds.most(SHOWN),
            fallbacks: self.fallbacks,
            fallbacks_by_error: self.fallback_errors.most(SHOWN),
            fact_check_hits: self.replaced,
            fact_check_by_claim: self.replaced_kinds.most(SHOWN),
            model_texts_rejected: self.rejected,
            rejected_by_claim: self.rejected_kinds.most(SHOWN),
        }
    }
}

/// `number:1230000` is a `number`: what was claimed stays in the trace.
fn kind(claim: &str) -> &str {
    let (first, rest) = claim.split_once(':').unwrap_or((claim, ""));
    if first == "rejected" { rest.split(':').next().unwrap_or(rest) } else { first }
}
