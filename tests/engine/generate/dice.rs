//! A small generator of numbers (SplitMix64): the same seed throws the same dice for ever.

use serde_json::Value;

/// A stream of numbers that follows from its seed.
pub struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A number from the first to the last, both included.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let span = first.abs_diff(last) + 1;
        first + i64::try_from(self.below(span)).expect("a small number")
    }

    /// True in so many of a hundred throws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let count = u64::try_from(of.len()).expect("a short list");
        let place = usize::try_from(self.below(count)).expect("a place");
        of[place].clone()
    }

    /// One of these texts, as JSON.
    pub fn text(&mut self, of: &[&str]) -> Value {
        Value::from(self.one(of))
    }

    /// Some of these, at least `least` of them, in their order.
    pub fn some<T: Clone>(&mut self, of: &[T], least: usize) -> Vec<T> {
        loop {
            let taken: Vec<T> = of.iter().filter(|_| self.chance(45)).cloned().collect();
            if taken.len() >= least {
                return taken;
            }
        }
    }

    /// Puts them in another order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let bound = u64::try_from(last + 1).expect("a short list");
            let other = usize::try_from(self.below(bound)).expect("a place");
            list.swap(last, other);
        }
    }
}
