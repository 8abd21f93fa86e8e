//! The result of an evaluation (spec 8), printed straight into a text: it is on the hot path.

use chrono::{SecondsFormat, Utc};

use super::body::schema::one_name;
use super::body::*;
use super::write::Writer;
use crate::domain::benefit::Level;
use crate::domain::cart::Line;
use crate::domain::evaluation::{Applied, CodeVerdict, Evaluation, PricedLine, ReasonCode, Totals};
use crate::domain::exact::Exact;
use crate::domain::id::IssuanceId;
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, PromotionType};
use crate::engine::{Facts, RuleSet};

mod reasons;

use reasons::{NotAppliedBody, SuggestionBody, write_not_applied, write_suggestion};

/// About so many bytes an answer has besides, and each line, allocation and applied promotion in it.
const ROOM: usize = 1_024;
const ROOM_LINE: usize = 192;
const ROOM_ALLOCATION: usize = 112;
const ROOM_APPLIED: usize = 320;

described! {
    /// What a cart comes to. All amounts are in its currency.
    pub struct EvaluationBody "Evaluation" {
        /// As of when.
        evaluated_at: required(INSTANT),
        /// By which version of the tenant's rules.
        ruleset_version: required(SIZE),
        /// Of all amounts.
        currency: required(CURRENCY),
        /// Under the strategy `optimal`, how good it is; else null.
        optimality: optional(part::<OptimalityBody>()),
        /// What the cart comes to.
        totals: required(part::<TotalsBody>()),
        /// The lines of the cart, in its order.
        lines: required(every(part::<PricedLineBody>())),
        /// The promotions that applied, in the order of application.
        applied: required(every(part::<AppliedBody>())),
        /// What to add to the cart, free of charge.
        free_items: required(every(part::<FreeItemBody>())),
        /// What became of each code of the cart, in its order.
        codes: required(every(part::<CodeBody>())),
        /// At most 5 promotions that are nearly met.
        suggestions: required(every(part::<SuggestionBody>())),
        /// With `explain: all`: every active or paused promotion that did not apply.
        not_applied: absent(every(part::<NotAppliedBody>())),
    }
}

described! {
    struct OptimalityBody "" {
        /// Whether nothing better exists.
        proven: required(BOOLEAN),
        /// No set of promotions gives more, in the cart's currency.
        upper_bound: required(DECIMAL),
    }
}

described! {
    struct FreeItemBody "" {
        /// By which promotion.
        promotion_id: required(ID),
        /// What.
        sku: required(WORDS),
        /// Units.
        quantity: required(DECIMAL),
    }
}

/// Prints the evaluation of `facts` by `rules`.
pub fn print(evaluation: &Evaluation, rules: &RuleSet, facts: &Facts<'_>) -> String {
    let allocations = evaluation.lines.iter().map(|line| line.allocations.len());
    let room = ROOM
        + ROOM_LINE * evaluation.lines.len()
        + ROOM_ALLOCATION * allocations.sum::<usize>()
        + ROOM_APPLIED * evaluation.applied.len();
    let mut writer = Writer::with_capacity(room);
    write(&mut writer, evaluation, rules, facts);
    writer.finish()
}

