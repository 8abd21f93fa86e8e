//! Threads for what takes long: evaluations of heavy carts, and the reading of large bodies. They are few, so that a core
//! stays free for everything else, and the threads that serve requests never work on such a thing themselves.
//!
//! Tenants take turns, job by job: whoever asks for one waits for at most one job of each other tenant. What holds locks
//! in the database goes first. A job whose caller is gone is told to stop, or never begins.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;
use tracing::Span;

use crate::domain::id::TenantId;
use crate::engine::Stop;
use crate::metrics::{Job as Outcome, Metrics};

/// How large the pool is, and how much may wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolBounds {
    /// How many jobs are worked on at the same time.
    pub threads: usize,
    /// Most jobs that wait.
    pub waiting: usize,
    /// Most of them that are one tenant's.
    pub waiting_of_tenant: usize,
}

impl Default for PoolBounds {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            threads: cores.saturating_sub(1).max(1),
            waiting: 256,
            waiting_of_tenant: 64,
        }
    }
}

/// Which jobs go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Nobody but the caller waits for it.
    Usual,
    /// Locks in the database are held meanwhile. INVARIANT: as many as there are connections at most, so that their number
    /// needs no other bound.
    HoldsLocks,
}

/// Why a job has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// Too many jobs wait.
    #[error("too many jobs wait")]
    Full,
    /// The pool has ended.
    #[error("the pool has ended")]
    Ended,
}

/// The pool. Clones share it; its threads end with the last of them.
#[derive(Clone)]
pub struct Pool {
    owner: Arc<Ownership>,
}

struct Ownership(Arc<Shared>);

impl Drop for Ownership {
    fn drop(&mut self) {
        self.0.queue().has_ended = true;
        self.0.wakes.notify_all();
    }
}

struct Shared {
    queue: Mutex<Queue>,
    wakes: Condvar,
    bounds: PoolBounds,
    metrics: Metrics,
}

#[derive(Default)]
struct Queue {
    urgent: Line,
    usual: Line,
    last_id: u64,
    has_ended: bool,
}

/// Jobs that wait. Tenants take turns.
#[derive(Default)]
struct Line {
    turns: VecDeque<TenantId>,
    /// INVARIANT: a tenant is here while it has jobs, and then it has one turn.
    jobs: FxHashMap<TenantId, VecDeque<Job>>,
    len: usize,
}

struct Job {
    id: u64,
    work: Box<dyn FnOnce() -> Outcome + Send>,
}

impl Pool {
    /// Starts the threads. They begin when there is work.
    pub fn new(bounds: PoolBounds, metrics: Metrics) -> std::io::Result<Self> {
        metrics
            .pool_threads
            .set(i64::try_from(bounds.threads).unwrap_or(i64::MAX));
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wakes: Condvar::new(),
            bounds,
            metrics,
        });
        let pool = Self {
            owner: Arc::new(Ownership(Arc::clone(&shared))),
        };
        for number in 0..bounds.threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name(format!("heavy-{number}"))
                .spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// Works on something at the tenant's turn. Whoever stops waiting ends it: before its turn it never begins, and then
    /// it is told to stop. Panics where the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        tenant: TenantId,
        urgency: Urgency,
        work: impl FnOnce(&Stop) -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let shared = &*self.owner.0;
        let stop = Arc::new(Stop::default());
        let (answer, answered) = oneshot::channel();
        let (own_stop, span) = (Arc::clone(&stop), Span::current());
        let work = move || {
            let _entered = span.entered();
            let done = catch_unwind(AssertUnwindSafe(|| work(&own_stop)));
            let outcome = match &done {
                Err(_) => Outcome::Panicked,
                Ok(_) if own_stop.is_stopped() => Outcome::Stopped,
                Ok(_) => Outcome::Done,
            };
            // Nobody may be there any more.
            let _ = answer.send(done);
            outcome
        };
        let id = shared.enter(tenant, urgency, Box::new(work))?;
        let mut caller = Caller {
            shared,
            tenant,
            urgency,
            id,
            stop: &stop,
            is_answered: false,
        };
        let answer = answered.await;
        caller.is_answered = true;
        match answer {
            Ok(Ok(done)) => Ok(done),
            // It is the caller's panic: whoever catches those of the caller counts it and tells of it.
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(NotDone::Ended),
        }
    }
}

