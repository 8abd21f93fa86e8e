//! Tests of the turns, the bounds and the ends of jobs.

use std::sync::mpsc;

use tokio::task::JoinSet;
use uuid::Uuid;

use super::*;

const BOUNDS: PoolBounds = PoolBounds { threads: 1, waiting: 200, waiting_of_tenant: 150 };

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

/// Waits until another thread has updated a count.
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
    // This includes the job that occupied the thread.
    assert_eq!(counted(&metrics, Outcome::Done), 103);
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_holds_locks_still_enters() {
    let (pool, metrics) = pool(PoolBounds { threads: 1, waiting: 3, waiting_of_tenant: 2 });
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
    for (tenant, waiting) in [(noisy, 2), (quiet, 1), (third, 0)] {
        assert_eq!(pool.waiting(tenant), waiting);
        assert_eq!(pool.require_room(tenant), Err(NotDone::Full));
    }
    assert_eq!(counted(&metrics, Outcome::Refused), 5);
    drop(open);
    running.join_all().await;
    assert_eq!(metrics.pool_waiting.get(), 0);
    assert_eq!(pool.require_room(noisy), Ok(()));
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

#[tokio::test]
async fn a_seat_takes_room_from_its_own_tenant_until_it_is_dropped() {
    let (pool, _) = pool(PoolBounds { waiting: 2, waiting_of_tenant: 1, ..BOUNDS });
    let (slow, other) = (tenant(), tenant());
    let seat = pool.take_seat(slow).expect("room");
    assert_eq!(pool.require_room(slow), Err(NotDone::Full));
    assert_eq!(pool.take_seat(slow).err(), Some(NotDone::Full));
    let refused = pool.run(slow, Urgency::Usual, |_| ());
    assert_eq!(refused.await, Err(NotDone::Full));
    // Seats of other tenants make no difference.
    let _others = [pool.take_seat(tenant()), pool.take_seat(tenant())];
    assert_eq!(pool.run(other, Urgency::Usual, |_| 1).await, Ok(1));
    drop(seat);
    assert_eq!(pool.run(slow, Urgency::Usual, |_| 2).await, Ok(2));
    assert_eq!(pool.waiting(slow), 0);
}