/// The same, within a larger document.
pub fn write(writer: &mut Writer, evaluation: &Evaluation, rules: &RuleSet, facts: &Facts<'_>) {
    let settings = rules.settings();
    let precision = settings.rounding.precision();
    let cart = &facts.request.cart;
    writer.object(|writer| {
        let now = facts.now.with_timezone(&Utc);
        let now = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        writer.key("evaluated_at").plain(now);
        writer.key("ruleset_version").integer(rules.version());
        let currency = cart.currency.unwrap_or(settings.currency);
        writer.key("currency").plain(currency);
        let optimality = evaluation.optimality;
        writer.key("optimality").option(optimality, |writer, own| {
            writer.object(|writer| {
                writer.key("proven").boolean(own.is_proven);
                writer.key("upper_bound").money(own.upper_bound, precision);
            });
        });
        write_totals(writer.key("totals"), &evaluation.totals, precision);
        let lines = cart.lines.iter().zip(&evaluation.lines);
        writer.key("lines").list(lines, |writer, (line, priced)| {
            write_line(writer, line, priced, rules, precision);
        });
        writer.key("applied").list(&evaluation.applied, |writer, applied| {
            write_applied(writer, applied, rules, facts, precision);
        });
        writer.key("free_items").list(&evaluation.free_items, |writer, item| {
            writer.object(|writer| {
                write_promotion_id(writer, rules, item.promotion);
                writer.key("sku").text(&item.sku);
                writer.key("quantity").exact(&item.quantity, 0);
            });
        });
        let codes = cart.codes.iter().zip(&evaluation.codes);
        writer.key("codes").list(codes, |writer, (code, verdict)| {
            write_code(writer, code, verdict);
        });
        let suggestions = &evaluation.suggestions;
        writer.key("suggestions").list(suggestions, |writer, suggestion| {
            write_suggestion(writer, suggestion, rules, precision);
        });
        if let Some(not_applied) = &evaluation.not_applied {
            writer.key("not_applied").list(not_applied, |writer, entry| {
                write_not_applied(writer, entry, rules, precision);
            });
        }
    });
}

described! {
    /// What a cart comes to.
    pub struct TotalsBody "Totals" {
        /// Σ unit price × quantity.
        gross: required(DECIMAL),
        /// By item-level promotions.
        item_discount: required(DECIMAL),
        /// By cart-level promotions, shipping aside.
        cart_discount: required(DECIMAL),
        /// Before discounts.
        shipping: required(DECIMAL),
        /// Off the shipping.
        shipping_discount: required(DECIMAL),
        /// item_discount + cart_discount + shipping_discount.
        discount: required(DECIMAL),
        /// Of all lines.
        tax: required(DECIMAL),
        /// Of all lines.
        charges: required(DECIMAL),
        /// gross + tax + charges + shipping − discount.
        payable: required(DECIMAL),
    }
}

fn write_totals(writer: &mut Writer, totals: &Totals, precision: u32) {
    writer.object(|writer| {
        writer.key("gross").exact(&totals.gross, precision);
        writer.key("item_discount").money(totals.item_discount, precision);
        writer.key("cart_discount").money(totals.cart_discount, precision);
        writer.key("shipping").money(totals.shipping, precision);
        writer.key("shipping_discount").money(totals.shipping_discount, precision);
        writer.key("discount").money(totals.discount(), precision);
        writer.key("tax").money(totals.tax, precision);
        writer.key("charges").money(totals.charges, precision);
        writer.key("payable").exact(&totals.payable(), precision);
    });
}

described! {
    /// A line, and what it costs.
    struct PricedLineBody "PricedLine" {
        /// The cart's id of the line.
        id: required(WORDS),
        /// What it is.
        sku: required(WORDS),
        /// Units.
        quantity: required(DECIMAL),
        /// Unit price × quantity.
        gross: required(DECIMAL),
        /// Off this line, by item-level and cart-level promotions.
        discount: required(DECIMAL),
        /// gross + tax + charges − discount.
        payable: required(DECIMAL),
        /// What each promotion took off this line.
        allocations: required(every(part::<AllocationBody>())),
    }
}

described! {
    struct AllocationBody "" {
        /// By which promotion.
        promotion_id: required(ID),
        /// On so many units.
        quantity: required(DECIMAL),
        /// How much.
        amount: required(DECIMAL),
    }
}

fn write_line(
    writer: &mut Writer,
    line: &Line<'_>,
    priced: &PricedLine,
    rules: &RuleSet,
    precision: u32,
) {
    let discount = priced.discount();
    let added = line.tax.plus(line.charges).minus(discount);
    writer.object(|writer| {
        writer.key("id").text(&line.id);
        writer.key("sku").text(&line.sku);
        writer.key("quantity").plain(line.quantity);
        writer.key("gross").exact(&priced.gross, precision);
        writer.key("discount").money(discount, precision);
        let payable = priced.gross.plus(&Exact::from(added));
        writer.key("payable").exact(&payable, precision);
        writer.key("allocations").list(&priced.allocations, |writer, allocation| {
            writer.object(|writer| {
                write_promotion_id(writer, rules, allocation.promotion);
                writer.key("quantity").plain(allocation.quantity);
                writer.key("amount").money(allocation.amount, precision);
            });
        });
    });
}

