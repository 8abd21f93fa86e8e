//! Operations on fractions whose terms fit an `i128`. Where 64 bits suffice, they are used for speed.

use std::num::NonZeroU64;

use num_integer::Integer;

use super::part::{Part, part};
use super::repr::Repr;

/// A quotient with a larger denominator is reduced, so that later operations do not overflow.
const LARGE: i128 = 10_i128.pow(14);

/// (a/b) ÷ (c/d), c > 0; `None` if it overflows. A denominator that divides the other is cancelled at once. Otherwise
/// the result is reduced only if its denominator is large.
pub(super) fn divide((a, b): (i128, i128), (c, d): (i128, i128)) -> Option<Repr> {
    let (num, den) = if b % d == 0 {
        (a, (b / d).checked_mul(c)?)
    } else if d % b == 0 {
        (a.checked_mul(d / b)?, c)
    } else {
        (a.checked_mul(d)?, b.checked_mul(c)?)
    };
    Some(if den > LARGE { reduced(num, den) } else { fraction(num, den) })
}

/// num ÷ den, den > 0. It is reduced to lowest terms only if the denominator does not fit 64 bits.
#[inline]
pub(super) fn fraction(num: i128, den: i128) -> Repr {
    match narrow(den) {
        Some(den) => Repr::small(num, den),
        None => reduced(num, den),
    }
}

/// num ÷ den, if nothing is left over. Where both fit 64 bits, which is the common case, it is several times faster.
#[inline]
pub(super) fn quotient(num: i128, den: i128) -> Option<i128> {
    if let (Ok(num), Ok(den)) = (u64::try_from(num), u64::try_from(den)) {
        let quotient = num.checked_div(den)?;
        return (quotient * den == num).then(|| quotient.into());
    }
    (num.checked_rem(den)? == 0).then(|| num.checked_div(den))?
}

/// Two numbers without their common factor, if both fit 64 bits.
pub(super) fn cancelled(a: i128, b: i128) -> (i128, i128) {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(small), Ok(other)) if other > 0 => {
            let common = i128::from(small.gcd(&other));
            (a / common, b / common)
        }
        _ => (a, b),
    }
}

fn reduced(num: i128, den: i128) -> Repr {
    let common = i128::try_from(gcd(num.unsigned_abs(), den.unsigned_abs())).unwrap_or(1);
    let (num, den) = (num / common, den / common);
    match narrow(den) {
        Some(den) => Repr::small(num, den),
        None => Repr::big(num, den),
    }
}

/// The denominator in 64 bits, if it fits. Every denominator is above 0.
#[inline]
fn narrow(den: i128) -> Option<NonZeroU64> {
    NonZeroU64::new(u64::try_from(den).ok()?)
}

/// Euclid's algorithm until both numbers fit 64 bits, then that of the library.
fn gcd(mut a: u128, mut b: u128) -> u128 {
    loop {
        if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
            return a.gcd(&b).into();
        }
        if b == 0 {
            return a;
        }
        (a, b) = (b, a % b);
    }
}

pub(super) fn checked_lcm(a: i128, b: i128) -> Option<i128> {
    if a == 1 || b == 1 {
        return Some(a.max(b));
    }
    let common = i128::try_from(gcd(a.unsigned_abs(), b.unsigned_abs())).ok()?;
    a.checked_div(common)?.checked_mul(b)
}

/// The result of `Exact::split_at`, if 64 bits suffice. This is the common case, and several times faster.
#[inline]
pub(super) fn split_small(num: i128, den: NonZeroU64, decimals: u32) -> Option<(i64, Part)> {
    let num = u64::try_from(num).ok()?.checked_mul(10_u64.pow(decimals))?;
    let (whole, rest) = (num / den, num % den);
    let to_half = rest.checked_mul(2)?.cmp(&den.get());
    Some((i64::try_from(whole).ok()?, part(rest == 0, to_half)))
}

pub(super) fn saturate(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// a/b + c/d over the smallest common denominator; `None` if it overflows.
pub(super) fn add_unlike((a, b): (i128, i128), (c, d): (i128, i128)) -> Option<Repr> {
    if c == 0 {
        return Some(fraction(a, b));
    }
    if a == 0 {
        return Some(fraction(c, d));
    }
    let common = i128::try_from(gcd(b.unsigned_abs(), d.unsigned_abs())).ok()?;
    let (left, right) = (d / common, b / common);
    let num = a.checked_mul(left)?.checked_add(c.checked_mul(right)?)?;
    Some(fraction(num, b.checked_mul(left)?))
}
