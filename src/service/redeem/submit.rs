//! An order is submitted at the lightest pace that it may have, and its verdict is waited for.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tracing::Instrument;

use super::order::{Pace, Pending, Redeemed, Verdict};
use super::queue::{Lane, Waiting};
use crate::domain::counter::Owner;
use crate::domain::id::TenantId;
use crate::domain::redemption::{Address, Order, RedemptionState};
use crate::engine::{Prepared, RuleSet, Stop};
use crate::metrics;
use crate::service::evaluate::{Asked, code_keys, require_store};
use crate::service::pool::{INLINE_STEPS, Size};
use crate::service::redemptions::Found;
use crate::service::{Service, ServiceError};
use crate::telemetry;
use crate::wire;

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
            let submitted = self.enqueue(tenant, lane, pace, pending);
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

    /// Waits for the order's turn and for its answer. If the caller stops waiting before the turn, the order is
    /// skipped.
    async fn enqueue(
        &self,
        tenant: TenantId,
        lane: Lane,
        pace: Pace,
        pending: &Arc<Pending>,
    ) -> Verdict {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { pending: Arc::clone(pending), pace, answer };
        if self.queues().enter(tenant, lane, waiting) {
            let writing = write(self.clone(), tenant, lane);
            tokio::spawn(writing.in_current_span());
        }
        // A writer that died may have committed the order before.
        answered.await.unwrap_or(Err(ServiceError::Lost))
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
        let priced = self.price(tenant, asked, None, |_, _, _, _| ()).await;
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
        self.queues().waiting()
    }
}

/// A writer commits groups until no order waits.
async fn write(service: Service, tenant: TenantId, lane: Lane) {
    while let Some(group) = service.queues().take(tenant, lane) {
        let service = service.clone();
        let commit = async move { service.commit_group(tenant, group).await };
        // The commit runs in a task of its own, so that the writer survives a panic. The callers of that group get
        // `Lost`.
        if let Err(error) = tokio::spawn(commit.in_current_span()).await {
            tracing::error!(%error, "a group of redemptions was not committed");
        }
    }
}
