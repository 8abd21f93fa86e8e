//! How large a test runs, and the dice that it throws.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Whether this is the larger run of `.ci/storm`.
pub fn is_large() -> bool {
    std::env::var_os("STORM").is_some_and(|size| size == "large")
}

/// The first figure in every run, the second in the larger one.
pub fn pick<T>(small: T, large: T) -> T {
    if is_large() { large } else { small }
}

/// A sequence of numbers that a seed determines (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a test. The seed is printed, so that a failure shows it.
    pub fn new(test: &str) -> Self {
        let seed: u64 = match std::env::var("STORM_SEED") {
            Ok(text) => text.parse().expect("STORM_SEED is a number"),
            Err(_) => u64::from(rand::random::<u32>()),
        };
        println!("{test}: STORM_SEED={seed}");
        let mut hasher = DefaultHasher::new();
        test.hash(&mut hasher);
        Self(seed ^ hasher.finish())
    }

    /// Dice of their own, for one client among many.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of them.
    pub fn choose<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        let count = u64::try_from(choices.len()).expect("a length");
        &choices[usize::try_from(self.below(count)).expect("an index")]
    }

    /// Mixes the order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = self.below(u64::try_from(end).expect("a length") + 1);
            items.swap(end, usize::try_from(other).expect("an index"));
        }
    }
}
