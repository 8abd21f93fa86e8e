//! What makes a promotion a customer's own, and how long it stays so (spec 11).

use super::condition::Condition;
use super::promotion::Scope;

/// How a promotion of type `loyalty_earning` is earned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earning {
    /// By what.
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
        /// The milestone's name.
        name: String,
        /// The target's name.
        target: String,
    },
    /// The issue itself.
    Direct,
}

/// What a customer can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityType {
    /// Bought something.
    Transaction,
    /// Signed up.
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

/// What the customer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Communication {
    /// When an issuance is unlocked.
    pub on_earning: Vec<Message>,
    /// Before it expires.
    pub expiry_reminder: Option<Reminder>,
}

/// A reminder before expiry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// How many times 24 hours before.
    pub days_before: u32,
    /// What is sent.
    pub messages: Vec<Message>,
}

/// One message, sent by whoever reads the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// By which way.
    pub channel: MessageChannel,
    /// The sender's template.
    pub template: String,
}

/// Ways to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageChannel {
    /// `sms`
    Sms,
    /// `email`
    Email,
    /// `push`
    Push,
}
