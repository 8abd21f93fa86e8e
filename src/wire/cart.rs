//! The body of an evaluation: cart and customer (spec 6). Texts are borrowed from the tree.

use std::borrow::Cow;

use super::body::*;
use super::decode::Value;
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::cart::{
    Cart, Explain, Line, MAX_LINE_ENTRIES, MAX_LINES, MAX_PRESENTED, Request, Shipping, Tender,
};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, MAX_ENTRIES, Membership};

/// Largest gross of a cart, in the ten-millionths that price × quantity counts (spec 14).
const MAX_GROSS: i128 = 1_000_000_000_000 * 10_000_000;

mod quick;

type Texts<'t> = Vec<Cow<'t, str>>;
type Pairs<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// Reads the body of an evaluation if it is plain and without faults, without a tree in between. What this does not
/// read is read by [`parse`], which says what is wrong with it, if anything is.
pub use quick::read as read_plain;

/// Reads the body of an evaluation. Whether the store exists, and `at` is allowed, the caller checks.
pub fn parse<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Request<'t>> {
    Request::read(value, faults)
}

/// Prints a request as it was understood by a tenant of this currency, without a word of what is absent: bodies that
/// mean the same are printed alike.
pub fn print(request: &Request<'_>, currency: Currency) -> String {
    let mut writer = Writer::with_capacity(512 * (request.cart.lines.len() + 1));
    writer.object(|writer| {
        writer.key("cart").object(|writer| {
            if request.cart.currency.is_none() {
                writer.key("currency").plain(currency);
            }
            Cart::print_members(writer, &request.cart);
        });
        absent(part::<Customer<'_>>()).print(member_key!(customer), writer, &request.customer);
        absent(NAME).print(member_key!(store), writer, &request.store);
        absent(NAME).print(member_key!(channel), writer, &request.channel);
        if let Some(at) = &request.at {
            writer.key("at").time(at);
        }
        writer.key("explain").name(request.explain);
    });
    writer.finish()
}

request! {
    /// A cart, and who buys it where.
    Request<'t> "CartRequest" {
        /// What is bought.
        cart: required(part::<Cart<'_>>()),
        /// Who buys; nobody in particular if left out.
        customer: absent(part::<Customer<'_>>()),
        /// The code of the store; it must exist (422 `unknown_reference`).
        store: absent(NAME),
        /// Where it is sold, as `store` or `web`.
        channel: absent(NAME),
        /// Evaluates as if at this time. Admin keys only, else 403; not in redemptions.
        at: absent(INSTANT),
        /// `all` lists in `not_applied` every active or paused promotion that did not apply, and why.
        explain: or(choice::<Explain>(), Explain::None),
    }
}

body! {
    /// What is bought.
    Cart<'t> "Cart" {
        /// The currency of all amounts of the cart: three capital letters (ISO 4217). Default: the tenant's.
        currency: filled(CURRENCY),
        /// What is bought, in the order of the receipt. Their gross is at most 10^12.
        lines: required(keyed("id", part::<Line<'_>>(), 1..=MAX_LINES)),
        /// What the delivery costs.
        shipping: absent(part::<Shipping<'_>>()),
        /// How it is to be paid.
        tenders: unless_empty(list(part::<Tender<'_>>(), 0..=MAX_PRESENTED)),
        /// Codes of gift vouchers.
        gift_vouchers: unless_empty(list(NAME, 0..=MAX_PRESENTED)),
        /// Codes that the shopper presents; compared without regard to case.
        codes: unless_empty(list(NAME, 0..=MAX_PRESENTED)),
    } check |object, faults| {
        if lines.as_ref().is_some_and(|lines: &Vec<Line<'_>>| gross(lines) > MAX_GROSS) {
            let message = "come to more than 1000000000000";
            return object.fault("lines", faults, FaultCode::OutOfRange, message);
        }
    }
}

fn gross(lines: &[Line<'_>]) -> i128 {
    lines
        .iter()
        .map(|line| i128::from(line.unit_price.scaled()) * i128::from(line.quantity.scaled()))
        .sum()
}

const WORDS_OF_LINE: List<Text> = list(TEXT, 0..=MAX_LINE_ENTRIES);
const VALUES_OF_LINE: Map<Text> = map(TEXT, MAX_LINE_ENTRIES);

body! {
    /// Units of one SKU at one price.
    Line<'t> "Line" {
        /// Unique in the cart.
        id: required(NAME),
        /// The stock keeping unit: an opaque text.
        sku: required(NAME),
        /// In units, which need not be whole: over 0, at most 1,000,000, at most 3 decimals.
        quantity: required(QUANTITY),
        /// Of one unit, before tax and charges, in the cart's currency: 0 to 1,000,000,000, at most 4 decimals.
        unit_price: required(AMOUNT),
        /// The maximum retail price of one unit, in the cart's currency.
        mrp: absent(AMOUNT),
        /// Of the whole line, in the cart's currency. Default: 0.
        tax: unless_empty(AMOUNT),
        /// Of the whole line, in the cart's currency. Default: 0.
        charges: unless_empty(AMOUNT),
        /// The product that the SKU is a variant of.
        product: absent(TEXT),
        /// What people call it.
        title: absent(TEXT),
        /// The group of the product.
        product_group: absent(TEXT),
        /// The categories of the product.
        categories: unless_empty(WORDS_OF_LINE),
        /// The brand.
        brand: absent(TEXT),
        /// Whatever else the product is marked with.
        tags: unless_empty(WORDS_OF_LINE),
        /// Who supplies it.
        supplier: absent(TEXT),
        /// Of one unit, in the unit of weight that the conditions use: 0 to 1,000,000,000, at most 4 decimals.
        weight: absent(AMOUNT),
        /// How many units are in stock.
        stock: absent(NUMBER),
        /// Further properties of the product, by name.
        attributes: unless_empty(VALUES_OF_LINE),
        /// What tells the SKU from other variants of the product, by name.
        variant: unless_empty(VALUES_OF_LINE),
    }
}

body! {
    /// The delivery.
    Shipping<'t> "Shipping" {
        /// How it is delivered.
        method: absent(TEXT),
        /// In the cart's currency: 0 to 1,000,000,000, at most 4 decimals.
        amount: or(AMOUNT, Money::ZERO),
    }
}

body! {
    /// A means of payment.
    Tender<'t> "Tender" {
        /// What it is paid with, as `UPI`.
        mode: required(NAME),
        /// How much of it, in the cart's currency: 0 to 1,000,000,000, at most 4 decimals.
        amount: absent(AMOUNT),
    }
}

body! {
    /// Who buys.
    Customer<'t> "Customer" {
        /// The customer's id: an opaque text. Without it the customer is not identified.
        id: absent(NAME),
        /// The loyalty programs that the customer is a member of.
        loyalty: unless_empty(list(part::<Membership<'_>>(), 0..=MAX_ENTRIES)),
        /// The groups that the customer is in.
        groups: unless_empty(list(NAME, 0..=MAX_ENTRIES)),
        /// Further properties of the customer, by name.
        attributes: unless_empty(map(TEXT, MAX_ENTRIES)),
    }
}

body! {
    /// A membership in a loyalty program.
    Membership<'t> "Membership" {
        /// The program.
        program: required(NAME),
        /// The level in it.
        tier: absent(TEXT),
        /// Memberships within the program.
        supplementary: unless_empty(list(NAME, 0..=MAX_ENTRIES)),
    }
}
