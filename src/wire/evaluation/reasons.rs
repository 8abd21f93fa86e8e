//! Why promotions did not apply, and what is missing: reasons and unmet conditions (spec 8).

use std::borrow::Cow;

use super::head::PromotionHead;
use crate::domain::condition::{Condition, Leaf};
use crate::domain::evaluation::{LeafPlace, Reason, ReasonCode, Unmet};
use crate::domain::exact::Exact;
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, Terms};
use crate::wire::body::*;
use crate::wire::condition::{Type, operator_of, type_of};
use crate::wire::selector::Operator;
use crate::wire::usage::{LIMIT_NAME, limit_name};
use crate::wire::write::Writer;

answer! {
    /// A promotion that did not apply, and why.
    pub(super) struct NotAppliedBody "NotApplied" as (&Reason, &Promotion, u32)
        |(reason, promotion, precision)| {
        head: all_of::<PromotionHead>() => promotion,
        /// Why it did not apply.
        reason: required(choice::<ReasonCode>()) => reason.code(),
        /// With `limit_reached`: the limit.
        limit: absent(LIMIT_NAME) => match reason {
            Reason::LimitReached(limit) => Some(limit_name(*limit)),
            _ => None,
        },
        /// With `conditions_not_met`: the conditions that are not met.
        unmet: absent(every(part::<UnmetBody>())) => match reason {
            Reason::ConditionsNotMet(unmet) => {
                Some(|| unmet.iter().map(|own| missing(own, promotion, *precision)))
            },
            _ => None,
        },
        /// With `better_deal_taken` under `optimal`: the best total that was found with the promotion; null if none was
        /// found.
        alternative_discount: absent(or_null(by(WORDS))) => match reason {
            Reason::OutdoneBy(total) => Some(total.map(|total| {
                move |writer: &mut Writer| writer.money(total, *precision)
            })),
            _ => None,
        },
    }
}

/// What is not met, its leaf, and the least decimals of the leaf's numbers: amounts have at least the tenant's
/// precision, and counts have only the decimals that they need.
///
/// INVARIANT: the place of what is not met is one of its promotion.
#[expect(clippy::unreachable, reason = "an unmet leaf is one of its promotion's conditions")]
fn missing<'p>(
    unmet: &'p Unmet,
    promotion: &'p Promotion,
    precision: u32,
) -> (&'p Unmet, Cow<'p, Leaf>, u32) {
    let Terms { conditions, steps, .. } = &promotion.terms;
    let leaf = match &unmet.place {
        LeafPlace::Conditions(path) => match conditions.as_ref().and_then(|own| own.at(path)) {
            Some(Condition::Leaf(leaf)) => Cow::Borrowed(leaf),
            other => unreachable!("{path:?} leads to {other:?}"),
        },
        LeafPlace::FirstStep => match steps {
            Some(steps) => Cow::Owned(steps.leaf(steps.from)),
            None => unreachable!("a benefit without steps"),
        },
    };
    let is_amount = match &*leaf {
        Leaf::Cart { measure, .. } => measure.is_amount(),
        Leaf::Lines { measure, .. } => measure.is_amount(),
        Leaf::Item { .. }
        | Leaf::PaymentMode { .. }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. } => false,
    };
    (unmet, leaf, if is_amount { precision } else { 0 })
}

answer! {
    /// A condition whose result is not the one that its group asks for.
    struct UnmetBody "Unmet" as (&Unmet, Cow<'_, Leaf>, u32) |(own, leaf, decimals)| {
        /// A JSON pointer into the promotion.
        path: required(POINTER) => pointer(own),
        /// What is measured or compared.
        kind as "type": required(Like(|_| {
            let leaves = Type::ALL.iter().filter(|kind| **kind != Type::Group);
            one_name(&leaves.map(|kind| kind.name()).collect::<Vec<_>>())
        })) => type_of(leaf),
        /// The operator.
        op: absent(choice::<Operator>()) => operator_of(leaf),
        /// For a number: the value that it is compared with.
        required as "required": absent(DECIMAL) =>
            own.number.as_ref().map(|number| (Exact::from(number.required), *decimals)),
        /// For a number: its actual value.
        actual: absent(DECIMAL) =>
            own.number.as_ref().map(|number| (&number.actual, *decimals)),
        /// For a number: how much must be added to meet the condition, if adding to the cart helps.
        shortfall: absent(DECIMAL) => own.number.as_ref().and_then(|number| {
            Some((number.shortfall.as_ref()?, *decimals))
        }),
    }
}

fn pointer(unmet: &Unmet) -> String {
    match &unmet.place {
        LeafPlace::Conditions(path) => path
            .iter()
            .fold(String::from("/conditions"), |path, child| format!("{path}/of/{child}")),
        LeafPlace::FirstStep => String::from("/benefit/steps/values/0"),
    }
}
