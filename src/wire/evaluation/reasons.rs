//! Why promotions did not apply, and what is missing: reasons and unmet conditions (spec 8).

use super::context::Context;
use super::explanation;
use super::facts::FactsBody;
use super::head::PromotionHead;
use super::unmet::{UnmetBody, missing};
use crate::domain::evaluation::NotApplied;
use crate::domain::reason::{Reason, ReasonCode};
use crate::wire::body::*;
use crate::wire::usage::{LIMIT_NAME, limit_name};
use crate::wire::write::Writer;

answer! {
    /// A promotion that did not apply, and why.
    pub(super) struct NotAppliedBody "NotApplied" as (&NotApplied, Context<'_>)
        |(own, context)| {
        head: all_of::<PromotionHead>() => &context.promotion(own.promotion),
        /// Why it did not apply.
        reason: required(choice::<ReasonCode>()) => own.reason.code(),
        /// What explains the reason. Which members there are depends on it.
        facts: absent(part::<FactsBody>()) => Some((Some(&own.reason), *context)),
        /// Why it did not apply, in a sentence for the shopper.
        explanation: absent(WORDS) => Some(explanation::of(own, context)),
        /// With `limit_reached`: the limit.
        limit: absent(LIMIT_NAME) => match &own.reason {
            Reason::LimitReached(reached) => Some(limit_name(reached.limit.name)),
            _ => None,
        },
        /// With `conditions_not_met`: the conditions that are not met.
        unmet: absent(every(part::<UnmetBody>())) => match &own.reason {
            Reason::ConditionsNotMet(unmet) => {
                let promotion = context.promotion(own.promotion);
                Some(|| unmet.iter().map(|own| missing(own, promotion, context.precision)))
            },
            _ => None,
        },
        /// With `better_deal_taken` under `optimal`: the best total that was found with the promotion; null if none was
        /// found.
        alternative_discount: absent(or_null(by(WORDS))) => match &own.reason {
            Reason::OutdoneBy(total) => Some(total.map(|total| {
                move |writer: &mut Writer| writer.money(total, context.precision)
            })),
            _ => None,
        },
    }
}
