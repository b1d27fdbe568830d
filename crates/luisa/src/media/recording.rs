//! A voice note before it is paid for: how long it is, and whether somebody speaks in it.
//!
//! Owns the reading of Ogg Opus, WhatsApp's own form. What is in another form cannot be measured here. Pure arithmetic of
//! some milliseconds a minute; whoever calls it keeps it off the event loop. May not know what is said.

use std::io::Cursor;

use earshot::Detector;
use ogg::PacketReader;
use opus_decoder::OpusDecoder;

/// The clock of an Ogg Opus stream.
const GRANULES: f64 = 48_000.0;
/// What the listener for speech wants.
const RATE: u32 = 16_000;
const FRAME: usize = 256;
/// A packet holds 120 ms at most.
const LONGEST_PACKET: usize = RATE as usize * 120 / 1_000;
const SPOKEN: f32 = 0.5;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub seconds: f64,
    /// Of them with speech.
    pub speech: f64,
}

/// Measures a recording, decoding at most `limit` seconds of it; none when it is not Ogg Opus, or broken.
#[must_use]
pub fn measure(bytes: &[u8], limit: f64) -> Option<Measured> {
    let mut reader = PacketReader::new(Cursor::new(bytes));
    let head = reader.read_packet().ok()??;
    if !head.data.starts_with(b"OpusHead") {
        return None;
    }
    let mut decoder = OpusDecoder::new(RATE, 1).ok()?;
    let mut detector = Detector::default_boxed();
    let mut sound: Vec<i16> = Vec::new();
    let mut packet_sound = vec![0_i16; LONGEST_PACKET];
    let (mut granule, mut samples, mut spoken) = (0_u64, 0_usize, 0_usize);
    while let Ok(Some(packet)) = reader.read_packet() {
        if packet.data.starts_with(b"OpusTags") {
            continue;
        }
        let at = packet.absgp_page();
        // All ones: no packet ends on this page.
        if at != u64::MAX {
            granule = granule.max(at);
        }
        if samples as f64 / f64::from(RATE) > limit {
            continue;
        }
        let Ok(count) = decoder.decode(&packet.data, &mut packet_sound, false) else { continue };
        samples += count;
        sound.extend_from_slice(&packet_sound[..count.min(packet_sound.len())]);
        let whole = sound.len() - sound.len() % FRAME;
        for frame in sound[..whole].chunks_exact(FRAME) {
            spoken += usize::from(detector.predict_i16(frame) >= SPOKEN);
        }
        sound.drain(..whole);
    }
    let decoded = samples as f64 / f64::from(RATE);
    let told = granule as f64 / GRANULES;
    Some(Measured { seconds: told.max(decoded), speech: (spoken * FRAME) as f64 / f64::from(RATE) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOICE: &[u8] = include_bytes!("../../tests/fixtures/voice.ogg");
    const SILENCE: &[u8] = include_bytes!("../../tests/fixtures/silence.ogg");

    #[test]
    fn a_voice_note_is_measured_and_its_speech_found() {
        let measured = measure(VOICE, 180.0).unwrap();
        assert!((2.0..6.0).contains(&measured.seconds) && measured.speech > 1.0, "{measured:?}");
        let silent = measure(SILENCE, 180.0).unwrap();
        assert!(silent.seconds > 1.5 && silent.speech < 0.4, "{silent:?}");
    }

    #[test]
    fn what_is_no_voice_note_is_not_measured_and_nothing_breaks() {
        for bytes in [&b""[..], b"OggS", b"OggS\0\x02 and what somebody said", b"\xFF\xFB\x90"] {
            assert_eq!(measure(bytes, 180.0), None);
        }
        for cut in [40, 60, 200, VOICE.len() / 2, VOICE.len() - 3] {
            let _ = measure(&VOICE[..cut], 180.0);
            let mut broken = VOICE.to_vec();
            broken[cut] ^= 0x55;
            let _ = measure(&broken, 180.0);
        }
    }

    #[test]
    fn a_stream_that_claims_to_be_endless_is_long_and_little_of_it_is_decoded() {
        let long = measure(VOICE, 0.1).unwrap();
        assert!(long.seconds > 2.0 && long.speech < 1.0, "{long:?}");
    }
}
