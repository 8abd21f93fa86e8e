//! Benefits, and which of their parts cannot be combined (spec 5.4).

use super::body::*;
use super::decode::Object;
use super::faults::{Faults, Path};
use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::benefit::{
    Benefit, CartBenefit, CartKind, FreeProduct, From, ItemBenefit, ItemKind, Per, Pick, PriceBase,
    Repeat, Same, ShippingBenefit, ShippingKind, Spread, Within,
};

mod rules;
mod steps;
mod target;

pub use rules::check_conditions;
pub use steps::Stepped;
use steps::{AmountSteps, PercentageSteps, PriceSteps, StepValues};
use target::{BenefitTarget, CartTarget, FixedPriceTarget, ItemsTarget, Target, TargetType};

/// Any benefit except a free product, as a body writes it.
struct Shape {
    kind: Type,
    /// A percentage, an amount of money, or points.
    value: Number,
    per: Spread,
    base: PriceBase,
    same: Option<Same>,
    target: Target,
    repeat: Option<Repeat>,
    steps: Option<StepValues>,
}

union! {
    /// What a promotion gives. Parts that cannot be combined (spec 5.4) are 422 `unsupported_combination`.
    pub struct BenefitBody "Benefit" as Stepped, by "type": enum Type {
        PercentageOff = "percentage_off" => PercentageOff,
        AmountOff = "amount_off" => AmountOff,
        FixedPrice = "fixed_price" => FixedPrice,
        BundlePrice = "bundle_price" => BundlePrice,
        FreeProduct = "free_product" => FreeProductBody,
        AwardPoints = "award_points" => AwardPoints,
    } which |benefit| written(benefit).map_or(Type::FreeProduct, |shape| shape.kind)
}

const ONCE: Optional<Part<RepeatBody>> = optional(part());

/// Tables of all benefits except a free product. They differ in the meaning of `value` and in their targets.
macro_rules! priced {
    ($(#[doc = $says:literal] $body:ident $name:literal: $kind:ident,
        $value_says:literal $value:expr, $steps:ident, $target_says:literal $target:expr;)+) => {$(
        body! {
            #[doc = $says]
            struct $body $name as Stepped {
                kind as "type": tag(Type::$kind) => (),
                #[doc = $value_says]
                value: absent($value) => shape.steps.is_none().then_some(shape.value),
                /// Values that depend on how much is bought, instead of `value`.
                steps: absent(part::<$steps>()) => shape.steps,
                /// Whether `value` is given once for each application, or for each unit. `unit` is only for
                /// `amount_off` on items.
                per: or(choice::<Spread>(), Spread::Application) => shape.per,
                /// The price that a percentage is taken of. `mrp` is only for `percentage_off` on items.
                base: or(choice::<PriceBase>(), PriceBase::UnitPrice) => shape.base,
                /// Whether the units must be of one SKU or of one product; null: neither. Only for items.
                same: optional(choice::<Same>()) => shape.same,
                #[doc = $target_says]
                target: later($target) => shape.target,
                /// How often the benefit is given; null: once.
                repeat: ONCE => shape.repeat,
            } print |Some(shape)| or "a benefit but for a free product" of (written)
            read |object, faults| {
                object.refuse(&["product"], "goes with free_product only", faults);
                let target = CART_BY_DEFAULT.read("target", object, faults);
                let value = steps::value(object, value, &steps, faults);
                let given = value.unwrap_or_default();
                let shape = whole!(Shape {
                    per, base, same, target, repeat, steps; kind: Type::$kind, value: given
                })?;
                let benefit = build(&shape);
                check_shape(object, &shape, benefit.is_some(), faults);
                Some((value.and(benefit)?, shape.steps.map(StepValues::further)))
            }
        }
    )+};
}

const CART: Target = Target::of(TargetType::Cart, None);
const CART_BY_DEFAULT: Or<Part<BenefitTarget>, Target> = or(part(), CART);

