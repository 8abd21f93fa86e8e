//! Names that were seen in carts and are not written yet (spec 15.4).
//!
//! They are noted in memory, behind the commit of a redemption, and a job writes them. What was noted is remembered as a
//! hash for an hour, so a name costs a look-up and is written once an hour, however often it is sold. All of this is
//! bounded: what finds no room is noted when it is sold again.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::cart::Request;
use crate::domain::cart_names::{CartName, is_private, names_besides, names_of_line};
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::vocabulary::{Name, NameField};

/// How long a name is not noted again.
const PERIOD: TimeDelta = TimeDelta::hours(1);
/// Most hashes that are remembered: about 16 MiB.
const MAX_NOTED: usize = 1_000_000;
/// Most names that wait to be written.
const MAX_NAMES: usize = 50_000;
/// Most bytes of their texts.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most holds whose names wait to be read.
const MAX_HOLDS: usize = 10_000;

/// When each of some names was last seen.
pub type Seen = BTreeMap<Name, DateTime<Utc>>;

#[derive(Default)]
pub struct Collector {
    hasher: RandomState,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    /// When the present period began.
    since: DateTime<Utc>,
    /// The hashes of names, and of groups of names, that were noted in this period.
    hashes: FxHashSet<u64>,
    names: FxHashMap<TenantId, Seen>,
    count: usize,
    bytes: usize,
    /// Holds that became final. Their requests are in the ledger.
    holds: Vec<(TenantId, RedemptionId)>,
    /// When names of any tenant were last forgotten.
    forgotten: Option<DateTime<Utc>>,
}

impl Collector {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the names of a redeemed request.
    pub fn note(&self, tenant: TenantId, request: &Request<'_>, now: DateTime<Utc>) {
        let mut noted = self.noted();
        noted.begin_period(now);
        for line in &request.cart.lines {
            self.note_group(&mut noted, tenant, request, || names_of_line(line), now);
        }
        self.note_group(&mut noted, tenant, request, || names_besides(request), now);
    }

    /// Notes names that mostly come together, so that one look-up passes over all of them.
    fn note_group<'c, I: Iterator<Item = CartName<'c>>>(
        &self,
        noted: &mut Noted,
        tenant: TenantId,
        request: &Request<'_>,
        names: impl Fn() -> I,
        now: DateTime<Utc>,
    ) {
        let mut group = self.hasher.build_hasher();
        tenant.hash(&mut group);
        names().for_each(|name| name.hash(&mut group));
        let group = std::hash::Hasher::finish(&group);
        if noted.hashes.contains(&group) {
            return;
        }
        let mut all = true;
        for name in names() {
            let hash = self.hasher.hash_one((tenant, name));
            all &= noted.hashes.contains(&hash)
                || (!is_private_name(request, name) && noted.add(tenant, name, hash, now));
        }
        if all {
            noted.remember(group);
        }
    }

    /// Notes a hold that became final.
    pub fn note_hold(&self, tenant: TenantId, hold: RedemptionId) {
        let mut noted = self.noted();
        if noted.holds.len() < MAX_HOLDS {
            noted.holds.push((tenant, hold));
        }
    }

    /// Takes the holds whose names are not read yet.
    pub fn take_holds(&self) -> Vec<(TenantId, RedemptionId)> {
        std::mem::take(&mut self.noted().holds)
    }

    /// Takes the names that wait to be written.
    pub fn take(&self) -> FxHashMap<TenantId, Seen> {
        let mut noted = self.noted();
        (noted.count, noted.bytes) = (0, 0);
        std::mem::take(&mut noted.names)
    }

    /// Puts names back that could not be written, as far as there is room.
    pub fn put_back(&self, tenant: TenantId, names: Seen) {
        let mut noted = self.noted();
        for (name, at) in names {
            if noted.has_room(size(&name)) {
                noted.insert(tenant, name, at);
            }
        }
    }

    /// Drops the waiting names of a tenant that are or have this text.
    pub fn forget(&self, tenant: TenantId, text: &str) {
        let mut noted = self.noted();
        if let Some(names) = noted.names.get_mut(&tenant) {
            names.retain(|name, _| {
                name.value != text && name.key != text && name.title.as_deref() != Some(text)
            });
        }
    }

    /// Begins anew if names were forgotten on any instance since this was last asked.
    pub fn see_forgotten(&self, at: Option<DateTime<Utc>>) {
        let mut noted = self.noted();
        if noted.forgotten != at {
            noted.forgotten = at;
            noted.hashes.clear();
        }
    }

    /// Drops the waiting names of a field.
    pub fn forget_field(&self, tenant: TenantId, field: NameField) {
        if let Some(names) = self.noted().names.get_mut(&tenant) {
            names.retain(|name, _| name.field != field);
        }
    }

