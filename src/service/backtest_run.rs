//! Works on a backtest (spec 15.3): reads the ledger page by page, prices each recorded cart, and records the result.
//!
//! A thread of its own does all that takes long, and rests so that all backtests of an instance together take at most a
//! quarter of its cores. Beside it, the lease is renewed. An instance that begins a backtest begins at the first
//! redemption, whatever another one has done before: so what comes of it depends on the ledger and the rules alone.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep;
use uuid::Uuid;

use super::backtest_pages::Pages;
use super::drafts::Trial;
use super::handle::now;
use super::pool::give_way;
use super::{Service, ServiceError};
use crate::db;
use crate::db::backtests::{BegunRow, End, Lease};
use crate::domain::backtest::BacktestOrder;
use crate::domain::id::{BacktestId, PromotionId, TenantId};
use crate::engine::{Arms, Backtest, Broken, RuleSet, Stop};
use crate::wire;
use crate::wire::backtests::Context;
use crate::wire::decode::Value;
use crate::wire::faults::{Faults, ListReference};
use crate::wire::json::Json;

/// How long an instance has a backtest without renewing its lease.
const LEASE: Duration = Duration::from_secs(15);
/// How often it renews the lease.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// How often instances may begin a backtest in vain before it has failed.
const MAX_ATTEMPTS: i32 = 10;
/// How long a thread works between two rests.
const WORK: Duration = Duration::from_millis(20);
/// Longest rest without a look at whether to stop.
const REST: Duration = Duration::from_millis(100);

/// How much of the machine backtests take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many backtests an instance works on at a time, each with one thread.
    pub threads: usize,
    /// Of so many quarters of its time a thread works one; a thread with 1 never rests.
    quarters: (u32, u32),
}

impl Share {
    /// A quarter of the cores. On fewer than four, one thread works for only a part of its time.
    pub fn of(cores: usize) -> Self {
        let few = u32::try_from(cores.clamp(1, 4)).unwrap_or(4);
        Self { threads: (cores / 4).max(1), quarters: (few, 4) }
    }

    pub fn of_this_machine() -> Self {
        Self::of(thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    /// How long to rest after so much work.
    fn rest(self, worked: Duration) -> Duration {
        let (cores, all) = self.quarters;
        worked.saturating_mul(all - cores) / cores
    }
}

/// A backtest that this instance has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    tenant: TenantId,
    lease: Lease,
    input: String,
    attempts: i32,
}

/// How far the thread has come.
#[derive(Default)]
struct Progress {
    done: AtomicI64,
    total: AtomicI64,
}

/// Why there is no result.
enum Ended {
    /// It can never have one, for this reason.
    Failed(String),
    /// The thread was stopped, or something failed that may work when the backtest is begun again.
    Interrupted,
}

impl<E: Into<ServiceError>> From<E> for Ended {
    fn from(error: E) -> Self {
        match error.into() {
            ServiceError::Invalid(faults) => {
                let faults = faults.as_slice().iter();
                let told = faults.map(|fault| format!("{}: {}", fault.pointer, fault.message));
                Self::Failed(told.collect::<Vec<_>>().join("; "))
            }
            error => {
                tracing::warn!(%error, "a backtest was interrupted");
                Self::Interrupted
            }
        }
    }
}

impl Service {
    /// Begins the tenant's next backtest, unless one is worked on.
    pub async fn begin_backtest(&self, tenant: TenantId) -> Result<Option<Begun>, ServiceError> {
        let worker = Uuid::now_v7();
        let begun = self.db().tenant(tenant, move |tx| {
            Box::pin(async move { db::backtests::begin(tx, worker, LEASE).await })
        });
        let begun = begun.await.map_err(|error: db::DbError| error)?;
        Ok(begun.map(|BegunRow { backtest_id, input, attempts }| {
            let lease = Lease { backtest: BacktestId::new(backtest_id), worker };
            Begun { tenant, lease, input, attempts }
        }))
    }

    /// Works on a backtest until it ends or the lease is lost. When this future is dropped, the work stops, and after a
    /// while another instance begins it anew.
    pub async fn run_backtest(&self, begun: Begun, share: Share) -> Result<(), ServiceError> {
        let (progress, stop) = (Arc::new(Progress::default()), StopOnDrop(Arc::default()));
        let (tenant, lease) = (begun.tenant, begun.lease);
        let ended = if begun.attempts > MAX_ATTEMPTS {
            Err(Ended::Failed(format!("it was interrupted {MAX_ATTEMPTS} times")))
        } else {
            let work = Work {
                service: self.clone(),
                begun,
                share,
                progress: Arc::clone(&progress),
                stop: Arc::clone(&stop.0),
            };
            tokio::select! {
                ended = work.on_a_thread() => ended,
                lost = self.keep_lease(tenant, lease, &progress) => return lost,
            }
        };
        let end = match ended {
            Ok(result) => End::Done(result),
            Err(Ended::Failed(why)) => End::Failed(why),
            Err(Ended::Interrupted) => return Ok(()),
        };
        let (clock, total) = (self.clock().clone(), progress.total.load(Ordering::Relaxed));
        let ended = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let now = now(tx, &clock).await?;
                db::backtests::end(tx, lease, total, &end, now).await?;
                Ok(())
            })
        });
        ended.await
    }

    /// Renews the lease again and again. Ends when it is lost: the backtest was cancelled, or another instance has it.
    async fn keep_lease(
        &self,
        tenant: TenantId,
        lease: Lease,
        progress: &Progress,
    ) -> Result<(), ServiceError> {
        loop {
            sleep(RENEW_EVERY).await;
            let done = progress.done.load(Ordering::Relaxed);
            let total = progress.total.load(Ordering::Relaxed);
            let renewed = self.db().tenant(tenant, move |tx| {
                Box::pin(async move { db::backtests::renew(tx, lease, done, total, LEASE).await })
            });
            match renewed.await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                // The lease may still be renewed in time. If it is not, another instance takes it.
                Err(error) => tracing::warn!(%error, "the lease of a backtest cannot be renewed"),
            }
        }
    }
}