priced! {
    /// A percentage off.
    PercentageOff "PercentageOff": PercentageOff,
        " Percent: over 0, at most 100, at most 4 decimals. Required without `steps`."
        PERCENTAGE, PercentageSteps,
        " What the benefit applies to; the cart by default." CART_BY_DEFAULT;
    /// An amount off.
    AmountOff "AmountOff": AmountOff,
        " In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals. Required without `steps`."
        POSITIVE_AMOUNT, AmountSteps,
        " What the benefit applies to; the cart by default." CART_BY_DEFAULT;
    /// A price for each unit, or for the shipping.
    FixedPrice "FixedPrice": FixedPrice,
        " The price of each unit, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals. Required without `steps`."
        AMOUNT, PriceSteps,
        " What the benefit applies to." required(part::<FixedPriceTarget>());
    /// A price for a group of units together.
    BundlePrice "BundlePrice": BundlePrice,
        " The price of each group, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals. Required without `steps`."
        AMOUNT, PriceSteps,
        " What the benefit applies to." required(part::<ItemsTarget>());
    /// Points, without a discount.
    AwardPoints "AwardPoints": AwardPoints,
        " Points: over 0, at most 1,000,000,000, at most 4 decimals. Required without `steps`."
        POSITIVE_AMOUNT, AmountSteps,
        " What the benefit applies to; the cart by default." or(part::<CartTarget>(), CART);
}

body! {
    /// Free units of a product. Units that are not in the cart are listed in `free_items`.
    struct FreeProductBody "FreeProduct" as Stepped {
        kind as "type": tag(Type::FreeProduct) => (),
        /// The free product, and the number of free units.
        product: required(part::<Product>()) => (free.sku.clone(), free.quantity),
        /// Only `application` is allowed.
        per: on_request(absent(choice::<Spread>())) => (),
        /// Only `unit_price` is allowed.
        base: on_request(absent(choice::<PriceBase>())) => (),
        /// How often the benefit is given; null: once.
        repeat: ONCE => free.repeat,
    } print |(Benefit::FreeProduct(free), _)| or "a free product" read |object, faults| {
        let message = "does not go with free_product";
        object.refuse(&["value", "steps", "target", "same"], message, faults);
        let per = per?.unwrap_or(Spread::Application);
        let base = base?.unwrap_or(PriceBase::UnitPrice);
        check_per_and_base(object, per, base, (false, false), faults);
        let (sku, quantity) = product?;
        Some((Benefit::FreeProduct(FreeProduct { sku, quantity, repeat: repeat? }), None))
    }
}

body! {
    struct Product "" as (String, Quantity) {
        /// The SKU that is free.
        sku: required(NAME) => sku,
        /// Free units for each application: over 0, at most 1,000,000, at most 3 decimals.
        quantity: or(QUANTITY.combining(), Quantity::ONE) => *quantity,
    } print |(sku, quantity)| read |object, faults| { Some((sku?, quantity?)) }
}

union! {
    /// How often a benefit is given.
    struct RepeatBody "Repeat" as Repeat, by "per": enum PerName {
        Quantity = "quantity" => RepeatPerQuantity,
        Amount = "amount" => RepeatPerAmount,
        Set = "set" => RepeatPerSet,
    } which |repeat| match repeat.per {
        Per::Quantity(_) => PerName::Quantity,
        Per::Amount(_) => PerName::Amount,
        Per::Set => PerName::Set,
    }
}

const MAX_TIMES: Optional<Integer> = optional(COUNT.combining());

body! {
    /// Once for every `every` units.
    struct RepeatPerQuantity "RepeatPerQuantity" as Repeat {
        kind as "per": tag(PerName::Quantity) => (),
        /// The number of units: over 0, at most 1,000,000, at most 3 decimals.
        every: required(QUANTITY.combining()) => every,
        /// The most times; null: no bound.
        max_times: MAX_TIMES => *max_times,
    } print |Repeat { per: Per::Quantity(every), max_times }| or "per quantity"
    read |object, faults| { Some(Repeat { per: Per::Quantity(every?), max_times: max_times? }) }
}

body! {
    /// Once for every `every` of the amount.
    struct RepeatPerAmount "RepeatPerAmount" as Repeat {
        kind as "per": tag(PerName::Amount) => (),
        /// The amount, in the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals.
        every: required(POSITIVE_AMOUNT.combining()) => every,
        /// The most times; null: no bound.
        max_times: MAX_TIMES => *max_times,
    } print |Repeat { per: Per::Amount(every), max_times }| or "per amount"
    read |object, faults| { Some(Repeat { per: Per::Amount(every?), max_times: max_times? }) }
}

