//! The rules for interactive messages: buttons and lists.
//!
//! Owns their counts and lengths. May not record.

use super::check::{Content, at_most, invalid, media_source, missing, optional, required};
use super::refusal::{Refusal, graph_error};
use super::shelf::Shelf;
use serde_json::Value;
use std::collections::HashSet;

const BODY: usize = 1024;
const HEADER: usize = 60;
const FOOTER: usize = 60;
const BUTTONS: usize = 3;
const BUTTON_TITLE: usize = 20;
const BUTTON_ID: usize = 256;
const ROWS: usize = 10;
const ROW_TITLE: usize = 24;
const ROW_DESCRIPTION: usize = 72;
const ROW_ID: usize = 200;

pub(super) fn interactive(message: &Value, shelf: &Shelf) -> Result<Content, Refusal> {
    let kind = required(message, "type", "interactive['type']")?;
    let body = message.get("body").ok_or_else(|| missing("interactive['body']"))?;
    let text = required(body, "text", "interactive['body']['text']")?;
    at_most(&text, "interactive['body']['text']", BODY)?;
    if let Some(footer) = message.get("footer") {
        optional(footer, "text", FOOTER)?;
    }
    let image = message.get("header").map_or(Ok(None), |header| header_image(header, shelf))?;
    let action = message.get("action").ok_or_else(|| missing("interactive['action']"))?;
    let buttons = match kind.as_str() {
        "button" => reply_buttons(action)?,
        "list" => list_rows(action)?,
        // Sent without choices of ours; their bodies are checked like any other.
        "cta_url" | "flow" | "location_request_message" | "call_permission_request" | "product" | "product_list" => {
            Vec::new()
        }
        _ => {
            return Err(invalid("Param interactive['type'] must be one of {BUTTON, LIST, CTA_URL, FLOW, …}."));
        }
    };
    Ok(Content { text, buttons, image, template: None })
}

fn header_image(header: &Value, shelf: &Shelf) -> Result<Option<String>, Refusal> {
    let kind = required(header, "type", "interactive['header']['type']")?;
    match kind.as_str() {
        "text" => {
            let text = required(header, "text", "interactive['header']['text']")?;
            at_most(&text, "interactive['header']['text']", HEADER)?;
            Ok(None)
        }
        "image" => media_source("image", &header["image"], shelf).map(Some),
        "video" | "document" => media_source(&kind, &header[&kind], shelf).map(|_| None),
        _ => Err(invalid("Param interactive['header']['type'] must be one of {TEXT, IMAGE, VIDEO, DOCUMENT}.")),
    }
}

fn reply_buttons(action: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let buttons = action.get("buttons").and_then(Value::as_array).ok_or_else(|| missing("buttons"))?;
    if !(1..=BUTTONS).contains(&buttons.len()) {
        return Err(bad_value(format!(
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {BUTTONS}"
        )));
    }
    let mut choices = Vec::new();
    for button in buttons {
        if button["type"].as_str() != Some("reply") {
            return Err(bad_value("Button type must be reply"));
        }
        let id = sized(&button["reply"], "id", "Button id", BUTTON_ID)?;
        let title = sized(&button["reply"], "title", "Button title", BUTTON_TITLE)?;
        choices.push((id, title));
    }
    all_different(choices.iter().map(|choice| choice.0.as_str()), "Duplicated id of the button")?;
    all_different(choices.iter().map(|choice| choice.1.as_str()), "Duplicated title of the button")?;
    Ok(choices)
}

fn list_rows(action: &Value) -> Result<Vec<(String, String)>, Refusal> {
    sized(action, "button", "List button", BUTTON_TITLE)?;
    let sections = action.get("sections").and_then(Value::as_array).ok_or_else(|| missing("sections"))?;
    if sections.is_empty() {
        return Err(bad_value("Invalid sections count. Min allowed sections: 1"));
    }
    let mut choices = Vec::new();
    for section in sections {
        if sections.len() > 1 || section.get("title").is_some() {
            sized(section, "title", "Section title", ROW_TITLE)?;
        }
        let rows = section.get("rows").and_then(Value::as_array).filter(|rows| !rows.is_empty());
        for row in rows.ok_or_else(|| missing("rows"))? {
            let id = sized(row, "id", "Row id", ROW_ID)?;
            let title = sized(row, "title", "Row title", ROW_TITLE)?;
            if row.get("description").is_some() {
                sized(row, "description", "Row description", ROW_DESCRIPTION)?;
            }
            choices.push((id, title));
        }
    }
    if choices.len() > ROWS {
        return Err(bad_value(format!("Total row count exceed max allowed count: {ROWS}")));
    }
    all_different(choices.iter().map(|choice| choice.0.as_str()), "Duplicated id of the row")?;
    Ok(choices)
}

fn sized(object: &Value, key: &str, name: &str, limit: usize) -> Result<String, Refusal> {
    let text = object.get(key).and_then(Value::as_str).unwrap_or_default();
    if text.trim().is_empty() || text.chars().count() > limit {
        return Err(bad_value(format!("{name} length invalid. Min length: 1, Max length: {limit}")));
    }
    Ok(text.to_owned())
}

fn all_different<'a>(mut texts: impl Iterator<Item = &'a str>, otherwise: &str) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    if texts.all(|text| seen.insert(text)) { Ok(()) } else { Err(bad_value(otherwise)) }
}

fn bad_value(details: impl Into<String>) -> Refusal {
    graph_error(131009).with_details(details)
}
