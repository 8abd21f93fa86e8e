//! Products of a shop window and their prices (spec 15.5).

use chrono::{DateTime, Utc};

use super::body::*;
use super::decode::{Object, Value};
use super::evaluation::PromotionHead;
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::cart::{Cart, Explain, Line, MAX_GROSS, Request, gross};
use crate::domain::customer::Customer;
use crate::domain::promotion::Promotion;
use crate::engine::{OnOffer, PricedProduct, RuleSet};

/// Most products of a request (spec 14).
pub const MAX_PRODUCTS: usize = 200;

/// Typical bytes of a product in an answer, and of one of its promotions. They reserve room.
const ROOM_PRODUCT: usize = 128;
const ROOM_PROMOTION: usize = 192;

/// Reads a request. The products are the lines of its cart. The caller checks whether the store exists.
pub fn parse<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Request<'t>> {
    ProductsInput::read(value, faults)
}

request! {
    /// Products to price, each as a cart of its own.
    pub struct ProductsInput "" as Request<'t> {
        /// The products.
        products: required(keyed("id", part::<Product>(), 1..=MAX_PRODUCTS)),
        /// Who looks at them. Without it the customer is unknown.
        customer: absent(part::<Customer<'_>>()),
        /// The code of the store. The store must exist (422 `unknown_reference`).
        store: absent(NAME),
        /// The sales channel, for example `store` or `web`.
        channel: absent(NAME),
        /// The currency of all amounts: three capital letters (ISO 4217). Default: the tenant's.
        currency: filled(CURRENCY),
    } read |object, faults| {
        let cart = whole!(Cart { currency; lines: products?, shipping: None, tenders: Vec::new(),
            gift_vouchers: Vec::new(), codes: Vec::new() });
        whole!(Request { customer, store, channel; cart: cart?, at: None, explain: Explain::None })
    }
}

/// A line of a cart, of which one unit is meant unless it says otherwise.
struct Product;

/// The quantity of a product that names none.
static ONE: Json<'static> = Json::Number("1");

impl Described for Product {
    const NAME: &'static str = "Product";

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let mut schema = Line::schema(schemas);
        if let Some(required) = schema.get_mut("required").and_then(|own| own.as_array_mut()) {
            required.retain(|own| own != "quantity");
        }
        if let Some(quantity) = schema.pointer_mut("/properties/quantity") {
            let mut own = quantity.take();
            let says = own.as_object_mut().and_then(|own| own.remove("description"));
            *quantity = nullable(own);
            quantity["description"] = says.into();
        }
        schema
    }
}

impl<'t> ReadBody<'t, Line<'t>> for Product {
    fn members(object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<Line<'t>> {
        object.suppose("quantity", &ONE);
        let line = Line::members(object, faults)?;
        if gross(std::slice::from_ref(&line)) > MAX_GROSS {
            let message = "comes to more than 1000000000000";
            return object.fault("quantity", faults, FaultCode::OutOfRange, message);
        }
        Some(line)
    }
}

/// Prices and what is needed to print them.
struct Priced<'a> {
    products: &'a [PricedProduct],
    rules: &'a RuleSet,
    request: &'a Request<'a>,
    now: DateTime<Utc>,
    precision: u32,
}

/// Prints the prices of a request's products.
pub fn print(
    products: &[PricedProduct],
    rules: &RuleSet,
    request: &Request<'_>,
    now: DateTime<Utc>,
) -> String {
    let promotions: usize = products.iter().map(|own| own.promotions.len()).sum();
    let room = ROOM_PRODUCT * (products.len() + 1) + ROOM_PROMOTION * promotions;
    let mut writer = Writer::with_capacity(room);
    let precision = rules.settings().rounding.precision();
    PricesBody::print(&mut writer, &Priced { products, rules, request, now, precision });
    writer.finish()
}

answer! {
    /// What products cost. All amounts are in the currency of the request.
    pub struct PricesBody "ProductPrices" as Priced<'_> |own| {
        /// The time for which the products were priced.
        evaluated_at: required(INSTANT) => own.now,
        /// The version of the tenant's rules.
        ruleset_version: required(SIZE) => own.rules.version(),
        /// The currency of all amounts.
        currency: required(CURRENCY) =>
            own.request.cart.currency.unwrap_or(own.rules.settings().currency),
        /// The products, in the order of the request.
        products: required(every(part::<PricedProductBody>())) =>
            || own.request.cart.lines.iter().zip(own.products).map(|(line, priced)| (line, priced, own)),
    }
}

answer! {
    /// A product and its price.
    struct PricedProductBody "PricedProduct" as (&Line<'_>, &PricedProduct, &Priced<'_>)
        |(line, priced, own)| {
        /// The product's id in the request.
        id: required(WORDS) => line.id,
        /// The product's SKU.
        sku: required(WORDS) => line.sku,
        /// Unit price × quantity.
        gross: required(DECIMAL) => (&priced.gross, own.precision),
        /// The discount of the promotions that apply.
        discount: required(DECIMAL) => (priced.discount, own.precision),
        /// gross + tax + charges − discount.
        price: required(DECIMAL) => (&priced.price, own.precision),
        /// Item-level promotions that apply, in the order of application; then at most 10 others that are about the
        /// product, in the order of their ranks.
        promotions: required(every(part::<OnOfferBody>())) =>
            || priced.promotions.iter().map(|offer| {
                (offer, own.rules.promotion(offer.promotion), own.precision)
            }),
    }
}

answer! {
    /// A promotion that is shown with a product.
    struct OnOfferBody "OnOffer" as (&OnOffer, &Promotion, u32) |(own, promotion, precision)| {
        head: all_of::<PromotionHead>() => promotion,
        /// The promotion's message to the shopper.
        message: required(WORDS) => promotion.terms.message,
        /// Whether it applies to this product as it is. If not, more units, other products, a code or an issuance may
        /// be needed.
        applies: required(BOOLEAN) => own.discount.is_some(),
        /// What it takes off.
        discount: required(DECIMAL) => (own.discount.unwrap_or(Money::ZERO), *precision),
    }
}
