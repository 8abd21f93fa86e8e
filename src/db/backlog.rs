//! How much work waits for the jobs, over all tenants: for metrics.

use super::{OperatorTx, Result};

/// Most rows that are counted of one table. A graph needs no more.
const MAX_COUNTED: i64 = 100_000;

#[derive(Clone, Debug)]
pub struct Backlog {
    pub holds: i64,
    /// Seconds since the end of the oldest lapsed hold that the job has not ended.
    pub holds_overdue: f64,
    /// Events without a number.
    pub events: i64,
    /// Deliveries that have neither arrived nor been given up.
    pub deliveries: i64,
    /// Seconds since the oldest due delivery could first be tried. The rest of its webhook does not count.
    pub deliveries_overdue: f64,
}

/// Counts the waiting work. `offset_ms` is the difference between the service's clock and the database's.
pub async fn count(tx: &mut OperatorTx, offset_ms: i64) -> Result<Backlog> {
    tx.own().await?.one(sqlx::query_as!(
        Backlog,
        r#"with clock as (select clock_timestamp() + $1::bigint * interval '1 millisecond' as now)
           select (select count(*) from (select from hold limit $2) as own) as "holds!",
                  coalesce((select extract(epoch from clock.now - min(expires_at))::float8 from hold
                             where expires_at <= clock.now), 0) as "holds_overdue!",
                  (select count(tenant_id) from (select tenant_id from outbox limit $2) as own) as "events!",
                  (select count(tenant_id)
                     from (select tenant_id from webhook_delivery where dead_at is null limit $2) as own)
                      as "deliveries!",
                  coalesce((select extract(epoch from clock.now - min(greatest(own.next_attempt_at, webhook.rests_until)))
                                       ::float8
                              from webhook_delivery as own
                              join webhook on webhook.tenant_id = own.tenant_id and webhook.webhook_id = own.webhook_id
                             where own.dead_at is null
                               and greatest(own.next_attempt_at, webhook.rests_until) <= clock.now), 0)
                      as "deliveries_overdue!"
             from clock"#,
        offset_ms,
        MAX_COUNTED,
    ))
    .await
}
