//! The body of an evaluation: cart and customer (spec 6). Texts are borrowed from the tree.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::decode::{MAX_AMOUNT, Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::amount::{Money, Number};
use crate::domain::cart::{
    Cart, Explain, Line, MAX_LINE_ENTRIES, MAX_LINES, MAX_PRESENTED, Request, Shipping, Tender,
};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, MAX_ENTRIES, Membership};

/// Largest gross of a cart, in the ten-millionths that price × quantity counts (spec 14).
const MAX_GROSS: i128 = 1_000_000_000_000 * 10_000_000;

mod print;
mod quick;

type Texts<'t> = Vec<Cow<'t, str>>;
type Pairs<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// Reads the body of an evaluation if it is plain and without faults, without a tree in between. What this does not
/// read is read by [`parse`], which says what is wrong with it, if anything is.
pub fn read_plain(body: &[u8]) -> Option<Request<'_>> {
    quick::read(body)
}

/// Prints a request as it was understood by a tenant of this currency: bodies that mean the same are printed alike.
pub fn print(request: &Request<'_>, currency: Currency) -> String {
    let mut writer = Writer::with_capacity(512 * (request.cart.lines.len() + 1));
    print::write(&mut writer, request, currency);
    writer.finish()
}

/// Reads the body of an evaluation. Whether the store exists, and `at` is allowed, is the caller's
/// to check.
pub fn parse<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Request<'t>> {
    let mut object = value.object(faults)?;
    let cart = object.required("cart", faults, cart);
    let customer = object.optional("customer", faults, customer);
    let store = text(&mut object, "store", TextBound::NAME, faults);
    let channel = text(&mut object, "channel", TextBound::NAME, faults);
    let at = object.optional("at", faults, |v, f| v.time(f));
    let explain = object.or("explain", Explain::None, faults, |v, f| v.choice(f));
    object.finish(faults)?;
    Some(Request {
        cart: cart?,
        customer: customer?,
        store: store?,
        channel: channel?,
        at: at?.map(|at| at.to_utc()),
        explain: explain?,
    })
}

pub(super) fn cart<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Cart<'t>> {
    let mut object = value.object(faults)?;
    let currency = object.optional("currency", faults, |v, f| v.currency(f));
    let lines = object.required("lines", faults, lines);
    let shipping = object.optional("shipping", faults, shipping);
    let tenders = object.or("tenders", Vec::new(), faults, |value, faults| {
        value.list(0..=MAX_PRESENTED, faults, tender)
    });
    let gift_vouchers = texts(&mut object, "gift_vouchers", MAX_PRESENTED, TextBound::NAME, faults);
    let codes = texts(&mut object, "codes", MAX_PRESENTED, TextBound::NAME, faults);
    object.finish(faults)?;
    Some(Cart {
        currency: currency?,
        lines: lines?,
        shipping: shipping?,
        tenders: tenders?,
        gift_vouchers: gift_vouchers?,
        codes: codes?,
    })
}

fn text<'t>(
    object: &mut Object<'_, 't>,
    name: &str,
    bound: TextBound,
    faults: &mut Faults,
) -> Option<Option<Cow<'t, str>>> {
    object.optional(name, faults, |v, f| v.cow(bound, f))
}

fn texts<'t>(
    object: &mut Object<'_, 't>,
    name: &str,
    most: usize,
    bound: TextBound,
    faults: &mut Faults,
) -> Option<Texts<'t>> {
    object.or(name, Vec::new(), faults, |value, faults| {
        value.list(0..=most, faults, |v, f| v.cow(bound, f))
    })
}

fn pairs<'t>(
    object: &mut Object<'_, 't>,
    name: &str,
    most: usize,
    faults: &mut Faults,
) -> Option<Pairs<'t>> {
    object.or(name, Vec::new(), faults, |value, faults| {
        value.map(most, faults, |key, value, faults| {
            Some((Cow::Borrowed(key), value.cow(TextBound::TEXT, faults)?))
        })
    })
}

fn lines<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Vec<Line<'t>>> {
    let mut ids = FxHashSet::default();
    let lines = value.list(1..=MAX_LINES, faults, |value, faults| line(value, &mut ids, faults))?;
    if gross(&lines) > MAX_GROSS {
        let message = "come to more than 1000000000000";
        return value.fault(faults, FaultCode::OutOfRange, message);
    }
    Some(lines)
}

