//! Benefits, and what of them does not go together (spec 5.4).

use std::fmt;

use super::body::*;
use super::faults::FaultCode;
use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::benefit::{
    Benefit, CartBenefit, CartKind, FreeProduct, ItemBenefit, ItemKind, Per, Pick, PriceBase,
    Repeat, Same, ShippingBenefit, ShippingKind, Spread,
};
use crate::domain::names::{Named, names};

mod rules;
mod target;

pub use rules::check_conditions;
use rules::{check_per_and_base, check_shape};
use target::{BenefitTarget, CartTarget, FixedPriceTarget, ItemsTarget, Target, TargetType};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    PercentageOff,
    AmountOff,
    FixedPrice,
    BundlePrice,
    FreeProduct,
    AwardPoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PerName {
    Quantity,
    Amount,
    Set,
}

names! {
    Type {
        PercentageOff = "percentage_off",
        AmountOff = "amount_off",
        FixedPrice = "fixed_price",
        BundlePrice = "bundle_price",
        FreeProduct = "free_product",
        AwardPoints = "award_points",
    }
    PerName { Quantity = "quantity", Amount = "amount", Set = "set" }
}

const COMBINATION: FaultCode = FaultCode::UnsupportedCombination;

/// A benefit but for a free product, as it is written.
struct Shape {
    kind: Type,
    per: Spread,
    base: PriceBase,
    same: Option<Same>,
    target: Target,
    repeat: Option<Repeat>,
}

/// What is given.
#[derive(Clone, Copy)]
enum Given {
    PercentageOff(Number),
    AmountOff(Money),
    FixedPrice(Money),
    BundlePrice(Money),
    AwardPoints(Number),
}

impl Given {
    const fn kind(self) -> Type {
        match self {
            Self::PercentageOff(_) => Type::PercentageOff,
            Self::AmountOff(_) => Type::AmountOff,
            Self::FixedPrice(_) => Type::FixedPrice,
            Self::BundlePrice(_) => Type::BundlePrice,
            Self::AwardPoints(_) => Type::AwardPoints,
        }
    }
}

impl fmt::Display for Given {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PercentageOff(it) | Self::AwardPoints(it) => it.fmt(out),
            Self::AmountOff(it) | Self::FixedPrice(it) | Self::BundlePrice(it) => it.fmt(out),
        }
    }
}

impl Shape {
    /// Whether this can be given on its target.
    const fn goes_together(&self) -> bool {
        match (self.target.kind, self.kind) {
            (_, Type::FreeProduct)
            | (TargetType::Items | TargetType::Shipping, Type::AwardPoints)
            | (TargetType::Cart, Type::FixedPrice)
            | (TargetType::Cart | TargetType::Shipping, Type::BundlePrice) => false,
            (_, Type::PercentageOff | Type::AmountOff)
            | (TargetType::Items | TargetType::Shipping, Type::FixedPrice)
            | (TargetType::Items, Type::BundlePrice)
            | (TargetType::Cart, Type::AwardPoints) => true,
        }
    }
}

union! {
    /// What is given. Parts that do not go together (spec 5.4) are 422 `unsupported_combination`.
    pub struct BenefitBody "Benefit" as Benefit, by "type": Type {
        PercentageOff: PercentageOff,
        AmountOff: AmountOff,
        FixedPrice: FixedPrice,
        BundlePrice: BundlePrice,
        FreeProduct: FreeProductBody,
        AwardPoints: AwardPoints,
    } which |benefit| written(benefit).map_or(Type::FreeProduct, |(given, _)| given.kind())
}

const ONCE: Optional<Part<RepeatBody>> = optional(part());

/// A benefit but for a free product: they differ in what `value` is and on what they may be given.
macro_rules! priced {
    ($(#[doc = $says:literal] $body:ident $name:literal: $kind:ident,
        $value_says:literal $value:expr, $target_says:literal $target:expr;)+) => {$(
        body! {
            #[doc = $says]
            struct $body $name as Benefit {
                kind as "type": tag(Type::$kind) => (),
                #[doc = $value_says]
                value: required($value) => given,
                /// Whether `value` is given once for each application, or for each unit. `unit` goes with `amount_off` on items only.
                per: or(choice::<Spread>(), Spread::Application) => shape.per,
                /// What a percentage is of. `mrp` goes with `percentage_off` on items only.
                base: or(choice::<PriceBase>(), PriceBase::UnitPrice) => shape.base,
                /// The deal must be made within one SKU or one product. Goes with items only.
                same: optional(choice::<Same>()) => shape.same,
                #[doc = $target_says]
                target: later($target) => shape.target,
                /// How often it is given; once if null.
                repeat: ONCE => shape.repeat,
            } print |Some((given, shape))| or "a benefit but for a free product" of (written)
            read |object, faults| {
                object.refuse("product", COMBINATION, "goes with free_product only", faults);
                let target = CART_BY_DEFAULT.read("target", object, faults);
                let shape = Shape {
                    kind: Type::$kind,
                    per: per?,
                    base: base?,
                    same: same?,
                    target: target?,
                    repeat: repeat?,
                };
                check_shape(object, &shape, faults);
                build(Given::$kind(value?), shape)
            }
        }
    )+};
}

