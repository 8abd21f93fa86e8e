//! A request as it was understood: decimals plainly, defaults filled in, keys in a fixed order. Two bodies that mean the
//! same are printed alike.

use std::borrow::Cow;

use chrono::Utc;

use crate::domain::cart::{Cart, Explain, Line, Request, Shipping, Tender};
use crate::domain::currency::Currency;
use crate::domain::customer::{Customer, Membership};
use crate::wire::write::Writer;

type Texts<'r> = [Cow<'r, str>];
type Pairs<'r> = [(Cow<'r, str>, Cow<'r, str>)];

/// Prints a request of a tenant whose currency is this.
pub(super) fn write(writer: &mut Writer, request: &Request<'_>, currency: Currency) {
    writer.object(|writer| {
        write_cart(writer.key("cart"), &request.cart, currency);
        let customer = request.customer.as_ref();
        writer.key("customer").option(customer, write_customer);
        option(writer.key("store"), request.store.as_ref());
        option(writer.key("channel"), request.channel.as_ref());
        let at = request.at.map(|at| at.with_timezone(&Utc));
        writer.key("at").option(at, |writer, at| writer.time(&at));
        writer.key("explain").text(match request.explain {
            Explain::None => "none",
            Explain::All => "all",
        });
    });
}

fn write_cart(writer: &mut Writer, cart: &Cart<'_>, currency: Currency) {
    writer.object(|writer| {
        writer
            .key("currency")
            .plain(cart.currency.unwrap_or(currency));
        writer.key("lines").list(&cart.lines, write_line);
        let shipping = cart.shipping.as_ref();
        writer.key("shipping").option(shipping, write_shipping);
        writer.key("tenders").list(&cart.tenders, write_tender);
        texts(writer.key("gift_vouchers"), &cart.gift_vouchers);
        texts(writer.key("codes"), &cart.codes);
    });
}

fn write_line(writer: &mut Writer, line: &Line<'_>) {
    writer.object(|writer| {
        writer.key("id").text(&line.id);
        writer.key("sku").text(&line.sku);
        writer.key("quantity").plain(line.quantity);
        writer.key("unit_price").money(line.unit_price, 0);
        let mrp = line.mrp;
        writer
            .key("mrp")
            .option(mrp, |writer, mrp| writer.money(mrp, 0));
        writer.key("tax").money(line.tax, 0);
        writer.key("charges").money(line.charges, 0);
        option(writer.key("product"), line.product.as_ref());
        option(writer.key("title"), line.title.as_ref());
        option(writer.key("product_group"), line.product_group.as_ref());
        texts(writer.key("categories"), &line.categories);
        option(writer.key("brand"), line.brand.as_ref());
        texts(writer.key("tags"), &line.tags);
        option(writer.key("supplier"), line.supplier.as_ref());
        writer.key("weight").option(line.weight, Writer::plain);
        writer.key("stock").option(line.stock, Writer::plain);
        pairs(writer.key("attributes"), &line.attributes);
        pairs(writer.key("variant"), &line.variant);
    });
}

fn write_shipping(writer: &mut Writer, shipping: &Shipping<'_>) {
    writer.object(|writer| {
        option(writer.key("method"), shipping.method.as_ref());
        writer.key("amount").money(shipping.amount, 0);
    });
}

fn write_tender(writer: &mut Writer, tender: &Tender<'_>) {
    writer.object(|writer| {
        writer.key("mode").text(&tender.mode);
        let amount = tender.amount;
        writer
            .key("amount")
            .option(amount, |writer, amount| writer.money(amount, 0));
    });
}

fn write_customer(writer: &mut Writer, customer: &Customer<'_>) {
    writer.object(|writer| {
        option(writer.key("id"), customer.id.as_ref());
        writer
            .key("loyalty")
            .list(&customer.loyalty, write_membership);
        texts(writer.key("groups"), &customer.groups);
        pairs(writer.key("attributes"), &customer.attributes);
    });
}

fn write_membership(writer: &mut Writer, own: &Membership<'_>) {
    writer.object(|writer| {
        writer.key("program").text(&own.program);
        option(writer.key("tier"), own.tier.as_ref());
        texts(writer.key("supplementary"), &own.supplementary);
    });
}

fn option(writer: &mut Writer, text: Option<&Cow<'_, str>>) {
    writer.option(text, |writer, text| writer.text(text));
}

fn texts(writer: &mut Writer, texts: &Texts<'_>) {
    writer.list(texts, |writer, text| writer.text(text));
}

/// In the order of the keys, which is not the caller's.
fn pairs(writer: &mut Writer, pairs: &Pairs<'_>) {
    let mut sorted: Vec<_> = pairs.iter().collect();
    sorted.sort_unstable();
    writer.object(|writer| {
        for (key, value) in sorted {
            writer.data_key(key).text(value);
        }
    });
}
