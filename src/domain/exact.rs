//! `Exact`: an unrounded amount. It is a fraction of an `i128` and a `u64`, and changes to big integers when a step
//! would overflow.
//!
//! Shares (tax ÷ quantity, proportions) have no finite digits, so no decimal type holds them. Almost all values of a
//! cart are multiples of 10⁻⁸ (price × quantity), so fractions keep that denominator as long as they can: adding and
//! comparing them then takes one integer step. An evaluation copies many amounts, so one takes only three words.

use std::cmp::Ordering;
use std::num::NonZeroU64;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use super::amount::{Money, Number, Quantity};
use fractions::{
    add_unlike, cancelled, checked_lcm, divide, fraction, quotient, saturate, split_small,
};
use part::part;
use repr::Repr;
use repr::Repr::{Big, Small};

mod apportion;
mod fractions;
mod part;
mod print;
mod repr;
mod sum;
mod toil;

pub use part::Part;
pub use toil::Allowance;

/// The denominator that price × quantity has: 10⁴ × 10⁴.
const COMMON: NonZeroU64 = match NonZeroU64::new(100_000_000) {
    Some(common) => common,
    None => NonZeroU64::MIN,
};
const COMMON_DECIMALS: u32 = 8;

/// An exact rational amount. No operation fails; division by zero gives zero.
#[derive(Clone, Debug)]
pub struct Exact(Repr);

#[inline]
fn wide(den: NonZeroU64) -> i128 {
    i128::from(den.get())
}

impl Exact {
    pub const ZERO: Self = Self::from_common(0);
    pub const ONE: Self = Self::from_common(10_i128.pow(COMMON_DECIMALS));

    /// `scaled` × 10⁻⁸, the step of price × quantity.
    pub const fn from_common(scaled: i128) -> Self {
        Self(Repr::small(scaled, COMMON))
    }

    /// A ratio; zero where `den` is zero.
    pub fn ratio(num: i128, den: i128) -> Self {
        match den.cmp(&0) {
            Ordering::Greater => Self(fraction(num, den)),
            Ordering::Equal => Self::ZERO,
            Ordering::Less => Self::ratio_big(num, den),
        }
    }

    fn ratio_big(num: i128, den: i128) -> Self {
        Self(Repr::big(num, den))
    }

    /// unit price × quantity, exactly (spec 7.1).
    #[inline]
    pub fn product(price: Money, quantity: Quantity) -> Self {
        // 64 × 64 bits fit 128.
        Self::from_common(i128::from(price.scaled()) * i128::from(quantity.scaled()))
    }

    /// The size in bits of the larger of numerator and denominator.
    fn bits(&self) -> u64 {
        match &self.0 {
            Small { .. } => 128,
            Big(big) => toil::bits(big),
        }
    }

    /// Numerator and denominator. The denominator is above 0.
    fn terms(&self) -> (BigInt, BigInt) {
        match &self.0 {
            Small { num, den } => (BigInt::from(num.0), BigInt::from(den.get())),
            Big(big) => (big.numer().clone(), big.denom().clone()),
        }
    }

    fn big(&self) -> BigRational {
        match &self.0 {
            Small { num, den } => BigRational::new(BigInt::from(num.0), BigInt::from(den.get())),
            Big(big) => (**big).clone(),
        }
    }

    /// Returns to the small form where it suffices.
    fn from_big(big: BigRational) -> Self {
        let den = big.denom().to_u64().and_then(NonZeroU64::new);
        match (big.numer().to_i128(), den) {
            (Some(num), Some(den)) => Self(Repr::small(num, den)),
            _ => Self(Big(Box::new(big))),
        }
    }

    /// Numerator and denominator, unless they are big integers.
    #[inline]
    const fn small(&self) -> Option<(i128, NonZeroU64)> {
        match &self.0 {
            Small { num, den } => Some((num.0, *den)),
            Big(_) => None,
        }
    }

    #[inline]
    pub fn is_zero(&self) -> bool {
        match &self.0 {
            Small { num, .. } => num.0 == 0,
            Big(big) => big.is_zero(),
        }
    }

    #[inline]
    pub fn is_positive(&self) -> bool {
        match &self.0 {
            Small { num, .. } => num.0 > 0,
            Big(big) => big.is_positive(),
        }
    }

