//! What a file is, by its own first bytes: what its sender says of it is not believed.
//!
//! Owns the list of types and the largest size of each kind. May not open a file any further.

const MIB: usize = 1024 * 1024;

/// The most bytes of a file that are fetched, by its message's kind.
#[must_use]
pub fn largest(kind: &str) -> usize {
    match kind {
        "image" => 5 * MIB,
        "audio" | "video" => 16 * MIB,
        _ => 32 * MIB,
    }
}

/// The type of a file, when its beginning tells.
// tidy: table
#[must_use]
pub fn mime(bytes: &[u8]) -> Option<&'static str> {
    let at = |from: usize, mark: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(mark));
    let found = match bytes {
        _ if at(0, b"\xFF\xD8\xFF") => "image/jpeg",
        _ if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        _ if at(0, b"OggS") => "audio/ogg",
        _ if at(0, b"#!AMR") => "audio/amr",
        _ if at(0, b"RIFF") && at(8, b"WAVE") => "audio/wav",
        _ if at(4, b"ftypM4A") => "audio/mp4",
        _ if at(4, b"ftyp3g") => "video/3gpp",
        _ if at(4, b"ftyp") => "video/mp4",
        [0xFF, second, ..] if second & 0xF6 == 0xF0 => "audio/aac",
        _ if at(0, b"ID3") => "audio/mpeg",
        [0xFF, second, ..] if second & 0xE0 == 0xE0 => "audio/mpeg",
        _ if at(0, b"%PDF-") => "application/pdf",
        _ if at(0, b"PK\x03\x04") => "application/zip",
        _ => return None,
    };
    Some(found)
}

/// The type of a file that came as this kind; none when it is not what it should be.
#[must_use]
pub fn fitting(kind: &str, bytes: &[u8]) -> Option<&'static str> {
    let found = mime(bytes);
    match kind {
        "image" => found.filter(|mime| mime.starts_with("image/")),
        // A recording may come in a container of films.
        "audio" => found.filter(|mime| mime.starts_with("audio/") || mime.starts_with("video/")),
        "video" => found.filter(|mime| mime.starts_with("video/")),
        // Anything may be a document; nothing of it is ever run or drawn.
        _ => Some(found.unwrap_or("application/octet-stream")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_beginning_says() {
        for (bytes, kind, expected) in [
            (&b"\xFF\xD8\xFF\xE0 jpeg"[..], "image", Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\n", "image", Some("image/png")),
            (b"OggS\0", "audio", Some("audio/ogg")),
            (b"\0\0\0\x20ftypM4A ", "audio", Some("audio/mp4")),
            (b"\0\0\0\x20ftypisom", "audio", Some("video/mp4")),
            (b"\xFF\xF1\x50", "audio", Some("audio/aac")),
            (b"\xFF\xFB\x50", "audio", Some("audio/mpeg")),
            (b"%PDF-1.7", "document", Some("application/pdf")),
            (b"<svg onload=alert(1)>", "document", Some("application/octet-stream")),
            (b"<svg onload=alert(1)>", "image", None),
            (b"MZ\x90", "image", None),
            (b"OggS\0", "image", None),
            (b"", "audio", None),
        ] {
            assert_eq!(fitting(kind, bytes), expected, "{kind} {bytes:?}");
        }
    }
}
