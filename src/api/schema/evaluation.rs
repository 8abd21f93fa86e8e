//! The result of an evaluation (spec 8), and what is made of it (spec 9).

use serde_json::{Value, json};

use super::form::{
    Side, choice, currency, decimal, every, id, nullable, one_name, plain, reference, size, time,
};
use super::limits::limit_name;
use crate::domain::benefit::Level;
use crate::domain::condition::{CartMeasure, LineMeasure};
use crate::domain::evaluation::{OtherLeaf, ReasonCode};
use crate::domain::names::Named;
use crate::domain::promotion::PromotionType;
use crate::domain::redemption::RedemptionState;
use crate::wire::selector::Operator;

const SIDE: Side = Side::Answer;

/// The result.
pub fn result() -> Value {
    let optimality = SIDE
        .object()
        .required("proven", super::form::boolean(), "Whether nothing better exists.")
        .required(
            "upper_bound",
            decimal(),
            "No set of promotions gives more, in the cart's currency.",
        )
        .schema("");
    SIDE.object()
        .required("evaluated_at", time(), "As of when.")
        .required("ruleset_version", size(), "By which version of the tenant's rules.")
        .required("currency", currency(), "Of all amounts.")
        .optional(
            "optimality",
            optimality,
            "Under the strategy `optimal`, how good it is; else null.",
        )
        .required("totals", reference("Totals"), "What the cart comes to.")
        .required("lines", every(reference("PricedLine")), "The lines of the cart, in its order.")
        .required(
            "applied",
            every(reference("Applied")),
            "The promotions that applied, in the order of application.",
        )
        .required("free_items", every(free_item()), "What to add to the cart, free of charge.")
        .required("codes", every(code()), "What became of each code of the cart, in its order.")
        .required("suggestions", every(suggestion()), "At most 5 promotions that are nearly met.")
        .absent(
            "not_applied",
            every(reference("NotApplied")),
            "With `explain: all`: every active or paused promotion that did not apply.",
        )
        .schema("What a cart comes to. All amounts are in its currency.")
}

/// What a cart comes to.
pub fn totals() -> Value {
    SIDE.object()
        .required("gross", decimal(), "Σ unit price × quantity.")
        .required("item_discount", decimal(), "By item-level promotions.")
        .required("cart_discount", decimal(), "By cart-level promotions, shipping aside.")
        .required("shipping", decimal(), "Before discounts.")
        .required("shipping_discount", decimal(), "Off the shipping.")
        .required("discount", decimal(), "item_discount + cart_discount + shipping_discount.")
        .required("tax", decimal(), "Of all lines.")
        .required("charges", decimal(), "Of all lines.")
        .required("payable", decimal(), "gross + tax + charges + shipping − discount.")
        .schema("What a cart comes to.")
}

/// A line with its price.
pub fn line() -> Value {
    let allocation = SIDE
        .object()
        .required("promotion_id", id(), "By which promotion.")
        .required("quantity", decimal(), "On so many units.")
        .required("amount", decimal(), "How much.")
        .schema("");
    SIDE.object()
        .required("id", plain(), "The cart's id of the line.")
        .required("sku", plain(), "What it is.")
        .required("quantity", decimal(), "Units.")
        .required("gross", decimal(), "Unit price × quantity.")
        .required("discount", decimal(), "Off this line, by item-level and cart-level promotions.")
        .required("payable", decimal(), "gross + tax + charges − discount.")
        .required("allocations", every(allocation), "What each promotion took off this line.")
        .schema("A line, and what it costs.")
}

/// A promotion that applied.
pub fn applied() -> Value {
    SIDE.object()
        .required("promotion_id", id(), "Which.")
        .required("name", plain(), "Its name.")
        .required("type", choice::<PromotionType>(), "Its type.")
        .required("level", choice::<Level>(), "What it was taken off.")
        .required("times", size(), "How many times it was given.")
        .required("discount", decimal(), "How much.")
        .required("points", decimal(), "Points that it awards.")
        .optional("code", plain(), "The code that unlocked it.")
        .optional("issuance_id", id(), "The issuance that it was given by.")
        .required("message", plain(), "Shown to the shopper.")
        .schema("A promotion that applied.")
}

fn free_item() -> Value {
    SIDE.object()
        .required("promotion_id", id(), "By which promotion.")
        .required("sku", plain(), "What.")
        .required("quantity", decimal(), "Units.")
        .schema("")
}

fn code() -> Value {
    let reasons: Vec<&str> = ReasonCode::ALL.iter().map(|reason| reason.name()).collect();
    let reasons = [&reasons[..], &["already_unlocked"]].concat();
    let statuses = ["applied", "not_applied", "unknown", "expired", "exhausted", "duplicate"];
    SIDE.object()
        .required("code", plain(), "As the cart has it.")
        .required("status", one_name(&statuses), "What became of it.")
        .optional("reason", one_name(&reasons), "Why it did not apply.")
        .schema("")
}

