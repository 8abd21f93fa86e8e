//! What a request takes of its tenant's share: a place in flight, room for a long answer, guesses at codes. Each is
//! given back when it is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, QuantaClock};

use super::keys::{Entry, Known};
use super::memory::Cache;
use super::tenant::Tenant;
use super::throttle::{NoRoom, joined, parts, take_room};
use crate::domain::id::TenantId;
use crate::domain::rate::Work;
use crate::metrics::RateLimit;

/// A minute in milliseconds. Failures are counted by minute since the instance's start.
const MINUTE_MS: u64 = 60_000;

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
