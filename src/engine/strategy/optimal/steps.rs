//! The budget of a search: steps of work, since the engine reads no clock (spec 7.6), and bytes of memory (spec 14).

use crate::engine::work::{self, Work};

/// So many steps take a millisecond at most (docs/PERFORMANCE.md says how that was measured).
const STEPS_PER_MS: u64 = 3_500;

/// The same where units stack: what is left of every unit is kept apart.
const STACKED_STEPS_PER_MS: u64 = 800;

/// What one look at a promotion costs, and each line that it looks at besides.
const STEPS_A_LOOK: u64 = 2;

/// Looks at single numbers that cost as much as one step.
const LOOKS_A_STEP: u64 = 8;

/// Preparations leave at least this part of the steps to the search: all, divided by this.
const KEPT_FOR_THE_SEARCH: u64 = 2;

/// Most bytes that a search keeps of what it has seen and listed. The states of a large cart are large, so a number of
/// states would bound nothing.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What is left of the budget.
pub(super) struct Steps {
    left: u64,
    all: u64,
    bytes: usize,
    /// Where the evaluation's own count ends the search: some proposals take more than their lines tell.
    work_ends: u64,
}

impl Steps {
    pub(super) fn for_ms(budget_ms: u8, stacks: bool, work: &Work<'_>) -> Self {
        let a_ms = if stacks { STACKED_STEPS_PER_MS } else { STEPS_PER_MS };
        let all = u64::from(budget_ms) * a_ms;
        let most = u64::from(budget_ms) * work::STEPS_PER_MS;
        Self { left: all, all, bytes: MAX_BYTES, work_ends: work.steps().saturating_add(most) }
    }

    /// Takes what a look at a promotion, or at a basket, of so many lines costs; false when that is not left, now or
    /// ever again.
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

    /// Takes what a preparation of so many looks at numbers costs; false, and nothing, where too little would be left.
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
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
