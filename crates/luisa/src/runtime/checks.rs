//! Conversations of `luisa go-no-go`: decided and stored like all others, except that nobody is called for them, that
//! they are served at any hour, and that they end with the check.
//!
//! Owns how they are told from customers' conversations: by how their ids begin. May not decide or store.

use luisa_core::turn::Policy;
use luisa_store::ConversationId;

/// How the ids of all checks' conversations begin.
pub const BEGINNING: &str = "go-no-go.";
const SHORTEST: usize = 8;
const LONGEST: usize = 40;

/// One run of the check, as it names itself: letters and digits, so that no run is part of another's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run(String);

impl Run {
    /// None when the name cannot be a run's.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let long = (SHORTEST..=LONGEST).contains(&name.len());
        (long && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| Self(name.to_owned()))
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// How the ids of this run's conversations begin.
    #[must_use]
    pub fn beginning(&self) -> String {
        format!("{BEGINNING}{}.", self.0)
    }

    /// A conversation of this run.
    #[must_use]
    pub fn conversation(&self, what: &str) -> String {
        format!("{}{what}", self.beginning())
    }
}

/// Whether a conversation is a check's: the team must not be told of it.
#[must_use]
pub fn is_check(conversation: &ConversationId) -> bool {
    conversation.as_str().starts_with(BEGINNING)
}

/// The policy under which a conversation is decided: whoever checks LUISA at night wants her answer, not her hours.
#[must_use]
pub fn policy(mut usual: Policy, conversation: &ConversationId) -> Policy {
    if is_check(conversation) {
        usual.hours.enabled = false;
    }
    usual
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_so_that_it_covers_no_other_conversation() {
        let run = Run::named("019ad0c1f2a37c21").unwrap();
        assert_eq!(run.conversation("faq"), "go-no-go.019ad0c1f2a37c21.faq");
        for bad in ["", "short", "with.dot.in.it", "con espacio aqui", "%%%%%%%%%%", &"x".repeat(41)] {
            assert_eq!(Run::named(bad), None, "{bad}");
        }
    }
}
