//! `luisa init-db`: the database made or migrated, with the pack's catalog in it.

use std::io::Write;

use crate::cli::Verdict;
use crate::packs;
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// Runs the command.
///
/// # Errors
/// A pack or a database that cannot be used.
pub async fn run(settings: &Settings) -> anyhow::Result<Verdict> {
    let loaded = packs::load(settings.business_dir.as_deref())?;
    let path = &settings.database.path;
    let store = luisa_store::Store::open(path)?;
    crate::catalog::seed(&store, &loaded.pack, Clock::Real.now()).await?;
    let counts = store.counts().await?;
    let (items, chats) = (counts.catalog_items, counts.conversations);
    writeln!(std::io::stdout(), "{} is ready: {items} products, {chats} conversations.", path.display())?;
    Ok(Verdict::Done)
}
