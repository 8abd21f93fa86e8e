//! What did not apply, and what is missing: suggestions, reasons and unmet conditions (spec 8).

use super::{names_of, write_promotion};
use crate::domain::condition::{CartMeasure, LineMeasure};
use crate::domain::evaluation::{
    NotApplied, OtherLeaf, Reason, ReasonCode, Suggestion, Unmet, UnmetLeaf, UnmetMeasure,
};
use crate::domain::exact::Exact;
use crate::domain::names::Named;
use crate::engine::RuleSet;
use crate::wire::body::schema::one_name;
use crate::wire::body::*;
use crate::wire::selector::Operator;
use crate::wire::usage::{LIMIT_NAME, limit_name};
use crate::wire::write::Writer;

/// Messages have this where the shortfall is to stand.
const SHORTFALL: &str = "{shortfall}";

described! {
    pub(super) struct SuggestionBody "" {
        /// Which.
        promotion_id: required(ID),
        /// Its name.
        name: required(WORDS),
        /// Its message, with what is missing in the place of `{shortfall}`.
        message: required(WORDS),
        /// The one condition that is not met.
        unmet: required(every(part::<UnmetBody>())),
    }
}

pub(super) fn write_suggestion(
    writer: &mut Writer,
    suggestion: &Suggestion,
    rules: &RuleSet,
    precision: u32,
) {
    writer.object(|writer| {
        let promotion = write_promotion(writer, rules, suggestion.promotion);
        let message = promotion.map_or("", |promotion| promotion.terms.message.as_str());
        let missing = match &suggestion.unmet.leaf {
            UnmetLeaf::Number { measure, shortfall: Some(shortfall), .. } => {
                shortfall.print(decimals(*measure, precision))
            }
            UnmetLeaf::Number { .. } | UnmetLeaf::Other(..) => String::new(),
        };
        writer.key("message").text(&message.replace(SHORTFALL, &missing));
        writer.key("unmet").list([&suggestion.unmet], |writer, unmet| {
            write_unmet(writer, unmet, precision);
        });
    });
}

described! {
    /// A promotion that did not apply, and why.
    pub(super) struct NotAppliedBody "NotApplied" {
        /// Which.
        promotion_id: required(ID),
        /// Its name.
        name: required(WORDS),
        /// Why not.
        reason: required(choice::<ReasonCode>()),
        /// With `limit_reached`: which.
        limit: absent(LIMIT_NAME),
        /// With `conditions_not_met`: what is not as it must be.
        unmet: absent(every(part::<UnmetBody>())),
        /// With `better_deal_taken` under `optimal`: the best total found that contains the promotion; null if none.
        alternative_discount: absent(or_null(WORDS)),
    }
}

pub(super) fn write_not_applied(
    writer: &mut Writer,
    entry: &NotApplied,
    rules: &RuleSet,
    precision: u32,
) {
    writer.object(|writer| {
        write_promotion(writer, rules, entry.promotion);
        writer.key("reason").name(entry.reason.code());
        match &entry.reason {
            Reason::Plain(_) => {}
            Reason::LimitReached(limit) => writer.key("limit").text(&limit_name(*limit)),
            Reason::OutdoneBy(total) => {
                let alternative = writer.key("alternative_discount");
                alternative.option(*total, |writer, total| writer.money(total, precision));
            }
            Reason::ConditionsNotMet(unmet) => {
                writer.key("unmet").list(unmet, |writer, unmet| {
                    write_unmet(writer, unmet, precision);
                });
            }
        }
    });
}

/// Amounts have at least the tenant's precision, counts only the decimals that they need.
const fn decimals(measure: UnmetMeasure, precision: u32) -> u32 {
    if measure.is_amount() { precision } else { 0 }
}

described! {
    /// A condition that is not what its group asks.
    struct UnmetBody "Unmet" {
        /// JSON pointer into the promotion.
        path: required(POINTER),
        /// What is measured or looked at.
        kind as "type": required(Like(|| one_name(&[
            names_of(CartMeasure::ALL), names_of(LineMeasure::ALL), names_of(OtherLeaf::ALL),
        ].concat()))),
        /// How it is compared.
        op: absent(choice::<Operator>()),
        /// With a number: what it is compared with.
        required: absent(DECIMAL),
        /// With a number: what it is.
        actual: absent(DECIMAL),
        /// With a number: what must be added so that it holds, where more in the cart helps.
        shortfall: absent(DECIMAL),
    }
}

fn write_unmet(writer: &mut Writer, unmet: &Unmet, precision: u32) {
    let mut path = String::from("/conditions");
    for child in &unmet.path {
        path.push_str("/of/");
        path.push_str(&child.to_string());
    }
    writer.object(|writer| {
        writer.key("path").text(&path);
        match &unmet.leaf {
            UnmetLeaf::Number { measure, op, required, actual, shortfall } => {
                match measure {
                    UnmetMeasure::Cart(measure) => writer.key("type").name(*measure),
                    UnmetMeasure::Lines(measure) => writer.key("type").name(*measure),
                }
                let decimals = decimals(*measure, precision);
                writer.key("op").name(*op);
                writer.key("required").exact(&Exact::from(*required), decimals);
                writer.key("actual").exact(actual, decimals);
                if let Some(shortfall) = shortfall {
                    writer.key("shortfall").exact(shortfall, decimals);
                }
            }
            UnmetLeaf::Other(leaf, op) => {
                writer.key("type").name(*leaf);
                if let Some(op) = op {
                    writer.key("op").name(*op);
                }
            }
        }
    });
}
