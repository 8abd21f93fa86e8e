//! Redeeming: evaluates a cart, adds to every counter and records it, in one atomic step (spec 9).
//!
//! Redemptions that arrive together are committed together. `queue` gathers them, by tenant and by lane; `batch` is one
//! transaction of theirs; `decide` prices each in the order of arrival, on counters that are locked.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::evaluate::{code_keys, require_store};
use super::{Refusal, Service, ServiceError};
use crate::cache::Guess;
use crate::db::DbError;
use crate::domain::counter::Owner;
use crate::domain::id::{RedemptionId, TenantId};
use crate::domain::redemption::{Order, RedemptionState};
use crate::engine::{self, Facts, RuleSet, Unfinished};
use crate::metrics::Verdict;
use crate::telemetry;
use crate::wire;
use crate::wire::faults::{Faults, too_complex};

mod batch;
mod decide;
mod queue;

use queue::Lane;
pub use queue::Queues;

/// An order, and the words in which it was understood.
#[derive(Debug)]
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
    /// The redemption.
    pub id: RedemptionId,
    /// The caller's id.
    pub transaction_id: String,
    /// Where it stands.
    pub state: RedemptionState,
    /// A hold's end.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it came to, as it was printed first.
    pub result: String,
    /// Whether this order made it.
    pub is_new: bool,
}

/// Why an order came to nothing. Cheap to copy, since a failed transaction fails all that were in it.
#[derive(Clone, Debug)]
enum Failure {
    Refused(Refusal),
    Invalid(Faults),
    Db(Arc<DbError>),
    Load(crate::cache::LoadError),
    /// The evaluation would take more steps than it may.
    TooComplex(Faults),
    /// The evaluation was asked to stop.
    Stopped,
    /// The evaluation panicked.
    Panicked,
    /// The writer died: nobody knows.
    Lost,
}

impl Failure {
    fn unfinished(rules: &RuleSet, why: &Unfinished) -> Self {
        match why {
            Unfinished::Stopped => Self::Stopped,
            Unfinished::TooComplex(costly) => Self::TooComplex(too_complex(rules, costly)),
        }
    }
}

impl From<Failure> for ServiceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Invalid(faults) => Self::Invalid(faults),
            Failure::Db(error) => Self::Shared(error),
            Failure::Load(error) => Self::Load(error),
            Failure::TooComplex(faults) => Self::TooComplex(faults),
            Failure::Stopped => Self::Stopped,
            Failure::Panicked => Self::Panicked,
            Failure::Lost => Self::Lost,
        }
    }
}

impl Service {
    /// Redeems an order, or answers as before when it was redeemed already.
    pub async fn redeem(
        &self,
        tenant: TenantId,
        order: Order<'_>,
    ) -> Result<Redeemed, ServiceError> {
        let rules = self.cache().rules(tenant).await?;
        telemetry::by_rules(rules.version());
        require_store(&rules, &order.request, "/request/store").map_err(ServiceError::Invalid)?;
        let facts = Facts {
            request: &order.request,
            codes: &[],
            issuances: &[],
            used: &[],
            now: self.clock().now(),
        };
        // Codes are not looked up for this: promotions with codes have no counter that all customers share.
        let is_hot = engine::needs(&rules, &facts)
            .counters
            .iter()
            .any(|bound| bound.counter.owner == Owner::Everybody);
        let lane = if is_hot { Lane::Shared } else { Lane::Own };
        let order = order.into_owned();
        let request = wire::redemption::request(&order, rules.settings().currency);
        let canonical = wire::redemption::canonical(&order, &request);
        let codes = code_keys(&order.request).len();
        let guess = match codes {
            0 => None,
            _ => Some(self.cache().guess(tenant, codes)?),
        };
        let pending = Pending {
            hash: Sha256::digest(canonical.as_bytes()).into(),
            order,
            request,
            guess,
            search_ms: rules.settings().search_ms(),
        };
        let answered = self.queues().submit(self, tenant, lane, pending).await;
        if matches!(answered, Err(Failure::Panicked | Failure::Lost)) {
            self.metrics().panics.inc();
        }
        self.metrics().redemptions.inc(match &answered {
            Ok(redeemed) if redeemed.is_new => Verdict::Recorded,
            Ok(_) => Verdict::Replayed,
            Err(Failure::Refused(_) | Failure::Invalid(_) | Failure::TooComplex(_)) => Verdict::Refused,
            Err(
                Failure::Db(_)
                | Failure::Load(_)
                | Failure::Stopped
                | Failure::Panicked
                | Failure::Lost,
            ) => Verdict::Failed,
        });
        answered.map_err(ServiceError::from)
    }

    /// How many orders wait for their turn.
    pub fn redemptions_waiting(&self) -> usize {
        self.queues().waiting()
    }
}
