//! Activities: what customers do, and what they earn with it (spec 11).
//!
//! Locks are taken in one order: the activity's key, the redemption that it names, milestones, the customer's rows of
//! promotions, issuances.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::Undone;
use super::evaluate::require_store;
use super::issuances::{bounds, expiry, read_all, unlocked};
use super::milestones::{Returned, advance};
use super::pool::{Pool, Size, Urgency};
use super::returns::returned_lines;
use super::{Refusal, Service, ServiceError, events};
use crate::clock::to_millisecond;
use crate::db::activities::NewActivity;
use crate::db::issuances::{Hand, HandChange, NewIssuance, Unlock, Waiting};
use crate::db::{self, DbError, Reference, TenantTx};
use crate::domain::activity::{Activity, MAX_DAYS_BACK};
use crate::domain::amount::Quantity;
use crate::domain::id::{PromotionId, RedemptionId, TenantId};
use crate::domain::issuance::{Earning, Issuance, IssuanceSource, Trigger};
use crate::domain::promotion::{Kind, Promotion};
use crate::domain::redemption::RedemptionState;
use crate::engine::returns::Sold;
use crate::engine::{self, Deed, RuleSet, Stop};
use crate::wire;
use crate::wire::activity::{ActivityRecorded, Standing};
use crate::wire::body::PrintBody as _;
use crate::wire::faults::FaultCode;

impl Service {
    /// Records an activity and unlocks what the customer has earned with it, or repeats the answer if the activity was
    /// recorded before.
    pub async fn record(
        &self,
        tenant: TenantId,
        activity: Activity<'_>,
    ) -> Result<String, ServiceError> {
        let activity = Arc::new(Activity { request: activity.request.into_owned(), ..activity });
        let (pool, clock_offset) = (self.pool().clone(), self.clock().offset());
        self.by_rules(tenant, activity.at, move |tx, rules| {
            let work = Work { tenant, pool, activity, rules, clock_offset };
            Box::pin(async move { work.record(tx).await })
        })
        .await
    }
}

/// One activity in one transaction.
struct Work {
    tenant: TenantId,
    pool: Pool,
    activity: Arc<Activity<'static>>,
    rules: Arc<RuleSet>,
    clock_offset: TimeDelta,
}

impl Work {
    async fn record(&self, tx: &mut TenantTx) -> Result<String, Undone> {
        let activity = &self.activity;
        let canonical = wire::activity::canonical(activity, self.rules.settings().currency);
        let new = NewActivity {
            activity_id: activity.id.clone(),
            body_hash: Sha256::digest(canonical.as_bytes()).into(),
            kind: activity.kind,
            customer_id: self.customer().to_owned(),
            transaction_id: activity.transaction_id.clone(),
            at: activity.at,
        };
        let began = db::redemptions::now(tx).await? + self.clock_offset;
        if !db::activities::claim(tx, &new, began).await? {
            // The key is missing only if another transaction removed it in between.
            let known = db::activities::get(tx, &activity.id).await?;
            let known = known.ok_or(DbError::Raced)?;
            return if known.body_hash == new.body_hash {
                Ok(known.answer)
            } else {
                Err(ServiceError::from(Refusal::ActivityIdReused).into())
            };
        }
        let moment = db::redemptions::moment(tx).await?;
        let moment = moment.ok_or(DbError::Missing(Reference::Tenant))?;
        if moment.rules != self.rules.version() {
            return Err(Undone::RulesMoved(moment.rules));
        }
        let now = to_millisecond(moment.now + self.clock_offset);
        let at = activity.at.unwrap_or(now);
        require_time(at, now)?;
        require_store(&self.rules, &activity.request, "/store").map_err(ServiceError::Invalid)?;
        let deed = Deed {
            request: &activity.request,
            has_cart: activity.has_cart,
            kind: activity.kind,
            at,
        };
        let (standings, reached) = self.advance(tx, &deed).await?;
        let earned = self.earned(reached, at, Size::of(canonical.len())).await?;
        let promotions = self.rules.promotions();
        let earned: Vec<&Promotion> = promotions.filter(|own| earned.contains(&own.id)).collect();
        let unlocked = self.unlock(tx, &earned, at, now).await?;
        let answer = ActivityRecorded::document(&(unlocked.as_slice(), standings.as_slice()));
        db::activities::answer(tx, &activity.id, &answer).await?;
        Ok(answer)
    }

