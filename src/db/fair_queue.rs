//! A fair queue for the database: connections are assigned to tenants in rotation.
//!
//! The pool alone serves waiting requests in the order of their arrival, so one tenant with a thousand requests would
//! make all other tenants wait behind them. Here each tenant has a queue of its own, and each free connection goes to
//! the next tenant in rotation. One tenant never holds all connections, so that another tenant need not even wait for
//! the first free one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use crate::domain::id::TenantId;

/// The queue of one pool. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct FairQueue {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    free: u32,
    /// Most permits of one tenant.
    most: u32,
    tenants: FxHashMap<TenantId, Queue>,
    /// The tenants with waiting requests, without duplicates.
    rotation: VecDeque<TenantId>,
}

#[derive(Debug, Default)]
struct Queue {
    held: u32,
    waiting: VecDeque<oneshot::Sender<Permit>>,
}

/// The right to one connection. Dropping it passes the right on.
#[derive(Debug)]
pub(super) struct Permit {
    queue: FairQueue,
    tenant: TenantId,
}

impl FairQueue {
    /// A queue for this many connections. One tenant cannot take the last fifth of them, rounded down but at least
    /// one, unless only one connection exists.
    pub(super) fn new(connections: u32) -> Self {
        let reserved = (connections / 5).max(1);
        let state = State {
            free: connections,
            most: connections.saturating_sub(reserved).max(1),
            tenants: FxHashMap::default(),
            rotation: VecDeque::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for the tenant's turn.
    pub(super) async fn acquire(&self, tenant: TenantId) -> Option<Permit> {
        let waiting = {
            let mut state = self.lock();
            let (free, most) = (state.free, state.most);
            let queue = state.tenants.entry(tenant).or_default();
            if free > 0 && queue.held < most {
                queue.held += 1;
                state.free -= 1;
                return Some(self.permit(tenant));
            }
            let (sender, waiting) = oneshot::channel();
            queue.waiting.push_back(sender);
            if queue.waiting.len() == 1 {
                state.rotation.push_back(tenant);
            }
            waiting
        };
        waiting.await.ok()
    }

    fn permit(&self, tenant: TenantId) -> Permit {
        Permit { queue: self.clone(), tenant }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn give_back(&mut self, tenant: TenantId) {
        self.free += 1;
        if let Some(queue) = self.tenants.get_mut(&tenant) {
            queue.held = queue.held.saturating_sub(1);
            if queue.held == 0 && queue.waiting.is_empty() {
                self.tenants.remove(&tenant);
            }
        }
    }

    /// The next waiting request. Its permit is already counted as taken.
    fn next(&mut self) -> Option<(TenantId, oneshot::Sender<Permit>)> {
        if self.free == 0 {
            return None;
        }
        for _ in 0..self.rotation.len() {
            let tenant = self.rotation.pop_front()?;
            let Some(queue) = self.tenants.get_mut(&tenant) else {
                continue;
            };
            // Skip requests that have stopped waiting.
            queue.waiting.retain(|sender| !sender.is_closed());
            if queue.held < self.most
                && let Some(sender) = queue.waiting.pop_front()
            {
                queue.held += 1;
                self.free -= 1;
                if !queue.waiting.is_empty() {
                    self.rotation.push_back(tenant);
                }
                return Some((tenant, sender));
            }
            if !queue.waiting.is_empty() {
                self.rotation.push_back(tenant);
            } else if queue.held == 0 {
                self.tenants.remove(&tenant);
            }
        }
        None
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let next = {
            let mut state = self.queue.lock();
            state.give_back(self.tenant);
            state.next()
        };
        if let Some((tenant, sender)) = next {
            // If the request stops waiting at this moment, the permit is dropped, which passes it on.
            let _ = sender.send(self.queue.permit(tenant));
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId::new(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_tenant_never_has_all_and_what_becomes_free_goes_to_the_next_tenant() {
        let queue = FairQueue::new(4);
        let (a, b) = (tenant(1), tenant(2));
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(queue.acquire(a).await.unwrap());
        }
        let waiting = |tenant| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.acquire(tenant).await })
        };
        let mut of_a = Vec::new();
        for _ in 0..10 {
            of_a.push(waiting(a));
        }
        tokio::task::yield_now().await;
        assert!(of_a.iter().all(|permit| !permit.is_finished()));
        // One permit is left, which the first tenant cannot take.
        let first = queue.acquire(b).await.unwrap();
        let second = waiting(b);
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        // The ten requests of the first tenant came before, but the rotation serves one of them and then this one.
        held.truncate(1);
        let second = second.await.unwrap().unwrap();
        assert_eq!(of_a.iter().filter(|permit| permit.is_finished()).count(), 1);
        drop((first, second, held));
        for permit in of_a {
            drop(permit.await.unwrap());
        }
        let state = queue.lock();
        assert_eq!((state.free, state.tenants.len(), state.rotation.len()), (4, 0, 0));
    }

    #[tokio::test]
    async fn whoever_stops_waiting_takes_nothing() {
        let queue = FairQueue::new(2);
        let held = queue.acquire(tenant(1)).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..50 {
            let queue = queue.clone();
            waiting.push(tokio::spawn(async move { queue.acquire(tenant(1)).await }));
        }
        tokio::task::yield_now().await;
        for gone in &waiting {
            gone.abort();
        }
        for gone in waiting {
            let _ = gone.await;
        }
        drop(held);
        let state = queue.lock();
        assert_eq!((state.free, state.tenants.len()), (2, 0));
    }
}
