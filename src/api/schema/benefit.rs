//! Benefits: what is given, on which units, how often (spec 5.4).

use serde_json::Value;

use super::form::{Decimal, Object, Side, choice, constant, count, text};
use crate::domain::benefit::{From, Pick, PriceBase, Same, Spread, Within};
use crate::domain::names::Named;
use crate::wire::benefit::{PerName, TargetType, Type};
use crate::wire::decode::TextBound;

/// A benefit of any type.
pub fn benefit(side: Side) -> Value {
    let part = |kind| match kind {
        Type::PercentageOff => "PercentageOff",
        Type::AmountOff => "AmountOff",
        Type::FixedPrice => "FixedPrice",
        Type::BundlePrice => "BundlePrice",
        Type::FreeProduct => "FreeProduct",
        Type::AwardPoints => "AwardPoints",
    };
    let says = "What is given. Parts that do not go together (spec 5.4) are 422 `unsupported_combination`.";
    side.one_of("type", Type::ALL, part, says)
}

fn priced(
    side: Side,
    kind: Type,
    (value, says): (Decimal, &str),
    target: &str,
    description: &str,
) -> Value {
    let object = side
        .object()
        .required("type", constant(kind), "")
        .required("value", side.decimal(value), says)
        .or("per", choice::<Spread>(), "application", "Whether `value` is given once for each application, or for each unit. `unit` goes with `amount_off` on items only.")
        .or("base", choice::<PriceBase>(), "unit_price", "What a percentage is of. `mrp` goes with `percentage_off` on items only.")
        .optional("same", choice::<Same>(), "The deal must be made within one SKU or one product. Goes with items only.");
    let target_part = side.part(target);
    let object = if ["BenefitTarget", "CartTarget"].contains(&target) {
        object.or("target", target_part, "", "What it is given on; the cart by default.")
    } else {
        object.required("target", target_part, "What it is given on.")
    };
    with_repeat(object, side).schema(description)
}

fn with_repeat(object: Object, side: Side) -> Object {
    object.optional("repeat", side.part("Repeat"), "How often it is given; once if null.")
}

/// A percentage.
pub fn percentage_off(side: Side) -> Value {
    let value = (Decimal::Percentage, "Percent: over 0, at most 100, at most 4 decimals.");
    priced(side, Type::PercentageOff, value, "BenefitTarget", "A percentage off.")
}

/// An amount.
pub fn amount_off(side: Side) -> Value {
    let value = (
        Decimal::PositiveAmount,
        "In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals.",
    );
    priced(side, Type::AmountOff, value, "BenefitTarget", "An amount off.")
}

/// A price for each unit.
pub fn fixed_price(side: Side) -> Value {
    let value = (
        Decimal::Amount,
        "The price of each unit, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals.",
    );
    let says = "Each unit, or the shipping, is sold at a price.";
    priced(side, Type::FixedPrice, value, "FixedPriceTarget", says)
}

/// A price for a group of units.
pub fn bundle_price(side: Side) -> Value {
    let value = (
        Decimal::Amount,
        "The price of each group, in the promotion's currency: 0 to 1,000,000,000, at most 4 decimals.",
    );
    let says = "A group of units is sold together at a price.";
    priced(side, Type::BundlePrice, value, "ItemsTarget", says)
}

/// Points.
pub fn award_points(side: Side) -> Value {
    let value =
        (Decimal::PositiveAmount, "Points: over 0, at most 1,000,000,000, at most 4 decimals.");
    priced(side, Type::AwardPoints, value, "CartTarget", "Points, and no discount.")
}

