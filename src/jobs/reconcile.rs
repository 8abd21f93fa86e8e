//! Compares counters with the ledger, and tells operators when they differ: that never happens unless something is
//! wrong with the service or somebody has changed rows by hand. `promotion-engine reconcile` then names it all.

use std::time::Duration;

use super::rounds;
use crate::db::{self, DbError};
use crate::domain::id::TenantId;
use crate::metrics::Work;
use crate::service::Service;

/// How often every tenant is looked at.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// Compares again and again. Not at once: a service that starts has other things to do.
pub(super) async fn run(service: &Service) {
    let mut rounds = rounds(EVERY);
    rounds.tick().await;
    loop {
        rounds.tick().await;
        let work = match round(service).await {
            Ok(_) => Work::Done,
            Err(error) => {
                tracing::warn!(%error, "counters cannot be compared with the ledger");
                Work::Failed
            }
        };
        service.metrics().reconciliations.inc(work);
    }
}

/// Looks at every tenant, one after the other, and returns how many have a difference.
pub async fn round(service: &Service) -> Result<usize, DbError> {
    let (mut differing, mut unknown) = (0, 0);
    for tenant in db::reconcile::all_tenants(service.db()).await? {
        // One tenant with too large a ledger must not hide the others.
        match differs(service, tenant).await {
            Ok(differs) => differing += usize::from(differs),
            Err(DbError::Stopping) => return Err(DbError::Stopping),
            Err(error) => {
                unknown += 1;
                tracing::warn!(%error, tenant.id = %tenant, "counters cannot be compared with the ledger");
            }
        }
    }
    let metrics = service.metrics();
    let count = |tenants: usize| i64::try_from(tenants).unwrap_or(i64::MAX);
    metrics.tenants_with_differences.set(count(differing));
    metrics.tenants_not_compared.set(unknown);
    Ok(differing)
}

async fn differs(service: &Service, tenant: TenantId) -> Result<bool, DbError> {
    let compared = service.db().snapshot(tenant, |tx| {
        Box::pin(async move {
            tx.allow_bulk().await?;
            db::reconcile::differences(tx, 1).await
        })
    });
    let differences = compared.await.map_err(|error: DbError| error)?;
    // Without the owner, who may be a customer.
    if let Some(found) = differences.first() {
        tracing::error!(
            tenant.id = %tenant,
            promotion.id = %found.promotion_id,
            limit = format!("{}.{}", found.subject, found.measure),
            window = found.window_no,
            counted = found.counted,
            recorded = found.recorded,
            "a counter differs from the ledger: `promotion-engine reconcile` names all of them",
        );
    }
    Ok(!differences.is_empty())
}
