//! How changes of other instances arrive: by a notification, and by a poll twice a second in case the notification is
//! lost. Behind a pooler that pools by transaction nobody can listen, and the poll is all there is.
//!
//! The listener connects first, and then everything in memory is compared, so that no change is missed in between. One
//! statement reads the versions of all tenants in memory. Changed rules are loaded in the background, and the old ones
//! are used for a short time meanwhile. If loading is slow, evaluations wait for the new rules, so that a change takes
//! effect within one second.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::memory::{Cache, Hearing};
use super::tenant::Tenant;
use crate::db::{self, DbError, NotReady};
use crate::domain::id::TenantId;

/// How often the versions are polled.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How long the old rules may be used while newer ones are being loaded.
const LOAD_GRACE: Duration = Duration::from_millis(250);
/// Longest wait for the versions.
const POLL_TIMEOUT: Duration = Duration::from_secs(1);
/// Pause before the listener connects again.
const RECONNECT_AFTER: Duration = Duration::from_millis(200);
/// How often the uses of keys are written to the database.
const WRITE_USES_EVERY: Duration = Duration::from_secs(10);

/// Changed tenants that the listener has received and the poll has not compared yet.
#[derive(Default)]
struct Heard {
    tenants: Mutex<BTreeSet<TenantId>>,
    /// Wakes the poll when `tenants` has grown.
    bell: Notify,
}

impl Cache {
    /// Keeps the cache up to date for as long as the future is polled. `notifications` is false only in tests of the
    /// poll.
    pub async fn keep_fresh(&self, notifications: bool) {
        let heard = Heard::default();
        let listening = async {
            if notifications && !self.inner.db.is_deaf() {
                self.listen(&heard).await;
            } else {
                self.hears(Hearing::Polled);
            }
        };
        tokio::join!(listening, self.poll(&heard), self.note_uses());
    }

    async fn listen(&self, heard: &Heard) {
        loop {
            match self.inner.db.listen().await {
                Ok(mut listener) => {
                    self.hears(Hearing::Notified);
                    heard.add(self.in_memory());
                    loop {
                        match listener.next().await {
                            Ok(tenant) => heard.add([tenant]),
                            Err(error) => {
                                tracing::warn!(%error, "the listener for rule changes was lost");
                                break;
                            }
                        }
                    }
                    self.hears(Hearing::Unconnected);
                }
                Err(DbError::Stopping) => return,
                Err(DbError::NotReady(why @ NotReady::Unheard)) => {
                    self.hears(Hearing::Unheard);
                    tracing::warn!(
                        error = why.reason(),
                        "the listener for rule changes hears nothing"
                    );
                }
                Err(error) => {
                    self.hears(Hearing::Unconnected);
                    tracing::warn!(%error, "the listener for rule changes cannot connect");
                }
            }
            sleep(RECONNECT_AFTER).await;
        }
    }

    async fn poll(&self, heard: &Heard) {
        let mut ticks = interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failed_since: Option<Instant> = None;
        loop {
            let (tenants, are_all): (Vec<TenantId>, bool) = tokio::select! {
                _ = ticks.tick() => (self.in_memory(), true),
                () = heard.bell.notified() => {
                    let heard = heard.take().into_iter();
                    (heard.filter(|tenant| self.known(*tenant).is_some()).collect(), false)
                }
            };
            if tenants.is_empty() {
                self.compared(are_all);
                continue;
            }
            match timeout(POLL_TIMEOUT, self.compare(tenants)).await {
                Ok(Ok(())) => {
                    self.compared(are_all);
                    if failed_since.take().is_some() {
                        tracing::info!("the versions of rules and keys can be read again");
                    }
                }
                Ok(Err(DbError::Stopping)) => return,
                Ok(Err(_)) | Err(_) if failed_since.is_some() => {}
                Ok(Err(error)) => {
                    failed_since = Some(Instant::now());
                    tracing::warn!(%error, "the versions of rules and keys cannot be read");
                }
                Err(_) => {
                    failed_since = Some(Instant::now());
                    tracing::warn!("the versions of rules and keys cannot be read in time");
                }
            }
        }
    }

    fn compared(&self, are_all: bool) {
        if are_all {
            let now = self.age_ms();
            self.inner.compared_at_ms.store(now, Ordering::Relaxed);
        }
    }

    fn in_memory(&self) -> Vec<TenantId> {
        self.inner.tenants.load().keys().copied().collect()
    }

    async fn compare(&self, tenants: Vec<TenantId>) -> Result<(), DbError> {
        let versions = self
            .inner
            .db
            .operator(move |tx| Box::pin(async move { db::rules::poll(tx, &tenants).await }))
            .await?;
        for (tenant, versions) in versions {
            let Some(tenant) = self.known(tenant) else {
                continue;
            };
            tenant.keys_floor.fetch_max(versions.keys, Ordering::AcqRel);
            let loaded = tenant.held.load().as_ref().map(|held| held.rules.version());
            if loaded.is_some_and(|loaded| loaded < versions.rules)
                && tenant.rules_floor.load(Ordering::Acquire) < versions.rules
            {
                self.replace_rules(tenant, versions.rules);
            }
        }
        Ok(())
    }

    /// Loads newer rules while the old ones are still used. After the grace the old ones are not used any more.
    fn replace_rules(&self, tenant: Arc<Tenant>, version: i64) {
        let cache = self.clone();
        tokio::spawn(async move {
            let loaded = timeout(LOAD_GRACE, cache.load(Arc::clone(&tenant), version)).await;
            if let Ok(Err(error)) = loaded {
                tracing::warn!(%error, tenant.id = %tenant.id, "changed rules cannot be loaded");
            }
            tenant.rules_floor.fetch_max(version, Ordering::AcqRel);
        });
    }

    async fn note_uses(&self) {
        let mut ticks = interval(WRITE_USES_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.write_uses().await {
                Ok(()) => {}
                Err(DbError::Stopping) => return,
                Err(error) => {
                    tracing::warn!(%error, "the last uses of keys cannot be written")
                }
            }
        }
    }
}

impl Heard {
    fn add(&self, tenants: impl IntoIterator<Item = TenantId>) {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).extend(tenants);
        self.bell.notify_one();
    }

    fn take(&self) -> BTreeSet<TenantId> {
        std::mem::take(&mut *self.tenants.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
