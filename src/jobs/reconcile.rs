//! Compares counters with the ledger, and reports differences to operators. A difference means that the service has a
//! fault, or that someone has changed rows by hand. `promotion-engine reconcile` then lists all differences.

use std::time::Duration;

use super::rounds::rounds;
use crate::db::{self, DbError};
use crate::domain::id::TenantId;
use crate::metrics::Work;
use crate::service::Service;

/// How often the counters of all tenants are compared.
const EVERY: Duration = Duration::from_secs(5 * 60);

/// Compares at regular intervals. The first round waits one period, because a starting service is busy with other work.
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

/// Compares tenant by tenant. Returns how many tenants have a difference.
pub async fn round(service: &Service) -> Result<usize, DbError> {
    let (mut differing, mut unknown) = (0, 0);
    for tenant in db::reconcile::all_tenants(service.db()).await? {
        // If the comparison fails for one tenant, for example because its ledger is too large, the others are still
        // compared.
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
    // The owner is not logged, because it may be a customer.
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
