//! Who may cost a call while a model is being tried: conversations by id, phones by their last digits, or a share.
//!
//! May not depend on the run: the same conversation is always on the same side of a share.

use super::reason::Reason;

const LAST_DIGITS: usize = 4;

/// Empty: everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Canary {
    conversations: Vec<String>,
    last_fours: Vec<String>,
    share_percent: u64,
    everybody_else: Others,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Others {
    #[default]
    In,
    Out,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a conversation's id, nor four digits, nor a share from 0% to 100%")]
pub struct BadCanary(pub String);

impl Canary {
    /// Entries like `wa_573005550001`, `0001` and `25%`, in any mixture.
    pub fn parse<S: AsRef<str>>(entries: &[S]) -> Result<Self, BadCanary> {
        let mut canary = Self::default();
        for entry in entries.iter().map(|entry| entry.as_ref().trim()) {
            canary.everybody_else = Others::Out;
            if let Some(share) = entry.strip_suffix('%') {
                let share = share.trim().parse().ok().filter(|share| *share <= 100);
                canary.share_percent = share.ok_or_else(|| BadCanary(entry.to_owned()))?;
            } else if entry.len() == LAST_DIGITS && entry.bytes().all(|byte| byte.is_ascii_digit()) {
                canary.last_fours.push(entry.to_owned());
            } else if entry.is_empty() || entry.contains(char::is_whitespace) {
                return Err(BadCanary(entry.to_owned()));
            } else {
                canary.conversations.push(entry.to_owned());
            }
        }
        Ok(canary)
    }

    /// Why this conversation is in, or nothing.
    pub(super) fn chooses(&self, conversation_id: &str, last_four: Option<&str>) -> Option<Reason> {
        if self.everybody_else == Others::In {
            return Some(Reason::WithinLimits);
        }
        let by_id = self.conversations.iter().any(|listed| listed == conversation_id);
        let by_phone = last_four.is_some_and(|digits| self.last_fours.iter().any(|listed| listed == digits));
        if by_id || by_phone {
            return Some(Reason::CanaryListed);
        }
        (place(conversation_id) < self.share_percent).then_some(Reason::CanaryShare)
    }
}

/// 0 to 99. FNV-1a with a final mix: the standard library's hash may change between versions.
fn place(id: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in id.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (hash >> 32) % 100
}
