//! Authentication: a key is found in memory, or looked up once and kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::keys::{Entry, KeyHash, Known, Refused};
use super::memory::Cache;
use super::session::Session;
use crate::db::{self, DbError};
use crate::domain::id::{CursorKey, KeyId, TenantId};

/// A key's use is written to the database at most once in this time.
const TOUCH_AGAIN_MS: u64 = 60_000;

impl Cache {
    /// Authenticates the key with this hash, which names this tenant.
    pub async fn authenticate(&self, tenant: TenantId, hash: &KeyHash) -> Result<Session, Refused> {
        let entry = match self.inner.keys.find(hash) {
            Some(entry) if entry.known.tenant == tenant => entry,
            // Boxed, so that requests with a known key do not have the space for a look-up in their futures.
            _ => Box::pin(self.look_up(tenant, hash)).await?,
        };
        let now = self.age_ms();
        entry.used_at_ms.store(now, Ordering::Relaxed);
        entry.tenant.used_at_ms.store(now, Ordering::Relaxed);
        if entry.suspended {
            return Err(Refused::Suspended);
        }
        if now >= entry.touched_at_ms.load(Ordering::Relaxed) {
            entry.touched_at_ms.store(now.saturating_add(TOUCH_AGAIN_MS), Ordering::Relaxed);
            self.inner.keys.touch(entry.known);
        }
        Ok(Session::new(entry))
    }

    /// Looks up the key, once for all simultaneous callers. If the keys changed during a look-up, callers that joined
    /// it look up again, because the change may have been acknowledged before they arrived.
    async fn look_up(&self, tenant: TenantId, hash: &KeyHash) -> Result<Arc<Entry>, Refused> {
        loop {
            let wanted = (tenant, *hash);
            let (look_up, is_first) = self.inner.keys.join(wanted).ok_or(Refused::Busy)?;
            let read = || self.read_key(tenant, hash);
            let answer = look_up.answer.get_or_init(read).await.clone();
            match answer {
                Ok(entry) if !is_first && !entry.is_trusted() => {}
                done => return done,
            }
        }
    }

    async fn read_key(&self, tenant: TenantId, hash: &KeyHash) -> Result<Arc<Entry>, Refused> {
        let wanted = *hash;
        let db = &self.inner.db;
        let found = db
            .tenant(tenant, move |tx| Box::pin(async move { db::keys::find(tx, &wanted).await }))
            .await?
            .ok_or(Refused::Unknown)?;
        // INVARIANT: a constraint of the table fixes the length of this key.
        let cursors = CursorKey::new(found.cursor_key.try_into().unwrap_or_default());
        // Only a tenant with a valid key gets a place in memory, so made-up keys cannot fill it.
        let place = self.tenant(tenant);
        place.throttle.set_rates(found.keys_version, found.rate_limits.0);
        let entry = Arc::new(Entry {
            tenant: place,
            known: Known { tenant, key: KeyId::new(found.key_id), role: found.role, cursors },
            suspended: found.suspended,
            version: found.keys_version,
            used_at_ms: AtomicU64::new(self.age_ms()),
            touched_at_ms: AtomicU64::new(0),
        });
        // If the keys changed during the look-up, this entry is not trusted, and the next use looks it up again.
        self.inner.keys.keep(*hash, Arc::clone(&entry));
        Ok(entry)
    }

    /// Writes to the database which keys were used since the last call.
    pub(super) async fn write_uses(&self) -> Result<(), DbError> {
        for (key, tenant) in self.inner.keys.take_touched() {
            let db = &self.inner.db;
            db.tenant(tenant, move |tx| Box::pin(db::keys::touch(tx, key))).await?;
        }
        Ok(())
    }
}
