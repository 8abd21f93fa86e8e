//! A request as it was understood: decimals plainly, keys in a fixed order, no word of what is absent. Two bodies that
//! mean the same are printed alike.

use std::borrow::Cow;

use chrono::Utc;

use crate::domain::amount::Money;
use crate::domain::cart::{Cart, Line, Request, Shipping, Tender};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, Membership};
use crate::wire::write::Writer;

type Texts<'r> = [Cow<'r, str>];
type Pairs<'r> = [(Cow<'r, str>, Cow<'r, str>)];

/// Prints a request of a tenant whose currency is this. What is absent is left out.
pub(super) fn write(writer: &mut Writer, request: &Request<'_>, currency: Currency) {
    writer.object(|writer| {
        write_cart(writer.key("cart"), &request.cart, currency);
        if let Some(customer) = &request.customer {
            write_customer(writer.key("customer"), customer);
        }
        text(writer, "store", request.store.as_ref());
        text(writer, "channel", request.channel.as_ref());
        if let Some(at) = request.at {
            writer.key("at").time(&at.with_timezone(&Utc));
        }
        writer.key("explain").name(request.explain);
    });
}

fn write_cart(writer: &mut Writer, cart: &Cart<'_>, currency: Currency) {
    writer.object(|writer| {
        writer.key("currency").plain(cart.currency.unwrap_or(currency));
        writer.key("lines").list(&cart.lines, write_line);
        if let Some(shipping) = &cart.shipping {
            write_shipping(writer.key("shipping"), shipping);
        }
        if !cart.tenders.is_empty() {
            writer.key("tenders").list(&cart.tenders, write_tender);
        }
        texts(writer, "gift_vouchers", &cart.gift_vouchers);
        texts(writer, "codes", &cart.codes);
    });
}

fn write_line(writer: &mut Writer, line: &Line<'_>) {
    writer.object(|writer| {
        writer.key("id").text(&line.id);
        writer.key("sku").text(&line.sku);
        writer.key("quantity").plain(line.quantity);
        writer.key("unit_price").money(line.unit_price, 0);
        if let Some(mrp) = line.mrp {
            writer.key("mrp").money(mrp, 0);
        }
        for (key, amount) in [("tax", line.tax), ("charges", line.charges)] {
            if amount != Money::ZERO {
                writer.key(key).money(amount, 0);
            }
        }
        text(writer, "product", line.product.as_ref());
        text(writer, "title", line.title.as_ref());
        text(writer, "product_group", line.product_group.as_ref());
        texts(writer, "categories", &line.categories);
        text(writer, "brand", line.brand.as_ref());
        texts(writer, "tags", &line.tags);
        text(writer, "supplier", line.supplier.as_ref());
        for (key, number) in [("weight", line.weight), ("stock", line.stock)] {
            if let Some(number) = number {
                writer.key(key).plain(number);
            }
        }
        pairs(writer, "attributes", &line.attributes);
        pairs(writer, "variant", &line.variant);
    });
}

fn write_shipping(writer: &mut Writer, shipping: &Shipping<'_>) {
    writer.object(|writer| {
        text(writer, "method", shipping.method.as_ref());
        writer.key("amount").money(shipping.amount, 0);
    });
}

fn write_tender(writer: &mut Writer, tender: &Tender<'_>) {
    writer.object(|writer| {
        writer.key("mode").text(&tender.mode);
        if let Some(amount) = tender.amount {
            writer.key("amount").money(amount, 0);
        }
    });
}

fn write_customer(writer: &mut Writer, customer: &Customer<'_>) {
    writer.object(|writer| {
        text(writer, "id", customer.id.as_ref());
        if !customer.loyalty.is_empty() {
            writer.key("loyalty").list(&customer.loyalty, write_membership);
        }
        texts(writer, "groups", &customer.groups);
        pairs(writer, "attributes", &customer.attributes);
    });
}

fn write_membership(writer: &mut Writer, own: &Membership<'_>) {
    writer.object(|writer| {
        writer.key("program").text(&own.program);
        text(writer, "tier", own.tier.as_ref());
        texts(writer, "supplementary", &own.supplementary);
    });
}

fn text(writer: &mut Writer, key: &'static str, text: Option<&Cow<'_, str>>) {
    if let Some(text) = text {
        writer.key(key).text(text);
    }
}

fn texts(writer: &mut Writer, key: &'static str, texts: &Texts<'_>) {
    if !texts.is_empty() {
        writer.key(key).list(texts, |writer, text| writer.text(text));
    }
}

/// In the order of the keys, which is not the caller's.
fn pairs(writer: &mut Writer, key: &'static str, pairs: &Pairs<'_>) {
    if pairs.is_empty() {
        return;
    }
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort_unstable();
    writer.key(key).object(|writer| {
        for (key, value) in sorted {
            writer.data_key(key).text(value);
        }
    });
}
