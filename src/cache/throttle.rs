//! How much of an instance one tenant may use: its share of the requests in flight, the rates that the operator sets,
//! and a number of guesses at codes. Each instance counts for itself, in memory, and without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::domain::rate::{Rate, RateLimits, Work};

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
    pub(super) in_flight: AtomicUsize,
    /// Bytes of long answers that have not been sent.
    pub(super) unsent: AtomicUsize,
    pub(super) buckets: ArcSwap<Buckets>,
    /// The upper half is the minute, the lower half the failures of that minute.
    pub(super) failures: AtomicU64,
}

#[derive(Default)]
pub(super) struct Buckets {
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

    pub(super) fn of(&self, work: Work) -> Option<&DefaultDirectRateLimiter> {
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

/// Adds bytes to `taken`, unless the sum would exceed `most`.
pub fn take_room(taken: &AtomicUsize, bytes: usize, most: usize) -> bool {
    let added = taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
        now.checked_add(bytes).filter(|sum| *sum <= most)
    });
    added.is_ok()
}

pub(super) fn parts(failures: u64) -> (u64, u32) {
    let count = u32::try_from(failures & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    (failures >> 32, count)
}

pub(super) fn joined(minute: u64, count: u32) -> u64 {
    (minute << 32) | u64::from(count)
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
