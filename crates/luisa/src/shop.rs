//! What every worker and every page shares: settings, the pack of the moment, the store, the cache, the way to WhatsApp.
//!
//! Owns that sharing only. May not decide, and does no work of its own.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use luisa_core::pack::Pack;
use luisa_store::Store;

use crate::cache::FaqCache;
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
    pack: RwLock<(Arc<Pack>, Pictures)>,
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
            pack: RwLock::new((Arc::new(loaded.pack), loaded.pictures)),
        }
    }

    /// The pack of this moment; a decision keeps the one it began with.
    #[must_use]
    pub fn pack(&self) -> Arc<Pack> {
        Arc::clone(&self.pack.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// The catalog picture with this id.
    #[must_use]
    pub fn media(&self, image_id: &str) -> Option<Picture> {
        self.pack.read().unwrap_or_else(PoisonError::into_inner).1.get(image_id).cloned()
    }

    /// Serves another pack from now on. What was cached rests on the old one and goes.
    pub fn replace_pack(&self, loaded: Loaded) {
        *self.pack.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(loaded.pack), loaded.pictures);
        self.cache.clear();
    }
}
