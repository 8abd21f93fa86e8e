//! How far the limits of a promotion are used, at one moment (spec 5.5, 9).

use chrono::{DateTime, Utc};

use super::limit::CountedLimit;

/// The limits of a promotion that count in counters, and what is gone of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In the order in which limits are named.
    pub limits: Vec<LimitUsage>,
    /// How many decimals amounts have at least.
    pub precision: u32,
}

/// What is gone of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    pub limit: CountedLimit,
    /// In the present window; `None` where everybody has a count of his own.
    pub gone: Option<Gone>,
    /// When the present window ends, excluded; `None` where the count never starts anew.
    pub window_ends_at: Option<DateTime<Utc>>,
}

/// Counts, or amounts of money in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// By what is committed.
    pub used: i64,
    /// By what is held.
    pub held: i64,
}

impl Gone {
    /// What is left of a bound.
    pub fn left(self, maximum: i64) -> i64 {
        let gone = self.used.saturating_add(self.held);
        maximum.saturating_sub(gone).max(0)
    }
}
