//! `luisa health`: is the LUISA of these settings ready? For container engines and scripts on her machine; nothing else needs to be installed.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

use crate::cli::Verdict;
use crate::settings::Settings;

/// Longer than a ready LUISA takes, shorter than the patience of whoever asks.
const PATIENCE: Duration = Duration::from_secs(4);
/// Of the answer, so much is looked at.
const LARGEST_ANSWER: u64 = 4096;

/// Runs the command: the answer is no when nobody listens, or when the database cannot be used.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(settings: &Settings) -> anyhow::Result<Verdict> {
    let address = SocketAddr::new(reachable(settings.server.host), settings.server.port);
    let said = ask(address).with_context(|| format!("nobody answers at {address}"));
    let (verdict, text) = match said {
        Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => (Verdict::Done, "ready".to_owned()),
        Ok(answer) => (Verdict::No, format!("not ready: {}", answer.lines().next().unwrap_or("an empty answer"))),
        Err(error) => (Verdict::No, format!("not ready: {error:#}")),
    };
    writeln!(std::io::stdout(), "{text}")?;
    Ok(verdict)
}

/// Who listens on all addresses is asked on the machine's own.
fn reachable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(all) if all.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(all) if all.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut line = TcpStream::connect_timeout(&address, PATIENCE)?;
    line.set_read_timeout(Some(PATIENCE))?;
    line.set_write_timeout(Some(PATIENCE))?;
    write!(line, "GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    line.take(LARGEST_ANSWER).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
