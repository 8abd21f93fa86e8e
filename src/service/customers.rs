//! What one customer could use, and how customers are merged and deleted (spec 3).

use std::sync::Arc;

use uuid::Uuid;

use super::change::audit;
use super::evaluate::{gone_of, issuance_fact};
use super::handle::now;
use super::issuances::read_all;
use super::{Actor, Service, ServiceError, events};
use crate::db::customers::Moved;
use crate::db::{self, DbError, TenantTx};
use crate::domain::event::Event;
use crate::domain::id::{IssuanceId, TenantId};
use crate::domain::issuance::Issuance;
use crate::engine::{self, Needs, RuleSet, Usable};
use crate::wire::faults::FaultCode;
use crate::wire::write::Writer;

/// Most rounds of moving a customer while other transactions still add to the customer.
const MAX_ROUNDS: u32 = 10;

/// What a customer could use now.
#[derive(Clone, Debug)]
pub struct UsableNow {
    /// The rule set that the promotions' indexes refer to.
    pub rules: Arc<RuleSet>,
    /// In the order of creation of the promotions, each with its issuance if the promotion needs one.
    pub usable: Vec<(Usable, Option<Issuance>)>,
}

impl Service {
    /// Every live promotion, and every issuance of one, that a customer could use now.
    pub async fn usable(
        &self,
        tenant: TenantId,
        customer: String,
    ) -> Result<UsableNow, ServiceError> {
        let now = self.clock().now();
        let rules = self.cache().rules_at(tenant, now).await?;
        let Needs { counters, issuances } = engine::usable_needs(&rules, &customer, now);
        let own_rules = Arc::clone(&rules);
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let wanted = counters.into_iter().map(|bound| bound.counter).collect();
                let promotions: Vec<Uuid> = issuances.iter().map(|id| id.uuid()).collect();
                let found =
                    db::usable_issuances::look_up(tx, wanted, &customer, &promotions, now).await?;
                let (mut used, issuances) = found;
                for (own, gone) in &issuances {
                    used.extend(gone_of(own, *gone));
                }
                let facts: Vec<_> = issuances.iter().map(|(own, _)| issuance_fact(own)).collect();
                let usable = engine::usable(&own_rules, &customer, &facts, &used, now);
                let ids = usable.iter().filter_map(|own| own.issuance);
                let ids: Vec<Uuid> = ids.map(IssuanceId::uuid).collect();
                let mut standing = read_all(tx, &ids, now).await?;
                let usable = usable.into_iter().map(|one| {
                    let place = standing.iter().position(|own| Some(own.id) == one.issuance);
                    let own = place.map(|place| standing.swap_remove(place));
                    (one, own)
                });
                Ok::<_, ServiceError>(usable.collect())
            })
        });
        let usable = read.await?;
        Ok(UsableNow { rules, usable })
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
        self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let nobody = Uuid::new_v4();
                let moved = pass_on(tx, &customer, &nobody.to_string()).await?;
                db::customers::forget(tx, nobody).await?;
                audit_move(tx, actor, "deleted", moved).await
            })
        })
        .await
    }
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
