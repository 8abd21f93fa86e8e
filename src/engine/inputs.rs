//! What is looked up for an evaluation.

use chrono::{DateTime, Utc};

use crate::domain::id::{CodeId, IssuanceId, PromotionId};

/// Whose a presented code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFact {
    /// The code itself: its counters are found by it.
    pub code_id: CodeId,
    /// The promotion that it unlocks.
    pub promotion_id: PromotionId,
    /// Excluded; `None`: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An issuance that the customer could use, as far as its limits and its end allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuanceFact {
    /// Which: its counters are found by it.
    pub issuance_id: IssuanceId,
    /// The promotion that it unlocks.
    pub promotion_id: PromotionId,
    pub unlocked_at: DateTime<Utc>,
    /// Whether the customer has claimed it.
    pub is_activated: bool,
    /// Its own end, excluded; the promotion's bounds it besides.
    pub use_until: Option<DateTime<Utc>>,
}