/// A free product.
pub fn free_product(side: Side) -> Value {
    let product = side
        .object()
        .required("sku", text(TextBound::NAME), "What is free.")
        .or(
            "quantity",
            side.decimal(Decimal::Quantity),
            "1",
            "Units for each application: over 0, at most 1,000,000, at most 3 decimals.",
        )
        .schema("");
    let object = side.object().required("type", constant(Type::FreeProduct), "").required(
        "product",
        product,
        "What is free, and how many units of it.",
    );
    let object =
        match side {
            Side::Request => object
                .absent("per", choice::<Spread>(), "Only `application`.")
                .absent("base", choice::<PriceBase>(), "Only `unit_price`."),
            Side::Answer => object,
        };
    with_repeat(object, side).schema(
        "Units of a product are free; those that are not in the cart are named in `free_items`.",
    )
}

/// What most benefits can be given on.
pub fn target(side: Side) -> Value {
    targets(side, &[TargetType::Cart, TargetType::Items, TargetType::Shipping])
}

/// What a fixed price can be given on.
pub fn fixed_price_target(side: Side) -> Value {
    targets(side, &[TargetType::Items, TargetType::Shipping])
}

fn targets(side: Side, kinds: &[TargetType]) -> Value {
    let part = |kind| match kind {
        TargetType::Cart => "CartTarget",
        TargetType::Items => "ItemsTarget",
        TargetType::Shipping => "ShippingTarget",
    };
    side.one_of("type", kinds, part, "What a benefit is given on.")
}

/// The cart, or some of its lines.
pub fn cart_target(side: Side) -> Value {
    side.object()
        .required("type", constant(TargetType::Cart), "")
        .optional("select", side.part("Selector"), "Restricts it to some lines.")
        .schema("The cart, or some of its lines.")
}

/// The shipping.
pub fn shipping_target(side: Side) -> Value {
    side.object().required("type", constant(TargetType::Shipping), "").schema("The shipping.")
}

/// Units of lines.
pub fn items_target(side: Side) -> Value {
    let pick = "Which units first. Default: `cheapest`, of a `bundle_price` `most_expensive`.";
    let object = side
        .object()
        .required("type", constant(TargetType::Items), "")
        .or("from", choice::<From>(), "matching", "The units that met the condition, those beyond what it needed, or any that `select` selects.")
        .optional("select", side.part("Selector"), "Which lines are discounted.")
        .optional("quantity", side.decimal(Decimal::Quantity), "How many units one application discounts: over 0, at most 1,000,000, at most 3 decimals. The default depends on the rest (spec 5.4).");
    let object = match side {
        Side::Request => object.absent("pick", choice::<Pick>(), pick),
        Side::Answer => object.required("pick", choice::<Pick>(), pick),
    };
    object
        .or("within", choice::<Within>(), "cart", "`application`: the cheapest of every three.")
        .schema("Units of lines.")
}

/// How often.
pub fn repeat(side: Side) -> Value {
    let part = |per| match per {
        PerName::Quantity => "RepeatPerQuantity",
        PerName::Amount => "RepeatPerAmount",
        PerName::Set => "RepeatPerSet",
    };
    side.one_of("per", PerName::ALL, part, "How often a benefit is given.")
}

pub fn repeat_per_quantity(side: Side) -> Value {
    let says = "Units: over 0, at most 1,000,000, at most 3 decimals.";
    let every = (Decimal::Quantity, says);
    repeat_per(side, PerName::Quantity, Some(every), "Once for so many units.")
}

pub fn repeat_per_amount(side: Side) -> Value {
    let says = "In the promotion's currency: over 0, at most 1,000,000,000, at most 4 decimals.";
    let every = (Decimal::PositiveAmount, says);
    repeat_per(side, PerName::Amount, Some(every), "Once for such an amount.")
}

pub fn repeat_per_set(side: Side) -> Value {
    repeat_per(side, PerName::Set, None, "Once for each set that the line conditions ask for.")
}

fn repeat_per(side: Side, per: PerName, every: Option<(Decimal, &str)>, says: &str) -> Value {
    let mut object = side.object().required("per", constant(per), "");
    if let Some((decimal, says)) = every {
        object = object.required("every", side.decimal(decimal), says);
    }
    object.optional("max_times", count(), "At most so often.").schema(says)
}
