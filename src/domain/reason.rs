//! Why a promotion did not apply, with the facts that explain it (spec 8, 15.8).

use chrono::{DateTime, FixedOffset, Utc};

use super::amount::{Money, Number};
use super::currency::Currency;
use super::exact::Exact;
use super::limit::CountedLimit;
use super::promotion::Audience;
use super::selector::{NumberField, TextField};

/// Most values of a list of facts (spec 15.8).
pub const MAX_VALUES: usize = 10;

/// The index of a promotion in its rule set, in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromotionIndex(pub usize);

/// Why a promotion did not apply. The facts of a reason stand in it, so both always agree. Large ones are boxed: an
/// evaluation has a reason for each promotion that did not apply.
#[derive(Clone, Debug)]
pub enum Reason {
    Paused,
    NotStarted {
        starts_at: DateTime<FixedOffset>,
    },
    Ended {
        ended_at: DateTime<FixedOffset>,
    },
    /// Holds when the schedule opens next; `None`: never again.
    OutsideSchedule(Option<Opening>),
    /// Holds the promotion's currency.
    CurrencyMismatch(Currency),
    OutOfScope(Box<Outside>),
    /// Holds the audience, with the first values of each list.
    NotInAudience(Box<Audience>),
    CustomerRequired,
    CodeNotPresented,
    NotIssued {
        /// When the customer's last issuance expired, if one has.
        expired_at: Option<DateTime<Utc>>,
    },
    NotActivated,
    LimitReached(Box<ReachedLimit>),
    /// The conditions failed because of these leaves.
    ConditionsNotMet(Vec<Unmet>),
    /// Holds what it would discount; `None`: its selector does not say that in a list of values.
    NoEligibleItems(Option<Box<Wanted>>),
    /// Holds the first promotion that claimed a unit that it would discount.
    UnitsTaken(PromotionIndex),
    /// Holds the first promotion that applied and does not combine with it.
    Incompatible(PromotionIndex),
    NoBenefit {
        /// Whether it would have given a discount without the floors of prices.
        floor: bool,
    },
    AnotherCartPromotionApplied(PromotionIndex),
    CartPromotionAppliedFirst(PromotionIndex),
    ExclusiveApplied(PromotionIndex),
    ExclusivePassedOver,
    StoppedByEarlier(PromotionIndex),
    BetterDealTaken,
    /// Under `optimal` the best result does without it. Holds the largest total discount that was found with it, if
    /// any.
    OutdoneBy(Option<Money>),
}

impl Reason {
    /// Its code, without the facts.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::Paused => ReasonCode::Paused,
            Self::NotStarted { .. } => ReasonCode::NotStarted,
            Self::Ended { .. } => ReasonCode::Ended,
            Self::OutsideSchedule(_) => ReasonCode::OutsideSchedule,
            Self::CurrencyMismatch(_) => ReasonCode::CurrencyMismatch,
            Self::OutOfScope(_) => ReasonCode::OutOfScope,
            Self::NotInAudience(_) => ReasonCode::NotInAudience,
            Self::CustomerRequired => ReasonCode::CustomerRequired,
            Self::CodeNotPresented => ReasonCode::CodeNotPresented,
            Self::NotIssued { .. } => ReasonCode::NotIssued,
            Self::NotActivated => ReasonCode::NotActivated,
            Self::LimitReached(_) => ReasonCode::LimitReached,
            Self::ConditionsNotMet(_) => ReasonCode::ConditionsNotMet,
            Self::NoEligibleItems(_) => ReasonCode::NoEligibleItems,
            Self::UnitsTaken(_) => ReasonCode::UnitsTaken,
            Self::Incompatible(_) => ReasonCode::Incompatible,
            Self::NoBenefit { .. } => ReasonCode::NoBenefit,
            Self::AnotherCartPromotionApplied(_) => ReasonCode::AnotherCartPromotionApplied,
            Self::CartPromotionAppliedFirst(_) => ReasonCode::CartPromotionAppliedFirst,
            Self::ExclusiveApplied(_) => ReasonCode::ExclusiveApplied,
            Self::ExclusivePassedOver => ReasonCode::ExclusivePassedOver,
            Self::StoppedByEarlier(_) => ReasonCode::StoppedByEarlier,
            Self::BetterDealTaken | Self::OutdoneBy(_) => ReasonCode::BetterDealTaken,
        }
    }
}

