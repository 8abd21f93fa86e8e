//! Benefits, and what of them does not go together (spec 5.4).

use super::decode::{MAX_AMOUNT, MAX_QUANTITY, Object, TextBound, Value};
use super::faults::{FaultCode, Faults, Path};
use super::selector::{self, ListReference};
use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::benefit::{
    Benefit, CartBenefit, CartKind, FreeProduct, From, ItemBenefit, ItemKind, Per, Pick, PriceBase,
    Repeat, Same, ShippingBenefit, ShippingKind, Spread, Within,
};
use crate::domain::condition::{Condition, Leaf, LineMeasure};
use crate::domain::names::{Named, names};
use crate::domain::selector::{NumberOperator, Selector};

mod print;

pub use print::print;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    PercentageOff,
    AmountOff,
    FixedPrice,
    BundlePrice,
    FreeProduct,
    AwardPoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetType {
    Cart,
    Items,
    Shipping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PerName {
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
    TargetType { Cart = "cart", Items = "items", Shipping = "shipping" }
    PerName { Quantity = "quantity", Amount = "amount", Set = "set" }
}

const COMBINATION: FaultCode = FaultCode::UnsupportedCombination;

/// A target as it is written, whatever its type.
struct Target {
    kind: TargetType,
    from: From,
    select: Option<Selector>,
    quantity: Option<Quantity>,
    pick: Option<Pick>,
    within: Within,
}

impl Target {
    /// What a benefit without a target is given on.
    const CART: Self = Self {
        kind: TargetType::Cart,
        from: From::Matching,
        select: None,
        quantity: None,
        pick: None,
        within: Within::Cart,
    };
}

/// What a benefit has besides its value.
struct Shape {
    kind: Type,
    target: Target,
    repeat: Option<Repeat>,
    per: Spread,
    base: PriceBase,
    same: Option<Same>,
}

/// Reads a benefit. How it goes with the promotion's conditions: [`check_conditions`].
pub fn parse(
    value: Value<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Benefit> {
    let mut object = value.object(faults)?;
    let kind = object.required("type", faults, |v, f| v.choice(f))?;
    let benefit = if kind == Type::FreeProduct {
        free_product(&mut object, faults)
    } else {
        priced(&mut object, kind, lists, faults)
    };
    object.finish(faults)?;
    benefit
}

fn free_product(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<Benefit> {
    for name in ["value", "target", "same"] {
        object.refuse(name, COMBINATION, "does not go with free_product", faults);
    }
    let per = object.or("per", Spread::Application, faults, |v, f| v.choice(f));
    let base = object.or("base", PriceBase::UnitPrice, faults, |v, f| v.choice(f));
    check_per_and_base(object, per?, base?, (false, false), faults);
    let product = object.required("product", faults, |value, faults| {
        let mut object = value.object(faults)?;
        let sku = object.required("sku", faults, |v, f| v.owned(TextBound::NAME, f));
        let quantity = object.or("quantity", Quantity::ONE, faults, positive_quantity);
        object.finish(faults)?;
        Some((sku?, quantity?))
    });
    let repeat = object.optional("repeat", faults, repeat);
    let (sku, quantity) = product?;
    Some(Benefit::FreeProduct(FreeProduct { sku, quantity, repeat: repeat? }))
}

/// Every benefit but a free product.
fn priced(
    object: &mut Object<'_, '_>,
    kind: Type,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Benefit> {
    object.refuse("product", COMBINATION, "goes with free_product only", faults);
    let value = given(object, kind, faults);
    let per = object.or("per", Spread::Application, faults, |v, f| v.choice(f));
    let base = object.or("base", PriceBase::UnitPrice, faults, |v, f| v.choice(f));
    let same = object.optional("same", faults, |v, f| v.choice(f));
    let target =
        object.or("target", Target::CART, faults, |value, faults| target(value, lists, faults));
    let repeat = object.optional("repeat", faults, repeat);
    let shape =
        Shape { kind, target: target?, repeat: repeat?, per: per?, base: base?, same: same? };
    check_shape(object, &shape, faults);
    build(value?, shape)
}

/// What is given: the value of a benefit that has one.
#[derive(Clone, Copy)]
enum Given {
    PercentageOff(Number),
    AmountOff(Money),
    FixedPrice(Money),
    BundlePrice(Money),
    AwardPoints(Number),
}

fn given(object: &mut Object<'_, '_>, kind: Type, faults: &mut Faults) -> Option<Given> {
    let least = Number::from_scaled(1);
    object.required("value", faults, |value, faults| match kind {
        Type::PercentageOff => {
            let percent = value.number(least..=Number::whole(100), faults)?;
            Some(Given::PercentageOff(percent))
        }
        Type::AmountOff => Some(Given::AmountOff(value.positive_amount(faults)?)),
        Type::FixedPrice => Some(Given::FixedPrice(value.amount(faults)?)),
        Type::BundlePrice => Some(Given::BundlePrice(value.amount(faults)?)),
        Type::AwardPoints => {
            let points = value.number(least..=Number::whole(MAX_AMOUNT), faults)?;
            Some(Given::AwardPoints(points))
        }
        // It has no value, and is read apart.
        Type::FreeProduct => None,
    })
}

fn target(
    value: Value<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Target> {
    let mut object = value.object(faults)?;
    let kind = object.required("type", faults, |v, f| v.choice(f))?;
    if kind != TargetType::Items {
        for name in ["from", "quantity", "pick", "within"] {
            object.refuse(name, COMBINATION, "goes with items only", faults);
        }
    }
    if kind == TargetType::Shipping {
        object.refuse("select", COMBINATION, "does not go with shipping", faults);
    }
    let from = object.or("from", From::Matching, faults, |v, f| v.choice(f));
    let select = object.optional("select", faults, |v, f| selector::parse(v, lists, f));
    let quantity = object.optional("quantity", faults, positive_quantity);
    let pick = object.optional("pick", faults, |v, f| v.choice(f));
    let within = object.or("within", Within::Cart, faults, |v, f| v.choice(f));
    object.finish(faults)?;
    Some(Target {
        kind,
        from: from?,
        select: select?,
        quantity: quantity?,
        pick: pick?,
        within: within?,
    })
}

fn repeat(value: Value<'_, '_>, faults: &mut Faults) -> Option<Repeat> {
    let mut object = value.object(faults)?;
    let max_times = object.optional("max_times", faults, |value, faults| {
        let times: i64 = value.integer(i64::from(-MAX_AMOUNT)..=i64::from(MAX_AMOUNT), faults)?;
        match u32::try_from(times) {
            Ok(times) if times > 0 => Some(times),
            Ok(_) | Err(_) => value.fault(faults, COMBINATION, "must be over 0"),
        }
    });
    let per = match object.required("per", faults, |v, f| v.choice(f)) {
        Some(PerName::Quantity) => {
            let every = object.required("every", faults, positive_quantity);
            every.map(Per::Quantity)
        }
        Some(PerName::Amount) => {
            let every = object.required("every", faults, |value, faults| {
                let bound = Money::whole(MAX_AMOUNT);
                let every = value.money(Money::whole(-MAX_AMOUNT)..=bound, faults)?;
                if every.is_positive() {
                    return Some(every);
                }
                value.fault(faults, COMBINATION, "must be over 0")
            });
            every.map(Per::Amount)
        }
        Some(PerName::Set) => {
            object.refuse("every", COMBINATION, "does not go with sets", faults);
            Some(Per::Set)
        }
        None => {
            object.ignore("every", faults);
            None
        }
    };
    object.finish(faults)?;
    Some(Repeat { per: per?, max_times: max_times? })
}

/// A quantity of a benefit: the spec has its own code for one that is not over 0.
fn positive_quantity(value: Value<'_, '_>, faults: &mut Faults) -> Option<Quantity> {
    let bound = Quantity::whole(MAX_QUANTITY);
    let quantity = value.quantity(Quantity::whole(-MAX_QUANTITY)..=bound, faults)?;
    if quantity.is_positive() {
        return Some(quantity);
    }
    value.fault(faults, COMBINATION, "must be over 0")
}

fn check_per_and_base(
    object: &Object<'_, '_>,
    per: Spread,
    base: PriceBase,
    (may_be_per_unit, may_be_of_mrp): (bool, bool),
    faults: &mut Faults,
) {
    if per == Spread::Unit && !may_be_per_unit {
        let message = "unit goes with amount_off on items only";
        object.fault::<()>("per", faults, COMBINATION, message);
    }
    if base == PriceBase::Mrp && !may_be_of_mrp {
        let message = "mrp goes with percentage_off on items only";
        object.fault::<()>("base", faults, COMBINATION, message);
    }
}

/// Adds a fault for everything that does not go together within the benefit.
fn check_shape(object: &Object<'_, '_>, shape: &Shape, faults: &mut Faults) {
    let on_items = shape.target.kind == TargetType::Items;
    let together = match (shape.target.kind, shape.kind) {
        (TargetType::Items | TargetType::Cart | TargetType::Shipping, Type::FreeProduct)
        | (TargetType::Items | TargetType::Shipping, Type::AwardPoints)
        | (TargetType::Cart, Type::FixedPrice)
        | (TargetType::Cart | TargetType::Shipping, Type::BundlePrice) => false,
        (
            TargetType::Items | TargetType::Cart | TargetType::Shipping,
            Type::PercentageOff | Type::AmountOff,
        )
        | (TargetType::Items | TargetType::Shipping, Type::FixedPrice)
        | (TargetType::Items, Type::BundlePrice)
        | (TargetType::Cart, Type::AwardPoints) => true,
    };
    let target = object.path().key("target");
    if !together {
        let place = target.key("type");
        let place = if object.has("target") { &place } else { &target };
        faults.add(place, COMBINATION, "this benefit cannot be given on that");
    }
    let per_unit = on_items && shape.kind == Type::AmountOff;
    let of_mrp = on_items && shape.kind == Type::PercentageOff;
    check_per_and_base(object, shape.per, shape.base, (per_unit, of_mrp), faults);
    if shape.same.is_some() && !on_items {
        object.fault::<()>("same", faults, COMBINATION, "goes with items only");
    }
    if on_items {
        check_units(object.path(), shape, faults);
    }
}

/// What does not go together in a benefit on items.
fn check_units(benefit: &Path<'_>, shape: &Shape, faults: &mut Faults) {
    let (target, repeat) = (benefit.key("target"), benefit.key("repeat"));
    let per = shape.repeat.map(|repeat| repeat.per);
    let quantity = shape.target.quantity;
    let bundle = shape.kind == Type::BundlePrice;
    match per {
        Some(Per::Amount(_)) if bundle => {
            let message = "a bundle_price cannot be given per amount";
            faults.add(&repeat.key("per"), COMBINATION, message);
        }
        Some(Per::Amount(_)) if shape.kind != Type::AmountOff && quantity.is_none() => {
            let message = "per amount needs a quantity";
            faults.add(&target.key("quantity"), COMBINATION, message);
        }
        Some(Per::Quantity(every)) if bundle && quantity.is_some_and(|it| it != every) => {
            let message = "of a bundle_price must be as every";
            faults.add(&target.key("quantity"), COMBINATION, message);
        }
        Some(Per::Quantity(_) | Per::Amount(_) | Per::Set) | None => {}
    }
    let sets = shape.target.from == From::InCondition
        && (per == Some(Per::Set) || (bundle && per.is_none()));
    if sets && quantity.is_some() {
        let message = "does not go with sets: a set is what the conditions ask for";
        faults.add(&target.key("quantity"), COMBINATION, message);
    }
    if shape.target.within == Within::Application {
        match per {
            Some(Per::Quantity(every)) if !bundle && shape.target.from != From::BeyondCondition => {
                if quantity.unwrap_or(Quantity::ONE) > every {
                    let message = "must be at most every within an application";
                    faults.add(&target.key("quantity"), COMBINATION, message);
                }
            }
            Some(Per::Quantity(_) | Per::Amount(_) | Per::Set) | None => {
                let message = "application goes with in_condition or matching and repeat per \
                               quantity, and not with bundle_price";
                faults.add(&target.key("within"), COMBINATION, message);
            }
        }
    }
}

/// `None` for what [`check_shape`] has refused.
fn build(given: Given, shape: Shape) -> Option<Benefit> {
    let Shape { kind, target, repeat, per, base, same } = shape;
    match target.kind {
        TargetType::Items => {
            let default_pick = match kind {
                Type::BundlePrice => Pick::MostExpensive,
                Type::PercentageOff
                | Type::AmountOff
                | Type::FixedPrice
                | Type::FreeProduct
                | Type::AwardPoints => Pick::Cheapest,
            };
            let kind = match given {
                Given::PercentageOff(percent) => ItemKind::PercentageOff { percent, base },
                Given::AmountOff(value) => ItemKind::AmountOff { value, per },
                Given::FixedPrice(value) => ItemKind::FixedPrice { value },
                Given::BundlePrice(value) => ItemKind::BundlePrice { value },
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

/// Adds a fault for what the benefit asks of the conditions and they do not have: line conditions,
/// and for sets only such as say how many units a set has.
pub fn check_conditions(
    benefit: &Benefit,
    conditions: Option<&Condition>,
    path: &Path<'_>,
    faults: &mut Faults,
) {
    let leaves = conditions.map(Condition::leaves).unwrap_or_default();
    let line_conditions = || leaves.iter().filter(|leaf| leaf.is_line_condition());
    let (target, repeat) = (path.key("target"), path.key("repeat"));
    let (from, per) = (target.key("from"), repeat.key("per"));
    let per_set = benefit.repeat().is_some_and(|it| it.per == Per::Set);
    let (needs_from, takes_sets) = match benefit {
        Benefit::Items(benefit) => (benefit.from != From::Matching, benefit.takes_sets()),
        Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => (false, false),
    };
    if line_conditions().next().is_none() {
        let message = "needs a line condition";
        if needs_from {
            faults.add(&from, COMBINATION, message);
        }
        if per_set {
            faults.add(&per, COMBINATION, message);
        }
        return;
    }
    if (per_set || takes_sets) && !line_conditions().all(|leaf| says_how_many(leaf)) {
        let place = if per_set { &per } else { &from };
        let message = "sets go with line_quantity (gte, gt, eq) and item only";
        faults.add(place, COMBINATION, message);
    }
}

fn says_how_many(leaf: &Leaf) -> bool {
    match leaf {
        Leaf::Lines { measure: LineMeasure::Quantity, compare, .. } => match compare.op {
            NumberOperator::Eq | NumberOperator::Gt | NumberOperator::Gte => true,
            NumberOperator::Ne | NumberOperator::Lt | NumberOperator::Lte => false,
        },
        Leaf::Item { .. } => true,
        Leaf::Lines { .. }
        | Leaf::Cart { .. }
        | Leaf::PaymentMode { .. }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. } => false,
    }
}
