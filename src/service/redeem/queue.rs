//! The orders that wait to be redeemed, by tenant and lane, and the writers that commit them in groups.
//!
//! A writer takes the waiting orders and commits them as a group; meanwhile the next group gathers. There is no timer:
//! a single order is taken at once. Orders on counters that all customers share go through one writer, because two
//! writers would only wait for each other's locks. The other orders have writers of their own, so that a hot promotion
//! does not delay the tenant's other orders.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::oneshot;

use super::order::{MAX_GROUP_MS, Pace, Pending, Verdict};
use crate::domain::id::TenantId;

/// Most orders of one transaction.
const MAX_GROUP: usize = 128;
/// Most bytes of requests in one transaction.
const MAX_GROUP_BYTES: usize = 4 * 1024 * 1024;

/// Which queue an order waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Light orders that could use counters that all customers share.
    Shared,
    /// Light orders that use no counters, or only those of one customer or code.
    Own,
    /// Medium and heavy orders. They delay only each other.
    Slow,
}

impl Lane {
    /// How many groups of a tenant and lane are committed at the same time.
    const fn writers(self) -> usize {
        match self {
            Self::Shared | Self::Slow => 1,
            Self::Own => 2,
        }
    }
}

/// All queues. Clones share them.
#[derive(Clone, Default)]
pub struct Queues {
    queues: Arc<Mutex<FxHashMap<(TenantId, Lane), Queue>>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    writers: usize,
}

/// An order, and where its answer goes.
pub(super) struct Waiting {
    pub(super) pending: Arc<Pending>,
    pub(super) pace: Pace,
    pub(super) answer: oneshot::Sender<Verdict>,
}

impl Queues {
    /// How many orders wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.all().values().map(|queue| queue.waiting.len()).sum()
    }

    fn all(&self) -> MutexGuard<'_, FxHashMap<(TenantId, Lane), Queue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an order into its queue. Returns whether the caller must start a writer.
    pub(super) fn enter(&self, tenant: TenantId, lane: Lane, waiting: Waiting) -> bool {
        let mut queues = self.all();
        let queue = queues.entry((tenant, lane)).or_default();
        queue.waiting.push_back(waiting);
        let starts = queue.writers < lane.writers();
        if starts {
            queue.writers += 1;
        }
        starts
    }

    /// Takes waiting orders, in their order, up to the bounds of a transaction. It takes one order for each transaction
    /// id: a later group then finds the outcome of the first. `None` means that nothing waits. The caller's writer then
    /// no longer counts and must end.
    pub(super) fn take(&self, tenant: TenantId, lane: Lane) -> Option<Vec<Waiting>> {
        let mut queues = self.all();
        let queue = queues.get_mut(&(tenant, lane))?;
        let mut taken = Vec::new();
        let mut ids = FxHashSet::default();
        let (mut bytes, mut total_ms) = (0, 0);
        let mut left = VecDeque::new();
        while let Some(waiting) = queue.waiting.pop_front() {
            if waiting.answer.is_closed() {
                continue;
            }
            let size = waiting.pending.request.len();
            let ms = waiting.pace.milliseconds(waiting.pending.search_ms);
            let has_room = taken.is_empty()
                || (taken.len() < MAX_GROUP
                    && bytes + size <= MAX_GROUP_BYTES
                    && total_ms + ms <= MAX_GROUP_MS);
            if has_room && ids.insert(waiting.pending.order.transaction_id.clone()) {
                bytes += size;
                total_ms += ms;
                taken.push(waiting);
            } else {
                left.push_back(waiting);
            }
        }
        queue.waiting = left;
        if !taken.is_empty() {
            return Some(taken);
        }
        queue.writers = queue.writers.saturating_sub(1);
        if queue.writers == 0 {
            queues.remove(&(tenant, lane));
        }
        None
    }
}