body! {
    /// Once for each complete set of the units that the line conditions ask for.
    struct RepeatPerSet "RepeatPerSet" as Repeat {
        kind as "per": tag(PerName::Set) => (),
        /// The most times; null: no bound.
        max_times: MAX_TIMES => repeat.max_times,
    } print |repeat| read |object, faults| {
        object.refuse(&["every"], "does not go with sets", faults);
        Some(Repeat { per: Per::Set, max_times: max_times? })
    }
}

/// Builds the benefit; `None` if its target cannot have it.
fn build(shape: &Shape) -> Option<Benefit> {
    let (number, money) = (shape.value, Money::from_scaled(shape.value.scaled()));
    let (target, repeat, select) = (&shape.target, shape.repeat, shape.target.select.clone());
    match target.kind {
        TargetType::Items => {
            let kind = match shape.kind {
                Type::PercentageOff => {
                    ItemKind::PercentageOff { percent: number, base: shape.base }
                }
                Type::AmountOff => ItemKind::AmountOff { value: money, per: shape.per },
                Type::FixedPrice => ItemKind::FixedPrice { value: money },
                Type::BundlePrice => ItemKind::BundlePrice { value: money },
                Type::FreeProduct | Type::AwardPoints => return None,
            };
            let is_bundle = shape.kind == Type::BundlePrice;
            let pick = if is_bundle { Pick::MostExpensive } else { Pick::Cheapest };
            Some(Benefit::Items(ItemBenefit {
                kind,
                from: target.from,
                select,
                quantity: target.quantity,
                pick: target.pick.unwrap_or(pick),
                within: target.within,
                same: shape.same,
                repeat,
            }))
        }
        TargetType::Cart => {
            let kind = match shape.kind {
                Type::PercentageOff => CartKind::PercentageOff(number),
                Type::AmountOff => CartKind::AmountOff(money),
                Type::AwardPoints => CartKind::AwardPoints(number),
                Type::FixedPrice | Type::BundlePrice | Type::FreeProduct => return None,
            };
            Some(Benefit::Cart(CartBenefit { kind, select, repeat }))
        }
        TargetType::Shipping => {
            let kind = match shape.kind {
                Type::PercentageOff => ShippingKind::PercentageOff(number),
                Type::AmountOff => ShippingKind::AmountOff(money),
                Type::FixedPrice => ShippingKind::FixedPrice(money),
                Type::BundlePrice | Type::AwardPoints | Type::FreeProduct => return None,
            };
            Some(Benefit::Shipping(ShippingBenefit { kind, repeat }))
        }
    }
}

/// A benefit as a body writes it; `None` for a free product, whose body differs.
fn written((benefit, steps): &Stepped) -> Option<Shape> {
    let number = |amount: Money| Number::from_scaled(amount.scaled());
    let (per, base) = (Spread::Application, PriceBase::UnitPrice);
    let repeat = benefit.repeat().copied();
    let shape = |kind, value, target| {
        let steps = steps.as_ref().map(|own| StepValues::of(own, value));
        Shape { kind, value, per, base, same: None, target, repeat, steps }
    };
    match benefit {
        Benefit::FreeProduct(_) => None,
        Benefit::Items(own) => {
            let target = Target {
                kind: TargetType::Items,
                from: own.from,
                select: own.select.clone(),
                quantity: own.quantity,
                pick: Some(own.pick),
                within: own.within,
            };
            let shape = match own.kind {
                ItemKind::PercentageOff { percent, base } => {
                    Shape { base, ..shape(Type::PercentageOff, percent, target) }
                }
                ItemKind::AmountOff { value, per } => {
                    Shape { per, ..shape(Type::AmountOff, number(value), target) }
                }
                ItemKind::FixedPrice { value } => shape(Type::FixedPrice, number(value), target),
                ItemKind::BundlePrice { value } => shape(Type::BundlePrice, number(value), target),
            };
            Some(Shape { same: own.same, ..shape })
        }
        Benefit::Cart(own) => {
            let (kind, value) = match own.kind {
                CartKind::PercentageOff(percent) => (Type::PercentageOff, percent),
                CartKind::AmountOff(value) => (Type::AmountOff, number(value)),
                CartKind::AwardPoints(points) => (Type::AwardPoints, points),
            };
            Some(shape(kind, value, Target::of(TargetType::Cart, own.select.clone())))
        }
        Benefit::Shipping(own) => {
            let (kind, value) = match own.kind {
                ShippingKind::PercentageOff(percent) => (Type::PercentageOff, percent),
                ShippingKind::AmountOff(value) => (Type::AmountOff, number(value)),
                ShippingKind::FixedPrice(value) => (Type::FixedPrice, number(value)),
            };
            Some(shape(kind, value, Target::of(TargetType::Shipping, None)))
        }
    }
}

