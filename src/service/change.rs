//! What every change says and checks: who makes it, which version it expects, what it may not do, and its audit row.

use chrono::{DateTime, Utc};

use super::error::{Refusal, ServiceError};
use crate::db::audit::NewAudit;
use crate::db::{self, TenantTx};
use crate::domain::id::{KeyId, PromotionId, TenantId};

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
    pub(super) fn check(&self, version: i64) -> Result<(), ServiceError> {
        match self {
            Self::Any => Ok(()),
            Self::OneOf(versions) if versions.contains(&version) => Ok(()),
            Self::OneOf(_) => Err(ServiceError::Stale),
        }
    }
}

/// Writes the audit row of a change (spec 3), in the change's own transaction.
pub(super) async fn audit(
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
pub(super) fn require_room(what: &'static str, count: i64, maximum: i32) -> Result<(), Refusal> {
    if count > i64::from(maximum) {
        return Err(Refusal::TooMany { what, maximum });
    }
    Ok(())
}

/// Refuses changes of fields that are fixed once the promotion has been live (spec 5). Without a promotion: once any
/// promotion of the tenant has been live.
pub(super) async fn require_unlocked<const N: usize>(
    tx: &mut TenantTx,
    promotion: Option<PromotionId>,
    changes: [(&'static str, bool); N],
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let locked = changes.into_iter().filter_map(|(field, differs)| differs.then_some(field));
    let locked: Vec<&'static str> = locked.collect();
    if !locked.is_empty() && db::promotion_history::has_been_live(tx, promotion, now).await? {
        return Err(Refusal::LockedAfterLive(locked).into());
    }
    Ok(())
}
