//! Issuances: how a customer gets a promotion, and how long it can be used (spec 11).

use chrono::{DateTime, TimeDelta, Utc};

use super::condition::Condition;
use super::id::{IssuanceId, PromotionId};
use super::scope::Scope;

/// How a promotion of type `loyalty_earning` is earned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earning {
    pub trigger: Trigger,
    /// Where it can be earned.
    pub scope: Scope,
    /// Conditions on the activity's cart and customer.
    pub conditions: Option<Condition>,
    /// Whether the promotion must have been issued to the customer before it can be earned.
    pub requires_issue: bool,
    /// The number of days after the issue within which it must be earned.
    pub earn_within_days: Option<u32>,
}

/// What unlocks an issuance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Something that the customer does.
    Activity(ActivityType),
    /// A target of a milestone.
    Milestone {
        name: String,
        target: String,
    },
    Direct,
}

/// What a customer can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityType {
    Transaction,
    Registration,
    /// The customer added to its profile.
    ProfileUpdate,
}

/// How long an unlocked issuance can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// Until the promotion ends.
    #[default]
    WithPromotion,
    /// So many times 24 hours from unlocking, at most until the promotion ends.
    AfterDays(u32),
}

impl Expiry {
    /// When an issuance that is unlocked at this instant expires; `None`: when the promotion ends. The promotion's end
    /// bounds it in any case.
    pub fn from(self, unlocked_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::WithPromotion => None,
            Self::AfterDays(days) => {
                unlocked_at.checked_add_signed(TimeDelta::hours(24 * i64::from(days)))
            }
        }
    }
}

/// One promotion that one customer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub id: IssuanceId,
    pub promotion_id: PromotionId,
    pub customer_id: String,
    pub state: IssuanceState,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// When it became usable, or could be activated.
    pub unlocked_at: Option<DateTime<Utc>>,
    /// When the customer claimed it.
    pub activated_at: Option<DateTime<Utc>>,
    /// From this instant on it cannot be used. At the latest this is the end of the promotion.
    pub expires_at: DateTime<Utc>,
    /// How it came about.
    pub source: IssuanceSource,
    /// The caller's id of the source.
    pub source_id: Option<String>,
}

/// The state of an issuance (spec 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuanceState {
    /// The customer holds it, and has not earned it yet.
    Issued,
    /// It can be used, or activated where the promotion requires that.
    Unlocked,
    /// The customer has claimed it.
    Activated,
    /// One of its limits is used up, holds included.
    UsedUp,
    Expired,
    Revoked,
}

/// What a customer can do with a promotion now (spec 15.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfferStatus {
    Usable,
    /// The customer must activate it first.
    Claimable,
    /// Its schedule is closed, and opens before its end.
    Later,
}

/// How an issuance came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuanceSource {
    /// It was issued by the caller.
    Manual,
    /// An activity of the customer unlocked it.
    Activity,
    /// The customer reached a target of a milestone.
    Milestone,
    /// The customer claimed an open promotion.
    Activation,
}

/// What the customer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Communication {
    /// The messages that are sent when an issuance is unlocked.
    pub on_earning: Vec<Message>,
    pub expiry_reminder: Option<Reminder>,
}

/// A reminder before expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// How many times 24 hours before expiry it is sent.
    pub days_before: u32,
    pub messages: Vec<Message>,
}

/// One message. The reader of the events sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub channel: MessageChannel,
    pub template: String,
}

/// The ways to reach a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageChannel {
    Sms,
    Email,
    Push,
}
