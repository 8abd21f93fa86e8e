//! What makes a promotion a customer's own, and how long it stays so (spec 11).

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
    /// What must hold for the activity's cart and customer.
    pub conditions: Option<Condition>,
    /// Whether the customer must have been issued it before.
    pub requires_issue: bool,
    /// Within how many days of the issue it must be earned.
    pub earn_within_days: Option<u32>,
}

/// What an issuance is unlocked by.
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
    /// Told more of itself.
    ProfileUpdate,
}

/// How long an unlocked issuance can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As long as the promotion.
    #[default]
    WithPromotion,
    /// So many times 24 hours from unlocking, never longer than the promotion.
    AfterDays(u32),
}

impl Expiry {
    /// Until when an issuance that is unlocked at this instant can be used; `None`: as long as the promotion, whose end
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

/// One promotion in one customer's hands, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub id: IssuanceId,
    pub promotion_id: PromotionId,
    pub customer_id: String,
    pub state: IssuanceState,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// Since when it can be used, or activated.
    pub unlocked_at: Option<DateTime<Utc>>,
    /// When the customer claimed it.
    pub activated_at: Option<DateTime<Utc>>,
    /// From when on it cannot be used: at the latest the end of the promotion.
    pub expires_at: DateTime<Utc>,
    /// How it came about.
    pub source: IssuanceSource,
    /// The caller's id of that.
    pub source_id: Option<String>,
}

/// Where an issuance stands (spec 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuanceState {
    /// In the customer's hands, and not yet earned.
    Issued,
    /// It can be used, or activated where that is asked for.
    Unlocked,
    /// The customer has claimed it.
    Activated,
    /// One of its limits is used up, holds included.
    UsedUp,
    Expired,
    Revoked,
}

/// How an issuance came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IssuanceSource {
    /// It was issued by the caller.
    Manual,
    /// The customer did something.
    Activity,
    /// The customer reached a target.
    Milestone,
    /// The customer claimed an open promotion.
    Activation,
}

/// What the customer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Communication {
    /// When an issuance is unlocked.
    pub on_earning: Vec<Message>,
    pub expiry_reminder: Option<Reminder>,
}

/// A reminder before expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// How many times 24 hours before.
    pub days_before: u32,
    pub messages: Vec<Message>,
}

/// One message, sent by whoever reads the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub channel: MessageChannel,
    pub template: String,
}

/// Ways to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageChannel {
    Sms,
    Email,
    Push,
}
