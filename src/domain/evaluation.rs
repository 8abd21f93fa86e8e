//! What an evaluation comes to: prices and reasons together (spec 8).

use smallvec::SmallVec;

use super::amount::{Money, Number, Quantity};
use super::benefit::Level;
use super::exact::Exact;
use super::id::{IssuanceId, PromotionId};
use super::limit::LimitName;

/// What every line costs, which promotions applied, and why the others did not. Indexes of lines
/// and codes are those of the cart; of promotions, those of the rule set.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Under `optimal`: whether more was possible.
    pub optimality: Option<Optimality>,
    /// Sums over the cart.
    pub totals: Totals,
    /// One for each line of the cart, in its order.
    pub lines: Vec<PricedLine>,
    /// In order of application.
    pub applied: Vec<Applied>,
    /// Products to be added for nothing, in order of application.
    pub free_items: Vec<FreeItem>,
    /// One for each code of the cart, in its order.
    pub codes: Vec<CodeVerdict>,
    /// Near misses, nearest first.
    pub suggestions: Vec<Suggestion>,
    /// How many promotions were looked at: those that the cart could meet.
    pub candidates: usize,
    /// What it took: equal for equal input (spec 14).
    pub steps: u64,
    /// Every other promotion that is active or paused, when the request asks for it.
    pub not_applied: Option<Vec<NotApplied>>,
}

/// Which promotion of a rule set, in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromotionIndex(pub usize);

/// What is known of the largest possible discount (spec 7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optimality {
    /// Whether the discount of the result is the largest possible one.
    pub is_proven: bool,
    /// No set of promotions in no order takes off more.
    pub upper_bound: Money,
    /// What it cost to find out, in steps of the search.
    pub steps: u64,
}

/// Sums over the cart.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Σ unit price × quantity.
    pub gross: Exact,
    /// Taken off by item-level promotions.
    pub item_discount: Money,
    /// Taken off the lines by cart-level promotions.
    pub cart_discount: Money,
    pub shipping: Money,
    /// Taken off the shipping.
    pub shipping_discount: Money,
    pub tax: Money,
    pub charges: Money,
}

impl Totals {
    /// All that was taken off.
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
    /// What was taken off the line.
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
    /// Where it took off.
    pub level: Level,
    /// How often its benefit applied.
    pub times: i64,
    /// What it took off.
    pub discount: Money,
    pub points: Exact,
    /// The code of the cart that unlocked it.
    pub code: Option<usize>,
    /// The customer's issuance that unlocked it.
    pub issuance_id: Option<IssuanceId>,
}

/// A product to be added for nothing.
#[derive(Clone, Debug)]
pub struct FreeItem {
    pub promotion: PromotionIndex,
    pub sku: String,
    /// In units.
    pub quantity: Exact,
}

/// What became of a presented code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeVerdict {
    Applied,
    /// Its promotion did not.
    NotApplied(ReasonCode),
    /// A further code of one promotion.
    AlreadyUnlocked,
    Unknown,
    Expired,
    /// Its limits are used up.
    Exhausted,
    /// The same code again.
    Duplicate,
}

#[derive(Clone, Debug)]
pub struct Suggestion {
    pub promotion: PromotionIndex,
    /// The only leaf that failed; it has a shortfall.
    pub unmet: Unmet,
}

/// A promotion that did not apply.
#[derive(Clone, Debug)]
pub struct NotApplied {
    pub promotion: PromotionIndex,
    pub reason: Reason,
}

/// Why a promotion did not apply.
#[derive(Clone, Debug)]
pub enum Reason {
    /// The reasons without further facts.
    Plain(ReasonCode),
    /// A limit is used up.
    LimitReached(LimitName),
    /// Conditions failed; these leaves are why.
    ConditionsNotMet(Vec<Unmet>),
    /// Under `optimal` it would take a worse result: the best total found with it, if any.
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
    /// The status is not active.
    Paused,
    /// Before `starts_at`.
    NotStarted,
    /// At or after `ends_at`.
    Ended,
    /// The schedule is not open.
    OutsideSchedule,
    /// The cart's currency is another.
    CurrencyMismatch,
    /// Another store, concept, zone or channel.
    OutOfScope,
    /// The customer is not meant.
    NotInAudience,
    CustomerRequired,
    /// None of its codes is on the cart.
    CodeNotPresented,
    /// The customer has no usable issuance.
    NotIssued,
    /// The customer has not claimed it.
    NotActivated,
    /// A limit is used up.
    LimitReached,
    ConditionsNotMet,
    NoEligibleItems,
    /// There would be some if others had claimed none.
    UnitsTaken,
    /// Something, but it comes to nothing.
    NoBenefit,
    /// Only one cart-level promotion may apply, and another did.
    AnotherCartPromotionApplied,
    /// Cart-level promotions went first and took something off the lines.
    CartPromotionAppliedFirst,
    /// An exclusive promotion applied alone.
    ExclusiveApplied,
    /// It is exclusive, and did not rank first.
    ExclusivePassedOver,
    /// One before it allows nothing further.
    StoppedByEarlier,
    /// Another alternative takes off more.
    BetterDealTaken,
}

/// A leaf that is not what its group asks.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// Indexes of children from the root of the promotion's conditions.
    pub path: Vec<usize>,
    /// What is measured, where the leaf compares a number of the cart.
    pub number: Option<UnmetNumber>,
}

/// A number of the cart that is not as a leaf asks.
#[derive(Clone, Debug)]
pub struct UnmetNumber {
    pub required: Number,
    pub actual: Exact,
    /// What must be added so that the leaf holds, where more in the cart helps.
    pub shortfall: Option<Exact>,
}
