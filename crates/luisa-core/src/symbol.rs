//! Short names that come from a business pack (families, uses, reply ids) and are compared all day.
//!
//! Owns the intern table. A pack is loaded once per process, so what it names is kept for the life of the process:
//! a symbol is a pointer that copies freely and reads as the text it stands for.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

static TABLE: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);

/// An interned name of the pack. Two symbols are equal when their text is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(&'static str);

impl Symbol {
    /// The symbol for `text`, kept for ever. Only for names of the pack and of what was stored by it, as they are loaded:
    /// a decision uses [`Symbol::known`].
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut table = TABLE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = table.get(text) {
            return Self(known);
        }
        let kept: &'static str = Box::leak(text.to_owned().into_boxed_str());
        table.insert(kept);
        Self(kept)
    }

    /// The symbol for `text` if the pack or a memory named it before; what a customer wrote never becomes one.
    #[must_use]
    pub fn known(text: &str) -> Option<Self> {
        let table = TABLE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        table.get(text).map(|known| Self(known))
    }

    /// The text it stands for.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl std::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Symbol {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::new(&text))
    }
}
