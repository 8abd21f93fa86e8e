//! A promotion: conditions, benefit, limits and stacking, within dates (spec 5).

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, FixedOffset, Utc};

use super::amount::Money;
use super::benefit::{Benefit, ShippingBenefit, ShippingKind, Steps};
use super::condition::Condition;
use super::currency::Currency;
use super::id::PromotionId;
use super::issuance::{Communication, Earning, Expiry};
use super::limit::Limits;
use super::schedule::Schedule;
pub use super::scope::Scope;

/// Most entries of one list of a scope (spec 14).
pub const MAX_SCOPE_ENTRIES: usize = 10_000;
/// Most tags of a promotion, and most tags that it does not combine with (spec 14).
pub const MAX_TAGS: usize = 10;
/// The sequence of a promotion that names none.
pub const DEFAULT_SEQUENCE: i32 = 100;

/// A promotion as a rule set holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    pub id: PromotionId,
    /// When it was created. The ranking breaks ties by this instant, then by the id.
    pub created_at: DateTime<Utc>,
    /// What an admin has set.
    pub status: Status,
    pub terms: Terms,
}

/// What an admin writes: a promotion without its identity and status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Unique in the tenant among promotions that are not archived.
    pub name: String,
    pub description: String,
    /// How it reaches a cart.
    pub kind: Kind,
    /// The campaign that it belongs to, for reports.
    pub campaign: Option<String>,
    /// A lower number goes first where the ranking contains `sequence`.
    pub sequence: i32,
    pub starts_at: DateTime<FixedOffset>,
    /// After `starts_at`. The promotion has ended at this instant.
    pub ends_at: DateTime<FixedOffset>,
    /// `None`: the tenant's.
    pub currency: Option<Currency>,
    /// `None`: at all times between its dates.
    pub schedule: Option<Schedule>,
    pub scope: Scope,
    pub audience: Audience,
    /// Whether the customer must claim it first.
    pub activation_required: bool,
    /// `None`: always true.
    pub conditions: Option<Condition>,
    pub benefit: Benefit,
    /// How the benefit's value grows with what is bought; `None`: it does not.
    pub steps: Option<Steps>,
    /// How often and how much it may give.
    pub limits: Limits,
    /// How it combines with others.
    pub stacking: Stacking,
    /// Whether shoppers are told which change of the cart would make it apply.
    pub suggest: bool,
    /// What the shopper is told where it applied.
    pub message: String,
    /// What the shopper is told where it is suggested.
    pub suggestion_message: String,
    /// Values of the settings' custom fields, by key.
    pub custom_fields: BTreeMap<String, CustomValue>,
}

impl Terms {
    /// Whether it applies only to customers who hold an issuance of it (spec 5, 11).
    pub fn needs_issuance(&self) -> bool {
        match self.kind {
            Kind::Pos | Kind::CodeLinked => false,
            Kind::Loyalty => self.limits.issue_per_customer.is_some(),
            Kind::LoyaltyEarning { .. } | Kind::Rewards { .. } => true,
        }
    }

    /// The messages for customers about its issuances.
    pub const fn communication(&self) -> Option<&Communication> {
        match &self.kind {
            Kind::LoyaltyEarning { communication, .. } | Kind::Rewards { communication, .. } => {
                communication.as_ref()
            }
            Kind::Pos | Kind::Loyalty | Kind::CodeLinked => None,
        }
    }

    /// The terms of a promotion that has ended. Only the arguments still matter; all other fields have defaults.
    pub fn bare(
        name: String,
        kind: Kind,
        limits: Limits,
        dates: Range<DateTime<FixedOffset>>,
    ) -> Self {
        Self {
            name,
            description: String::new(),
            kind,
            campaign: None,
            sequence: DEFAULT_SEQUENCE,
            starts_at: dates.start,
            ends_at: dates.end,
            currency: None,
            schedule: None,
            scope: Scope::default(),
            audience: Audience::default(),
            activation_required: false,
            conditions: None,
            benefit: Benefit::Shipping(ShippingBenefit {
                kind: ShippingKind::AmountOff(Money::ZERO),
                repeat: None,
            }),
            steps: None,
            limits,
            stacking: Stacking::default(),
            suggest: false,
            message: String::new(),
            suggestion_message: String::new(),
            custom_fields: BTreeMap::new(),
        }
    }

    /// Whether its evaluation depends on issuances: because it needs one, or because the customer must claim it.
    pub fn asks_for_issuance(&self) -> bool {
        self.activation_required || self.needs_issuance()
    }
}

