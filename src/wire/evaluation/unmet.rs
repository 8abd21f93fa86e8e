//! Conditions that are not met: what each asks for, and what there is (spec 8 `unmet`).

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::domain::condition::{Condition, Leaf};
use crate::domain::exact::Exact;
use crate::domain::names::Named;
use crate::domain::promotion::{Promotion, Terms};
use crate::domain::reason::{LeafPlace, Measured, Unmet, UnmetNumber, UnmetTexts};
use crate::wire::body::schema::one_of;
use crate::wire::body::*;
use crate::wire::condition::{Type, operator_of, type_of};
use crate::wire::selector::Operator;
use crate::wire::write::Writer;

/// What is not met, its leaf, and the least decimals of the leaf's numbers: amounts have at least the tenant's
/// precision, and counts have only the decimals that they need.
///
/// INVARIANT: the place of what is not met is one of its promotion.
#[expect(clippy::unreachable, reason = "an unmet leaf is one of its promotion's conditions")]
pub(super) fn missing<'p>(
    unmet: &'p Unmet,
    promotion: &'p Promotion,
    precision: u32,
) -> (&'p Unmet, Cow<'p, Leaf>, u32) {
    let Terms { conditions, steps, .. } = &promotion.terms;
    let leaf = match &unmet.place {
        LeafPlace::Conditions(path) => match conditions.as_ref().and_then(|own| own.at(path)) {
            Some(Condition::Leaf(leaf)) => Cow::Borrowed(leaf),
            other => unreachable!("{path:?} leads to {other:?}"),
        },
        LeafPlace::FirstStep => match steps {
            Some(steps) => Cow::Owned(steps.leaf(steps.from)),
            None => unreachable!("a benefit without steps"),
        },
    };
    let is_amount = match &*leaf {
        Leaf::Cart { measure, .. } => measure.is_amount(),
        Leaf::Lines { measure, .. } => measure.is_amount(),
        Leaf::Item { .. }
        | Leaf::PaymentMode { .. }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. } => false,
    };
    (unmet, leaf, if is_amount { precision } else { 0 })
}

/// What is not met, its leaf, and the least decimals of its numbers.
type Missing<'p> = (&'p Unmet, Cow<'p, Leaf>, u32);

/// A condition whose result is not the one that its group asks for: one that compares a number of the cart, or another.
pub(super) struct UnmetBody;

impl PrintBody<Missing<'_>> for UnmetBody {
    fn print_members(writer: &mut Writer, value: &Missing<'_>) {
        let (own, leaf, decimals): (&Unmet, &Leaf, u32) = (value.0, &value.1, value.2);
        match &own.measured {
            Measured::Number(number) => {
                UnmetNumberBody::print_members(writer, &(own, leaf, number, decimals));
            }
            Measured::Texts(texts) => {
                UnmetTextsBody::print_members(writer, &(own, leaf, texts));
            }
        }
    }
}

impl Described for UnmetBody {
    const NAME: &'static str = "Unmet";

    fn schema(schemas: &mut Schemas) -> Json {
        let (numbers, texts) =
            (schemas.named::<UnmetNumberBody>(), schemas.named::<UnmetTextsBody>());
        let part = |kind: Type| if compares_numbers(kind) { &numbers } else { &texts };
        let parts: Vec<(&str, String)> =
            leaves().map(|kind| (kind.name(), part(kind).clone())).collect();
        one_of("type", &parts, "A condition whose result is not the one that its group asks for.")
    }
}

fn leaves() -> impl Iterator<Item = Type> {
    Type::ALL.iter().copied().filter(|kind| *kind != Type::Group)
}

/// Whether conditions of this type compare a number of the cart.
const fn compares_numbers(kind: Type) -> bool {
    match kind {
        Type::CartAmount
        | Type::Subtotal
        | Type::TotalMrp
        | Type::TotalQuantity
        | Type::TotalWeight
        | Type::ItemCount
        | Type::LineAmount
        | Type::LineQuantity
        | Type::DistinctProducts
        | Type::DistinctVariants => true,
        Type::Group
        | Type::Item
        | Type::PaymentMode
        | Type::GiftVoucher
        | Type::ShippingMethod
        | Type::Channel
        | Type::CustomerGroup
        | Type::CustomerAttribute => false,
    }
}

/// The names of the types that compare numbers, or of the others.
fn types(numbers: bool) -> Json {
    let own = leaves().filter(|kind| compares_numbers(*kind) == numbers);
    one_name(&own.map(Named::name).collect::<Vec<_>>())
}

answer! {
    /// A condition on a number of the cart whose result is not the one that its group asks for.
    struct UnmetNumberBody "UnmetNumber" as (&Unmet, &Leaf, &UnmetNumber, u32)
        |(own, leaf, number, decimals)| {
        /// A JSON pointer into the promotion.
        path: required(POINTER) => pointer(own),
        /// What is measured.
        kind as "type": required(Like(|_| types(true))) => type_of(leaf),
        /// The operator.
        op: absent(choice::<Operator>()) => operator_of(leaf),
        /// The value that it is compared with.
        required as "required": required(DECIMAL) => (Exact::from(number.required), *decimals),
        /// The actual value.
        actual: required(DECIMAL) => (&number.actual, *decimals),
        /// How much must be added to meet the condition, if adding to the cart helps.
        shortfall: absent(DECIMAL) =>
            number.shortfall.as_ref().map(|shortfall| (shortfall, *decimals)),
    }
}

answer! {
    /// Another condition whose result is not the one that its group asks for.
    struct UnmetTextsBody "UnmetTexts" as (&Unmet, &Leaf, &UnmetTexts) |(own, leaf, texts)| {
        /// A JSON pointer into the promotion.
        path: required(POINTER) => pointer(own),
        /// What is compared.
        kind as "type": required(Like(|_| types(false))) => type_of(leaf),
        /// The operator.
        op: absent(choice::<Operator>()) => operator_of(leaf),
        /// The first 10 values that it is compared with.
        wanted: absent(every(WORDS)) => Some(&texts.wanted),
        /// The first 10 values that the cart or the customer has there.
        actual: absent(every(WORDS)) => Some(&texts.actual),
    }
}

fn pointer(unmet: &Unmet) -> String {
    match &unmet.place {
        LeafPlace::Conditions(path) => path
            .iter()
            .fold(String::from("/conditions"), |path, child| format!("{path}/of/{child}")),
        LeafPlace::FirstStep => String::from("/benefit/steps/values/0"),
    }
}