fn write_promotion_id(writer: &mut Writer, rules: &RuleSet, index: usize) {
    let id = rules.promotion(index).map(|promotion| promotion.id.uuid());
    writer.key("promotion_id").option(id, Writer::id);
}

/// The members `promotion_id` and `name`; INVARIANT: an evaluation names promotions of its rules.
fn write_promotion<'r>(
    writer: &mut Writer,
    rules: &'r RuleSet,
    index: usize,
) -> Option<&'r Promotion> {
    let promotion = rules.promotion(index);
    write_promotion_id(writer, rules, index);
    let name = promotion.map(|promotion| promotion.terms.name.as_str());
    writer.key("name").option(name, Writer::text);
    promotion
}

described! {
    /// A promotion that applied.
    struct AppliedBody "Applied" {
        /// Which.
        promotion_id: required(ID),
        /// Its name.
        name: required(WORDS),
        /// Its type.
        kind as "type": required(choice::<PromotionType>()),
        /// What it was taken off.
        level: required(choice::<Level>()),
        /// How many times it was given.
        times: required(SIZE),
        /// How much.
        discount: required(DECIMAL),
        /// Points that it awards.
        points: required(DECIMAL),
        /// The code that unlocked it.
        code: optional(WORDS),
        /// The issuance that it was given by.
        issuance_id: optional(ID),
        /// Shown to the shopper.
        message: required(WORDS),
    }
}

fn write_applied(
    writer: &mut Writer,
    applied: &Applied,
    rules: &RuleSet,
    facts: &Facts<'_>,
    precision: u32,
) {
    writer.object(|writer| {
        let promotion = write_promotion(writer, rules, applied.promotion);
        let kind = promotion.map(|promotion| promotion.terms.kind.promotion_type());
        writer.key("type").option(kind, Writer::name);
        writer.key("level").name(applied.level);
        writer.key("times").integer(applied.times);
        writer.key("discount").money(applied.discount, precision);
        writer.key("points").exact(&applied.points, 0);
        let codes = &facts.request.cart.codes;
        let code = applied.code.and_then(|index| codes.get(index)).map(|code| &**code);
        writer.key("code").option(code, Writer::text);
        let issuance = applied.issuance_id.map(IssuanceId::uuid);
        writer.key("issuance_id").option(issuance, Writer::id);
        let message = promotion.map_or("", |promotion| promotion.terms.message.as_str());
        writer.key("message").text(message);
    });
}

described! {
    struct CodeBody "" {
        /// As the cart has it.
        code: required(WORDS),
        /// What became of it.
        status: required(Like(|| one_name(&[
            "applied", "not_applied", "unknown", "expired", "exhausted", "duplicate",
        ]))),
        /// Why it did not apply.
        reason: optional(Like(|| {
            one_name(&[&names_of(ReasonCode::ALL)[..], &["already_unlocked"]].concat())
        })),
    }
}

fn names_of<T: Named>(values: &[T]) -> Vec<&'static str> {
    values.iter().map(|value| value.name()).collect()
}

fn write_code(writer: &mut Writer, code: &str, verdict: &CodeVerdict) {
    let (status, reason) = match verdict {
        CodeVerdict::Applied => ("applied", None),
        CodeVerdict::NotApplied(reason) => ("not_applied", Some(reason.name())),
        CodeVerdict::AlreadyUnlocked => ("not_applied", Some("already_unlocked")),
        CodeVerdict::Unknown => ("unknown", None),
        CodeVerdict::Expired => ("expired", None),
        CodeVerdict::Exhausted => ("exhausted", None),
        CodeVerdict::Duplicate => ("duplicate", None),
    };
    writer.object(|writer| {
        writer.key("code").text(code);
        writer.key("status").text(status);
        writer.key("reason").option(reason, Writer::text);
    });
}