    /// The promotions that are earned. For a large cart this is computed on the pool.
    async fn earned(
        &self,
        reached: Vec<(String, String)>,
        at: DateTime<Utc>,
        size: Size,
    ) -> Result<Vec<PromotionId>, ServiceError> {
        let (activity, rules) = (Arc::clone(&self.activity), Arc::clone(&self.rules));
        let find = move || {
            let deed = Deed {
                request: &activity.request,
                has_cart: activity.has_cart,
                kind: activity.kind,
                at,
            };
            let reached: Vec<(&str, &str)> = reached
                .iter()
                .map(|(milestone, target)| (milestone.as_str(), target.as_str()))
                .collect();
            let earned = engine::earned(&rules, &deed, &reached);
            earned.into_iter().map(|own| own.id).collect()
        };
        match size {
            Size::Small => Ok(find()),
            Size::Large => {
                let find = move |_: &Stop| find();
                Ok(self.pool.run(self.tenant, Urgency::HoldsLocks, find).await?)
            }
        }
    }

    /// Adds to the customer's progress of milestones. Returns the standings, and the newly reached targets with their
    /// milestones.
    async fn advance(
        &self,
        tx: &mut TenantTx,
        deed: &Deed<'_>,
    ) -> Result<(Vec<Standing>, Vec<(String, String)>), ServiceError> {
        if !self.rules.has_milestones() {
            return Ok((Vec::new(), Vec::new()));
        }
        let transaction = self.activity.transaction_id.as_deref();
        let (sold, back) = match transaction {
            Some(transaction) => sold(tx, transaction).await?,
            None => (None, Vec::new()),
        };
        let steps = engine::steps(&self.rules, deed, sold.as_ref());
        let returned = Returned { lines: &back, rounding: self.rules.settings().rounding };
        let (customer, id) = (self.customer(), self.activity.id.as_str());
        advance(tx, customer, id, transaction, &steps, &returned).await
    }

    /// INVARIANT: an activity names its customer.
    fn customer(&self) -> &str {
        let customer = self.activity.request.customer.as_ref();
        customer.and_then(|own| own.id.as_deref()).unwrap_or_default()
    }

