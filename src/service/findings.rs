//! Findings: what is allowed in a promotion but probably not meant (spec 15.2).
//!
//! They are looked for with the rules in memory, on a blocking thread, since a tenant may have many stores and promotions.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rustc_hash::FxHashSet;

use super::vocabulary::known_names;
use super::{Service, ServiceError};
use crate::db::{self, DbError};
use crate::domain::finding::Finding;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::promotion::{Promotion, Terms};
use crate::domain::vocabulary::KnownNames;
use crate::engine::{About, RuleSet, findings};
use crate::stored;

impl Service {
    /// The findings of a stored promotion.
    pub async fn findings(
        &self,
        tenant: TenantId,
        promotion: PromotionId,
    ) -> Result<Vec<Finding>, ServiceError> {
        let rules = self.cache().rules(tenant).await?;
        let own = Arc::clone(&rules);
        let read = self.settle(tenant, move |tx| {
            Box::pin(async move {
                let row = db::promotions::get(tx, promotion).await?;
                let found = stored::promotion(&row.ok_or(ServiceError::NotFound)?)?;
                let known = known_names(tx, &own, found.id, &found.terms).await?;
                Ok((found, known))
            })
        });
        let (promotion, known) = read.await?;
        look_for(rules, promotion, known, self.clock().now()).await
    }
}

/// The findings of a promotion among these rules. The rules may have another version of it.
pub(super) async fn look_for(
    rules: Arc<RuleSet>,
    promotion: Promotion,
    known: KnownNames,
    now: DateTime<Utc>,
) -> Result<Vec<Finding>, ServiceError> {
    let look = move || {
        let settings = rules.settings();
        let zones = zones(&rules, &promotion.terms);
        let about = About { promotion: &promotion, settings, known: &known, zones: &zones, now };
        findings(&about, rules.promotions())
    };
    match tokio::task::spawn_blocking(look).await {
        Ok(found) => Ok(found),
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => Err(DbError::Stopping.into()),
        },
    }
}

/// The time zones of the stores, if the schedule depends on them.
fn zones(rules: &RuleSet, terms: &Terms) -> Vec<Tz> {
    let depends = terms.schedule.as_ref().is_some_and(|schedule| schedule.timezone.is_none());
    let stores = rules.stores().filter(|_| depends);
    let zones: FxHashSet<Tz> = stores.filter_map(|store| store.timezone).collect();
    zones.into_iter().collect()
}
