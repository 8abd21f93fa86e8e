//! `contradiction`: leaves on one measure or one text that no cart meets together.

use super::range::Range;
use super::required::{Required, required};
use super::text_rules::{TextSubject, can_be_met};
use crate::domain::benefit::Steps;
use crate::domain::condition::{CartMeasure, Condition, Leaf, LineMeasure};
use crate::domain::finding::{Concern, Finding};
use crate::domain::names::Named as _;
use crate::domain::promotion::{Kind, Terms};
use crate::domain::selector::{Comparison, Selector};

/// What a leaf with a number measures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measured<'c> {
    Cart(CartMeasure),
    Lines(LineMeasure, &'c Selector),
}

/// The contradictions of a promotion's conditions, with its steps, and of those under which it is earned.
pub(super) fn contradictions(terms: &Terms) -> Vec<Finding> {
    let own = required(terms.conditions.as_ref(), "/conditions");
    let mut found = among(&own);
    if let (true, Some(steps)) = (found.is_empty(), &terms.steps) {
        found.extend(unreached_step(&own, steps));
    }
    if let Kind::LoyaltyEarning { earning, .. } = &terms.kind {
        found.extend(of(earning.conditions.as_ref(), "/earning/conditions"));
    }
    found
}

fn of(conditions: Option<&Condition>, pointer: &str) -> Vec<Finding> {
    among(&required(conditions, pointer))
}

/// The first step that no cart reaches.
fn unreached_step(own: &[Required<'_>], steps: &Steps) -> Option<Finding> {
    let starts = [steps.from].into_iter().chain(steps.further.iter().map(|step| step.from));
    starts.enumerate().find_map(|(place, from)| {
        let leaf = steps.leaf(from);
        let pointer = format!("/benefit/steps/values/{place}/from");
        let of_step = Required { leaf: &leaf, holds: true, pointer };
        among(&[own, &[of_step]].concat()).pop()
    })
}

/// One finding for each subject whose leaves cannot all be met: at the first leaf that excludes those before it.
fn among(leaves: &[Required<'_>]) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for (place, last) in leaves.iter().enumerate() {
        let so_far = leaves.get(..=place).unwrap_or_default();
        if let Some(subject) = excluded(so_far, last) {
            let concern = Concern::Contradiction(subject);
            if found.iter().all(|own| own.concern != concern) {
                found.push(Finding { pointer: last.pointer.clone(), concern });
            }
        }
    }
    found
}

/// The name of what the last leaf looks at, if no cart meets all leaves on it.
fn excluded(leaves: &[Required<'_>], last: &Required<'_>) -> Option<String> {
    match last.leaf {
        Leaf::Cart { .. } | Leaf::Lines { .. } => {
            let (measured, _) = measure(last.leaf)?;
            let mut range = Range::new(0, i64::MAX);
            for own in leaves {
                if let Some((other, compare)) = measure(own.leaf)
                    && other == measured
                {
                    range.narrow(compare, own.holds);
                }
            }
            let is_count = match measured {
                Measured::Cart(measure) => measure == CartMeasure::ItemCount,
                Measured::Lines(measure, _) => match measure {
                    LineMeasure::DistinctProducts | LineMeasure::DistinctVariants => true,
                    LineMeasure::Amount | LineMeasure::Quantity => false,
                },
            };
            let is_empty = range.is_empty() || is_count && range.has_no_whole();
            let name = match measured {
                Measured::Cart(measure) => measure.name(),
                Measured::Lines(measure, _) => measure.name(),
            };
            is_empty.then(|| name.to_owned())
        }
        Leaf::Item { of, found } => {
            let contrary = |own: &Required<'_>| match own.leaf {
                Leaf::Item { of: other, found: own_found } => {
                    other == of && (own_found == found) != (own.holds == last.holds)
                }
                Leaf::Cart { .. }
                | Leaf::Lines { .. }
                | Leaf::PaymentMode { .. }
                | Leaf::GiftVoucher { .. }
                | Leaf::Member { .. }
                | Leaf::CustomerAttribute { .. } => false,
            };
            leaves.iter().any(contrary).then(|| "item".to_owned())
        }
        Leaf::PaymentMode { .. } | Leaf::Member { .. } | Leaf::CustomerAttribute { .. } => {
            let subject = TextSubject::of(last.leaf)?;
            let on_it = leaves.iter().filter(|own| TextSubject::of(own.leaf) == Some(subject));
            (!can_be_met(subject, on_it)).then(|| subject.to_string())
        }
        Leaf::GiftVoucher { .. } => None,
    }
}

/// What a leaf measures, and what it must be. All lines together are the cart.
fn measure(leaf: &Leaf) -> Option<(Measured<'_>, Comparison)> {
    match leaf {
        Leaf::Cart { measure, compare } => Some((Measured::Cart(*measure), *compare)),
        Leaf::Lines { measure, of, compare } => {
            let of_cart = match measure {
                LineMeasure::Amount => Some(CartMeasure::Amount),
                LineMeasure::Quantity => Some(CartMeasure::Quantity),
                LineMeasure::DistinctVariants => Some(CartMeasure::ItemCount),
                LineMeasure::DistinctProducts => None,
            };
            let of_cart = of_cart.filter(|_| *of == Selector::EVERY_LINE);
            let measured = of_cart.map_or(Measured::Lines(*measure, of), Measured::Cart);
            Some((measured, *compare))
        }
        Leaf::Item { .. }
        | Leaf::PaymentMode { .. }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. } => None,
    }
}