const CART: Target = Target::of(TargetType::Cart, None);
const CART_BY_DEFAULT: Or<Part<BenefitTarget>, Target> = or(part(), CART);

priced! {
    /// A percentage off.
    PercentageOff "PercentageOff": PercentageOff,
        " Percent: over 0, at most 100, at most 4 decimals." PERCENTAGE,
        " What it is given on; the cart by default." CART_BY_DEFAULT;
    /// An amount off.
    AmountOff "AmountOff": AmountOff,
        " In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals."
        POSITIVE_AMOUNT,
        " What it is given on; the cart by default." CART_BY_DEFAULT;
    /// Each unit, or the shipping, is sold at a price.
    FixedPrice "FixedPrice": FixedPrice,
        " The price of each unit, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals."
        AMOUNT,
        " What it is given on." required(part::<FixedPriceTarget>());
    /// A group of units is sold together at a price.
    BundlePrice "BundlePrice": BundlePrice,
        " The price of each group, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals."
        AMOUNT,
        " What it is given on." required(part::<ItemsTarget>());
    /// Points, and no discount.
    AwardPoints "AwardPoints": AwardPoints,
        " Points: over 0, at most 1,000,000,000, at most 4 decimals." POSITIVE_AMOUNT,
        " What it is given on; the cart by default." or(part::<CartTarget>(), CART);
}

body! {
    /// Units of a product are free; those that are not in the cart are named in `free_items`.
    struct FreeProductBody "FreeProduct" as Benefit {
        kind as "type": tag(Type::FreeProduct) => (),
        /// What is free, and how many units of it.
        product: required(part::<Product>()) => (free.sku.clone(), free.quantity),
        /// Only `application`.
        per: on_request(absent(choice::<Spread>())) => None::<Spread>,
        /// Only `unit_price`.
        base: on_request(absent(choice::<PriceBase>())) => None::<PriceBase>,
        /// How often it is given; once if null.
        repeat: ONCE => free.repeat,
    } print |Benefit::FreeProduct(free)| or "a free product" read |object, faults| {
        for name in ["value", "target", "same"] {
            object.refuse(name, COMBINATION, "does not go with free_product", faults);
        }
        let per = per?.unwrap_or(Spread::Application);
        let base = base?.unwrap_or(PriceBase::UnitPrice);
        check_per_and_base(object, per, base, (false, false), faults);
        let (sku, quantity) = product?;
        Some(Benefit::FreeProduct(FreeProduct { sku, quantity, repeat: repeat? }))
    }
}

body! {
    struct Product "" as (String, Quantity) {
        /// What is free.
        sku: required(NAME) => sku,
        /// Units for each application: over 0, at most 1,000,000, at most 3 decimals.
        quantity: or(QUANTITY.combining(), Quantity::ONE) => *quantity,
    } print |(sku, quantity)| read |object, faults| { Some((sku?, quantity?)) }
}

union! {
    /// How often a benefit is given.
    struct RepeatBody "Repeat" as Repeat, by "per": PerName {
        Quantity: RepeatPerQuantity,
        Amount: RepeatPerAmount,
        Set: RepeatPerSet,
    } which |repeat| match repeat.per {
        Per::Quantity(_) => PerName::Quantity,
        Per::Amount(_) => PerName::Amount,
        Per::Set => PerName::Set,
    }
}

const MAX_TIMES: Optional<Integer> = optional(COUNT.combining());

body! {
    /// Once for so many units.
    struct RepeatPerQuantity "RepeatPerQuantity" as Repeat {
        kind as "per": tag(PerName::Quantity) => (),
        /// Units: over 0, at most 1,000,000, at most 3 decimals.
        every: required(QUANTITY.combining()) => every,
        /// At most so often.
        max_times: MAX_TIMES => *max_times,
    } print |Repeat { per: Per::Quantity(every), max_times }| or "per quantity"
    read |object, faults| { Some(Repeat { per: Per::Quantity(every?), max_times: max_times? }) }
}

