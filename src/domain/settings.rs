//! How a tenant's promotions combine, rank and round (spec 4).

use chrono_tz::Tz;

use super::amount::Number;
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
    /// Whether more than one cart-level promotion may apply. Promotions that award points do not count.
    pub multiple_cart_promotions: bool,
    /// The amount that percentages are taken of.
    pub percentage_base: PercentageBase,
    /// Whether a unit that met a condition can meet another.
    pub qualifying_items: QualifyingItems,
    /// The criteria of the total order, each at most once; may be empty.
    pub ranking: Vec<RankingCriterion>,
    pub rounding: Rounding,
    /// The budget of a search for the best price, 1 to 200 ms.
    pub optimal_budget_ms: u8,
    /// How long a hold lasts, 10 to 86,400 s.
    pub hold_seconds: u32,
    /// Whether a complete return gives back to the limits what the redemption took.
    pub restore_limits_on_return: bool,
    /// No unit is sold for less than its unit price less so many percent; `None`: 100. Over 0, at most 100.
    pub max_discount_percent: Option<Number>,
    /// Fields that the tenant adds to its promotions.
    pub custom_fields: Vec<CustomField>,
}

impl Settings {
    /// The budget of a search for the best promotions, in milliseconds (spec 7.6); 0 where the strategy does not
    /// search.
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
            max_discount_percent: None,
            custom_fields: Vec::new(),
        }
    }
}

/// Settings to replace; the others stay as they are.
#[derive(Clone, Debug)]
pub struct SettingsChange {
    /// Has the new values. Its other settings are placeholders.
    pub to: Settings,
    /// For each setting that is replaced, what copies its value from the second to the first.
    pub copies: Vec<fn(&mut Settings, &Settings)>,
}

impl SettingsChange {
    /// These settings, changed.
    pub fn upon(&self, base: &Settings) -> Settings {
        let mut changed = base.clone();
        self.copies.iter().for_each(|copy| copy(&mut changed, &self.to));
        changed
    }
}

/// Which level goes first (spec 7.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluationOrder {
    /// Item-level promotions, then cart-level ones.
    ItemsThenCart,
    /// Cart-level promotions first. Item-level ones apply only if the cart-level ones took nothing off the lines.
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
    /// For these lines `enabled` counts as false.
    pub exclude: Option<Selector>,
}

/// `unit_stacking`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitStacking {
    /// Whether several item-level promotions may claim the same unit.
    pub enabled: bool,
    /// How many may claim the same unit; `None`: no bound.
    pub max_promotions: Option<u32>,
}

/// The amount that percentages are taken of (spec 7.4).
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
    /// The units that a promotion's conditions needed are claimed, and claimed units do not count for other conditions.
    Consumed,
}

/// A criterion of the ranking (spec 7.2). A criterion with the name of a promotion type puts promotions of this type
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RankingCriterion {
    Exclusive,
    /// Lower `sequence` first.
    Sequence,
    /// Promotions that are for some customers only go first.
    Segmented,
    Pos,
    Loyalty,
    LoyaltyEarning,
    Rewards,
    CodeLinked,
    EarliestExpiry,
    /// The promotion that would take off more, alone on this cart, goes first.
    MaximumDiscount,
}

/// A field that the tenant adds to its promotions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomField {
    /// Unique in the settings.
    pub key: String,
    pub label: String,
    /// The type of its values.
    pub kind: CustomFieldKind,
    /// Whether a promotion must have a value before it can become active.
    pub required: bool,
}

/// The type of a custom field's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomFieldKind {
    Text,
    Number,
    Date,
    Boolean,
    Select(Vec<String>),
}
