//! Issuances: promotions are issued to customers, read, and revoked (spec 11).
//!
//! Every transaction that gives a customer a promotion first locks the row of that customer and promotion. So two
//! simultaneous transactions cannot both find room for the last one. The statement that writes checks the bounds again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::change::audit;
use super::handle::now;
use super::promotions::subject;
use super::{Actor, Refusal, Service, ServiceError, events};
use crate::clock::Clock;
use crate::db::issuances::{Hand, HandChange, IssuanceCursor, IssuanceFilter, NewIssuance};
use crate::db::{self, DbError, Page, TenantTx};
use crate::domain::event::Event;
use crate::domain::id::{IssuanceId, PromotionId, TenantId};
use crate::domain::issuance::{Expiry, Issuance, IssuanceSource, IssuanceState, Trigger};
use crate::domain::names::Named as _;
use crate::domain::promotion::{Kind, Promotion, State, Terms};
use crate::stored;
use crate::wire::faults::FaultCode;
use crate::wire::issuing::NewIssue;
use crate::wire::write::Writer;

/// The outcome of issuing to one customer.
#[derive(Clone, Debug)]
pub enum Issued {
    New(Issuance),
    /// It was issued before under the same source id.
    Known(Issuance),
    Refused(Refusal),
}

impl Service {
    /// Issues a promotion to customers, and returns the outcome of each, in their order.
    pub async fn issue(&self, actor: Actor, new: NewIssue) -> Result<Vec<Issued>, ServiceError> {
        let clock = self.clock().clone();
        self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                if new.customers.len() > 1 {
                    tx.allow_bulk().await?;
                }
                let promotion = issuable(tx, new.promotion_id).await?;
                issue_to(tx, actor, &clock, &promotion, &new).await
            })
        })
        .await
    }

    pub async fn issuance(
        &self,
        tenant: TenantId,
        id: IssuanceId,
    ) -> Result<Issuance, ServiceError> {
        let clock = self.clock().clone();
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let now = now(tx, &clock).await?;
                read_one(tx, id.uuid(), now).await
            })
        });
        read.await
    }

    /// A page of issuances, newest first.
    pub async fn issuances(
        &self,
        tenant: TenantId,
        filter: IssuanceFilter,
        after: Option<IssuanceCursor>,
        limit: u16,
    ) -> Result<Page<Issuance, IssuanceCursor>, ServiceError> {
        let clock = self.clock().clone();
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let now = now(tx, &clock).await?;
                Ok::<_, ServiceError>(db::issuances::list(tx, &filter, now, after, limit).await?)
            })
        });
        read.await
    }

    /// Revokes an issuance. If it was revoked before, returns it unchanged.
    pub async fn revoke_issuance(
        &self,
        actor: Actor,
        id: IssuanceId,
    ) -> Result<Issuance, ServiceError> {
        let clock = self.clock().clone();
        self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                let (mut own, now) = lock(tx, id, &clock).await?;
                if own.state == IssuanceState::Revoked {
                    return Ok(own);
                }
                db::issuances::revoke(tx, id.uuid(), now).await?;
                let before = Some(audited(&own));
                own.state = IssuanceState::Revoked;
                let (what, after) = (format!("issuance:{id}"), Some(audited(&own)));
                audit(tx, actor, what, "revoked", before, after).await?;
                let told = events::new(&Event::IssuanceRevoked(&own), now);
                db::outbox::append(tx, &[told]).await?;
                Ok(own)
            })
        })
        .await
    }
}

/// A new issuance that is unlocked at once.
pub(super) fn unlocked(
    promotion: &Promotion,
    customer_id: String,
    source: IssuanceSource,
    now: DateTime<Utc>,
) -> NewIssuance {
    NewIssuance {
        issuance_id: Uuid::now_v7(),
        promotion_id: promotion.id.uuid(),
        customer_id,
        source,
        source_id: None,
        issued_at: now,
        unlocked_at: Some(now),
        unlocked_in: None,
        activated_at: None,
        use_until: expiry(&promotion.terms).from(now),
    }
}

/// The rule for how long an issuance of this promotion can be used.
pub(super) const fn expiry(terms: &Terms) -> Expiry {
    match terms.kind {
        Kind::LoyaltyEarning { expiry, .. } | Kind::Rewards { expiry, .. } => expiry,
        Kind::Pos | Kind::Loyalty | Kind::CodeLinked => Expiry::WithPromotion,
    }
}

/// How often a customer may be issued a promotion, and how often it may be unlocked for the customer.
pub(super) fn bounds(terms: &Terms) -> (i32, i32) {
    let bound =
        |limit: Option<u32>| limit.map_or(i32::MAX, |own| own.try_into().unwrap_or(i32::MAX));
    (bound(terms.limits.issue_per_customer), bound(terms.limits.earn.per_customer))
}

