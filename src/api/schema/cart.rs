//! Carts and customers (spec 6).

use serde_json::Value;

use super::form::{Decimal, Side, boolean, choice, currency, id, list, map, reference, text, time};
use crate::domain::cart::{Explain, MAX_LINE_ENTRIES, MAX_LINES, MAX_PRESENTED};
use crate::domain::customer::MAX_ENTRIES;
use crate::wire::decode::TextBound;

/// What an evaluation is asked with.
pub fn request(side: Side) -> Value {
    let object = side
        .object()
        .required("cart", side.part("Cart"), "What is bought.")
        .absent("customer", side.part("Customer"), "Who buys; nobody in particular if left out.")
        .absent("store", text(TextBound::NAME), "The code of the store; it must exist (422 `unknown_reference`).")
        .absent("channel", text(TextBound::NAME), "Where it is sold, as `store` or `web`.")
        .absent("at", time(), "Evaluates as if at this time. Admin keys only, else 403; not in redemptions.")
        .or("explain", choice::<Explain>(), "none", "`all` lists in `not_applied` every active or paused promotion that did not apply, and why.");
    object.schema("A cart, and who buys it where.")
}

/// A cart.
pub fn cart(side: Side) -> Value {
    let own = "The currency of all amounts of the cart: three capital letters (ISO 4217). Default: the tenant's.";
    let object = match side {
        Side::Request => side.object().absent("currency", currency(), own),
        Side::Answer => side.object().required("currency", currency(), own),
    };
    object
        .required(
            "lines",
            list(side.part("Line"), 1..=MAX_LINES),
            "What is bought, in the order of the receipt. Their gross is at most 10^12.",
        )
        .absent("shipping", side.part("Shipping"), "What the delivery costs.")
        .absent("tenders", list(side.part("Tender"), 0..=MAX_PRESENTED), "How it is to be paid.")
        .absent(
            "gift_vouchers",
            list(text(TextBound::NAME), 0..=MAX_PRESENTED),
            "Codes of gift vouchers.",
        )
        .absent(
            "codes",
            list(text(TextBound::NAME), 0..=MAX_PRESENTED),
            "Codes that the shopper presents; compared without regard to case.",
        )
        .schema("What is bought.")
}

/// A line of a cart.
pub fn line(side: Side) -> Value {
    let amount = || side.decimal(Decimal::Amount);
    let words = || text(TextBound::TEXT);
    side.object()
        .required("id", text(TextBound::NAME), "Unique in the cart.")
        .required("sku", text(TextBound::NAME), "The stock keeping unit: an opaque text.")
        .required("quantity", side.decimal(Decimal::Quantity), "In units, which need not be whole: over 0, at most 1,000,000, at most 3 decimals.")
        .required("unit_price", amount(), "Of one unit, before tax and charges, in the cart's currency: 0 to 1,000,000,000, at most 4 decimals.")
        .absent("mrp", amount(), "The maximum retail price of one unit, in the cart's currency.")
        .absent("tax", amount(), "Of the whole line, in the cart's currency. Default: 0.")
        .absent("charges", amount(), "Of the whole line, in the cart's currency. Default: 0.")
        .absent("product", words(), "The product that the SKU is a variant of.")
        .absent("title", words(), "What people call it.")
        .absent("product_group", words(), "The group of the product.")
        .absent("categories", list(words(), 0..=MAX_LINE_ENTRIES), "The categories of the product.")
        .absent("brand", words(), "The brand.")
        .absent("tags", list(words(), 0..=MAX_LINE_ENTRIES), "Whatever else the product is marked with.")
        .absent("supplier", words(), "Who supplies it.")
        .absent("weight", amount(), "Of one unit, in the unit of weight that the conditions use: 0 to 1,000,000,000, at most 4 decimals.")
        .absent("stock", side.decimal(Decimal::Any), "How many units are in stock.")
        .absent("attributes", map(words(), MAX_LINE_ENTRIES), "Further properties of the product, by name.")
        .absent("variant", map(words(), MAX_LINE_ENTRIES), "What tells the SKU from other variants of the product, by name.")
        .schema("Units of one SKU at one price.")
}

/// What the delivery costs.
pub fn shipping(side: Side) -> Value {
    side.object()
        .absent("method", text(TextBound::TEXT), "How it is delivered.")
        .or(
            "amount",
            side.decimal(Decimal::Amount),
            "0",
            "In the cart's currency: 0 to 1,000,000,000, at most 4 decimals.",
        )
        .schema("The delivery.")
}

/// A means of payment.
pub fn tender(side: Side) -> Value {
    side.object()
        .required("mode", text(TextBound::NAME), "What it is paid with, as `UPI`.")
        .absent(
            "amount",
            side.decimal(Decimal::Amount),
            "How much of it, in the cart's currency: 0 to 1,000,000,000, at most 4 decimals.",
        )
        .schema("A means of payment.")
}

/// Who buys.
pub fn customer(side: Side) -> Value {
    side.object()
        .absent(
            "id",
            text(TextBound::NAME),
            "The customer's id: an opaque text. Without it the customer is not identified.",
        )
        .absent(
            "loyalty",
            list(side.part("Membership"), 0..=MAX_ENTRIES),
            "The loyalty programs that the customer is a member of.",
        )
        .absent(
            "groups",
            list(text(TextBound::NAME), 0..=MAX_ENTRIES),
            "The groups that the customer is in.",
        )
        .absent(
            "attributes",
            map(text(TextBound::TEXT), MAX_ENTRIES),
            "Further properties of the customer, by name.",
        )
        .schema("Who buys.")
}

/// A membership in a loyalty program.
pub fn membership(side: Side) -> Value {
    side.object()
        .required("program", text(TextBound::NAME), "The program.")
        .absent("tier", text(TextBound::TEXT), "The level in it.")
        .absent(
            "supplementary",
            list(text(TextBound::NAME), 0..=MAX_ENTRIES),
            "Memberships within the program.",
        )
        .schema("A membership in a loyalty program.")
}

/// What a redemption is asked with.
pub fn new_redemption() -> Value {
    let side = Side::Request;
    side.object()
        .required("transaction_id", text(TextBound::NAME), "Unique in the tenant, for ever: put store and till into it. The same id with the same body answers the same.")
        .required("request", reference("OrderInput"), "As for an evaluation, without `at`.")
        .absent("expected_discount", side.decimal(Decimal::Amount), "What was quoted as `totals.discount`, in the cart's currency. If it comes to another, 409 `discount_changed` and nothing is recorded.")
        .or("hold", boolean(), "false", "Reserves for the settings' `hold_seconds`, to be committed or cancelled.")
        .absent("replaces", id(), "The id of the current hold of this transaction, which this body replaces in one step.")
        .schema("A cart to be redeemed.")
}

/// The request of a redemption: the database says when it is.
pub fn order() -> Value {
    let mut order = request(Side::Request);
    // A redemption has the time of the database.
    if let Some(fields) = order["properties"].as_object_mut() {
        fields.remove("at");
    }
    order
}

/// What comes back.
pub fn new_return() -> Value {
    let side = Side::Request;
    let line = side
        .object()
        .required("id", text(TextBound::NAME), "A line of the cart; each once.")
        .required(
            "quantity",
            side.decimal(Decimal::Quantity),
            "How many units of it come back: over 0, at most 3 decimals.",
        )
        .schema("");
    side.object()
        .required(
            "return_id",
            text(TextBound::NAME),
            "Unique in the redemption. The same id with the same body answers the same.",
        )
        .required("lines", list(line, 1..=MAX_LINES), "What comes back.")
        .schema("Units that come back.")
}
