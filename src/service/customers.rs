//! What one customer has, and how customers are merged and deleted (spec 3, 15.6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::change::audit;
use super::evaluate::{gone_of, issuance_fact};
use super::handle::now;
use super::issuances::read_all;
use super::{Actor, Service, ServiceError, events};
use crate::db::customers::Moved;
use crate::db::{self, DbError, TenantTx};
use crate::domain::event::Event;
use crate::domain::id::{CodeId, IssuanceId, PromotionId, TenantId};
use crate::domain::issuance::Issuance;
use crate::domain::promotion::Kind;
use crate::engine::{self, Asking, InHands, Needs, RuleSet, Usable};
use crate::wire::faults::FaultCode;
use crate::wire::write::Writer;

/// Most rounds of moving a customer while other transactions still add to the customer.
const MAX_ROUNDS: u32 = 10;

/// Most codes that are listed of one promotion.
const MAX_CODES: u16 = 100;

/// Whose promotions are listed, and where.
#[derive(Clone, Debug)]
pub struct Asked {
    pub customer: String,
    pub store: Option<String>,
    pub channel: Option<String>,
}

/// What a customer has.
#[derive(Clone, Debug)]
pub struct Offers {
    /// The rule set that the promotions' indexes refer to.
    pub rules: Arc<RuleSet>,
    /// In the order of creation of the promotions.
    pub all: Vec<Offer>,
}

/// A promotion that a customer has.
#[derive(Clone, Debug)]
pub struct Offer {
    pub usable: Usable,
    pub issuance: Option<Issuance>,
    /// Codes that are bound to the customer.
    pub codes: Vec<String>,
}

impl Service {
    /// Every live promotion, and every issuance of one, that a customer could use now or when its schedule opens, or
    /// could claim.
    pub async fn offers(&self, tenant: TenantId, asked: Asked) -> Result<Offers, ServiceError> {
        let now = self.clock().now();
        let rules = self.cache().rules_at(tenant, now).await?;
        if let Some(store) = asked.store.as_ref().filter(|store| rules.store(store).is_none()) {
            let message = format!("there is no store {store:?}");
            return Err(ServiceError::fault("/store", FaultCode::UnknownReference, message));
        }
        let own_rules = Arc::clone(&rules);
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move { read_offers(tx, &own_rules, &asked, now).await })
        });
        let all = read.await?;
        Ok(Offers { rules, all })
    }

    /// Moves everything of one customer to another. Counts are added; a limit whose sum exceeds it is used up. One of
    /// their claims of each promotion stays.
    pub async fn merge_customers(
        &self,
        actor: Actor,
        from: String,
        into: String,
    ) -> Result<(), ServiceError> {
        if from == into {
            let (code, message) = (FaultCode::UnsupportedCombination, "is the customer itself");
            return Err(ServiceError::fault("/into", code, message));
        }
        let clock = self.clock().clone();
        self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let moved = pass_on(tx, &from, &into).await?;
                let now = now(tx, &clock).await?;
                let revoked = db::customers::revoke_further_claims(tx, &into, now).await?;
                let revoked = read_all(tx, &revoked, now).await?;
                let told = revoked.iter().map(|own| events::new(&Event::IssuanceRevoked(own), now));
                db::outbox::append(tx, &told.collect::<Vec<_>>()).await?;
                audit_move(tx, actor, "merged", moved).await
            })
        })
        .await
    }

    /// Replaces a customer's id by a random one, which is not disclosed, everywhere in the database. Counters stay.
    pub async fn delete_customer(
        &self,
        actor: Actor,
        customer: String,
    ) -> Result<(), ServiceError> {
        self.collector().forget(actor.tenant, &customer);
        self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let nobody = Uuid::new_v4();
                let moved = pass_on(tx, &customer, &nobody.to_string()).await?;
                db::customers::forget(tx, nobody).await?;
                db::vocabulary::forget_text(tx, &customer).await?;
                audit_move(tx, actor, "deleted", moved).await
            })
        })
        .await
    }
}

