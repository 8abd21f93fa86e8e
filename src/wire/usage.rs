//! The use of limits: for each limit, how much is used, held and left now.

use serde_json::Value as Json;

use super::body::*;
use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::limit::{LimitName, LimitSubject, Measure};
use crate::domain::names::Named;
use crate::domain::usage::{LimitUsage, Usage};

fn print_limit(writer: &mut Writer, limit: &LimitUsage, precision: u32) {
    let maximum = limit.limit.maximum;
    let amount = |writer: &mut Writer, amount: i64| {
        print_amount(writer, limit.limit.name.measure, amount, precision);
    };
    let gone = limit.gone;
    writer.key("used").option(gone.map(|gone| gone.used), amount);
    writer.key("held").option(gone.map(|gone| gone.held), amount);
    writer.key("left").option(gone.map(|gone| gone.left(maximum)), amount);
    amount(writer.key("max"), maximum);
    optional(INSTANT).print(member_key!(window_ends_at), writer, &limit.window_ends_at);
}

/// Prints an amount of a limit: a count, or a decimal.
pub(super) fn print_amount(writer: &mut Writer, measure: Measure, amount: i64, precision: u32) {
    match measure {
        Measure::Times | Measure::Transactions => writer.integer(amount),
        Measure::Discount => writer.money(Money::from_scaled(amount), precision),
    }
}

/// The name of a limit, for example `customer.times`.
pub(super) fn limit_name(limit: LimitName) -> String {
    format!("{}.{}", limit.subject.name(), limit.measure.name())
}

/// The schema of the name of a limit.
pub const LIMIT_NAME: Like = Like(|_| limit_names(|_| true));

/// The schema of the names of the limits on these measures.
pub(super) fn limit_names(on: impl Fn(Measure) -> bool) -> Json {
    let names: Vec<String> = limits().filter(|own| on(own.measure)).map(limit_name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    one_name(&names)
}

/// Whether a limit on this measure bounds an amount of money, and not a count.
pub(super) const fn is_amount(measure: Measure) -> bool {
    match measure {
        Measure::Discount => true,
        Measure::Times | Measure::Transactions => false,
    }
}

/// Every limit that is counted.
pub(super) fn limits() -> impl Iterator<Item = LimitName> {
    LimitSubject::ALL.iter().flat_map(|subject| {
        Measure::ALL.iter().map(|measure| LimitName { subject: *subject, measure: *measure })
    })
}

/// The schema of an amount of a limit.
pub(super) struct Amount(Measure);

impl Describes for Amount {
    fn schema(&self, schemas: &mut Schemas) -> Json {
        match self.0 {
            Measure::Times | Measure::Transactions => SIZE.schema(schemas),
            Measure::Discount => DECIMAL.schema(schemas),
        }
    }
}

/// The schema of an object with one member for each limit. `describe` describes the member.
pub(super) fn of_limits(
    schemas: &mut Schemas,
    says: &str,
    describe: impl Fn(&Amount, &mut Fields, &mut Schemas),
) -> Json {
    let mut all = schemas.fields();
    for limit in limits() {
        let mut fields = schemas.fields();
        describe(&Amount(limit.measure), &mut fields, schemas);
        all.add(&limit_name(limit), fields.schema(""), false);
    }
    all.schema(says)
}

/// An object with a member for each limit. `used` is committed, `held` is held; with `left` they add up to `max`. A
/// limit that each customer, code or issuance has for itself shows only `max` and the end of the window.
pub struct UsageBody;

impl PrintBody<Usage> for UsageBody {
    fn print_members(writer: &mut Writer, usage: &Usage) {
        for limit in &usage.limits {
            let name = limit_name(limit.limit.name);
            writer.data_key(&name).object(|writer| print_limit(writer, limit, usage.precision));
        }
    }
}

impl Described for UsageBody {
    const NAME: &'static str = "Usage";

    fn schema(schemas: &mut Schemas) -> Json {
        let says = "The present use of each limit: a count, or an amount in the tenant's currency.";
        of_limits(schemas, says, |amount, fields, schemas| {
            optional(amount).describe("used", "The committed use.", fields, schemas);
            optional(amount).describe("held", "The use that is held.", fields, schemas);
            optional(amount).describe("left", "What is left of the limit.", fields, schemas);
            let max = "The limit. If each customer, code or issuance has it for itself, only this and the window are shown.";
            required(amount).describe("max", max, fields, schemas);
            let ends = "When the count starts again from 0; null: never.";
            optional(INSTANT).describe("window_ends_at", ends, fields, schemas);
        })
    }
}
