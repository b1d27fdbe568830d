//! What an operator meets who gets a setting wrong, and the manual against the code in both directions.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use luisa_core::taxonomy::{Channel, Team};
use secrecy::ExposeSecret;

use super::*;

const MANUAL: &str = include_str!("../../../../.env.example");

fn vars(pairs: &[(&str, &str)]) -> Vars {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn faults(pairs: &[(&str, &str)]) -> Vec<String> {
    let faults = Settings::from_vars(vars(pairs)).map(|_| ()).unwrap_err();
    faults.iter().map(ToString::to_string).collect()
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings::from_vars(vars(pairs)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

const PRODUCTION: [(&str, &str); 7] = [
    ("PRODUCTION_MODE", "true"),
    ("WHATSAPP_ENABLED", "true"),
    ("WHATSAPP_ACCESS_TOKEN", "EAAG0000"),
    ("WHATSAPP_PHONE_NUMBER_ID", "100000000000001"),
    ("WHATSAPP_VERIFY_TOKEN", "aguja"),
    ("WHATSAPP_APP_SECRET", "0123456789abcdef"),
    ("LUISA_API_KEY", "8c1f0a52b7d94e63"),
];

#[test]
fn without_any_variable_luisa_starts_with_the_documented_defaults() {
    let settings = settings(&[]);
    assert!(!settings.whatsapp.enabled && !settings.openai.enabled && !settings.server.production);
    assert_eq!(settings.server.host, Ipv4Addr::LOCALHOST);
    assert_eq!(settings.server.port, 8000);
    assert_eq!(settings.database.path.to_str(), Some("data/luisa.db"));
    assert_eq!(settings.pace.reply_debounce_ms, 1500);
    assert!(settings.server.demo_ui);
    assert!(settings.notes.is_empty(), "{:?}", settings.notes);
}

#[test]
fn the_manual_has_every_variable_with_its_default_and_no_other() {
    let written = dotenv::parse(MANUAL).unwrap();
    let read: BTreeMap<String, String> =
        Settings::known().into_iter().map(|known| (known.name.to_owned(), known.default)).collect();
    assert_eq!(written, read, "left: .env.example, right: what the code reads");
}

#[test]
fn each_variable_is_read_once_and_explained_in_the_manual() {
    let mut names: Vec<&str> = Settings::known().iter().map(|known| known.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    let lines: Vec<&str> = MANUAL.lines().collect();
    for name in names {
        let line = lines.iter().position(|line| line.starts_with(&format!("{name}="))).unwrap();
        assert!(lines[line - 1].starts_with("# "), "{name} has no explanation above it");
    }
}

#[test]
fn the_manual_as_it_stands_changes_nothing() {
    let copied = Settings::from_vars(dotenv::parse(MANUAL).unwrap()).unwrap();
    assert_eq!(format!("{copied:?}"), format!("{:?}", settings(&[])));
}

#[test]
fn every_fault_is_reported_at_once_with_the_value_and_what_is_allowed() {
    let faults = faults(&[
        ("PORT", "80000"),
        ("HUMAN_TTL_HOURS", "twelve"),
        ("PERSONAL_MESSAGES_MODE", "loud"),
        ("WHATSAPP_ENABLED", "maybe"),
        ("BUSINESS_TIMEZONE", "America/Monteria"),
        ("HOST", "my-server"),
        ("WHATSAPP_API_BASE_URL", "graph.facebook.com"),
        ("ALLOWED_ORIGINS", "https://a.example.com, b.example.com"),
        ("TRUSTED_PROXIES", "127.0.0.1, 172.16.0.0/12, caddy"),
    ]);
    assert_eq!(faults.len(), 9, "{faults:#?}");
    for (variable, value, allowed) in [
        ("PORT", "80000", "65535"),
        ("HUMAN_TTL_HOURS", "twelve", "1 to 720 (hours)"),
        ("PERSONAL_MESSAGES_MODE", "loud", "silent, polite"),
        ("WHATSAPP_ENABLED", "maybe", "true or false"),
        ("BUSINESS_TIMEZONE", "America/Monteria", "time zone"),
        ("HOST", "my-server", "IP address"),
        ("WHATSAPP_API_BASE_URL", "graph.facebook.com", "https://"),
        ("ALLOWED_ORIGINS", "b.example.com", "origins"),
        ("TRUSTED_PROXIES", "caddy", "IP addresses"),
    ] {
        let found =
            faults.iter().any(|fault| fault.starts_with(&format!("{variable}={value} ")) && fault.contains(allowed));
        assert!(found, "{variable}: {faults:#?}");
    }
}

#[test]
fn whatsapp_demands_what_it_cannot_work_without() {
    let faults = faults(&[("WHATSAPP_ENABLED", "true")]);
    for name in ["WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_VERIFY_TOKEN"] {
        assert!(faults.iter().any(|fault| fault.starts_with(&format!("{name} is missing"))), "{name}: {faults:?}");
    }
    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn production_starts_when_everything_is_given_and_listens_to_the_network() {
    let settings = settings(&PRODUCTION);
    assert_eq!(settings.server.host, Ipv4Addr::UNSPECIFIED);
    assert!(!settings.server.demo_ui);
}

#[test]
fn production_refuses_what_would_leave_the_door_open() {
    let cases = [
        ("WHATSAPP_APP_SECRET", "", "is missing"),
        ("LUISA_API_KEY", "", "is missing"),
        ("LUISA_API_KEY", "corta", "shorter than 16"),
        ("LUISA_API_KEY", "change-me-change-me", "from an example"),
        ("ALLOWED_ORIGINS", "*", "PRODUCTION_MODE"),
    ];
    for (name, value, what) in cases {
        let mut pairs = PRODUCTION.to_vec();
        pairs.retain(|(known, _)| *known != name);
        pairs.push((name, value));
        let faults = faults(&pairs);
        assert_eq!(faults.len(), 1, "{name}={value}: {faults:?}");
        assert!(faults[0].starts_with(name) && faults[0].contains(what), "{faults:?}");
    }
}

#[test]
fn production_without_whatsapp_needs_no_app_secret() {
    let pairs: Vec<_> = PRODUCTION.into_iter().filter(|(name, _)| !name.starts_with("WHATSAPP_")).collect();
    assert!(!settings(&pairs).whatsapp.enabled);
}

#[test]
fn no_secret_is_shown_in_a_fault_or_a_debug_print() {
    let secret = "top\u{2013}secret value";
    let mut text = String::new();
    for name in
        ["WHATSAPP_ACCESS_TOKEN", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_APP_SECRET", "OPENAI_API_KEY", "LUISA_API_KEY"]
    {
        text.push_str(&faults(&[(name, secret)]).join("\n"));
        assert!(text.contains(name), "{text}");
    }
    text.push_str(&faults(&[("DATABASE_URL", "postgres://luisa:hunter2@db/luisa")]).join("\n"));
    text.push_str(&faults(&[("TEST_NOTIFY_NUMBER", "30055507778888888")]).join("\n"));
    text.push_str(&format!("{:?}", settings(&PRODUCTION)));
    for shown in [
        "secret value",
        "hunter2",
        "3005550777",
        "EAAG0000",
        "aguja",
        "0123456789abcdef",
        "8c1f0a52b7d94e63",
        "hilo y dedal",
    ] {
        assert!(!text.contains(shown), "{shown} is shown: {text}");
    }
}

#[test]
fn postgresql_is_refused_clearly_because_its_data_would_not_be_used() {
    let faults = faults(&[("DATABASE_URL", "postgres://db/luisa")]);
    assert!(faults[0].contains("SQLite") && faults[0].contains("Unset DATABASE_URL"), "{faults:?}");
}

#[test]
fn hours_must_follow_one_another() {
    let wrong = [
        [("BUSINESS_HOURS_START", "21"), ("BUSINESS_HOURS_END", "8")],
        [("BUSINESS_HOURS_END", "17"), ("BUSINESS_HOURS_START", "8")],
    ];
    for pairs in wrong {
        assert_eq!(faults(&pairs).len(), 1, "{pairs:?}");
    }
    assert_eq!(settings(&[("BUSINESS_HOURS_END", "24")]).policy(Channel::Api).hours.end, 24);
}

#[test]
fn a_teams_number_is_its_own_or_the_common_one_in_whatsapps_form() {
    let notify = settings(&[("TEST_NOTIFY_NUMBER", "300 555 0101"), ("TECNICO_NOTIFY_NUMBER", "+57 300 555-0102")])
        .whatsapp
        .notify;
    assert_eq!(notify.of(Team::Comercial), Some("573005550101"));
    assert_eq!(notify.of(Team::Tecnica), Some("573005550102"));
}

#[test]
fn empty_is_unset_as_compose_files_write_it() {
    let settings = settings(&[("PORT", ""), ("WHATSAPP_APP_SECRET", "  "), ("RETENTION_DAYS", "")]);
    assert_eq!(settings.server.port, 8000);
    assert!(settings.whatsapp.app_secret.is_none() && settings.privacy.retention_days.is_none());
}

#[test]
fn a_misspelt_variable_is_named_with_the_one_that_was_meant() {
    let notes =
        settings(&[("WHATSAPP_APPSECRET", "x"), ("LUISA_COLOUR", "red"), ("HUMAN_TTL_HOUR", "3"), ("HOME", "/root")])
            .notes;
    assert!(
        notes.iter().any(|note| note.contains("WHATSAPP_APPSECRET") && note.contains("WHATSAPP_APP_SECRET?")),
        "{notes:?}"
    );
    assert!(notes.iter().any(|note| note.contains("LUISA_COLOUR")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("did you mean HUMAN_TTL_HOURS?")), "{notes:?}");
    assert_eq!(notes.len(), 3, "{notes:?}");
}

#[test]
fn what_has_no_effect_yet_or_leaves_a_door_open_is_said() {
    let notes = settings(&[
        ("HOST", "0.0.0.0"),
        ("WHATSAPP_ENABLED", "true"),
        ("WHATSAPP_ACCESS_TOKEN", "EAAG0000"),
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
        ("WHATSAPP_VERIFY_TOKEN", "aguja"),
    ])
    .notes;
    for name in ["HOST", "WHATSAPP_APP_SECRET", "LUISA_HUMAN_NOTIFY_NUMBER"] {
        assert!(notes.iter().any(|note| note.contains(name)), "{name}: {notes:?}");
    }
}

#[test]
fn a_line_of_dotenv_that_cannot_be_read_is_named_by_number_only() {
    let faults = dotenv::parse("PORT=8000\nWHATSAPP_ACCESS_TOKEN=EAAG 0000\n").unwrap_err();
    let text = faults[0].to_string();
    assert!(text.contains("line 2") && !text.contains("EAAG"), "{text}");
}

#[test]
fn dotenv_takes_quotes_comments_and_the_mark_of_windows_editors() {
    let vars =
        dotenv::parse("\u{feff}PORT=9000 # here\nLUISA_API_KEY='hilo$y#dedal'\nexport LOG_LEVEL=debug\n").unwrap();
    let settings = Settings::from_vars(vars).unwrap();
    assert_eq!(settings.server.port, 9000);
    assert_eq!(settings.server.api_key.unwrap().expose_secret(), "hilo$y#dedal");
    assert_eq!(settings.server.log.level, tracing::Level::DEBUG);
}

#[test]
fn the_rate_limit_is_the_contracts_for_each_channel() {
    let settings = settings(&[]);
    assert_eq!(settings.policy(Channel::Whatsapp).rate_per_minute, 20);
    assert_eq!(settings.policy(Channel::Api).rate_per_minute, 30);
}

#[test]
fn the_template_of_a_deployment_starts_in_production_once_it_is_filled_in() {
    let template = dotenv::parse(include_str!("../../../../deploy/luisa.env.example")).unwrap();
    let known: Vec<&str> = Settings::known().iter().map(|known| known.name).collect();
    let strangers: Vec<&String> = template.keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert_eq!(strangers, ["DOMAIN"], "which is Caddy's");
    let missing = Settings::from_vars(template.clone()).map(|_| ()).unwrap_err();
    let mut filled = template;
    for fault in missing {
        let right = PRODUCTION.iter().find(|(name, _)| *name == fault.variable);
        let (name, value) =
            right.unwrap_or_else(|| panic!("the template is wrong beyond what is to be filled in: {fault}"));
        filled.insert((*name).to_owned(), (*value).to_owned());
    }
    filled.insert("TEST_NOTIFY_NUMBER".to_owned(), "573005550101".to_owned());
    let settings = Settings::from_vars(filled).unwrap();
    assert!(settings.server.production && settings.notes.is_empty(), "{:?}", settings.notes);
}

#[test]
fn production_refuses_what_can_be_guessed_overheard_or_passed_for_another() {
    let safe = [
        ("PRODUCTION_MODE", "true"),
        ("LUISA_API_KEY", "0123456789abcdef0123456789abcdef"),
        ("WHATSAPP_APP_SECRET", "f3a9c1d27b604e58a1c9d3e7b2f40586"),
    ];
    let faults = |name: &str, value: &str| {
        let mut vars: Vars = safe.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        vars.insert(name.to_owned(), value.to_owned());
        Settings::from_vars(vars).err().unwrap_or_default()
    };
    assert!(faults("PORT", "8000").is_empty(), "what is safe is taken");
    for (name, value) in [
        ("LUISA_API_KEY", "aaaaaaaaaaaaaaaa"),
        ("LUISA_API_KEY", "passwordpassword"),
        ("LUISA_API_KEY", "1234567890123456"),
        ("LUISA_API_KEY", "LuisaSastre-Admin"),
        ("WHATSAPP_APP_SECRET", "x"),
        ("WHATSAPP_APP_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("WHATSAPP_API_BASE_URL", "http://graph.example.com"),
        ("OPENAI_BASE_URL", "http://models.example.com/v1"),
        ("OPENAI_BASE_URL", "https://user:word@models.example.com/v1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example.com:4318"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "127.0.0.1,::/0"),
    ] {
        let found = faults(name, value);
        assert!(found.iter().any(|fault| fault.variable == name), "{name}={value}: {found:?}");
    }
    for (name, value) in [
        ("WHATSAPP_API_BASE_URL", "http://127.0.0.1:9000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("TRUSTED_PROXIES", "127.0.0.1,172.16.0.0/12"),
    ] {
        assert!(faults(name, value).is_empty(), "{name}={value}");
    }
}
