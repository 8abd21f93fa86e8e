//! Backtests: those that wait, the one that an instance works on, and the results (spec 15.3).
//!
//! An instance holds a lease on the row, by the database's clock. Every statement of a worker asks for its own lease, so
//! whoever has lost it changes nothing.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::one_more;
use super::{OperatorTx, Page, Result, TenantTx};
use crate::convert::millis;
use crate::domain::backtest::BacktestState;
use crate::domain::id::{BacktestId, TenantId};

#[derive(Clone, Debug)]
pub struct BacktestRow {
    pub backtest_id: Uuid,
    pub name: String,
    pub state: BacktestState,
    pub done: i64,
    pub total: i64,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed.
    pub failure: Option<String>,
    /// JSON text, when done. Lists leave it out.
    pub result: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacktestCursor {
    pub created_at: DateTime<Utc>,
    pub backtest_id: Uuid,
}

/// A backtest that an instance has begun.
#[derive(Clone, Debug)]
pub struct BegunRow {
    pub backtest_id: Uuid,
    /// The body that asked for it.
    pub input: String,
    /// How often it was begun, this time included.
    pub attempts: i32,
}

/// Whose lease a worker's statement asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub backtest: BacktestId,
    pub worker: Uuid,
}

/// How a backtest ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With this result, which is JSON text.
    Done(String),
    /// For this reason.
    Failed(String),
}

pub async fn insert(
    tx: &mut TenantTx,
    backtest: BacktestId,
    name: &str,
    input: &str,
    now: DateTime<Utc>,
) -> Result<BacktestRow> {
    tx.one(sqlx::query_as!(
        BacktestRow,
        r#"insert into backtest (tenant_id, backtest_id, name, input, created_at) values ($1, $2, $3, $4, $5)
           returning backtest_id, name, state as "state: _", done, total, created_at, finished_at, failure, result"#,
        tx.id(),
        backtest.uuid(),
        name,
        input,
        now,
    ))
    .await
}

/// Deletes the oldest ones, so that no more than `most` remain.
pub async fn keep(tx: &mut TenantTx, most: i64) -> Result<()> {
    tx.run(sqlx::query!(
        "delete from backtest
          where tenant_id = $1 and backtest_id in (
                select backtest_id from backtest where tenant_id = $1
                 order by created_at desc, backtest_id desc
                offset $2)",
        tx.id(),
        most,
    ))
    .await
}

pub async fn get(tx: &mut TenantTx, backtest: BacktestId) -> Result<Option<BacktestRow>> {
    tx.optional(sqlx::query_as!(
        BacktestRow,
        r#"select backtest_id, name, state as "state: _", done, total, created_at, finished_at, failure, result
             from backtest where tenant_id = $1 and backtest_id = $2"#,
        tx.id(),
        backtest.uuid(),
    ))
    .await
}

/// Lists backtests without their results, newest first, after the place `after`.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<BacktestCursor>,
    limit: u16,
) -> Result<Page<BacktestRow, BacktestCursor>> {
    let query = sqlx::query_as!(
        BacktestRow,
        r#"select backtest_id, name, state as "state: _", done, total, created_at, finished_at, failure,
                  null::text as result
             from backtest
            where tenant_id = $1 and ($2::timestamptz is null or (created_at, backtest_id) < ($2, $3))
            order by created_at desc, backtest_id desc
            limit $4"#,
        tx.id(),
        after.map(|after| after.created_at),
        after.map(|after| after.backtest_id),
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| BacktestCursor {
        created_at: row.created_at,
        backtest_id: row.backtest_id,
    }))
}

/// Cancels one that has not ended. Returns whether there was one.
pub async fn cancel(tx: &mut TenantTx, backtest: BacktestId, now: DateTime<Utc>) -> Result<bool> {
    let cancelled = tx.optional_value(sqlx::query_scalar!(
        "update backtest set state = 'cancelled', finished_at = $3, worker = null, leased_until = null
          where tenant_id = $1 and backtest_id = $2 and state in ('queued', 'running')
         returning backtest_id",
        tx.id(),
        backtest.uuid(),
        now,
    ));
    Ok(cancelled.await?.is_some())
}

