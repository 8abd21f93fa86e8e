//! Whether the machine under the database fails: whoever is told so by a statement leaves word, and readiness asks.
//!
//! Such faults meet some statements and not others: a full disk takes what fits into pages that are there already. So no
//! statement of readiness' own could tell; what real work met is what counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long after such a fault the database counts as failing. A balancer then sends elsewhere what would fail; the
/// first requests after it tell whether it is over.
const FAILING_FOR: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// Where the statements of this transaction leave word.
    static HEALTH: Health;
}

/// What is known of the machine under one database. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Health {
    begun: Instant,
    /// Milliseconds from there to the end of failing; 0: it never has.
    failing_until_ms: Arc<AtomicU64>,
}

impl Health {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), failing_until_ms: Arc::default() }
    }

    /// Runs what may meet such a fault.
    pub(super) async fn watch<T>(&self, run: impl Future<Output = T>) -> T {
        HEALTH.scope(self.clone(), run).await
    }

    /// Whether a statement has met such a fault a moment ago.
    pub(super) fn is_failing(&self) -> bool {
        self.age_ms() < self.failing_until_ms.load(Ordering::Relaxed)
    }

    fn age_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Leaves word of a fault. Outside of a transaction nobody waits for it.
pub(super) fn note_failing() {
    let _ = HEALTH.try_with(|health| {
        let pause = u64::try_from(FAILING_FOR.as_millis()).unwrap_or(u64::MAX);
        let until = health.age_ms().saturating_add(pause);
        health.failing_until_ms.store(until, Ordering::Relaxed);
    });
}
