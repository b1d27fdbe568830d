//! Reads variables, one typed call each, and gathers every fault instead of stopping at the first.
//!
//! Owns how a value is written and what is said of a wrong one. Each call also records the variable's name and default,
//! so that the list of known variables is what the code reads and cannot go stale. May not read the environment itself,
//! nor show the value of a secret.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use secrecy::SecretString;

use crate::phone;
use crate::telemetry::masked;

/// Variables by name, as the environment and `.env` give them.
pub type Vars = BTreeMap<String, String>;

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingFault {
    pub variable: String,
    /// What was given; absent when nothing was, or when it is a secret.
    pub value: Option<String>,
    /// What is allowed, or what is missing.
    pub allowed: String,
    /// What to do.
    pub remedy: String,
}

impl Display for SettingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { variable, value, allowed, remedy } = self;
        match value {
            Some(value) => write!(f, "{variable}={value} is not allowed: it must be {allowed}. {remedy}"),
            None => write!(f, "{variable} {allowed}. {remedy}"),
        }
    }
}

/// A variable that the code reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub name: &'static str,
    /// Its default as it would be written; empty when unset is the default.
    pub default: String,
}

/// The reading under way.
pub(super) struct Reader {
    vars: Vars,
    pub(super) known: Vec<Known>,
    pub(super) faults: Vec<SettingFault>,
}

impl Reader {
    pub(super) fn new(vars: Vars) -> Self {
        Self { vars, known: Vec::new(), faults: Vec::new() }
    }

    /// A text; blank is the same as unset, because compose files pass empty variables on.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.text_or_default(name, "")
    }

    /// A text with a default.
    pub(super) fn text_or(&mut self, name: &'static str, default: &str) -> String {
        self.text_or_default(name, default).unwrap_or_else(|| default.to_owned())
    }

    fn text_or_default(&mut self, name: &'static str, default: &str) -> Option<String> {
        self.known.push(Known { name, default: default.to_owned() });
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// A secret: its value is never shown.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        let value = self.text(name)?;
        if value.chars().all(|c| c.is_ascii_graphic()) {
            return Some(SecretString::from(value));
        }
        self.secret_fault(
            name,
            "has spaces or characters that cannot be in a secret",
            "Copy it again, in one line and without blanks.",
        );
        None
    }

    /// A yes or no.
    pub(super) fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.optional_flag(name, &default.to_string()).unwrap_or(default)
    }

    /// A yes or no whose default depends on other settings; `default` is how it is documented.
    pub(super) fn optional_flag(&mut self, name: &'static str, default: &str) -> Option<bool> {
        let value = self.text_or_default(name, default)?;
        match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => {
                self.fault(
                    name,
                    &value,
                    "true or false",
                    &instead(name, if default.is_empty() { "true" } else { default }),
                );
                None
            }
        }
    }

    /// A number in a range; `unit` says of what.
    pub(super) fn number<T>(&mut self, name: &'static str, default: T, range: RangeInclusive<T>, unit: &str) -> T
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        self.optional_number(name, &default.to_string(), range, unit).unwrap_or(default)
    }

    /// A number that may be left unset.
    pub(super) fn optional_number<T>(
        &mut self,
        name: &'static str,
        default: &str,
        range: RangeInclusive<T>,
        unit: &str,
    ) -> Option<T>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let value = self.text_or_default(name, default)?;
        match value.parse::<T>() {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let allowed = format!("a number from {} to {} ({unit})", range.start(), range.end());
                let example = if default.is_empty() { range.end().to_string() } else { default.to_owned() };
                self.fault(name, &value, &allowed, &instead(name, &example));
                None
            }
        }
    }

    /// One of a few words, in any case; the first is the default unless `default` names another.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, default: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.text_or_default(name, default)?;
        let found = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(&value));
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let example = if default.is_empty() { words.first().copied().unwrap_or_default() } else { default };
            self.fault(name, &value, &format!("one of {}", words.join(", ")), &instead(name, example));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// Several words, separated by commas.
    pub(super) fn list(&mut self, name: &'static str) -> Vec<String> {
        let value = self.text(name).unwrap_or_default();
        value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// An http(s) address without a slash at its end.
    pub(super) fn address(&mut self, name: &'static str, default: &str) -> String {
        let value = self.text_or(name, default);
        match reqwest::Url::parse(&value) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                value.trim_end_matches('/').to_owned()
            }
            _ => {
                self.fault(name, &value, "an address that begins with http:// or https://", &instead(name, default));
                default.to_owned()
            }
        }
    }

    /// A phone number as people write it, to the form that WhatsApp wants: digits with the country's prefix.
    pub(super) fn phone(&mut self, name: &'static str) -> Option<String> {
        let value = self.text(name)?;
        let whole = phone::international(&value);
        if whole.is_none() {
            let shown = masked(&value);
            self.fault(
                name,
                &shown,
                "a phone number with its country's prefix, 11 to 15 digits",
                "Write for example 573005550101, or remove the line.",
            );
        }
        whole
    }

    /// Records a fault of a value that may be shown.
    pub(super) fn fault(&mut self, name: &'static str, value: &str, allowed: &str, remedy: &str) {
        self.faults.push(SettingFault {
            variable: name.to_owned(),
            value: Some(value.to_owned()),
            allowed: allowed.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    /// Records a fault of a missing value or of a secret.
    pub(super) fn secret_fault(&mut self, name: &'static str, what: &str, remedy: &str) {
        self.faults.push(SettingFault {
            variable: name.to_owned(),
            value: None,
            allowed: what.to_owned(),
            remedy: remedy.to_owned(),
        });
    }

    /// The names that nobody read and that look like ours: misspelt, most likely.
    pub(super) fn strangers(&self) -> Vec<String> {
        let unread = self.vars.keys().filter(|name| !self.known.iter().any(|known| known.name == name.as_str()));
        unread.filter_map(|name| self.stranger(name)).collect()
    }

    fn stranger(&self, name: &str) -> Option<String> {
        const OURS: [&str; 7] = ["LUISA_", "WHATSAPP_", "OPENAI_", "TRANSCRIPTION_", "BUSINESS_", "CACHE_", "MEDIA_"];
        let ours = OURS.iter().any(|prefix| name.starts_with(prefix));
        let near = self.known.iter().map(|known| (strsim::damerau_levenshtein(name, known.name), known.name)).min();
        let (distance, nearest) = near?;
        let typo = name.len() > 5 && distance <= 2;
        if !ours && !typo {
            return None;
        }
        // A name with nothing in common is not offered as what was meant.
        let hint = if distance <= name.len() / 2 { format!("; did you mean {nearest}?") } else { String::new() };
        Some(format!("the variable {name} is not one that luisa reads{hint}"))
    }
}

fn instead(name: &str, example: &str) -> String {
    format!("Write for example {name}={example}, or remove it to have the default.")
}
