//! Works on backtests: on as many at a time as a quarter of the cores allows, and of one tenant on one (spec 15.3).

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::rounds::rounds;
use crate::db::{self, DbError};
use crate::service::backtest_run::{Begun, Share};
use crate::service::{Service, ServiceError};

/// How often to look for backtests that nobody works on.
const EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(service: &Service) {
    let share = Share::of_this_machine();
    let mut rounds = rounds(EVERY);
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            _ = rounds.tick() => {}
            Some(ended) = running.next() => {
                if let Err(error) = ended {
                    let error: ServiceError = error;
                    tracing::warn!(%error, "a backtest cannot be ended");
                }
            }
        }
        match begin(service, share.threads.saturating_sub(running.len())).await {
            Ok(begun) => {
                running.extend(begun.into_iter().map(|own| service.run_backtest(own, share)))
            }
            Err(DbError::Stopping) => return,
            Err(error) => tracing::warn!(%error, "backtests cannot be read"),
        }
    }
}

/// Begins backtests of different tenants, at most `most`.
async fn begin(service: &Service, most: usize) -> Result<Vec<Begun>, DbError> {
    let mut begun = Vec::new();
    if most == 0 {
        return Ok(begun);
    }
    let waiting = service.db().operator(|tx| Box::pin(db::backtests::waiting_tenants(tx)));
    for tenant in waiting.await.map_err(|error: DbError| error)? {
        match service.begin_backtest(tenant).await {
            Ok(own) => begun.extend(own),
            // Another instance was faster, or the tenant's next look-up finds it.
            Err(error) => {
                tracing::debug!(%error, tenant.id = %tenant, "a backtest cannot be begun")
            }
        }
        if begun.len() >= most {
            break;
        }
    }
    Ok(begun)
}
