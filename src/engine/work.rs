//! How an evaluation ends without a result (spec 14).

use std::sync::atomic::{AtomicBool, Ordering};

/// The steps of one millisecond of one core of a small server.
pub const STEPS_PER_MS: u64 = 100_000;

/// Asks an evaluation to end early: its caller has hung up, or its time is over.
#[derive(Debug)]
pub struct Stop {
    is_stopped: AtomicBool,
    within: u64,
}

impl Default for Stop {
    fn default() -> Self {
        Self::within(u64::MAX)
    }
}

impl Stop {
    /// Ends the evaluation by itself after so many steps, if that is before the bound: a trial, for whoever has another
    /// place for long ones.
    pub const fn within(steps: u64) -> Self {
        Self {
            is_stopped: AtomicBool::new(false),
            within: steps,
        }
    }

    /// Ends the evaluation soon.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Whether it has been asked.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
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
