//! The one place where an exact amount becomes money (spec 4, 7.4).

use super::amount::{DECIMALS, Money};
use super::exact::{Exact, Part};

/// How a discount is rounded to the tenant's precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundingMode {
    Up,
    Down,
    Ceiling,
    Floor,
    /// To the nearest; a half away from zero.
    HalfUp,
    /// To the nearest; a half towards zero.
    HalfDown,
    /// To the nearest; a half to the even neighbor.
    HalfEven,
}

/// A mode and a number of decimals, 0 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounding {
    pub mode: RoundingMode,
    precision: u8,
}

impl Rounding {
    /// Half up to two decimals (spec 4).
    pub const DEFAULT: Self = Self { mode: RoundingMode::HalfUp, precision: 2 };

    /// `None` when `precision` is above 4.
    pub const fn new(mode: RoundingMode, precision: u8) -> Option<Self> {
        if precision > 4 { None } else { Some(Self { mode, precision }) }
    }

    /// How many decimals discounts have, and how many every printed amount has at least.
    pub fn precision(self) -> u32 {
        u32::from(self.precision)
    }

    /// One step of the precision.
    pub fn step(self) -> Money {
        Money::from_scaled(10_i64.pow(DECIMALS.saturating_sub(self.precision())))
    }

    /// The one way from an exact amount to money.
    pub fn settle(self, exact: &Exact) -> Money {
        let (whole, half) = exact.split_at(self.precision());
        // Settled amounts are never negative, so `up` equals `ceiling`, and `down` equals `floor`. All four exist
        // because the API has all four names.
        let up = match (self.mode, half) {
            (_, Part::None) => false,
            (RoundingMode::Up | RoundingMode::Ceiling, _) => true,
            (RoundingMode::Down | RoundingMode::Floor, _) => false,
            (_, Part::BelowHalf) => false,
            (_, Part::AboveHalf) => true,
            (RoundingMode::HalfUp, Part::Half) => true,
            (RoundingMode::HalfDown, Part::Half) => false,
            (RoundingMode::HalfEven, Part::Half) => whole % 2 != 0,
        };
        self.steps(whole.saturating_add(i64::from(up)))
    }

    /// The largest multiple of the precision that is not above `exact`.
    pub fn cut(self, exact: &Exact) -> Money {
        self.steps(exact.split_at(self.precision()).0)
    }

    fn steps(self, count: i64) -> Money {
        Money::from_scaled(count.saturating_mul(self.step().scaled()))
    }
}
