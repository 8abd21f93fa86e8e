//! The cart to be priced, and the request around it (spec 6).
//!
//! Texts are borrowed from the request's body where possible, since a cart is dropped once it is priced.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::amount::{Money, Number, Quantity};
use super::currency::Currency;
use super::customer::Customer;
use super::owned::{pairs, text, texts};

/// Most lines of a cart (spec 14).
pub const MAX_LINES: usize = 500;
/// Most codes, tenders and gift vouchers of a cart, each (spec 14).
pub const MAX_PRESENTED: usize = 20;
/// Most categories, tags, attributes and variant values of a line, each (spec 14).
pub const MAX_LINE_ENTRIES: usize = 50;
/// Largest gross of a cart, in hundred-millionths, which are the unit of price × quantity (spec 14).
pub const MAX_GROSS: i128 = 1_000_000_000_000 * 100_000_000;

/// The body of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    pub cart: Cart<'a>,
    pub customer: Option<Customer<'a>>,
    /// The code of the store.
    pub store: Option<Cow<'a, str>>,
    pub channel: Option<Cow<'a, str>>,
    /// The cart is priced as of this time; `None`: now.
    pub at: Option<DateTime<Utc>>,
    /// Whether the answer explains promotions that did not apply.
    pub explain: Explain,
}

/// Whether the answer explains promotions that did not apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Explain {
    #[default]
    None,
    /// Every active or paused promotion that did not apply, with its reason.
    All,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cart<'a> {
    /// `None`: the tenant's.
    pub currency: Option<Currency>,
    /// At least one; ids are unique.
    pub lines: Vec<Line<'a>>,
    /// What the delivery costs.
    pub shipping: Option<Shipping<'a>>,
    /// How it is paid.
    pub tenders: Vec<Tender<'a>>,
    /// Codes of gift vouchers.
    pub gift_vouchers: Vec<Cow<'a, str>>,
    /// Codes of promotions, as presented.
    pub codes: Vec<Cow<'a, str>>,
}

/// A row of the cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Unique in the cart.
    pub id: Cow<'a, str>,
    pub sku: Cow<'a, str>,
    pub quantity: Quantity,
    pub unit_price: Money,
    /// The recommended price of one unit.
    pub mrp: Option<Money>,
    /// The tax of the whole line.
    pub tax: Money,
    /// The charges of the whole line.
    pub charges: Money,
    /// The product that the SKU is a variant of.
    pub product: Option<Cow<'a, str>>,
    pub title: Option<Cow<'a, str>>,
    /// A group of products.
    pub product_group: Option<Cow<'a, str>>,
    pub categories: Vec<Cow<'a, str>>,
    pub brand: Option<Cow<'a, str>>,
    pub tags: Vec<Cow<'a, str>>,
    pub supplier: Option<Cow<'a, str>>,
    pub weight: Option<Number>,
    /// How many units are in stock.
    pub stock: Option<Number>,
    /// The least for which a unit may be sold, before tax and charges.
    pub floor_price: Option<Money>,
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Variant values, by key.
    pub variant: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

/// The delivery of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shipping<'a> {
    /// The shipping method.
    pub method: Option<Cow<'a, str>>,
    pub amount: Money,
}

/// A means of payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tender<'a> {
    pub mode: Cow<'a, str>,
    /// How much is paid with it; `None` counts as 0.
    pub amount: Option<Money>,
}

impl Request<'_> {
    /// Copies all texts, so that the request can outlive the body that it was read from.
    pub fn into_owned(self) -> Request<'static> {
        Request {
            cart: self.cart.into_owned(),
            customer: self.customer.map(Customer::into_owned),
            store: self.store.map(text),
            channel: self.channel.map(text),
            at: self.at,
            explain: self.explain,
        }
    }
}

impl Cart<'_> {
    fn into_owned(self) -> Cart<'static> {
        Cart {
            currency: self.currency,
            lines: self.lines.into_iter().map(Line::into_owned).collect(),
            shipping: self.shipping.map(|shipping| Shipping {
                method: shipping.method.map(text),
                amount: shipping.amount,
            }),
            tenders: (self.tenders.into_iter())
                .map(|tender| Tender { mode: text(tender.mode), amount: tender.amount })
                .collect(),
            gift_vouchers: texts(self.gift_vouchers),
            codes: texts(self.codes),
        }
    }
}

impl Line<'_> {
    fn into_owned(self) -> Line<'static> {
        Line {
            id: text(self.id),
            sku: text(self.sku),
            quantity: self.quantity,
            unit_price: self.unit_price,
            mrp: self.mrp,
            tax: self.tax,
            charges: self.charges,
            product: self.product.map(text),
            title: self.title.map(text),
            product_group: self.product_group.map(text),
            categories: texts(self.categories),
            brand: self.brand.map(text),
            tags: texts(self.tags),
            supplier: self.supplier.map(text),
            weight: self.weight,
            stock: self.stock,
            floor_price: self.floor_price,
            attributes: pairs(self.attributes),
            variant: pairs(self.variant),
        }
    }
}

/// The sum of price × quantity of these lines, in hundred-millionths.
pub fn gross(lines: &[Line<'_>]) -> i128 {
    lines
        .iter()
        .map(|line| i128::from(line.unit_price.scaled()) * i128::from(line.quantity.scaled()))
        .sum()
}
