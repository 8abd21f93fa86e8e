//! How much work an evaluation may do, and how it ends without a result (spec 14).
//!
//! Work is counted in steps, which follow from the input alone: the engine reads no clock. Loops charge in bulk for
//! what they are about to do. Past the bound, or when the caller has hung up, they return at once with what they have,
//! and the evaluation discards it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::evaluation::PromotionIndex;
use crate::domain::exact::Allowance;

/// The steps of one millisecond of one core of a small server (docs/PERFORMANCE.md says how that was measured).
pub const STEPS_PER_MS: u64 = 100_000;

/// Most steps of one evaluation.
const MOST: u64 = 100 * STEPS_PER_MS;

/// How many steps are taken between two looks at [`Stop`].
const STEPS_BETWEEN_LOOKS: u64 = 4_096;

/// The steps that an exact share of a discount takes. It needs several operations on fractions.
pub(crate) const STEPS_A_SHARE: usize = 16;

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
    /// Also ends the evaluation after so many steps, if that is before the bound. A caller that runs long evaluations
    /// elsewhere uses this to try a short one first.
    pub const fn within(steps: u64) -> Self {
        Self { is_stopped: AtomicBool::new(false), within: steps }
    }

    /// Ends the evaluation soon.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the evaluation was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

/// Why an evaluation has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// It would take more steps than an evaluation may take. Holds the promotions that took most, the largest first.
    TooComplex(Vec<Costly>),
    /// It was asked to stop, or took more steps than [`Stop::within`] allows.
    Stopped,
}

/// How many steps went into one promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costly {
    /// Its index in the rule set.
    pub promotion: PromotionIndex,
    /// Its part of the steps. If the search for texts took all steps, this is the number of texts that it looks for.
    pub steps: u64,
}

/// Why the work ended before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    TooComplex,
    Stopped,
}

/// The steps of one evaluation.
pub(crate) struct Work<'s> {
    stop: &'s Stop,
    /// The steps after which it ends.
    bound: u64,
    /// The steps that were charged, without those on big integers.
    charged: Cell<u64>,
    /// When this many steps are charged, the bound is checked again; 0 once the work has ended.
    next_look: Cell<u64>,
    end: Cell<Option<End>>,
    big: Allowance,
}

impl<'s> Work<'s> {
    /// The work of an evaluation that has already taken `taken` steps. `search_ms` is what a search may take in
    /// addition.
    pub(crate) fn new(stop: &'s Stop, search_ms: u64, taken: u64) -> Self {
        Self::within(stop, MOST + search_ms * STEPS_PER_MS, taken)
    }

    /// Work without a bound, for small tasks.
    pub(crate) fn unbounded(stop: &'s Stop) -> Self {
        Self::within(stop, u64::MAX, 0)
    }

    fn within(stop: &'s Stop, most: u64, taken: u64) -> Self {
        let bound = most.min(stop.within);
        Self {
            stop,
            bound,
            charged: Cell::new(taken),
            next_look: Cell::new(taken.saturating_add(STEPS_BETWEEN_LOOKS).min(bound)),
            end: Cell::new(None),
            big: Allowance::of(bound),
        }
    }

    /// How many steps were taken.
    pub(crate) fn steps(&self) -> u64 {
        let big = self.bound.saturating_sub(self.big.left());
        self.charged.get().saturating_add(big)
    }

    /// Counts steps that are about to be taken. Returns false once the evaluation has to end. Steps on big integers are
    /// added only at the next look. Until then they cannot pass the bound, since their allowance is the bound.
    #[inline]
    pub(crate) fn charge(&self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let charged = self.charged.get().saturating_add(steps);
        self.charged.set(charged);
        charged < self.next_look.get() || self.look()
    }

    #[cold]
    fn look(&self) -> bool {
        if self.end.get().is_some() {
            return false;
        }
        let steps = self.steps();
        let end = if self.stop.is_stopped() || steps >= self.stop.within {
            Some(End::Stopped)
        } else if steps >= self.bound {
            Some(End::TooComplex)
        } else {
            None
        };
        if end.is_some() {
            self.end.set(end);
            self.next_look.set(0);
            self.big.end();
            return false;
        }
        let next = STEPS_BETWEEN_LOOKS.min(self.bound.saturating_sub(steps));
        self.next_look.set(self.charged.get().saturating_add(next));
        true
    }

    /// Why the work ended before it was complete, if it did.
    pub(crate) fn end(&self) -> Option<End> {
        self.look();
        self.end.get()
    }
}
