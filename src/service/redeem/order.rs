//! An order on its way: its pace, and its verdict.

use chrono::{DateTime, Utc};

use crate::cache::Guess;
use crate::domain::id::RedemptionId;
use crate::domain::redemption::{Order, RedemptionState};
use crate::engine::STEPS_PER_MS;
use crate::service::ServiceError;
use crate::service::pool::{INLINE_STEPS, Size};

/// Most milliseconds of evaluations in one transaction. Others may wait for its locks meanwhile.
pub(super) const MAX_GROUP_MS: u64 = 400;

/// How long an order may be evaluated while its transaction holds locks. An order starts at the lightest pace that it
/// may have. If it needs more steps, it is submitted again at the next pace; until then it holds no locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
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
    pub(super) fn steps(self, search_ms: u64) -> u64 {
        match self {
            Self::Light => INLINE_STEPS,
            Self::Medium => MEDIUM_MS.saturating_add(search_ms).saturating_mul(STEPS_PER_MS),
            Self::Heavy => u64::MAX,
        }
    }

    /// How many milliseconds one order counts toward the bound of a transaction.
    pub(super) fn milliseconds(self, search_ms: u64) -> u64 {
        match self {
            Self::Light => 1,
            Self::Medium => MEDIUM_MS.saturating_add(search_ms),
            Self::Heavy => MAX_GROUP_MS,
        }
    }
}

/// An order, with its request in canonical form.
pub(super) struct Pending {
    pub(super) order: Order<'static>,
    /// The printed request, as it is recorded.
    pub(super) request: String,
    /// SHA-256 of the canonical body, by which bodies are compared.
    pub(super) hash: [u8; 32],
    /// The codes that will be looked up, if any.
    pub(super) guess: Option<Guess>,
    /// Most milliseconds that its search may take, by the rules when it arrived.
    pub(super) search_ms: u64,
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

impl Redeemed {
    /// Whether the order has just become final.
    pub(super) fn is_sale(&self) -> bool {
        self.is_new && self.state == RedemptionState::Committed
    }
}

/// The outcome of an order.
pub(super) type Verdict = Result<Redeemed, ServiceError>;

impl Pending {
    pub(super) fn size(&self) -> Size {
        Size::of(self.request.len())
    }
}
