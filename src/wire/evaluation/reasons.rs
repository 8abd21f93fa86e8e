//! What did not apply, and what is missing: suggestions, reasons and unmet conditions (spec 8).

use super::PromotionHead;
use crate::domain::condition::{CartMeasure, LineMeasure};
use crate::domain::evaluation::{
    OtherLeaf, Reason, ReasonCode, Suggestion, Unmet, UnmetLeaf, UnmetMeasure,
};
use crate::domain::exact::Exact;
use crate::domain::names::{Named, names_of};
use crate::domain::promotion::Promotion;
use crate::wire::body::*;
use crate::wire::selector::Operator;
use crate::wire::usage::{LIMIT_NAME, limit_name};
use crate::wire::write::Writer;

/// Messages have this where the shortfall is to stand.
const SHORTFALL: &str = "{shortfall}";

answer! {
    pub(super) struct SuggestionBody "" as (&Suggestion, Option<&Promotion>, u32)
        |(own, promotion, precision)| {
        head: all_of::<PromotionHead>() => promotion,
        /// Its message, with what is missing in the place of `{shortfall}`.
        message: filled(WORDS) => promotion.map(|promotion| {
            promotion.terms.message.replace(SHORTFALL, &missing(&own.unmet, *precision))
        }),
        /// The one condition that is not met.
        unmet: required(every(part::<UnmetBody>())) => || [Shown::of(&own.unmet, *precision)],
    }
}

fn missing(unmet: &Unmet, precision: u32) -> String {
    match &unmet.leaf {
        UnmetLeaf::Number { measure, shortfall: Some(shortfall), .. } => {
            shortfall.print(decimals(*measure, precision))
        }
        UnmetLeaf::Number { .. } | UnmetLeaf::Other(..) => String::new(),
    }
}

answer! {
    /// A promotion that did not apply, and why.
    pub(super) struct NotAppliedBody "NotApplied" as (&Reason, Option<&Promotion>, u32)
        |(reason, promotion, precision)| {
        head: all_of::<PromotionHead>() => promotion,
        /// Why not.
        reason: required(choice::<ReasonCode>()) => reason.code(),
        /// With `limit_reached`: which.
        limit: absent(LIMIT_NAME) => match reason {
            Reason::LimitReached(limit) => Some(limit_name(*limit)),
            _ => None,
        },
        /// With `conditions_not_met`: what is not as it must be.
        unmet: absent(every(part::<UnmetBody>())) => match reason {
            Reason::ConditionsNotMet(unmet) => {
                Some(|| unmet.iter().map(|own| Shown::of(own, *precision)))
            },
            _ => None,
        },
        /// With `better_deal_taken` under `optimal`: the best total found that contains the promotion; null if none.
        alternative_discount: absent(or_null(by(WORDS))) => match reason {
            Reason::OutdoneBy(total) => Some(total.map(|total| {
                move |writer: &mut Writer| writer.money(total, *precision)
            })),
            _ => None,
        },
    }
}

/// Amounts have at least the tenant's precision, counts only the decimals that they need.
const fn decimals(measure: UnmetMeasure, precision: u32) -> u32 {
    if measure.is_amount() { precision } else { 0 }
}

answer! {
    /// A condition that is not what its group asks.
    struct UnmetBody "Unmet" as Shown |own| {
        /// JSON pointer into the promotion.
        path: required(POINTER) => own.path,
        /// What is measured or looked at.
        kind as "type": required(Like(|_| one_name(&[
            names_of(CartMeasure::ALL), names_of(LineMeasure::ALL), names_of(OtherLeaf::ALL),
        ].concat()))) => own.kind,
        /// How it is compared.
        op: absent(choice::<Operator>()) => own.op,
        /// With a number: what it is compared with.
        required as "required": absent(DECIMAL) => own.required,
        /// With a number: what it is.
        actual: absent(DECIMAL) => own.actual,
        /// With a number: what must be added so that it holds, where more in the cart helps.
        shortfall: absent(DECIMAL) => own.shortfall,
    }
}

/// An unmet condition as it is printed, numbers with their least decimals.
struct Shown {
    path: String,
    kind: &'static str,
    op: Option<&'static str>,
    required: Option<(Exact, u32)>,
    actual: Option<(Exact, u32)>,
    shortfall: Option<(Exact, u32)>,
}

impl Shown {
    fn of(unmet: &Unmet, precision: u32) -> Self {
        let mut path = String::from("/conditions");
        for child in &unmet.path {
            path.push_str("/of/");
            path.push_str(&child.to_string());
        }
        match &unmet.leaf {
            UnmetLeaf::Number { measure, op, required, actual, shortfall } => {
                let kind = match measure {
                    UnmetMeasure::Cart(measure) => measure.name(),
                    UnmetMeasure::Lines(measure) => measure.name(),
                };
                let decimals = decimals(*measure, precision);
                let required = Some((Exact::from(*required), decimals));
                let actual = Some((actual.clone(), decimals));
                let shortfall = shortfall.clone().map(|shortfall| (shortfall, decimals));
                Self { path, kind, op: Some(op.name()), required, actual, shortfall }
            }
            UnmetLeaf::Other(leaf, op) => {
                let (kind, op) = (leaf.name(), op.map(Named::name));
                Self { path, kind, op, required: None, actual: None, shortfall: None }
            }
        }
    }
}
