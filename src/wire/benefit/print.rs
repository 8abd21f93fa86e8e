//! A benefit as it is answered and stored: defaults and all.

use super::{PerName, TargetType, Type};
use crate::domain::benefit::{
    Benefit, CartKind, ItemBenefit, ItemKind, Per, PriceBase, Repeat, Same, ShippingKind, Spread,
};
use crate::wire::selector;
use crate::wire::write::Writer;

/// Prints a benefit, defaults and all.
pub fn print(writer: &mut Writer, benefit: &Benefit) {
    writer.object(|writer| {
        match benefit {
            Benefit::Items(benefit) => print_items(writer, benefit),
            Benefit::FreeProduct(benefit) => {
                writer.key("type").name(Type::FreeProduct);
                writer.key("product").object(|writer| {
                    writer.key("sku").text(&benefit.sku);
                    writer.key("quantity").plain(benefit.quantity);
                });
            }
            Benefit::Cart(benefit) => {
                match benefit.kind {
                    CartKind::PercentageOff(it) => print_value(writer, Type::PercentageOff, it),
                    CartKind::AmountOff(it) => print_value(writer, Type::AmountOff, it),
                    CartKind::AwardPoints(it) => print_value(writer, Type::AwardPoints, it),
                }
                print_modifiers(writer, Spread::Application, PriceBase::UnitPrice, None);
                writer.key("target").object(|writer| {
                    writer.key("type").name(TargetType::Cart);
                    let select = benefit.select.as_ref();
                    writer.key("select").option(select, selector::print);
                });
            }
            Benefit::Shipping(benefit) => {
                match benefit.kind {
                    ShippingKind::PercentageOff(it) => print_value(writer, Type::PercentageOff, it),
                    ShippingKind::AmountOff(it) => print_value(writer, Type::AmountOff, it),
                    ShippingKind::FixedPrice(it) => print_value(writer, Type::FixedPrice, it),
                }
                print_modifiers(writer, Spread::Application, PriceBase::UnitPrice, None);
                writer.key("target").object(|writer| {
                    writer.key("type").name(TargetType::Shipping);
                });
            }
        }
        writer.key("repeat").option(benefit.repeat(), print_repeat);
    });
}

fn print_items(writer: &mut Writer, benefit: &ItemBenefit) {
    let (mut per, mut base) = (Spread::Application, PriceBase::UnitPrice);
    match benefit.kind {
        ItemKind::PercentageOff { percent, base: of } => {
            base = of;
            print_value(writer, Type::PercentageOff, percent);
        }
        ItemKind::AmountOff { value, per: spread } => {
            per = spread;
            print_value(writer, Type::AmountOff, value);
        }
        ItemKind::FixedPrice { value } => print_value(writer, Type::FixedPrice, value),
        ItemKind::BundlePrice { value } => print_value(writer, Type::BundlePrice, value),
    }
    print_modifiers(writer, per, base, benefit.same);
    writer.key("target").object(|writer| {
        writer.key("type").name(TargetType::Items);
        writer.key("from").name(benefit.from);
        let select = benefit.select.as_ref();
        writer.key("select").option(select, selector::print);
        writer.key("quantity").option(benefit.quantity, Writer::plain);
        writer.key("pick").name(benefit.pick);
        writer.key("within").name(benefit.within);
    });
}

fn print_value(writer: &mut Writer, kind: Type, value: impl std::fmt::Display) {
    writer.key("type").name(kind);
    writer.key("value").plain(value);
}

fn print_modifiers(writer: &mut Writer, per: Spread, base: PriceBase, same: Option<Same>) {
    writer.key("per").name(per);
    writer.key("base").name(base);
    writer.key("same").option(same, Writer::name);
}

fn print_repeat(writer: &mut Writer, repeat: &Repeat) {
    writer.object(|writer| {
        match repeat.per {
            Per::Quantity(every) => {
                writer.key("per").name(PerName::Quantity);
                writer.key("every").plain(every);
            }
            Per::Amount(every) => {
                writer.key("per").name(PerName::Amount);
                writer.key("every").plain(every);
            }
            Per::Set => writer.key("per").name(PerName::Set),
        }
        writer.key("max_times").option(repeat.max_times, Writer::integer);
    });
}
