//! Delivers events to webhooks. Each instance claims due deliveries of one webhook at a time, and tenants take turns.
//! No transaction is open while a request runs. If an instance dies, another one tries its claimed deliveries later.
//!
//! A receiver that never answers occupies a lane until the attempt times out; then its webhook rests. One tenant, and
//! all webhooks that failed the last time, can occupy only a part of the lanes, so that the others keep theirs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::rounds::rounds;
use crate::db::DbError;
use crate::metrics::Attempt;
use crate::service::Service;
use crate::service::webhooks::delivery::MAX_CLAIMED;
use lanes::{Lane, Lanes, MAX_LANES};
use send::Sender;

mod lanes;
mod send;
mod sign;

/// How often to look for webhooks with due deliveries.
const EVERY: Duration = Duration::from_millis(500);
/// Most webhooks that one round finds.
const MAX_DUE: i64 = 256;
/// Most claims of a webhook before its lane is free for others.
const MAX_CLAIMS: usize = 50;
/// How long a webhook is served before its lane is free for others.
const SHARE: Duration = Duration::from_secs(2);

/// Most connections to the database that deliveries use at the same time. The others are for requests.
const MAX_CONNECTIONS: usize = 2;

/// Most sockets that deliveries have open at the same time.
pub const MAX_SOCKETS: u64 = MAX_LANES as u64 * MAX_CLAIMED.unsigned_abs();

/// What all lanes share. Clones share it.
#[derive(Clone)]
struct Courier {
    service: Service,
    sender: Sender,
    connections: Arc<Semaphore>,
}

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
    let mut lanes = Lanes::default();
    loop {
        tokio::select! {
            _ = rounds.tick() => {
                match service.due_webhooks(MAX_DUE).await {
                    Ok(due) => {
                        for due in lanes.in_turns(due) {
                            if lanes.have_room_for(&due) {
                                let lane = (due.tenant, due.webhook);
                                let task = tasks.spawn(courier.clone().serve(lane)).id();
                                lanes.begin(&due, task);
                            }
                        }
                    }
                    Err(error) => tracing::warn!(%error, "due deliveries cannot be read"),
                }
            }
            Some(done) = tasks.join_next_with_id() => {
                let id = match done {
                    Ok((id, ())) => id,
                    Err(error) => {
                        tracing::error!(%error, "the task that delivers to a webhook has failed");
                        error.id()
                    }
                };
                lanes.end(id);
            }
        }
    }
}

impl Courier {
    /// Delivers to a webhook until nothing is due or its share is used up.
    async fn serve(self, lane: Lane) {
        let begun = Instant::now();
        for _ in 0..MAX_CLAIMS {
            if begun.elapsed() > SHARE {
                return;
            }
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

    /// Claims, sends and settles once. False if nothing was claimed.
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
        let settle = service.settle_deliveries(tenant, webhook, load.failures, outcomes);
        self.with_connection(settle).await?;
        Ok(true)
    }

    async fn with_connection<T>(&self, work: impl Future<Output = T>) -> T {
        // The semaphore is never closed, so `acquire` always returns a permit.
        let _permit = self.connections.acquire().await;
        work.await
    }
}