/// Stops the thread when nobody waits for it any more.
struct StopOnDrop(Arc<Stop>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The work of the thread.
struct Work {
    service: Service,
    begun: Begun,
    share: Share,
    progress: Arc<Progress>,
    stop: Arc<Stop>,
}

impl Work {
    async fn on_a_thread(self) -> Result<String, Ended> {
        let (answer, answered) = oneshot::channel();
        let runtime = Handle::current();
        let work = move || {
            give_way();
            // If nobody waits any more, nobody wants the answer.
            let _ = answer.send(self.price_all(&runtime));
        };
        let spawned = thread::Builder::new().name("backtest".to_owned()).spawn(work);
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread for a backtest");
            return Err(Ended::Interrupted);
        }
        // Without an answer the thread has panicked. It would again.
        let failed = |_| Err(Ended::Failed("pricing a redemption failed".to_owned()));
        answered.await.unwrap_or_else(failed)
    }

    fn price_all(&self, runtime: &Handle) -> Result<String, Ended> {
        let (order, rules, codes) = runtime.block_on(self.prepare())?;
        let service = self.service.clone();
        let mut pages = Pages::new(service, self.begun.tenant, &order, codes);
        let total = runtime.block_on(pages.count(&self.stop))?;
        let every = total.div_ceil(u64::from(order.max_redemptions)).max(1);
        self.progress.total.store(to_i64(total.div_ceil(every)), Ordering::Relaxed);
        let mut backtest = Backtest::new(rules.clone());
        let mut shift = Shift::new(self.share);
        while let Some(page) = runtime.block_on(pages.next(every))? {
            shift.begin();
            for row in &page.rows {
                let cart = pages.cart(row, &page)?;
                match backtest.add(&cart, &self.stop) {
                    Ok(()) => {}
                    Err(Broken::Stopped) => return Err(Ended::Interrupted),
                    Err(Broken::TooManyCounters) => {
                        let why = "too many counters of limits are in use: take fewer redemptions";
                        return Err(Ended::Failed(why.to_owned()));
                    }
                }
                self.progress.done.fetch_add(1, Ordering::Relaxed);
                shift.rest(&self.stop);
            }
            if self.stop.is_stopped() {
                return Err(Ended::Interrupted);
            }
        }
        Ok(wire::backtests::print(&backtest.finish(), Context { rules: &rules, every }))
    }

    /// Reads what is asked for, and makes the rules of both arms.
    async fn prepare(
        &self,
    ) -> Result<(BacktestOrder, Arms<Arc<RuleSet>>, Vec<(String, PromotionId)>), Ended> {
        let (service, tenant) = (&self.service, self.begun.tenant);
        let at = service.clock().now();
        let (order, lists) = read(&self.begun.input).map_err(ServiceError::Invalid)?;
        // Promotions that ended long ago are needed in full.
        let rules = service.cache().rules_at(tenant, order.from.min(at));
        let baseline = rules.await.map_err(ServiceError::from)?;
        let trial = Trial { drafts: order.drafts.clone(), lists };
        let (changes, codes) = service.changes(tenant, &baseline, trial, at).await?;
        let changed = Arc::new(baseline.recompiled(changes));
        Ok((order, Arms { baseline, changed }, codes))
    }
}

/// Reads a stored body again.
fn read(input: &str) -> Result<(BacktestOrder, Vec<ListReference>), Faults> {
    let mut faults = Faults::new();
    let Ok(json) = Json::parse(input.as_bytes()) else {
        return Err(faults);
    };
    let order = wire::backtests::parse(Value::root(&json), &mut faults);
    match order {
        Some(order) if faults.is_empty() => Ok((order, faults.take_lists())),
        _ => Err(faults),
    }
}

/// The time that a thread has worked since its last rest.
struct Shift {
    share: Share,
    begun: Instant,
}

impl Shift {
    fn new(share: Share) -> Self {
        Self { share, begun: Instant::now() }
    }

    /// Begins to count: what came before was waiting.
    fn begin(&mut self) {
        self.begun = Instant::now();
    }

    /// Rests, if the thread has worked for long enough.
    fn rest(&mut self, stop: &Stop) {
        let worked = self.begun.elapsed();
        if worked < WORK {
            return;
        }
        let mut left = self.share.rest(worked);
        while !left.is_zero() && !stop.is_stopped() {
            let rest = left.min(REST);
            thread::sleep(rest);
            left = left.saturating_sub(rest);
        }
        self.begin();
    }
}

fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backtests_take_at_most_a_quarter_of_the_cores() {
        let hundred = Duration::from_millis(100);
        for (cores, threads, rest) in
            [(1, 1, 300), (2, 1, 100), (3, 1, 33), (4, 1, 0), (7, 1, 0), (8, 2, 0), (64, 16, 0)]
        {
            let share = Share::of(cores);
            let told = (share.threads, share.rest(hundred).as_millis());
            assert_eq!(told, (threads, rest), "{cores} cores");
        }
    }
}