async fn read_offers(
    tx: &mut TenantTx,
    rules: &RuleSet,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<Vec<Offer>, ServiceError> {
    let customer = asked.customer.as_str();
    let store = asked.store.as_deref().and_then(|store| rules.store(store));
    let asking = Asking { customer, store, channel: asked.channel.as_deref(), now };
    let Needs { counters, issuances: promotions } = engine::usable_needs(rules, &asking);
    let wanted = counters.into_iter().map(|bound| bound.counter).collect();
    let promotions: Vec<Uuid> = promotions.iter().map(|id| id.uuid()).collect();
    let found = db::usable_issuances::look_up(tx, wanted, customer, &promotions, now).await?;
    let (mut used, issuances) = found;
    for (own, gone) in &issuances {
        used.extend(gone_of(own, *gone));
    }
    let claimed = db::issuances::claimed(tx, customer, &promotions).await?;
    let claimed: Vec<PromotionId> = claimed.into_iter().map(PromotionId::new).collect();
    let issuances: Vec<_> = issuances.iter().map(|(own, _)| issuance_fact(own)).collect();
    let in_hands = InHands { issuances: &issuances, claimed: &claimed, used: &used };
    let usable = engine::usable(rules, &asking, &in_hands);
    let ids: Vec<Uuid> =
        usable.iter().filter_map(|own| own.issuance).map(IssuanceId::uuid).collect();
    let mut standing = read_all(tx, &ids, now).await?;
    let mut codes = usable_codes(tx, rules, customer, &usable, now).await?;
    let offers = usable.into_iter().map(|usable| {
        let place = standing.iter().position(|own| Some(own.id) == usable.issuance);
        let issuance = place.map(|place| standing.swap_remove(place));
        let codes = codes.remove(&rules.promotion(usable.promotion).id).unwrap_or_default();
        Offer { usable, issuance, codes }
    });
    Ok(offers.collect())
}

/// The codes of these promotions that are bound to the customer, have not expired and are not used up.
async fn usable_codes(
    tx: &mut TenantTx,
    rules: &RuleSet,
    customer: &str,
    usable: &[Usable],
    now: DateTime<Utc>,
) -> Result<BTreeMap<PromotionId, Vec<String>>, ServiceError> {
    let promotions = usable.iter().map(|own| rules.promotion(own.promotion));
    let with_codes = promotions.filter(|own| matches!(own.terms.kind, Kind::CodeLinked));
    let with_codes: Vec<Uuid> = with_codes.map(|own| own.id.uuid()).collect();
    let mut codes = BTreeMap::<_, Vec<String>>::new();
    if with_codes.is_empty() {
        return Ok(codes);
    }
    let own = db::codes::of_customer(tx, customer, &with_codes, now, MAX_CODES).await?;
    let ids = own.iter().map(|own| (PromotionId::new(own.promotion_id), CodeId::new(own.code_id)));
    let bounds = engine::code_counters(rules, ids, now);
    let wanted = bounds.iter().map(|bound| bound.counter.clone()).collect();
    let used = db::counters::read(tx, wanted).await?;
    let used_up = used.into_iter().zip(&bounds).filter(|(own, bound)| own.amount >= bound.maximum);
    let used_up: BTreeSet<String> = used_up.map(|(own, _)| own.counter.owner.name()).collect();
    for own in own.into_iter().filter(|own| !used_up.contains(&own.code_id.to_string())) {
        codes.entry(PromotionId::new(own.promotion_id)).or_default().push(own.code);
    }
    Ok(codes)
}

/// Moves everything of a customer. If others have committed more meanwhile, another round moves that too.
async fn pass_on(tx: &mut TenantTx, from: &str, into: &str) -> Result<Moved, DbError> {
    let mut sum = Moved::default();
    for _ in 0..MAX_ROUNDS {
        let moved = db::customers::pass_on(tx, from, into).await?;
        sum.redemptions += moved.redemptions;
        sum.activities += moved.activities;
        sum.issuances += moved.issuances;
        sum.codes += moved.codes;
        if !db::customers::remains(tx, from).await? {
            return Ok(sum);
        }
    }
    Err(DbError::Raced)
}

/// The audit row does not name customers: a customer can be deleted, but the audit trail cannot.
async fn audit_move(
    tx: &mut TenantTx,
    actor: Actor,
    action: &str,
    moved: Moved,
) -> Result<(), ServiceError> {
    let mut writer = Writer::with_capacity(96);
    writer.object(|writer| {
        writer.key("redemptions").integer(moved.redemptions);
        writer.key("activities").integer(moved.activities);
        writer.key("issuances").integer(moved.issuances);
        writer.key("codes").integer(moved.codes);
    });
    let after = Some(writer.finish());
    audit(tx, actor, "customer".to_owned(), action, None, after).await
}
