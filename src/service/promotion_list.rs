//! The list of promotions: searched, sorted and counted (spec 3).

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::promotions::Stored;
use super::{Service, ServiceError, settings};
use crate::db::promotion_list::{PromotionCursor, PromotionFilter};
use crate::db::{self, Page, TenantTx};
use crate::domain::id::TenantId;
use crate::domain::limit::LimitSubject;
use crate::domain::promotion::PromotionOrder;
use crate::domain::window;
use crate::stored;
use crate::wire::faults::FaultCode;

/// What is asked of the list.
#[derive(Debug)]
pub struct Search {
    pub filter: PromotionFilter,
    /// Only the promotion that has this code.
    pub code: Option<String>,
    /// Only promotions whose scope lets the store with this code in.
    pub store: Option<String>,
    /// Only promotions of which a limit that all customers share is used up now, or only the others.
    pub exhausted: Option<bool>,
    pub order: PromotionOrder,
    /// Whether all that match are counted.
    pub counts: bool,
}

/// A promotion and its place in the list.
pub type Listed = (Stored, PromotionCursor);

impl Service {
    /// A page of promotions, and how many there are in all if that is asked.
    pub async fn promotions(
        &self,
        tenant: TenantId,
        search: Search,
        after: Option<PromotionCursor>,
        limit: u16,
    ) -> Result<(Page<Listed, PromotionCursor>, Option<i64>), ServiceError> {
        let (now, offset) = (self.clock().now(), self.clock().offset());
        let read = self.db().snapshot(tenant, move |tx| {
            Box::pin(async move {
                let (order, counts) = (search.order, search.counts);
                let filter = resolve(tx, search, offset).await?;
                let after = after.as_ref();
                let found = db::promotion_list::list(tx, &filter, order, now, after, limit).await?;
                let total = if counts {
                    Some(db::promotion_list::count(tx, &filter, now).await?)
                } else {
                    None
                };
                let (rows, places): (Vec<_>, Vec<_>) =
                    found.items.into_iter().map(|own| (own.row, own.place)).unzip();
                let items = Stored::of(tx, offset, &rows).await?.into_iter().zip(places);
                let items = items.collect();
                Ok((Page { items, next: found.next, place: |(_, place)| place.clone() }, total))
            })
        });
        read.await
    }
}

/// Looks up what the search names: a store, a code, limits that are used up.
async fn resolve(
    tx: &mut TenantTx,
    search: Search,
    offset: TimeDelta,
) -> Result<PromotionFilter, ServiceError> {
    let mut filter = search.filter;
    if let Some(code) = search.store {
        let Some(store) = db::stores::get(tx, &code).await? else {
            let message = "there is no such store";
            return Err(ServiceError::fault("/store", FaultCode::UnknownReference, message));
        };
        filter.store = Some(store);
    }
    if let Some(code) = search.code {
        let found = db::codes::find(tx, &[code]).await?;
        filter.among = Some(found.iter().map(|code| code.promotion_id).collect());
    }
    if let Some(exhausted) = search.exhausted {
        let gone = exhausted_now(tx, offset).await?;
        match (exhausted, &mut filter.among) {
            (false, _) => filter.without = Some(gone),
            (true, Some(among)) => among.retain(|id| gone.contains(id)),
            (true, none) => *none = Some(gone),
        }
    }
    Ok(filter)
}

/// The promotions of which a limit that all customers share is used up in its present window. Windows follow the
/// database's clock, as in redemptions; `offset` moves it, for tests.
async fn exhausted_now(tx: &mut TenantTx, offset: TimeDelta) -> Result<Vec<Uuid>, ServiceError> {
    let used_up = db::promotion_list::used_up(tx).await?;
    if used_up.is_empty() {
        return Ok(Vec::new());
    }
    let zone = settings::read(tx).await?.0.timezone;
    let now: DateTime<Utc> = db::redemptions::now(tx).await?;
    let now = now.checked_add_signed(offset).unwrap_or(now);
    let mut gone = Vec::new();
    for own in used_up {
        let limits = stored::limits(own.promotion_id, &own.limits)?;
        let limit = limits.counted().find(|limit| {
            limit.name.subject == LimitSubject::Promotion && limit.name.measure == own.measure
        });
        let present = limit.map(|limit| {
            window::number(limit.refresh, own.starts_at, zone, now.max(own.starts_at))
        });
        if present == Some(own.window_no) {
            gone.push(own.promotion_id);
        }
    }
    gone.sort_unstable();
    gone.dedup();
    Ok(gone)
}