fn check_per_and_base(
    object: &Object<'_, '_>,
    per: Spread,
    base: PriceBase,
    (may_be_per_unit, may_be_of_mrp): (bool, bool),
    faults: &mut Faults,
) {
    if per == Spread::Unit && !may_be_per_unit {
        object.clash::<()>("per", "unit goes with amount_off on items only", faults);
    }
    if base == PriceBase::Mrp && !may_be_of_mrp {
        object.clash::<()>("base", "mrp goes with percentage_off on items only", faults);
    }
}

/// Adds a fault for each combination within the benefit that is not supported.
fn check_shape(object: &Object<'_, '_>, shape: &Shape, goes_together: bool, faults: &mut Faults) {
    let (kind, on) = (shape.kind, shape.target.kind);
    let on_items = on == TargetType::Items;
    let target = object.path().key("target");
    if !goes_together {
        let place = target.key("type");
        let place = if object.has("target") { &place } else { &target };
        faults.clash(place, "this benefit cannot be given on that");
    }
    let per_unit = on_items && kind == Type::AmountOff;
    let of_mrp = on_items && kind == Type::PercentageOff;
    check_per_and_base(object, shape.per, shape.base, (per_unit, of_mrp), faults);
    if shape.same.is_some() && !on_items {
        object.clash::<()>("same", "goes with items only", faults);
    }
    if shape.same.is_some() && shape.steps.is_some() {
        object.clash::<()>("steps", "does not go with same", faults);
    }
    if on_items {
        check_units(object.path(), shape, faults);
    }
}

/// Adds a fault for each combination that a benefit on items does not support.
fn check_units(benefit: &Path<'_>, shape: &Shape, faults: &mut Faults) {
    let (target, repeat) = (benefit.key("target"), benefit.key("repeat"));
    let per = shape.repeat.map(|repeat| repeat.per);
    let quantity = shape.target.quantity;
    let bundle = shape.kind == Type::BundlePrice;
    match per {
        Some(Per::Amount(_)) if bundle => {
            faults.clash(&repeat.key("per"), "a bundle_price cannot be given per amount");
        }
        Some(Per::Amount(_)) if shape.kind != Type::AmountOff && quantity.is_none() => {
            faults.clash(&target.key("quantity"), "per amount needs a quantity");
        }
        Some(Per::Quantity(every)) if bundle && quantity.is_some_and(|it| it != every) => {
            faults.clash(&target.key("quantity"), "of a bundle_price must be as every");
        }
        Some(Per::Quantity(_) | Per::Amount(_) | Per::Set) | None => {}
    }
    let sets = shape.target.from == From::InCondition
        && (per == Some(Per::Set) || (bundle && per.is_none()));
    if sets && quantity.is_some() {
        let message = "does not go with sets: a set is what the conditions ask for";
        faults.clash(&target.key("quantity"), message);
    }
    if shape.target.within == Within::Application {
        match per {
            Some(Per::Quantity(every)) if !bundle && shape.target.from != From::BeyondCondition => {
                if quantity.unwrap_or(Quantity::ONE) > every {
                    let message = "must be at most every within an application";
                    faults.clash(&target.key("quantity"), message);
                }
            }
            Some(Per::Quantity(_) | Per::Amount(_) | Per::Set) | None => {
                let message = "application goes with in_condition or matching and repeat per \
                               quantity, and not with bundle_price";
                faults.clash(&target.key("within"), message);
            }
        }
    }
}
