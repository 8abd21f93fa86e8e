//! How far limits are used: by the name of each, what is used, held and left of it now.

use chrono::{DateTime, SecondsFormat, Utc};

use super::write::Writer;
use crate::domain::amount::Money;
use crate::domain::limit::Measure;
use crate::domain::names::Named;
use crate::domain::usage::{LimitUsage, Usage};

/// Prints an object of limits. `used` is what is committed, `held` what is held besides; with `left` they come to
/// `max`. Of a limit that each customer, code or issuance has for itself only `max` and the window are told.
pub fn print(writer: &mut Writer, usage: &Usage) {
    writer.object(|writer| {
        for limit in &usage.limits {
            let name = limit.limit.name;
            let name = format!("{}.{}", name.subject.name(), name.measure.name());
            writer.data_key(&name).object(|writer| print_limit(writer, limit, usage.precision));
        }
    });
}

fn print_limit(writer: &mut Writer, limit: &LimitUsage, precision: u32) {
    let maximum = limit.limit.maximum;
    let amount = |writer: &mut Writer, amount: i64| match limit.limit.name.measure {
        Measure::Times | Measure::Transactions => writer.integer(amount),
        Measure::Discount => writer.money(Money::from_scaled(amount), precision),
    };
    let gone = limit.gone;
    writer.key("used").option(gone.map(|gone| gone.used), amount);
    writer.key("held").option(gone.map(|gone| gone.held), amount);
    writer.key("left").option(gone.map(|gone| gone.left(maximum)), amount);
    amount(writer.key("max"), maximum);
    let end = limit.window_ends_at.map(instant);
    writer.key("window_ends_at").option(end, |writer, end| writer.plain(end));
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
