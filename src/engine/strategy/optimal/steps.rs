//! The budget of a search, counted in steps of work: the engine reads no clock (spec 7.6).

/// So many steps take a millisecond at most (docs/PERFORMANCE.md says how that was measured).
const STEPS_PER_MS: u64 = 10_000;

/// What one look at a promotion costs, and each line that it looks at besides.
const STEPS_A_LOOK: u64 = 2;

/// Steps that are left.
pub(super) struct Steps {
    left: u64,
    all: u64,
}

impl Steps {
    pub(super) fn for_ms(budget_ms: u8) -> Self {
        let all = u64::from(budget_ms) * STEPS_PER_MS;
        Self { left: all, all }
    }

    /// Takes what a look at a promotion of so many lines costs; false when that is not left, now or ever again.
    pub(super) fn spend(&mut self, lines: usize) -> bool {
        let cost = STEPS_A_LOOK + u64::try_from(lines).unwrap_or(u64::MAX) / 2;
        match self.left.checked_sub(cost) {
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

    pub(super) fn taken(&self) -> u64 {
        self.all - self.left
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }
}
