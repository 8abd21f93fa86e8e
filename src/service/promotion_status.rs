//! Statuses of promotions, moved one by one and for many at once (spec 5).

use chrono::{DateTime, Utc};

use super::promotions::{
    Stored, changed, lock, require_custom_fields, require_room, require_transition, set_status,
};
use super::{Actor, Service, ServiceError};
use crate::db::TenantTx;
use crate::db::promotions::PromotionRow;
use crate::domain::id::PromotionId;
use crate::domain::names::Named;
use crate::domain::promotion::Status;
use crate::stored;

impl Service {
    /// Moves a promotion to a status. Does nothing if the promotion already has it.
    pub async fn set_promotion_status(
        &self,
        actor: Actor,
        promotion: PromotionId,
        status: Status,
    ) -> Result<Stored, ServiceError> {
        let (now, offset) = (self.clock().now(), self.clock().offset());
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let (old, row) = moved(tx, actor, promotion, status, now).await?;
                match old {
                    None => Stored::one(tx, offset, row).await,
                    Some(old) => changed(tx, actor, offset, status.name(), Some(&old), row).await,
                }
            })
        })
        .await
    }

    /// Moves each of these promotions to a status, if its own state allows it. A refusal of one does not stop the
    /// others. Returns the status of each, or why it was refused, in the order of the ids.
    pub async fn set_promotion_statuses(
        &self,
        actor: Actor,
        promotions: Vec<PromotionId>,
        status: Status,
    ) -> Result<Vec<StatusVerdict>, ServiceError> {
        let (now, offset) = (self.clock().now(), self.clock().offset());
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let mut verdicts = Vec::with_capacity(promotions.len());
                for promotion in promotions {
                    // A refused promotion is left as it was: `moved` checks everything before it writes.
                    let outcome = match moved(tx, actor, promotion, status, now).await {
                        Ok((None, _)) => Ok(status),
                        Ok((Some(old), row)) => {
                            changed(tx, actor, offset, status.name(), Some(&old), row).await?;
                            Ok(status)
                        }
                        Err(
                            refused @ (ServiceError::NotFound
                            | ServiceError::Refused(_)
                            | ServiceError::Invalid(_)),
                        ) => Err(refused),
                        Err(failed) => return Err(failed),
                    };
                    verdicts.push((promotion, outcome));
                }
                Ok(verdicts)
            })
        })
        .await
    }
}

/// The status that a promotion has now, or why it was not moved.
pub type StatusVerdict = (PromotionId, Result<Status, ServiceError>);

/// Moves a promotion to a status. Returns the row before, if it had another status, and the row now.
async fn moved(
    tx: &mut TenantTx,
    actor: Actor,
    promotion: PromotionId,
    status: Status,
    now: DateTime<Utc>,
) -> Result<(Option<PromotionRow>, PromotionRow), ServiceError> {
    let row = lock(tx, promotion).await?;
    let old = stored::promotion(&row)?;
    require_transition(old.status, status)?;
    if old.status == status {
        return Ok((None, row));
    }
    require_custom_fields(tx, status, &old.terms, Some(&old)).await?;
    if status == Status::Active {
        require_room(tx, promotion, &old.terms, now).await?;
    }
    let after = set_status(tx, actor, promotion, status).await?;
    Ok((Some(row), after))
}