fn suggestion() -> Value {
    SIDE.object()
        .required("promotion_id", id(), "Which.")
        .required("name", plain(), "Its name.")
        .required(
            "message",
            plain(),
            "Its message, with what is missing in the place of `{shortfall}`.",
        )
        .required("unmet", every(reference("Unmet")), "The one condition that is not met.")
        .schema("")
}

/// A promotion that did not apply.
pub fn not_applied() -> Value {
    SIDE.object()
        .required("promotion_id", id(), "Which.")
        .required("name", plain(), "Its name.")
        .required("reason", choice::<ReasonCode>(), "Why not.")
        .absent("limit", limit_name(), "With `limit_reached`: which.")
        .absent("unmet", every(reference("Unmet")), "With `conditions_not_met`: what is not as it must be.")
        .absent("alternative_discount", json!({"type": ["string", "null"]}), "With `better_deal_taken` under `optimal`: the best total found that contains the promotion; null if none.")
        .schema("A promotion that did not apply, and why.")
}

/// A condition that is not met.
pub fn unmet() -> Value {
    let leaves: Vec<&str> = CartMeasure::ALL
        .iter()
        .map(|measure| measure.name())
        .chain(LineMeasure::ALL.iter().map(|measure| measure.name()))
        .chain(OtherLeaf::ALL.iter().map(|leaf| leaf.name()))
        .collect();
    let path = json!({"type": "string", "format": "json-pointer"});
    SIDE.object()
        .required("path", path, "JSON pointer into the promotion.")
        .required("type", one_name(&leaves), "What is measured or looked at.")
        .absent("op", choice::<Operator>(), "How it is compared.")
        .absent("required", decimal(), "With a number: what it is compared with.")
        .absent("actual", decimal(), "With a number: what it is.")
        .absent(
            "shortfall",
            decimal(),
            "With a number: what must be added so that it holds, where more in the cart helps.",
        )
        .schema("A condition that is not what its group asks.")
}

/// What is answered to whoever makes or commits a redemption.
pub fn redemption() -> Value {
    SIDE.object()
        .required("id", id(), "Its id.")
        .required("transaction_id", plain(), "The caller's id.")
        .required("state", choice::<RedemptionState>(), "Where it stands.")
        .optional("expires_at", time(), "A hold's end.")
        .required("result", reference("Evaluation"), "What was recorded.")
        .schema("A redemption.")
}

/// What is answered to whoever cancels a redemption.
pub fn ended_redemption() -> Value {
    head().schema("A redemption that has ended.")
}

fn head() -> super::form::Object {
    SIDE.object()
        .optional("id", id(), "Null where the transaction was cancelled before it was seen.")
        .required("transaction_id", plain(), "The caller's id.")
        .required("state", choice::<RedemptionState>(), "Where it stands.")
        .optional("expires_at", time(), "A hold's end.")
        .optional(
            "result",
            reference("Evaluation"),
            "What was recorded. Null where the transaction was cancelled before it was seen.",
        )
}

/// A redemption as it is read.
pub fn full_redemption() -> Value {
    head()
        .absent("evaluated_at", time(), "As of when.")
        .absent("settled_at", nullable(time()), "When it was committed or ended.")
        .absent("ruleset_version", size(), "By which version of the tenant's rules.")
        .absent("request", nullable(reference("CartRequest")), "What was asked for, as it was understood. Viewers see codes by their last three characters.")
        .absent("returns", every(reference("ReturnRecord")), "What came back, in order.")
        .absent("restored_at", nullable(time()), "When all that it took was given back to the limits.")
        .schema("A redemption. Of a transaction that was cancelled before it was seen there is no more than `transaction_id` and `state`.")
}

/// A redemption as lists have it.
pub fn listed_redemption() -> Value {
    SIDE.object()
        .required("id", id(), "Which.")
        .required("transaction_id", plain(), "The caller's id.")
        .required("state", choice::<RedemptionState>(), "Where it stands.")
        .optional("expires_at", time(), "A hold's end.")
        .optional("customer_id", plain(), "Who bought.")
        .required("evaluated_at", time(), "As of when.")
        .optional("settled_at", time(), "When it was committed or ended.")
        .required("ruleset_version", size(), "By which version of the tenant's rules.")
        .required("totals", reference("Totals"), "What the cart came to.")
        .schema("A redemption, without its request and result.")
}

/// What a return came to.
pub fn returned() -> Value {
    let line = SIDE
        .object()
        .required("id", plain(), "Which line.")
        .required("quantity", decimal(), "Units of it that came back.")
        .required("refund", decimal(), "What is refunded for them.")
        .schema("");
    let promotion = SIDE
        .object()
        .required("promotion_id", id(), "Which.")
        .required("discount", decimal(), "What is taken back of its discount.")
        .required("points", decimal(), "Points to take back.")
        .schema("");
    SIDE.object()
        .required("return_id", plain(), "The caller's id.")
        .required("refund", decimal(), "Of all lines, in the cart's currency.")
        .required("lines", every(line), "What came back.")
        .required("promotions", every(promotion), "What is taken back of each promotion.")
        .required("complete", super::form::boolean(), "Whether every unit of every line is back.")
        .schema("What is refunded.")
}
