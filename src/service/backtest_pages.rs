//! Reads recorded carts for a backtest, page by page, each page in short transactions (spec 15.3).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::drafts::unlock;
use super::evaluate::{code_facts, code_keys};
use super::{Service, ServiceError};
use crate::db;
use crate::db::codes::FoundCode;
use crate::db::past_carts::{PastIssuance, PastKey, PastRow};
use crate::domain::amount::Money;
use crate::domain::backtest::BacktestOrder;
use crate::domain::cart::{Explain, Request};
use crate::domain::id::{IssuanceId, PromotionId, TenantId};
use crate::engine::{Arms, IssuanceFact, PastCart, Stop};
use crate::wire;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;

/// Most redemptions that one statement goes through.
const KEYS: i64 = 2_000;
/// Most bytes of requests that one statement reads, besides one request.
const BYTES: usize = 2 * 1024 * 1024;
/// Most requests that one statement reads.
const ROWS: usize = 500;

/// The recorded carts of a period.
pub(super) struct Pages {
    service: Service,
    tenant: TenantId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// The codes of new drafts.
    drafts: Vec<(String, PromotionId)>,
    /// The last redemption that was gone through.
    after: Option<PastKey>,
    /// Whether there are no more keys.
    is_last: bool,
    /// Redemptions to be read.
    keys: std::vec::IntoIter<PastKey>,
    /// How many committed redemptions were gone through.
    seen: u64,
}

/// Some recorded carts, and what is known of them.
pub(super) struct Page {
    pub(super) rows: Vec<PastRow>,
    issuances: Vec<PastIssuance>,
    codes: Vec<FoundCode>,
}

impl Pages {
    pub(super) fn new(
        service: Service,
        tenant: TenantId,
        order: &BacktestOrder,
        drafts: Vec<(String, PromotionId)>,
    ) -> Self {
        Self {
            service,
            tenant,
            from: order.from,
            to: order.to,
            drafts,
            after: None,
            is_last: false,
            keys: Vec::new().into_iter(),
            seen: 0,
        }
    }

    /// Counts the redemptions.
    pub(super) async fn count(&self, stop: &Stop) -> Result<u64, ServiceError> {
        let (mut after, mut count) = (None, 0);
        while !stop.is_stopped() {
            let keys = self.keys_after(after).await?;
            count += to_u64(keys.iter().filter(|own| own.is_committed).count());
            match keys.last() {
                Some(last) => after = Some(*last),
                None => return Ok(count),
            }
        }
        Err(ServiceError::Stopped)
    }

    async fn keys_after(&self, after: Option<PastKey>) -> Result<Vec<PastKey>, ServiceError> {
        let (from, to) = (self.from, self.to);
        let read = self.service.db().tenant(self.tenant, move |tx| {
            Box::pin(async move { db::past_carts::keys(tx, from, to, after, KEYS).await })
        });
        Ok(read.await.map_err(|error: db::DbError| error)?)
    }

    /// The next carts, of which every k-th one is taken, beginning with the first; `None` after the last.
    pub(super) async fn next(&mut self, every: u64) -> Result<Option<Page>, ServiceError> {
        let mut wanted = self.wanted();
        while wanted.is_empty() && !self.is_last {
            let keys = self.keys_after(self.after).await?;
            self.is_last = keys.is_empty();
            self.after = keys.last().copied().or(self.after);
            let committed = keys.into_iter().filter(|own| own.is_committed);
            let taken = committed.filter(|_| {
                self.seen += 1;
                (self.seen - 1).is_multiple_of(every)
            });
            self.keys = taken.collect::<Vec<_>>().into_iter();
            wanted = self.wanted();
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let read = self.service.db().tenant(self.tenant, move |tx| {
            Box::pin(async move {
                let rows = db::past_carts::read(tx, &wanted).await?;
                Ok::<_, ServiceError>((rows, db::past_carts::issuances(tx, &wanted).await?))
            })
        });
        let (rows, issuances) = read.await?;
        let mut codes = Vec::new();
        for row in &rows {
            codes.extend(code_keys(&request_of(row)?));
        }
        codes.sort_unstable();
        codes.dedup();
        let codes = if codes.is_empty() {
            Vec::new()
        } else {
            let found = self.service.db().tenant(self.tenant, move |tx| {
                Box::pin(async move { db::codes::find(tx, &codes).await })
            });
            found.await.map_err(|error: db::DbError| error)?
        };
        Ok(Some(Page { rows, issuances, codes }))
    }

    /// As many of the next redemptions as one statement reads.
    fn wanted(&mut self) -> Vec<Uuid> {
        let mut bytes = 0;
        let own = self.keys.by_ref().take(ROWS);
        let mut wanted = Vec::new();
        for key in own {
            wanted.push(key.redemption_id);
            bytes += usize::try_from(key.bytes).unwrap_or(0);
            if bytes > BYTES {
                break;
            }
        }
        wanted
    }

    /// A recorded cart, with what is known of it now.
    pub(super) fn cart<'r>(
        &self,
        row: &'r PastRow,
        page: &Page,
    ) -> Result<PastCart<'r>, ServiceError> {
        let request = request_of(row)?;
        let baseline = code_facts(&request, &page.codes);
        let mut changed = baseline.clone();
        unlock(&self.drafts, &request, &mut changed);
        let own = page.issuances.iter().filter(|own| own.redemption_id == row.redemption_id);
        let issuances = own.map(|own| IssuanceFact {
            issuance_id: IssuanceId::new(own.issuance_id),
            promotion_id: PromotionId::new(own.promotion_id),
            unlocked_at: own.unlocked_at,
            is_activated: true,
            // It was usable then, whatever its end is now.
            use_until: own.use_until.filter(|end| *end > row.evaluated_at),
        });
        Ok(PastCart {
            transaction_id: row.transaction_id.clone(),
            evaluated_at: row.evaluated_at,
            discount: Money::from_scaled(row.discount),
            codes: Arms { baseline, changed },
            issuances: issuances.collect(),
            request,
        })
    }
}

/// The recorded request.
fn request_of(row: &PastRow) -> Result<Request<'_>, ServiceError> {
    let body = row.request.as_bytes();
    let read = wire::cart::read_plain(body).or_else(|| {
        let json = Json::parse(body).ok()?;
        let mut faults = Faults::new();
        let request = wire::cart::parse(Value::root(&json), &mut faults);
        request.filter(|_| faults.is_empty()).map(Request::into_owned)
    });
    let request = read.ok_or_else(|| ServiceError::unreadable("a recorded request"))?;
    Ok(Request { explain: Explain::None, ..request })
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
