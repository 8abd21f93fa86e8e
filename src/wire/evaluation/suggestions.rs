//! Suggestions: what a shopper can do so that a promotion applies, and a sentence that says so (spec 15.7).

use super::context::Context;
use super::explanation::{capital, or, payment, spaced};
use super::head::PromotionHead;
use crate::domain::amount::QUANTITY_DECIMALS;
use crate::domain::evaluation::Suggestion;
use crate::domain::names::{Named, names_of};
use crate::domain::promotion::Promotion;
use crate::domain::selector::{NumberField, TextField};
use crate::domain::suggestion::{Advice, Shortfall, SuggestionKind, Wanted, WantedField};
use crate::wire::body::*;
use crate::wire::selector::{Field, written_field};
use crate::wire::write::Writer;

answer! {
    /// The one change of the cart that makes a promotion apply, or a further step of its benefit.
    pub(super) struct SuggestionBody "Suggestion" as (&Suggestion, &Promotion, Context<'_>)
        |(own, promotion, context)| {
        head: all_of::<PromotionHead>() => promotion,
        /// The kind of change.
        kind: required(choice::<SuggestionKind>()) => own.advice.kind,
        /// How much is missing, an amount or a number of units; null where nothing is counted.
        shortfall: optional(by(DECIMAL)) => shortfall(&own.advice, context.precision)
            .map(|text| move |writer: &mut Writer| writer.text(&text)),
        /// How many units of the line `line_id` to add; null for other changes.
        quantity: optional(QUANTITY) => own.advice.raised.map(|raised| raised.by),
        /// The line of the cart whose quantity is to be raised; null for other changes.
        line_id: optional(WORDS) => own.advice.raised.and_then(|raised| {
            Some(&*context.request.cart.lines.get(raised.line)?.id)
        }),
        /// What to add, or what to pay with; null for other changes, and where the promotion names no such value.
        wanted: optional(part::<WantedBody>()) => own.advice.wanted.as_ref(),
        /// How much larger the discount of the cart then is; null where no price was computed.
        gain: optional(DECIMAL) => own.gain.map(|gain| (gain, context.precision)),
        /// The promotion's `suggestion_message`, in which `{shortfall}` and `{gain}` are replaced.
        message: required(WORDS) => message(own, promotion, context.precision),
        /// The change as a sentence.
        explanation: required(WORDS) => explanation(own, context),
    }
}

answer! {
    /// What a line must have, or a means of payment: one of these values.
    struct WantedBody "Wanted" as &Wanted |wanted| {
        /// The field of a line, or `payment_mode`.
        field: required(Like(|_| one_name(&[&names_of(Field::ALL)[..], &[PAYMENT_MODE]].concat()))) =>
            written(&wanted.field).0,
        /// The name of the attribute or variant property, for these fields.
        key: absent(WORDS) => written(&wanted.field).1,
        /// At most 10 values.
        values: required(every(WORDS)) => &wanted.values.first,
    }
}

const PAYMENT_MODE: &str = "payment_mode";

fn written(field: &WantedField) -> (&'static str, Option<&str>) {
    match field {
        WantedField::Text(field) => {
            let (field, key) = written_field(field);
            (field.name(), key)
        }
        WantedField::Number(field) => (field.name(), None),
        WantedField::PaymentMode => (PAYMENT_MODE, None),
    }
}

/// What is missing: amounts have at least the tenant's precision, and counts only the decimals that they need.
fn shortfall(advice: &Advice, precision: u32) -> Option<String> {
    let shortfall = advice.shortfall.as_ref()?;
    Some(shortfall.value.print(if shortfall.is_amount { precision } else { 0 }))
}

/// The text for the shopper, with what the suggestion has in the place of the words in braces.
fn message(own: &Suggestion, promotion: &Promotion, precision: u32) -> String {
    let shortfall = shortfall(&own.advice, precision).unwrap_or_default();
    let gain = own.gain.map(|gain| gain.print(precision)).unwrap_or_default();
    promotion.terms.suggestion_message.replace("{shortfall}", &shortfall).replace("{gain}", &gain)
}

/// A sentence to be read to the shopper.
fn explanation(own: &Suggestion, context: &Context<'_>) -> String {
    let advice = &own.advice;
    let precision = context.precision;
    let what = match advice.kind {
        SuggestionKind::Identify => return "Give your customer number to get it".to_owned(),
        SuggestionKind::PayWith => {
            let way = advice.payment.as_ref().map(|test| payment(test, true, precision));
            capital(&way.unwrap_or_default())
        }
        SuggestionKind::AddAmount
        | SuggestionKind::AddQuantity
        | SuggestionKind::AddItem
        | SuggestionKind::NextStep => format!("Add {}", goods(own, context)),
    };
    let more = if advice.kind == SuggestionKind::NextStep { " more" } else { "" };
    match own.gain {
        Some(gain) => format!("{what} and save {}{more}", gain.print(precision)),
        None => what,
    }
}

/// What is to be added to the cart.
fn goods(own: &Suggestion, context: &Context<'_>) -> String {
    let advice = &own.advice;
    let raised = advice.raised.and_then(|raised| {
        let line = context.request.cart.lines.get(raised.line)?;
        let name = match &line.title {
            Some(title) => title.to_string(),
            None => format!("SKU {}", line.sku),
        };
        Some(format!("{} more of {name}", raised.by))
    });
    if let Some(raised) = raised {
        return raised;
    }
    let is_amount = advice.shortfall.as_ref().is_some_and(|own| own.is_amount);
    // Nobody can add less than a step of the precision, or than a thousandth of a unit.
    let counted = advice.shortfall.as_ref().map(|Shortfall { value, is_amount }| {
        let (decimals, printed) = if *is_amount {
            (context.precision, context.precision)
        } else {
            (QUANTITY_DECIMALS, 0)
        };
        value.up_to(decimals).print(printed)
    });
    // Without a price only goods of a certain kind help.
    let is_any = own.gain.is_some();
    match (counted.as_deref(), &advice.wanted) {
        (None, None) => "something that qualifies".to_owned(),
        (None, Some(wanted)) => format!("something {}", kind_of_goods(wanted)),
        (Some(worth), Some(wanted)) if is_amount => {
            format!("goods worth {worth} {}", kind_of_goods(wanted))
        }
        (Some(count), Some(wanted)) => format!("{count} {}", kind_of_goods(wanted)),
        (Some(worth), None) if is_any && is_amount => format!("goods worth {worth} more"),
        (Some(worth), None) if is_amount => format!("goods worth {worth} that qualify"),
        (Some("1"), None) => "1 item that qualifies".to_owned(),
        (Some(count), None) => format!("{count} items that qualify"),
    }
}

/// Which goods are wanted, after a number of them.
fn kind_of_goods(wanted: &Wanted) -> String {
    let values = or(&wanted.values.first, wanted.values.has_more);
    match &wanted.field {
        WantedField::Text(field) => match field {
            TextField::Sku => format!("of SKU {values}"),
            TextField::Product => format!("of the product {values}"),
            TextField::Title => format!("called {values}"),
            TextField::Brand => format!("of the brand {values}"),
            TextField::Supplier => format!("of the supplier {values}"),
            TextField::ProductGroup => format!("of the product group {values}"),
            TextField::Category => format!("of the category {values}"),
            TextField::Tag => format!("with the tag {values}"),
            TextField::Attribute(key) | TextField::Variant(key) => {
                format!("with {} {values}", spaced(key))
            }
        },
        WantedField::Number(field) => match field {
            NumberField::UnitPrice => format!("at a price of {values}"),
            NumberField::Mrp => format!("at a recommended price of {values}"),
            NumberField::Quantity => format!("in a quantity of {values}"),
            NumberField::Weight => format!("with a weight of {values}"),
            NumberField::Stock => format!("of which {values} are in stock"),
            NumberField::PriceDiscount => format!("reduced by {values}"),
            NumberField::PriceDiscountPercent => format!("reduced by {values} %"),
        },
        WantedField::PaymentMode => format!("paid with {values}"),
    }
}
