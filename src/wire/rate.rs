//! The rates of a tenant, as the operator sends them and as they are stored: `{"evaluate": {"per_second", "burst"}}`.

use std::num::NonZeroU32;

use super::decode::Value;
use super::faults::Faults;
use super::json::Json;
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

/// Reads what [`print()`] has written; none when it cannot be.
pub fn read_stored(text: &str) -> Option<RateLimits> {
    let json = Json::parse(text.as_bytes()).ok()?;
    parse(Value::root(&json), &mut Faults::new())
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

pub fn print(limits: &RateLimits) -> String {
    let mut writer = Writer::with_capacity(128);
    write(&mut writer, limits);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read() {
        let rate = |count| Rate {
            per_second: NonZeroU32::new(count).unwrap(),
            burst: NonZeroU32::new(count + 1).unwrap(),
        };
        for limits in [
            RateLimits::default(),
            RateLimits { evaluate: Some(rate(1)), redeem: None, admin: Some(rate(999_999)) },
        ] {
            assert_eq!(read_stored(&print(&limits)), Some(limits));
        }
        assert_eq!(read_stored("{}"), Some(RateLimits::default()));
        assert_eq!(read_stored(r#"{"evaluate": {"per_second": 0, "burst": 1}}"#), None);
    }
}
