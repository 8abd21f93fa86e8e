//! Use cases that join engine, cache and database: evaluating a cart, redeeming it, and publishing rules.
//!
//! Every change of a tenant's rules goes through `Service::publish`, and every change of its keys through
//! `Service::rekey`. The transaction first increments the version, which makes one tenant's writers wait for each
//! other. Then it makes the change and writes the audit row. After the commit, this instance no longer uses older
//! versions.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::cache::{Cache, LoadError, NoRoom};
use crate::clock::Clock;
use crate::db::audit::NewAudit;
use crate::db::{self, Db, DbError, TenantTx, Work};
use crate::domain::id::{KeyId, TenantId};
use crate::engine::{RuleSet, Unfinished};
use crate::metrics::Metrics;
use crate::wire::faults::{FaultCode, Faults, too_complex};
use pool::{NotDone, Pool};
use redeem::Queues;
use webhooks::address::Targets;

pub mod activities;
pub mod api_key;
pub mod claims;
pub mod codes;
pub mod customers;
pub mod evaluate;
pub mod event_log;
pub mod events;
pub mod issuance_ends;
pub mod issuances;
pub mod keys;
pub mod milestones;
pub mod pool;
pub mod product_lists;
pub mod promotions;
pub mod redeem;
pub mod redemptions;
pub mod returns;
pub mod settings;
pub mod stats;
pub mod stores;
pub mod webhooks;

mod issuance_events;
mod usage;

/// How often a transaction is tried while others conflict with it or the rules change.
const MAX_ATTEMPTS: u32 = 10;

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
}

/// Who makes a change, for the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The tenant whose data changes.
    pub tenant: TenantId,
    /// The key that makes the change; `None` is the operator.
    pub key: Option<KeyId>,
}

/// The version that a replacement expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Any,
    /// One of these. An empty list matches no version.
    OneOf(Vec<i64>),
}

impl Expected {
    fn check(&self, version: i64) -> Result<(), ServiceError> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&version) => Ok(()),
            Self::OneOf(_) => Err(ServiceError::Stale),
        }
    }
}

/// Why a use case failed. It is cheap to clone, because a failed transaction fails every order in it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("there is no such thing")]
    NotFound,
    #[error("the version is stale")]
    Stale,
    #[error("the request is invalid")]
    Invalid(Faults),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The present state forbids it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The database failed or refused, perhaps for every order of one transaction.
    #[error(transparent)]
    Db(Arc<DbError>),
    /// The task that worked on it has died. Its outcome is unknown.
    #[error("the work was broken off")]
    Lost,
    /// The evaluation would take more steps than it may (spec 14). The faults name the promotions that took most.
    #[error("the evaluation is too complex")]
    TooComplex(Faults),
    #[error("the evaluation was stopped")]
    Stopped,
    #[error("the evaluation panicked")]
    Panicked,
    /// The pool did not run it.
    #[error(transparent)]
    NotDone(#[from] NotDone),
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl From<DbError> for ServiceError {
    fn from(error: DbError) -> Self {
        Self::Db(Arc::new(error))
    }
}

/// Why a transaction that used a rule set failed.
enum Undone {
    /// The rules have changed and are at this version now.
    RulesMoved(i64),
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl ServiceError {
    /// The error of an evaluation by these rules that ended without a result.
    pub(crate) fn unfinished(rules: &RuleSet, why: &Unfinished) -> Self {
        match why {
            Unfinished::Stopped => Self::Stopped,
            Unfinished::TooComplex(costly) => Self::TooComplex(too_complex(rules, costly)),
        }
    }

    /// An error with one fault of the body, at a JSON pointer.
    fn fault(
        pointer: impl Into<String>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid(Faults::one(pointer, code, message))
    }

    fn of_db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the same transaction will probably succeed if it is run again at once.
    fn is_momentary(&self) -> bool {
        self.of_db().is_some_and(DbError::is_momentary)
    }

    /// The stored value is not one that this release writes there.
    pub(crate) fn unreadable(what: &str) -> Self {
        DbError::Unreadable(format!("{what} is not what is written there")).into()
    }
}

/// What the present state forbids (the 409s of spec 13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Another promotion that is not archived has the name.
    NameTaken,
    /// The tenant already has this many active promotions, which is its maximum.
    ActivePromotionLimit(i32),
    /// The tenant would have more stores, lists, or SKUs on its lists than this maximum.
    TooMany {
        what: &'static str,
        maximum: i32,
    },
    /// These fields are fixed once a promotion has been live.
    LockedAfterLive(Vec<&'static str>),
    Archived,
    /// The status cannot change this way.
    InvalidTransition {
        from: &'static str,
        to: &'static str,
    },
    InUse,
    /// Other codes were generated under this batch name before.
    BatchTaken,
    /// Other promotions have these codes.
    CodesTaken(Vec<String>),
    /// The cart's discount differs from the expected one. This is the result.
    DiscountChanged(String),
    /// The transaction id was used with another body.
    TransactionIdReused,
    RedemptionCancelled,
    AlreadyCommitted,
    HoldExpired,
    HoldReplaced,
    NotCommitted,
    /// The return id was used with another body.
    ReturnIdReused,
    /// More would come back than was bought.
    ReturnExceedsPurchase,
    /// The promotion is neither live nor scheduled.
    PromotionNotActive,
    /// The promotion was issued to the customer as often as it may be.
    IssueLimitReached,
    /// The promotion was unlocked for the customer as often as it may be.
    EarnLimitReached,
    /// The source id was used for something else.
    SourceIdReused,
    /// The customer cannot claim it.
    NotActivatable,
    /// The activity's id was used with another body.
    ActivityIdReused,
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
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
        let inner = Inner { db, cache, clock, targets, queues: Queues::default(), pool, metrics };
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

    /// Runs a change of the tenant's rules in a transaction that increments their version.
    async fn publish<T, F>(&self, tenant: TenantId, change: F) -> Result<T, ServiceError>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> Work<'t, T, ServiceError> + Send + 'static,
        T: Send + 'static,
    {
        let published = self.db().tenant(tenant, |tx| {
            Box::pin(async move { Ok((db::rules::bump_rules(tx).await?, change(tx).await?)) })
        });
        let (version, done) = self.or_forget(tenant, published.await)?;
        self.cache().rules_changed(tenant, version);
        Ok(done)
    }

    /// Runs a change of the tenant's keys in a transaction that increments their version.
    async fn rekey<T, F>(&self, tenant: TenantId, change: F) -> Result<T, ServiceError>
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
    async fn settle<T, F>(&self, tenant: TenantId, work: F) -> Result<T, ServiceError>
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
    async fn by_rules<T, F>(
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

/// Writes the audit row of a change (spec 3), in the change's own transaction.
async fn audit(
    tx: &mut TenantTx,
    actor: Actor,
    subject: String,
    action: &str,
    before: Option<String>,
    after: Option<String>,
) -> Result<(), ServiceError> {
    let row = NewAudit { key: actor.key, subject, action: action.to_owned(), before, after };
    db::audit::insert(tx, &row).await?;
    Ok(())
}

/// Refuses a number that has grown beyond its bound. Callers check only growth, so a tenant may stay beyond a bound
/// that was lowered.
fn require_room(what: &'static str, count: i64, maximum: i32) -> Result<(), Refusal> {
    if count > i64::from(maximum) {
        return Err(Refusal::TooMany { what, maximum });
    }
    Ok(())
}
