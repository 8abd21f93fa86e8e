//! Whether the database's machine is failing. Statements that meet such a failure record it, and the readiness check
//! reads it.
//!
//! Such a failure affects only some statements: with a full disk, writes that fit into existing pages still succeed. So
//! a test statement of the readiness check could not detect it; the failures of real statements count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::convert::millis;

/// How long the database counts as failing after such a failure. Meanwhile a load balancer sends requests elsewhere.
/// The first requests after that show whether the failure is over.
const FAILING_FOR: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// The health that the statements of this transaction report to.
    static HEALTH: Health;
}

/// The health of one database's machine. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Health {
    begun: Instant,
    /// When it stops counting as failing, in milliseconds after `begun`; 0 if it never failed.
    failing_until_ms: Arc<AtomicU64>,
    lacks_standby: Arc<AtomicBool>,
}

impl Health {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            failing_until_ms: Arc::default(),
            lacks_standby: Arc::default(),
        }
    }

    /// Runs a future whose statements report failures here.
    pub(super) async fn watch<T>(&self, run: impl Future<Output = T>) -> T {
        HEALTH.scope(self.clone(), run).await
    }

    /// Whether a statement has met such a failure a moment ago.
    pub(super) fn is_failing(&self) -> bool {
        self.age_ms() < self.failing_until_ms.load(Ordering::Relaxed)
    }

    pub(super) fn note_standby(&self, is_missing: bool) {
        self.lacks_standby.store(is_missing, Ordering::Relaxed);
    }

    pub(super) fn lacks_standby(&self) -> bool {
        self.lacks_standby.load(Ordering::Relaxed)
    }

    fn age_ms(&self) -> u64 {
        millis(self.begun.elapsed())
    }
}

/// Records a failure. Does nothing outside of [`Health::watch`].
pub(super) fn note_failing() {
    let _ = HEALTH.try_with(|health| {
        let until = health.age_ms().saturating_add(millis(FAILING_FOR));
        health.failing_until_ms.store(until, Ordering::Relaxed);
    });
}
