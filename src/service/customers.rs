//! What there is for one customer (spec 3).

use std::sync::Arc;

use uuid::Uuid;

use super::counters::{names, used};
use super::evaluate::{gone_of, issuance_fact};
use super::issuances::read_all;
use super::{Service, ServiceError};
use crate::db;
use crate::domain::id::{IssuanceId, TenantId};
use crate::domain::issuance::Issuance;
use crate::engine::{self, Needs, Offer, RuleSet};

/// What a customer could use now.
#[derive(Clone, Debug)]
pub struct Offers {
    /// The rules that the offers' indexes are of.
    pub rules: Arc<RuleSet>,
    /// In order of creation of their promotions, each with its issuance, if it asks for one.
    pub offers: Vec<(Offer, Option<Issuance>)>,
}

impl Service {
    /// Every live promotion, and every issuance of one, that a customer could use now.
    pub async fn offers(&self, tenant: TenantId, customer: String) -> Result<Offers, ServiceError> {
        let rules = self.cache().rules(tenant).await?;
        let now = self.clock().now();
        let Needs {
            counters,
            issuances,
        } = engine::offer_needs(&rules, &customer, now);
        let own_rules = Arc::clone(&rules);
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let wanted = names(counters.iter().map(|bound| &bound.counter));
                let promotions: Vec<Uuid> = issuances.iter().map(|id| id.uuid()).collect();
                let found = db::in_hand::look_up(tx, &wanted, &customer, &promotions, now).await?;
                let (counts, in_hand) = found;
                let mut used = used(counters.into_iter().map(|bound| bound.counter), &counts);
                for (own, gone) in &in_hand {
                    used.extend(gone_of(own, *gone));
                }
                let facts: Vec<_> = in_hand.iter().map(|(own, _)| issuance_fact(own)).collect();
                let offers = engine::offers(&own_rules, &customer, &facts, &used, now);
                let ids = offers.iter().filter_map(|own| own.issuance);
                let ids: Vec<Uuid> = ids.map(IssuanceId::uuid).collect();
                let mut standing = read_all(tx, &ids, now).await?;
                let offers = offers.into_iter().map(|offer| {
                    let place = standing
                        .iter()
                        .position(|own| Some(own.id) == offer.issuance);
                    let own = place.map(|place| standing.swap_remove(place));
                    (offer, own)
                });
                Ok::<_, ServiceError>(offers.collect())
            })
        });
        let offers = read.await?;
        Ok(Offers { rules, offers })
    }
}
