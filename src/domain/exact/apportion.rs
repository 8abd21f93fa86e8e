//! Divides an amount among weights of any size, without a search for common factors of long numbers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

use super::repr::Repr::Big;
use super::{Exact, toil};

impl Exact {
    /// This, divided among weights that are not negative, in proportion. All zero if the weights are, and once the
    /// allowance for big numbers is spent.
    pub fn in_proportions(&self, weights: &[Self]) -> Vec<Self> {
        let whole: Self = weights.iter().sum();
        if self.small().is_some() && whole.small().is_some() {
            return weights.iter().map(|own| self.in_proportion(own, &whole)).collect();
        }
        let terms: Vec<(BigInt, BigInt)> = weights.iter().map(Self::terms).collect();
        let numerators = over_one_denominator(&terms).filter(|_| whole.is_positive());
        let Some(numerators) = numerators else {
            return vec![Self::ZERO; weights.len()];
        };
        // The shares are not reduced: as long as they have one denominator, sums of them are cheap.
        let (num, den) = self.terms();
        let den = den * numerators.iter().sum::<BigInt>();
        let share = |own: BigInt| BigRational::new_raw(own * &num, den.clone());
        numerators.into_iter().map(|own| Self(Big(Box::new(share(own))))).collect()
    }

    /// Divides `steps` among weights above 0, in proportion. For each weight: the whole number, and the place of its
    /// remainder among all remainders, larger for a larger one and equal for an equal one. All zero once the allowance
    /// for big numbers is spent.
    pub fn apportion<'a>(steps: i64, weights: impl Iterator<Item = &'a Self>) -> Vec<(i64, usize)> {
        let weights: Vec<(BigInt, BigInt)> = weights.map(Self::terms).collect();
        let Some(weights) = over_one_denominator(&weights) else {
            return vec![(0, 0); weights.len()];
        };
        let sum: BigInt = weights.iter().sum();
        let sum = if sum.is_zero() { BigInt::one() } else { sum };
        let divided: Vec<(BigInt, BigInt)> =
            weights.into_iter().map(|own| (own * steps).div_rem(&sum)).collect();
        let mut remainders: Vec<&BigInt> = divided.iter().map(|(_, rest)| rest).collect();
        remainders.sort();
        remainders.dedup();
        let place = |rest: &BigInt| remainders.binary_search(&rest).unwrap_or_default();
        let portion =
            |(whole, rest): &(BigInt, BigInt)| (whole.to_i64().unwrap_or(i64::MAX), place(rest));
        divided.iter().map(portion).collect()
    }
}

/// The numerators over a common denominator; `None` once the allowance is spent.
fn over_one_denominator(weights: &[(BigInt, BigInt)]) -> Option<Vec<BigInt>> {
    let mut common = BigInt::one();
    for (_, den) in weights {
        // The common denominator is also what is multiplied, divided and compared below.
        if !toil::take_plain(common.bits().max(den.bits()), den.bits()) {
            return None;
        }
        let rest = &common % den;
        if !rest.is_zero() {
            // The first step of Euclid's algorithm was taken: both are now at most as long as this denominator.
            if !toil::take(den.bits()) {
                return None;
            }
            common *= den / den.gcd(&rest);
        }
    }
    let take = |_: &(BigInt, BigInt)| toil::take_plain(common.bits(), common.bits() / 8);
    let over = |(num, den): &(BigInt, BigInt)| num * (&common / den);
    weights.iter().all(take).then(|| weights.iter().map(over).collect())
}
