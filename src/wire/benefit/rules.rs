//! Which parts of a benefit cannot be combined with the promotion's conditions (spec 5.4).

use super::steps::Stepped;
use crate::domain::benefit::{Benefit, From, Per};
use crate::domain::condition::{Condition, Leaf, LineMeasure};
use crate::domain::selector::NumberOperator;
use crate::wire::faults::{Faults, Path};

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
    if (per_set || takes_sets) && !line_conditions().all(says_how_many) {
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
