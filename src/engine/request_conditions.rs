//! Conditions that look at the request alone: tenders, vouchers, shipping method, channel, customer (spec 5.3).

use std::cmp::Ordering;

use crate::domain::amount::Number;
use crate::domain::cart::Request;
use crate::domain::condition::{AttributeTest, Leaf, MemberSubject, ModeTest};
use crate::domain::selector::TextTest;

/// Sorts the values of leaves that only look a text up. Values that are compared without regard to case become lower
/// case first.
pub(super) fn sorted(mut leaf: Leaf) -> Leaf {
    match &mut leaf {
        Leaf::PaymentMode { test: ModeTest::In(values, _) | ModeTest::NotIn(values) }
        | Leaf::GiftVoucher { values } => {
            values.iter_mut().for_each(|value| value.make_ascii_lowercase());
            values.sort_unstable();
        }
        Leaf::Member { values, .. }
        | Leaf::CustomerAttribute {
            test: AttributeTest::Text(TextTest::In(values) | TextTest::NotIn(values)),
            ..
        } => values.sort_unstable(),
        Leaf::PaymentMode { .. }
        | Leaf::CustomerAttribute { .. }
        | Leaf::Cart { .. }
        | Leaf::Lines { .. }
        | Leaf::Item { .. } => {}
    }
    leaf
}

fn has(values: &[String], text: &str) -> bool {
    values.binary_search_by(|value| value.as_str().cmp(text)).is_ok()
}

/// Like [`has`], without regard to the case of ASCII letters. INVARIANT: [`sorted`] has put the values into lower case.
fn has_in_any_case(values: &[String], text: &str) -> bool {
    let small = || text.bytes().map(|byte| byte.to_ascii_lowercase());
    values.binary_search_by(|value| value.bytes().cmp(small())).is_ok()
}

/// How many texts are compared, where they are not looked up.
pub(super) fn comparisons(leaf: &Leaf, request: &Request<'_>) -> usize {
    match leaf {
        Leaf::PaymentMode { test: ModeTest::StartsWith(values, _) } => {
            values.len() * request.cart.tenders.len()
        }
        Leaf::PaymentMode { test: ModeTest::In(..) | ModeTest::NotIn(_) }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. }
        | Leaf::Cart { .. }
        | Leaf::Lines { .. }
        | Leaf::Item { .. } => 1,
    }
}

/// Judges the leaves that look at the request alone. A field that the request lacks makes them false.
#[expect(clippy::unreachable, reason = "the other leaves are compiled to tests of their own")]
pub(super) fn request_holds(leaf: &Leaf, request: &Request<'_>) -> bool {
    match leaf {
        Leaf::PaymentMode { test } => mode_holds(test, request),
        Leaf::GiftVoucher { values } => {
            request.cart.gift_vouchers.iter().any(|voucher| has_in_any_case(values, voucher))
        }
        Leaf::Member { subject, negated, values } => {
            let one = |text: &str| has(values, text) != *negated;
            match subject {
                MemberSubject::ShippingMethod => {
                    let method = request.cart.shipping.as_ref().and_then(|own| own.method.as_ref());
                    method.is_some_and(|method| one(method))
                }
                MemberSubject::Channel => {
                    request.channel.as_ref().is_some_and(|channel| one(channel))
                }
                MemberSubject::CustomerGroup => request.customer.as_ref().is_some_and(|customer| {
                    customer.groups.iter().any(|group| has(values, group)) != *negated
                }),
            }
        }
        Leaf::CustomerAttribute { key, test } => {
            let attributes = request.customer.iter().flat_map(|customer| &customer.attributes);
            let mut own = attributes.filter(|(own, _)| own == key);
            own.next().is_some_and(|(_, text)| attribute_holds(test, text))
        }
        Leaf::Cart { .. } | Leaf::Lines { .. } | Leaf::Item { .. } => unreachable!("{leaf:?}"),
    }
}

fn mode_holds(test: &ModeTest, request: &Request<'_>) -> bool {
    let tenders = &request.cart.tenders;
    let paid = |matches: &dyn Fn(&str) -> bool,
                min_amount: Option<crate::domain::amount::Money>| {
        let matching = || tenders.iter().filter(|tender| matches(&tender.mode));
        let amount = || matching().filter_map(|tender| tender.amount).sum();
        matching().next().is_some() && min_amount.is_none_or(|minimum| minimum <= amount())
    };
    match test {
        ModeTest::In(values, minimum) => paid(&|mode| has_in_any_case(values, mode), *minimum),
        ModeTest::StartsWith(values, minimum) => {
            let begins = |mode: &str, value: &str| {
                mode.get(..value.len()).is_some_and(|own| own.eq_ignore_ascii_case(value))
            };
            paid(&|mode| values.iter().any(|value| begins(mode, value)), *minimum)
        }
        ModeTest::NotIn(values) => {
            !tenders.is_empty()
                && !tenders.iter().any(|tender| has_in_any_case(values, &tender.mode))
        }
    }
}

fn attribute_holds(test: &AttributeTest, text: &str) -> bool {
    match test {
        AttributeTest::Text(test) => match test {
            TextTest::Eq(value) => text == value,
            TextTest::Ne(value) => text != value,
            TextTest::In(values) => has(values, text),
            TextTest::NotIn(values) => !has(values, text),
            TextTest::Contains(value) => text.contains(value.as_str()),
            TextTest::StartsWith(value) => text.starts_with(value.as_str()),
        },
        AttributeTest::Number(order, value) => {
            compare_text(text, *value).is_some_and(|ordering| order.operator().holds(ordering))
        }
    }
}

/// How a text, read as a number, compares with `value`; `None` if it is not a number. An attribute may have any number
/// of decimals. Digits beyond those of a [`Number`] only decide if the numbers are equal without them.
pub(super) fn compare_text(text: &str, value: Number) -> Option<Ordering> {
    use crate::domain::amount::DecimalError;
    match Number::parse(text) {
        Ok(number) => Some(number.cmp(&value)),
        Err(DecimalError::Malformed) => None,
        Err(DecimalError::OutOfRange) => {
            Some(if text.starts_with('-') { Ordering::Less } else { Ordering::Greater })
        }
        Err(DecimalError::TooPrecise) => {
            let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let cut = text.get(..text.len().checked_sub(places.checked_sub(4)?)?)?;
            // The digits that were cut are not all zero, so the number is farther from zero than `cut`.
            let beyond = if text.starts_with('-') { Ordering::Less } else { Ordering::Greater };
            compare_text(cut, value).map(|ordering| ordering.then(beyond))
        }
    }
}
