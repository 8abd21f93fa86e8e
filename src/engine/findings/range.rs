//! Ranges of numbers that comparisons leave.

use crate::domain::amount::Number;
use crate::domain::selector::{Comparison, NumberOperator};

/// Steps of a whole number.
const WHOLE: i64 = 2 * Number::ONE.scaled();

/// The numbers between two bounds. Bounds count half ten-thousandths: an odd one lies between two values, and so stands
/// for a value that is not included.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) high: i64,
    /// Values that are left out.
    without: Vec<i64>,
}

impl Range {
    pub(super) const fn new(low: i64, high: i64) -> Self {
        Self { low, high, without: Vec::new() }
    }

    /// Leaves only what satisfies a comparison, or what does not.
    pub(super) fn narrow(&mut self, compare: Comparison, holds: bool) {
        let op = if holds { compare.op } else { opposite(compare.op) };
        let value = compare.value.scaled().saturating_mul(2);
        match op {
            NumberOperator::Eq => {
                self.low = self.low.max(value);
                self.high = self.high.min(value);
            }
            NumberOperator::Ne => self.without.push(value),
            NumberOperator::Gt => self.low = self.low.max(value.saturating_add(1)),
            NumberOperator::Gte => self.low = self.low.max(value),
            NumberOperator::Lt => self.high = self.high.min(value.saturating_sub(1)),
            NumberOperator::Lte => self.high = self.high.min(value),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.low > self.high || self.low == self.high && self.without.contains(&self.low)
    }

    /// Whether it has no whole number.
    pub(super) fn has_no_whole(&self) -> bool {
        let low = self.low.saturating_add(WHOLE - 1).div_euclid(WHOLE).saturating_mul(WHOLE);
        let high = self.high.div_euclid(WHOLE).saturating_mul(WHOLE);
        Self { low, high, without: self.without.clone() }.is_empty()
    }
}

const fn opposite(op: NumberOperator) -> NumberOperator {
    match op {
        NumberOperator::Eq => NumberOperator::Ne,
        NumberOperator::Ne => NumberOperator::Eq,
        NumberOperator::Gt => NumberOperator::Lte,
        NumberOperator::Gte => NumberOperator::Lt,
        NumberOperator::Lt => NumberOperator::Gte,
        NumberOperator::Lte => NumberOperator::Gt,
    }
}
