//! Benefits: what a promotion gives, on which units, and how often (spec 5.4).
//!
//! Each kind of target has its own type, so combinations that the spec refuses, such as a bundle on the cart or points
//! on shipping, cannot be written. `wire::benefit` checks the few rules that remain when it reads a body.

use super::amount::{Money, Number, Quantity};
use super::condition::{CartMeasure, Leaf, LineMeasure};
use super::selector::{Comparison, NumberOperator, Selector};

/// Most steps of a benefit (spec 14).
pub const MAX_STEPS: usize = 20;

/// A benefit with its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Benefit {
    /// On units of lines: item-level.
    Items(ItemBenefit),
    /// A free product: item-level.
    FreeProduct(FreeProduct),
    /// On the cart, or some of its lines: cart-level.
    Cart(CartBenefit),
    /// On the shipping: cart-level.
    Shipping(ShippingBenefit),
}

impl Benefit {
    /// The level of its discount (spec 8 `level`).
    pub const fn level(&self) -> Level {
        match self {
            Self::Items(_) | Self::FreeProduct(_) => Level::Item,
            Self::Cart(_) => Level::Cart,
            Self::Shipping(_) => Level::Shipping,
        }
    }

    /// How often it is given; `None`: once.
    pub const fn repeat(&self) -> Option<&Repeat> {
        match self {
            Self::Items(benefit) => benefit.repeat.as_ref(),
            Self::FreeProduct(benefit) => benefit.repeat.as_ref(),
            Self::Cart(benefit) => benefit.repeat.as_ref(),
            Self::Shipping(benefit) => benefit.repeat.as_ref(),
        }
    }

    /// The same benefit with another value, and without the selector of its target. A free product has no value.
    pub fn with_value(&self, value: Number) -> Self {
        let money = Money::from_scaled(value.scaled());
        match self {
            Self::Items(own) => {
                let mut kind = own.kind;
                match &mut kind {
                    ItemKind::PercentageOff { percent, .. } => *percent = value,
                    ItemKind::AmountOff { value, .. }
                    | ItemKind::FixedPrice { value }
                    | ItemKind::BundlePrice { value } => *value = money,
                }
                Self::Items(ItemBenefit { kind, select: None, ..*own })
            }
            Self::Cart(own) => {
                let kind = match own.kind {
                    CartKind::PercentageOff(_) => CartKind::PercentageOff(value),
                    CartKind::AwardPoints(_) => CartKind::AwardPoints(value),
                    CartKind::AmountOff(_) => CartKind::AmountOff(money),
                };
                Self::Cart(CartBenefit { kind, select: None, ..*own })
            }
            Self::Shipping(own) => {
                let kind = match own.kind {
                    ShippingKind::PercentageOff(_) => ShippingKind::PercentageOff(value),
                    ShippingKind::AmountOff(_) => ShippingKind::AmountOff(money),
                    ShippingKind::FixedPrice(_) => ShippingKind::FixedPrice(money),
                };
                Self::Shipping(ShippingBenefit { kind, ..*own })
            }
            Self::FreeProduct(own) => Self::FreeProduct(own.clone()),
        }
    }

    /// The selector of the target, if it has one.
    pub const fn select(&self) -> Option<&Selector> {
        match self {
            Self::Items(benefit) => benefit.select.as_ref(),
            Self::Cart(benefit) => benefit.select.as_ref(),
            Self::FreeProduct(_) | Self::Shipping(_) => None,
        }
    }
}

