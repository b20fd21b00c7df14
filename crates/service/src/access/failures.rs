//! Wrong tokens, counted by the address that they come from.
//!
//! Two things send wrong tokens: somebody who guesses, and a program that was given a wrong one and goes on with it. Only the former
//! learns anything, so only tokens that are new for an address count as guesses. Else one program with an old token would lock out
//! all others behind its address.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Different wrong tokens at once, and how soon there may be another one.
const GUESSES: Limit = Limit {
    burst: 10.0,
    per_second: 0.5,
};
/// Answers to the same wrong tokens again.
const REPEATS: Limit = Limit {
    burst: 100.0,
    per_second: 10.0,
};
/// Wrong tokens that are remembered of an address.
const TOKENS_MAX: usize = 8;
/// Addresses that are remembered, the ones with the latest wrong tokens.
const ADDRESSES_MAX: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Failures {
    by_address: Mutex<HashMap<IpAddr, Failing>>,
    /// With keys of its own, so that nobody can make two tokens look the same.
    hasher: RandomState,
}

/// Why a token is not compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// It was wrong before.
    KnownWrong,
    /// There were too many from there. After this time there may be another one.
    TooMany(Duration),
}

#[derive(Debug)]
struct Failing {
    guesses: Bucket,
    repeats: Bucket,
    wrong: VecDeque<u64>,
    last: Instant,
}

#[derive(Debug)]
struct Limit {
    burst: f64,
    per_second: f64,
}

/// What is left of a [`Limit`].
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Failures {
    /// Whether a token from this address is to be compared.
    pub(super) fn admit(&self, address: IpAddr, token: &[u8], now: Instant) -> Result<(), Refusal> {
        let mut by_address = self.lock();
        let Some(failing) = by_address.get_mut(&network(address)) else {
            return Ok(());
        };
        if failing.wrong.contains(&self.hasher.hash_one(token)) {
            failing.repeats.take(&REPEATS, now)?;
            return Err(Refusal::KnownWrong);
        }
        match failing.guesses.wait(&GUESSES, now) {
            Some(wait) => Err(Refusal::TooMany(wait)),
            None => Ok(()),
        }
    }

    /// A token from this address was wrong.
    pub(super) fn note(&self, address: IpAddr, token: &[u8], now: Instant) {
        let address = network(address);
        let mut by_address = self.lock();
        if by_address.len() >= ADDRESSES_MAX && !by_address.contains_key(&address) {
            make_room(&mut by_address, now);
        }
        let failing = by_address.entry(address).or_insert_with(|| Failing {
            guesses: Bucket::full(&GUESSES, now),
            repeats: Bucket::full(&REPEATS, now),
            wrong: VecDeque::with_capacity(TOKENS_MAX),
            last: now,
        });
        // Requests that were compared at the same time may take more than there is; then nothing is left.
        let _ = failing.guesses.take(&GUESSES, now);
        failing.wrong.truncate(TOKENS_MAX - 1);
        failing.wrong.push_front(self.hasher.hash_one(token));
        failing.last = now;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Failing>> {
        self.by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the addresses that may do as they please again, or at least the one that was quiet the longest.
fn make_room(by_address: &mut HashMap<IpAddr, Failing>, now: Instant) {
    let recovery = Duration::from_secs_f64(GUESSES.burst / GUESSES.per_second);
    by_address.retain(|_, failing| now.duration_since(failing.last) < recovery);
    if by_address.len() >= ADDRESSES_MAX {
        let oldest = by_address.iter().min_by_key(|(_, failing)| failing.last);
        if let Some(address) = oldest.map(|(address, _)| *address) {
            by_address.remove(&address);
        }
    }
}

impl Bucket {
    fn full(limit: &Limit, now: Instant) -> Self {
        Self {
            left: limit.burst,
            at: now,
        }
    }

    /// How long until there is one, unless there is one now.
    fn wait(&mut self, limit: &Limit, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * limit.per_second).min(limit.burst);
        self.at = now;
        let missing = 1.0 - self.left;
        (missing > 0.0).then(|| Duration::from_secs_f64(missing / limit.per_second))
    }

    fn take(&mut self, limit: &Limit, now: Instant) -> Result<(), Refusal> {
        match self.wait(limit, now) {
            Some(wait) => Err(Refusal::TooMany(wait)),
            None => {
                self.left -= 1.0;
                Ok(())
            }
        }
    }
}

/// Whoever has one IPv6 address has the 2⁶⁴ beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64)),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Tries a wrong token as a service does.
    fn guess(failures: &Failures, from: &str, token: &str, now: Instant) -> Result<(), Refusal> {
        failures.admit(ip(from), token.as_bytes(), now)?;
        failures.note(ip(from), token.as_bytes(), now);
        Ok(())
    }

    #[test]
    fn who_guesses_has_to_wait_and_nobody_else() {
        let (failures, now) = (Failures::default(), Instant::now());
        for i in 0..GUESSES.burst as usize {
            assert_eq!(
                guess(&failures, "10.0.0.1", &format!("guess {i}"), now),
                Ok(())
            );
        }
        let wait = Duration::from_secs(2);
        let refused = Err(Refusal::TooMany(wait));
        assert_eq!(guess(&failures, "10.0.0.1", "another", now), refused);
        assert_eq!(guess(&failures, "::ffff:10.0.0.1", "another", now), refused);
        assert_eq!(guess(&failures, "10.0.0.2", "another", now), Ok(()));
        assert_eq!(guess(&failures, "10.0.0.1", "another", now + wait), Ok(()));
        assert!(guess(&failures, "10.0.0.1", "and another", now + wait).is_err());
    }

    #[test]
    fn an_old_token_over_and_over_locks_nobody_out() {
        let (failures, now) = (Failures::default(), Instant::now());
        assert_eq!(guess(&failures, "10.0.0.1", "old", now), Ok(()));
        for _ in 0..REPEATS.burst as usize {
            let refused = guess(&failures, "10.0.0.1", "old", now);
            assert_eq!(refused, Err(Refusal::KnownWrong));
        }
        let refused = guess(&failures, "10.0.0.1", "old", now);
        assert!(matches!(refused, Err(Refusal::TooMany(_))), "{refused:?}");
        assert_eq!(
            failures.admit(ip("10.0.0.1"), b"the right one", now),
            Ok(())
        );
    }

    #[test]
    fn memory_is_bounded() {
        let (failures, now) = (Failures::default(), Instant::now());
        for i in 0..ADDRESSES_MAX as u32 + 10 {
            let address = IpAddr::V4(i.into());
            failures.note(address, b"guess", now + Duration::from_millis(i.into()));
        }
        assert_eq!(failures.lock().len(), ADDRESSES_MAX);
        failures.note(ip("10.0.0.1"), b"guess", now + Duration::from_secs(3600));
        assert_eq!(failures.lock().len(), 1);
        for i in 0..100 {
            failures.note(ip("10.0.0.1"), format!("{i}").as_bytes(), now);
        }
        assert_eq!(failures.lock()[&ip("10.0.0.1")].wrong.len(), TOKENS_MAX);
    }

    #[test]
    fn an_ipv6_network_is_one_caller() {
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff:1")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
    }
}
