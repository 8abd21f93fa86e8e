//! Benefits: what is given, on which units, how often (spec 5.4).

use serde_json::{Value, json};

use super::form::{Decimal, Object, Side, choice, choice_of, constant, count, one_of, text};
use crate::domain::benefit::{From, Pick, PriceBase, Same, Spread, Within};
use crate::domain::names::Named;
use crate::wire::benefit::{PerName, TargetType, Type};
use crate::wire::decode::TextBound;

/// A benefit of any type.
pub fn benefit(side: Side) -> Value {
    let suffix = if side == Side::Request { "Input" } else { "" };
    let part = |kind: &Type| {
        let name = match kind {
            Type::PercentageOff => "PercentageOff",
            Type::AmountOff => "AmountOff",
            Type::FixedPrice => "FixedPrice",
            Type::BundlePrice => "BundlePrice",
            Type::FreeProduct => "FreeProduct",
            Type::AwardPoints => "AwardPoints",
        };
        (kind.name(), format!("{name}{suffix}"))
    };
    let parts: Vec<(&str, String)> = Type::ALL.iter().map(part).collect();
    let mut schema = one_of("type", &parts);
    schema["description"] =
        "What is given. Parts that do not go together (spec 5.4) are 422 `unsupported_combination`.".into();
    schema
}

struct Shape<'s> {
    kind: Type,
    value: (Decimal, &'s str),
    targets: &'s [&'s str],
    per: &'s [Spread],
    base: &'s [PriceBase],
}

fn priced(side: Side, shape: &Shape<'_>, description: &str) -> Value {
    let (bounds, says) = shape.value;
    let targets: Vec<Value> = shape.targets.iter().map(|name| side.part(name)).collect();
    let target = match targets.as_slice() {
        [only] => only.clone(),
        _ => json!({"oneOf": targets}),
    };
    let object = side
        .object()
        .required("type", constant(shape.kind), "")
        .required("value", side.decimal(bounds), says)
        .or(
            "per",
            choice_of(shape.per),
            json!("application"),
            "Whether `value` is given once for each application, or for each unit.",
        )
        .or("base", choice_of(shape.base), json!("unit_price"), "What a percentage is of.")
        .optional(
            "same",
            choice::<Same>(),
            "The deal must be made within one SKU or one product. Goes with items only.",
        );
    let object = if shape.targets.contains(&"CartTarget") {
        object.or(
            "target",
            target,
            json!({"type": "cart"}),
            "What it is given on; the cart by default.",
        )
    } else {
        object.required("target", target, "What it is given on.")
    };
    with_repeat(object, side).refused("product").schema(description)
}

fn with_repeat(object: Object, side: Side) -> Object {
    object.optional("repeat", side.part("Repeat"), "How often it is given; once if null.")
}

/// A percentage.
pub fn percentage_off(side: Side) -> Value {
    let shape = Shape {
        kind: Type::PercentageOff,
        value: (Decimal::Percentage, "Percent: over 0, at most 100, at most 4 decimals."),
        targets: &["CartTarget", "ItemsTarget", "ShippingTarget"],
        per: &[Spread::Application],
        base: PriceBase::ALL,
    };
    priced(side, &shape, "A percentage off.")
}

/// An amount.
pub fn amount_off(side: Side) -> Value {
    let shape = Shape {
        kind: Type::AmountOff,
        value: (
            Decimal::PositiveAmount,
            "In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals.",
        ),
        targets: &["CartTarget", "ItemsTarget", "ShippingTarget"],
        per: Spread::ALL,
        base: &[PriceBase::UnitPrice],
    };
    priced(side, &shape, "An amount off.")
}

/// A price for each unit.
pub fn fixed_price(side: Side) -> Value {
    let shape = Shape {
        kind: Type::FixedPrice,
        value: (
            Decimal::Amount,
            "The price of each unit, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals.",
        ),
        targets: &["ItemsTarget", "ShippingTarget"],
        per: &[Spread::Application],
        base: &[PriceBase::UnitPrice],
    };
    priced(side, &shape, "Each unit, or the shipping, is sold at a price.")
}

