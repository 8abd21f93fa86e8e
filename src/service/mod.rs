//! Use cases that join engine, cache and database: to evaluate a cart, to redeem it, and to publish what is evaluated.
//!
//! Everything that changes a tenant's rules goes through `Service::publish`, everything that changes its keys through
//! `Service::rekey`: the version grows first, which also makes one tenant's writers wait for each other; then the change
//! and its audit row; and once all of that is committed, no older version is used on this instance.

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
pub mod promotions;
pub mod redeem;
pub mod redemptions;
pub mod returns;
pub mod settings;
pub mod stats;
pub mod stock;
pub mod webhooks;

mod issuance_events;
mod usage;

/// How often a transaction is tried in whose way others stand, or whose rules move.
const MAX_ATTEMPTS: u32 = 10;

/// What the use cases need. Clones share it.
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

/// Who changes something: the audit trail's "who".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Whose things are changed.
    pub tenant: TenantId,
    /// By which key; `None` is the operator.
    pub key: Option<KeyId>,
}

/// Which version a replacement is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Any,
    /// One of these; none matches nothing.
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

/// Why a use case came to nothing. Cheap to copy, since a failed transaction fails all that were in it.
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
    /// The state of things forbids it.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The database failed or refused: perhaps for all who were in one transaction.
    #[error(transparent)]
    Db(Arc<DbError>),
    /// Whoever worked on it has died; nobody knows how far it got.
    #[error("the work was broken off")]
    Lost,
    /// The evaluation would take more steps than it may (spec 14): the promotions that took most.
    #[error("the evaluation is too complex")]
    TooComplex(Faults),
    #[error("the evaluation was stopped")]
    Stopped,
    #[error("the evaluation panicked")]
    Panicked,
    /// It would have run on the pool, and did not.
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

/// Why a transaction by some rules came to nothing.
enum Undone {
    /// The rules are at this version now.
    RulesMoved(i64),
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl ServiceError {
    /// An evaluation that ended without a result, by these rules.
    pub(crate) fn unfinished(rules: &RuleSet, why: &Unfinished) -> Self {
        match why {
            Unfinished::Stopped => Self::Stopped,
            Unfinished::TooComplex(costly) => Self::TooComplex(too_complex(rules, costly)),
        }
    }

    /// One fault of the body, at a JSON pointer.
    fn fault(
        pointer: impl Into<String>,
        code: FaultCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut faults = Faults::new();
        faults.add_at(pointer.into(), code, message);
        Self::Invalid(faults)
    }

    fn of_db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the same transaction may well succeed when it is tried again at once.
    fn is_momentary(&self) -> bool {
        self.of_db().is_some_and(DbError::is_momentary)
    }

    /// What is stored is not what this release writes there.
    pub(crate) fn unreadable(what: &str) -> Self {
        DbError::Unreadable(format!("{what} is not what is written there")).into()
    }
}

/// What the state of things forbids (the 409s of spec 13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A promotion that is not archived has the name.
    NameTaken,
    /// So many promotions may be active, and are.
    ActivePromotionLimit(i32),
    /// The tenant may have so many stores, or lists, or SKUs on them, and would have more.
    TooMany {
        what: &'static str,
        maximum: i32,
    },
    /// These fields are fixed once a promotion has been live.
    LockedAfterLive(Vec<&'static str>),
    Archived,
    /// Not a move of the status.
    InvalidTransition {
        from: &'static str,
        to: &'static str,
    },
    InUse,
    /// Codes were generated under this name before, and others.
    BatchTaken,
    /// Other promotions have these codes.
    CodesTaken(Vec<String>),
    /// The cart comes to another discount than was expected: this result.
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
    /// More comes back than was bought.
    ReturnExceedsPurchase,
    /// The promotion is neither live nor scheduled.
    PromotionNotActive,
    /// It was issued to the customer as often as it may be.
    IssueLimitReached,
    /// The customer has unlocked it as often as it may.
    EarnLimitReached,
    /// The source id was used for something else.
    SourceIdReused,
    /// It is not there to be claimed.
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

    /// Runs a change of the tenant's rules.
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

    /// Runs a change of the tenant's keys.
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

    /// Runs a change that is no change of rules. What stood in its way for a moment is tried again.
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

    /// Runs work by the tenant's rules, as of a time or of now: again where they move meanwhile, or where others stand in
    /// its way for a moment.
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

    /// Where nobody knows whether a change was committed, what is in memory may be older than it.
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
