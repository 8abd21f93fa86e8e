//! Promotions: created, replaced, and moved between statuses (spec 5).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::change::audit;
use super::change::require_unlocked;
use super::findings::look_for;
use super::milestones::require_milestone;
use super::product_lists::{names, require_lists};
use super::{Actor, Expected, Mode, Refusal, Service, ServiceError, events, settings, usage};
use crate::db::promotions::{NewPromotion, PromotionRow};
use crate::db::{self, TenantTx};
use crate::domain::finding::Finding;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, Status, Terms, Transition};
use crate::domain::settings::Settings;
use crate::domain::usage::Usage;
use crate::engine::RuleSet;
use crate::stored;
use crate::wire;
use crate::wire::custom_field::check_required;
use crate::wire::faults::{Faults, ListReference, Path};
use crate::wire::write::Writer;

/// A stored promotion and its usage.
#[derive(Clone, Debug)]
pub struct Stored {
    pub promotion: Promotion,
    /// Grows with each change.
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    /// How far its limits are used.
    pub usage: Usage,
}

/// What an admin writes.
#[derive(Debug)]
pub struct Content {
    pub terms: Terms,
    /// The product lists that the terms name.
    pub lists: Vec<ListReference>,
    /// The status, if it is said.
    pub status: Option<Status>,
}

/// A promotion as it was written, or would be, and its findings.
#[derive(Debug)]
pub struct Written {
    pub stored: Stored,
    pub findings: Vec<Finding>,
}

impl Stored {
    /// Reads the promotions of these rows, and the usage of their limits in one statement.
    pub(super) async fn of(
        tx: &mut TenantTx,
        offset: TimeDelta,
        rows: &[PromotionRow],
    ) -> Result<Vec<Self>, ServiceError> {
        let promotions: Vec<Promotion> =
            rows.iter().map(stored::promotion).collect::<Result<_, _>>()?;
        let usages = usage::of(tx, offset, &promotions).await?;
        let stored = promotions.into_iter().zip(usages).zip(rows);
        let stored = stored.map(|((promotion, usage), row)| Self {
            promotion,
            version: row.version,
            updated_at: row.updated_at,
            usage,
        });
        Ok(stored.collect())
    }

    async fn one(
        tx: &mut TenantTx,
        offset: TimeDelta,
        row: PromotionRow,
    ) -> Result<Self, ServiceError> {
        let stored = Self::of(tx, offset, &[row]).await?;
        stored.into_iter().next().ok_or(ServiceError::NotFound)
    }
}

impl Service {
    /// A promotion, and the tenant's settings, which define the custom fields.
    pub async fn before_replacing(
        &self,
        tenant: TenantId,
        promotion: PromotionId,
    ) -> Result<(Promotion, Settings), ServiceError> {
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let row = db::promotions::get(tx, promotion).await?;
                let row = row.ok_or(ServiceError::NotFound)?;
                let (settings, _) = settings::read(tx).await?;
                Ok((stored::promotion(&row)?, settings))
            })
        });
        read.await
    }

    /// A promotion, archived or not.
    pub async fn promotion(
        &self,
        tenant: TenantId,
        promotion: PromotionId,
    ) -> Result<Stored, ServiceError> {
        let offset = self.clock().offset();
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let row = db::promotions::get(tx, promotion).await?;
                Stored::one(tx, offset, row.ok_or(ServiceError::NotFound)?).await
            })
        });
        read.await
    }

    /// Creates a promotion, as a draft or active.
    pub async fn create_promotion(
        &self,
        mode: Mode,
        actor: Actor,
        content: Content,
    ) -> Result<Written, ServiceError> {
        let (now, offset) = (self.clock().now(), self.clock().offset());
        let promotion = PromotionId::new(Uuid::now_v7());
        // Read before anything is written, so that nothing fails afterwards.
        let rules = self.cache().rules(actor.tenant).await?;
        let created = self.publish_in(mode, actor.tenant, move |tx| {
            Box::pin(async move {
                let Content { terms, lists, status } = content;
                let status = status.unwrap_or(Status::Draft);
                let new = new_promotion(tx, promotion, terms, &lists, status).await?;
                require_custom_fields(tx, status, &new.terms, None).await?;
                if status == Status::Active {
                    require_room(tx, promotion, &new.terms, now).await?;
                }
                let row = db::promotions::insert(tx, &new, actor.key).await?;
                changed(tx, actor, offset, "created", None, row).await
            })
        });
        with_findings(rules, created.await?, now).await
    }

    /// Replaces a promotion. Without `status` it keeps its status.
    pub async fn replace_promotion(
        &self,
        mode: Mode,
        actor: Actor,
        promotion: PromotionId,
        expected: Expected,
        content: Content,
    ) -> Result<Written, ServiceError> {
        let (now, offset) = (self.clock().now(), self.clock().offset());
        let rules = self.cache().rules(actor.tenant).await?;
        let replaced = self.publish_in(mode, actor.tenant, move |tx| {
            Box::pin(async move {
                let Content { terms, lists, status } = content;
                let row = lock(tx, promotion).await?;
                let old = stored::promotion(&row)?;
                require_open(&row)?;
                expected.check(row.version)?;
                let status = status.unwrap_or(old.status);
                require_transition(old.status, status)?;
                require_unlocked(tx, Some(promotion), changes(&old.terms, &terms), now).await?;
                require_custom_fields(tx, status, &terms, Some(&old)).await?;
                // A promotion that counts already needs no more room, even if the bound was lowered since.
                let counts = old.status == Status::Active && old.terms.ends_at > now;
                if status == Status::Active && !counts {
                    require_room(tx, promotion, &terms, now).await?;
                }
                // Archiving frees the name and the lists, so `set_status` does it in a separate step.
                let kept = if status == Status::Archived { old.status } else { status };
                let new = new_promotion(tx, promotion, terms, &lists, kept).await?;
                let mut after = db::promotions::replace(tx, row.version, &new, actor.key).await?;
                if status != kept {
                    after = set_status(tx, actor, promotion, status).await?;
                }
                changed(tx, actor, offset, "replaced", Some(&row), after).await
            })
        });
        with_findings(rules, replaced.await?, now).await
    }

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
                    // A refusal comes before anything is written of this promotion.
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

