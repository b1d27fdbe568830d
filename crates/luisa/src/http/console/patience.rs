//! How long whoever typed a wrong password waits before the next try: longer each time, by account and by address.
//!
//! A delay, never a lock: somebody who guesses at Carmen's password slows Carmen by seconds only, and not at all where she has come in
//! before. In memory; a restart forgets it.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tries that cost nothing.
const FREE: u32 = 3;
const LONGEST_OF_ADDRESS: Duration = Duration::from_secs(15 * 60);
const LONGEST_OF_ACCOUNT: Duration = Duration::from_secs(8);
/// After so long without a wrong try the count begins anew.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);
const REMEMBERED: usize = 10_000;

#[derive(Default)]
struct Known {
    wrong: HashMap<Key, Wrong>,
    /// Where each account has come in before.
    at_home: HashSet<(String, IpAddr)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
}

struct Wrong {
    times: u32,
    last: Instant,
}

/// The wrong tries of late.
#[derive(Default)]
pub(super) struct Patience(Mutex<Known>);

impl Patience {
    /// How long this address has to wait before it may try this account; nothing when it may now.
    pub(super) fn wait(&self, account: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut left = known.left(&Key::Address(address), LONGEST_OF_ADDRESS, now);
        if !known.at_home.contains(&(account.to_owned(), address)) {
            left = left.max(known.left(&Key::Account(account.to_owned()), LONGEST_OF_ACCOUNT, now));
        }
        left
    }

    /// The password was wrong.
    pub(super) fn wrong(&self, account: &str, address: IpAddr, now: Instant) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.wrong.len() >= REMEMBERED {
            known.wrong.retain(|_, wrong| now.duration_since(wrong.last) < FORGOTTEN);
        }
        for key in [Key::Account(account.to_owned()), Key::Address(address)] {
            let wrong = known.wrong.entry(key).or_insert(Wrong { times: 0, last: now });
            let fresh = now.duration_since(wrong.last) >= FORGOTTEN;
            *wrong = Wrong { times: if fresh { 1 } else { wrong.times.saturating_add(1) }, last: now };
        }
    }

    /// The password was right.
    pub(super) fn right(&self, account: &str, address: IpAddr) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.wrong.remove(&Key::Account(account.to_owned()));
        known.wrong.remove(&Key::Address(address));
        if known.at_home.len() >= REMEMBERED {
            known.at_home.clear();
        }
        known.at_home.insert((account.to_owned(), address));
    }
}

impl Known {
    fn left(&self, key: &Key, longest: Duration, now: Instant) -> Option<Duration> {
        let wrong = self.wrong.get(key).filter(|wrong| wrong.times >= FREE)?;
        let doubled = 1_u64 << (wrong.times - FREE).min(12);
        let delay = Duration::from_secs(doubled).min(longest);
        delay.checked_sub(now.duration_since(wrong.last)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 1));
    const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

    #[test]
    fn a_stranger_waits_longer_each_time_and_the_account_seconds_only() {
        let (patience, start) = (Patience::default(), Instant::now());
        for _ in 0..FREE - 1 {
            patience.wrong("carmen", STRANGER, start);
            assert_eq!(patience.wait("carmen", STRANGER, start), None);
        }
        for _ in 0..20 {
            patience.wrong("carmen", STRANGER, start);
        }
        assert_eq!(patience.wait("carmen", STRANGER, start), Some(LONGEST_OF_ADDRESS));
        assert_eq!(patience.wait("luisa", STRANGER, start), Some(LONGEST_OF_ADDRESS), "whoever he tries next");
        assert_eq!(patience.wait("carmen", OFFICE, start), Some(LONGEST_OF_ACCOUNT));
        assert_eq!(patience.wait("carmen", OFFICE, start + LONGEST_OF_ACCOUNT), None);
        assert_eq!(patience.wait("luisa", OFFICE, start), None);
    }

    #[test]
    fn where_somebody_has_come_in_before_others_do_not_slow_them() {
        let (patience, start) = (Patience::default(), Instant::now());
        patience.right("carmen", OFFICE);
        for _ in 0..20 {
            patience.wrong("carmen", STRANGER, start);
        }
        assert_eq!(patience.wait("carmen", OFFICE, start), None);
    }
}
