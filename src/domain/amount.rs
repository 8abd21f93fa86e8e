//! Numbers as requests and answers have them: money, quantities and plain decimals, all as scaled integers.
//!
//! A decimal on the wire is read exactly from its digits (spec 1), and kept in ten-thousandths. The bounds of spec 14
//! keep every value far inside an `i64`. Values without finite digits are [`Exact`](super::exact::Exact).

use std::fmt;

/// Most decimals that money, percentages, points, weights and condition values may have (spec 14).
pub const DECIMALS: u32 = 4;
/// Most decimals that a quantity may have (spec 6).
pub const QUANTITY_DECIMALS: u32 = 3;
/// Largest unit price, amount, percentage, weight or condition value (spec 14).
pub const MAX_AMOUNT: i32 = 1_000_000_000;
/// Largest quantity (spec 14).
pub const MAX_QUANTITY: i32 = 1_000_000;

/// Why a text is refused as a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    /// Not of the form `-?digits[.digits]`. Plus signs, exponents, blanks and leading zeros are refused.
    Malformed,
    /// More decimals than the value may have.
    TooPrecise,
    /// Too many digits for an `i64`.
    OutOfRange,
}

/// Reads `text` exactly, as a whole number of steps of `10^-decimals`. Zeros at the end do not count as decimals.
pub fn parse_scaled(text: &str, decimals: u32) -> Result<i64, DecimalError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(DecimalError::Malformed),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalError::Malformed);
    }
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).map_err(|_| DecimalError::TooPrecise)?;
    let missing = decimals.checked_sub(places).ok_or(DecimalError::TooPrecise)?;
    let mut value: i64 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(byte - b'0')))
            .ok_or(DecimalError::OutOfRange)?;
    }
    let value = value.checked_mul(10_i64.pow(missing)).ok_or(DecimalError::OutOfRange)?;
    Ok(if negative { -value } else { value })
}

/// Writes a number of steps of `10^-decimals`, with at least `at_least` decimals and as many more as it needs.
pub fn write_scaled(
    out: &mut impl fmt::Write,
    value: i128,
    decimals: u32,
    at_least: u32,
) -> fmt::Result {
    let decimals = usize::try_from(decimals).unwrap_or(0);
    let at_least = usize::try_from(at_least).unwrap_or(0);
    let magnitude = value.unsigned_abs();
    let mut buffer = itoa::Buffer::new();
    let mut digits = match u64::try_from(magnitude) {
        Ok(0) => "",
        // Far cheaper than the same number in 128 bits, and the usual case.
        Ok(magnitude) => buffer.format(magnitude),
        Err(_) => buffer.format(magnitude),
    };
    let mut places = if digits.is_empty() { decimals.min(at_least) } else { decimals };
    while places > at_least
        && let Some(shorter) = digits.strip_suffix('0')
    {
        (digits, places) = (shorter, places - 1);
    }
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(places));
    if value < 0 {
        out.write_char('-')?;
    }
    out.write_str(if whole.is_empty() { "0" } else { whole })?;
    if places.max(at_least) > 0 {
        out.write_char('.')?;
    }
    write_zeros(out, places - fraction.len())?;
    out.write_str(fraction)?;
    write_zeros(out, at_least.saturating_sub(places))
}

fn write_zeros(out: &mut impl fmt::Write, count: usize) -> fmt::Result {
    (0..count).try_for_each(|_| out.write_char('0'))
}

/// What the reader of a body needs of each of these types.
pub trait Scaled: Copy + PartialOrd + fmt::Display {
    /// The smallest value above 0 that can be read.
    const LEAST: Self;

    fn whole(whole: i32) -> Self;

    fn parse(text: &str) -> Result<Self, DecimalError>;
}

