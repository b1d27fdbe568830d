//! How long the certificate of an HTTPS address is still good.
//!
//! Owns the look at it. Whether it is trusted is the operating system's judgement, as for every caller.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::tls::TlsInfo;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::report::{Check, Finding};
use super::running::reason;

const PATIENCE: Duration = Duration::from_secs(6);
/// Renewal comes 30 days before the end: later than this it has failed for a while.
const DAYS: i64 = 14;

pub(super) async fn check(address: &str, now: Timestamp) -> Finding {
    let check = Check::warning("certificate");
    let client = reqwest::Client::builder().timeout(PATIENCE).tls_info(true).build();
    let remedy = "look at the proxy that has the certificate, and at its log";
    let answered = match client {
        Ok(client) => client.get(address).send().await,
        Err(error) => Err(error),
    };
    let response = match answered {
        Ok(response) => response,
        Err(error) => return check.failed(format!("{address} is not reached ({})", reason(&error)), remedy),
    };
    let shown = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate).and_then(end);
    match shown {
        Some(end) => judged(check, end, now),
        None => check.failed(format!("{address} shows no certificate that can be read"), remedy),
    }
}

fn judged(check: Check, end: Timestamp, now: Timestamp) -> Finding {
    let days = end.duration_since(now).as_hours() / 24;
    let detail = format!("good until {}, {days} days", end.strftime("%Y-%m-%d"));
    if days < DAYS {
        return check.failed(detail, "it is not renewed: look at the log of the proxy that should do it");
    }
    check.ok(detail)
}

fn end(der: &[u8]) -> Option<Timestamp> {
    let certificate = Certificate::from_der(der).ok()?;
    let until = certificate.tbs_certificate().validity().not_after.to_unix_duration();
    Timestamp::from_second(i64::try_from(until.as_secs()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::super::report::Verdict;
    use super::*;

    /// Made with openssl: good from 2026-11-01 until 2027-01-30 12:00 UTC.
    const SHOWN: &str = "MIIBFzCBvgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1sdWlzYS5leGFtcGxlMB4XDTI2MTEwMTAwMDAwMFoXDTI3MDEzMDEy\
        MDAwMFowGDEWMBQGA1UEAwwNbHVpc2EuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKWRV1UVPa0nckS3E2aa2jT6\
        n5ObvEkyLVoOLWwPlvG4lTXEO8F1GF2LzDvmwZaJ71gjO/uJDdY50YvjtMVe5IMwCgYIKoZIzj0EAwIDSAAwRQIhALJBRxlxDKNG\
        H/729GZfjZabBYvXIKFHsoJtrFsbxcHOAiBj9b29+oqqtIRKPK0745iThtpcMjio6eUpS9piheNZHw==";

    #[test]
    fn the_end_is_read_from_the_certificate_itself() {
        let end = end(&STANDARD.decode(SHOWN).unwrap()).unwrap();
        assert_eq!(end.to_string(), "2027-01-30T12:00:00Z");
        let on = |day: &str| judged(Check::warning("certificate"), end, day.parse().unwrap()).verdict;
        assert_eq!(on("2027-01-10T00:00:00Z"), Verdict::Ok);
        assert_eq!((on("2027-01-17T00:00:00Z"), on("2027-02-01T00:00:00Z")), (Verdict::Failed, Verdict::Failed));
        assert_eq!(super::end(b"no certificate"), None);
    }
}
