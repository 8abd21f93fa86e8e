//! Facts that are looked up for an evaluation.

use chrono::{DateTime, Utc};

use crate::domain::id::{CodeId, IssuanceId, PromotionId};

/// The promotion of a presented code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFact {
    /// The code's id, by which its counters are found.
    pub code_id: CodeId,
    /// The promotion that it unlocks.
    pub promotion_id: PromotionId,
    /// The only customer for whom it unlocks anything; `None`: for anybody.
    pub customer_id: Option<String>,
    /// The code has expired at this instant; `None`: it never expires.
    pub expires_at: Option<DateTime<Utc>>,
}

impl CodeFact {
    /// A code of a draft that is not stored. Nothing of the limits of its codes is gone, so all of them may have one id.
    pub fn of_draft(promotion_id: PromotionId) -> Self {
        let code_id = CodeId::new(promotion_id.uuid());
        Self { code_id, promotion_id, customer_id: None, expires_at: None }
    }
}

/// An issuance that the customer could use, if its limits and its end allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuanceFact {
    /// The issuance's id, by which its counters are found.
    pub issuance_id: IssuanceId,
    /// The promotion that it unlocks.
    pub promotion_id: PromotionId,
    pub unlocked_at: DateTime<Utc>,
    /// Whether the customer has claimed it.
    pub is_activated: bool,
    /// Its own end, excluded. The promotion's end also bounds it.
    pub use_until: Option<DateTime<Utc>>,
}
