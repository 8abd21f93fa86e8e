//! Backtests: what past redemptions would have come to under changed rules (spec 15.3).

use axum::body::Bytes;

use super::{handler::*, schema};
use crate::db;
use crate::db::backtests::{BacktestCursor, BacktestRow};
use crate::domain::backtest::{BacktestOrder, BacktestState};
use crate::domain::id::BacktestId;
use crate::wire;
use crate::wire::backtests::ComparisonBody;
use crate::wire::body::*;
use crate::wire::faults::ListReference;

/// Ask what past redemptions would have come to under today's rules, and under these with changes
///
/// It runs in the background, one at a time for a tenant; reading it tells how far it has come. Each recorded request is
/// priced as at its time, and limits count from nothing. 100 backtests are kept, the oldest go first.
#[utoipa::path(post, path = "/v1/backtests", operation_id = "create_backtest", tag = "backtests",
    security(("key" = ["admin"])), request_body = schema::BacktestInput,
    responses((status = 202, description = "The backtest, which waits for its turn.", body = schema::Backtest), Writing))]
pub async fn create(api: Api, admin: Caller<Admin>, body: Small) -> Answered {
    let body = body.json()?;
    let (order, lists, input) = api.read(admin.tenant(), body, read).await?;
    let created = api.service().create_backtest(admin.actor(), order, lists, input);
    let row = api.within(Deadline::Write, created).await?;
    Ok(json(StatusCode::ACCEPTED, BacktestBody::document(&row)))
}

/// What a body asks for, the product lists that it names, and the body itself.
fn read(body: &Bytes) -> Result<(BacktestOrder, Vec<ListReference>, String), ApiError> {
    let (order, lists) = decode(body, |value, faults| {
        let order = wire::backtests::parse(value, faults)?;
        Some((order, faults.take_lists()))
    })?;
    Ok((order, lists, String::from_utf8_lossy(body).into_owned()))
}

/// List backtests without their results, newest first
#[utoipa::path(get, path = "/v1/backtests", operation_id = "list_backtests", tag = "backtests",
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses((status = 200, description = "A page of backtests.", body = schema::BacktestPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<BacktestCursor>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::backtests::list(tx, wanted.after, wanted.limit).await })
    });
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, ListedBacktest::print))
}

/// Read a backtest: how far it has come, and its result when it is done
#[utoipa::path(get, path = "/v1/backtests/{id}", operation_id = "read_backtest", tag = "backtests",
    security(("key" = ["admin", "viewer"])), params(("id" = String, Path, format = "uuid", description = "The backtest.")),
    responses((status = 200, description = "The backtest.", body = schema::Backtest), Reading))]
pub async fn get(
    api: Api,
    reader: Caller<Reader>,
    PathId(id): PathId<BacktestId>,
    _: NoQuery,
) -> Answered {
    let row = api.within(Deadline::Read, api.service().backtest(reader.tenant(), id)).await?;
    ok(BacktestBody::document(&row))
}

/// Cancel a backtest that has not ended, or delete one that has
#[utoipa::path(delete, path = "/v1/backtests/{id}", operation_id = "delete_backtest", tag = "backtests",
    security(("key" = ["admin"])), params(("id" = String, Path, format = "uuid", description = "The backtest.")),
    responses((status = 204, description = "Cancelled or deleted."), Writing))]
pub async fn delete(
    api: Api,
    admin: Caller<Admin>,
    PathId(id): PathId<BacktestId>,
    _: NoQuery,
) -> Answered {
    api.within(Deadline::Write, api.service().delete_backtest(admin.actor(), id)).await?;
    done()
}

answer! {
    /// A backtest in a list: everything but its result.
    pub struct ListedBacktest "" as BacktestRow |own| {
        /// Its id.
        id: required(ID) => own.backtest_id,
        /// The name that it was given.
        name: required(WORDS) => own.name,
        /// How far it has come.
        state: required(choice::<BacktestState>()) => own.state,
        progress: required(part::<ProgressBody>()) => (own.done, own.total),
        /// When it was asked for.
        created_at: required(INSTANT) => own.created_at,
        /// When it ended.
        finished_at: optional(INSTANT) => own.finished_at,
        /// Why it failed; absent unless it has.
        failure: absent(WORDS) => own.failure,
    }
}

answer! {
    /// A backtest.
    pub struct BacktestBody "Backtest" as BacktestRow |own| {
        told: all_of::<ListedBacktest>() => own,
        /// What the redemptions would have come to, when it is done; else null.
        result: optional(raw(part::<ComparisonBody>())) => own.result,
    }
}

answer! {
    /// How many redemptions are priced. While it waits, and while they are counted, both are 0.
    struct ProgressBody "BacktestProgress" as (i64, i64) |(done, total)| {
        /// How many are priced so far.
        done: required(SIZE) => *done,
        /// How many there are to be priced.
        total: required(SIZE) => *total,
    }
}