/// How a promotion reaches a cart, with the terms that only this kind has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Pos,
    /// Automatic, for identified customers with a membership.
    Loyalty,
    /// With an issuance that the customer has earned.
    LoyaltyEarning {
        /// How it is earned. Boxed: it is the largest part of the rarest kind.
        earning: Box<Earning>,
        /// How long it can be used.
        expiry: Expiry,
        /// What the customer is told.
        communication: Option<Communication>,
    },
    /// With an issuance that the customer was given.
    Rewards {
        /// How long it can be used.
        expiry: Expiry,
        /// What the customer is told.
        communication: Option<Communication>,
    },
    /// When one of its codes is presented.
    CodeLinked,
}

/// The kinds without their terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PromotionType {
    Pos,
    Loyalty,
    LoyaltyEarning,
    Rewards,
    CodeLinked,
}

impl Kind {
    pub const fn promotion_type(&self) -> PromotionType {
        match self {
            Self::Pos => PromotionType::Pos,
            Self::Loyalty => PromotionType::Loyalty,
            Self::LoyaltyEarning { .. } => PromotionType::LoyaltyEarning,
            Self::Rewards { .. } => PromotionType::Rewards,
            Self::CodeLinked => PromotionType::CodeLinked,
        }
    }
}

/// Which customers a promotion is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    pub members: Members,
    /// Not empty: only customers in one of them.
    pub groups: Vec<String>,
}

/// Whom an audience admits, groups aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Members {
    #[default]
    All,
    /// Customers with an id.
    Identified,
    /// Customers with a membership. If there are tests, a membership must pass one of them.
    Loyalty(Vec<ProgramTest>),
}

impl Audience {
    /// Whether the promotion is for some customers only (spec 5.2).
    pub fn is_segmented(&self) -> bool {
        self.members != Members::All || !self.groups.is_empty()
    }
}

/// A membership that an audience asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramTest {
    pub program: String,
    /// One of these tiers; empty: any.
    pub tiers: Vec<String>,
    /// One of these supplementary programs; empty: any or none.
    pub supplementary: Vec<String>,
}

/// How a promotion combines with others (spec 7.5, 7.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stacking {
    pub exclusive: bool,
    /// Whether further promotions may apply after it.
    pub allow_further: bool,
    /// The stacking group, for `best_deal`.
    pub group: Option<String>,
    /// Names by which other promotions exclude this one.
    pub tags: Vec<String>,
    /// The promotion does not combine with promotions that have one of these tags.
    pub not_with: Vec<String>,
}

impl Default for Stacking {
    fn default() -> Self {
        let (tags, not_with) = (Vec::new(), Vec::new());
        Self { exclusive: false, allow_further: true, group: None, tags, not_with }
    }
}

/// A value of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomValue {
    /// Text, a date or an option, as sent.
    Text(String),
    Number(super::amount::Number),
    Boolean(bool),
}

/// What an admin has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Draft,
    /// In force between its dates.
    Active,
    Paused,
    Archived,
}

/// The result of a requested change of status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    Move,
    /// The promotion has this status already.
    Already,
    /// The promotion is archived: nothing can be changed.
    Archived,
    /// Spec 5 does not allow this change.
    Refused,
}

impl Status {
    /// draft → active; active ⇄ paused; any → archived (spec 5).
    pub const fn transition(self, to: Self) -> Transition {
        match (self, to) {
            (Self::Archived, Self::Archived)
            | (Self::Active, Self::Active)
            | (Self::Paused, Self::Paused)
            | (Self::Draft, Self::Draft) => Transition::Already,
            (Self::Archived, Self::Draft | Self::Active | Self::Paused) => Transition::Archived,
            (Self::Draft | Self::Paused, Self::Active)
            | (Self::Active, Self::Paused)
            | (Self::Draft | Self::Active | Self::Paused, Self::Archived) => Transition::Move,
            (Self::Draft, Self::Paused) | (Self::Active | Self::Paused, Self::Draft) => {
                Transition::Refused
            }
        }
    }

    /// The state that follows from the status and the dates.
    pub fn state(self, terms: &Terms, now: DateTime<Utc>) -> State {
        match self {
            Self::Archived => State::Archived,
            Self::Draft => State::Draft,
            Self::Paused => State::Paused,
            Self::Active if terms.ends_at <= now => State::Ended,
            Self::Active if now < terms.starts_at => State::Scheduled,
            Self::Active => State::Live,
        }
    }
}

/// The state that follows from the status and the dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Draft,
    /// Active, not yet started.
    Scheduled,
    /// Active, between its dates.
    Live,
    Paused,
    Ended,
    Archived,
}

/// The order of a list of promotions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromotionOrder {
    OldestFirst,
    NewestFirst,
    Name,
    NameDescending,
    StartsAt,
    StartsAtDescending,
    EndsAt,
    EndsAtDescending,
}
