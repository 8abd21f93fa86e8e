//! How a tenant's promotions combine, rank and round (spec 4).

use chrono_tz::Tz;

use super::currency::Currency;
use super::rounding::Rounding;
use super::selector::Selector;

/// Most custom fields of a tenant (spec 14).
pub const MAX_CUSTOM_FIELDS: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The currency of carts and promotions that name none.
    pub currency: Currency,
    /// The zone of calendars that name none.
    pub timezone: Tz,
    /// Which level goes first.
    pub evaluation_order: EvaluationOrder,
    /// How the promotions that apply are chosen.
    pub strategy: Strategy,
    /// Whether different promotions may discount different units of one line.
    pub multiple_promotions_per_line: MultiplePerLine,
    /// Whether several item-level promotions may claim the same unit.
    pub unit_stacking: UnitStacking,
    /// Whether more than one cart-level promotion may apply (points aside).
    pub multiple_cart_promotions: bool,
    /// What percentages are taken of.
    pub percentage_base: PercentageBase,
    /// Whether a unit that met a condition can meet another.
    pub qualifying_items: QualifyingItems,
    /// The criteria of the total order, each at most once; may be empty.
    pub ranking: Vec<RankingCriterion>,
    /// How discounts are rounded.
    pub rounding: Rounding,
    /// What a search for the best price may cost, 1 to 200 ms.
    pub optimal_budget_ms: u8,
    /// How long a hold reserves, 10 to 86,400 s.
    pub hold_seconds: u32,
    /// Whether a complete return gives back what the redemption took.
    pub restore_limits_on_return: bool,
    /// What promotions carry besides.
    pub custom_fields: Vec<CustomField>,
}

impl Settings {
    /// Most milliseconds that choosing the promotions of a cart takes by itself: the budget of a search (spec 7.6).
    pub fn search_ms(&self) -> u64 {
        match self.strategy {
            Strategy::Ranked | Strategy::BestDeal => 0,
            Strategy::Optimal => self.optimal_budget_ms.into(),
        }
    }

    /// The defaults of spec 4, for a tenant of this currency and zone.
    pub fn defaults(currency: Currency, timezone: Tz) -> Self {
        use RankingCriterion as Criterion;
        Self {
            currency,
            timezone,
            evaluation_order: EvaluationOrder::ItemsThenCart,
            strategy: Strategy::Ranked,
            multiple_promotions_per_line: MultiplePerLine { enabled: true, exclude: None },
            unit_stacking: UnitStacking { enabled: false, max_promotions: None },
            multiple_cart_promotions: true,
            percentage_base: PercentageBase::Gross,
            qualifying_items: QualifyingItems::Shared,
            ranking: vec![
                Criterion::Exclusive,
                Criterion::Sequence,
                Criterion::Segmented,
                Criterion::Rewards,
                Criterion::CodeLinked,
                Criterion::EarliestExpiry,
                Criterion::MaximumDiscount,
            ],
            rounding: Rounding::DEFAULT,
            optimal_budget_ms: 20,
            hold_seconds: 300,
            restore_limits_on_return: true,
            custom_fields: Vec::new(),
        }
    }
}

/// Which level goes first (spec 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationOrder {
    /// Item-level promotions, then cart-level ones.
    ItemsThenCart,
    /// Cart-level promotions; item-level ones only if those took nothing off the lines.
    CartFirst,
}

/// How the promotions that apply are chosen (spec 7.5, 7.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Ranked,
    /// The best of the stacking groups and the exclusive promotions.
    BestDeal,
    /// The largest discount that any set in any order gives, within a budget.
    Optimal,
}

/// `multiple_promotions_per_line`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiplePerLine {
    /// Whether different promotions may discount different units of one line.
    pub enabled: bool,
    /// Lines that behave as if it were false.
    pub exclude: Option<Selector>,
}

/// `unit_stacking`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitStacking {
    /// Whether several item-level promotions may claim the same unit.
    pub enabled: bool,
    /// How many; `None`: no bound.
    pub max_promotions: Option<u32>,
}

/// What percentages are taken of (spec 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentageBase {
    /// Prices before tax, charges and other promotions.
    Gross,
    /// What is left to pay, tax and charges included.
    Net,
}

/// Whether a unit that met a condition can meet another (spec 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QualifyingItems {
    /// Conditions always see the whole cart.
    Shared,
    /// What a promotion needed is claimed; claimed units do not count.
    Consumed,
}

/// A criterion of the ranking (spec 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RankingCriterion {
    Exclusive,
    /// Lower `sequence` first.
    Sequence,
    /// Promotions for some customers only first.
    Segmented,
    /// Type `pos` first.
    Pos,
    /// Type `loyalty` first.
    Loyalty,
    /// Type `loyalty_earning` first.
    LoyaltyEarning,
    /// Type `rewards` first.
    Rewards,
    /// Type `code_linked` first.
    CodeLinked,
    EarliestExpiry,
    /// Larger discount, alone on this cart, first.
    MaximumDiscount,
}

/// A field that the tenant's promotions carry besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Unique in the settings.
    pub key: String,
    pub label: String,
    /// What its values are.
    pub kind: CustomFieldKind,
    /// Whether it must be there before a promotion can be active.
    pub required: bool,
}

/// What values a custom field has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomFieldKind {
    Text,
    Number,
    Date,
    Boolean,
    Select(Vec<String>),
}
