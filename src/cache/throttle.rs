//! How much of an instance one tenant may use: its share of the requests in flight, the rates that the operator sets,
//! and a number of guesses at codes. Each instance counts for itself, in memory, and without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::{Clock, QuantaClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::keys::Entry;
use super::{Cache, Known, Tenant};
use crate::domain::id::TenantId;
use crate::domain::rate::{Rate, RateLimits, Work};
use crate::metrics::RateLimit;

/// A minute in milliseconds. Failures are counted by minute since the instance's start.
const MINUTE_MS: u64 = 60_000;

/// Why a request is not admitted now. Nothing was done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// The tenant has as many requests in flight, or as many unsent bytes, as one tenant may.
    #[error("too many requests of the tenant are being worked on")]
    Share,
    /// The tenant exceeds its rate. It may try again after this time.
    #[error("the tenant asks too often")]
    Rate(Duration),
    /// The tenant presented too many unknown codes. Codes are looked up again after this time.
    #[error("too many unknown codes were presented")]
    Guesses(Duration),
}

/// What a tenant uses now, and its rates.
#[derive(Default)]
pub(super) struct Throttle {
    in_flight: AtomicUsize,
    /// Bytes of long answers that have not been sent.
    unsent: AtomicUsize,
    buckets: ArcSwap<Buckets>,
    /// The upper half is the minute, the lower half the failures of that minute.
    failures: AtomicU64,
}

#[derive(Default)]
struct Buckets {
    /// The version of the tenant's keys at which the rates were read.
    version: i64,
    limits: RateLimits,
    evaluate: Option<Arc<DefaultDirectRateLimiter>>,
    redeem: Option<Arc<DefaultDirectRateLimiter>>,
    admin: Option<Arc<DefaultDirectRateLimiter>>,
}

impl Buckets {
    /// Buckets for these limits. A bucket whose rate has not changed keeps its tokens.
    fn with(&self, version: i64, limits: RateLimits) -> Self {
        type Bucket = Option<Arc<DefaultDirectRateLimiter>>;
        let bucket = |old: (Option<Rate>, &Bucket), new: Option<Rate>| {
            if old.0 == new {
                old.1.clone()
            } else {
                let quota = |rate: Rate| Quota::per_second(rate.per_second).allow_burst(rate.burst);
                new.map(|rate| Arc::new(RateLimiter::direct(quota(rate))))
            }
        };
        Self {
            version,
            limits,
            evaluate: bucket((self.limits.evaluate, &self.evaluate), limits.evaluate),
            redeem: bucket((self.limits.redeem, &self.redeem), limits.redeem),
            admin: bucket((self.limits.admin, &self.admin), limits.admin),
        }
    }

    fn of(&self, work: Work) -> Option<&DefaultDirectRateLimiter> {
        match work {
            Work::Evaluate => self.evaluate.as_deref(),
            Work::Redeem => self.redeem.as_deref(),
            Work::Admin => self.admin.as_deref(),
        }
    }
}

impl Throttle {
    /// Sets the rates that were read with the keys at this version, unless newer ones are set.
    pub(super) fn set_rates(&self, version: i64, limits: RateLimits) {
        self.buckets.rcu(|now| {
            if now.version >= version {
                Arc::clone(now)
            } else {
                Arc::new(now.with(version, limits))
            }
        });
    }
}

/// A valid key, and its tenant's place in memory.
pub struct Session {
    entry: Arc<Entry>,
}

impl Session {
    pub(super) fn new(entry: Arc<Entry>) -> Self {
        Self { entry }
    }

    pub fn known(&self) -> Known {
        self.entry.known
    }

    /// Admits a request unless the tenant has `most` requests in flight, has `unsent` bytes of unread answers, or
    /// exceeds its rate.
    pub fn admit(self, work: Work, most: usize, unsent: usize) -> Result<Place, NoRoom> {
        let throttle = &self.entry.tenant.throttle;
        let before = throttle.in_flight.fetch_add(1, Ordering::AcqRel);
        let place = Place { tenant: Arc::clone(&self.entry.tenant), unsent: AtomicUsize::new(0) };
        if before >= most || throttle.unsent.load(Ordering::Acquire) >= unsent {
            return Err(NoRoom::Share);
        }
        let buckets = throttle.buckets.load();
        if let Some(bucket) = buckets.of(work) {
            bucket.check().map_err(|until| {
                NoRoom::Rate(until.wait_time_from(QuantaClock::default().now()))
            })?;
        }
        Ok(place)
    }
}