fn gross(lines: &[Line<'_>]) -> i128 {
    lines
        .iter()
        .map(|line| i128::from(line.unit_price.scaled()) * i128::from(line.quantity.scaled()))
        .sum()
}

fn line<'t>(
    value: Value<'_, 't>,
    ids: &mut FxHashSet<&'t str>,
    faults: &mut Faults,
) -> Option<Line<'t>> {
    let mut object = value.object(faults)?;
    let id = object.required("id", faults, |value, faults| {
        let id = value.text(TextBound::NAME, faults)?;
        if !ids.insert(id) {
            return value.fault(faults, FaultCode::NotUnique, "is there twice");
        }
        Some(Cow::Borrowed(id))
    });
    let sku = object.required("sku", faults, |v, f| v.cow(TextBound::NAME, f));
    let quantity = object.required("quantity", faults, |v, f| v.positive_quantity(f));
    let unit_price = object.required("unit_price", faults, |v, f| v.amount(f));
    let mrp = object.optional("mrp", faults, |v, f| v.amount(f));
    let tax = object.or("tax", Money::ZERO, faults, |v, f| v.amount(f));
    let charges = object.or("charges", Money::ZERO, faults, |v, f| v.amount(f));
    let product = text(&mut object, "product", TextBound::TEXT, faults);
    let title = text(&mut object, "title", TextBound::TEXT, faults);
    let product_group = text(&mut object, "product_group", TextBound::TEXT, faults);
    let categories = texts(&mut object, "categories", MAX_LINE_ENTRIES, TextBound::TEXT, faults);
    let brand = text(&mut object, "brand", TextBound::TEXT, faults);
    let tags = texts(&mut object, "tags", MAX_LINE_ENTRIES, TextBound::TEXT, faults);
    let supplier = text(&mut object, "supplier", TextBound::TEXT, faults);
    let weight = object.optional("weight", faults, |value, faults| {
        value.number(Number::ZERO..=Number::whole(MAX_AMOUNT), faults)
    });
    let stock = object.optional("stock", faults, |v, f| v.any_number(f));
    let attributes = pairs(&mut object, "attributes", MAX_LINE_ENTRIES, faults);
    let variant = pairs(&mut object, "variant", MAX_LINE_ENTRIES, faults);
    object.finish(faults)?;
    Some(Line {
        id: id?,
        sku: sku?,
        quantity: quantity?,
        unit_price: unit_price?,
        mrp: mrp?,
        tax: tax?,
        charges: charges?,
        product: product?,
        title: title?,
        product_group: product_group?,
        categories: categories?,
        brand: brand?,
        tags: tags?,
        supplier: supplier?,
        weight: weight?,
        stock: stock?,
        attributes: attributes?,
        variant: variant?,
    })
}

fn shipping<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Shipping<'t>> {
    let mut object = value.object(faults)?;
    let method = text(&mut object, "method", TextBound::TEXT, faults);
    let amount = object.or("amount", Money::ZERO, faults, |v, f| v.amount(f));
    object.finish(faults)?;
    Some(Shipping { method: method?, amount: amount? })
}

fn tender<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Tender<'t>> {
    let mut object = value.object(faults)?;
    let mode = object.required("mode", faults, |v, f| v.cow(TextBound::NAME, f));
    let amount = object.optional("amount", faults, |v, f| v.amount(f));
    object.finish(faults)?;
    Some(Tender { mode: mode?, amount: amount? })
}

pub(super) fn customer<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Customer<'t>> {
    let mut object = value.object(faults)?;
    let id = text(&mut object, "id", TextBound::NAME, faults);
    let loyalty = object.or("loyalty", Vec::new(), faults, |value, faults| {
        value.list(0..=MAX_ENTRIES, faults, membership)
    });
    let groups = texts(&mut object, "groups", MAX_ENTRIES, TextBound::NAME, faults);
    let attributes = pairs(&mut object, "attributes", MAX_ENTRIES, faults);
    object.finish(faults)?;
    Some(Customer { id: id?, loyalty: loyalty?, groups: groups?, attributes: attributes? })
}

fn membership<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Membership<'t>> {
    let mut object = value.object(faults)?;
    let program = object.required("program", faults, |v, f| v.cow(TextBound::NAME, f));
    let tier = text(&mut object, "tier", TextBound::TEXT, faults);
    let supplementary = texts(&mut object, "supplementary", MAX_ENTRIES, TextBound::NAME, faults);
    object.finish(faults)?;
    Some(Membership { program: program?, tier: tier?, supplementary: supplementary? })
}
