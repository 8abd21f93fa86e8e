//! What happens to promotions, issuances and redemptions, for others to follow (spec 12).

use uuid::Uuid;

use super::id::{IssuanceId, PromotionId, RedemptionId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// A promotion was made active, or active again.
    PromotionActivated,
    /// A promotion was paused.
    PromotionPaused,
    /// A promotion was archived.
    PromotionArchived,
    /// A promotion's end has come.
    PromotionEnded,
    /// A limit on the promotion as a whole was reached, holds included: once in a window.
    PromotionBudgetExhausted,
    /// A promotion was put into a customer's hands.
    IssuanceIssued,
    /// An issuance can be used from now on.
    IssuanceUnlocked,
    /// The customer has activated an issuance.
    IssuanceActivated,
    /// Nothing is left of an issuance.
    IssuanceUsedUp,
    /// An issuance expires soon.
    IssuanceExpiring,
    /// An issuance has expired.
    IssuanceExpired,
    /// An issuance was taken back.
    IssuanceRevoked,
    /// A redemption is final.
    RedemptionCommitted,
    /// A hold has ended: cancelled, expired or replaced.
    RedemptionCancelled,
    /// Goods of a redemption came back.
    RedemptionReturned,
}

/// What an event happened to. Events of one subject are delivered in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Promotion(PromotionId),
    Issuance(IssuanceId),
    Redemption(RedemptionId),
}

impl Subject {
    /// What kind of thing it is.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Promotion(_) => "promotion",
            Self::Issuance(_) => "issuance",
            Self::Redemption(_) => "redemption",
        }
    }

    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Promotion(id) => id.uuid(),
            Self::Issuance(id) => id.uuid(),
            Self::Redemption(id) => id.uuid(),
        }
    }
}