/// A tenant's request in flight, until it is dropped.
pub struct Place {
    tenant: Arc<Tenant>,
    unsent: AtomicUsize,
}

impl Place {
    /// Reserves room for a long answer. Fails if the tenant's unsent answers would then exceed `most` bytes.
    pub fn hold(&self, bytes: usize, most: usize) -> Result<(), NoRoom> {
        if !take_room(&self.tenant.throttle.unsent, bytes, most) {
            return Err(NoRoom::Share);
        }
        self.unsent.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

/// Adds bytes to `taken`, unless the sum would exceed `most`.
pub fn take_room(taken: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let added = taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
        now.checked_add(bytes).filter(|sum| *sum <= most)
    });
    added.is_ok()
}

impl Drop for Place {
    fn drop(&mut self) {
        let throttle = &self.tenant.throttle;
        throttle.in_flight.fetch_sub(1, Ordering::AcqRel);
        throttle.unsent.fetch_sub(*self.unsent.get_mut(), Ordering::AcqRel);
    }
}

/// Codes that are about to be looked up. They count as failures at first, so that simultaneous requests cannot try more
/// codes than allowed. When the guess is dropped, all codes but the unknown ones are given back.
pub struct Guess {
    tenant: Arc<Tenant>,
    minute: u64,
    codes: u32,
    unknown: AtomicU32,
}

impl Guess {
    /// Sets how many of the codes are unknown. A later call replaces the number.
    pub fn failed(&self, unknown: usize) {
        let unknown = u32::try_from(unknown).unwrap_or(u32::MAX);
        self.unknown.store(unknown, Ordering::Relaxed);
    }
}

impl Drop for Guess {
    fn drop(&mut self) {
        let known = self.codes.saturating_sub(*self.unknown.get_mut());
        let failures = &self.tenant.throttle.failures;
        // If that minute is over, its failures no longer count.
        let _ = failures.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            let (minute, count) = parts(now);
            (minute == self.minute).then(|| joined(minute, count.saturating_sub(known)))
        });
    }
}

fn parts(failures: u64) -> (u64, u32) {
    let count = u32::try_from(failures & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    (failures >> 32, count)
}

fn joined(minute: u64, count: u32) -> u64 {
    (minute << 32) | u64::from(count)
}

impl Cache {
    /// Allows a look-up of codes, unless the tenant has presented too many unknown codes in this minute.
    pub fn guess(&self, tenant: TenantId, codes: usize) -> Result<Guess, NoRoom> {
        let tenant = self.tenant(tenant);
        let codes = u32::try_from(codes).unwrap_or(u32::MAX);
        let most = self.inner.unknown_codes;
        let now = self.age_ms();
        let minute = now / MINUTE_MS;
        let failures = &tenant.throttle.failures;
        let counted = failures.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            let (last, count) = parts(now);
            let count = if last == minute { count } else { 0 };
            let count = count.checked_add(codes).filter(|count| *count <= most)?;
            Some(joined(minute, count))
        });
        if counted.is_err() {
            let wait = MINUTE_MS - now % MINUTE_MS;
            self.inner.metrics.requests_rate_limited.inc(RateLimit::CodeGuess);
            return Err(NoRoom::Guesses(Duration::from_millis(wait)));
        }
        Ok(Guess { tenant, minute, codes, unknown: AtomicU32::new(0) })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn rate(count: u32) -> Option<Rate> {
        let count = NonZeroU32::new(count)?;
        Some(Rate { per_second: count, burst: count })
    }

    #[test]
    fn buckets_keep_their_tokens_until_their_own_rate_changes() {
        let throttle = Throttle::default();
        let limits = RateLimits { evaluate: rate(2), ..RateLimits::default() };
        throttle.set_rates(1, limits);
        let takes = |work| throttle.buckets.load().of(work).is_none_or(|own| own.check().is_ok());
        assert!(takes(Work::Evaluate) && takes(Work::Evaluate) && !takes(Work::Evaluate));
        assert!(takes(Work::Redeem) && takes(Work::Admin));
        // Another key was made and another rate was set. This bucket is still empty.
        throttle.set_rates(2, limits);
        throttle.set_rates(3, RateLimits { admin: rate(1), ..limits });
        assert!(!takes(Work::Evaluate) && takes(Work::Admin) && !takes(Work::Admin));
        // Rates that were read earlier but arrive later change nothing.
        throttle.set_rates(2, RateLimits::default());
        assert!(!takes(Work::Evaluate));
        throttle.set_rates(4, RateLimits::default());
        assert!((0..100).all(|_| takes(Work::Evaluate)));
    }
}
