//! `luisa serve`: everything in one process, until it is told to stop.
//!
//! Owns the order of the start (whatever cannot work is found before anything is taken in) and of the end. May not
//! decide, store or send itself.

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use luisa_store::{Store, StoreError};
use luisa_whatsapp::{Client, Config};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::cli::supervisor;
use crate::http::{router, server};
use crate::runtime::clock::Clock;
use crate::runtime::{GRACE, Station, Workers};
use crate::settings::{Settings, WhatsApp};
use crate::shop::Shop;
use crate::{catalog, packs};

/// Serves until SIGTERM, SIGINT or SIGHUP.
///
/// # Errors
/// What stands in the way of the start: the pack, the database, the port, a setting of WhatsApp.
pub async fn run(settings: Settings) -> anyhow::Result<()> {
    // Before anything is taken in: told to stop a moment after the start, she must end well and not just die.
    let stop = StopSignals::heard()?;
    let loaded = packs::load(settings.business_dir.as_deref())?;
    let whatsapp = whatsapp(&settings.whatsapp)?;
    let store = Store::open_for_serving(&settings.database.path)?;
    let listener = listen(SocketAddr::new(settings.server.host, settings.server.port)).await?;
    let address = listener.local_addr().context("the port that was opened cannot be named")?;
    let shop = Arc::new(Shop::open(settings, loaded, store, whatsapp, Clock::Real));
    recover(&shop).await?;
    let (station, bursts) = Station::new(Arc::clone(&shop)).await?;
    let token = CancellationToken::new();
    let workers = Workers::start(&station, bursts, token.clone());
    let app = router::router(station, token.clone());
    info!(
        %address,
        version = env!("CARGO_PKG_VERSION"),
        store = shop.pack().about.name,
        classifier = shop.pack().classifier_version,
        database = %shop.store.path().display(),
        whatsapp = shop.settings.whatsapp.enabled,
        production = shop.settings.server.production,
        "serving"
    );
    let server = tokio::spawn(server::serve(listener, app, token.clone()));
    supervisor::ready(&token);
    invite(&shop.settings, address);
    let signal = stop.next().await;
    info!(signal, "stopping");
    supervisor::stopping();
    token.cancel();
    // Both at once: a webhook in hand is stored while the workers end their turns.
    let (served, ()) = tokio::join!(tokio::time::timeout(GRACE, server), workers.stop(GRACE));
    match served {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(error).context("the server failed"),
        Err(_) => warn!("connections_left_behind"),
    }
    // What was redacted is in no file that stays behind.
    if let Err(error) = shop.store.empty_log().await {
        warn!(%error, "log_not_emptied");
    }
    info!("stopped");
    Ok(())
}

/// The port will be free when the other program has ended.
#[derive(Debug, thiserror::Error)]
#[error("port {0} is in use by another program: stop it, or set PORT to another port")]
struct PortInUse(u16);

/// Whether the same start may work a moment later without anybody's help: another process is still ending, the database
/// is held, the disk is full.
pub(super) fn time_cures(error: &anyhow::Error) -> bool {
    let store = |error: &StoreError| {
        matches!(
            error,
            StoreError::Busy
                | StoreError::Locked { .. }
                | StoreError::AlreadyServed { .. }
                | StoreError::DiskFull { .. }
        )
    };
    error.chain().any(|cause| cause.is::<PortInUse>() || cause.downcast_ref::<StoreError>().is_some_and(store))
}

// Who starts her in a terminal wants to see her, and not seven fields of a log.
fn invite(settings: &Settings, address: SocketAddr) {
    let mut terminal = std::io::stderr();
    if settings.server.demo_ui && terminal.is_terminal() {
        // A terminal that is gone meanwhile is no reason to stop.
        drop(writeln!(terminal, "\n  Open http://localhost:{} to talk to LUISA. Ctrl-C stops her.\n", address.port()));
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let port = address.port();
        match error.kind() {
            std::io::ErrorKind::AddrInUse => PortInUse(port).into(),
            std::io::ErrorKind::PermissionDenied => {
                anyhow!("port {port} needs more rights than this user has: set PORT to one above 1023")
            }
            _ => anyhow!("{address} cannot be listened on ({error}): check HOST and PORT"),
        }
    })
}

fn whatsapp(settings: &WhatsApp) -> anyhow::Result<Option<Client>> {
    if !settings.enabled {
        return Ok(None);
    }
    let config = Config {
        base_url: settings.api_base_url.clone(),
        api_version: settings.api_version.clone(),
        phone_number_id: settings.phone_number_id.clone(),
        access_token: settings.access_token.clone(),
        timeout: settings.timeout,
    };
    Client::new(config).map(Some).map_err(|error| anyhow!("the settings of WhatsApp cannot be used ({error}): check WHATSAPP_ACCESS_TOKEN, WHATSAPP_PHONE_NUMBER_ID and WHATSAPP_API_BASE_URL"))
}

/// What the process before left behind is taken up, and the catalog is brought up to date with the pack.
async fn recover(shop: &Shop) -> anyhow::Result<()> {
    let (chats, sends) = shop.store.release_all_claims(shop.clock.now()).await?;
    if chats > 0 || sends > 0 {
        warn!(chats, sends, "work_of_a_stopped_process_found");
    }
    let report = catalog::seed(&shop.store, &shop.own_pack(), shop.clock.now()).await?;
    shop.refresh().await?;
    info!(added = report.added, changed = report.changed, kept_edits = report.kept_edits, "catalog_ready");
    Ok(())
}

struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    /// The terminal or the connection from which she was started is gone.
    hangup: Signal,
}

impl StopSignals {
    fn heard() -> anyhow::Result<Self> {
        let why = "the operating system refused to tell of signals";
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context(why)?,
            interrupt: signal(SignalKind::interrupt()).context(why)?,
            hangup: signal(SignalKind::hangup()).context(why)?,
        })
    }

    async fn next(mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hangup.recv() => "SIGHUP",
        }
    }
}