async fn with_findings(
    rules: Arc<RuleSet>,
    stored: Stored,
    now: DateTime<Utc>,
) -> Result<Written, ServiceError> {
    let findings = look_for(rules, stored.promotion.clone(), now).await?;
    Ok(Written { stored, findings })
}

/// Audits a change. If the status has changed, also writes an event, with the database's time.
async fn changed(
    tx: &mut TenantTx,
    actor: Actor,
    offset: TimeDelta,
    action: &str,
    before: Option<&PromotionRow>,
    after: PromotionRow,
) -> Result<Stored, ServiceError> {
    let has_moved = before.is_none_or(|before| before.status != after.status);
    let what = subject(PromotionId::new(after.promotion_id));
    audit(tx, actor, what, action, before.map(audited), Some(audited(&after))).await?;
    let stored = Stored::one(tx, offset, after).await?;
    if has_moved {
        let now = db::redemptions::now(tx).await? + offset;
        let told = events::promotion_moved(&stored.promotion, stored.version, now);
        db::outbox::append(tx, told.as_slice()).await?;
    }
    Ok(stored)
}

async fn set_status(
    tx: &mut TenantTx,
    actor: Actor,
    promotion: PromotionId,
    status: Status,
) -> Result<PromotionRow, ServiceError> {
    let row = db::promotions::set_status(tx, promotion, status, actor.key).await?;
    row.ok_or(ServiceError::NotFound)
}

/// `NotFound` if the promotion does not exist.
pub async fn exists(tx: &mut TenantTx, promotion: PromotionId) -> Result<(), ServiceError> {
    let found = db::promotions::get(tx, promotion).await?;
    found.map(|_| ()).ok_or(ServiceError::NotFound)
}

/// Reads a promotion and locks it to the end of the transaction.
pub(super) async fn lock(
    tx: &mut TenantTx,
    promotion: PromotionId,
) -> Result<PromotionRow, ServiceError> {
    db::promotions::lock(tx, promotion).await?.ok_or(ServiceError::NotFound)
}

pub(super) fn require_open(row: &PromotionRow) -> Result<(), Refusal> {
    if row.status == Status::Archived { Err(Refusal::Archived) } else { Ok(()) }
}

fn require_transition(from: Status, to: Status) -> Result<(), Refusal> {
    match from.transition(to) {
        Transition::Move | Transition::Already => Ok(()),
        Transition::Archived => Err(Refusal::Archived),
        Transition::Refused => Err(Refusal::InvalidTransition { from: from.name(), to: to.name() }),
    }
}

/// The fields that are fixed once a promotion has been live, and whether each one differs. Parsed values are compared,
/// not texts.
fn changes(before: &Terms, after: &Terms) -> [(&'static str, bool); 4] {
    [
        ("limits", before.limits != after.limits),
        ("type", before.kind.promotion_type() != after.kind.promotion_type()),
        ("benefit", (&before.benefit, &before.steps) != (&after.benefit, &after.steps)),
        ("starts_at", before.starts_at != after.starts_at),
    ]
}

/// Refuses an active promotion beyond the tenant's bound. The count and the bound are locked to the end of the
/// transaction.
async fn require_room(
    tx: &mut TenantTx,
    promotion: PromotionId,
    terms: &Terms,
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    if terms.ends_at <= now {
        return Ok(());
    }
    let count = db::promotions::count_active(tx, promotion, now).await?;
    if count.active >= i64::from(count.maximum) {
        return Err(Refusal::ActivePromotionLimit(count.maximum).into());
    }
    Ok(())
}

/// Refuses to activate a promotion that lacks required custom fields (spec 4), by the settings in this transaction.
async fn require_custom_fields(
    tx: &mut TenantTx,
    status: Status,
    terms: &Terms,
    before: Option<&Promotion>,
) -> Result<(), ServiceError> {
    let (settings, _) = settings::read(tx).await?;
    let mut faults = Faults::new();
    let before = before.map(|before| (before.status, &before.terms.custom_fields));
    let (fields, values) = (&settings.custom_fields, &terms.custom_fields);
    let path = Path::Root.key("custom_fields");
    check_required(fields, status, values, before, &path, &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

async fn new_promotion(
    tx: &mut TenantTx,
    promotion: PromotionId,
    terms: Terms,
    lists: &[ListReference],
    status: Status,
) -> Result<NewPromotion, ServiceError> {
    require_lists(tx, lists).await?;
    require_milestone(tx, &terms).await?;
    let document = wire::promotion::stored(&terms);
    Ok(NewPromotion { promotion, status, terms, document, product_lists: names(lists) })
}

/// What the audit trail calls a promotion.
pub(super) fn subject(promotion: PromotionId) -> String {
    format!("promotion:{promotion}")
}

fn audited(row: &PromotionRow) -> String {
    let mut writer = Writer::with_capacity(row.document.len() + 64);
    writer.object(|writer| {
        writer.key("version").integer(row.version);
        writer.key("status").name(row.status);
        writer.key("promotion").raw(&row.document);
    });
    writer.finish()
}
