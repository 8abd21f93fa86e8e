//! Redeeming: evaluates a cart, adds to every counter and records it, in one atomic step (spec 9).
//!
//! Redemptions that arrive together are committed together. `queue` gathers them, by tenant and by lane; `batch` is one
//! transaction of theirs; `keys` says what became of an order before; `decide` prices each in the order of arrival, on
//! counters that are locked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::evaluate::{Asked, INLINE_STEPS, Size, code_keys, require_store};
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

/// How long an order may be evaluated while its transaction holds locks. Orders begin as the lightest kind that they can
/// be, and come again as the next where that was not enough; what they held meanwhile is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// On the spot, many together.
    Light,
    /// On the pool, some together.
    Medium,
    /// On the pool, alone, after it was evaluated once without any lock.
    Heavy,
}

/// Most milliseconds of a medium order's evaluation, besides its search.
const MEDIUM_MS: u64 = 10;

impl Pace {
    fn steps(self, search_ms: u64) -> u64 {
        match self {
            Self::Light => INLINE_STEPS,
            Self::Medium => MEDIUM_MS.saturating_add(search_ms).saturating_mul(STEPS_PER_MS),
            Self::Heavy => u64::MAX,
        }
    }

    /// The milliseconds of one order that count where a transaction is filled.
    fn milliseconds(self, search_ms: u64) -> u64 {
        match self {
            Self::Light => 1,
            Self::Medium => MEDIUM_MS.saturating_add(search_ms),
            Self::Heavy => queue::MAX_GROUP_MS,
        }
    }
}

/// An order, and the words in which it was understood.
struct Pending {
    order: Order<'static>,
    /// The request, printed: what is recorded.
    request: String,
    /// SHA-256 of all of it: what bodies are compared by.
    hash: [u8; 32],
    /// The codes that will be looked up, if there are any.
    guess: Option<Guess>,
    /// Most milliseconds that its search takes, by the rules when it came.
    search_ms: u64,
}

/// What is answered to an order that was recorded, now or before.
#[derive(Clone, Debug)]
pub struct Redeemed {
    pub id: RedemptionId,
    pub transaction_id: String,
    pub state: RedemptionState,
    pub expires_at: Option<DateTime<Utc>>,
    /// What it came to, as it was printed first.
    pub result: String,
    /// Whether this order made it.
    pub is_new: bool,
}

/// What became of an order.
type Verdict = Result<Redeemed, ServiceError>;

impl Pending {
    fn size(&self) -> Size {
        Size::of(self.request.len())
    }
}

impl Service {
    /// Redeems an order, or answers as before when it was redeemed already.
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

    /// Has an order redeemed among those of its kind.
    async fn submit(
        &self,
        tenant: TenantId,
        rules: &Arc<RuleSet>,
        pending: &Arc<Pending>,
    ) -> Verdict {
        // A search is seldom light, and a large cart takes long to read.
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

    /// The lane of a light order, by the counters that it could meet.
    fn lane(&self, rules: &Arc<RuleSet>, pending: &Pending) -> Lane {
        if !rules.has_shared_limits() {
            return Lane::Own;
        }
        // The order counts as one without codes: promotions with codes have no counter that all customers share.
        let stop = Stop::within(INLINE_STEPS);
        let (rules, request) = (Arc::clone(rules), &*pending.order.request);
        let Ok(prepared) = Prepared::new(rules, request, &[], self.clock().now(), &stop) else {
            // It is not light, and comes again as a medium one.
            return Lane::Own;
        };
        let counters = prepared.needs().counters;
        let is_hot = counters.iter().any(|bound| bound.counter.owner == Owner::Everybody);
        if is_hot { Lane::Shared } else { Lane::Own }
    }

    /// Evaluates an order at its tenant's turn and without any lock, so that one that is too complex is refused before it
    /// holds up others, and a hang-up ends the work. The price counts for nothing.
    async fn rehearse(&self, tenant: TenantId, pending: &Pending) -> Result<(), ServiceError> {
        let request = &pending.order.request;
        let asked = match pending.size() {
            Size::Small => Asked::Small(request),
            Size::Large => Asked::Large(Arc::clone(request)),
        };
        let priced = self.price(tenant, asked, |_, _, _, _| ()).await;
        if let Err(ServiceError::TooComplex(_)) = priced {
            let address = Address::Transaction(pending.order.transaction_id.clone());
            // It may have been recorded by other rules: then the answer is that one.
            if self.redemption(tenant, address).await.is_ok() {
                return Ok(());
            }
        }
        priced
    }

    /// How many orders wait for their turn.
    pub fn redemptions_waiting(&self) -> usize {
        self.inner.queues.waiting()
    }
}
