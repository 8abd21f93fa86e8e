//! The body of an evaluation: cart and customer (spec 6). Texts are borrowed from the tree.

use super::body::*;
use super::decode::Value;
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::cart::{
    Cart, Explain, Line, MAX_GROSS, MAX_LINE_ENTRIES, MAX_LINES, MAX_PRESENTED, Request, Shipping,
    Tender, gross,
};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, MAX_ENTRIES, Membership};

mod quick;

/// Reads the body of an evaluation without a tree, if the body is plain and has no faults. Otherwise [`parse`] must
/// read the body; it reports the faults, if there are any.
pub use quick::read as read_plain;

/// Reads the body of an evaluation. The caller checks whether the store exists, and whether `at` is allowed.
pub fn parse<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Request<'t>> {
    Request::read(value, faults)
}

/// Prints a request as a tenant of this currency understands it, without absent fields. So bodies that mean the same
/// are printed alike.
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
    /// A cart, its customer, and where it is bought.
    Request<'t> "CartRequest" {
        /// What is bought.
        cart: required(part::<Cart<'_>>()),
        /// Who buys. Without it the customer is unknown.
        customer: absent(part::<Customer<'_>>()),
        /// The code of the store. The store must exist (422 `unknown_reference`).
        store: absent(NAME),
        /// The sales channel, for example `store` or `web`.
        channel: absent(NAME),
        /// The time for which the cart is evaluated. Default: now. Only for admin keys, else 403; not in redemptions.
        at: absent(INSTANT),
        /// With `all`, `not_applied` lists every active or paused promotion that did not apply, and why.
        explain: or(choice::<Explain>(), Explain::None),
    }
}

body! {
    /// What is bought.
    Cart<'t> "Cart" {
        /// The currency of all amounts of the cart: three capital letters (ISO 4217). Default: the tenant's.
        currency: filled(CURRENCY),
        /// What is bought, in the order of the receipt. The sum of the gross of all lines is at most 10^12.
        lines: required(keyed("id", part::<Line<'_>>(), 1..=MAX_LINES)),
        /// The delivery and its cost.
        shipping: absent(part::<Shipping<'_>>()),
        /// The means of payment.
        tenders: unless_empty(list(part::<Tender<'_>>(), 0..=MAX_PRESENTED)),
        /// Codes of gift vouchers.
        gift_vouchers: unless_empty(list(NAME, 0..=MAX_PRESENTED)),
        /// Codes that the shopper presents. Case is ignored.
        codes: unless_empty(list(NAME, 0..=MAX_PRESENTED)),
    } check |object, faults| {
        if lines.as_ref().is_some_and(|lines: &Vec<Line<'_>>| gross(lines) > MAX_GROSS) {
            let message = "come to more than 1000000000000";
            return object.fault("lines", faults, FaultCode::OutOfRange, message);
        }
    }
}

const WORDS_OF_LINE: List<Text> = list(TEXT, 0..=MAX_LINE_ENTRIES);
const VALUES_OF_LINE: Map<Text> = map(TEXT, MAX_LINE_ENTRIES);

body! {
    /// Units of one SKU at one price.
    Line<'t> "Line" {
        /// The line's id, unique in the cart.
        id: required(NAME),
        /// The SKU: an opaque text.
        sku: required(NAME),
        /// The number of units, which need not be whole: over 0, at most 1,000,000, at most 3 decimals.
        quantity: required(QUANTITY),
        /// The price of one unit, before tax and charges, in the cart's currency: 0 to 1,000,000,000, at most 4
        /// decimals.
        unit_price: required(AMOUNT),
        /// The maximum retail price of one unit, in the cart's currency.
        mrp: absent(AMOUNT),
        /// The tax of the whole line, in the cart's currency. Default: 0.
        tax: unless_empty(AMOUNT),
        /// The charges of the whole line, in the cart's currency. Default: 0.
        charges: unless_empty(AMOUNT),
        /// The product that the SKU is a variant of.
        product: absent(TEXT),
        /// The product's display name.
        title: absent(TEXT),
        /// The group of the product.
        product_group: absent(TEXT),
        /// The categories of the product.
        categories: unless_empty(WORDS_OF_LINE),
        /// The brand.
        brand: absent(TEXT),
        /// Other marks of the product.
        tags: unless_empty(WORDS_OF_LINE),
        /// The supplier.
        supplier: absent(TEXT),
        /// The weight of one unit, in the unit of weight that the conditions use: 0 to 1,000,000,000, at most 4
        /// decimals.
        weight: absent(AMOUNT),
        /// How many units are in stock.
        stock: absent(NUMBER),
        /// The least for which a unit may be sold, before tax and charges: 0 to 1,000,000,000, at most 4 decimals.
        floor_price: absent(AMOUNT),
        /// Further properties of the product, by name.
        attributes: unless_empty(VALUES_OF_LINE),
        /// Properties that distinguish the SKU from other variants of the product, by name.
        variant: unless_empty(VALUES_OF_LINE),
    }
}

body! {
    /// The delivery.
    Shipping<'t> "Shipping" {
        /// The shipping method.
        method: absent(TEXT),
        /// The cost, in the cart's currency: 0 to 1,000,000,000, at most 4 decimals.
        amount: or(AMOUNT, Money::ZERO),
    }
}

body! {
    /// A means of payment.
    Tender<'t> "Tender" {
        /// The mode of payment, for example `UPI`.
        mode: required(NAME),
        /// The amount that is paid with it, in the cart's currency: 0 to 1,000,000,000, at most 4 decimals.
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
        /// The tier in the program.
        tier: absent(TEXT),
        /// Supplementary memberships within the program.
        supplementary: unless_empty(list(NAME, 0..=MAX_ENTRIES)),
    }
}
