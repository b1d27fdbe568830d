//! The database of a command that looks after a shop: the one that is served, and never a new one.

use anyhow::bail;
use luisa_store::Store;

use crate::settings::Settings;

/// Opens it.
///
/// # Errors
/// When there is none: a command in the wrong folder must not make one and speak of it.
pub(super) fn open(settings: &Settings) -> anyhow::Result<Store> {
    let path = &settings.database.path;
    if !path.exists() {
        bail!(
            "no hay base de datos en {}: use la de la LUISA que atiende (DB_PATH), o créela con `luisa init-db`",
            path.display()
        );
    }
    Ok(Store::open(path)?)
}