body! {
    /// Once for such an amount.
    struct RepeatPerAmount "RepeatPerAmount" as Repeat {
        kind as "per": tag(PerName::Amount) => (),
        /// In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals.
        every: required(POSITIVE_AMOUNT.combining()) => every,
        /// At most so often.
        max_times: MAX_TIMES => *max_times,
    } print |Repeat { per: Per::Amount(every), max_times }| or "per amount"
    read |object, faults| { Some(Repeat { per: Per::Amount(every?), max_times: max_times? }) }
}

body! {
    /// Once for each set that the line conditions ask for.
    struct RepeatPerSet "RepeatPerSet" as Repeat {
        kind as "per": tag(PerName::Set) => (),
        /// At most so often.
        max_times: MAX_TIMES => repeat.max_times,
    } print |repeat| read |object, faults| {
        object.refuse("every", COMBINATION, "does not go with sets", faults);
        Some(Repeat { per: Per::Set, max_times: max_times? })
    }
}

/// The benefit; `None` where it cannot be given on its target.
fn build(given: Given, shape: Shape) -> Option<Benefit> {
    let Shape { kind: _, per, base, same, target, repeat } = shape;
    match target.kind {
        TargetType::Items => {
            let (kind, default_pick) = match given {
                Given::PercentageOff(percent) => {
                    (ItemKind::PercentageOff { percent, base }, Pick::Cheapest)
                }
                Given::AmountOff(value) => (ItemKind::AmountOff { value, per }, Pick::Cheapest),
                Given::FixedPrice(value) => (ItemKind::FixedPrice { value }, Pick::Cheapest),
                Given::BundlePrice(value) => (ItemKind::BundlePrice { value }, Pick::MostExpensive),
                Given::AwardPoints(_) => return None,
            };
            Some(Benefit::Items(ItemBenefit {
                kind,
                from: target.from,
                select: target.select,
                quantity: target.quantity,
                pick: target.pick.unwrap_or(default_pick),
                within: target.within,
                same,
                repeat,
            }))
        }
        TargetType::Cart => {
            let kind = match given {
                Given::PercentageOff(percent) => CartKind::PercentageOff(percent),
                Given::AmountOff(value) => CartKind::AmountOff(value),
                Given::AwardPoints(points) => CartKind::AwardPoints(points),
                Given::FixedPrice(_) | Given::BundlePrice(_) => return None,
            };
            Some(Benefit::Cart(CartBenefit { kind, select: target.select, repeat }))
        }
        TargetType::Shipping => {
            let kind = match given {
                Given::PercentageOff(percent) => ShippingKind::PercentageOff(percent),
                Given::AmountOff(value) => ShippingKind::AmountOff(value),
                Given::FixedPrice(value) => ShippingKind::FixedPrice(value),
                Given::BundlePrice(_) | Given::AwardPoints(_) => return None,
            };
            Some(Benefit::Shipping(ShippingBenefit { kind, repeat }))
        }
    }
}

/// A benefit as it is written; `None` for a free product, which is written otherwise.
fn written(benefit: &Benefit) -> Option<(Given, Shape)> {
    let (mut per, mut base, mut same) = (Spread::Application, PriceBase::UnitPrice, None);
    let (given, target) = match benefit {
        Benefit::FreeProduct(_) => return None,
        Benefit::Items(own) => {
            same = own.same;
            let given = match own.kind {
                ItemKind::PercentageOff { percent, base: of } => {
                    base = of;
                    Given::PercentageOff(percent)
                }
                ItemKind::AmountOff { value, per: spread } => {
                    per = spread;
                    Given::AmountOff(value)
                }
                ItemKind::FixedPrice { value } => Given::FixedPrice(value),
                ItemKind::BundlePrice { value } => Given::BundlePrice(value),
            };
            let target = Target {
                kind: TargetType::Items,
                from: own.from,
                select: own.select.clone(),
                quantity: own.quantity,
                pick: Some(own.pick),
                within: own.within,
            };
            (given, target)
        }
        Benefit::Cart(own) => {
            let given = match own.kind {
                CartKind::PercentageOff(percent) => Given::PercentageOff(percent),
                CartKind::AmountOff(value) => Given::AmountOff(value),
                CartKind::AwardPoints(points) => Given::AwardPoints(points),
            };
            (given, Target::of(TargetType::Cart, own.select.clone()))
        }
        Benefit::Shipping(own) => {
            let given = match own.kind {
                ShippingKind::PercentageOff(percent) => Given::PercentageOff(percent),
                ShippingKind::AmountOff(value) => Given::AmountOff(value),
                ShippingKind::FixedPrice(value) => Given::FixedPrice(value),
            };
            (given, Target::of(TargetType::Shipping, None))
        }
    };
    let (kind, repeat) = (given.kind(), benefit.repeat().copied());
    Some((given, Shape { kind, per, base, same, target, repeat }))
}
