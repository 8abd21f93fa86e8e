//! Exact numbers: reading decimals from their digits, rounding, printing. No floats.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use serde_json::Value;

/// A fraction of big integers: every amount, quantity and share of this evaluator.
pub type Exact = BigRational;

/// A whole number as a fraction.
pub fn whole(number: u64) -> Exact {
    Exact::from_integer(BigInt::from(number))
}

/// A percentage as a fraction: 10 is 1/10.
pub fn percent(value: &Exact) -> Exact {
    value / whole(100)
}

/// "Decimals are accepted as JSON strings or JSON numbers, and are read exactly from their digits" (1).
pub fn read(value: &Value) -> Option<Exact> {
    match value {
        Value::String(text) => decimal(text),
        Value::Number(number) => decimal(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The number that a text of decimal digits names, or none when it is no such text.
pub fn decimal(text: &str) -> Option<Exact> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa),
    };
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if before.is_empty() || !plain(before) || !plain(after) || digits.ends_with('.') {
        return None;
    }
    let number: BigInt = format!("{before}{after}").parse().ok()?;
    let number = if negative { -number } else { number };
    let scale = exponent - i32::try_from(after.len()).ok()?;
    let power = BigInt::from(10).pow(scale.unsigned_abs());
    Some(if scale >= 0 { Exact::from_integer(number * power) } else { Exact::new(number, power) })
}

/// The smaller of two numbers.
pub fn smaller(a: &Exact, b: &Exact) -> Exact {
    if a <= b { a.clone() } else { b.clone() }
}

/// The number, or zero when it is negative.
pub fn where_positive(number: Exact) -> Exact {
    if number.is_negative() { Exact::zero() } else { number }
}

/// How many times `part` goes into `of` completely; zero when `part` is zero.
pub fn times_into(of: &Exact, part: &Exact) -> u64 {
    if part.is_zero() || of.is_negative() {
        return 0;
    }
    (of / part).floor().to_integer().to_u64().unwrap_or(u64::MAX)
}

/// How many parts are begun when `of` is cut into parts.
pub fn parts_begun(of: &Exact, part: &Exact) -> u64 {
    (of / part).ceil().to_integer().to_u64().unwrap_or(u64::MAX)
}

/// One unit of the precision: 0.01 for 2.
pub fn unit_of(precision: u32) -> Exact {
    Exact::new(BigInt::one(), BigInt::from(10).pow(precision))
}

/// The largest multiple of the precision that is not above the number.
pub fn cut(number: &Exact, precision: u32) -> Exact {
    let unit = unit_of(precision);
    (number / &unit).floor() * unit
}

/// `rounding.mode` and `rounding.precision` of the settings (4). The number is not negative.
pub fn round(number: &Exact, mode: &str, precision: u32) -> Exact {
    let unit = unit_of(precision);
    let scaled = number / &unit;
    let below = scaled.floor();
    let rest = &scaled - &below;
    let half = Exact::new(BigInt::one(), BigInt::from(2));
    let goes_up = match mode {
        "up" | "ceiling" => !rest.is_zero(),
        "down" | "floor" => false,
        "half_up" => rest >= half,
        "half_down" => rest > half,
        "half_even" => rest > half || (rest == half && below.to_integer().is_odd()),
        other => panic!("no rounding mode {other}"),
    };
    (if goes_up { below + Exact::one() } else { below }) * unit
}

/// "Every other amount is exact and is printed with at least that many decimals and as many more as
/// it needs" (1).
pub fn amount(number: &Exact, precision: u32) -> String {
    let mut decimals = precision;
    let mut scaled = number * Exact::from_integer(BigInt::from(10).pow(decimals));
    while !scaled.is_integer() {
        assert!(decimals < 60, "an amount without an end: {number}");
        decimals += 1;
        scaled *= whole(10);
    }
    let digits = scaled.to_integer().abs().to_string();
    let decimals = decimals as usize;
    let digits = format!("{digits:0>width$}", width = decimals + 1);
    let (before, after) = digits.split_at(digits.len() - decimals);
    let sign = if number.is_negative() { "-" } else { "" };
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}

/// Counts, quantities and points: without trailing zeros.
pub fn plain(number: &Exact) -> String {
    amount(number, 0)
}