    /// Unlocks at most one issuance of each of these promotions.
    async fn unlock(
        &self,
        tx: &mut TenantTx,
        earned: &[&Promotion],
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Issuance>, ServiceError> {
        if earned.is_empty() {
            return Ok(Vec::new());
        }
        let customer = self.customer();
        let promotions: Vec<Uuid> = earned.iter().map(|own| own.id.uuid()).collect();
        let hands: Vec<(Uuid, String)> =
            promotions.iter().map(|promotion| (*promotion, customer.to_owned())).collect();
        let hands = db::issuances::lock_hands(tx, &hands).await?;
        let waiting = db::issuances::waiting(tx, customer, &promotions).await?;
        let (mut changes, mut unlocks, mut fresh, mut ids) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for promotion in earned {
            let id = promotion.id.uuid();
            let hand = hands.iter().find(|hand| hand.promotion_id == id);
            let hand = hand.ok_or(DbError::Raced)?;
            let waiting = waiting.iter().filter(|own| own.promotion_id == id);
            let Some(unlock) = self.choose(promotion, hand, waiting, at, now) else {
                continue;
            };
            let (most_issued, most_unlocked) = bounds(&promotion.terms);
            let issued = match unlock {
                Chosen::Waiting(unlock) => {
                    ids.push(unlock.issuance_id);
                    unlocks.push(unlock);
                    0
                }
                Chosen::New(new) => {
                    ids.push(new.issuance_id);
                    fresh.push(*new);
                    1
                }
            };
            changes.push(HandChange {
                promotion_id: id,
                customer_id: customer.to_owned(),
                issued,
                unlocked: 1,
                most_issued,
                most_unlocked,
            });
        }
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        db::issuances::add_to_hands(tx, &changes).await?;
        if !unlocks.is_empty() {
            let transaction = self.activity.transaction_id.as_deref();
            db::issuances::unlock(tx, &unlocks, now, transaction).await?;
        }
        if !fresh.is_empty() {
            db::issuances::insert(tx, &fresh).await?;
        }
        let own = read_all(tx, &ids, now).await?;
        let told = own.iter().flat_map(|own| {
            let terms = earned.iter().find(|promotion| promotion.id == own.promotion_id);
            let is_new = fresh.iter().any(|new| new.issuance_id == own.id.uuid());
            let tell = |terms| match is_new {
                true => events::made(own, terms, now),
                false => vec![events::unlocked(own, terms, now)],
            };
            terms.map(|promotion| tell(&promotion.terms)).unwrap_or_default()
        });
        db::outbox::append(tx, &told.collect::<Vec<_>>()).await?;
        Ok(own)
    }

    /// What an earned promotion unlocks: the issuance that was issued first, or a new one. `None` if the customer's
    /// limits or the promotion's rule forbid it.
    fn choose<'w>(
        &self,
        promotion: &Promotion,
        hand: &Hand,
        mut waiting: impl Iterator<Item = &'w Waiting>,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Chosen> {
        let Kind::LoyaltyEarning { earning, .. } = &promotion.terms.kind else {
            return None;
        };
        let (most_issued, most_unlocked) = bounds(&promotion.terms);
        if hand.unlocked >= most_unlocked {
            return None;
        }
        if let Some(first) = waiting.find(|own| in_time(earning, own.issued_at, at)) {
            return Some(Chosen::Waiting(Unlock {
                issuance_id: first.issuance_id,
                use_until: expiry(&promotion.terms).from(now),
            }));
        }
        if earning.requires_issue || hand.issued >= most_issued {
            return None;
        }
        let source = match earning.trigger {
            Trigger::Milestone { .. } => IssuanceSource::Milestone,
            Trigger::Activity(_) | Trigger::Direct => IssuanceSource::Activity,
        };
        Some(Chosen::New(Box::new(NewIssuance {
            source_id: Some(self.activity.id.clone()),
            unlocked_in: self.activity.transaction_id.clone(),
            ..unlocked(promotion, self.customer().to_owned(), source, now)
        })))
    }
}

/// The committed redemption of a transaction, and what was returned of each line. The redemption is locked, so that a
/// simultaneous return waits and then finds what the activity has counted.
async fn sold(
    tx: &mut TenantTx,
    transaction: &str,
) -> Result<(Option<Sold>, Vec<(String, Quantity)>), ServiceError> {
    let none = (None, Vec::new());
    let Some(Some(id)) = db::redemption_keys::lock(tx, transaction).await? else {
        return Ok(none);
    };
    let id = RedemptionId::new(id);
    let row = db::redemptions::lock(tx, id).await?;
    let Some(row) = row.filter(|row| row.state == RedemptionState::Committed) else {
        return Ok(none);
    };
    let sold = wire::returns::sold(&row.result);
    let sold = sold.ok_or_else(|| ServiceError::unreadable("the result of a redemption"))?;
    Ok((Some(sold), returned_lines(tx, id).await?))
}

enum Chosen {
    Waiting(Unlock),
    New(Box<NewIssuance>),
}

/// Whether an issuance from `issued_at` can be earned at `at`.
fn in_time(earning: &Earning, issued_at: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    let days = earning.earn_within_days.map(i64::from);
    let end = days.and_then(|days| issued_at.checked_add_signed(TimeDelta::hours(24 * days)));
    let was_issued = !earning.requires_issue || issued_at <= at;
    was_issued && end.is_none_or(|end| at < end)
}

/// Refuses times in the future, and times more than seven days back.
fn require_time(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), ServiceError> {
    let message = if at > now {
        "is in the future"
    } else if at < now - TimeDelta::days(MAX_DAYS_BACK) {
        "is more than 7 days back"
    } else {
        return Ok(());
    };
    Err(ServiceError::fault("/at", FaultCode::OutOfRange, message))
}
