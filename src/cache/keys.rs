//! The API keys that were used, so that authentication needs no round trip to the database.
//!
//! An entry is trusted if it was read at the floor of its tenant's keys or later. A revocation or a suspension raises
//! that floor. Then every key of the tenant is looked up again, with the rates that the operator has set.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

use super::tenant::Tenant;
use crate::db::DbError;
use crate::domain::id::{CursorKey, KeyId, TenantId};
use crate::domain::role::Role;

/// The number of maps that the keys are spread over. Each has its own lock.
const SHARDS: usize = 16;
/// Most keys of one map.
const SHARD_CAPACITY: usize = 1_024;
/// Most keys that are being looked up at the same time. Anyone can make up keys, so this bounds how many of them ask
/// the database. Requests with known keys are not affected. A key that many terminals present at the same time is
/// looked up once.
const MAX_LOOK_UPS: usize = 64;
/// Most uses that wait to be written.
const MAX_TOUCHED: usize = 10_000;

/// SHA-256 of a key.
pub(super) type KeyHash = [u8; 32];

/// A key that is valid now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub tenant: TenantId,
    pub key: KeyId,
    pub role: Role,
    /// Seals the cursors of its tenant's lists.
    pub cursors: CursorKey,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    #[error("the key is not valid")]
    Unknown,
    #[error("the tenant is suspended")]
    Suspended,
    #[error("too many keys are being looked up")]
    Busy,
    /// The look-up failed. All callers that waited for it get this error.
    #[error(transparent)]
    Db(Arc<DbError>),
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Db(Arc::new(error))
    }
}

#[derive(Default)]
pub(super) struct Keys {
    shards: [Shard; SHARDS],
    touched: Mutex<FxHashMap<KeyId, TenantId>>,
    looking_up: Mutex<FxHashMap<Wanted, Asked>>,
}

type Shard = RwLock<FxHashMap<KeyHash, Arc<Entry>>>;

/// The tenant that a key names, and the key's hash.
type Wanted = (TenantId, KeyHash);

/// The result that all simultaneous callers with the same key get.
type Answer = Arc<OnceCell<Result<Arc<Entry>, Refused>>>;

#[derive(Default)]
struct Asked {
    answer: Answer,
    waiting: usize,
}

/// A caller that waits for a look-up. The first caller that leaves with an answer removes the look-up, so that later
/// callers start a new one. The last caller that leaves without an answer removes it too.
pub(super) struct LookUp<'k> {
    keys: &'k Keys,
    wanted: Wanted,
    pub(super) answer: Answer,
}

impl Drop for LookUp<'_> {
    fn drop(&mut self) {
        let mut looking_up = self.keys.looking_up();
        let Some(asked) = looking_up.get_mut(&self.wanted) else {
            return;
        };
        if Arc::ptr_eq(&asked.answer, &self.answer) {
            asked.waiting = asked.waiting.saturating_sub(1);
            if asked.waiting == 0 || self.answer.initialized() {
                looking_up.remove(&self.wanted);
            }
        }
    }
}

pub(super) struct Entry {
    pub(super) tenant: Arc<Tenant>,
    pub(super) known: Known,
    pub(super) suspended: bool,
    pub(super) version: i64,
    pub(super) used_at_ms: AtomicU64,
    pub(super) touched_at_ms: AtomicU64,
}

impl Entry {
    pub(super) fn is_trusted(&self) -> bool {
        self.version >= self.tenant.keys_floor.load(Ordering::Acquire)
    }
}

impl Keys {
    fn looking_up(&self) -> MutexGuard<'_, FxHashMap<Wanted, Asked>> {
        self.looking_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the look-up of a key. Returns whether this caller is the first; `None` if no further look-up may start.
    pub(super) fn join(&self, wanted: Wanted) -> Option<(LookUp<'_>, bool)> {
        let mut looking_up = self.looking_up();
        let is_first = !looking_up.contains_key(&wanted);
        if is_first && looking_up.len() >= MAX_LOOK_UPS {
            return None;
        }
        let asked = looking_up.entry(wanted).or_default();
        asked.waiting = asked.waiting.saturating_add(1);
        let look_up = LookUp { keys: self, wanted, answer: Arc::clone(&asked.answer) };
        Some((look_up, is_first))
    }

    fn shard(&self, hash: &KeyHash) -> Option<&Shard> {
        let [first, ..] = hash;
        self.shards.get(usize::from(*first) % SHARDS)
    }

    pub(super) fn find(&self, hash: &KeyHash) -> Option<Arc<Entry>> {
        let shard = self.shard(hash)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.get(hash).filter(|entry| entry.is_trusted()).map(Arc::clone)
    }

    pub(super) fn keep(&self, hash: KeyHash, entry: Arc<Entry>) {
        let Some(shard) = self.shard(&hash) else {
            return;
        };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= SHARD_CAPACITY && !shard.contains_key(&hash) {
            shard.retain(|_, entry| entry.is_trusted());
        }
        if shard.len() >= SHARD_CAPACITY && !shard.contains_key(&hash) {
            let used_at = |entry: &Entry| entry.used_at_ms.load(Ordering::Relaxed);
            let resting = shard.iter().min_by_key(|(hash, entry)| (used_at(entry), **hash));
            if let Some(resting) = resting.map(|(hash, _)| *hash) {
                shard.remove(&resting);
            }
        }
        shard.insert(hash, entry);
    }

    pub(super) fn len(&self) -> usize {
        let len = |shard: &Shard| shard.read().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }

    pub(super) fn touch(&self, known: Known) {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        if touched.len() < MAX_TOUCHED {
            touched.insert(known.key, known.tenant);
        }
    }

    pub(super) fn take_touched(&self) -> FxHashMap<KeyId, TenantId> {
        std::mem::take(&mut *self.touched.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