/// The reasons of spec 8, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReasonCode {
    Paused,
    /// Before `starts_at`.
    NotStarted,
    /// At or after `ends_at`.
    Ended,
    /// The schedule is not open.
    OutsideSchedule,
    /// The cart's currency differs from the promotion's.
    CurrencyMismatch,
    /// The store, concept, zone or channel is not in scope.
    OutOfScope,
    /// The customer is not in the audience.
    NotInAudience,
    CustomerRequired,
    /// None of its codes that the customer can use is on the cart.
    CodeNotPresented,
    /// The customer has no usable issuance.
    NotIssued,
    /// The customer has not claimed it.
    NotActivated,
    /// A limit is used up.
    LimitReached,
    ConditionsNotMet,
    NoEligibleItems,
    /// Other promotions have claimed the eligible units.
    UnitsTaken,
    /// It does not combine with a promotion that has applied.
    Incompatible,
    /// The benefit would give nothing.
    NoBenefit,
    /// Only one cart-level promotion may apply, and another did.
    AnotherCartPromotionApplied,
    /// Cart-level promotions went first and took something off the lines.
    CartPromotionAppliedFirst,
    /// An exclusive promotion applied alone.
    ExclusiveApplied,
    /// It is exclusive, and a promotion that could apply ranks before it.
    ExclusivePassedOver,
    /// An earlier promotion allows no further one.
    StoppedByEarlier,
    /// Another alternative takes off more.
    BetterDealTaken,
}

/// When a schedule opens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub opens_at: DateTime<Utc>,
    /// When it closes, if it has a daily window.
    pub closes_at: Option<DateTime<Utc>>,
}

/// The part of a scope that a request is not in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    pub failed: ScopePart,
    /// What the scope names.
    pub wanted: Values,
    /// What the request has, or its store: at most [`MAX_VALUES`].
    pub actual: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopePart {
    Store,
    Concept,
    Zone,
    Channel,
}

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachedLimit {
    pub limit: CountedLimit,
    /// How much is gone: a count, or an amount of money in ten-thousandths.
    pub used: i64,
    /// When the count starts anew; `None`: never.
    pub refreshes_at: Option<DateTime<Utc>>,
}

/// What lines must have to be selected: the first predicate of a selector's `include` that lists values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Texts(TextField, Values),
    Number(NumberField, Number),
    /// A SKU of the product list with this name.
    OfList(String),
}

/// The first values of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// At most [`MAX_VALUES`].
    pub first: Vec<String>,
    /// Whether the list has more.
    pub has_more: bool,
}

impl Values {
    pub fn of(list: &[String]) -> Self {
        let first = list.iter().take(MAX_VALUES).cloned().collect();
        Self { first, has_more: list.len() > MAX_VALUES }
    }
}

/// A leaf that does not evaluate to what its group asks for.
#[derive(Clone, Debug)]
pub struct Unmet {
    pub place: LeafPlace,
    /// The part of the cart on which it was judged, by its number: 0 unless the benefit has `same`.
    pub part: usize,
    pub measured: Measured,
}

impl Unmet {
    /// What is measured, where the leaf compares a number of the cart.
    pub const fn number(&self) -> Option<&UnmetNumber> {
        match &self.measured {
            Measured::Number(number) => Some(number),
            Measured::Texts(_) => None,
        }
    }
}

/// Where a leaf stands in a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafPlace {
    /// Indexes of children from the root of the promotion's conditions.
    Conditions(Vec<usize>),
    /// What the first step of the benefit asks for.
    FirstStep,
}

/// What an unmet leaf asks for, and what there is.
#[derive(Clone, Debug)]
pub enum Measured {
    Number(UnmetNumber),
    Texts(UnmetTexts),
}

/// A number of the cart that an unmet leaf compares.
#[derive(Clone, Debug)]
pub struct UnmetNumber {
    pub required: Number,
    pub actual: Exact,
    /// How much must be added for the leaf to be met, where adding to the cart helps.
    pub shortfall: Option<Exact>,
}

/// Texts that an unmet leaf looks for: at most [`MAX_VALUES`] each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmetTexts {
    /// The values of the leaf.
    pub wanted: Vec<String>,
    /// What the request has there.
    pub actual: Vec<String>,
}
