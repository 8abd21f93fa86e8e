//! Delivers events to webhooks: each instance takes what is due, a webhook at a time, and no transaction is open while
//! a request runs. What was claimed by an instance that dies is tried by another one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};

use super::rounds;
use crate::db::DbError;
use crate::domain::id::{TenantId, WebhookId};
use crate::metrics::Attempt;
use crate::service::Service;
use send::Sender;

mod send;
mod sign;

/// How often webhooks with something to get are looked for.
const EVERY: Duration = Duration::from_millis(500);
/// Most webhooks that are served at the same time.
const MAX_LANES: usize = 64;
/// Most webhooks that one look finds.
const MAX_DUE: i64 = 256;
/// Most claims before a webhook makes room for others.
const MAX_CLAIMS: usize = 50;

/// Most connections to the database that deliveries use at the same time: the others are for those who wait for answers.
const MAX_CONNECTIONS: usize = 2;

/// A webhook of a tenant.
type Lane = (TenantId, WebhookId);

/// What lanes share. Clones share it.
#[derive(Clone)]
struct Courier {
    service: Service,
    sender: Sender,
    connections: Arc<Semaphore>,
}

/// Delivers again and again.
pub(super) async fn run(service: &Service) {
    let sender = match Sender::new(service.targets()) {
        Ok(sender) => sender,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be delivered");
            return;
        }
    };
    let courier = Courier {
        service: service.clone(),
        sender,
        connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
    };
    let mut rounds = rounds(EVERY);
    let mut tasks = JoinSet::new();
    let mut lanes: BTreeMap<Lane, Id> = BTreeMap::new();
    loop {
        tokio::select! {
            _ = rounds.tick() => {
                match service.due_webhooks(MAX_DUE).await {
                    Ok(due) => {
                        for lane in due {
                            if lanes.len() < MAX_LANES && !lanes.contains_key(&lane) {
                                lanes.insert(lane, tasks.spawn(courier.clone().serve(lane)).id());
                            }
                        }
                    }
                    Err(error) => tracing::warn!(%error, "deliveries cannot be looked for"),
                }
            }
            Some(done) = tasks.join_next_with_id() => {
                let id = match done {
                    Ok((id, ())) => id,
                    Err(error) => {
                        tracing::error!(%error, "a webhook's deliveries were broken off");
                        error.id()
                    }
                };
                lanes.retain(|_, own| *own != id);
            }
        }
    }
}

impl Courier {
    /// Delivers what a webhook has to get, until there is nothing or it has had its share.
    async fn serve(self, lane: Lane) {
        for _ in 0..MAX_CLAIMS {
            match self.deliver(lane).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let (tenant, webhook) = lane;
                    tracing::warn!(
                        %error,
                        tenant.id = %tenant,
                        webhook.id = %webhook,
                        "deliveries cannot be claimed or settled"
                    );
                    return;
                }
            }
        }
    }

    /// Claims, sends and settles once. False: there was nothing.
    async fn deliver(&self, (tenant, webhook): Lane) -> Result<bool, DbError> {
        let service = &self.service;
        let claim = service.claim_deliveries(tenant, webhook);
        let Some(load) = self.with_connection(claim).await? else {
            return Ok(false);
        };
        let target = &load.target;
        let sent = load.parcels.into_iter().map(async |parcel| {
            let now = service.clock().now().timestamp();
            let (id, payload) = (parcel.event_id, &parcel.payload);
            let outcome = self.sender.send(target, id, payload, now).await;
            (parcel, outcome)
        });
        let outcomes = join_all(sent).await;
        for (_, outcome) in &outcomes {
            service.metrics().webhook_attempts.inc(match outcome {
                Ok(()) => Attempt::Arrived,
                Err(_) => Attempt::Failed,
            });
        }
        let settle = service.settle_deliveries(tenant, webhook, outcomes);
        self.with_connection(settle).await?;
        Ok(true)
    }

    async fn with_connection<T>(&self, work: impl Future<Output = T>) -> T {
        // Nobody closes it, so that there is always a permit in the end.
        let _permit = self.connections.acquire().await;
        work.await
    }
}
