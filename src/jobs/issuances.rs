//! Writes events for issuances that have expired or will expire soon (spec 12).

use std::time::Duration;

use super::rounds::{again, rounds};
use crate::db::issuance_ends::Watch;
use crate::db::{self, DbError};
use crate::domain::id::{PromotionId, TenantId};
use crate::service::issuance_ends::{Looked, SETTLED};
use crate::service::{Service, ServiceError};

/// How often to look for them. Each has its event within a minute.
const EVERY: Duration = Duration::from_secs(5);
/// Most promotions that one look-up finds. If it finds this many, the next one follows at once.
const MAX_DUE: i64 = 500;
/// Most transactions for one promotion before the turn of the others.
const MAX_TURNS: usize = 10;

pub(super) async fn run(service: &Service) {
    again(rounds(EVERY), "issuances that end cannot be read", || round(service)).await;
}

/// Writes all events that are due now.
pub async fn round(service: &Service) -> Result<(), DbError> {
    watch_all(service, Watch::Expired).await?;
    watch_all(service, Watch::Expiring).await?;
    look_at_given_back(service).await
}

/// Goes through all promotions with due events, until none is left or a round makes no progress.
async fn watch_all(service: &Service, watch: Watch) -> Result<(), DbError> {
    loop {
        let offset = service.clock().offset().num_milliseconds();
        let due = service.db().operator(move |tx| {
            let settled = SETTLED.num_milliseconds();
            Box::pin(db::issuance_ends::due(tx, watch, offset, settled, MAX_DUE))
        });
        let due = due.await.map_err(|error: DbError| error)?;
        let mut is_more = i64::try_from(due.len()).is_ok_and(|count| count == MAX_DUE);
        let mut has_moved = false;
        for (tenant, promotion) in due {
            match turns(service, tenant, promotion, watch).await {
                Ok(Looked::Further) => (is_more, has_moved) = (true, true),
                Ok(Looked::Done) => has_moved = true,
                Ok(Looked::Elsewhere) => {}
                // A failure of one promotion must not delay the others.
                Err(error) => tracing::warn!(
                    %error,
                    tenant.id = %tenant,
                    promotion.id = %promotion,
                    "events of issuances that end cannot be written"
                ),
            }
        }
        if !is_more || !has_moved {
            return Ok(());
        }
    }
}

async fn turns(
    service: &Service,
    tenant: TenantId,
    promotion: PromotionId,
    watch: Watch,
) -> Result<Looked, ServiceError> {
    for _ in 0..MAX_TURNS {
        let looked = service.watch_issuances(tenant, promotion, watch).await?;
        if looked != Looked::Further {
            return Ok(looked);
        }
    }
    Ok(Looked::Further)
}

async fn look_at_given_back(service: &Service) -> Result<(), DbError> {
    let tenants = service.db().operator(|tx| Box::pin(db::issuance_ends::given_back_tenants(tx)));
    for tenant in tenants.await.map_err(|error: DbError| error)? {
        for _ in 0..MAX_TURNS {
            match service.look_at_given_back(tenant).await {
                Ok(Looked::Further) => {}
                Ok(Looked::Done | Looked::Elsewhere) => break,
                Err(error) => {
                    tracing::warn!(%error, tenant.id = %tenant, "issuances that got something back cannot be examined");
                    break;
                }
            }
        }
    }
    Ok(())
}
