//! Making a message fit: texts are cut, and what cannot be cut is refused.
//!
//! Owns which is which. Ids are never cut, because an answer is routed by them. May not contact anybody.

use super::{Envelope, MediaSource, Outgoing, Recipient, ReplyButton, Row, Section, cut};
use crate::limits;
use std::collections::BTreeSet;

/// Why a message cannot be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    #[error("{0} is empty")]
    Empty(&'static str),
    #[error("{what} has {length} characters, of at most {limit}")]
    TooLong { what: &'static str, length: usize, limit: usize },
    #[error("{what}: {count}, of at most {limit}")]
    TooMany { what: &'static str, count: usize, limit: usize },
    #[error("the {what} `{value}` is there twice")]
    Duplicate { what: &'static str, value: String },
    #[error("one of several sections has no title")]
    UntitledSection,
    #[error("the place is not on Earth")]
    NotAPlace,
    // Meta accepts a business-scoped id in `to`, and loses the message.
    #[error("the recipient is not a telephone number")]
    NotAPhone,
}

impl Envelope {
    /// The same message within Meta's limits, or why there is none.
    pub fn checked(self) -> Result<Self, Unsendable> {
        check_recipient(&self.to)?;
        if let Some(opaque) = &self.opaque {
            fits("opaque data", opaque, limits::OPAQUE)?;
        }
        Ok(Self { message: self.message.checked()?, ..self })
    }
}

fn check_recipient(to: &Recipient) -> Result<(), Unsendable> {
    match to {
        Recipient::User(user) => filled("recipient", user),
        Recipient::Phone(phone) => {
            filled("recipient", phone)?;
            let looks_like_a_user = phone.contains(|c: char| c == '.' || c.is_alphabetic());
            if looks_like_a_user { Err(Unsendable::NotAPhone) } else { Ok(()) }
        }
    }
}

impl Outgoing {
    pub fn checked(self) -> Result<Self, Unsendable> {
        match self {
            Self::Text { body, preview_url } => {
                Ok(Self::Text { body: cut_filled("text", &body, limits::TEXT)?, preview_url })
            }
            Self::Image { source, caption } => {
                Ok(Self::Image { source: checked_source(source)?, caption: cut_optional(caption, limits::CAPTION) })
            }
            Self::Buttons { header_image, body, footer, buttons } => Ok(Self::Buttons {
                header_image: header_image.map(checked_source).transpose()?,
                body: cut_filled("body", &body, limits::INTERACTIVE_BODY)?,
                footer: cut_optional(footer, limits::FOOTER),
                buttons: checked_buttons(buttons)?,
            }),
            Self::List { body, footer, button, sections } => Ok(Self::List {
                body: cut_filled("body", &body, limits::INTERACTIVE_BODY)?,
                footer: cut_optional(footer, limits::FOOTER),
                button: cut_filled("list button", &button, limits::LIST_BUTTON)?,
                sections: checked_sections(sections)?,
            }),
            Self::Location { latitude, longitude, name, address } => {
                let on_earth = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
                if !on_earth {
                    return Err(Unsendable::NotAPlace);
                }
                Ok(Self::Location { latitude, longitude, name, address })
            }
            Self::Template { name, language, body_params } => {
                filled("template name", &name)?;
                filled("template language", &language)?;
                let body_params = body_params.iter().map(|param| checked_param(param)).collect::<Result<_, _>>()?;
                Ok(Self::Template { name, language, body_params })
            }
        }
    }
}

fn checked_source(source: MediaSource) -> Result<MediaSource, Unsendable> {
    match &source {
        MediaSource::MediaId(id) => filled("media id", id)?,
        MediaSource::Link(link) => filled("media link", link)?,
    }
    Ok(source)
}

fn checked_buttons(buttons: Vec<ReplyButton>) -> Result<Vec<ReplyButton>, Unsendable> {
    count("buttons", buttons.len(), limits::BUTTONS)?;
    let checked = |button: ReplyButton| {
        filled("button id", &button.id)?;
        fits("button id", &button.id, limits::BUTTON_ID)?;
        let title = cut_filled("button title", &button.title, limits::BUTTON_TITLE)?;
        Ok(ReplyButton { id: button.id, title })
    };
    let buttons: Vec<ReplyButton> = buttons.into_iter().map(checked).collect::<Result<_, _>>()?;
    unique("button id", buttons.iter().map(|button| &button.id))?;
    unique("button title", buttons.iter().map(|button| &button.title))?;
    Ok(buttons)
}

fn checked_sections(sections: Vec<Section>) -> Result<Vec<Section>, Unsendable> {
    // A section without rows is an error to Meta and nothing to the customer.
    let mut sections: Vec<Section> = sections.into_iter().filter(|section| !section.rows.is_empty()).collect();
    count("rows", sections.iter().map(|section| section.rows.len()).sum(), limits::LIST_ROWS)?;
    let several = sections.len() > 1;
    for section in &mut sections {
        section.title = cut_optional(section.title.take(), limits::SECTION_TITLE);
        if several && section.title.is_none() {
            return Err(Unsendable::UntitledSection);
        }
        section.rows = section.rows.drain(..).map(checked_row).collect::<Result<_, _>>()?;
    }
    unique("row id", sections.iter().flat_map(|section| &section.rows).map(|row| &row.id))?;
    Ok(sections)
}

fn checked_row(row: Row) -> Result<Row, Unsendable> {
    filled("row id", &row.id)?;
    fits("row id", &row.id, limits::ROW_ID)?;
    Ok(Row {
        id: row.id,
        title: cut_filled("row title", &row.title, limits::ROW_TITLE)?,
        description: cut_optional(row.description, limits::ROW_DESCRIPTION),
    })
}

/// Meta refuses line breaks, tabs and runs of spaces in the parameters of a template.
fn checked_param(param: &str) -> Result<String, Unsendable> {
    let one_line = param.split_whitespace().collect::<Vec<_>>().join(" ");
    cut_filled("template parameter", &one_line, limits::TEMPLATE_PARAM)
}

fn filled(what: &'static str, text: &str) -> Result<(), Unsendable> {
    if text.trim().is_empty() { Err(Unsendable::Empty(what)) } else { Ok(()) }
}

fn fits(what: &'static str, text: &str, limit: usize) -> Result<(), Unsendable> {
    let length = text.chars().count();
    if length > limit { Err(Unsendable::TooLong { what, length, limit }) } else { Ok(()) }
}

fn count(what: &'static str, count: usize, limit: usize) -> Result<(), Unsendable> {
    match count {
        0 => Err(Unsendable::Empty(what)),
        _ if count > limit => Err(Unsendable::TooMany { what, count, limit }),
        _ => Ok(()),
    }
}

fn unique<'a>(what: &'static str, values: impl Iterator<Item = &'a String>) -> Result<(), Unsendable> {
    let mut seen = BTreeSet::new();
    for value in values {
        if !seen.insert(value) {
            return Err(Unsendable::Duplicate { what, value: value.clone() });
        }
    }
    Ok(())
}

fn cut_filled(what: &'static str, text: &str, limit: usize) -> Result<String, Unsendable> {
    filled(what, text)?;
    Ok(cut(text, limit))
}

/// A caption, footer or description that is blank is left out.
fn cut_optional(text: Option<String>, limit: usize) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).map(|text| cut(&text, limit))
}
