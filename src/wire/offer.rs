//! What a customer could use now (spec 3).

use super::write::Writer;
use super::{audience, condition, issuing};
use crate::domain::amount::Money;
use crate::domain::issuance::Issuance;
use crate::domain::limit::{CountedLimit, Measure};
use crate::domain::names::Named;
use crate::domain::promotion::Promotion;

/// Prints a promotion that a customer could use, by which issuance, and what is left of its limits.
pub fn write(
    writer: &mut Writer,
    promotion: &Promotion,
    issuance: Option<&Issuance>,
    left: &[(CountedLimit, Option<i64>)],
    precision: u32,
) {
    let terms = &promotion.terms;
    writer.object(|writer| {
        writer.key("promotion_id").id(promotion.id.uuid());
        writer.key("name").text(&terms.name);
        writer.key("type").name(terms.kind.promotion_type());
        writer.key("message").text(&terms.message);
        writer.key("starts_at").time(&terms.starts_at);
        writer.key("ends_at").time(&terms.ends_at);
        writer.key("issuance").option(issuance, issuing::write);
        writer.key("limits").object(|writer| {
            for (limit, left) in left {
                write_limit(writer, *limit, *left, precision);
            }
        });
        audience::print_scope(writer.key("scope"), &terms.scope);
        audience::print_audience(writer.key("audience"), &terms.audience);
        let conditions = terms.conditions.as_ref();
        writer.key("conditions").option(conditions, condition::print);
    });
}

fn write_limit(writer: &mut Writer, limit: CountedLimit, left: Option<i64>, precision: u32) {
    let amount = |writer: &mut Writer, amount: i64| match limit.name.measure {
        Measure::Times | Measure::Transactions => writer.integer(amount),
        Measure::Discount => writer.money(Money::from_scaled(amount), precision),
    };
    let name = format!("{}.{}", limit.name.subject.name(), limit.name.measure.name());
    writer.data_key(&name).object(|writer| {
        writer.key("left").option(left, amount);
        amount(writer.key("max"), limit.maximum);
    });
}
