//! What an evaluation is given besides the rules.

use chrono::{DateTime, Utc};

use crate::domain::cart::Request;
use crate::domain::counter::Used;
use crate::domain::id::{CodeId, IssuanceId, PromotionId};

/// Everything that an evaluation depends on besides the rules.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// The cart, the customer, the store. INVARIANT: the store, if named, is one of the rule set's.
    pub request: &'f Request<'f>,
    /// For each code of the cart whose it is; `None`: nobody's.
    pub codes: &'f [Option<CodeFact>],
    /// What the customer has in hand of the promotions that [`super::needs`] names, in any order: issuances that are unlocked
    /// and not revoked.
    pub issuances: &'f [IssuanceFact],
    /// What is gone of the counters that [`super::counters`] names; a counter that is missing is unused.
    pub used: &'f [Used],
    pub now: DateTime<Utc>,
}

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
