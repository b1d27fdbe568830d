//! Meta's numbers. Lengths are in Unicode characters, sizes in bytes.
//!
//! Owns no behaviour: `send` cuts and refuses with these.

use std::time::Duration;

pub const TEXT: usize = 4_096;
pub const CAPTION: usize = 1_024;
pub const INTERACTIVE_BODY: usize = 1_024;
pub const FOOTER: usize = 60;
pub const OPAQUE: usize = 512;
pub const TEMPLATE_PARAM: usize = 1_024;

pub const BUTTONS: usize = 3;
pub const BUTTON_TITLE: usize = 20;
pub const BUTTON_ID: usize = 256;

pub const LIST_ROWS: usize = 10;
pub const LIST_BUTTON: usize = 20;
pub const SECTION_TITLE: usize = 24;
pub const ROW_TITLE: usize = 24;
pub const ROW_DESCRIPTION: usize = 72;
pub const ROW_ID: usize = 200;

const MEGABYTE: usize = 1024 * 1024;
pub const WEBHOOK_BODY: usize = 3 * MEGABYTE;
pub const IMAGE_BYTES: usize = 5 * MEGABYTE;
pub const AUDIO_BYTES: usize = 16 * MEGABYTE;
pub const VIDEO_BYTES: usize = 16 * MEGABYTE;
pub const DOCUMENT_BYTES: usize = 100 * MEGABYTE;

/// Sends of one message that met a passing fault, before it is given to a person.
pub const RETRIES: u32 = 5;
/// One message to one person each so often, in the long run.
pub const PAIR_INTERVAL: Duration = Duration::from_secs(6);
/// Messages to one person that may be borrowed from the future.
pub const PAIR_BURST: u32 = 45;
pub const MESSAGES_PER_SECOND: u32 = 80;

/// The largest upload of this MIME type.
pub fn upload_bytes(mime: &str) -> usize {
    match mime.split('/').next() {
        Some("image") => IMAGE_BYTES,
        Some("audio") => AUDIO_BYTES,
        Some("video") => VIDEO_BYTES,
        _ => DOCUMENT_BYTES,
    }
}
