//! Settings of the HTTP server, of what production demands, and of the log.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use tracing::Level;

use super::reader::Reader;

/// Shortest `LUISA_API_KEY` in production, in characters.
const SHORTEST_KEY: usize = 16;
/// How the keys of guides and examples begin, without `-` and `_`: keys that everybody knows.
const WELL_KNOWN: [&str; 9] =
    ["changeme", "replaceme", "your", "tuclave", "cambia", "default", "example", "ejemplo", "luisaapikey"];

/// Where LUISA listens and who may ask.
#[derive(Debug, Clone)]
pub struct Server {
    /// `HOST`: this machine only unless in production.
    pub host: IpAddr,
    /// `PORT`; 0 lets the system choose.
    pub port: u16,
    /// `ALLOWED_ORIGINS`: pages of other sites that may call the API.
    pub allowed_origins: Vec<String>,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// `PRODUCTION_MODE`
    pub production: bool,
    /// `DEMO_UI_ENABLED`: on unless in production.
    pub demo_ui: bool,
    /// `LUISA_API_KEY`
    pub api_key: Option<SecretString>,
    pub log: Log,
}

/// What the log says and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// `LOG_LEVEL`
    pub level: Level,
    /// `LOG_FORMAT`: unset is text for a person at a terminal and JSON for a program.
    pub format: Option<LogFormat>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

impl Server {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let production = reader.flag("PRODUCTION_MODE", false);
        Self {
            host: host(reader, production),
            port: reader.number("PORT", 8000, 0..=65_535, "TCP port"),
            allowed_origins: origins(reader, production),
            trusted_proxies: proxies(reader),
            production,
            demo_ui: reader.optional_flag("DEMO_UI_ENABLED", "").unwrap_or(!production),
            api_key: reader.secret("LUISA_API_KEY"),
            log: Log::read(reader),
        }
    }

    /// What production demands, `app_secret` of WhatsApp apart.
    pub(super) fn demand_production(&self, reader: &mut Reader) {
        let remedy = "Set it to a random text of 32 characters (openssl rand -hex 16), or set PRODUCTION_MODE=false.";
        let known = |key: &SecretString| {
            let key: String = key.expose_secret().to_lowercase().chars().filter(|c| !"-_".contains(*c)).collect();
            WELL_KNOWN.iter().any(|word| key.starts_with(word))
        };
        let fault = match &self.api_key {
            None => Some("is missing, and PRODUCTION_MODE=true needs it".to_owned()),
            Some(key) if key.expose_secret().chars().count() < SHORTEST_KEY => {
                Some(format!("is shorter than {SHORTEST_KEY} characters, too short for PRODUCTION_MODE=true"))
            }
            Some(key) if known(key) => Some("is a key from an example, which PRODUCTION_MODE=true refuses".to_owned()),
            Some(key) if is_guessable(key.expose_secret()) => {
                Some("can be guessed, which PRODUCTION_MODE=true refuses".to_owned())
            }
            Some(_) => None,
        };
        if let Some(what) = fault {
            reader.secret_fault("LUISA_API_KEY", &what, remedy);
        }
        if self.trusted_proxies.iter().any(|net| net.prefix_len() == 0) {
            let everybody = "a list of your own proxies: trusting everybody's word lets any caller pass for another";
            reader.fault(
                "TRUSTED_PROXIES",
                "0.0.0.0/0",
                everybody,
                "Write for example TRUSTED_PROXIES=127.0.0.1,172.16.0.0/12",
            );
        }
    }
}

/// Fewer different characters than these, and trying would find it.
const FEWEST_DIFFERENT: usize = 8;
/// What people write when they are asked for a password.
const COMMON: [&str; 10] =
    ["password", "contrasena", "qwerty", "letmein", "admin", "secret", "secreto", "luisa", "welcome", "changeme"];

/// A secret that is a word, a row of keys, or one of them again and again.
pub(super) fn is_guessable(secret: &str) -> bool {
    let plain: String = secret.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    let different: std::collections::BTreeSet<char> = plain.chars().collect();
    let without_words = COMMON.iter().fold(plain.clone(), |left, word| left.replace(word, ""));
    let counted = "0123456789012345678901234567890".contains(&plain) || "abcdefghijklmnopqrstuvwxyz".contains(&plain);
    different.len() < FEWEST_DIFFERENT || counted || without_words.chars().count() * 2 < plain.chars().count()
}

/// An address to which secrets and customers' words go must not be overheard on the way, unless it is this machine.
pub(super) fn demand_safe_address(reader: &mut Reader, name: &'static str, address: &str) {
    let Ok(url) = reqwest::Url::parse(address) else { return };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = match host.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        // A name without a dot is a container's or a machine's of one's own network.
        Err(_) => host.ends_with(".localhost") || !host.contains('.'),
    };
    if url.scheme() == "http" && !here {
        let remedy = format!("Write {name} with https://, or set PRODUCTION_MODE=false.");
        reader.secret_fault(
            name,
            "goes to another host without encryption, which PRODUCTION_MODE=true refuses",
            &remedy,
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        let remedy = format!("Write {name} without name and password.");
        reader.secret_fault(name, "holds a name or password, which would stand in logs", &remedy);
    }
}

fn host(reader: &mut Reader, production: bool) -> IpAddr {
    let name = "HOST";
    let default = if production { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let Some(value) = reader.text(name) else { return default.into() };
    if value.eq_ignore_ascii_case("localhost") {
        return Ipv4Addr::LOCALHOST.into();
    }
    value.parse().unwrap_or_else(|_| {
        reader.fault(
            name,
            &value,
            "an IP address of this machine",
            "Write HOST=127.0.0.1 for this machine only, or HOST=0.0.0.0 for all its networks.",
        );
        default.into()
    })
}

fn origins(reader: &mut Reader, production: bool) -> Vec<String> {
    let name = "ALLOWED_ORIGINS";
    let list: Vec<String> = reader.list(name).iter().map(|origin| origin.trim_end_matches('/').to_owned()).collect();
    for origin in &list {
        let any = origin == "*";
        let plain = reqwest::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        if !any && !plain {
            reader.fault(
                name,
                origin,
                "a list of origins, separated by commas",
                "Write for example ALLOWED_ORIGINS=https://www.example.com",
            );
        } else if any && production {
            reader.fault(
                name,
                origin,
                "a list of origins in PRODUCTION_MODE",
                "Name the pages that may call the API, or remove it.",
            );
        }
    }
    list
}

fn proxies(reader: &mut Reader) -> Vec<IpNet> {
    let name = "TRUSTED_PROXIES";
    let mut nets = Vec::new();
    for written in reader.list(name) {
        let net = written.parse().or_else(|_| written.parse::<IpAddr>().map(IpNet::from));
        match net {
            Ok(net) => nets.push(net),
            Err(_) => reader.fault(
                name,
                &written,
                "a list of IP addresses or networks, separated by commas",
                "Write for example TRUSTED_PROXIES=127.0.0.1,172.16.0.0/12",
            ),
        }
    }
    nets
}

impl Log {
    fn read(reader: &mut Reader) -> Self {
        let levels = [
            ("ERROR", Level::ERROR),
            ("WARN", Level::WARN),
            ("INFO", Level::INFO),
            ("DEBUG", Level::DEBUG),
            ("TRACE", Level::TRACE),
            ("WARNING", Level::WARN),
        ];
        let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
        Self {
            level: reader.choice("LOG_LEVEL", "INFO", &levels).unwrap_or(Level::INFO),
            format: reader.choice("LOG_FORMAT", "", &formats),
        }
    }
}
