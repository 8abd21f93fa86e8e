//! The target of a benefit (spec 5.4).

use crate::domain::amount::Quantity;
use crate::domain::benefit::{From, Pick, Within};
use crate::domain::selector::Selector;
use crate::wire::body::*;
use crate::wire::decode::Object;
use crate::wire::faults::Faults;

/// A target of any type, as a body writes it.
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
    /// The target of a benefit.
    pub(super) struct BenefitTarget "BenefitTarget" as Target, by "type": pub(super) enum TargetType {
        Cart = "cart" => CartTarget,
        Items = "items" => ItemsTarget,
        Shipping = "shipping" => ShippingTarget,
    } which |target| target.kind
}

union! {
    /// The target of a fixed price.
    pub(super) struct FixedPriceTarget "FixedPriceTarget" as Target, by "type": enum FixedPriceType {
        Items = "items" => ItemsTarget,
        Shipping = "shipping" => ShippingTarget,
    } which |target| match target.kind {
        TargetType::Cart | TargetType::Items => FixedPriceType::Items,
        TargetType::Shipping => FixedPriceType::Shipping,
    }
}

body! {
    /// The cart, or some of its lines.
    pub(super) struct CartTarget "CartTarget" as Target {
        kind as "type": tag(TargetType::Cart) => (),
        /// The lines that the benefit is restricted to; null: the whole cart.
        select: optional(part::<Selector>()) => target.select,
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
        object.refuse(&["select"], "does not go with shipping", faults);
        optional(part::<Selector>()).read("select", object, faults)?;
        units?;
        Some(Target::of(TargetType::Shipping, None))
    }
}

/// Refuses the fields that choose units. Faults within these fields are reported as well; returns `None` if there is
/// any fault.
fn refuse_units(object: &mut Object<'_, '_>, faults: &mut Faults) -> Option<()> {
    object.refuse(&["from", "quantity", "pick", "within"], "goes with items only", faults);
    let from = absent(choice::<From>()).read("from", object, faults);
    let quantity: Option<Option<Quantity>> =
        absent(QUANTITY.combining()).read("quantity", object, faults);
    let pick = absent(choice::<Pick>()).read("pick", object, faults);
    let within = absent(choice::<Within>()).read("within", object, faults);
    from.and(quantity).and(pick).and(within).map(|_| ())
}

body! {
    /// Units of the lines.
    pub(super) struct ItemsTarget "ItemsTarget" as Target {
        kind as "type": tag(TargetType::Items) => (),
        /// Which units can be discounted: those that met the condition, those beyond what it needed, or any that
        /// `select` selects.
        from: or(choice::<From>(), From::Matching) => target.from,
        /// The lines that are discounted.
        select: optional(part::<Selector>()) => target.select,
        /// How many units one application discounts: over 0, at most 1,000,000, at most 3 decimals. The default depends
        /// on the other fields (spec 5.4).
        quantity: optional(QUANTITY.combining()) => target.quantity,
        /// Which units are discounted first. Default: `cheapest`, or `most_expensive` for a `bundle_price`.
        pick: filled(choice::<Pick>()) => target.pick,
        /// Where `pick` chooses: in the whole cart, or with `application` in each group of `every` units, for example
        /// the cheapest of every three.
        within: or(choice::<Within>(), Within::Cart) => target.within,
    } print |target| read |object, faults| {
        whole!(Target { from, select, quantity, pick, within; kind: TargetType::Items })
    }
}
