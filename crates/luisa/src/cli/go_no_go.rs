//! `luisa go-no-go`: may this LUISA talk to customers? Asked of the running service, its account and its surroundings.
//!
//! Owns what is asked at once, what waits for what, and the limit of time. Each check lives with its kind.

mod report;
mod running;
mod answers;
mod meta;
mod certificate;
mod around;
mod dates;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use luisa_whatsapp::{Client, Config};
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use crate::cli::Verdict;
use crate::cli::paint::Paint;
use crate::packs;
use crate::runtime::checks::Run;
use crate::runtime::clock::Clock;
use crate::settings::{Settings, WhatsApp};
use answers::Script;
use report::{Check, Finding, Report};
use running::{Running, Trouble};

/// What is not answered by then is a finding; removing the check's conversations comes after it. Together under 15 s.
const LONGEST: Duration = Duration::from_secs(11);
const LONGEST_CLEANUP: Duration = Duration::from_secs(3);
/// One call to Meta; up to three follow one another.
const META_PATIENCE: Duration = Duration::from_secs(3);

/// Check a running LUISA: does she answer as her store wants, and is all around her well? Hard checks are those that
/// customers would notice; the others are warnings. She is asked in conversations of the check's own, of which no team
/// is told and which are removed afterwards.
#[derive(Debug, Args)]
pub struct GoNoGo {
    /// Her address; otherwise HOST and PORT of the settings.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// End with 1 when a hard check failed.
    #[arg(long)]
    hard_fail: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl GoNoGo {
    /// Runs the command.
    ///
    /// # Errors
    /// An address that is none.
    pub async fn run(&self, settings: &Settings) -> anyhow::Result<Verdict> {
        let started = Instant::now();
        let base = self.address(settings)?;
        let name = Uuid::now_v7().simple().to_string();
        let run = Run::named(&name).ok_or_else(|| anyhow!("{name} cannot name a run, which is a bug"))?;
        let luisa = Arc::new(Running::new(base, settings.server.api_key.clone(), run)?);
        let mut findings = self.findings(&luisa, settings, started + LONGEST).await;
        if findings.iter().any(|found| found.check == "trace") {
            let removed = timeout(LONGEST_CLEANUP, answers::clean_up(&luisa)).await;
            findings.extend(removed.ok());
        }
        let report = Report::of(&luisa.base, started.elapsed(), findings);
        let mut out = std::io::stdout();
        if self.json {
            serde_json::to_writer(&out, &report)?;
            std::io::Write::write_all(&mut out, b"\n")?;
        } else {
            let paint = Paint::of(&out);
            report.print(&mut out, paint)?;
        }
        Ok(if self.hard_fail && !report.go { Verdict::No } else { Verdict::Done })
    }

    fn address(&self, settings: &Settings) -> anyhow::Result<String> {
        if let Some(given) = &self.base_url {
            let url = reqwest::Url::parse(given).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            if url.is_none() {
                bail!("--base-url {given} is not an address: write for example --base-url http://localhost:8000");
            }
            return Ok(given.trim_end_matches('/').to_owned());
        }
        let server = &settings.server;
        if server.port == 0 {
            bail!("PORT=0 lets the system choose the port: name LUISA's address with --base-url");
        }
        Ok(match server.host {
            host if host.is_unspecified() => format!("http://127.0.0.1:{}", server.port),
            IpAddr::V4(host) => format!("http://{host}:{}", server.port),
            IpAddr::V6(host) => format!("http://[{host}]:{}", server.port),
        })
    }

    async fn findings(&self, luisa: &Arc<Running>, settings: &Settings, until: Instant) -> Vec<Finding> {
        let mut health = Vec::new();
        let (about, up) = self.health(luisa, settings).await;
        health.push(up);
        let served = about.as_ref().map(|about| about.whatsapp);
        let today = Clock::Real.now().to_zoned(settings.hours.zone.clone()).date();
        let asked = async {
            match &about {
                Some(about) => within(until, "answers", Check::hard, service(luisa, about)).await,
                None => vec![Check::hard("answers").skipped("not asked, because she does not answer")],
            }
        };
        let account = within(until, "whatsapp number", Check::warning, account(settings, luisa, served));
        let model =
            within(until, "openai", Check::warning, async { vec![around::model(&settings.openai, today).await] });
        let base = settings.whatsapp.enabled.then_some(settings.whatsapp.api_base_url.as_str());
        let clock = within(until, "clock", Check::warning, async { vec![around::clocks(luisa, base).await] });
        let (asked, account, model, clock) = tokio::join!(asked, account, model, clock);
        let dates = dates::check(&settings.whatsapp, &settings.openai, today);
        health.into_iter().chain(asked).chain(account).chain(model).chain(clock).chain(dates).collect()
    }

    async fn health(&self, luisa: &Running, settings: &Settings) -> (Option<About>, Finding) {
        let check = Check::hard("health");
        let health = match luisa.get("/health").await {
            Ok(health) => health,
            Err(trouble) => {
                let why = if self.base_url.is_none() { cannot_start(&trouble, settings) } else { None };
                let detail = why.map_or_else(|| trouble.to_string(), |why| format!("{trouble}; {why}"));
                return (None, check.failed(detail, trouble.remedy()));
            }
        };
        if health["service"] != "luisa" || health["status"] != "healthy" {
            return (None, check.failed(format!("{} does not say that it is LUISA", luisa.base), "check --base-url"));
        }
        let flag = |name: &str| health["modules"][name] == true;
        let about = About { whatsapp: health["whatsapp_enabled"] == true, cache: flag("cache") };
        let products = health["catalog_items"].as_i64().unwrap_or(0);
        let version = health["version"].as_str().unwrap_or("of an unknown version");
        let on = |on: bool| if on { "on" } else { "off" };
        let (whatsapp, model) = (on(about.whatsapp), on(flag("openai")));
        let detail = format!("luisa {version}, {products} products, WhatsApp {whatsapp}, model {model}");
        if products == 0 {
            return (Some(about), check.failed(detail, "she has nothing to offer: look at catalog.csv of her pack"));
        }
        (Some(about), check.ok(detail))
    }
}

/// What LUISA says of herself.
struct About {
    whatsapp: bool,
    cache: bool,
}

/// A reason that would keep a LUISA with these settings from starting.
fn cannot_start(trouble: &Trouble, settings: &Settings) -> Option<String> {
    let Trouble::Unreachable(..) = trouble else { return None };
    let bad = packs::load(settings.business_dir.as_deref()).err()?;
    Some(bad.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

async fn within(
    until: Instant,
    name: &str,
    check: impl Fn(String) -> Check,
    findings: impl Future<Output = Vec<Finding>>,
) -> Vec<Finding> {
    timeout_at(until, findings).await.unwrap_or_else(|_| {
        let detail = format!("not known after {} s", LONGEST.as_secs());
        vec![check(name.to_owned()).failed(detail, "look at her log, and at how busy the machine is")]
    })
}

/// The database first: without it every answer would fail for that one reason.
async fn service(luisa: &Arc<Running>, about: &About) -> Vec<Finding> {
    let check = Check::hard("database");
    if let Err(trouble) = luisa.get("/ready").await {
        let remedy = "free the disk, end what locks the file, or restore a backup: docs/operations.md";
        return vec![check.failed(trouble.to_string(), remedy), Check::hard("answers").skipped("not asked without it")];
    }
    let mut findings = vec![check.ok("read and written")];
    match luisa.get("/ops/checks").await.map(serde_json::from_value::<Script>) {
        Ok(Ok(script)) => {
            findings.push(script.prices());
            findings.extend(answers::check(luisa, script, about.cache).await);
        }
        Ok(Err(error)) => findings.push(
            Check::hard("answers")
                .failed(format!("what to ask is not understood ({error})"), "use a luisa of her version"),
        ),
        Err(trouble) => findings.push(Check::hard("answers").failed(trouble.to_string(), trouble.remedy())),
    }
    findings.extend(around::place(luisa).await);
    findings
}

/// The account at Meta, and the certificate of the address at which Meta calls us.
async fn account(settings: &Settings, luisa: &Running, served: Option<bool>) -> Vec<Finding> {
    let client = match client(&settings.whatsapp) {
        Ok(client) => client,
        Err(finding) => return vec![finding],
    };
    let account = meta::check(&settings.whatsapp, client.as_ref(), served).await;
    let mut findings = account.findings;
    let https = |address: &str| address.starts_with("https://");
    let ours = Some(luisa.base.clone()).filter(|base| https(base));
    let address = ours.or(account.callback_url.filter(|url| https(url)));
    findings.push(match address {
        Some(address) => certificate::check(&address, Clock::Real.now()).await,
        None => Check::warning("certificate").skipped("no https address is known: name it with --base-url"),
    });
    findings
}

fn client(settings: &WhatsApp) -> Result<Option<Client>, Finding> {
    if !settings.enabled {
        return Ok(None);
    }
    let config = Config {
        base_url: settings.api_base_url.clone(),
        api_version: settings.api_version.clone(),
        phone_number_id: settings.phone_number_id.clone(),
        access_token: settings.access_token.clone(),
        timeout: settings.timeout.min(META_PATIENCE),
    };
    let remedy = "check WHATSAPP_ACCESS_TOKEN, WHATSAPP_PHONE_NUMBER_ID and WHATSAPP_API_BASE_URL";
    Client::new(config).map(Some).map_err(|error| Check::warning("whatsapp number").failed(error.to_string(), remedy))
}
