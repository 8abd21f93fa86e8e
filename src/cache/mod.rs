//! What evaluations need, in memory: one immutable rule set for each tenant, replaced whole, and the API keys that were
//! used.
//!
//! The authority is the tenant's row, whose versions grow in the transaction of each change. For each tenant in memory
//! this module keeps two floors: the lowest versions of rules and of keys that may still be used. A change on this
//! instance raises the floor before its caller gets the answer, so the next evaluation here uses the change. Changes of
//! other instances arrive by a notification, and by a poll in case the notification is lost ([`refresh`]).
//!
//! While the database does not answer, the instance continues to use what is in memory: no one can change it meanwhile.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use crate::db::{Db, DbError};
use crate::domain::id::TenantId;
use crate::engine::RuleSet;
use crate::metrics::{Metrics, Work};

mod keys;
pub mod load;
pub mod refresh;
mod throttle;

pub use keys::{Known, Refused};
pub use throttle::{Guess, NoRoom, Place, Session, take_room};

/// The default for the most bytes of rules in memory.
pub const DEFAULT_BYTES: usize = 256 * 1_024 * 1_024;
/// The default for the most unknown codes of a tenant that are looked up in a minute.
pub const DEFAULT_UNKNOWN_CODES: u32 = 600;
/// A floor that no version reaches: the floor of a tenant that was removed from memory.
const UNREACHABLE: i64 = i64::MAX;

#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Db(Arc<DbError>),
    #[error("loading was broken off")]
    BrokenOff,
}

impl From<DbError> for LoadError {
    fn from(error: DbError) -> Self {
        Self::Db(Arc::new(error))
    }
}

/// The cache. Clones share it.
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    metrics: Metrics,
    /// The map is replaced as a whole, so that readers take no lock.
    tenants: ArcSwap<FxHashMap<TenantId, Arc<Tenant>>>,
    /// Held while `tenants` is replaced.
    writing: Mutex<()>,
    /// Most bytes of rules, by estimate.
    most_bytes: usize,
    /// Most unknown codes of a tenant in a minute.
    unknown_codes: u32,
    keys: keys::Keys,
    listening: AtomicBool,
    loads: AtomicU64,
    /// When the versions in memory were last compared with the database, in milliseconds since the start.
    compared_at_ms: AtomicU64,
    started: Instant,
}

struct Tenant {
    id: TenantId,
    held: ArcSwapOption<load::Held>,
    rules_floor: AtomicI64,
    keys_floor: AtomicI64,
    used_at_ms: AtomicU64,
    /// Held while the rules are loaded, so that simultaneous first uses load once. Holds the time and the error of the
    /// last failed load.
    loading: tokio::sync::Mutex<Option<(Instant, LoadError)>>,
    /// Held while rules for a time in the past are loaded, so that a tenant has one such load at a time.
    looking_back: tokio::sync::Mutex<()>,
    throttle: throttle::Throttle,
}

impl Tenant {
    fn new(id: TenantId) -> Self {
        Self {
            id,
            held: ArcSwapOption::empty(),
            rules_floor: AtomicI64::new(0),
            keys_floor: AtomicI64::new(0),
            used_at_ms: AtomicU64::new(0),
            loading: tokio::sync::Mutex::default(),
            looking_back: tokio::sync::Mutex::default(),
            throttle: throttle::Throttle::default(),
        }
    }

    /// The rules, if they are in memory and not older than `version` and the floor.
    fn rules_since(&self, version: i64) -> Option<Arc<RuleSet>> {
        let floor = self.rules_floor.load(Ordering::Acquire).max(version);
        let held = self.held.load();
        let rules = held.as_ref().map(|held| &held.rules);
        rules.filter(|rules| rules.version() >= floor).map(Arc::clone)
    }

    fn stores_and_lists(&self) -> load::StoresAndLists {
        let held = self.held.load();
        held.as_ref().map(|held| held.shared.clone()).unwrap_or_default()
    }

    /// Stores what was loaded, unless the tenant was removed from memory meanwhile.
    fn hold(&self, held: load::Held) {
        self.held.store(Some(Arc::new(held)));
        self.let_go_if_retired();
    }

    /// Marks the tenant as removed. Keys and requests may still refer to it for a while, so its rules are dropped at
    /// once.
    fn retire(&self) {
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
    fn bytes(&self) -> usize {
        let held = self.held.load();
        let held = held.as_ref().map_or(0, |held| held.bytes);
        load::TENANT_BYTES.saturating_add(held)
    }
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
            keys: keys::Keys::default(),
            listening: AtomicBool::new(false),
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
        let held = self.read(&tenant, load::Ended::Ever).await?;
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

    pub fn is_listening(&self) -> bool {
        self.inner.listening.load(Ordering::Acquire)
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
            held.as_ref().map_or(0, |held| held.rules.promotions().len())
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

    fn known(&self, tenant: TenantId) -> Option<Arc<Tenant>> {
        self.inner.tenants.load().get(&tenant).map(Arc::clone)
    }

    fn tenant(&self, id: TenantId) -> Arc<Tenant> {
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

    fn age_ms(&self) -> u64 {
        u64::try_from(self.inner.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Loads the rules at `version` or later. The load continues if the caller stops waiting, so that even a slow load
    /// completes. All callers that waited for a failed load get its error.
    async fn load(&self, tenant: Arc<Tenant>, version: i64) -> Result<Arc<RuleSet>, LoadError> {
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
            match cache.read(&tenant, load::Ended::Recently).await {
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
    async fn read(&self, tenant: &Tenant, ended: load::Ended) -> Result<load::Held, LoadError> {
        self.inner.loads.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let read = load::rules(&self.inner.db, tenant.id, tenant.stores_and_lists(), ended).await;
        let work = if read.is_ok() { Work::Done } else { Work::Failed };
        self.inner.metrics.loaded(work, begun.elapsed());
        read
    }
}
