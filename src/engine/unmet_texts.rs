//! The texts that an unmet condition looks for, and those that the request has there (spec 8 `unmet`).

use crate::domain::cart::Request;
use crate::domain::condition::{AttributeTest, Leaf, MemberSubject, ModeTest};
use crate::domain::reason::{MAX_VALUES, UnmetTexts, Wanted};
use crate::domain::selector::{Selector, TextField, TextTest};

use super::fact::any_text;
use super::reasons::wanted;

/// What a leaf that compares no number of the cart looks for, and what there is.
pub(super) fn texts(leaf: &Leaf, request: &Request<'_>) -> UnmetTexts {
    let cart = &request.cart;
    let customer = request.customer.as_ref();
    match leaf {
        Leaf::Cart { .. } => UnmetTexts::default(),
        Leaf::Lines { of, .. } | Leaf::Item { of, .. } => of_lines(of, request),
        Leaf::PaymentMode { test } => {
            let (ModeTest::In(values, _)
            | ModeTest::StartsWith(values, _)
            | ModeTest::NotIn(values)) = test;
            unmet(values, cart.tenders.iter().map(|tender| &*tender.mode))
        }
        Leaf::GiftVoucher { values } => unmet(values, cart.gift_vouchers.iter().map(|own| &**own)),
        Leaf::Member { subject, values, .. } => match subject {
            MemberSubject::ShippingMethod => {
                let shipping = cart.shipping.as_ref();
                unmet(values, shipping.and_then(|own| own.method.as_deref()).into_iter())
            }
            MemberSubject::Channel => unmet(values, request.channel.as_deref().into_iter()),
            MemberSubject::CustomerGroup => {
                let groups = customer.into_iter().flat_map(|own| &own.groups);
                unmet(values, groups.map(|group| &**group))
            }
        },
        Leaf::CustomerAttribute { key, test } => {
            let own = customer.into_iter().flat_map(|own| &own.attributes);
            let own = own.filter(|(own, _)| own == key).take(1).map(|(_, value)| &**value);
            match test {
                AttributeTest::Number(_, value) => unmet(&[value.to_string()], own),
                AttributeTest::Text(TextTest::In(values) | TextTest::NotIn(values)) => {
                    unmet(values, own)
                }
                AttributeTest::Text(
                    TextTest::Eq(value)
                    | TextTest::Ne(value)
                    | TextTest::Contains(value)
                    | TextTest::StartsWith(value),
                ) => unmet(std::slice::from_ref(value), own),
            }
        }
    }
}

fn unmet<'t>(wanted: &[String], actual: impl Iterator<Item = &'t str>) -> UnmetTexts {
    UnmetTexts {
        wanted: wanted.iter().take(MAX_VALUES).cloned().collect(),
        actual: actual.take(MAX_VALUES).map(str::to_owned).collect(),
    }
}

/// The values that a selector includes, and those of the cart's lines in the same field, each once. A selector without
/// such values is compared with SKUs.
fn of_lines(of: &Selector, request: &Request<'_>) -> UnmetTexts {
    let wanted = wanted(of);
    let (field, values) = match &wanted {
        Some(Wanted::Texts(field, values)) => (field, values.first.as_slice()),
        Some(Wanted::Number(..) | Wanted::OfList(_)) | None => (&TextField::Sku, &[][..]),
    };
    let mut actual: Vec<&str> = Vec::new();
    for line in &request.cart.lines {
        any_text(line, field, |text| {
            if actual.len() < MAX_VALUES && !actual.contains(&text) {
                actual.push(text);
            }
            false
        });
    }
    unmet(values, actual.into_iter())
}
