//! The result of an evaluation (spec 8). It is printed straight into a text, because it is on the hot path.

use chrono::{DateTime, Utc};

use super::body::*;
use super::write::Writer;
use crate::domain::benefit::Level;
use crate::domain::cart::{Line, Request};
use crate::domain::evaluation::{
    Allocation, Applied, CodeVerdict, Evaluation, FreeItem, Optimality, PricedLine, ReasonCode,
    Totals,
};
use crate::domain::exact::Exact;
use crate::domain::id::IssuanceId;
use crate::domain::names::{Named, names_of};
use crate::domain::promotion::{Promotion, PromotionType};
use crate::engine::RuleSet;

mod context;
mod explanation;
mod facts;
mod head;
mod reasons;
mod suggestions;
mod unmet;

use context::Context;
use facts::FactsBody;
pub(super) use head::{PromotionHead, PromotionName};
use reasons::NotAppliedBody;
use suggestions::SuggestionBody;

/// Typical bytes of an answer without its lists, and of each line, allocation and applied promotion. They reserve room.
const ROOM: usize = 1_024;
const ROOM_LINE: usize = 192;
const ROOM_ALLOCATION: usize = 112;
const ROOM_APPLIED: usize = 320;

/// Prints the evaluation of a request by `rules`.
pub fn print(
    evaluation: &Evaluation,
    rules: &RuleSet,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> String {
    let allocations = evaluation.lines.iter().map(|line| line.allocations.len());
    let room = ROOM
        + ROOM_LINE * evaluation.lines.len()
        + ROOM_ALLOCATION * allocations.sum::<usize>()
        + ROOM_APPLIED * evaluation.applied.len();
    let mut writer = Writer::with_capacity(room);
    let precision = rules.settings().rounding.precision();
    EvaluationBody::print(&mut writer, &(evaluation, Context { rules, request, now, precision }));
    writer.finish()
}

answer! {
    /// The price of a cart. All amounts are in the currency of the cart.
    pub struct EvaluationBody "Evaluation" as (&Evaluation, Context<'_>) |(own, context)| {
        /// The time for which the cart was evaluated.
        evaluated_at: required(INSTANT) => context.now,
        /// The version of the tenant's rules.
        ruleset_version: required(SIZE) => context.rules.version(),
        /// The currency of all amounts.
        currency: required(CURRENCY) =>
            context.request.cart.currency.unwrap_or(context.rules.settings().currency),
        /// How good the result is, under the strategy `optimal`; else null.
        optimality: optional(part::<OptimalityBody>()) =>
            own.optimality.map(|optimality| (optimality, context.precision)),
        /// The totals of the cart.
        totals: required(part::<TotalsBody>()) => (&own.totals, context.precision),
        /// The lines of the cart, in its order.
        lines: required(every(part::<PricedLineBody>())) => || {
            let lines = context.request.cart.lines.iter().zip(&own.lines);
            lines.map(|(line, priced)| (line, priced, *context))
        },
        /// The promotions that applied, in the order of application.
        applied: required(every(part::<AppliedBody>())) => || own.applied.iter().map(|applied| {
            (applied, context.rules.promotion(applied.promotion), *context)
        }),
        /// Products to add to the cart, free of charge.
        free_items: required(every(part::<FreeItemBody>())) =>
            || own.free_items.iter().map(|item| (item, *context)),
        /// The result of each code of the cart, in its order.
        codes: required(every(part::<CodeBody>())) =>
            || context.request.cart.codes.iter().zip(&own.codes).map(|(code, verdict)| {
                (code.as_ref(), verdict, *context)
            }),
        /// At most 5 changes of the cart that make further promotions apply, the largest gain first.
        suggestions: required(every(part::<SuggestionBody>())) =>
            || own.suggestions.iter().map(|suggestion| {
                (suggestion, context.rules.promotion(suggestion.promotion), *context)
            }),
        /// With `explain: all`: every active or paused promotion that did not apply.
        not_applied: absent(every(part::<NotAppliedBody>())) =>
            own.not_applied.as_ref().map(|entries| || entries.iter().map(|entry| {
                (entry, *context)
            })),
    }
}

answer! {
    struct OptimalityBody "" as (Optimality, u32) |(own, precision)| {
        /// Whether it is proven that no set of promotions gives more.
        proven: required(BOOLEAN) => own.is_proven,
        /// An amount, in the cart's currency, that no set of promotions can exceed.
        upper_bound: required(DECIMAL) => (own.upper_bound, *precision),
    }
}

answer! {
    struct FreeItemBody "" as (&FreeItem, Context<'_>) |(item, context)| {
        /// The promotion that gives the product.
        promotion_id: required(PromotionName) => context.promotion_id(item.promotion),
        /// The promotion's name.
        name: absent(WORDS) => Some(&context.promotion(item.promotion).terms.name),
        /// The product's SKU.
        sku: required(WORDS) => item.sku,
        /// The number of units.
        quantity: required(DECIMAL) => item.quantity,
    }
}

answer! {
    /// The totals of a cart.
    pub struct TotalsBody "Totals" as (&Totals, u32) |(own, precision)| {
        /// Σ unit price × quantity.
        gross: required(DECIMAL) => (&own.gross, *precision),
        /// The discount of item-level promotions.
        item_discount: required(DECIMAL) => (own.item_discount, *precision),
        /// The discount of cart-level promotions, without shipping.
        cart_discount: required(DECIMAL) => (own.cart_discount, *precision),
        /// The cost of shipping before discounts.
        shipping: required(DECIMAL) => (own.shipping, *precision),
        /// The discount on shipping.
        shipping_discount: required(DECIMAL) => (own.shipping_discount, *precision),
        /// item_discount + cart_discount + shipping_discount.
        discount: required(DECIMAL) => (own.discount(), *precision),
        /// The tax of all lines.
        tax: required(DECIMAL) => (own.tax, *precision),
        /// The charges of all lines.
        charges: required(DECIMAL) => (own.charges, *precision),
        /// gross + tax + charges + shipping − discount.
        payable: required(DECIMAL) => (&own.payable(), *precision),
    }
}

answer! {
    /// A line and its price.
    struct PricedLineBody "PricedLine" as (&Line<'_>, &PricedLine, Context<'_>)
        |(line, priced, context)| {
        /// The line's id in the cart.
        id: required(WORDS) => line.id,
        /// The line's SKU.
        sku: required(WORDS) => line.sku,
        /// The number of units.
        quantity: required(QUANTITY) => line.quantity,
        /// Unit price × quantity.
        gross: required(DECIMAL) => (&priced.gross, context.precision),
        /// The discount on this line, by item-level and cart-level promotions.
        discount: required(DECIMAL) => (priced.discount(), context.precision),
        /// gross + tax + charges − discount.
        payable: required(DECIMAL) => (&payable(line, priced), context.precision),
        /// What each promotion took off this line.
        allocations: required(every(part::<AllocationBody>())) =>
            || priced.allocations.iter().map(|allocation| (allocation, *context)),
    }
}

fn payable(line: &Line<'_>, priced: &PricedLine) -> Exact {
    let added = line.tax.plus(line.charges).minus(priced.discount());
    priced.gross.plus(&Exact::from(added))
}

answer! {
    struct AllocationBody "" as (&Allocation, Context<'_>) |(own, context)| {
        /// The promotion.
        promotion_id: required(PromotionName) => context.promotion_id(own.promotion),
        /// The number of units that the promotion discounted.
        quantity: required(QUANTITY) => own.quantity,
        /// The discount.
        amount: required(DECIMAL) => (own.amount, context.precision),
    }
}

answer! {
    /// A promotion that applied.
    struct AppliedBody "Applied" as (&Applied, &Promotion, Context<'_>)
        |(own, promotion, context)| {
        head: all_of::<PromotionHead>() => promotion,
        /// The promotion's type.
        kind as "type": required(choice::<PromotionType>()) =>
            promotion.terms.kind.promotion_type(),
        /// What the discount was taken off.
        level: required(choice::<Level>()) => own.level,
        /// The step that the benefit reached, from 0; only if it has steps.
        step: absent(SIZE) => own.step,
        /// How many times the promotion was given.
        times: required(SIZE) => own.times,
        /// The discount.
        discount: required(DECIMAL) => (own.discount, context.precision),
        /// The points that the promotion awards.
        points: required(DECIMAL) => own.points,
        /// The code that unlocked the promotion.
        code: optional(WORDS) => own.code.and_then(|index| context.request.cart.codes.get(index)),
        /// The issuance that was used for the promotion.
        issuance_id: optional(ID) => own.issuance_id.map(IssuanceId::uuid),
        /// The promotion's message to the shopper.
        message: required(WORDS) => promotion.terms.message,
    }
}

answer! {
    struct CodeBody "" as (&str, &CodeVerdict, Context<'_>) |(code, verdict, context)| {
        /// The code as the cart has it.
        code: required(WORDS) => code,
        /// The result of the code.
        status: required(Like(|_| one_name(&[
            "applied", "not_applied", "unknown", "expired", "exhausted", "duplicate",
        ]))) => told(verdict).0,
        /// Why the promotion of the code did not apply, or why the code did not unlock it.
        reason: optional(Like(|_| {
            let own = ["already_unlocked", "code_of_another_customer"];
            one_name(&[&names_of(ReasonCode::ALL)[..], &own].concat())
        })) => told(verdict).1,
        /// If it did not apply: what explains the reason.
        facts: absent(part::<FactsBody>()) => match verdict {
            CodeVerdict::Applied => None,
            CodeVerdict::NotApplied(own) => Some((Some(&own.reason), *context)),
            CodeVerdict::AlreadyUnlocked
            | CodeVerdict::OfAnotherCustomer
            | CodeVerdict::Unknown
            | CodeVerdict::Expired
            | CodeVerdict::Exhausted
            | CodeVerdict::Duplicate => Some((None, *context)),
        },
        /// If it did not apply: why, in a sentence for the shopper.
        explanation: absent(WORDS) => explanation::of_code(verdict, context),
    }
}

fn told(verdict: &CodeVerdict) -> (&'static str, Option<&'static str>) {
    match verdict {
        CodeVerdict::Applied => ("applied", None),
        CodeVerdict::NotApplied(own) => ("not_applied", Some(own.reason.code().name())),
        CodeVerdict::AlreadyUnlocked => ("not_applied", Some("already_unlocked")),
        CodeVerdict::OfAnotherCustomer => ("not_applied", Some("code_of_another_customer")),
        CodeVerdict::Unknown => ("unknown", None),
        CodeVerdict::Expired => ("expired", None),
        CodeVerdict::Exhausted => ("exhausted", None),
        CodeVerdict::Duplicate => ("duplicate", None),
    }
}
