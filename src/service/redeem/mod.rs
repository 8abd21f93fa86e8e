//! Redeeming a cart: it is priced, added to every counter and recorded, in one atomic step (spec 9).
//!
//! Redemptions that arrive together are committed together. `queue` gathers them by tenant and lane. `batch` commits a
//! group of them in one transaction. `keys` checks whether an order was redeemed before. `decide` prices each order, in
//! the order of arrival, on locked counters.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::evaluate::{Asked, INLINE_STEPS, Size, code_keys, require_store};
use super::redemptions::Found;
use super::{Service, ServiceError};
use crate::cache::Guess;
use crate::domain::counter::Owner;
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::redemption::{Address, Order, RedemptionState};
use crate::engine::{Prepared, RuleSet, STEPS_PER_MS, Stop};
use crate::metrics;
use crate::telemetry;
use crate::wire;

mod batch;
mod decide;
mod keys;
mod queue;

use queue::Lane;
pub use queue::Queues;

/// How long an order may be evaluated while its transaction holds locks. An order starts at the lightest pace that it
/// may have. If it needs more steps, it is submitted again at the next pace; until then it holds no locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Evaluated on the writer's own task, in groups of many.
    Light,
    /// Evaluated on the pool, in groups of a few.
    Medium,
    /// Evaluated on the pool, in a transaction of its own, after it was evaluated once without any lock.
    Heavy,
}

/// Most milliseconds of a medium order's evaluation, without its search.
const MEDIUM_MS: u64 = 10;

impl Pace {
    fn steps(self, search_ms: u64) -> u64 {
        match self {
            Self::Light => INLINE_STEPS,
            Self::Medium => MEDIUM_MS.saturating_add(search_ms).saturating_mul(STEPS_PER_MS),
            Self::Heavy => u64::MAX,
        }
    }

    /// How many milliseconds one order counts toward the bound of a transaction.
    fn milliseconds(self, search_ms: u64) -> u64 {
        match self {
            Self::Light => 1,
            Self::Medium => MEDIUM_MS.saturating_add(search_ms),
            Self::Heavy => queue::MAX_GROUP_MS,
        }
    }
}

/// An order, with its request in canonical form.
struct Pending {
    order: Order<'static>,
    /// The printed request, as it is recorded.
    request: String,
    /// SHA-256 of the canonical body, by which bodies are compared.
    hash: [u8; 32],
    /// The codes that will be looked up, if any.
    guess: Option<Guess>,
    /// Most milliseconds that its search may take, by the rules when it arrived.
    search_ms: u64,
}

/// The answer to an order that was recorded, now or before.
#[derive(Clone, Debug)]
pub struct Redeemed {
    pub id: RedemptionId,
    pub transaction_id: String,
    pub state: RedemptionState,
    pub expires_at: Option<DateTime<Utc>>,
    /// The printed result, the same at every repetition.
    pub result: String,
    /// Whether this order recorded it.
    pub is_new: bool,
}

/// The outcome of an order.
type Verdict = Result<Redeemed, ServiceError>;

impl Pending {
    fn size(&self) -> Size {
        Size::of(self.request.len())
    }
}

impl Service {
    /// Redeems an order, or repeats the answer if it was redeemed before.
    pub async fn redeem(
        &self,
        tenant: TenantId,
        order: Order<'static>,
    ) -> Result<Redeemed, ServiceError> {
        let now = self.clock().now();
        let rules = self.cache().rules_at(tenant, now).await?;
        telemetry::by_rules(rules.version());
        require_store(&rules, &order.request, "/request/store").map_err(ServiceError::Invalid)?;
        let request = wire::cart::print(&order.request, rules.settings().currency);
        let canonical = wire::redemption::canonical(&order, &request);
        let codes = code_keys(&order.request).len();
        let guess = match codes {
            0 => None,
            _ => Some(self.cache().guess(tenant, codes)?),
        };
        let pending = Arc::new(Pending {
            hash: Sha256::digest(canonical.as_bytes()).into(),
            order,
            request,
            guess,
            search_ms: rules.settings().search_ms(),
        });
        let verdict = self.submit(tenant, &rules, &pending).await;
        if matches!(verdict, Err(ServiceError::Panicked | ServiceError::Lost)) {
            self.metrics().panics.inc();
        }
        self.metrics().redemptions.inc(match &verdict {
            Ok(redeemed) if redeemed.is_new => metrics::Verdict::Recorded,
            Ok(_) => metrics::Verdict::Replayed,
            Err(
                ServiceError::Refused(_) | ServiceError::Invalid(_) | ServiceError::TooComplex(_),
            ) => metrics::Verdict::Refused,
            Err(_) => metrics::Verdict::Failed,
        });
        verdict
    }

