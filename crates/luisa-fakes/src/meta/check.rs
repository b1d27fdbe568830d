//! Whether Meta would take this message, and what a person would see of it.
//!
//! Owns the rules for addresses, bodies and lengths. May not record, and may not know about faults on command.

use super::interactive::interactive;
use super::refusal::{Refusal, graph_error};
use super::shelf::Shelf;
use serde_json::Value;

const TEXT: usize = 4096;
const CAPTION: usize = 1024;
const OPAQUE: usize = 512;

/// What a message shows, whatever its type.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) buttons: Vec<(String, String)>,
    pub(super) image: Option<String>,
    pub(super) template: Option<String>,
}

#[derive(Debug)]
pub(super) struct Checked {
    pub(super) to: Option<String>,
    pub(super) recipient: Option<String>,
    pub(super) kind: String,
    pub(super) content: Content,
    pub(super) opaque: Option<String>,
    pub(super) context: Option<String>,
}

pub(super) fn check(raw: &Value, shelf: &Shelf) -> Result<Checked, Refusal> {
    product(raw)?;
    let (to, recipient) = address(raw)?;
    if let Some(kind) = raw.get("recipient_type")
        && !matches!(kind.as_str(), Some("individual" | "group"))
    {
        return Err(invalid("Param recipient_type must be one of {INDIVIDUAL, GROUP}."));
    }
    let kind = raw.get("type").map_or(Some("text"), Value::as_str).unwrap_or_default().to_owned();
    let content = content(&kind, raw, shelf)?;
    let opaque = optional(raw, "biz_opaque_callback_data", OPAQUE)?;
    let context = match raw.get("context") {
        None => None,
        Some(context) => Some(required(context, "message_id", "context['message_id']")?),
    };
    Ok(Checked { to, recipient, kind, content, opaque, context })
}

/// Every call to this edge says which product it means.
pub(super) fn product(raw: &Value) -> Result<(), Refusal> {
    if raw.get("messaging_product").and_then(Value::as_str) == Some("whatsapp") {
        return Ok(());
    }
    Err(invalid("The parameter messaging_product is required and must be whatsapp."))
}

fn address(raw: &Value) -> Result<(Option<String>, Option<String>), Refusal> {
    match (raw.get("to"), raw.get("recipient")) {
        (None, None) => Err(invalid("The parameter to is required.")),
        (Some(_), Some(_)) => Err(invalid("Only one of to and recipient may be given.")),
        (Some(to), None) => {
            let to = to.as_str().ok_or_else(|| invalid("Param to must be a string."))?;
            if phone_digits(to).is_none() && !is_scoped_id(to) {
                return Err(invalid("Param to is not a valid phone number."));
            }
            Ok((Some(to.to_owned()), None))
        }
        (None, Some(recipient)) => match recipient.as_str().filter(|id| is_scoped_id(id)) {
            Some(id) => Ok((None, Some(id.to_owned()))),
            None => Err(invalid("Param recipient is not a valid business-scoped user id.")),
        },
    }
}

/// `CO.1047385771169864`, or `US.ENT.…` for a parent id.
pub(super) fn is_scoped_id(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let id = rest.strip_prefix("ENT.").unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|letter| letter.is_ascii_uppercase())
        && !id.is_empty()
        && id.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

/// The `wa_id` of a number as somebody wrote it.
pub(super) fn phone_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, '+' | ' ' | '-' | '(' | ')')).collect();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    fits.then_some(digits)
}

fn content(kind: &str, raw: &Value, shelf: &Shelf) -> Result<Content, Refusal> {
    let body = || raw.get(kind).filter(|body| body.is_object()).ok_or_else(|| missing(kind));
    match kind {
        "text" => text(body()?),
        "image" | "video" | "document" => media(kind, body()?, shelf),
        "audio" | "sticker" => without_caption(kind, body()?, shelf),
        "interactive" => interactive(body()?, shelf),
        "template" => template(body()?, shelf),
        "location" => location(body()?),
        "reaction" => reaction(body()?),
        "contacts" => contacts(raw),
        _ => Err(invalid(
            "Param type must be one of {AUDIO, CONTACTS, DOCUMENT, IMAGE, INTERACTIVE, LOCATION, REACTION, STICKER, \
             TEMPLATE, TEXT, VIDEO}.",
        )),
    }
}

fn text(body: &Value) -> Result<Content, Refusal> {
    let text = required(body, "body", "text['body']")?;
    at_most(&text, "text['body']", TEXT)?;
    Ok(Content { text, ..Content::default() })
}

fn media(kind: &str, body: &Value, shelf: &Shelf) -> Result<Content, Refusal> {
    let source = media_source(kind, body, shelf)?;
    let text = optional(body, "caption", CAPTION)?.unwrap_or_default();
    Ok(Content { text, image: (kind == "image").then_some(source), ..Content::default() })
}

