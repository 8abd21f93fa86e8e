//! What evaluations need, in memory: one immutable rule set a tenant, swapped whole, and the keys that were seen.
//!
//! Truth is one row a tenant, whose versions grow in the transaction of each change. For each tenant in memory this
//! module keeps two floors: the lowest versions of rules and of keys that may still be used. Whoever changes something
//! on this instance raises the floor before it answers, so that the next evaluation here uses the change; what other
//! instances change arrives by a notification, and by a poll in case that is missed ([`refresh`]).
//!
//! While the database does not answer, what is in memory goes on being used: nobody can change it either.

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

mod admission;
mod keys;
pub mod load;
pub mod refresh;

pub use admission::{Guess, NoRoom, Place, Session, take_room};
pub use keys::{Known, Refused};

/// How many bytes of rules are held in memory unless it is said otherwise.
pub const DEFAULT_BYTES: usize = 256 * 1_024 * 1_024;
/// How many unknown codes of a tenant are looked up in a minute unless it is said otherwise.
pub const DEFAULT_UNKNOWN_CODES: u32 = 600;
/// A floor that no version reaches: what was taken out of memory is not used any more.
const UNREACHABLE: i64 = i64::MAX;

/// Why a tenant's rules could not be loaded.
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

/// The tenants in memory. Clones share them.
#[derive(Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    metrics: Metrics,
    /// Replaced whole, so that readers take no lock.
    tenants: ArcSwap<FxHashMap<TenantId, Arc<Tenant>>>,
    /// Held by whoever replaces `tenants`.
    writing: Mutex<()>,
    /// Most bytes of rules, by estimate.
    most_bytes: usize,
    /// Most unknown codes of a tenant in a minute.
    unknown_codes: u32,
    keys: keys::Keys,
    listening: AtomicBool,
    loads: AtomicU64,
    /// When what is in memory was last found to be what the database has.
    compared_at_ms: AtomicU64,
    started: Instant,
}

struct Tenant {
    id: TenantId,
    held: ArcSwapOption<load::Held>,
    rules_floor: AtomicI64,
    keys_floor: AtomicI64,
    used_at_ms: AtomicU64,
    /// Held while the rules are loaded, so that simultaneous first uses load once. When a load has failed last, and how.
    loading: tokio::sync::Mutex<Option<(Instant, LoadError)>>,
    /// Held while rules for a time in the past are loaded, so that a tenant does so once at a time.
    looking_back: tokio::sync::Mutex<()>,
    admission: admission::Admission,
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
            admission: admission::Admission::default(),
        }
    }

    /// The rules, if they are in memory and not older than `version` and the floor.
    fn rules_since(&self, version: i64) -> Option<Arc<RuleSet>> {
        let floor = self.rules_floor.load(Ordering::Acquire).max(version);
        let held = self.held.load();
        let rules = held.as_ref().map(|held| &held.rules);
        rules.filter(|rules| rules.version() >= floor).map(Arc::clone)
    }

    fn stock(&self) -> load::Stock {
        let held = self.held.load();
        held.as_ref().map(|held| held.stock.clone()).unwrap_or_default()
    }

    /// Takes over what was loaded, unless the tenant was taken out of memory meanwhile.
    fn hold(&self, held: load::Held) {
        self.held.store(Some(Arc::new(held)));
        self.let_go_if_retired();
    }

    /// Keys and requests go on knowing the tenant for a while, so what is large goes at once.
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

    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let held = self.held.load();
        let held = held.as_ref().map_or(0, |held| held.bytes);
        load::TENANT_BYTES.saturating_add(held)
    }
}

impl Cache {
    /// An empty cache of so many bytes, each tenant of which may present so many unknown codes in a minute.
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

    /// The tenant's rules as they are to be used now: one snapshot for a whole request.
    pub async fn rules(&self, tenant: TenantId) -> Result<Arc<RuleSet>, LoadError> {
        let tenant = self.tenant(tenant);
        match tenant.rules_since(0) {
            Some(rules) => Ok(rules),
            // Apart, so that the many who do not wait for a load do not carry the room for one.
            None => Box::pin(self.load(tenant, 0)).await,
        }
    }

    /// The tenant's rules for an evaluation as of this time. For one in the past they are loaded, with all promotions that
    /// have ended, and not kept.
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

    /// From now on no rules of the tenant that are older than this are used here.
    pub fn rules_changed(&self, tenant: TenantId, version: i64) {
        if let Some(tenant) = self.known(tenant) {
            tenant.rules_floor.fetch_max(version, Ordering::AcqRel);
        }
    }

    /// From now on no keys of the tenant that were read before this version are trusted here.
    pub fn keys_changed(&self, tenant: TenantId, version: i64) {
        // Also for a tenant that is not in memory: one of its keys may be being looked up right now.
        self.tenant(tenant).keys_floor.fetch_max(version, Ordering::AcqRel);
    }

    /// Forgets a tenant: for a write of which nobody knows whether it happened.
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

    /// About how many bytes the tenants in memory take.
    pub fn bytes(&self) -> usize {
        let tenants = self.inner.tenants.load();
        tenants.values().map(|tenant| tenant.bytes()).sum()
    }

    pub fn keys(&self) -> usize {
        self.inner.keys.len()
    }

    /// How long ago what is in memory was last found to be what the database has.
    pub fn age(&self) -> Duration {
        let compared_at = self.inner.compared_at_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.age_ms().saturating_sub(compared_at))
    }

    /// How many times rules were loaded since the start.
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

    /// Lets a tenant in, at the cost of those that were not used for longest.
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

    /// Takes those out of memory that were not used for longest, until the others have room. A tenant that takes more than
    /// there is stays alone.
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

    /// Loads the rules at `version` or later. The work goes on when the caller stops waiting, so that a slow load ends
    /// at last; those who waited for a load that failed fail with it.
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

    /// Reads and compiles the rules as they are now; stores and lists that have not changed are taken from memory.
    async fn read(&self, tenant: &Tenant, ended: load::Ended) -> Result<load::Held, LoadError> {
        self.inner.loads.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let read = load::rules(&self.inner.db, tenant.id, tenant.stock(), ended).await;
        let work = if read.is_ok() { Work::Done } else { Work::Failed };
        self.inner.metrics.loaded(work, begun.elapsed());
        read
    }
}