    /// Notes every name again when it is next seen: some that were written may be gone.
    pub fn begin_anew(&self) {
        self.noted().hashes.clear();
    }
}

impl Noted {
    /// A name that is sold all the time is noted once in a period, so that it does not grow old.
    fn begin_period(&mut self, now: DateTime<Utc>) {
        if now < self.since || self.since + PERIOD <= now {
            self.since = now;
            self.hashes.clear();
        }
    }

    fn remember(&mut self, hash: u64) {
        if self.hashes.len() >= MAX_NOTED {
            self.hashes.clear();
        }
        self.hashes.insert(hash);
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.count < MAX_NAMES && self.bytes.saturating_add(bytes) <= MAX_BYTES
    }

    /// Returns whether there was room.
    fn add(
        &mut self,
        tenant: TenantId,
        (field, key, value, title): CartName<'_>,
        hash: u64,
        now: DateTime<Utc>,
    ) -> bool {
        let name = Name {
            field,
            key: key.to_owned(),
            value: value.to_owned(),
            title: title.map(ToOwned::to_owned),
        };
        if !self.has_room(size(&name)) {
            return false;
        }
        self.insert(tenant, name, now);
        self.remember(hash);
        true
    }

    fn insert(&mut self, tenant: TenantId, name: Name, at: DateTime<Utc>) {
        let bytes = size(&name);
        let seen = self.names.entry(tenant).or_default().insert(name, at);
        if seen.is_none() {
            self.count += 1;
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }
}

fn is_private_name(request: &Request<'_>, (_, key, value, title): CartName<'_>) -> bool {
    [key, value].into_iter().chain(title).any(|text| !text.is_empty() && is_private(request, text))
}

fn size(name: &Name) -> usize {
    name.key.len() + name.value.len() + name.title.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn request(sku: &str, tags: &[&str]) -> Request<'static> {
        let document = json!({
            "cart": {"lines": [{"id": "1", "sku": sku, "quantity": "1", "unit_price": "1", "tags": tags}],
                "codes": ["Save10"], "gift_vouchers": ["GV"]},
            "customer": {"id": "C-1", "groups": ["staff"]},
        });
        crate::stored::request(&document.to_string()).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    fn taken(collector: &Collector) -> Vec<(String, DateTime<Utc>)> {
        let all = collector.take().into_values().flatten();
        all.map(|(name, at)| (name.value, at)).collect()
    }

    #[test]
    fn a_name_is_noted_once_an_hour() {
        let (collector, tenant) = (Collector::default(), TenantId::new(Uuid::now_v7()));
        collector.note(tenant, &request("A", &["new"]), at(0));
        collector.note(tenant, &request("A", &["new"]), at(1));
        let expected = [("A", at(0)), ("new", at(0)), ("staff", at(0))];
        let expected = expected.map(|(name, at)| (name.to_owned(), at));
        assert_eq!(taken(&collector), expected);
        // Another line with a name that was noted.
        collector.note(tenant, &request("B", &["new"]), at(2));
        assert_eq!(taken(&collector), [("B".to_owned(), at(2))]);
        collector.note(tenant, &request("A", &["new"]), at(3_599));
        assert!(taken(&collector).is_empty());
        collector.note(tenant, &request("A", &["new"]), at(3_600));
        assert_eq!(taken(&collector).len(), 3);
        // Other tenants have names of their own.
        collector.note(TenantId::new(Uuid::now_v7()), &request("A", &["new"]), at(3_601));
        assert_eq!(taken(&collector).len(), 3);
        collector.begin_anew();
        collector.note(tenant, &request("A", &["new"]), at(3_602));
        assert_eq!(taken(&collector).len(), 3);
    }

    #[test]
    fn what_is_the_customers_own_is_no_name() {
        let (collector, tenant) = (Collector::default(), TenantId::new(Uuid::now_v7()));
        collector.note(tenant, &request("A", &["C-1", "SAVE10", "gv", "c-1"]), at(0));
        let names: Vec<String> = taken(&collector).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["A", "c-1", "staff"]);
    }

    #[test]
    fn what_finds_no_room_is_noted_later() {
        let (collector, tenant) = (Collector::default(), TenantId::new(Uuid::now_v7()));
        for number in 0..MAX_NAMES + 10 {
            collector.note(tenant, &request(&format!("S{number}"), &[]), at(0));
        }
        let all = collector.take().remove(&tenant).unwrap();
        assert_eq!(all.len(), MAX_NAMES);
        let last = format!("S{}", MAX_NAMES + 9);
        collector.note(tenant, &request(&last, &[]), at(1));
        assert_eq!(taken(&collector), [(last, at(1))]);
        // What could not be written waits again, as far as there is room.
        collector.put_back(tenant, all);
        collector.note(tenant, &request("more", &[]), at(2));
        assert_eq!(taken(&collector).len(), MAX_NAMES);
    }
}
