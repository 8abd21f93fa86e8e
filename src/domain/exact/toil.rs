//! Bounds the work with big integers, since nothing else bounds their size.
//!
//! Fractions of fractions double their digits again and again. An evaluation sets an allowance, and checks what is left
//! of it. Once the allowance is spent, results are zero, and the evaluation discards them.

use std::cell::Cell;
use std::marker::PhantomData;

use num_rational::BigRational;

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// The cost of an operation on big integers of any size.
const STEPS_AN_OPERATION: u64 = 200;

/// The cost of an operation without a search for common factors.
const STEPS_A_PLAIN_OPERATION: u64 = 100;

/// The additional cost for each pair of words of two big integers, since common factors are searched bit by bit.
const STEPS_A_PAIR: u64 = 32;

/// Bounds the steps on big integers on this thread until it is dropped.
#[derive(Debug)]
pub struct Allowance {
    before: u64,
    of_this_thread: PhantomData<*const ()>,
}

impl Allowance {
    pub fn of(steps: u64) -> Self {
        Self { before: LEFT.replace(steps), of_this_thread: PhantomData }
    }

    /// How many steps are left.
    #[inline]
    pub fn left(&self) -> u64 {
        LEFT.get()
    }

    pub fn end(&self) {
        LEFT.set(0);
    }

    /// Whether this thread has spent its allowance. From then on results are zero, and sums need not agree.
    pub fn is_spent() -> bool {
        LEFT.get() == 0
    }
}

impl Drop for Allowance {
    fn drop(&mut self) {
        LEFT.set(self.before);
    }
}

/// Takes the cost of an operation on numbers of so many bits. Returns false if less is left.
pub(super) fn take(bits: u64) -> bool {
    let words = bits / 64 + 1;
    spend(
        words.saturating_mul(words).saturating_mul(STEPS_A_PAIR).saturating_add(STEPS_AN_OPERATION),
    )
}

/// Takes the cost of multiplying or dividing numbers of so many bits, where no common factor is searched. Returns false
/// if less is left.
pub(super) fn take_plain(a: u64, b: u64) -> bool {
    let pairs = (a / 64 + 1).saturating_mul(b / 64 + 1);
    spend(pairs.saturating_add(STEPS_A_PLAIN_OPERATION))
}

fn spend(cost: u64) -> bool {
    let left = LEFT.get();
    LEFT.set(if left == u64::MAX { left } else { left.saturating_sub(cost) });
    cost <= left
}

/// The size in bits of the larger of numerator and denominator.
pub(super) fn bits(number: &BigRational) -> u64 {
    number.numer().bits().max(number.denom().bits())
}
