//! Issuances, activities and milestones (spec 11).

use serde_json::{Value, json};

use super::form::{
    Decimal, Side, choice, decimal, described, every, id, list, one_name, plain, reference, text,
    time,
};
use crate::domain::activity::{MAX_DAYS_BACK, MAX_TARGETS, MilestoneMeasure};
use crate::domain::issuance::{ActivityType, IssuanceSource, IssuanceState};
use crate::wire::decode::TextBound;
use crate::wire::issuing::MAX_CUSTOMERS;

const REQUEST: Side = Side::Request;
const ANSWER: Side = Side::Answer;

/// A promotion in one customer's hands.
pub fn issuance() -> Value {
    ANSWER
        .object()
        .required("id", id(), "Its id.")
        .required("promotion_id", id(), "Of which promotion.")
        .required("customer_id", plain(), "In whose hands.")
        .required("state", choice::<IssuanceState>(), "Where it stands now.")
        .required("issued_at", time(), "When it was issued.")
        .optional("unlocked_at", time(), "When it became usable.")
        .optional("activated_at", time(), "When the customer activated it.")
        .required("expires_at", time(), "From when on it cannot be used.")
        .required("source", choice::<IssuanceSource>(), "How it came about.")
        .optional("source_id", plain(), "The caller's id of that.")
        .schema("One promotion in one customer's hands.")
}

/// The body that issues to one customer.
pub fn new_issuance() -> Value {
    REQUEST
        .object()
        .required("promotion_id", id(), "Which promotion.")
        .required("customer_id", text(TextBound::NAME), "To whom.")
        .required("source_id", text(TextBound::NAME), "The caller's id, unique for a promotion and customer. The same again answers the same.")
        .schema("A promotion to be issued.")
}

/// The body that issues to many customers.
pub fn new_issuances() -> Value {
    let customers = list(text(TextBound::NAME), 1..=MAX_CUSTOMERS);
    REQUEST
        .object()
        .required("promotion_id", id(), "Which promotion.")
        .required("source_id", text(TextBound::NAME), "The caller's id, unique for a promotion and customer. The same again answers the same.")
        .required("customer_ids", customers, "To whom; each once.")
        .schema("A promotion to be issued to many.")
}

/// What became of each customer's issue.
pub fn verdicts() -> Value {
    let verdicts = [
        "issued",
        "already_issued",
        "issue_limit_reached",
        "earn_limit_reached",
        "promotion_not_active",
        "source_id_reused",
    ];
    let verdict = ANSWER
        .object()
        .required("customer_id", plain(), "Whose.")
        .required("verdict", one_name(&verdicts), "What became of it.")
        .optional("issuance", reference("Issuance"), "The issuance; null where it was refused.")
        .schema("");
    ANSWER
        .object()
        .required("verdicts", every(verdict), "One for each customer, in their order.")
        .schema("What became of each.")
}

/// The body that claims an open promotion.
pub fn claim() -> Value {
    REQUEST
        .object()
        .required("customer_id", text(TextBound::NAME), "For whom.")
        .schema("A claim of an open promotion.")
}

/// The body that merges customers.
pub fn merge() -> Value {
    REQUEST
        .object()
        .required("into", text(TextBound::NAME), "The customer whom the other becomes part of.")
        .schema("Into whom a customer is merged.")
}

/// The body of an activity.
pub fn new_activity() -> Value {
    let days = format!("When: not in the future, at most {MAX_DAYS_BACK} days back. Default: now.");
    REQUEST
        .object()
        .required("id", text(TextBound::NAME), "The caller's id. The same again answers the same, and earns nothing more.")
        .required("type", choice::<ActivityType>(), "What the customer did.")
        .absent("at", time(), &days)
        .absent("transaction_id", text(TextBound::NAME), "The redemption whose discounts `spend` is less of; what is unlocked is not usable in it.")
        .required("customer", reference("KnownCustomerInput"), "Who did it.")
        .absent("store", text(TextBound::NAME), "The code of the store; it must exist.")
        .absent("channel", text(TextBound::NAME), "Where.")
        .absent("cart", reference("CartInput"), "What was bought. A `transaction` needs it; elsewhere, without it, every condition on the cart is false.")
        .schema("What a customer did.")
}

/// A customer who is identified.
pub fn known_customer() -> Value {
    let mut customer = super::cart::customer(REQUEST);
    customer["properties"]["id"] =
        described(text(TextBound::NAME), "The customer's id: an opaque text.");
    customer["required"] = json!(["id"]);
    customer["description"] = "Who; identified.".into();
    customer
}

/// What an activity came to.
pub fn recorded() -> Value {
    let standing = ANSWER
        .object()
        .required("name", plain(), "The milestone.")
        .required("target", plain(), "The target.")
        .required("progress", decimal(), "How far the customer has come: an amount, visits or units, by the milestone's measure.")
        .schema("");
    ANSWER
        .object()
        .required("unlocked", every(reference("Issuance")), "What the customer can use now.")
        .required("milestones", every(standing), "How far the customer has come.")
        .schema("What an activity came to.")
}

/// A milestone.
pub fn milestone(side: Side) -> Value {
    let target = side
        .object()
        .required("name", text(TextBound::NAME), "Each once.")
        .required("value", side.decimal(Decimal::PositiveAmount), "An amount in the tenant's currency, visits or units: over 0, at most 1,000,000,000, at most 4 decimals.")
        .schema("");
    let object = match side {
        Side::Request => {
            side.object().absent("name", text(TextBound::NAME), "The name of the path.")
        }
        Side::Answer => side.object().required("name", plain(), "Its name."),
    };
    object
        .required("measure", choice::<MilestoneMeasure>(), "What counts.")
        .optional("of", side.part("Selector"), "Of which lines; null: of all.")
        .optional("window", side.part("Refresh"), "When it starts anew; null: never.")
        .required("targets", list(target, 1..=MAX_TARGETS), "What can be reached.")
        .computed("created_at", time(), "When it was made.")
        .computed("updated_at", time(), "When it was last written.")
        .schema("What customers can come to.")
}
