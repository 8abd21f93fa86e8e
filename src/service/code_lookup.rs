//! A code looked up by itself: whose it is, how often it was used, and what is left of its limits (spec 10).

use super::handle::now;
use super::{Service, ServiceError, settings};
use crate::db;
use crate::db::codes::ListedCode;
use crate::domain::counter::{CounterKey, Owner, Used};
use crate::domain::id::{CodeId, PromotionId, TenantId};
use crate::domain::limit::{CountedLimit, LimitSubject};
use crate::domain::promotion::{Promotion, State};
use crate::domain::window;
use crate::stored;

/// A code and its promotion.
#[derive(Debug)]
pub struct FoundCode {
    pub listed: ListedCode,
    pub promotion: Promotion,
    pub state: State,
    /// The limits that each code has for itself, and what is left of each for this one.
    pub left: Vec<(CountedLimit, Option<i64>)>,
    /// How many decimals printed amounts have at least.
    pub precision: u32,
}

impl Service {
    /// A code, in whatever case; `None` if no promotion has it.
    pub async fn code(
        &self,
        tenant: TenantId,
        code: String,
    ) -> Result<Option<FoundCode>, ServiceError> {
        let clock = self.clock().clone();
        let read = self.db().snapshot(tenant, move |tx| {
            Box::pin(async move {
                // A popular code may have a million redemptions to count.
                tx.allow_bulk().await?;
                let Some(found) = db::code_lookup::find(tx, &code).await? else { return Ok(None) };
                let id = PromotionId::new(found.promotion_id);
                let row = db::promotions::get(tx, id).await?.ok_or(ServiceError::NotFound)?;
                let promotion = stored::promotion(&row)?;
                let (settings, _) = settings::read(tx).await?;
                let now = now(tx, &clock).await?;
                let starts_at = promotion.terms.starts_at.to_utc();
                let limits = promotion.terms.limits.counted();
                let limits = limits.filter(|limit| limit.name.subject == LimitSubject::Code);
                let limits: Vec<CountedLimit> = limits.collect();
                let counter = |limit: &CountedLimit| CounterKey {
                    promotion_id: id,
                    owner: Owner::Code(CodeId::new(found.code_id)),
                    measure: limit.name.measure,
                    window: window::number(
                        limit.refresh,
                        starts_at,
                        settings.timezone,
                        now.max(starts_at),
                    ),
                };
                let used = db::counters::read(tx, limits.iter().map(counter).collect()).await?;
                let left = |(limit, used): (CountedLimit, Used)| {
                    (limit, Some(limit.maximum.saturating_sub(used.amount).max(0)))
                };
                Ok(Some(FoundCode {
                    state: promotion.status.state(&promotion.terms, now),
                    left: limits.into_iter().zip(used).map(left).collect(),
                    precision: settings.rounding.precision(),
                    listed: found.listed,
                    promotion,
                }))
            })
        });
        read.await
    }
}