/// Deletes one that has ended. Returns whether there was one.
pub async fn delete(tx: &mut TenantTx, backtest: BacktestId) -> Result<bool> {
    let deleted = tx.optional_value(sqlx::query_scalar!(
        "delete from backtest
          where tenant_id = $1 and backtest_id = $2 and state in ('done', 'failed', 'cancelled')
         returning backtest_id",
        tx.id(),
        backtest.uuid(),
    ));
    Ok(deleted.await?.is_some())
}

/// Tenants with a backtest that nobody works on.
pub async fn waiting_tenants(tx: &mut OperatorTx) -> Result<Vec<TenantId>> {
    let query = sqlx::query_scalar!(
        "select distinct own.tenant_id from backtest as own
          where own.state in ('queued', 'running')
            and not exists (
                select from backtest as busy
                 where busy.tenant_id = own.tenant_id and busy.state = 'running'
                   and busy.leased_until > clock_timestamp())",
    );
    let rows = tx.own().await?.values(query).await?;
    Ok(rows.into_iter().map(TenantId::new).collect())
}

/// Begins the tenant's next backtest: the one whose lease has run out, else the one that waits longest, unless one is
/// worked on.
pub async fn begin(tx: &mut TenantTx, worker: Uuid, lease: Duration) -> Result<Option<BegunRow>> {
    tx.optional(sqlx::query_as!(
        BegunRow,
        "update backtest as own
            set state = 'running', worker = $2, done = 0, total = 0, attempts = own.attempts + 1,
                leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
          where own.tenant_id = $1
            and own.backtest_id = (
                select backtest_id from backtest
                 where tenant_id = $1 and state in ('queued', 'running')
                 order by state desc, created_at, backtest_id
                 limit 1)
            and (own.state = 'queued' or own.state = 'running' and own.leased_until <= clock_timestamp())
         returning own.backtest_id, own.input, own.attempts",
        tx.id(),
        worker,
        to_millis(lease),
    ))
    .await
}

/// Renews a lease and notes the progress. Returns whether the lease was still the worker's.
pub async fn renew(
    tx: &mut TenantTx,
    own: Lease,
    done: i64,
    total: i64,
    lease: Duration,
) -> Result<bool> {
    let renewed = tx.optional_value(sqlx::query_scalar!(
        "update backtest
            set done = $4, total = $5, leased_until = clock_timestamp() + $6::bigint * interval '1 millisecond'
          where tenant_id = $1 and backtest_id = $2 and worker = $3
         returning backtest_id",
        tx.id(),
        own.backtest.uuid(),
        own.worker,
        done,
        total,
        to_millis(lease),
    ));
    Ok(renewed.await?.is_some())
}

/// Ends a backtest. Returns whether the lease was still the worker's.
pub async fn end(
    tx: &mut TenantTx,
    own: Lease,
    total: i64,
    end: &End,
    now: DateTime<Utc>,
) -> Result<bool> {
    let (state, result, failure) = match end {
        End::Done(result) => (BacktestState::Done, Some(result), None),
        End::Failed(failure) => (BacktestState::Failed, None, Some(failure)),
    };
    let ended = tx.optional_value(sqlx::query_scalar!(
        "update backtest
            set state = $4, result = $5, failure = $6, finished_at = $7, total = $8, worker = null, leased_until = null,
                done = case when $5::text is null then done else $8 end
          where tenant_id = $1 and backtest_id = $2 and worker = $3
         returning backtest_id",
        tx.id(),
        own.backtest.uuid(),
        own.worker,
        state as _,
        result,
        failure,
        now,
        total,
    ));
    Ok(ended.await?.is_some())
}

fn to_millis(lease: Duration) -> i64 {
    i64::try_from(millis(lease)).unwrap_or(i64::MAX)
}
