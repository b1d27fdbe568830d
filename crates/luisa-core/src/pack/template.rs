//! Sentences with gaps: `Atendemos {dato.horario}.`
//!
//! Owns the parsing and filling of the pack's texts. A gap is a name in braces; `dato.x` is a fact of the pack. What a
//! gap may be called is checked when the pack is loaded, so that filling cannot fail.

use std::collections::BTreeMap;

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Gap(String),
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// A brace that is not closed, or an empty gap.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            let inside = &rest[open + 1..];
            let close = inside.find('}').ok_or_else(|| format!("`{{` without `}}` in `{text}`; close it"))?;
            let name = inside[..close].trim();
            if name.is_empty() {
                return Err(format!("an empty `{{}}` in `{text}`; name what goes there"));
            }
            parts.push(Part::Gap(name.to_owned()));
            rest = &inside[close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The names of its gaps.
    pub fn gaps(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Gap(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Whether one of the facts that it names says nothing at the moment.
    #[must_use]
    pub fn lacks(&self, facts: &BTreeMap<String, String>) -> bool {
        let named = self.gaps().filter_map(|gap| facts.get(gap.strip_prefix("dato.")?));
        named.into_iter().any(String::is_empty)
    }

    /// Fills the gaps: facts first, then `values`; an unknown gap stays empty.
    #[must_use]
    pub fn fill(&self, facts: &BTreeMap<String, String>, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Gap(name) => {
                    let fact = name.strip_prefix("dato.").and_then(|id| facts.get(id)).map(String::as_str);
                    let value = values.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
                    out.push_str(fact.or(value).unwrap_or_default());
                }
            }
        }
        out
    }
}
