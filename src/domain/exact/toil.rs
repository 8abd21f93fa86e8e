//! How much work with big integers may be done: their size has no bound of its own.
//!
//! Fractions of fractions double their digits again and again. Whoever prices a cart sets a bound, and looks at what is
//! left of it. Past the bound, results are nothing: the caller knows that, and discards what it has.

use std::cell::Cell;
use std::marker::PhantomData;

use num_rational::BigRational;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// What the making of big integers costs by itself.
const STEPS_AN_OPERATION: u64 = 200;

/// What each pair of words of two big integers costs: common factors are looked for bit by bit.
const STEPS_A_PAIR: u64 = 32;

/// Bounds the steps on big integers, on this thread, as long as it lives.
#[derive(Debug)]
pub struct Allowance {
    before: u64,
    of_this_thread: PhantomData<*const ()>,
}

impl Allowance {
    pub fn of(steps: u64) -> Self {
        Self { before: LEFT.replace(steps), of_this_thread: PhantomData }
    }

    /// How many are left.
    #[inline]
    pub fn left(&self) -> u64 {
        LEFT.get()
    }

    pub fn end(&self) {
        LEFT.set(0);
    }

    /// Whether this thread has spent its allowance. Results are zero from then on, so that sums need not agree.
    pub fn is_spent() -> bool {
        LEFT.get() == 0
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        LEFT.set(self.before);
    }
}

/// Takes what an operation on numbers of so many bits costs; false where that is not left.
pub(super) fn take(bits: u64) -> bool {
    let words = bits / 64 + 1;
    let cost =
        words.saturating_mul(words).saturating_mul(STEPS_A_PAIR).saturating_add(STEPS_AN_OPERATION);
    let left = LEFT.get();
    LEFT.set(if left == u64::MAX { left } else { left.saturating_sub(cost) });
    cost <= left
}

/// The bits of the larger of its two numbers.
pub(super) fn bits(number: &BigRational) -> u64 {
    number.numer().bits().max(number.denom().bits())
}
