//! The tenants in memory and their rules: loaded at the first use, replaced whole, and removed when memory is short.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use super::keys::Keys;
use super::load::{self, Ended, Held, LoadError};
use super::tenant::Tenant;
use crate::convert::millis;
use crate::db::Db;
use crate::domain::id::TenantId;
use crate::engine::RuleSet;
use crate::metrics::{Metrics, Work};

/// The default for the most bytes of rules in memory.
pub const DEFAULT_BYTES: usize = 256 * 1_024 * 1_024;
/// The default for the most unknown codes of a tenant that are looked up in a minute.
pub const DEFAULT_UNKNOWN_CODES: u32 = 600;

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Cache {
    pub(super) inner: Arc<Inner>,
}

/// How changes of other instances arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// By notifications: the listener has heard one.
    Notified,
    /// By the poll alone, because nothing can be heard through the pooler.
    Polled,
    /// By the poll, while the listener has no connection.
    Unconnected,
    /// By the poll, while the listener has a connection and hears nothing.
    Unheard,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) metrics: Metrics,
    /// The map is replaced as a whole, so that readers take no lock.
    pub(super) tenants: ArcSwap<FxHashMap<TenantId, Arc<Tenant>>>,
    /// Held while `tenants` is replaced.
    pub(super) writing: Mutex<()>,
    /// Most bytes of rules, by estimate.
    pub(super) most_bytes: usize,
    /// Most unknown codes of a tenant in a minute.
    pub(super) unknown_codes: u32,
    pub(super) keys: Keys,
    pub(super) hearing: Mutex<Hearing>,
    pub(super) loads: AtomicU64,
    /// When the versions in memory were last compared with the database, in milliseconds since the start.
    pub(super) compared_at_ms: AtomicU64,
    pub(super) started: Instant,
}

