//! Delivers events to webhooks: each instance takes what is due, a webhook at a time, and no transaction is open while
//! a request runs. What was claimed by an instance that dies is tried by another one.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::{Id, JoinSet};

use super::rounds;
use crate::db::DbError;
use crate::domain::id::{TenantId, WebhookId};
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

/// A webhook of a tenant.
type Lane = (TenantId, WebhookId);

/// Delivers again and again.
pub(super) async fn run(service: &Service) {
    let sender = match Sender::new(service.targets()) {
        Ok(sender) => sender,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be delivered");
            return;
        }
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
                                let task = serve(service.clone(), sender.clone(), lane);
                                lanes.insert(lane, tasks.spawn(task).id());
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

/// Delivers what a webhook has to get, until there is nothing or it has had its share.
async fn serve(service: Service, sender: Sender, lane: Lane) {
    for _ in 0..MAX_CLAIMS {
        match deliver(&service, &sender, lane).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                let (tenant, webhook) = lane;
                tracing::warn!(%error, tenant.id = %tenant, webhook.id = %webhook, "deliveries cannot be claimed or settled");
                return;
            }
        }
    }
}

/// Claims, sends and settles once. False: there was nothing.
async fn deliver(service: &Service, sender: &Sender, lane: Lane) -> Result<bool, DbError> {
    let (tenant, webhook) = lane;
    let Some(load) = service.claim_deliveries(tenant, webhook).await? else {
        return Ok(false);
    };
    let target = &load.target;
    let sent = load.parcels.into_iter().map(async |parcel| {
        let now = service.clock().now().timestamp();
        let outcome = sender.send(target, &parcel, now).await;
        (parcel, outcome)
    });
    let outcomes = join_all(sent).await;
    service.settle_deliveries(tenant, webhook, outcomes).await?;
    Ok(true)
}