    /// Submits an order at the lightest pace that it may have, then at the next ones if necessary.
    async fn submit(
        &self,
        tenant: TenantId,
        rules: &Arc<RuleSet>,
        pending: &Arc<Pending>,
    ) -> Verdict {
        // A search rarely fits into the light pace, and a large cart takes long to read.
        let mut pace = match (pending.search_ms, pending.size()) {
            (0, Size::Small) => Pace::Light,
            (_, Size::Small | Size::Large) => Pace::Medium,
        };
        loop {
            let lane = match pace {
                Pace::Light => self.lane(rules, pending),
                Pace::Medium | Pace::Heavy => Lane::Slow,
            };
            let submitted = self.inner.queues.submit(self, tenant, lane, pace, pending);
            let verdict = submitted.await;
            if !matches!(verdict, Err(ServiceError::Stopped)) {
                return verdict;
            }
            pace = match pace {
                Pace::Light => Pace::Medium,
                Pace::Medium => {
                    Box::pin(self.rehearse(tenant, pending)).await?;
                    Pace::Heavy
                }
                Pace::Heavy => return verdict,
            };
        }
    }

    /// The lane of a light order. It depends on the counters that the order could use.
    fn lane(&self, rules: &Arc<RuleSet>, pending: &Pending) -> Lane {
        if !rules.has_shared_limits() {
            return Lane::Own;
        }
        // Codes are left out, because promotions with codes have no counter that all customers share.
        let stop = Stop::within(INLINE_STEPS);
        let (rules, request) = (Arc::clone(rules), &*pending.order.request);
        let Ok(prepared) = Prepared::new(rules, request, &[], self.clock().now(), &stop) else {
            // It is not light, so it will be submitted again as a medium order.
            return Lane::Own;
        };
        let counters = prepared.needs().counters;
        let is_hot = counters.iter().any(|bound| bound.counter.owner == Owner::Everybody);
        if is_hot { Lane::Shared } else { Lane::Own }
    }

    /// Evaluates an order at its tenant's turn, without any lock, and drops the price. So an order that is too complex
    /// is refused before it holds up others, and a hang-up ends the work.
    async fn rehearse(&self, tenant: TenantId, pending: &Pending) -> Result<(), ServiceError> {
        let request = &pending.order.request;
        let asked = match pending.size() {
            Size::Small => Asked::Small(request),
            Size::Large => Asked::Large(Arc::clone(request)),
        };
        let priced = self.price(tenant, asked, |_, _, _, _| ()).await;
        if let Err(ServiceError::TooComplex(_)) = priced {
            let address = Address::Transaction(pending.order.transaction_id.clone());
            use RedemptionState::{Cancelled, Committed, Expired, Held, Replaced};
            return match self.redemption(tenant, address).await {
                // It was recorded under earlier rules. It continues at the heavy pace, and gets that answer.
                Ok(Found::Buried(_) | Found::Redemption(_, Held | Committed, _)) => Ok(()),
                // It would be evaluated anew, while its transaction holds locks.
                Ok(Found::Redemption(_, Cancelled | Expired | Replaced, _)) | Err(_) => priced,
            };
        }
        priced
    }

    /// How many orders wait for their turn.
    pub fn redemptions_waiting(&self) -> usize {
        self.inner.queues.waiting()
    }
}
