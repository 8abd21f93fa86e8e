//! Which parts of a benefit cannot be combined with each other, or with the promotion's conditions (spec 5.4).

use super::{Shape, Stepped, TargetType, Type};
use crate::domain::amount::Quantity;
use crate::domain::benefit::{Benefit, From, Per, PriceBase, Spread, Within};
use crate::domain::condition::{Condition, Leaf, LineMeasure};
use crate::domain::selector::NumberOperator;
use crate::wire::decode::Object;
use crate::wire::faults::{Faults, Path};

pub(super) fn check_per_and_base(
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
pub(super) fn check_shape(
    object: &Object<'_, '_>,
    shape: &Shape,
    goes_together: bool,
    faults: &mut Faults,
) {
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

/// Adds a fault if the benefit needs line conditions and there are none. With sets, every line condition must also
/// determine how many units a set has.
pub fn check_conditions(
    (benefit, steps): &Stepped,
    conditions: Option<&Condition>,
    path: &Path<'_>,
    faults: &mut Faults,
) {
    let own = conditions.map(Condition::leaves).unwrap_or_default();
    let of_step = steps.as_ref().map(|steps| steps.leaf(steps.from));
    let leaves = || own.iter().copied().chain(&of_step);
    let line_conditions = || leaves().filter(|leaf| leaf.is_line_condition());
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
            faults.clash(&from, message);
        }
        if per_set {
            faults.clash(&per, message);
        }
        return;
    }
    if (per_set || takes_sets) && !line_conditions().all(|leaf| says_how_many(leaf)) {
        let place = if per_set { &per } else { &from };
        faults.clash(place, "sets go with line_quantity (gte, gt, eq) and item only");
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
