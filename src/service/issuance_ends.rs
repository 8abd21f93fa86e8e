//! Events for issuances that expire, and reminders before. Each is written once, by any instance (spec 12).
//!
//! An issuance is examined in two cases: a job goes through a promotion's issuances in the order of their ends; and an
//! issuance gets something back after it was used up. Both cases call `tell`. It uses the issuance's present state, and
//! records each event that it writes. So examining an issuance twice does no harm.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::handle::now;
use super::issuances::{promotion, read_all};
use super::{Service, ServiceError, events};
use crate::db::issuance_ends::Watch;
use crate::db::{self, TenantTx};
use crate::domain::event::Event;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::issuance::{Issuance, IssuanceState, Reminder};
use crate::domain::promotion::{Promotion, Status};
use crate::stored;

/// How long after its due time an event is written. Transactions that unlocked or redeemed just before the due time
/// have committed by then.
pub const SETTLED: TimeDelta = TimeDelta::seconds(10);
/// Most issuances of one transaction.
const MAX_AT_ONCE: i64 = 500;

/// The outcome of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    Further,
    Done,
    /// Another transaction goes through the same promotion.
    Elsewhere,
}

impl Service {
    /// Continues through a promotion's issuances, and writes the events that are due.
    pub async fn watch_issuances(
        &self,
        tenant: TenantId,
        id: PromotionId,
        watch: Watch,
    ) -> Result<Looked, ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                let Some(row) = db::issuance_ends::try_lock(tx, id).await? else {
                    return Ok(Looked::Elsewhere);
                };
                let promotion = stored::promotion(&row)?;
                let days_before = match watch {
                    Watch::Expired => 0,
                    Watch::Expiring => match reminder(&promotion) {
                        Some(reminder) => reminder.days_before,
                        None => return Ok(Looked::Done),
                    },
                };
                let now = now(tx, &clock).await?;
                let settled = now - SETTLED;
                let horizon = before(settled, -i64::from(days_before));
                let days = i32::try_from(days_before).unwrap_or(i32::MAX);
                let found =
                    db::issuance_ends::next(tx, id, watch, days, settled, MAX_AT_ONCE).await?;
                tell(tx, &found, now).await?;
                if let Some(last) = found.last() {
                    db::issuance_ends::advance(tx, id, watch, *last).await?;
                }
                if is_full(&found) {
                    return Ok(Looked::Further);
                }
                if promotion.terms.ends_at <= horizon {
                    db::issuance_ends::finish(tx, id, watch).await?;
                }
                Ok(Looked::Done)
            })
        })
        .await
    }

    /// Examines issuances that got something back after they were used up. They may have expired meanwhile, or will
    /// soon.
    pub async fn look_at_given_back(&self, tenant: TenantId) -> Result<Looked, ServiceError> {
        let clock = self.clock().clone();
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                let found = db::issuance_ends::given_back(tx, MAX_AT_ONCE).await?;
                db::issuance_ends::lock(tx, &found).await?;
                db::issuance_ends::note_given_back(tx, &found).await?;
                let now = now(tx, &clock).await?;
                tell(tx, &found, now).await?;
                Ok(if is_full(&found) { Looked::Further } else { Looked::Done })
            })
        })
        .await
    }
}

fn is_full(found: &[Uuid]) -> bool {
    i64::try_from(found.len()).is_ok_and(|count| count == MAX_AT_ONCE)
}

/// Writes events for those of these issuances that have expired or whose reminder is due, unless the event was written
/// before.
async fn tell(
    tx: &mut TenantTx,
    issuances: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    if issuances.is_empty() {
        return Ok(());
    }
    // A transaction that uses an issuance has it locked. So the state that is read after this lock is final until the
    // commit.
    db::issuance_ends::lock(tx, issuances).await?;
    let standing = read_all(tx, issuances, now).await?;
    let ids: BTreeSet<PromotionId> = standing.iter().map(|own| own.promotion_id).collect();
    let mut promotions = BTreeMap::new();
    for id in ids {
        if let Some(own) = promotion(tx, id).await? {
            promotions.insert(id, own);
        }
    }
    let due: Vec<(&Issuance, &Reminder)> = standing
        .iter()
        .filter_map(|own| {
            let reminder = reminder(promotions.get(&own.promotion_id)?)?;
            is_due(own, reminder, now).then_some((own, reminder))
        })
        .collect();
    let (ids, ends) = columns(due.iter().map(|(own, _)| *own));
    let mut told = Vec::new();
    if !ids.is_empty() {
        let noted = db::issuance_ends::note_reminded(tx, &ids, &ends).await?;
        let noted: BTreeSet<Uuid> = noted.into_iter().collect();
        let reminded = due.iter().filter(|(own, _)| noted.contains(&own.id.uuid()));
        let expiring = |(own, reminder): &(&Issuance, &Reminder)| {
            events::new(&Event::IssuanceExpiring(own, &reminder.messages), now)
        };
        told.extend(reminded.map(expiring));
    }
    let expired = || standing.iter().filter(|own| own.state == IssuanceState::Expired);
    let (ids, ends) = columns(expired());
    if !ids.is_empty() {
        let noted = db::issuance_ends::note_expired(tx, &ids, &ends, now).await?;
        let noted: BTreeSet<Uuid> = noted.into_iter().collect();
        let expired = expired().filter(|own| noted.contains(&own.id.uuid()));
        told.extend(expired.map(|own| events::new(&Event::IssuanceExpired(own), own.expires_at)));
    }
    Ok(db::outbox::append(tx, &told).await?)
}

/// A promotion's reminder. A paused or archived promotion cannot be used, so it has no reminders.
fn reminder(promotion: &Promotion) -> Option<&Reminder> {
    match promotion.status {
        Status::Active => promotion.terms.communication()?.expiry_reminder.as_ref(),
        Status::Draft | Status::Paused | Status::Archived => None,
    }
}

/// Whether an issuance's reminder is due. If its time came before the issuance was unlocked, it is never due.
fn is_due(own: &Issuance, reminder: &Reminder, now: DateTime<Utc>) -> bool {
    let due_at = before(own.expires_at, i64::from(reminder.days_before));
    match own.state {
        IssuanceState::Unlocked | IssuanceState::Activated => {
            due_at <= now && own.unlocked_at.is_some_and(|at| at <= due_at)
        }
        IssuanceState::Issued
        | IssuanceState::UsedUp
        | IssuanceState::Expired
        | IssuanceState::Revoked => false,
    }
}

/// The instant this many times 24 hours before another.
fn before(instant: DateTime<Utc>, days: i64) -> DateTime<Utc> {
    let hours = TimeDelta::hours(24_i64.saturating_mul(days));
    instant.checked_sub_signed(hours).unwrap_or(instant)
}

fn columns<'i>(own: impl Iterator<Item = &'i Issuance>) -> (Vec<Uuid>, Vec<DateTime<Utc>>) {
    own.map(|own| (own.id.uuid(), own.expires_at)).unzip()
}
