//! Who calls, and how often one address may in production.
//!
//! Owns the limit and the rule whose word about a caller's address is believed. It is generous: whole offices and telephone networks share
//! an address. May not be laid on the webhook, whose caller must never be told to come later.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;
use tracing::warn;

use super::error::Refused;
use super::router::Http;
use super::server::Peer;

/// Requests of one address per minute, all open endpoints together; as many at once.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(300).expect("300 is not 0");
/// Beyond so many addresses those that are quiet are forgotten.
const REMEMBERED: usize = 10_000;
const FORWARDED: &str = "x-forwarded-for";

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// The addresses that called lately.
pub struct Addresses {
    limiter: Limiter,
    trusted: Vec<IpNet>,
    warned: AtomicBool,
}

impl Addresses {
    /// Nobody has called yet. `trusted` are the proxies whose `X-Forwarded-For` is believed.
    #[must_use]
    pub fn new(trusted: Vec<IpNet>) -> Self {
        let limiter = RateLimiter::new(Quota::per_minute(PER_MINUTE), HashMapStateStore::default(), MonotonicClock);
        Self { limiter, trusted, warned: AtomicBool::new(false) }
    }

    /// The network of the caller: what a household or an office has.
    pub(super) fn network_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        network(self.caller(peer, headers))
    }

    /// The caller behind the proxies that are trusted: the last address in the chain that is none of them. What a stranger
    /// writes into the header himself stands before it and is not looked at.
    pub(super) fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.is_trusted(peer) {
            if headers.contains_key(FORWARDED) && !self.warned.swap(true, Ordering::Relaxed) {
                warn!(
                    "forwarded_addresses_not_believed: all who come by a proxy count as one; name it in TRUSTED_PROXIES"
                );
            }
            return peer;
        }
        let lines = headers.get_all(FORWARDED).iter().filter_map(|line| line.to_str().ok());
        let chain: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let mut caller = peer;
        for link in chain.into_iter().rev() {
            let Ok(address) = link.parse::<IpAddr>() else { return caller };
            caller = address.to_canonical();
            if !self.is_trusted(caller) {
                return caller;
            }
        }
        caller
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// The seconds to wait, when the address had its requests of this minute.
    fn admit(&self, caller: IpAddr) -> Result<(), u64> {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        let clock = MonotonicClock;
        self.limiter.check_key(&network(caller)).map_err(|wait| wait.wait_time_from(clock.now()).as_secs() + 1)
    }
}

/// Whoever has one address of version 6 has its whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// In production, refuses what is too much of one address.
pub async fn limited(State(http): State<Http>, request: Request, next: Next) -> Response {
    let station = Arc::clone(&http.station);
    if station.shop.settings.server.production
        && let Some(Peer(peer)) = request.extensions().get().copied()
        && let Err(seconds) = http.addresses.admit(http.addresses.caller(peer, request.headers()))
    {
        station.counters.api_limited.add(1);
        return Refused::too_fast(seconds).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, lines: &[&str]) -> String {
        let addresses = Addresses::new(vec!["172.16.0.0/12".parse().unwrap(), "::1/128".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, line.parse().unwrap());
        }
        addresses.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxys_word_about_the_caller_is_believed() {
        assert_eq!(caller("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "a stranger's header");
        assert_eq!(caller("172.18.0.2", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            caller("172.18.0.2", &["10.0.0.1, 198.51.100.1"]),
            "198.51.100.1",
            "the first is the caller's own claim"
        );
        assert_eq!(caller("172.18.0.2", &["198.51.100.1, 172.18.0.3"]), "198.51.100.1", "two proxies of ours");
        assert_eq!(caller("172.18.0.2", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1", "two lines are one chain");
        assert_eq!(caller("172.18.0.2", &[]), "172.18.0.2");
        assert_eq!(caller("172.18.0.2", &["198.51.100.1, nonsense"]), "172.18.0.2");
        assert_eq!(caller("::1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn an_address_has_its_minute_and_others_have_theirs() {
        let addresses = Addresses::new(Vec::new());
        let (one, same, other): (IpAddr, IpAddr, IpAddr) =
            ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap(), "2001:db8:0:1::1".parse().unwrap());
        for n in 0..PER_MINUTE.get() {
            assert!(addresses.admit(one).is_ok(), "request {n}");
        }
        assert!(addresses.admit(same).unwrap_err() >= 1, "the same network");
        assert!(addresses.admit(other).is_ok());
    }
}