/// The level of a promotion's discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Item,
    /// The cart as a whole. Points have this level too.
    Cart,
    Shipping,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemBenefit {
    pub kind: ItemKind,
    /// Which units can be discounted.
    pub from: From,
    /// Which lines are discounted; `None` where the target has no selector.
    pub select: Option<Selector>,
    /// How many units one application discounts, as an admin wrote it. [`ItemBenefit::quantity_per_application`] fills
    /// in the default.
    pub quantity: Option<Quantity>,
    pub pick: Pick,
    /// Where `pick` chooses units.
    pub within: Within,
    /// The benefit applies separately to the units of each SKU, or of each product.
    pub same: Option<Same>,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

impl ItemBenefit {
    /// How many units one application discounts; `None`: all available ones (spec 5.4 `target.quantity`).
    pub fn quantity_per_application(&self) -> Option<Quantity> {
        if self.quantity.is_some() {
            return self.quantity;
        }
        if self.within == Within::Application {
            return Some(Quantity::ONE);
        }
        let bundle = matches!(self.kind, ItemKind::BundlePrice { .. });
        let shared = matches!(self.kind, ItemKind::AmountOff { per: Spread::Application, .. });
        match self.repeat.as_ref().map(|repeat| repeat.per) {
            None => None,
            Some(Per::Quantity(every)) if bundle || self.from == From::InCondition => Some(every),
            Some(Per::Amount(_)) if shared => None,
            Some(Per::Quantity(_) | Per::Amount(_) | Per::Set) => Some(Quantity::ONE),
        }
    }

    /// Whether it discounts complete sets of the units that the conditions require (spec 7.3).
    pub fn takes_sets(&self) -> bool {
        self.from == From::InCondition
            && match &self.repeat {
                Some(repeat) => repeat.per == Per::Set,
                None => matches!(self.kind, ItemKind::BundlePrice { .. }),
            }
    }
}

/// The kind of a benefit on units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Over 0, at most 100 % of the units' base.
    PercentageOff { percent: Number, base: PriceBase },
    AmountOff {
        value: Money,
        /// Whether the value is for each application or for each unit.
        per: Spread,
    },
    /// Each unit is sold at this price.
    FixedPrice {
        /// The price of one unit.
        value: Money,
    },
    /// A group of units is sold together at this price.
    BundlePrice {
        /// The price of one group.
        value: Money,
    },
}

/// What a percentage is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceBase {
    UnitPrice,
    /// The units cost that much less than their mrp.
    Mrp,
}

/// What one amount off is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Once for each application, spread over its units.
    Application,
    Unit,
}

/// Which units can be discounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Units that met the condition.
    InCondition,
    /// Units beyond those that the condition needed.
    BeyondCondition,
    /// Any unit that the target selects.
    Matching,
}

/// Which units are taken first. Units of equal price are taken in cart order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    Cheapest,
    MostExpensive,
    /// In the order of the cart's lines.
    CartOrder,
}

/// Where `pick` chooses the first units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    Cart,
    /// In each group of `every` units. Groups are formed from the most expensive units on.
    Application,
}

/// The benefit applies separately to the units of each SKU, or of each product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    Sku,
    /// One product. A line without a product is grouped by its SKU.
    Product,
}

/// How often a benefit is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// What earns one application.
    pub per: Per,
    /// Most applications; `None`: no bound.
    pub max_times: Option<u32>,
}

/// What earns one application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// So many units.
    Quantity(Quantity),
    /// This gross amount.
    Amount(Money),
    /// A complete set of the units that the line conditions require.
    Set,
}

/// A free product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeProduct {
    pub sku: String,
    /// How many units each application gives.
    pub quantity: Quantity,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartBenefit {
    pub kind: CartKind,
    /// Which lines are discounted; `None`: all.
    pub select: Option<Selector>,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

/// The kind of a benefit on the cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartKind {
    /// Over 0, at most 100 %.
    PercentageOff(Number),
    /// An amount for each application.
    AmountOff(Money),
    /// Points for each application; no discount.
    AwardPoints(Number),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippingBenefit {
    pub kind: ShippingKind,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

/// The kind of a benefit on the shipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShippingKind {
    /// Over 0, at most 100 %.
    PercentageOff(Number),
    /// An amount for each application.
    AmountOff(Money),
    /// The shipping costs this much.
    FixedPrice(Money),
}

/// Steps of a benefit: its value depends on how much is bought (spec 5.4 `steps`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    pub measure: StepMeasure,
    /// The lines that are measured; `None`: the whole cart.
    pub of: Option<Selector>,
    /// Where the first step begins. The promotion's benefit has the value of this step.
    pub from: Number,
    /// The other steps, ascending; at least one.
    pub further: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The least measure.
    pub from: Number,
    /// The value of the benefit.
    pub value: Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepMeasure {
    Amount,
    Quantity,
}

impl Steps {
    /// What must hold for a step that begins at `from`, besides the promotion's own conditions.
    pub fn leaf(&self, from: Number) -> Leaf {
        let compare = Comparison { op: NumberOperator::Gte, value: from };
        match (&self.of, self.measure) {
            (None, StepMeasure::Amount) => Leaf::Cart { measure: CartMeasure::Amount, compare },
            (None, StepMeasure::Quantity) => Leaf::Cart { measure: CartMeasure::Quantity, compare },
            (Some(of), measure) => {
                let measure = match measure {
                    StepMeasure::Amount => LineMeasure::Amount,
                    StepMeasure::Quantity => LineMeasure::Quantity,
                };
                Leaf::Lines { measure, of: of.clone(), compare }
            }
        }
    }
}
