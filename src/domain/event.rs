//! Events of promotions, issuances and redemptions, which other systems can follow (spec 12).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::amount::Money;
use super::counter::{Bound, CounterKey};
use super::id::{IssuanceId, PromotionId, RedemptionId};
use super::issuance::{Issuance, Message};
use super::promotion::Promotion;
use super::redemption::RedemptionState;

/// Something that happened, with everything that it tells.
#[derive(Clone, Debug)]
pub enum Event<'e> {
    /// A promotion at this version was made active, or active again.
    PromotionActivated(&'e Promotion, i64),
    PromotionPaused(&'e Promotion, i64),
    PromotionArchived(&'e Promotion, i64),
    PromotionEnded(&'e Promotion, i64),
    /// Nothing is left of a promotion's limit in a window.
    PromotionBudgetExhausted(&'e Bound),
    IssuanceIssued(&'e Issuance),
    /// An issuance can be used from now on. The messages are for its customer.
    IssuanceUnlocked(&'e Issuance, &'e [Message]),
    IssuanceActivated(&'e Issuance),
    /// A limit of an issuance is used up.
    IssuanceUsedUp(IssuanceId, &'e CounterKey),
    /// An issuance expires soon. The messages are for its customer.
    IssuanceExpiring(&'e Issuance, &'e [Message]),
    /// An issuance has expired. Whether it was ever unlocked says whether its customer has lost something usable.
    IssuanceExpired(&'e Issuance),
    IssuanceRevoked(&'e Issuance),
    RedemptionCommitted(Commit<'e>),
    /// A hold has ended in this state.
    RedemptionCancelled(Transaction<'e>, RedemptionState),
    /// Goods were returned. The text is the return's answer.
    RedemptionReturned(Transaction<'e>, &'e str),
}

/// A redemption, by its id and by its caller's.
#[derive(Clone, Copy, Debug)]
pub struct Transaction<'e> {
    pub redemption: RedemptionId,
    pub id: &'e str,
}

/// A redemption that is final.
#[derive(Clone, Debug)]
pub struct Commit<'e> {
    pub transaction: Transaction<'e>,
    pub evaluated_at: DateTime<Utc>,
    pub discount: Money,
    /// Decimals of the tenant's amounts.
    pub precision: u32,
    /// What each promotion gave, in the order of application.
    pub gifts: Vec<Gift<'e>>,
}

/// What an applied promotion gave.
#[derive(Clone, Copy, Debug)]
pub struct Gift<'e> {
    pub promotion: PromotionId,
    /// How often its benefit applied.
    pub times: i64,
    pub discount: Money,
    /// The digits of the points that it awarded.
    pub points: &'e str,
}

impl Event<'_> {
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::PromotionActivated(..) => EventType::PromotionActivated,
            Self::PromotionPaused(..) => EventType::PromotionPaused,
            Self::PromotionArchived(..) => EventType::PromotionArchived,
            Self::PromotionEnded(..) => EventType::PromotionEnded,
            Self::PromotionBudgetExhausted(_) => EventType::PromotionBudgetExhausted,
            Self::IssuanceIssued(_) => EventType::IssuanceIssued,
            Self::IssuanceUnlocked(..) => EventType::IssuanceUnlocked,
            Self::IssuanceActivated(_) => EventType::IssuanceActivated,
            Self::IssuanceUsedUp(..) => EventType::IssuanceUsedUp,
            Self::IssuanceExpiring(..) => EventType::IssuanceExpiring,
            Self::IssuanceExpired(_) => EventType::IssuanceExpired,
            Self::IssuanceRevoked(_) => EventType::IssuanceRevoked,
            Self::RedemptionCommitted(_) => EventType::RedemptionCommitted,
            Self::RedemptionCancelled(..) => EventType::RedemptionCancelled,
            Self::RedemptionReturned(..) => EventType::RedemptionReturned,
        }
    }

    pub const fn subject(&self) -> Subject {
        match self {
            Self::PromotionActivated(own, _)
            | Self::PromotionPaused(own, _)
            | Self::PromotionArchived(own, _)
            | Self::PromotionEnded(own, _) => Subject::Promotion(own.id),
            Self::PromotionBudgetExhausted(bound) => Subject::Promotion(bound.counter.promotion_id),
            Self::IssuanceIssued(own)
            | Self::IssuanceUnlocked(own, _)
            | Self::IssuanceActivated(own)
            | Self::IssuanceExpiring(own, _)
            | Self::IssuanceExpired(own)
            | Self::IssuanceRevoked(own) => Subject::Issuance(own.id),
            Self::IssuanceUsedUp(id, _) => Subject::Issuance(*id),
            Self::RedemptionCommitted(own) => Subject::Redemption(own.transaction.redemption),
            Self::RedemptionCancelled(own, _) | Self::RedemptionReturned(own, _) => {
                Subject::Redemption(own.redemption)
            }
        }
    }
}

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