/// Whoever waits for a job: gone before the answer, the job ends.
struct Caller<'p> {
    shared: &'p Shared,
    tenant: TenantId,
    urgency: Urgency,
    id: u64,
    stop: &'p Stop,
    is_answered: bool,
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        self.stop.stop();
        let removed = {
            let mut queue = self.shared.queue();
            let removed = queue.line(self.urgency).remove(self.tenant, self.id);
            self.shared.tell(&queue);
            removed
        };
        if removed.is_some() {
            self.shared.metrics.pool_jobs.inc(Outcome::Skipped);
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, queue: &Queue) {
        let waiting = queue.usual.len.saturating_add(queue.urgent.len);
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.metrics.pool_waiting.set(waiting);
    }

    fn enter(
        &self,
        tenant: TenantId,
        urgency: Urgency,
        work: Box<dyn FnOnce() -> Outcome + Send>,
    ) -> Result<u64, NotDone> {
        let mut queue = self.queue();
        let own = queue.usual.jobs.get(&tenant).map_or(0, VecDeque::len);
        let has_room = queue.usual.len < self.bounds.waiting && own < self.bounds.waiting_of_tenant;
        if urgency == Urgency::Usual && !has_room {
            drop(queue);
            self.metrics.pool_jobs.inc(Outcome::Refused);
            return Err(NotDone::Full);
        }
        queue.last_id = queue.last_id.wrapping_add(1);
        let id = queue.last_id;
        queue.line(urgency).push(tenant, Job { id, work });
        self.tell(&queue);
        drop(queue);
        self.wakes.notify_one();
        Ok(id)
    }

    /// A thread of the pool: job after job, until the pool ends.
    fn work(&self) {
        while let Some(job) = self.next() {
            self.metrics.pool_running.inc();
            let outcome = (job.work)();
            self.metrics.pool_running.dec();
            self.metrics.pool_jobs.inc(outcome);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if queue.has_ended {
                return None;
            }
            if let Some(job) = queue.take() {
                self.tell(&queue);
                return Some(job);
            }
            let woken = self.wakes.wait(queue);
            queue = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Queue {
    fn line(&mut self, urgency: Urgency) -> &mut Line {
        match urgency {
            Urgency::Usual => &mut self.usual,
            Urgency::HoldsLocks => &mut self.urgent,
        }
    }

    fn take(&mut self) -> Option<Job> {
        self.urgent.take().or_else(|| self.usual.take())
    }
}

impl Line {
    fn push(&mut self, tenant: TenantId, job: Job) {
        let own = self.jobs.entry(tenant).or_default();
        if own.is_empty() {
            self.turns.push_back(tenant);
        }
        own.push_back(job);
        self.len += 1;
    }

    /// The job of whose turn it is, who is the last in turn then.
    fn take(&mut self) -> Option<Job> {
        let tenant = self.turns.pop_front()?;
        let own = self.jobs.get_mut(&tenant)?;
        let job = own.pop_front();
        if own.is_empty() {
            self.jobs.remove(&tenant);
        } else {
            self.turns.push_back(tenant);
        }
        self.len = self.len.saturating_sub(usize::from(job.is_some()));
        job
    }

    fn remove(&mut self, tenant: TenantId, id: u64) -> Option<Job> {
        let own = self.jobs.get_mut(&tenant)?;
        let place = own.iter().position(|job| job.id == id)?;
        let job = own.remove(place);
        if own.is_empty() {
            self.jobs.remove(&tenant);
            self.turns.retain(|other| *other != tenant);
        }
        self.len = self.len.saturating_sub(1);
        job
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::task::JoinSet;
    use uuid::Uuid;

    use super::*;

    const BOUNDS: PoolBounds = PoolBounds {
        threads: 1,
        waiting: 200,
        waiting_of_tenant: 150,
    };

    fn pool(bounds: PoolBounds) -> (Pool, Metrics) {
        let metrics = Metrics::default();
        let pool = Pool::new(bounds, metrics.clone()).expect("threads");
        (pool, metrics)
    }

    fn tenant() -> TenantId {
        TenantId::new(Uuid::now_v7())
    }

    fn counted(metrics: &Metrics, outcome: Outcome) -> u64 {
        metrics.pool_jobs.get(outcome).map_or(0, |own| own.get())
    }

    /// Waits for what another thread counts.
    async fn until(what: impl Fn() -> bool) {
        for _ in 0..500 {
            if what() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("it does not come");
    }

    /// Occupies the only thread until the sender is dropped.
    async fn occupy(pool: &Pool, metrics: &Metrics, running: &mut JoinSet<()>) -> mpsc::Sender<()> {
        let (open, gate) = mpsc::channel::<()>();
        let own = pool.clone();
        running.spawn(async move {
            let work = move |_: &Stop| {
                let _ = gate.recv();
            };
            own.run(tenant(), Urgency::Usual, work).await.expect("done");
        });
        until(|| metrics.pool_running.get() == 1).await;
        open
    }

    #[tokio::test]
    async fn a_tenant_with_a_hundred_jobs_holds_up_another_by_one() {
        let (pool, metrics) = pool(BOUNDS);
        let mut running = JoinSet::new();
        let open = occupy(&pool, &metrics, &mut running).await;
        let order: Arc<Mutex<Vec<&str>>> = Arc::default();
        let (noisy, quiet) = (tenant(), tenant());
        let mut add = |tenant, urgency, name| {
            let (own, order) = (pool.clone(), Arc::clone(&order));
            running.spawn(async move {
                let work = move |_: &Stop| order.lock().expect("a list").push(name);
                own.run(tenant, urgency, work).await.expect("done");
            });
        };
        for _ in 0..100 {
            add(noisy, Urgency::Usual, "noisy");
        }
        until(|| metrics.pool_waiting.get() == 100).await;
        add(quiet, Urgency::Usual, "quiet");
        until(|| metrics.pool_waiting.get() == 101).await;
        add(quiet, Urgency::HoldsLocks, "holds locks");
        until(|| metrics.pool_waiting.get() == 102).await;
        drop(open);
        running.join_all().await;
        let order = order.lock().expect("a list");
        assert_eq!(order[..3], ["holds locks", "noisy", "quiet"]);
        assert_eq!(order.len(), 102);
        // The job that occupied the thread among them.
        assert_eq!(counted(&metrics, Outcome::Done), 103);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_what_holds_locks_still_enters() {
        let (pool, metrics) = pool(PoolBounds {
            threads: 1,
            waiting: 3,
            waiting_of_tenant: 2,
        });
        let mut running = JoinSet::new();
        let open = occupy(&pool, &metrics, &mut running).await;
        let (noisy, quiet, third) = (tenant(), tenant(), tenant());
        for (number, (tenant, urgency, expected)) in [
            (noisy, Urgency::Usual, Ok(())),
            (noisy, Urgency::Usual, Ok(())),
            (noisy, Urgency::Usual, Err(NotDone::Full)),
            (quiet, Urgency::Usual, Ok(())),
            (third, Urgency::Usual, Err(NotDone::Full)),
            (noisy, Urgency::HoldsLocks, Ok(())),
        ]
        .into_iter()
        .enumerate()
        {
            let before = metrics.pool_waiting.get();
            let own = pool.clone();
            let mut job = Box::pin(async move { own.run(tenant, urgency, |_| ()).await });
            let answered =
                std::future::poll_fn(|context| std::task::Poll::Ready(job.as_mut().poll(context)));
            match (answered.await, expected) {
                (std::task::Poll::Ready(answer), Err(_)) => assert_eq!(answer, expected),
                (std::task::Poll::Pending, Ok(())) => {
                    assert_eq!(metrics.pool_waiting.get(), before + 1, "{number}");
                    running.spawn(async move { job.await.expect("done") });
                }
                (answered, _) => panic!("{number}: {answered:?}"),
            }
        }
        assert_eq!(counted(&metrics, Outcome::Refused), 2);
        drop(open);
        running.join_all().await;
        assert_eq!(metrics.pool_waiting.get(), 0);
    }

    #[tokio::test]
    async fn whoever_goes_away_ends_the_work_and_never_begins_what_waits() {
        let (pool, metrics) = pool(BOUNDS);
        let own = pool.clone();
        let worked_on = tokio::spawn(async move {
            let work = |stop: &Stop| {
                while !stop.is_stopped() {
                    thread::yield_now();
                }
            };
            own.run(tenant(), Urgency::Usual, work).await
        });
        until(|| metrics.pool_running.get() == 1).await;
        let own = pool.clone();
        let waiting = tokio::spawn(async move {
            let never = |_: &Stop| panic!("nobody waits for it");
            own.run(tenant(), Urgency::Usual, never).await
        });
        until(|| metrics.pool_waiting.get() == 1).await;
        waiting.abort();
        until(|| metrics.pool_waiting.get() == 0).await;
        worked_on.abort();
        until(|| metrics.pool_running.get() == 0).await;
        until(|| counted(&metrics, Outcome::Stopped) == 1).await;
        assert_eq!(counted(&metrics, Outcome::Skipped), 1);
        assert_eq!(counted(&metrics, Outcome::Panicked), 0);
    }

    #[tokio::test]
    async fn a_panic_is_the_callers_and_the_pool_lives_on() {
        let (pool, metrics) = pool(BOUNDS);
        let own = pool.clone();
        let panics = |_: &Stop| -> u8 { panic!("on purpose") };
        let broken = tokio::spawn(async move { own.run(tenant(), Urgency::Usual, panics).await });
        let error = broken.await.expect_err("a panic");
        assert!(error.is_panic());
        assert_eq!(pool.run(tenant(), Urgency::Usual, |_| 7).await, Ok(7));
        assert_eq!(counted(&metrics, Outcome::Panicked), 1);
    }
}
