//! What is in memory of one tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

use arc_swap::ArcSwapOption;

use super::load::{Held, LoadError, StoresAndLists, TENANT_BYTES};
use super::throttle::Throttle;
use crate::domain::id::TenantId;
use crate::engine::RuleSet;

/// A floor that no version reaches: the floor of a tenant that was removed from memory.
const UNREACHABLE: i64 = i64::MAX;

pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) held: ArcSwapOption<Held>,
    pub(super) rules_floor: AtomicI64,
    pub(super) keys_floor: AtomicI64,
    pub(super) used_at_ms: AtomicU64,
    /// Held while the rules are loaded, so that simultaneous first uses load once. Holds the time and the error of the
    /// last failed load.
    pub(super) loading: tokio::sync::Mutex<Option<(Instant, LoadError)>>,
    /// Held while rules for a time in the past are loaded, so that a tenant has one such load at a time.
    pub(super) looking_back: tokio::sync::Mutex<()>,
    pub(super) throttle: Throttle,
}

impl Tenant {
    pub(super) fn new(id: TenantId) -> Self {
        Self {
            id,
            held: ArcSwapOption::empty(),
            rules_floor: AtomicI64::new(0),
            keys_floor: AtomicI64::new(0),
            used_at_ms: AtomicU64::new(0),
            loading: tokio::sync::Mutex::default(),
            looking_back: tokio::sync::Mutex::default(),
            throttle: Throttle::default(),
        }
    }

    /// The rules, if they are in memory and not older than `version` and the floor.
    pub(super) fn rules_since(&self, version: i64) -> Option<Arc<RuleSet>> {
        let floor = self.rules_floor.load(Ordering::Acquire).max(version);
        let held = self.held.load();
        let rules = held.as_ref().map(|held| &held.rules);
        rules.filter(|rules| rules.version() >= floor).map(Arc::clone)
    }

    pub(super) fn stores_and_lists(&self) -> StoresAndLists {
        let held = self.held.load();
        held.as_ref().map(|held| held.shared.clone()).unwrap_or_default()
    }

    /// Stores what was loaded, unless the tenant was removed from memory meanwhile.
    pub(super) fn hold(&self, held: Held) {
        self.held.store(Some(Arc::new(held)));
        self.let_go_if_retired();
    }

    /// Marks the tenant as removed. Keys and requests may still refer to it for a while, so its rules are dropped at
    /// once.
    pub(super) fn retire(&self) {
        self.rules_floor.store(UNREACHABLE, Ordering::SeqCst);
        self.keys_floor.store(UNREACHABLE, Ordering::SeqCst);
        self.let_go_if_retired();
    }

    fn let_go_if_retired(&self) {
        if self.rules_floor.load(Ordering::SeqCst) == UNREACHABLE {
            self.held.store(None);
        }
    }

    /// The estimated bytes of the tenant in memory.
    pub(super) fn bytes(&self) -> usize {
        let held = self.held.load();
        let held = held.as_ref().map_or(0, |held| held.bytes);
        TENANT_BYTES.saturating_add(held)
    }
}
