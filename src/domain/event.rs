//! Events of promotions, issuances and redemptions, which other systems can follow (spec 12).

use uuid::Uuid;

use super::id::{IssuanceId, PromotionId, RedemptionId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    /// A promotion was made active, or active again.
    PromotionActivated,
    PromotionPaused,
    PromotionArchived,
    /// A promotion has ended.
    PromotionEnded,
    /// A limit on the promotion as a whole was reached, holds included. It happens at most once in a window.
    PromotionBudgetExhausted,
    /// A promotion was issued to a customer.
    IssuanceIssued,
    /// An issuance can be used from now on.
    IssuanceUnlocked,
    /// The customer has activated an issuance.
    IssuanceActivated,
    /// A limit of an issuance is used up.
    IssuanceUsedUp,
    /// An issuance expires soon.
    IssuanceExpiring,
    IssuanceExpired,
    /// An issuance was taken back.
    IssuanceRevoked,
    /// A redemption was committed.
    RedemptionCommitted,
    /// A hold has ended: cancelled, expired or replaced.
    RedemptionCancelled,
    /// Goods of a redemption were returned.
    RedemptionReturned,
}

/// What an event is about. Events of one subject are delivered in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Promotion(PromotionId),
    Issuance(IssuanceId),
    Redemption(RedemptionId),
}

impl Subject {
    /// The kind of the subject.
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
