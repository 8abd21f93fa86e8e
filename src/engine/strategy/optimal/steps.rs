//! The budget of a search: steps of work, since the engine reads no clock (spec 7.6), and bytes of memory (spec 14).

use crate::engine::work::{self, Work};

/// The steps of one millisecond; they take at most that long (docs/PERFORMANCE.md says how that was measured).
const STEPS_PER_MS: u64 = 3_500;

/// The same where units stack. These steps are slower, since what is left to pay is kept for every run of units.
const STACKED_STEPS_PER_MS: u64 = 800;

/// What one look at a promotion costs, besides half a step for each line.
const STEPS_A_LOOK: u64 = 2;

/// How many looks at single numbers cost as much as one step.
const LOOKS_A_STEP: u64 = 8;

/// Preparations leave at least this fraction of all steps to the search: one divided by this number.
const KEPT_FOR_THE_SEARCH: u64 = 2;

/// Most bytes that a search uses to remember states and to list sequences. The states of a large cart are large, so a
/// maximum number of states would not bound memory.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What is left of the budget.
pub(super) struct Steps {
    left: u64,
    all: u64,
    bytes: usize,
    /// The search also ends when the evaluation has taken so many steps. Some proposals take more work than the number
    /// of their lines suggests.
    work_ends: u64,
}

impl Steps {
    pub(super) fn for_ms(budget_ms: u8, stacks: bool, work: &Work<'_>) -> Self {
        let a_ms = if stacks { STACKED_STEPS_PER_MS } else { STEPS_PER_MS };
        let all = u64::from(budget_ms) * a_ms;
        let most = u64::from(budget_ms) * work::STEPS_PER_MS;
        Self { left: all, all, bytes: MAX_BYTES, work_ends: work.steps().saturating_add(most) }
    }

    /// Takes the cost of a look at a promotion or a basket with so many lines. If too few steps are left, it returns
    /// false, as do all later calls.
    pub(super) fn spend(&mut self, lines: usize, work: &Work<'_>) -> bool {
        let cost = STEPS_A_LOOK + count(lines) / 2;
        let has_work_left = work.charge(lines) && work.steps() < self.work_ends;
        match self.left.checked_sub(cost).filter(|_| has_work_left) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.left = 0;
                false
            }
        }
    }

    /// Takes the cost of a preparation with so many looks at numbers. If too few steps would be left for the search, it
    /// takes none and returns false.
    pub(super) fn prepare(&mut self, looks: usize) -> bool {
        let left = self.left.checked_sub(count(looks) / LOOKS_A_STEP);
        match left.filter(|left| *left >= self.all / KEPT_FOR_THE_SEARCH) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// Takes bytes from the budget. If fewer are left, it takes none and returns false.
    pub(super) fn keep(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }

    /// Returns bytes to the budget.
    pub(super) fn free(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(super) fn taken(&self) -> u64 {
        self.all - self.left
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Whether no further search may begin. What a search prepares takes work before it spends steps.
    pub(super) fn are_over(&self, work: &Work<'_>) -> bool {
        self.is_empty() || work.steps() >= self.work_ends
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
