//! The handle of all use cases, and the ways in which they run transactions.

use std::convert::Infallible;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::collector::Collector;
use super::error::{ServiceError, Undone};
use super::pool::Pool;
use super::redeem::Queues;
use super::webhooks::address::Targets;
use crate::cache::Cache;
use crate::clock::{Clock, to_millisecond};
use crate::db::{self, Db, DbError, TenantTx, Work};
use crate::domain::id::TenantId;
use crate::engine::RuleSet;
use crate::metrics::Metrics;

/// How often a transaction is tried while others conflict with it or the rules change.
const MAX_ATTEMPTS: u32 = 10;

/// Whether a change is made or only tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Write,
    /// Everything is checked, and nothing is written.
    DryRun,
}

/// How a transaction ends that is never committed.
enum Tried<T> {
    Done(T),
    Failed(ServiceError),
}

impl<T> From<DbError> for Tried<T> {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// The entry to all use cases. Clones share one state.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    cache: Cache,
    clock: Clock,
    targets: Targets,
    queues: Queues,
    pool: Pool,
    metrics: Metrics,
    collector: Collector,
}

impl Service {
    pub fn new(
        db: Db,
        cache: Cache,
        clock: Clock,
        targets: Targets,
        pool: Pool,
        metrics: Metrics,
    ) -> Self {
        let (queues, collector) = (Queues::default(), Collector::default());
        let inner = Inner { db, cache, clock, targets, queues, pool, metrics, collector };
        Self { inner: Arc::new(inner) }
    }

    pub fn db(&self) -> &Db {
        &self.inner.db
    }

    pub fn cache(&self) -> &Cache {
        &self.inner.cache
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn targets(&self) -> Targets {
        self.inner.targets
    }

    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    pub(super) fn collector(&self) -> &Collector {
        &self.inner.collector
    }

    pub(super) fn queues(&self) -> &Queues {
        &self.inner.queues
    }

    /// Runs a change of the tenant's rules in a transaction that increments their version.
    pub(super) async fn publish<T, F>(&self, tenant: TenantId, change: F) -> Result<T, ServiceError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let published = make_change(self.db(), tenant, change).await;
        let (version, done) = self.or_forget(tenant, published)?;
        self.cache().rules_changed(tenant, version);
        Ok(done)
    }

    /// Publishes a change, or only tries it: then what it has written is rolled back.
    pub(super) async fn publish_in<T, F>(
        &self,
        mode: Mode,
        tenant: TenantId,
        change: F,
    ) -> Result<T, ServiceError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        match mode {
            Mode::Write => self.publish(tenant, change).await,
            Mode::DryRun => try_change(self.db(), tenant, change).await,
        }
    }

    /// Runs a change of the tenant's keys in a transaction that increments their version.
    pub(super) async fn rekey<T, F>(&self, tenant: TenantId, change: F) -> Result<T, ServiceError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let changed = self.db().tenant(tenant, |tx| {
            Box::pin(async move { Ok((db::rules::bump_keys(tx).await?, change(tx).await?)) })
        });
        let (version, done) = self.or_forget(tenant, changed.await)?;
        self.cache().keys_changed(tenant, version);
        Ok(done)
    }

    /// Runs a change that does not change rules. Repeats it after a momentary conflict.
    pub(super) async fn settle<T, F>(&self, tenant: TenantId, work: F) -> Result<T, ServiceError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Clone + Send + 'static,
        T: Send + 'static,
    {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.db().tenant(tenant, work.clone()).await {
                Err(error) if error.is_momentary() && attempts < MAX_ATTEMPTS => {}
                settled => return settled,
            }
        }
    }

    /// Runs work that uses the tenant's rules, as of `at` or now. Repeats it if the rules changed meanwhile, or after a
    /// momentary conflict.
    pub(super) async fn by_rules<T, F>(
        &self,
        tenant: TenantId,
        at: Option<DateTime<Utc>>,
        work: F,
    ) -> Result<T, ServiceError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx, Arc<RuleSet>) -> Work<'t, T, Undone>
            + Clone
            + Send
            + 'static,
        T: Send + 'static,
    {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let at = at.unwrap_or_else(|| self.clock().now());
            let rules = self.cache().rules_at(tenant, at).await?;
            let work = work.clone();
            match self.db().tenant(tenant, move |tx| work(tx, rules)).await {
                Ok(done) => return Ok(done),
                Err(Undone::RulesMoved(version)) if attempts < MAX_ATTEMPTS => {
                    self.cache().rules_changed(tenant, version);
                }
                Err(Undone::RulesMoved(_)) => return Err(DbError::Raced.into()),
                Err(Undone::Failed(error)) if error.is_momentary() && attempts < MAX_ATTEMPTS => {}
                Err(Undone::Failed(error)) => return Err(error),
            }
        }
    }

    /// Forgets the tenant's rules and keys if the commit's outcome is unknown: they may be older than the change.
    fn or_forget<T>(
        &self,
        tenant: TenantId,
        changed: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        changed.inspect_err(|error| {
            if matches!(error.of_db(), Some(DbError::OutcomeUnknown(_))) {
                self.cache().forget(tenant);
            }
        })
    }
}

/// Makes a change of the tenant's rules. Also returns their new version, of which instances hear with the commit.
async fn make_change<T, F>(db: &Db, tenant: TenantId, change: F) -> Result<(i64, T), ServiceError>
where
    F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
    T: Send + 'static,
{
    let made = db.tenant(tenant, |tx| {
        Box::pin(async move { Ok((db::rules::bump_rules(tx).await?, change(tx).await?)) })
    });
    made.await
}

/// Tries a change: what it has written is rolled back.
async fn try_change<T, F>(db: &Db, tenant: TenantId, change: F) -> Result<T, ServiceError>
where
    F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
    T: Send + 'static,
{
    let tried: Result<Infallible, Tried<T>> = db
        .tenant(tenant, |tx| {
            Box::pin(async move {
                // Locks are taken in the order in which a real change takes them.
                db::rules::bump_rules(tx).await?;
                Err(change(tx).await.map_or_else(Tried::Failed, Tried::Done))
            })
        })
        .await;
    match tried {
        Err(Tried::Done(done)) => Ok(done),
        Err(Tried::Failed(error)) => Err(error),
    }
}

/// Makes or tries a change without a service: for commands.
pub(super) async fn change_rules<T, F>(
    db: &Db,
    mode: Mode,
    tenant: TenantId,
    change: F,
) -> Result<T, ServiceError>
where
    F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
    T: Send + 'static,
{
    match mode {
        Mode::Write => make_change(db, tenant, change).await.map(|(_, done)| done),
        Mode::DryRun => try_change(db, tenant, change).await,
    }
}

/// The present time of the database's clock, in the milliseconds that answers show.
pub(super) async fn now(tx: &mut TenantTx, clock: &Clock) -> Result<DateTime<Utc>, ServiceError> {
    Ok(to_millisecond(db::redemptions::now(tx).await? + clock.offset()))
}
