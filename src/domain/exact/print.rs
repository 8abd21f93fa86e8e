//! Exact amounts in digits.

use std::fmt;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::repr::Repr::{Big, Small};
use super::{COMMON, COMMON_DECIMALS, Exact, wide};
use crate::domain::amount::write_scaled;

impl Exact {
    /// Reads what [`print`](Self::print) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let places = u32::try_from(fraction.len()).ok()?;
        Some(Self::ratio(digits, 10_i128.checked_pow(places)?))
    }

    /// The value in digits, with at least `at_least` decimals and as many more as it needs. Only finite decimals (sums
    /// of prices × quantities) are meant to be printed; decimals after the tenth are cut off.
    pub fn print(&self, at_least: u32) -> String {
        let mut out = String::with_capacity(20);
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, at_least);
        out
    }

    /// Like [`print`](Self::print), but appends to `out`.
    pub fn write(&self, out: &mut impl fmt::Write, at_least: u32) -> fmt::Result {
        const DECIMALS: u32 = 10;
        let (value, decimals) = match &self.0 {
            Small { num, den: COMMON } => (num.0, COMMON_DECIMALS),
            Small { num, den } => {
                let scaled = num.0.checked_mul(10_i128.pow(DECIMALS));
                (
                    scaled.map_or_else(|| self.cut_big(DECIMALS), |scaled| scaled / wide(*den)),
                    DECIMALS,
                )
            }
            Big(_) => (self.cut_big(DECIMALS), DECIMALS),
        };
        write_scaled(out, value, decimals, at_least)
    }

    fn cut_big(&self, decimals: u32) -> i128 {
        let scaled = self.big() * BigInt::from(10_i128.pow(decimals));
        scaled.to_integer().to_i128().unwrap_or(i128::MAX)
    }
}
