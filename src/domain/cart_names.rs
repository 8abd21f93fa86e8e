//! The names in a cart that was redeemed (spec 15.4): what its lines, its payment and the customer's memberships are
//! called. Customers, codes and gift vouchers are no names.

use super::cart::{Line, Request};
use super::vocabulary::NameField;

/// A name in a cart: its field, its key or nothing, its value, and the title of a SKU.
pub type CartName<'c> = (NameField, &'c str, &'c str, Option<&'c str>);

/// The names in a line.
pub fn names_of_line<'c>(line: &'c Line<'_>) -> impl Iterator<Item = CartName<'c>> {
    let plain = |field, value: &'c str| (field, "", value, None);
    let sku = (NameField::Sku, "", &*line.sku, line.title.as_deref());
    let single = [
        (NameField::Product, &line.product),
        (NameField::Brand, &line.brand),
        (NameField::Supplier, &line.supplier),
        (NameField::ProductGroup, &line.product_group),
    ];
    let single = single
        .into_iter()
        .filter_map(move |(field, value)| value.as_deref().map(|value| plain(field, value)));
    let categories = line.categories.iter().map(move |own| plain(NameField::Category, own));
    let tags = line.tags.iter().map(move |own| plain(NameField::Tag, own));
    let attributes = line.attributes.iter().flat_map(move |(key, value)| {
        [plain(NameField::AttributeKey, key), (NameField::Attribute, &**key, &**value, None)]
    });
    let variant = line.variant.iter().flat_map(move |(key, value)| {
        [plain(NameField::VariantKey, key), (NameField::Variant, &**key, &**value, None)]
    });
    let all = [sku].into_iter().chain(single).chain(categories).chain(tags);
    // An empty text names nothing.
    all.chain(attributes).chain(variant).filter(|(.., value, _)| !value.is_empty())
}

/// The names in a request, without those of its lines.
pub fn names_besides<'c>(request: &'c Request<'_>) -> impl Iterator<Item = CartName<'c>> {
    let plain = |field, value: &'c str| (field, "", value, None);
    let method = request.cart.shipping.as_ref().and_then(|shipping| shipping.method.as_deref());
    let single = [
        (NameField::Store, request.store.as_deref()),
        (NameField::Channel, request.channel.as_deref()),
        (NameField::ShippingMethod, method),
    ];
    let single =
        single.into_iter().filter_map(move |(field, value)| value.map(|value| plain(field, value)));
    let modes =
        request.cart.tenders.iter().map(move |own| plain(NameField::PaymentMode, &own.mode));
    let customers = request.customer.iter();
    let customers = customers.flat_map(move |customer| {
        let groups = customer.groups.iter().map(move |own| plain(NameField::Group, own));
        let keys = customer.attributes.iter();
        let keys = keys.map(move |(key, _)| plain(NameField::CustomerAttributeKey, key));
        let memberships = customer.loyalty.iter().flat_map(move |own| {
            let tier = own.tier.iter().map(move |tier| plain(NameField::Tier, tier));
            let supplementary = own.supplementary.iter();
            let supplementary = supplementary.map(move |own| plain(NameField::Supplementary, own));
            [plain(NameField::Program, &own.program)].into_iter().chain(tier).chain(supplementary)
        });
        groups.chain(keys).chain(memberships)
    });
    single.chain(modes).chain(customers).filter(|(.., value, _)| !value.is_empty())
}

/// Whether a text is the id of the request's customer, one of its codes or one of its gift vouchers. Such a text is not
/// kept as a name, whatever field it is in.
pub fn is_private(request: &Request<'_>, text: &str) -> bool {
    let customer = request.customer.as_ref().and_then(|customer| customer.id.as_deref());
    let cart = &request.cart;
    let presented = cart.codes.iter().chain(&cart.gift_vouchers);
    customer == Some(text) || presented.into_iter().any(|own| own.eq_ignore_ascii_case(text))
}
