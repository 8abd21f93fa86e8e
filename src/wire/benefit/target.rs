//! What a benefit is given on (spec 5.4).

use super::COMBINATION;
use crate::domain::amount::Quantity;
use crate::domain::benefit::{From, Pick, Within};
use crate::domain::names::{Named, names};
use crate::domain::selector::Selector;
use crate::wire::body::*;
use crate::wire::decode::Object;
use crate::wire::faults::Faults;
use crate::wire::selector::SelectorBody;
use crate::wire::write::Writer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetType {
    Cart,
    Items,
    Shipping,
}

names! {
    TargetType { Cart = "cart", Items = "items", Shipping = "shipping" }
}

/// A target as it is written, whatever its type.
#[derive(Clone)]
pub(super) struct Target {
    pub kind: TargetType,
    pub from: From,
    pub select: Option<Selector>,
    pub quantity: Option<Quantity>,
    pub pick: Option<Pick>,
    pub within: Within,
}

impl Target {
    pub const fn of(kind: TargetType, select: Option<Selector>) -> Self {
        let (from, within) = (From::Matching, Within::Cart);
        Self { kind, from, select, quantity: None, pick: None, within }
    }
}

union! {
    /// What a benefit is given on.
    pub(super) struct BenefitTarget "BenefitTarget" as Target, by "type": TargetType {
        Cart: CartTarget,
        Items: ItemsTarget,
        Shipping: ShippingTarget,
    } which |target| target.kind
}

/// What a fixed price can be given on. It is read as any target; what it cannot be is refused with the benefit.
pub(super) struct FixedPriceTarget;

impl Described for FixedPriceTarget {
    const NAME: &'static str = "FixedPriceTarget";

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let parts = [
            (TargetType::Items.name(), schemas.named::<ItemsTarget>()),
            (TargetType::Shipping.name(), schemas.named::<ShippingTarget>()),
        ];
        schema::one_of("type", &parts, "What a benefit is given on.")
    }
}

impl PrintBody<Target> for FixedPriceTarget {
    fn print_members(writer: &mut Writer, target: &Target) {
        BenefitTarget::print_members(writer, target);
    }
}

body! {
    /// The cart, or some of its lines.
    pub(super) struct CartTarget "CartTarget" as Target {
        kind as "type": tag(TargetType::Cart) => (),
        /// Restricts it to some lines.
        select: optional(part::<SelectorBody>()) => target.select,
    } print |target| read |object, faults| {
        refuse_units(object, faults)?;
        Some(Target::of(TargetType::Cart, select?))
    }
}

body! {
    /// The shipping.
    struct ShippingTarget "ShippingTarget" as Target {
        kind as "type": tag(TargetType::Shipping) => (),
    } print |_| read |object, faults| {
        let units = refuse_units(object, faults);
        object.refuse("select", COMBINATION, "does not go with shipping", faults);
        optional(part::<SelectorBody>()).read("select", object, faults)?;
        units?;
        Some(Target::of(TargetType::Shipping, None))
    }
}

/// What says which units is refused, and what is wrong with it told all the same; `None` if anything is.
fn refuse_units(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<()> {
    for name in ["from", "quantity", "pick", "within"] {
        object.refuse(name, COMBINATION, "goes with items only", faults);
    }
    let from = absent(choice::<From>()).read("from", object, faults);
    let quantity: Option<Option<Quantity>> =
        absent(QUANTITY.combining()).read("quantity", object, faults);
    let pick = absent(choice::<Pick>()).read("pick", object, faults);
    let within = absent(choice::<Within>()).read("within", object, faults);
    from.and(quantity).and(pick).and(within).map(|_| ())
}

body! {
    /// Units of lines.
    pub(super) struct ItemsTarget "ItemsTarget" as Target {
        kind as "type": tag(TargetType::Items) => (),
        /// The units that met the condition, those beyond what it needed, or any that `select` selects.
        from: or(choice::<From>(), From::Matching) => target.from,
        /// Which lines are discounted.
        select: optional(part::<SelectorBody>()) => target.select,
        /// How many units one application discounts: over 0, at most 1,000,000, at most 3 decimals. The default depends on the rest (spec 5.4).
        quantity: optional(QUANTITY.combining()) => target.quantity,
        /// Which units first. Default: `cheapest`, of a `bundle_price` `most_expensive`.
        pick: filled(choice::<Pick>()) => target.pick,
        /// `application`: the cheapest of every three.
        within: or(choice::<Within>(), Within::Cart) => target.within,
    } print |target| read |object, faults| {
        Some(Target {
            kind: TargetType::Items,
            from: from?,
            select: select?,
            quantity: quantity?,
            pick: pick?,
            within: within?,
        })
    }
}
