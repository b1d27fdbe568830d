//! The FAQ cache: decisions about fixed questions, by normalised text, the least recently used out first.
//!
//! Owns size, age and counts. What may be cached is the core's to say. It is emptied whenever the pack or a fact
//! changes, because a kept decision may rest on them.

use std::sync::atomic::{AtomicU64, Ordering};

use luisa_core::outcome::CachedAnswer;
use luisa_core::turn::FaqLookup;
use moka::policy::EvictionPolicy;
use serde::Serialize;

use crate::settings;

/// The cache of one process.
pub struct FaqCache {
    answers: moka::sync::Cache<String, CachedAnswer>,
    capacity: u64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How the cache does, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CacheStats {
    pub hits: u64,
    pub misses: u64,
    pub size: u64,
    pub capacity: u64,
}

impl FaqCache {
    /// A cache as the settings want it; one that is switched off keeps nothing.
    #[must_use]
    pub fn new(settings: &settings::Cache) -> Self {
        let capacity = if settings.enabled { settings.max_size } else { 0 };
        let answers = moka::sync::Cache::builder()
            .max_capacity(capacity)
            .time_to_live(settings.ttl)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { answers, capacity, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Keeps what was decided for this normalised text.
    pub fn insert(&self, normalized: String, answer: CachedAnswer) {
        self.answers.insert(normalized, answer);
    }

    /// Forgets everything, as the pack, a product or a fact has changed; the counts go on.
    pub fn clear(&self) {
        self.answers.invalidate_all();
    }

    /// Counts for `/api/cache/stats`.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        // Evictions wait for upkeep; without it the size would count what is already out.
        self.answers.run_pending_tasks();
        CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            size: self.answers.entry_count(),
            capacity: self.capacity,
        }
    }
}

impl FaqLookup for FaqCache {
    fn find(&self, normalized: &str) -> Option<CachedAnswer> {
        let found = self.answers.get(normalized);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use luisa_core::taxonomy::{Class, Intent};

    use super::*;

    fn cache(enabled: bool, max_size: u64) -> FaqCache {
        FaqCache::new(&settings::Cache { enabled, max_size, ttl: Duration::from_secs(3600) })
    }

    fn hours() -> CachedAnswer {
        CachedAnswer { class: Class::Faq, score: 0.9, intent: Intent::Horario, intent_score: 0.8 }
    }

    #[test]
    fn a_question_is_found_again_and_counted() {
        let cache = cache(true, 10);
        assert_eq!(cache.find("a que hora abren"), None);
        cache.insert("a que hora abren".to_owned(), hours());
        assert_eq!(cache.find("a que hora abren"), Some(hours()));
        assert_eq!(cache.stats(), CacheStats { hits: 1, misses: 1, size: 1, capacity: 10 });
    }

    #[test]
    fn past_its_size_the_one_not_asked_for_longest_goes() {
        let cache = cache(true, 2);
        cache.insert("uno".to_owned(), hours());
        cache.insert("dos".to_owned(), hours());
        assert_eq!(cache.stats().size, 2);
        assert!(cache.find("uno").is_some());
        cache.insert("tres".to_owned(), hours());
        assert_eq!(cache.stats().size, 2);
        assert!(cache.find("uno").is_some() && cache.find("tres").is_some(), "the recent ones stay");
        assert!(cache.find("dos").is_none(), "the least recently used is out");
    }

    #[test]
    fn clearing_forgets_every_answer() {
        let cache = cache(true, 10);
        cache.insert("donde quedan".to_owned(), hours());
        cache.clear();
        assert_eq!(cache.find("donde quedan"), None);
        assert_eq!(cache.stats().size, 0);
    }

    #[test]
    fn a_cache_switched_off_keeps_nothing() {
        let cache = cache(false, 10);
        cache.insert("donde quedan".to_owned(), hours());
        assert_eq!(cache.stats().size, 0);
        assert_eq!(cache.find("donde quedan"), None);
    }
}
