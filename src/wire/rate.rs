//! The rates of a tenant, as the operator sends them: `{"evaluate": {"per_second", "burst"}}`.

use std::num::NonZeroU32;

use super::decode::Value;
use super::faults::Faults;
use super::write::Writer;
use crate::domain::rate::{Rate, RateLimits};

/// The highest rate, and the largest burst: more than an instance can do.
pub const MAX_RATE: i64 = 1_000_000;

/// Reads all three; what is left out is without bound.
pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<RateLimits> {
    let mut body = value.object(faults)?;
    let evaluate = body.optional("evaluate", faults, parse_rate);
    let redeem = body.optional("redeem", faults, parse_rate);
    let admin = body.optional("admin", faults, parse_rate);
    body.finish(faults)?;
    Some(RateLimits { evaluate: evaluate?, redeem: redeem?, admin: admin? })
}

fn parse_rate(value: Value<'_, '_>, faults: &mut Faults) -> Option<Rate> {
    let mut body = value.object(faults)?;
    let count = |value: Value<'_, '_>, faults: &mut Faults| {
        let count: u32 = value.integer(1..=MAX_RATE, faults)?;
        NonZeroU32::new(count)
    };
    let per_second = body.required("per_second", faults, count);
    let burst = body.required("burst", faults, count);
    body.finish(faults)?;
    Some(Rate { per_second: per_second?, burst: burst? })
}

/// Writes all three; one without bound is null.
pub fn write(writer: &mut Writer, limits: &RateLimits) {
    writer.object(|writer| {
        for (name, rate) in
            [("evaluate", limits.evaluate), ("redeem", limits.redeem), ("admin", limits.admin)]
        {
            writer.key(name).option(rate, |writer, rate| {
                writer.object(|writer| {
                    writer.key("per_second").integer(rate.per_second.get());
                    writer.key("burst").integer(rate.burst.get());
                });
            });
        }
    });
}
