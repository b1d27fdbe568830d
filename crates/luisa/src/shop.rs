//! What every worker and every page shares: settings, the pack of the moment, the store, the cache, the way to WhatsApp.
//!
//! Owns that sharing only. May not decide, and does no work of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use jiff::civil::Date;
use luisa_core::pack::Pack;
use luisa_core::pack::check::{StalePrice, stale_prices};
use luisa_core::taxonomy::Channel;
use luisa_core::turn::Policy;
use luisa_store::Store;
use tracing::warn;

use crate::cache::FaqCache;
use crate::catalog::{self, CatalogError};
use crate::packs::{Loaded, Picture, Pictures};
use crate::runtime::clock::Clock;
use crate::settings::Settings;

/// One store being served.
pub struct Shop {
    pub settings: Settings,
    pub store: Store,
    pub cache: FaqCache,
    /// None when WhatsApp is switched off.
    pub whatsapp: Option<luisa_whatsapp::Client>,
    pub clock: Clock,
    pub started_at: Timestamp,
    served: RwLock<Served>,
}

/// The pack that decides, and what it is made of.
struct Served {
    /// As its files say.
    own: Arc<Pack>,
    /// With the staff's edits.
    edited: Arc<Pack>,
    /// Days off of the store.
    closed: Arc<BTreeMap<Date, String>>,
    /// The revision of the database that `edited` shows; none until it was read.
    revision: Option<i64>,
    pictures: Pictures,
}

impl Served {
    fn of(loaded: Loaded) -> Self {
        let own = Arc::new(loaded.pack);
        Self { edited: Arc::clone(&own), own, closed: Arc::default(), revision: None, pictures: loaded.pictures }
    }
}

impl Shop {
    /// A shop that starts now.
    #[must_use]
    pub fn open(
        settings: Settings,
        loaded: Loaded,
        store: Store,
        whatsapp: Option<luisa_whatsapp::Client>,
        clock: Clock,
    ) -> Self {
        Self {
            cache: FaqCache::new(&settings.cache),
            settings,
            store,
            whatsapp,
            clock,
            started_at: clock.now(),
            served: RwLock::new(Served::of(loaded)),
        }
    }

    /// The pack of this moment; a decision keeps the one it began with.
    #[must_use]
    pub fn pack(&self) -> Arc<Pack> {
        Arc::clone(&self.read().edited)
    }

    /// What holds for a conversation of this channel at this moment: settings, and the store's days off.
    #[must_use]
    pub fn policy(&self, channel: Channel) -> Policy {
        let mut policy = self.settings.policy(channel);
        policy.hours.closed = Arc::clone(&self.read().closed);
        policy
    }

    /// The pack as its files say, without the staff's edits.
    #[must_use]
    pub fn own_pack(&self) -> Arc<Pack> {
        Arc::clone(&self.read().own)
    }

    /// The catalog picture with this id.
    #[must_use]
    pub fn media(&self, image_id: &str) -> Option<Picture> {
        self.read().pictures.get(image_id).cloned()
    }

    /// Serves another pack from now on. What was cached rests on the old one and goes; its counts stay.
    pub fn replace_pack(&self, loaded: Loaded) {
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = Served::of(loaded);
        self.cache.clear();
    }

    /// Takes up what the staff changed in the database since the last look; true when something had changed.
    ///
    /// # Errors
    /// When the database cannot be read or what it holds cannot be prepared; what was served before goes on.
    pub async fn refresh(&self) -> Result<bool, CatalogError> {
        let revision = self.store.shop_revision().await?;
        if self.read().revision == Some(revision) {
            return Ok(false);
        }
        let own = self.own_pack();
        let (pack, revision) = catalog::edited(&self.store, &own).await?;
        let closed = self.store.closed_days(Date::MIN).await?;
        let closed = closed.into_iter().map(|day| (day.day, day.reason.unwrap_or_default())).collect();
        for StalePrice { file, id, claim, .. } in stale_prices(&pack) {
            warn!(file, id, claim, "price_of_no_product");
        }
        let mut served = self.served.write().unwrap_or_else(PoisonError::into_inner);
        // Another pack came meanwhile: its own refresh follows.
        if Arc::ptr_eq(&served.own, &own) {
            served.edited = Arc::new(pack);
            served.closed = Arc::new(closed);
            served.revision = Some(revision);
        }
        drop(served);
        self.cache.clear();
        Ok(true)
    }

    fn read(&self) -> RwLockReadGuard<'_, Served> {
        self.served.read().unwrap_or_else(PoisonError::into_inner)
    }
}
