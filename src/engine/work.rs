//! How an evaluation ends without a result (spec 14).

use std::sync::atomic::{AtomicBool, Ordering};

/// Asks an evaluation to end early: its caller has hung up, or its time is over.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Ends the evaluation soon.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it has been asked.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why an evaluation has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// It would take more steps than an evaluation may. The promotions that took most, by their index in the rule set,
    /// the largest first.
    TooComplex(Vec<Costly>),
    /// It was asked to stop.
    Stopped,
}

/// How many steps went into one promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costly {
    /// Its index in the rule set.
    pub promotion: usize,
    /// Its part of the steps.
    pub steps: u64,
}
