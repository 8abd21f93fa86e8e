//! How long each kind of work may take. A handler that takes too long is answered with 503: `unavailable` for reads,
//! which change nothing, and `outcome_unknown` for writes.

use std::time::Duration;

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the end of the headers to the end of the body.
    pub body: Duration,
    pub evaluate: Duration,
    /// A redemption, or a change of its state.
    pub redeem: Duration,
    pub admin: Duration,
    /// A bulk write, or a read that counts many redemptions.
    pub bulk: Duration,
    /// An extra delay of all work. Only tests set it, to make an instance slow.
    pub delay: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            body: Duration::from_secs(10),
            evaluate: Duration::from_secs(1),
            redeem: Duration::from_secs(3),
            admin: Duration::from_secs(10),
            bulk: Duration::from_secs(60),
            delay: Duration::ZERO,
        }
    }
}

/// The time limit of some work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// The price of a cart. It only reads.
    Evaluation,
    Redemption,
    Read,
    BulkRead,
    Write,
    BulkWrite,
}

impl Deadline {
    pub fn of(self, timeouts: &Timeouts) -> Duration {
        match self {
            Self::Evaluation => timeouts.evaluate,
            Self::Redemption => timeouts.redeem,
            Self::Read | Self::Write => timeouts.admin,
            Self::BulkRead | Self::BulkWrite => timeouts.bulk,
        }
    }

    /// Whether the work changes something.
    pub fn is_of_write(self) -> bool {
        match self {
            Self::Evaluation | Self::Read | Self::BulkRead => false,
            Self::Redemption | Self::Write | Self::BulkWrite => true,
        }
    }
}
