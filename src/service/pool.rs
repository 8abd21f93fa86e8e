//! Threads for long jobs: evaluating heavy carts and reading large bodies. The threads are few, so that a core stays
//! free for everything else. The threads that serve requests never work on a long job.
//!
//! Tenants take turns, job by job: between two jobs of a tenant, each other tenant gets at most one. Jobs that hold
//! locks in the database go first. If a job's caller is gone, the job is told to stop, or never begins.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;
use tracing::Span;

use crate::domain::id::TenantId;
use crate::engine::{STEPS_PER_MS, Stop};
use crate::metrics::{Job as Outcome, Metrics};

/// Most steps of an evaluation on a thread that serves requests: a few hundred microseconds. An evaluation that needs
/// more starts again on the pool.
pub(super) const INLINE_STEPS: u64 = 3 * STEPS_PER_MS / 10;

/// Most bytes of a request that is read on the thread where it arrives. That takes a few hundred microseconds.
const LARGE: usize = 64 * 1024;

/// Whether reading a request takes long, independent of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Small,
    /// Reading it takes long, so the pool reads it.
    Large,
}

impl Size {
    pub fn of(bytes: usize) -> Self {
        if bytes > LARGE { Self::Large } else { Self::Small }
    }
}

/// How large the pool is, and how much may wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolBounds {
    pub threads: usize,
    /// Most jobs that wait.
    pub waiting: usize,
    /// Most jobs of one tenant that wait.
    pub waiting_of_tenant: usize,
}

impl Default for PoolBounds {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { threads: cores.saturating_sub(1).max(1), waiting: 256, waiting_of_tenant: 64 }
    }
}

/// The niceness of the pool's threads. If a normal thread wants the same processor, the pool's thread gets about a
/// quarter of it.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Which jobs go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Only the caller waits for it.
    Usual,
    /// Its transaction holds locks in the database meanwhile. INVARIANT: each such job has a connection of its own, so
    /// the number of connections bounds these jobs, and no other bound is needed.
    HoldsLocks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    #[error("too many jobs wait")]
    Full,
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
    /// The number of waiting jobs and seats, readable without the lock.
    taken: AtomicUsize,
    wakes: Condvar,
    bounds: PoolBounds,
    metrics: Metrics,
}

#[derive(Default)]
struct Queue {
    urgent: Line,
    usual: Line,
    /// INVARIANT: a tenant is in this map exactly while it has seats.
    seats: FxHashMap<TenantId, usize>,
    last_id: u64,
    has_ended: bool,
}

/// Jobs that wait. Tenants take turns.
#[derive(Default)]
struct Line {
    turns: VecDeque<TenantId>,
    /// INVARIANT: a tenant is in this map exactly while it has jobs, and then it has exactly one turn.
    jobs: FxHashMap<TenantId, VecDeque<Job>>,
    len: usize,
}

/// The work of a job. It counts its outcome before it sends the answer.
type Work = Box<dyn FnOnce(&Metrics) + Send>;

struct Job {
    id: u64,
    work: Work,
}

