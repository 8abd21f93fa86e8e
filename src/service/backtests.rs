//! Backtests are asked for, read, cancelled and deleted here. [`super::backtest_run`] works on them (spec 15.3).

use uuid::Uuid;

use super::change::audit;
use super::drafts::Trial;
use super::handle::now;
use super::{Actor, Service, ServiceError};
use crate::db;
use crate::db::backtests::BacktestRow;
use crate::domain::backtest::{BacktestOrder, MAX_KEPT};
use crate::domain::id::{BacktestId, TenantId};
use crate::wire::faults::ListReference;

impl Service {
    /// Records what is asked for. `input` is the body, from which an instance reads it again when it begins. Of the
    /// tenant's backtests the oldest ones go.
    pub async fn create_backtest(
        &self,
        actor: Actor,
        order: BacktestOrder,
        lists: Vec<ListReference>,
        input: String,
    ) -> Result<BacktestRow, ServiceError> {
        let at = self.clock().now();
        let rules = self.cache().rules_at(actor.tenant, at).await?;
        let trial = Trial { drafts: order.drafts, lists };
        self.changes(actor.tenant, &rules, trial, at).await?;
        let (clock, name) = (self.clock().clone(), order.name);
        let created = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                let id = BacktestId::new(Uuid::now_v7());
                let now = now(tx, &clock).await?;
                let row = db::backtests::insert(tx, id, &name, &input, now).await?;
                db::backtests::keep(tx, MAX_KEPT).await?;
                audit(tx, actor, subject(id), "created", None, Some(input)).await?;
                Ok(row)
            })
        });
        created.await
    }

    pub async fn backtest(
        &self,
        tenant: TenantId,
        id: BacktestId,
    ) -> Result<BacktestRow, ServiceError> {
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move { db::backtests::get(tx, id).await?.ok_or(ServiceError::NotFound) })
        });
        read.await
    }

    /// Cancels a backtest that has not ended, and deletes one that has.
    pub async fn delete_backtest(&self, actor: Actor, id: BacktestId) -> Result<(), ServiceError> {
        let clock = self.clock().clone();
        let done = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                let now = now(tx, &clock).await?;
                let action = if db::backtests::cancel(tx, id, now).await? {
                    "cancelled"
                } else if db::backtests::delete(tx, id).await? {
                    "deleted"
                } else {
                    return Err(ServiceError::NotFound);
                };
                audit(tx, actor, subject(id), action, None, None).await
            })
        });
        done.await
    }
}

/// What the audit trail calls a backtest.
fn subject(id: BacktestId) -> String {
    format!("backtest:{id}")
}