macro_rules! scaled {
    ($($(#[$doc:meta])* $name:ident($read:expr)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            pub const ZERO: Self = Self(0);
            pub const ONE: Self = Self(10_i64.pow(DECIMALS));

            /// A count of the smallest steps of this type.
            pub const fn from_scaled(scaled: i64) -> Self {
                Self(scaled)
            }

            pub const fn whole(whole: i32) -> Self {
                // A 32-bit number times 10,000 fits 64 bits. `as` is used because `From` is not const yet.
                Self((whole as i64) * Self::ONE.0)
            }

            /// The count of the smallest steps of this type.
            pub const fn scaled(self) -> i64 {
                self.0
            }

            /// Reads a decimal exactly.
            pub fn parse(text: &str) -> Result<Self, DecimalError> {
                let steps = parse_scaled(text, $read)?;
                steps.checked_mul(Self::LEAST.0).map(Self).ok_or(DecimalError::OutOfRange)
            }

            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }

            /// The sum. The bounds of spec 14 keep it in range.
            #[must_use]
            pub const fn plus(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// The difference, which may be negative.
            #[must_use]
            pub const fn minus(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl Scaled for $name {
            const LEAST: Self = Self(10_i64.pow(DECIMALS - $read));

            fn whole(whole: i32) -> Self {
                Self::whole(whole)
            }

            fn parse(text: &str) -> Result<Self, DecimalError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            /// Writes only the decimals that the value needs.
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(formatter, i128::from(self.0), DECIMALS, 0)
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
                values.fold(Self::ZERO, Self::plus)
            }
        }
    )+};
}

scaled! {
    /// An amount of money in ten-thousandths of the currency's unit: prices as sent, and discounts
    /// once [`Rounding::settle`](super::rounding::Rounding::settle) has made them multiples of the
    /// tenant's precision.
    Money(DECIMALS),
    /// A plain decimal in ten-thousandths: percentages, points, weights, condition values.
    Number(DECIMALS),
    /// A number of units. It need not be whole (spec 7.3). A condition can need four decimals of a unit, so it is kept
    /// in ten-thousandths too, although requests name three decimals at most.
    Quantity(QUANTITY_DECIMALS),
}

impl Money {
    /// The amount in digits, with at least `at_least` decimals.
    pub fn print(self, at_least: u32) -> String {
        let mut out = String::with_capacity(16);
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, at_least);
        out
    }

    /// Like [`print`](Self::print), but appends to `out`.
    pub fn write(self, out: &mut impl fmt::Write, at_least: u32) -> fmt::Result {
        write_scaled(out, i128::from(self.0), DECIMALS, at_least)
    }
}

impl Quantity {
    /// A quantity as it is stored.
    pub const fn of_thousandths(count: i64) -> Self {
        Self(count.saturating_mul(Self::LEAST.0))
    }

    /// The count of thousandths of a quantity that a request names.
    pub const fn thousandths(self) -> i64 {
        self.0 / Self::LEAST.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_exactly_and_nothing_else_is() {
        assert_eq!(parse_scaled("12.34", 4), Ok(123_400));
        assert_eq!(parse_scaled("-0.0001", 4), Ok(-1));
        assert_eq!(parse_scaled("1.50000000", 4), Ok(15_000));
        assert_eq!(parse_scaled("1.00001", 4), Err(DecimalError::TooPrecise));
        assert_eq!(parse_scaled("99999999999999999999", 4), Err(DecimalError::OutOfRange));
        for text in
            ["", "-", ".5", "5.", "1e3", "+1", " 1", "1 ", "01", "0x1", "NaN", "1.2.3", "--1"]
        {
            assert_eq!(parse_scaled(text, 4), Err(DecimalError::Malformed), "{text}");
        }
    }

    #[test]
    fn decimals_are_printed_as_many_as_needed() {
        let print = |value, decimals, at_least| {
            let mut out = String::new();
            write_scaled(&mut out, value, decimals, at_least).map(|()| out)
        };
        assert_eq!(print(123_400, 4, 2).as_deref(), Ok("12.34"));
        assert_eq!(print(123_456, 4, 2).as_deref(), Ok("12.3456"));
        assert_eq!(print(120_000, 4, 2).as_deref(), Ok("12.00"));
        assert_eq!(print(120_000, 4, 0).as_deref(), Ok("12"));
        assert_eq!(print(3_000, 3, 4).as_deref(), Ok("3.0000"));
        assert_eq!(print(-5, 4, 0).as_deref(), Ok("-0.0005"));
        assert_eq!(print(7, 0, 2).as_deref(), Ok("7.00"));
        assert_eq!(print(0, 4, 0).as_deref(), Ok("0"));
        assert_eq!(print(0, 4, 2).as_deref(), Ok("0.00"));
        assert_eq!(print(-1, 19, 19).as_deref(), Ok("-0.0000000000000000001"));
        assert_eq!(print(-i128::from(u64::MAX), 4, 2).as_deref(), Ok("-1844674407370955.1615"));
        let large = i128::from(u64::MAX) + 1;
        assert_eq!(print(-large, 10, 2).as_deref(), Ok("-1844674407.3709551616"));
        assert_eq!(print(large * 100, 0, 2).as_deref(), Ok("1844674407370955161600.00"));
        assert_eq!(print(large * 10_000, 4, 2).as_deref(), Ok("18446744073709551616.00"));
    }
}
