//! How much of a promotion's limits is used at one moment (spec 5.5, 9).

use chrono::{DateTime, Utc};

use super::limit::CountedLimit;

/// The limits of a promotion that have counters, and how much is gone of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In the order of [`Limits::counted`](super::limit::Limits::counted).
    pub limits: Vec<LimitUsage>,
    /// How many decimals printed amounts have at least.
    pub precision: u32,
}

/// How much is gone of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitUsage {
    pub limit: CountedLimit,
    /// How much is gone in the present window; `None` where each owner has a counter of its own.
    pub gone: Option<Gone>,
    /// When the present window ends, excluded; `None` if the count never starts anew.
    pub window_ends_at: Option<DateTime<Utc>>,
}

/// Counts, or amounts of money in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// What committed redemptions took.
    pub used: i64,
    /// What holds took.
    pub held: i64,
}

impl Gone {
    /// What is left of a bound.
    pub fn left(self, maximum: i64) -> i64 {
        let gone = self.used.saturating_add(self.held);
        maximum.saturating_sub(gone).max(0)
    }
}
