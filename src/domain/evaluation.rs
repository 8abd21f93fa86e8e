//! The result of an evaluation: prices and reasons (spec 8).

use smallvec::SmallVec;

use super::amount::{Money, Number, Quantity};
use super::benefit::Level;
use super::exact::Exact;
use super::id::{IssuanceId, PromotionId};
use super::limit::LimitName;
use super::suggestion::Advice;

/// What every line costs, which promotions applied, and why the others did not. Indexes of lines and codes refer to the
/// cart, indexes of promotions to the rule set.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Only under `optimal`: what is known of the largest possible discount.
    pub optimality: Option<Optimality>,
    /// Sums over the cart.
    pub totals: Totals,
    /// One for each line, in the cart's order.
    pub lines: Vec<PricedLine>,
    /// In order of application.
    pub applied: Vec<Applied>,
    /// Free products to add to the cart, in order of application.
    pub free_items: Vec<FreeItem>,
    /// One for each code, in the cart's order.
    pub codes: Vec<CodeVerdict>,
    /// Changes of the cart that make further promotions apply, the largest gain first.
    pub suggestions: Vec<Suggestion>,
    /// How many promotions were judged: those that the cart could meet, or all promotions if reasons are asked for.
    pub candidates: usize,
    /// The steps that the evaluation took. Equal input takes equal steps (spec 14).
    pub steps: u64,
    /// Every active or paused promotion that did not apply, if the request asks for them.
    pub not_applied: Option<Vec<NotApplied>>,
}

/// The index of a promotion in its rule set, in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromotionIndex(pub usize);

/// What is known of the largest possible discount (spec 7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optimality {
    /// Whether the discount of the result is the largest possible one.
    pub is_proven: bool,
    /// No set of promotions, in any order, takes off more.
    pub upper_bound: Money,
    /// How many steps the search took.
    pub steps: u64,
}

/// Sums over the cart.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Σ unit price × quantity.
    pub gross: Exact,
    /// The discount of item-level promotions.
    pub item_discount: Money,
    /// The discount of cart-level promotions on the lines.
    pub cart_discount: Money,
    pub shipping: Money,
    /// The discount on the shipping.
    pub shipping_discount: Money,
    pub tax: Money,
    pub charges: Money,
}

impl Totals {
    /// The total discount.
    pub fn discount(&self) -> Money {
        self.item_discount.plus(self.cart_discount).plus(self.shipping_discount)
    }

    /// gross + tax + charges + shipping − discount.
    pub fn payable(&self) -> Exact {
        let added = self.tax.plus(self.charges).plus(self.shipping);
        self.gross.plus(&added.into()).minus(&self.discount().into())
    }
}

/// What a line costs.
#[derive(Clone, Debug)]
pub struct PricedLine {
    /// unit price × quantity.
    pub gross: Exact,
    /// Item- and cart-level allocations, in order of application; never 0.
    pub allocations: SmallVec<[Allocation; 4]>,
}

impl PricedLine {
    /// The discount on the line.
    pub fn discount(&self) -> Money {
        self.allocations.iter().map(|allocation| allocation.amount).sum()
    }
}

/// The part of a discount that falls on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    pub promotion: PromotionIndex,
    /// How many units of the line it discounts (cart-level: all).
    pub quantity: Quantity,
    pub amount: Money,
}

/// A promotion that applied.
#[derive(Clone, Debug)]
pub struct Applied {
    pub promotion: PromotionIndex,
    pub promotion_id: PromotionId,
    /// The level of its discount.
    pub level: Level,
    /// The step that was reached, if its benefit has steps.
    pub step: Option<usize>,
    /// How often its benefit applied.
    pub times: i64,
    /// Its total discount.
    pub discount: Money,
    pub points: Exact,
    /// The code of the cart that unlocked it.
    pub code: Option<usize>,
    /// The customer's issuance that unlocked it.
    pub issuance_id: Option<IssuanceId>,
}

/// A free product to add to the cart.
#[derive(Clone, Debug)]
pub struct FreeItem {
    pub promotion: PromotionIndex,
    pub sku: String,
    /// How many units.
    pub quantity: Exact,
}

/// The result for a presented code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeVerdict {
    Applied,
    /// Its promotion did not apply.
    NotApplied(ReasonCode),
    /// Another code has unlocked the promotion already.
    AlreadyUnlocked,
    /// It is bound to a customer who is not in the request.
    OfAnotherCustomer,
    Unknown,
    Expired,
    /// A limit of this code is used up.
    Exhausted,
    /// The same code was presented before.
    Duplicate,
}

/// A change of the cart that makes a promotion apply, or a further step of its benefit.
#[derive(Clone, Debug)]
pub struct Suggestion {
    pub promotion: PromotionIndex,
    pub advice: Advice,
    /// How much larger the total discount then is. `None`: no price was computed.
    pub gain: Option<Money>,
}

#[derive(Clone, Debug)]
pub struct NotApplied {
    pub promotion: PromotionIndex,
    pub reason: Reason,
}

/// Why a promotion did not apply.
#[derive(Clone, Debug)]
pub enum Reason {
    /// A reason that needs no further facts.
    Plain(ReasonCode),
    /// A limit is used up.
    LimitReached(LimitName),
    /// The conditions failed because of these leaves.
    ConditionsNotMet(Vec<Unmet>),
    /// Under `optimal` the best result does without it. Holds the largest total discount that was found with it, if
    /// any.
    OutdoneBy(Option<Money>),
}

impl Reason {
    /// Its code, without the facts.
    pub const fn code(&self) -> ReasonCode {
        match self {
            Self::Plain(code) => *code,
            Self::LimitReached(_) => ReasonCode::LimitReached,
            Self::ConditionsNotMet(_) => ReasonCode::ConditionsNotMet,
            Self::OutdoneBy(_) => ReasonCode::BetterDealTaken,
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

/// A leaf that does not evaluate to what its group asks for.
#[derive(Clone, Debug)]
pub struct Unmet {
    pub place: LeafPlace,
    /// The part of the cart on which it was judged, by its number: 0 unless the benefit has `same`.
    pub part: usize,
    /// What is measured, where the leaf compares a number of the cart.
    pub number: Option<UnmetNumber>,
}

/// Where a leaf stands in a promotion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafPlace {
    /// Indexes of children from the root of the promotion's conditions.
    Conditions(Vec<usize>),
    /// What the first step of the benefit asks for.
    FirstStep,
}

/// A number of the cart that an unmet leaf compares.
#[derive(Clone, Debug)]
pub struct UnmetNumber {
    pub required: Number,
    pub actual: Exact,
    /// How much must be added for the leaf to be met, where adding to the cart helps.
    pub shortfall: Option<Exact>,
}
