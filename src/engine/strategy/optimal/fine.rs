//! The amounts of upper bounds: whole numbers of fine steps, rounded up where needed.

use crate::domain::amount::Money;
use crate::domain::rounding::{Rounding, RoundingMode};

/// Money in steps of 10⁻¹³, times a weight of at most one.
pub(super) type Fine = i128;

/// Decimals of an amount that is a [`Fine`].
pub(super) const FINE_DECIMALS: u32 = 13;

/// A weight of one.
pub(super) const WHOLE: i128 = 1_000_000;

/// Decimals of an amount per unit. Multiplied by a quantity it is a [`Fine`].
pub(super) const UNIT_DECIMALS: u32 = 9;

/// The product. For the amounts of a usual cart it takes one machine instruction.
pub(super) fn times(amount: Fine, number: i128) -> Fine {
    match (i64::try_from(amount), i64::try_from(number)) {
        (Ok(amount), Ok(number)) => i128::from(amount) * i128::from(number),
        _ => amount.saturating_mul(number),
    }
}

/// Money as [`Fine`].
pub(super) fn fine(money: Money) -> Fine {
    i128::from(money.scaled()) * 1_000_000_000
}

/// The largest multiple of the precision that is not above `amount`.
pub(super) fn cut(amount: Fine, rounding: Rounding) -> Money {
    let step = fine(rounding.step());
    let steps = amount.div_euclid(step);
    let scaled = steps.saturating_mul(i128::from(rounding.step().scaled()));
    Money::from_scaled(i64::try_from(scaled).unwrap_or(i64::MAX))
}

/// The most that rounding adds to so many amounts in all, given that their sum is then a multiple of the precision.
pub(super) fn slack(roundings: usize, rounding: Rounding) -> Fine {
    let count = i128::try_from(roundings).unwrap_or(i128::MAX);
    let step = fine(rounding.step());
    match rounding.mode {
        _ if count == 0 => 0,
        // Each rounding adds less than a step.
        RoundingMode::Up | RoundingMode::Ceiling => count.saturating_mul(step) - 1,
        RoundingMode::Down | RoundingMode::Floor => 0,
        RoundingMode::HalfUp | RoundingMode::HalfDown | RoundingMode::HalfEven => {
            count.saturating_mul(step) / 2
        }
    }
}

/// An amount × its weight, rounded up.
pub(super) fn weighted(amount: Fine, weight: i128) -> Fine {
    if weight == WHOLE {
        return amount;
    }
    amount.saturating_mul(weight).saturating_add(WHOLE - 1).div_euclid(WHOLE)
}
