//! What a promotion gives, on which units, how often (spec 5.4).
//!
//! Each kind of target has its own type, so that what the spec refuses to combine cannot be written:
//! a bundle on the cart, points on shipping. The few rules that remain are checked where a body is
//! read (`wire::benefit`).

use super::amount::{Money, Number, Quantity};
use super::selector::Selector;

/// A benefit with its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Benefit {
    /// On units of lines: item-level.
    Items(ItemBenefit),
    /// A product for nothing: item-level.
    FreeProduct(FreeProduct),
    /// On the cart, or some of its lines: cart-level.
    Cart(CartBenefit),
    /// On the shipping: cart-level.
    Shipping(ShippingBenefit),
}

impl Benefit {
    /// Where it takes off (spec 8 `level`).
    pub const fn level(&self) -> Level {
        match self {
            Self::Items(_) | Self::FreeProduct(_) => Level::Item,
            Self::Cart(_) => Level::Cart,
            Self::Shipping(_) => Level::Shipping,
        }
    }

    /// How often it is given.
    pub const fn repeat(&self) -> Option<&Repeat> {
        match self {
            Self::Items(benefit) => benefit.repeat.as_ref(),
            Self::FreeProduct(benefit) => benefit.repeat.as_ref(),
            Self::Cart(benefit) => benefit.repeat.as_ref(),
            Self::Shipping(benefit) => benefit.repeat.as_ref(),
        }
    }

    /// The selector of the target, where there is one.
    pub const fn select(&self) -> Option<&Selector> {
        match self {
            Self::Items(benefit) => benefit.select.as_ref(),
            Self::Cart(benefit) => benefit.select.as_ref(),
            Self::FreeProduct(_) | Self::Shipping(_) => None,
        }
    }
}

/// Where a promotion takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Item,
    /// The cart as a whole (points, too).
    Cart,
    Shipping,
}

/// A benefit on units of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemBenefit {
    pub kind: ItemKind,
    /// Which units can be discounted.
    pub from: From,
    /// Which lines; `None` where the target names none.
    pub select: Option<Selector>,
    /// How many units one application discounts, as the promotion says it; what holds where it says
    /// nothing: [`ItemBenefit::quantity_per_application`].
    pub quantity: Option<Quantity>,
    pub pick: Pick,
    /// Where `pick` looks.
    pub within: Within,
    /// What the benefit applies within: units of one SKU, or of one product.
    pub same: Option<Same>,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

impl ItemBenefit {
    /// How many units one application discounts; `None`: all that are there (spec 5.4
    /// `target.quantity`).
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

    /// Whether its units are whole sets of what the conditions ask for (spec 7.3).
    pub fn takes_sets(&self) -> bool {
        self.from == From::InCondition
            && match &self.repeat {
                Some(repeat) => repeat.per == Per::Set,
                None => matches!(self.kind, ItemKind::BundlePrice { .. }),
            }
    }
}

/// What is given on units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Over 0, at most 100 % of the units' base.
    PercentageOff { percent: Number, base: PriceBase },
    AmountOff {
        value: Money,
        /// For each application, or each unit.
        per: Spread,
    },
    /// Each unit sold at this price.
    FixedPrice {
        /// The price of one unit.
        value: Money,
    },
    /// A group of units sold together at this price.
    BundlePrice {
        /// The price of one group.
        value: Money,
    },
}

/// What a percentage is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceBase {
    UnitPrice,
    /// The units are to cost that much less than their mrp.
    Mrp,
}

/// What an amount off is given for.
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
    /// Units over and above those that the condition needed.
    BeyondCondition,
    /// Any unit that the target selects.
    Matching,
}

/// Which units first. Equal prices are taken in cart order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    Cheapest,
    MostExpensive,
    /// As the cart has them.
    CartOrder,
}

/// Where `pick` looks for the first units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// In the whole cart.
    Cart,
    /// In each group of `every`, groups cut from the dearest.
    Application,
}

/// What the benefit applies within: units of one SKU, or of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    Sku,
    /// One product (a line without one: its SKU).
    Product,
}

/// How often a benefit is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Once for every so much.
    pub per: Per,
    /// At most so often.
    pub max_times: Option<u32>,
}

/// What an application is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Every so many units.
    Quantity(Quantity),
    /// Every so much gross amount.
    Amount(Money),
    /// Every complete set of what the line conditions ask for.
    Set,
}

/// A product for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeProduct {
    pub sku: String,
    /// How many for each application.
    pub quantity: Quantity,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

/// A benefit on the cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartBenefit {
    pub kind: CartKind,
    /// Which lines; `None`: all.
    pub select: Option<Selector>,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

/// What is given on the cart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartKind {
    /// Over 0, at most 100 %.
    PercentageOff(Number),
    /// An amount for each application.
    AmountOff(Money),
    /// Points for each application; no discount.
    AwardPoints(Number),
}

/// A benefit on the shipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippingBenefit {
    pub kind: ShippingKind,
    /// How often; `None`: once.
    pub repeat: Option<Repeat>,
}

/// What is given on the shipping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShippingKind {
    /// Over 0, at most 100 %.
    PercentageOff(Number),
    /// An amount for each application.
    AmountOff(Money),
    /// The shipping at this price.
    FixedPrice(Money),
}