impl Cache {
    /// An empty cache for at most `most_bytes`. Each tenant may present at most `unknown_codes` unknown codes in a
    /// minute.
    pub fn new(db: Db, most_bytes: usize, unknown_codes: u32, metrics: Metrics) -> Self {
        let inner = Inner {
            db,
            metrics,
            tenants: ArcSwap::default(),
            writing: Mutex::new(()),
            most_bytes,
            unknown_codes,
            keys: Keys::default(),
            hearing: Mutex::new(Hearing::Unconnected),
            loads: AtomicU64::new(0),
            compared_at_ms: AtomicU64::new(0),
            started: Instant::now(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The tenant's rules for use now. A request takes this snapshot once and keeps it.
    pub async fn rules(&self, tenant: TenantId) -> Result<Arc<RuleSet>, LoadError> {
        let tenant = self.tenant(tenant);
        match tenant.rules_since(0) {
            Some(rules) => Ok(rules),
            // Boxed, so that requests that need no load do not have the space for it in their futures.
            None => Box::pin(self.load(tenant, 0)).await,
        }
    }

    /// The tenant's rules for an evaluation as of this time. If the rules in memory lack promotions that had not ended
    /// by then, all rules are loaded for this call and not kept.
    pub async fn rules_at(
        &self,
        tenant: TenantId,
        at: DateTime<Utc>,
    ) -> Result<Arc<RuleSet>, LoadError> {
        let rules = self.rules(tenant).await?;
        if rules.is_whole_at(at) {
            return Ok(rules);
        }
        Box::pin(self.look_back(tenant)).await
    }

    async fn look_back(&self, tenant: TenantId) -> Result<Arc<RuleSet>, LoadError> {
        let tenant = self.tenant(tenant);
        let _turn = tenant.looking_back.lock().await;
        let held = self.read(&tenant, Ended::Ever).await?;
        Ok(held.rules)
    }

    /// From now on this instance uses no rules of the tenant that are older than this version.
    pub fn rules_changed(&self, tenant: TenantId, version: i64) {
        if let Some(tenant) = self.known(tenant) {
            tenant.rules_floor.fetch_max(version, Ordering::AcqRel);
        }
    }

    /// From now on this instance trusts no keys of the tenant that were read before this version.
    pub fn keys_changed(&self, tenant: TenantId, version: i64) {
        // This also applies to a tenant that is not in memory, because a look-up of one of its keys may be running.
        self.tenant(tenant).keys_floor.fetch_max(version, Ordering::AcqRel);
    }

    /// Removes a tenant from memory, after a write whose outcome is unknown.
    pub fn forget(&self, tenant: TenantId) {
        self.replace(|tenants| {
            if let Some(gone) = tenants.remove(&tenant) {
                gone.retire();
            }
        });
    }

    /// How changes of other instances arrive now.
    pub fn hearing(&self) -> Hearing {
        *self.inner.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hears(&self, hearing: Hearing) {
        *self.inner.hearing.lock().unwrap_or_else(PoisonError::into_inner) = hearing;
    }

    /// How many tenants are in memory.
    pub fn len(&self) -> usize {
        self.inner.tenants.load().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn promotions(&self) -> usize {
        let tenants = self.inner.tenants.load();
        let of = |tenant: &Arc<Tenant>| {
            let held = tenant.held.load();
            held.as_ref().map_or(0, |held| held.rules.promotions().count())
        };
        tenants.values().map(of).sum()
    }

    /// The estimated bytes of the tenants in memory.
    pub fn bytes(&self) -> usize {
        let tenants = self.inner.tenants.load();
        tenants.values().map(|tenant| tenant.bytes()).sum()
    }

    pub fn keys(&self) -> usize {
        self.inner.keys.len()
    }

    /// How long ago the versions in memory were last compared with the database.
    pub fn age(&self) -> Duration {
        let compared_at = self.inner.compared_at_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.age_ms().saturating_sub(compared_at))
    }

    /// How many loads of rules there were since the start.
    pub fn loads(&self) -> u64 {
        self.inner.loads.load(Ordering::Relaxed)
    }

    pub(super) fn known(&self, tenant: TenantId) -> Option<Arc<Tenant>> {
        self.inner.tenants.load().get(&tenant).map(Arc::clone)
    }

    pub(super) fn tenant(&self, id: TenantId) -> Arc<Tenant> {
        let tenant = self.known(id).unwrap_or_else(|| self.admit(id));
        tenant.used_at_ms.store(self.age_ms(), Ordering::Relaxed);
        tenant
    }

    /// Adds a tenant. If memory is short, the least recently used tenants are removed.
    fn admit(&self, id: TenantId) -> Arc<Tenant> {
        let tenant = self.replace(|tenants| {
            let tenant = tenants.entry(id).or_insert_with(|| {
                let tenant = Arc::new(Tenant::new(id));
                tenant.used_at_ms.store(self.age_ms(), Ordering::Relaxed);
                tenant
            });
            Arc::clone(tenant)
        });
        self.make_room(id);
        tenant
    }

    /// Removes the least recently used tenants until the others fit. If `keep` alone exceeds the bound, it still stays.
    fn make_room(&self, keep: TenantId) {
        if self.bytes() <= self.inner.most_bytes {
            return;
        }
        self.replace(|tenants| {
            let mut bytes: usize = tenants.values().map(|tenant| tenant.bytes()).sum();
            let mut resting: Vec<Arc<Tenant>> =
                tenants.values().filter(|tenant| tenant.id != keep).map(Arc::clone).collect();
            resting.sort_by_key(|tenant| (tenant.used_at_ms.load(Ordering::Relaxed), tenant.id));
            for gone in resting {
                if bytes <= self.inner.most_bytes {
                    break;
                }
                bytes = bytes.saturating_sub(gone.bytes());
                tenants.remove(&gone.id);
                gone.retire();
            }
        });
    }

    fn replace<T>(&self, change: impl FnOnce(&mut FxHashMap<TenantId, Arc<Tenant>>) -> T) -> T {
        let _writing = self.inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tenants = FxHashMap::clone(&self.inner.tenants.load());
        let done = change(&mut tenants);
        self.inner.tenants.store(Arc::new(tenants));
        done
    }

    pub(super) fn age_ms(&self) -> u64 {
        millis(self.inner.started.elapsed())
    }

    /// Loads the rules at `version` or later. The load continues if the caller stops waiting, so that even a slow load
    /// completes. All callers that waited for a failed load get its error.
    pub(super) async fn load(
        &self,
        tenant: Arc<Tenant>,
        version: i64,
    ) -> Result<Arc<RuleSet>, LoadError> {
        let cache = self.clone();
        let asked_at = Instant::now();
        let loading = tokio::spawn(async move {
            let mut failed = tenant.loading.lock().await;
            if let Some(rules) = tenant.rules_since(version) {
                return Ok(rules);
            }
            if let Some((failed_at, failure)) = &*failed
                && *failed_at >= asked_at
            {
                return Err(failure.clone());
            }
            match cache.read(&tenant, Ended::Recently).await {
                Ok(held) => {
                    let rules = Arc::clone(&held.rules);
                    tenant.hold(held);
                    cache.make_room(tenant.id);
                    Ok(rules)
                }
                Err(failure) => {
                    *failed = Some((Instant::now(), failure.clone()));
                    Err(failure)
                }
            }
        });
        loading.await.unwrap_or(Err(LoadError::BrokenOff))
    }

    /// Reads and compiles the present rules. Stores and lists that have not changed are reused from memory.
    async fn read(&self, tenant: &Tenant, ended: Ended) -> Result<Held, LoadError> {
        self.inner.loads.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let read = load::rules(&self.inner.db, tenant.id, tenant.stores_and_lists(), ended).await;
        let work = if read.is_ok() { Work::Done } else { Work::Failed };
        self.inner.metrics.loaded(work, begun.elapsed());
        read
    }
}