/// Reads issuances in the order of the given ids. More than [`MAX_SORTED`] are in no defined order.
pub(super) async fn read_all(
    tx: &mut TenantTx,
    ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Issuance>, ServiceError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = db::issuances::get(tx, ids, now).await?;
    let place = |own: &Issuance| ids.iter().position(|id| *id == own.id.uuid());
    if ids.len() <= MAX_SORTED {
        found.sort_by_key(place);
    }
    Ok(found)
}

/// Most issuances that [`read_all`] sorts.
const MAX_SORTED: usize = 1_000;

pub(super) async fn read_one(
    tx: &mut TenantTx,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Issuance, ServiceError> {
    let found = read_all(tx, &[id], now).await?;
    found.into_iter().next().ok_or(ServiceError::NotFound)
}

/// Reads an issuance and locks it to the end of the transaction. Also returns the present time.
pub(super) async fn lock(
    tx: &mut TenantTx,
    id: IssuanceId,
    clock: &Clock,
) -> Result<(Issuance, DateTime<Utc>), ServiceError> {
    if !db::issuances::lock(tx, id.uuid()).await? {
        return Err(ServiceError::NotFound);
    }
    // The time is read after the lock, which may have taken a while.
    let now = now(tx, clock).await?;
    Ok((read_one(tx, id.uuid(), now).await?, now))
}

/// Reads a promotion, archived or not.
pub(super) async fn promotion(
    tx: &mut TenantTx,
    id: PromotionId,
) -> Result<Option<Promotion>, ServiceError> {
    let row = db::promotions::get(tx, id).await?;
    Ok(row.as_ref().map(stored::promotion).transpose()?)
}

pub(super) fn is_open(promotion: &Promotion, now: DateTime<Utc>) -> bool {
    match promotion.status.state(&promotion.terms, now) {
        State::Live | State::Scheduled => true,
        State::Draft | State::Paused | State::Ended | State::Archived => false,
    }
}

/// The promotion that a body names, if promotions of its type can be issued.
async fn issuable(tx: &mut TenantTx, id: PromotionId) -> Result<Promotion, ServiceError> {
    let refuse = |code, message| Err(ServiceError::fault("/promotion_id", code, message));
    let Some(found) = promotion(tx, id).await? else {
        let message = "is not a promotion of the tenant".to_owned();
        return refuse(FaultCode::UnknownReference, message);
    };
    match found.terms.kind {
        Kind::Loyalty | Kind::LoyaltyEarning { .. } | Kind::Rewards { .. } => Ok(found),
        Kind::Pos | Kind::CodeLinked => {
            let kind = found.terms.kind.promotion_type().name();
            let message = format!("a promotion of type {kind} is not issued");
            refuse(FaultCode::UnsupportedCombination, message)
        }
    }
}

async fn issue_to(
    tx: &mut TenantTx,
    actor: Actor,
    clock: &Clock,
    promotion: &Promotion,
    new: &NewIssue,
) -> Result<Vec<Issued>, ServiceError> {
    let id = promotion.id.uuid();
    let mut known = by_source(tx, id, &new.customers, new).await?;
    let others = new.customers.iter().filter(|own| !known.contains_key(*own));
    let others: Vec<String> = others.cloned().collect();
    // A promotion that is not open is issued to no one, and customers who have it already need no lock. So neither case
    // makes rows.
    let hands = if !others.is_empty() && is_open(promotion, now(tx, clock).await?) {
        let names: Vec<(Uuid, String)> = others.iter().map(|own| (id, own.clone())).collect();
        db::issuances::lock_hands(tx, &names).await?
    } else {
        Vec::new()
    };
    let hands: BTreeMap<&str, &Hand> =
        hands.iter().map(|hand| (hand.customer_id.as_str(), hand)).collect();
    let now = now(tx, clock).await?;
    // Look again for the customers that are locked now: another transaction may have issued to them meanwhile.
    known.extend(by_source(tx, id, &others, new).await?);
    let mut fresh = Vec::new();
    let mut verdicts: Vec<Result<(Uuid, bool), Refusal>> = Vec::new();
    for customer in &new.customers {
        let hand = hands.get(customer.as_str()).copied();
        verdicts.push(match known.get(customer.as_str()) {
            Some((source, id)) if *source == IssuanceSource::Manual => Ok((*id, false)),
            Some(_) => Err(Refusal::SourceIdReused),
            None => may_issue(promotion, hand, now).map(|()| {
                let made = NewIssuance {
                    source_id: Some(new.source_id.clone()),
                    ..issue_of(promotion, customer.clone(), now)
                };
                let id = made.issuance_id;
                fresh.push(made);
                (id, true)
            }),
        });
    }
    if !fresh.is_empty() {
        let (most_issued, most_unlocked) = bounds(&promotion.terms);
        let change = |own: &NewIssuance| HandChange {
            promotion_id: own.promotion_id,
            customer_id: own.customer_id.clone(),
            issued: 1,
            unlocked: i32::from(own.unlocked_at.is_some()),
            most_issued,
            most_unlocked,
        };
        let changes: Vec<HandChange> = fresh.iter().map(change).collect();
        db::issuances::add_to_hands(tx, &changes).await?;
        db::issuances::insert(tx, &fresh).await?;
        audit_issue(tx, actor, promotion, new, &fresh).await?;
    }
    let ids: Vec<Uuid> = verdicts.iter().flatten().map(|(id, _)| *id).collect();
    let standing = read_all(tx, &ids, now).await?;
    let made: BTreeSet<Uuid> = fresh.iter().map(|new| new.issuance_id).collect();
    let is_new = |own: &&Issuance| made.contains(&own.id.uuid());
    let told =
        standing.iter().filter(is_new).flat_map(|own| events::made(own, &promotion.terms, now));
    db::outbox::append(tx, &told.collect::<Vec<_>>()).await?;
    let standing: BTreeMap<Uuid, Issuance> =
        standing.into_iter().map(|own| (own.id.uuid(), own)).collect();
    let issued = verdicts.into_iter().map(|verdict| match verdict {
        Err(refusal) => Ok(Issued::Refused(refusal)),
        Ok((id, is_new)) => {
            // After a merge two customer ids may lead to the same issuance.
            let own = standing.get(&id).cloned().ok_or(DbError::Raced)?;
            Ok(if is_new { Issued::New(own) } else { Issued::Known(own) })
        }
    });
    issued.collect()
}

/// For each of these customers who was given the promotion under the source id: the source and the issuance.
async fn by_source(
    tx: &mut TenantTx,
    promotion: Uuid,
    customers: &[String],
    new: &NewIssue,
) -> Result<BTreeMap<String, (IssuanceSource, Uuid)>, DbError> {
    if customers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = db::issuances::by_source(tx, promotion, customers, &new.source_id).await?;
    let by_customer = |(customer, source, id)| (customer, (source, id));
    Ok(found.into_iter().map(by_customer).collect())
}

/// Whether the promotion can be issued to the customer of this hand. The hand is locked if the promotion is open.
fn may_issue(
    promotion: &Promotion,
    hand: Option<&Hand>,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let (most_issued, most_unlocked) = bounds(&promotion.terms);
    let Some(hand) = hand.filter(|_| is_open(promotion, now)) else {
        return Err(Refusal::PromotionNotActive);
    };
    if hand.issued >= most_issued {
        Err(Refusal::IssueLimitReached)
    } else if unlocks_at_once(&promotion.terms) && hand.unlocked >= most_unlocked {
        Err(Refusal::EarnLimitReached)
    } else {
        Ok(())
    }
}

fn issue_of(promotion: &Promotion, customer: String, now: DateTime<Utc>) -> NewIssuance {
    let own = unlocked(promotion, customer, IssuanceSource::Manual, now);
    if unlocks_at_once(&promotion.terms) {
        return own;
    }
    NewIssuance { unlocked_at: None, use_until: None, ..own }
}

/// Whether an issuance is unlocked as soon as it is issued.
fn unlocks_at_once(terms: &Terms) -> bool {
    match &terms.kind {
        Kind::LoyaltyEarning { earning, .. } => match earning.trigger {
            Trigger::Direct => true,
            Trigger::Activity(_) | Trigger::Milestone { .. } => false,
        },
        Kind::Pos | Kind::Loyalty | Kind::Rewards { .. } | Kind::CodeLinked => true,
    }
}

/// The audit row does not name customers: a customer can be deleted, but the audit trail cannot.
async fn audit_issue(
    tx: &mut TenantTx,
    actor: Actor,
    promotion: &Promotion,
    new: &NewIssue,
    made: &[NewIssuance],
) -> Result<(), ServiceError> {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("source_id").text(&new.source_id);
        writer.key("count").raw(&made.len().to_string());
        let named = made.iter().take(MAX_SORTED);
        writer.key("issuances").list(named, |writer, own| writer.id(own.issuance_id));
    });
    let after = Some(writer.finish());
    audit(tx, actor, subject(promotion.id), "issued", None, after).await
}

fn audited(own: &Issuance) -> String {
    let mut writer = Writer::with_capacity(128);
    writer.object(|writer| {
        writer.key("promotion_id").id(own.promotion_id.uuid());
        writer.key("state").name(own.state);
    });
    writer.finish()
}