impl Pool {
    /// Starts the threads. They wait for work.
    pub fn new(bounds: PoolBounds, metrics: Metrics) -> std::io::Result<Self> {
        metrics.pool_threads.set(i64::try_from(bounds.threads).unwrap_or(i64::MAX));
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            taken: AtomicUsize::new(0),
            wakes: Condvar::new(),
            bounds,
            metrics,
        });
        let pool = Self { owner: Arc::new(Ownership(Arc::clone(&shared))) };
        for number in 0..bounds.threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("heavy-{number}")).spawn(move || shared.work())?;
        }
        Ok(pool)
    }

    /// How many usual jobs of a tenant wait.
    pub fn waiting(&self, tenant: TenantId) -> usize {
        let shared = &*self.owner.0;
        if shared.taken.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        shared.queue().usual.of(tenant)
    }

    /// Fails if a usual job of the tenant would be refused now.
    pub fn require_room(&self, tenant: TenantId) -> Result<(), NotDone> {
        let shared = &*self.owner.0;
        let most = shared.bounds.waiting_of_tenant.min(shared.bounds.waiting);
        if shared.taken.load(Ordering::Relaxed) < most {
            return Ok(());
        }
        shared.require_room(&shared.queue(), tenant)
    }

    /// Reserves room for a job of the tenant while the job's body is being received.
    pub fn take_seat(&self, tenant: TenantId) -> Result<Seat, NotDone> {
        let shared = &self.owner.0;
        let mut queue = shared.queue();
        shared.require_room(&queue, tenant)?;
        *queue.seats.entry(tenant).or_default() += 1;
        shared.tell(&queue);
        Ok(Seat { shared: Arc::clone(shared), tenant })
    }

    /// Runs work at the tenant's turn. If the caller stops waiting before the turn, the work never begins. If the
    /// caller stops waiting after that, the work is told to stop. A panic of the work continues in the caller.
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
        let work = move |metrics: &Metrics| {
            let _entered = span.entered();
            let done = catch_unwind(AssertUnwindSafe(|| work(&own_stop)));
            metrics.pool_jobs.inc(match &done {
                Err(_) => Outcome::Panicked,
                Ok(_) if own_stop.is_stopped() => Outcome::Stopped,
                Ok(_) => Outcome::Done,
            });
            // The caller may be gone.
            let _ = answer.send(done);
        };
        let id = shared.enter(tenant, urgency, Box::new(work))?;
        let mut caller = Caller { shared, tenant, urgency, id, stop: &stop, is_answered: false };
        let answer = answered.await;
        caller.is_answered = true;
        match answer {
            Ok(Ok(done)) => Ok(done),
            // The panic continues in the caller. The code that catches the caller's panics counts and logs it.
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(NotDone::Ended),
        }
    }
}

/// Room in the queue, until the seat is dropped. The owner drops it before the job enters.
pub struct Seat {
    shared: Arc<Shared>,
    tenant: TenantId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        if let Entry::Occupied(mut own) = queue.seats.entry(self.tenant) {
            if *own.get() <= 1 {
                own.remove();
            } else {
                *own.get_mut() -= 1;
            }
        }
        self.shared.tell(&queue);
    }
}

/// The caller that waits for a job. If it is dropped before the answer, the job ends.
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
        let mut queue = self.shared.queue();
        let removed = queue.line(self.urgency).remove(self.tenant, self.id);
        self.shared.tell(&queue);
        drop(queue);
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
        let seats: usize = queue.seats.values().sum();
        self.taken.store(waiting + seats, Ordering::Relaxed);
        self.metrics.pool_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    fn require_room(&self, queue: &Queue, tenant: TenantId) -> Result<(), NotDone> {
        // A caller that sends slowly keeps its seat for long. So a seat takes room only from its own tenant.
        let seats = queue.seats.get(&tenant).copied().unwrap_or_default();
        let has_room = queue.usual.len < self.bounds.waiting
            && queue.usual.of(tenant) + seats < self.bounds.waiting_of_tenant;
        if has_room {
            return Ok(());
        }
        self.metrics.pool_jobs.inc(Outcome::Refused);
        Err(NotDone::Full)
    }

    fn enter(&self, tenant: TenantId, urgency: Urgency, work: Work) -> Result<u64, NotDone> {
        let mut queue = self.queue();
        if urgency == Urgency::Usual {
            self.require_room(&queue, tenant)?;
        }
        queue.last_id = queue.last_id.wrapping_add(1);
        let id = queue.last_id;
        queue.line(urgency).push(tenant, Job { id, work });
        self.tell(&queue);
        drop(queue);
        self.wakes.notify_one();
        Ok(id)
    }

    /// The loop of a pool thread: it runs jobs until the pool ends.
    fn work(&self) {
        give_way();
        while let Some(job) = self.next() {
            self.metrics.pool_running.inc();
            (job.work)(&self.metrics);
            self.metrics.pool_running.dec();
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

/// Gives the threads that serve requests a higher priority than this one. Niceness applies to a single thread only on
/// Linux.
pub(super) fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "a thread for long work keeps the usual priority");
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
    fn of(&self, tenant: TenantId) -> usize {
        self.jobs.get(&tenant).map_or(0, VecDeque::len)
    }

    fn push(&mut self, tenant: TenantId, job: Job) {
        let own = self.jobs.entry(tenant).or_default();
        if own.is_empty() {
            self.turns.push_back(tenant);
        }
        own.push_back(job);
        self.len += 1;
    }

    /// Takes the next job of the tenant whose turn it is. That tenant then goes to the end of the rotation.
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
mod tests;
