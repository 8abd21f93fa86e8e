//! Backtests: what past redemptions would have come to under changed rules (spec 15.3).

use chrono::{DateTime, Utc};

use super::draft::Drafts;

/// Longest period of a backtest.
pub const MAX_DAYS: i64 = 400;
/// Most redemptions that a backtest can price, and how many it does unless it says otherwise.
pub const MAX_REDEMPTIONS: u32 = 1_000_000;
pub const USUAL_REDEMPTIONS: u32 = 100_000;
/// Most backtests that are kept for a tenant.
pub const MAX_KEPT: i64 = 100;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct BacktestOrder {
    pub name: String,
    /// The redemptions that were evaluated at this instant or later, ...
    pub from: DateTime<Utc>,
    /// ... and before this one.
    pub to: DateTime<Utc>,
    /// What the changed rules have otherwise than today's.
    pub drafts: Drafts,
    /// If there are more redemptions, some are left out.
    pub max_redemptions: u32,
}

/// How far a backtest has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BacktestState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl BacktestState {
    /// Whether there is still something to do.
    pub const fn is_unfinished(self) -> bool {
        match self {
            Self::Queued | Self::Running => true,
            Self::Done | Self::Failed | Self::Cancelled => false,
        }
    }
}