/// A price for a group of units.
pub fn bundle_price(side: Side) -> Value {
    let shape = Shape {
        kind: Type::BundlePrice,
        value: (
            Decimal::Amount,
            "The price of each group, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals.",
        ),
        targets: &["ItemsTarget"],
        per: &[Spread::Application],
        base: &[PriceBase::UnitPrice],
    };
    priced(side, &shape, "A group of units is sold together at a price.")
}

/// Points.
pub fn award_points(side: Side) -> Value {
    let shape = Shape {
        kind: Type::AwardPoints,
        value: (
            Decimal::PositiveAmount,
            "Points: over 0, at most 1,000,000,000, at most 4 decimals.",
        ),
        targets: &["CartTarget"],
        per: &[Spread::Application],
        base: &[PriceBase::UnitPrice],
    };
    priced(side, &shape, "Points, and no discount.")
}

/// A free product.
pub fn free_product(side: Side) -> Value {
    let product = side
        .object()
        .required("sku", text(TextBound::NAME), "What is free.")
        .or(
            "quantity",
            side.decimal(Decimal::Quantity),
            json!("1"),
            "Units for each application: over 0, at most 1,000,000, at most 3 decimals.",
        )
        .schema("");
    let object = side.object().required("type", constant(Type::FreeProduct), "").required(
        "product",
        product,
        "What is free, and how many units of it.",
    );
    let object = match side {
        Side::Request => object
            .or("per", choice_of(&[Spread::Application]), json!("application"), "")
            .or("base", choice_of(&[PriceBase::UnitPrice]), json!("unit_price"), "")
            .refused("value")
            .refused("target")
            .refused("same"),
        Side::Answer => object,
    };
    with_repeat(object, side).schema(
        "Units of a product are free; those that are not in the cart are named in `free_items`.",
    )
}

/// The cart, or some of its lines.
pub fn cart_target(side: Side) -> Value {
    other_target(side, TargetType::Cart)
        .optional("select", side.part("Selector"), "Restricts it to some lines.")
        .schema("The cart, or some of its lines.")
}

/// The shipping.
pub fn shipping_target(side: Side) -> Value {
    other_target(side, TargetType::Shipping).refused("select").schema("The shipping.")
}

fn other_target(side: Side, kind: TargetType) -> Object {
    side.object()
        .required("type", constant(kind), "")
        .refused("from")
        .refused("quantity")
        .refused("pick")
        .refused("within")
}

/// Units of lines.
pub fn items_target(side: Side) -> Value {
    let pick = "Which units first. Default: `cheapest`, of a `bundle_price` `most_expensive`.";
    let object = side
        .object()
        .required("type", constant(TargetType::Items), "")
        .or("from", choice::<From>(), json!("matching"), "The units that met the condition, those beyond what it needed, or any that `select` selects.")
        .optional("select", side.part("Selector"), "Which lines are discounted.")
        .optional("quantity", side.decimal(Decimal::Quantity), "How many units one application discounts: over 0, at most 1,000,000, at most 3 decimals. The default depends on the rest (spec 5.4).");
    let object = match side {
        Side::Request => object.absent("pick", choice::<Pick>(), pick),
        Side::Answer => object.required("pick", choice::<Pick>(), pick),
    };
    object
        .or(
            "within",
            choice::<Within>(),
            json!("cart"),
            "`application`: the cheapest of every three.",
        )
        .schema("Units of lines.")
}

/// How often.
pub fn repeat(side: Side) -> Value {
    let most = |object: Object| object.optional("max_times", count(), "At most so often.");
    let by = |per: PerName, every: Value, says: &str, schema: &str| {
        let object =
            side.object().required("per", constant(per), "").required("every", every, says);
        most(object).schema(schema)
    };
    let quantity = by(
        PerName::Quantity,
        side.decimal(Decimal::Quantity),
        "Units: over 0, at most 1,000,000, at most 3 decimals.",
        "Once for so many units.",
    );
    let amount = by(
        PerName::Amount,
        side.decimal(Decimal::PositiveAmount),
        "In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals.",
        "Once for such an amount.",
    );
    let set = side.object().required("per", constant(PerName::Set), "").refused("every");
    let set = most(set).schema("Once for each set that the line conditions ask for.");
    json!({"oneOf": [quantity, amount, set], "description": "How often a benefit is given."})
}