    #[must_use]
    #[inline]
    pub fn plus(&self, other: &Self) -> Self {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small())
            && b == d
            && let Some(num) = a.checked_add(c)
        {
            return Self(Repr::small(num, b));
        }
        self.plus_unlike(other)
    }

    fn cmp_unlike(&self, other: &Self) -> Ordering {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small())
            && let (Some(left), Some(right)) = (a.checked_mul(wide(d)), c.checked_mul(wide(b)))
        {
            return left.cmp(&right);
        }
        // A comparison is always done, even if the allowance is spent: it makes no number larger.
        toil::take_plain(self.bits().max(other.bits()), self.bits().min(other.bits()));
        let ((a, b), (c, d)) = (self.terms(), other.terms());
        (a * d).cmp(&(c * b))
    }

    fn plus_unlike(&self, other: &Self) -> Self {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small())
            && let Some(sum) = add_unlike((a, wide(b)), (c, wide(d)))
        {
            return Self(sum);
        }
        if let (Big(own), Big(other)) = (&self.0, &other.0)
            && own.denom() == other.denom()
        {
            return self.plus_alike(own, other);
        }
        self.toil(other, || self.big() + other.big())
    }

    /// The sum of two big numbers with the same denominator; zero once the allowance for them is spent.
    #[cold]
    fn plus_alike(&self, own: &BigRational, other: &BigRational) -> Self {
        if !toil::take_plain(self.bits(), 0) {
            return Self::ZERO;
        }
        let sum = BigRational::new_raw(own.numer() + other.numer(), own.denom().clone());
        Self(Big(Box::new(sum)))
    }

    /// The result of an operation on big numbers; zero once the allowance for them is spent.
    #[cold]
    fn toil(&self, other: &Self, operation: impl FnOnce() -> BigRational) -> Self {
        if toil::take(self.bits().max(other.bits())) {
            Self::from_big(operation())
        } else {
            Self::ZERO
        }
    }

    #[must_use]
    #[inline]
    pub fn minus(&self, other: &Self) -> Self {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small())
            && b == d
            && let Some(num) = a.checked_sub(c)
        {
            return Self(Repr::small(num, b));
        }
        self.plus(&other.negated())
    }

    fn negated(&self) -> Self {
        match &self.0 {
            Small { num, den } => match num.0.checked_neg() {
                Some(num) => Self(Repr::small(num, *den)),
                None => Self::from_big(-self.big()),
            },
            Big(big) => Self(Big(Box::new(-(**big).clone()))),
        }
    }

    /// This × `num` ÷ `den`; zero where `den` is zero.
    #[must_use]
    #[inline]
    pub fn scaled_by(&self, num: i128, den: i128) -> Self {
        if den == 0 {
            return Self::ZERO;
        }
        if num == den {
            return self.clone();
        }
        if let Some((a, b)) = self.small()
            && let Some(product) = a.checked_mul(num)
        {
            // Most values of a cart divide evenly and keep the common denominator.
            if let Some(num) = quotient(product, den) {
                return Self(Repr::small(num, b));
            }
            let (num, den) = cancelled(num, den);
            if let (Some(num), Some(den)) = (a.checked_mul(num), wide(b).checked_mul(den))
                && den > 0
            {
                return Self(fraction(num, den));
            }
        }
        self.toil(self, || self.big() * BigRational::new(num.into(), den.into()))
    }

    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        match &other.0 {
            Small { num, den } => self.scaled_by(num.0, wide(*den)),
            Big(big) => self.toil(other, || self.big() * &**big),
        }
    }

    /// Zero where `divisor` is zero.
    #[must_use]
    pub fn over(&self, divisor: &Self) -> Self {
        if divisor.is_zero() {
            return Self::ZERO;
        }
        if let (Some((a, b)), Some((c, d))) = (self.small(), divisor.small())
            && c > 0
            && let Some(quotient) = divide((a, wide(b)), (c, wide(d)))
        {
            return Self(quotient);
        }
        self.toil(divisor, || self.big() / divisor.big())
    }

    /// This × `part` ÷ `whole`: the share of a part; zero where `whole` is zero.
    #[must_use]
    #[inline]
    pub fn in_proportion(&self, part: &Self, whole: &Self) -> Self {
        if part == whole && !whole.is_zero() { self.clone() } else { self.times(part).over(whole) }
    }

    /// A common denominator of these values; `None` where none fits an `i128`.
    pub fn common_denominator<'a>(mut values: impl Iterator<Item = &'a Self>) -> Option<i128> {
        values.try_fold(1_i128, |common, value| {
            let (_, den) = value.small()?;
            let den = wide(den);
            if common == den { Some(common) } else { checked_lcm(common, den) }
        })
    }

    /// The numerator over an [`Exact::common_denominator`]; `None` where it does not fit an `i128`.
    pub fn numerator_over(&self, common: i128) -> Option<i128> {
        let (num, den) = self.small()?;
        let den = wide(den);
        if den == common { Some(num) } else { num.checked_mul(common.checked_div(den)?) }
    }

    /// `percent` % of this.
    #[must_use]
    #[inline]
    pub fn percent(&self, percent: Number) -> Self {
        self.scaled_by(i128::from(percent.scaled()), i128::from(Number::ONE.scaled()) * 100)
    }

    /// This × `part` ÷ `whole`: the share of `part` units in an amount for `whole` units.
    #[must_use]
    #[inline]
    pub fn share(&self, part: Quantity, whole: Quantity) -> Self {
        self.scaled_by(part.scaled().into(), whole.scaled().into())
    }

    #[must_use]
    #[inline]
    pub fn at_most(self, bound: &Self) -> Self {
        if self > *bound { bound.clone() } else { self }
    }

    #[must_use]
    #[inline]
    pub fn or_zero(self) -> Self {
        if self.is_positive() { self } else { Self::ZERO }
    }

    /// How many whole steps of `10^-decimals` this has, and what is left over (this ≥ 0).
    pub fn split_at(&self, decimals: u32) -> (i64, Part) {
        if let Some((num, den)) = self.small()
            && let Some(split) = split_small(num, den, decimals)
        {
            return split;
        }
        let scale = 10_i128.pow(decimals);
        if let Some((num, den)) = self.small()
            && let Some(num) = num.checked_mul(scale)
        {
            let den = wide(den);
            let (whole, rest) = num.div_mod_floor(&den);
            // rest < den, which has 64 bits: twice that does not overflow.
            return (saturate(whole), part(rest == 0, rest.saturating_mul(2).cmp(&den)));
        }
        if !toil::take(self.bits()) {
            return (0, Part::None);
        }
        let scaled = self.big() * BigInt::from(scale);
        let (whole, rest) = scaled.numer().div_mod_floor(scaled.denom());
        let whole = whole.to_i64().unwrap_or(i64::MAX);
        (whole, part(rest.is_zero(), (rest * 2_u8).cmp(scaled.denom())))
    }

    /// This, rounded up to so many decimals (this ≥ 0).
    #[must_use]
    pub fn up_to(&self, decimals: u32) -> Self {
        Self::ratio(self.steps_up(decimals), 10_i128.pow(decimals))
    }

    /// How many whole times `every` goes into this (this ≥ 0, `every` > 0).
    pub fn times_of(&self, every: &Self) -> i64 {
        self.over(every).split_at(0).0
    }

    /// This, rounded up to a whole number (this ≥ 0).
    pub fn ceiling(&self) -> i64 {
        let (whole, part) = self.split_at(0);
        whole.saturating_add(i64::from(part != Part::None))
    }

    /// This in steps of `10^-decimals`, rounded up (this ≥ 0); `i128::MAX` where it does not fit.
    pub fn steps_up(&self, decimals: u32) -> i128 {
        let scale = 10_i128.pow(decimals);
        if let Some((num, den)) = self.small()
            && let Some(num) = num.checked_mul(scale)
        {
            let (whole, rest) = num.div_mod_floor(&wide(den));
            return whole.saturating_add(i128::from(rest != 0));
        }
        if !toil::take(self.bits()) {
            return 0;
        }
        let scaled = (self.big() * BigInt::from(scale)).ceil();
        scaled.to_integer().to_i128().unwrap_or(i128::MAX)
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::ZERO
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Some((a, b)), Some((c, d))) = (self.small(), other.small())
            && b == d
        {
            return a.cmp(&c);
        }
        self.cmp_unlike(other)
    }
}

impl From<Money> for Exact {
    fn from(money: Money) -> Self {
        Self::from_common(i128::from(money.scaled()) * 10_000)
    }
}

impl From<Number> for Exact {
    fn from(number: Number) -> Self {
        Self::from_common(i128::from(number.scaled()) * 10_000)
    }
}

impl From<Quantity> for Exact {
    fn from(quantity: Quantity) -> Self {
        Self::from_common(i128::from(quantity.scaled()) * 10_000)
    }
}

#[cfg(test)]
mod tests;