fn without_caption(kind: &str, body: &Value, shelf: &Shelf) -> Result<Content, Refusal> {
    media_source(kind, body, shelf)?;
    if body.get("caption").is_some() {
        return Err(invalid(format!("Unexpected key caption on param {kind}.")));
    }
    Ok(Content::default())
}

/// The id of something uploaded before, or a link, never both.
pub(super) fn media_source(kind: &str, body: &Value, shelf: &Shelf) -> Result<String, Refusal> {
    match (body.get("id"), body.get("link")) {
        (Some(id), None) => {
            let id = id.as_str().unwrap_or_default();
            if shelf.has_media(id) {
                return Ok(id.to_owned());
            }
            let details = format!("{id} is not a valid whatsapp business account media attachment ID");
            Err(graph_error(131009).with_details(details))
        }
        (None, Some(link)) => {
            let link = link.as_str().unwrap_or_default();
            if link.starts_with("http://") || link.starts_with("https://") {
                return Ok(link.to_owned());
            }
            Err(invalid(format!("Param {kind}['link'] is not a valid URL.")))
        }
        _ => Err(invalid(format!("Param {kind} must have exactly one of id and link."))),
    }
}

fn template(body: &Value, shelf: &Shelf) -> Result<Content, Refusal> {
    let name = required(body, "name", "template['name']")?;
    let language = body.get("language").ok_or_else(|| missing("template['language']"))?;
    let language = required(language, "code", "template['language']['code']")?;
    let parameters = body_parameters(body)?;
    let template = shelf.template(&name, &language).ok_or_else(|| {
        graph_error(132001).with_details(format!("template name ({name}) does not exist in {language}"))
    })?;
    match template.status.as_str() {
        "APPROVED" => {}
        "PAUSED" => return Err(graph_error(132015)),
        "DISABLED" => return Err(graph_error(132016)),
        _ => return Err(graph_error(132001)),
    }
    if parameters.len() != template.body_parameters {
        let (given, wanted) = (parameters.len(), template.body_parameters);
        let details = format!("body: number of localizable_params ({given}) does not match the expected ({wanted})");
        return Err(graph_error(132000).with_details(details));
    }
    Ok(Content { text: parameters.join("\n"), template: Some(name), ..Content::default() })
}

fn body_parameters(template: &Value) -> Result<Vec<String>, Refusal> {
    let components = template.get("components").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let body = components.iter().filter(|part| part["type"].as_str().is_some_and(|kind| kind == "body"));
    let mut texts = Vec::new();
    for parameter in body.flat_map(|part| part["parameters"].as_array()).flatten() {
        let text = required(parameter, "text", "template['components'][…]['parameters'][…]['text']")?;
        if text.contains(['\n', '\t']) || text.contains("     ") {
            let details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces";
            return Err(graph_error(132018).with_details(details));
        }
        texts.push(text);
    }
    Ok(texts)
}

fn location(body: &Value) -> Result<Content, Refusal> {
    for key in ["latitude", "longitude"] {
        let value = body.get(key).ok_or_else(|| missing(&format!("location['{key}']")))?;
        let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        if number.is_none() {
            return Err(invalid(format!("Param location['{key}'] must be a number.")));
        }
    }
    let text = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Content { text, ..Content::default() })
}

fn reaction(body: &Value) -> Result<Content, Refusal> {
    required(body, "message_id", "reaction['message_id']")?;
    let text = body.get("emoji").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Content { text, ..Content::default() })
}

fn contacts(raw: &Value) -> Result<Content, Refusal> {
    let cards = raw.get("contacts").and_then(Value::as_array).filter(|cards| !cards.is_empty());
    let mut names = Vec::new();
    for card in cards.ok_or_else(|| missing("contacts"))? {
        names.push(required(&card["name"], "formatted_name", "contacts[…]['name']['formatted_name']")?);
    }
    Ok(Content { text: names.join(", "), ..Content::default() })
}

/// A text that must be there and say something.
pub(super) fn required(object: &Value, key: &str, name: &str) -> Result<String, Refusal> {
    match object.get(key) {
        None => Err(missing(name)),
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(invalid(format!("Param {name} must not be empty."))),
        Some(_) => Err(invalid(format!("Param {name} must be a string."))),
    }
}

pub(super) fn optional(object: &Value, key: &str, limit: usize) -> Result<Option<String>, Refusal> {
    let Some(value) = object.get(key) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| invalid(format!("Param {key} must be a string.")))?;
    at_most(text, key, limit)?;
    Ok(Some(text.to_owned()))
}

/// Lengths are counted in characters, not in bytes.
pub(super) fn at_most(text: &str, name: &str, limit: usize) -> Result<(), Refusal> {
    if text.chars().count() <= limit {
        return Ok(());
    }
    Err(invalid(format!("Param {name} must be at most {limit} characters long.")))
}

pub(super) fn invalid(details: impl Into<String>) -> Refusal {
    graph_error(100).with_details(details)
}

pub(super) fn missing(name: &str) -> Refusal {
    graph_error(131008).with_details(format!("The parameter {name} is required."))
}
