//! Promotions: created, replaced, and moved between statuses (spec 5).

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::change::audit;
use super::change::require_unlocked;
use super::findings::look_for;
use super::milestones::require_milestone;
use super::product_lists::{names, require_lists};
use super::vocabulary::{known_names, note_promotion};
use super::{Actor, Expected, Mode, Refusal, Service, ServiceError, events, settings, usage};
use crate::db::promotions::{NewPromotion, PromotionRow};
use crate::db::{self, TenantTx};
use crate::domain::finding::Finding;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, Status, Terms, Transition};
use crate::domain::settings::Settings;
use crate::domain::usage::Usage;
use crate::domain::vocabulary::KnownNames;
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

    pub(super) async fn one(
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
        let before = Arc::clone(&rules);
        let created = self.publish_in(mode, actor.tenant, move |tx| {
            Box::pin(async move {
                let moment = Moment { now, offset };
                let stored = create(tx, actor, promotion, content, moment).await?;
                with_known(tx, &before, stored).await
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
        let before = Arc::clone(&rules);
        let replaced = self.publish_in(mode, actor.tenant, move |tx| {
            Box::pin(async move {
                let row = lock(tx, promotion).await?;
                require_open(&row)?;
                expected.check(row.version)?;
                let moment = Moment { now, offset };
                let stored = replace(tx, actor, row, content, moment).await?;
                with_known(tx, &before, stored).await
            })
        });
        with_findings(rules, replaced.await?, now).await
    }
}

/// The present time, and how far the service's clock is from the database's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: DateTime<Utc>,
    pub(super) offset: TimeDelta,
}

/// Creates a promotion, as a draft if no status is said.
pub(super) async fn create(
    tx: &mut TenantTx,
    actor: Actor,
    promotion: PromotionId,
    content: Content,
    Moment { now, offset }: Moment,
) -> Result<Stored, ServiceError> {
    let Content { terms, lists, status } = content;
    let status = status.unwrap_or(Status::Draft);
    let new = new_promotion(tx, promotion, terms, &lists, status).await?;
    require_custom_fields(tx, status, &new.terms, None).await?;
    if status == Status::Active {
        require_room(tx, promotion, &new.terms, now).await?;
    }
    let row = db::promotions::insert(tx, &new, actor.key).await?;
    changed(tx, actor, offset, "created", None, row).await
}

/// Replaces a promotion, which the caller has locked. Without `status` it keeps its status.
pub(super) async fn replace(
    tx: &mut TenantTx,
    actor: Actor,
    row: PromotionRow,
    content: Content,
    Moment { now, offset }: Moment,
) -> Result<Stored, ServiceError> {
    let Content { terms, lists, status } = content;
    let promotion = PromotionId::new(row.promotion_id);
    let old = stored::promotion(&row)?;
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
}

/// A promotion with the known names that its findings depend on.
async fn with_known(
    tx: &mut TenantTx,
    rules: &RuleSet,
    stored: Stored,
) -> Result<(Stored, KnownNames), ServiceError> {
    let Promotion { id, terms, .. } = &stored.promotion;
    let known = known_names(tx, rules, *id, terms).await?;
    Ok((stored, known))
}

async fn with_findings(
    rules: Arc<RuleSet>,
    (stored, known): (Stored, KnownNames),
    now: DateTime<Utc>,
) -> Result<Written, ServiceError> {
    let findings = look_for(rules, stored.promotion.clone(), known, now).await?;
    Ok(Written { stored, findings })
}

/// Audits a change. If the status has changed, also writes an event, with the database's time.
pub(super) async fn changed(
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
    note_promotion(tx, &stored.promotion, stored.version).await?;
    if has_moved {
        let now = db::redemptions::now(tx).await? + offset;
        let told = events::promotion_moved(&stored.promotion, stored.version, now);
        db::outbox::append(tx, told.as_slice()).await?;
    }
    Ok(stored)
}

pub(super) async fn set_status(
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

pub(super) fn require_transition(from: Status, to: Status) -> Result<(), Refusal> {
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
pub(super) async fn require_room(
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
pub(super) async fn require_custom_fields(
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
