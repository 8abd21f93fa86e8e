//! P17: an evaluation ends when nobody waits for it any more: at its time limit, when its caller hangs up, and when the
//! service has stopped. Whoever comes next does not wait for the rest of it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use promotion_engine::domain::id::TenantId;
use promotion_engine::metrics::{Job, Metrics};
use promotion_engine::service::pool::{PoolBounds, Urgency};
use reqwest::StatusCode;
use support::TestDatabase;
use support::harness::{Service, Tenant, random_id};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::hostile::{self, TOO_MANY};

/// One thread: whatever is given to it is done when it is free.
const ONE_THREAD: PoolBounds = PoolBounds { threads: 1, waiting: 100, waiting_of_tenant: 100 };
/// The quickest of so many counts: a machine that does other things too is not always slow.
const ROUNDS: u64 = 5;
/// Long enough for anything but what never ends.
const PATIENCE: Duration = Duration::from_secs(60);

async fn patient(database: &TestDatabase) -> Service {
    Service::on(database, |options| {
        options.pool = ONE_THREAD;
        options.timeouts.evaluate = PATIENCE;
        options.limits.hang_up = Duration::from_millis(1);
        options.limits.watch_every = Duration::from_millis(10);
    })
    .await
}

/// How long the cart takes where nothing ends it.
async fn whole(service: &Service, tenant: &Tenant) -> Duration {
    let begun = Instant::now();
    let cart = hostile::cart();
    let refused = service.post("/v1/evaluate-cart", &tenant.pos, cart).await;
    refused.expect_code(422, "too_complex");
    let took = begun.elapsed();
    until_free(service).await;
    took
}

/// Waits until the only thread of the pool has done what it was given.
async fn until_free(service: &Service) {
    let pool = service.app.service().pool().clone();
    let nobody = TenantId::new(random_id().parse().unwrap());
    let nothing = |_: &_| {};
    pool.run(nobody, Urgency::Usual, nothing).await.expect("done");
    let metrics = service.app.service().metrics();
    until(|| metrics.pool_running.get() == 0).await;
}

async fn until(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < PATIENCE, "it does not come");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn jobs(metrics: &Metrics, outcome: Job) -> u64 {
    metrics.pool_jobs.get(outcome).map_or(0, |own| own.get())
}

/// What a metric says.
async fn shown(service: &Service, series: &str) -> u64 {
    crate::unread_answers::metric(service, series).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_ends_at_its_time_limit_and_its_thread_is_free() {
    let database = TestDatabase::new().await;
    let patient = patient(&database).await;
    let tenant = hostile::tenant(&patient, TOO_MANY, 200).await;
    let whole = whole(&patient, &tenant).await;
    let hurried = Service::on(&database, |options| {
        options.pool = ONE_THREAD;
        options.timeouts.evaluate = whole / 10;
    })
    .await;
    // The limit is for the evaluation, not for the loading of the rules.
    let id = TenantId::new(tenant.id.parse().unwrap());
    let loaded = hurried.app.service().cache().rules(id).await;
    loaded.expect("the rules");
    let mut quickest = Duration::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let cart = hostile::cart();
        let late = hurried.post("/v1/evaluate-cart", &tenant.pos, cart).await;
        late.expect_code(503, "unavailable");
        until_free(&hurried).await;
        quickest = quickest.min(begun.elapsed());
    }
    assert!(quickest * 2 < whole, "busy for {quickest:?}, though the whole takes {whole:?}");
    let late = shown(&hurried, r#"timeouts_total{stage="read"}"#).await;
    assert_eq!(late, ROUNDS);
    let stopped = shown(&hurried, r#"pool_jobs_total{outcome="stopped"}"#).await;
    let skipped = shown(&hurried, r#"pool_jobs_total{outcome="skipped"}"#).await;
    assert!(stopped > 0, "no evaluation had begun");
    assert_eq!(stopped + skipped, ROUNDS);
    // Nothing was done but what `until_free` asked for.
    let metrics = hurried.app.service().metrics();
    until(|| jobs(metrics, Job::Done) == ROUNDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluation_ends_when_its_caller_hangs_up() {
    let database = TestDatabase::new().await;
    let service = patient(&database).await;
    let tenant = hostile::tenant(&service, TOO_MANY, 200).await;
    let whole = whole(&service, &tenant).await;
    let metrics = service.app.service().metrics().clone();
    let url = format!("http://{}/v1/evaluate-cart", service.address());
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for is_http2 in [false, true] {
        let before = jobs(&metrics, Job::Stopped);
        let mut quickest = Duration::MAX;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let is_running = || metrics.pool_running.get() == 1;
            if is_http2 {
                let request = client.post(&url).bearer_auth(&tenant.pos);
                let request = request.header("content-type", "application/json");
                let request = request.body(hostile::cart().to_string());
                let asked = tokio::spawn(request.send());
                until(is_running).await;
                asked.abort();
            } else {
                let mut stream = TcpStream::connect(service.address()).unwrap();
                let request = hostile::request(&tenant);
                stream.write_all(request.as_bytes()).unwrap();
                until(is_running).await;
                drop(stream);
            }
            until_free(&service).await;
            quickest = quickest.min(begun.elapsed());
        }
        assert!(
            quickest * 2 < whole,
            "HTTP/2: {is_http2}: busy for {quickest:?}, though the whole takes {whole:?}"
        );
        assert!(
            jobs(&metrics, Job::Stopped) > before,
            "HTTP/2: {is_http2}: it was done to its end"
        );
    }
    let stopped = shown(&service, r#"pool_jobs_total{outcome="stopped"}"#).await;
    let abandoned = shown(&service, "requests_abandoned_total").await;
    assert!(abandoned >= stopped, "{abandoned} hung up, {stopped} ended");
}

/// Sends the cart on a connection of its own; the status of the answer, or nothing if none came.
fn ask(address: SocketAddr, tenant: &Tenant) -> JoinHandle<Option<StatusCode>> {
    let request = hostile::request(tenant);
    std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        // A reset is an end, too.
        let _ = stream.read_to_string(&mut answer);
        let status = answer.strip_prefix("HTTP/1.1 ")?.get(..3)?;
        StatusCode::from_bytes(status.as_bytes()).ok()
    })
}

/// A service on a runtime of its own, as a process has one, with a caller for each of so many carts. They wait for the
/// pool, until the gate is opened.
struct Busy {
    _database: TestDatabase,
    process: Runtime,
    service: Service,
    metrics: Metrics,
    gate: mpsc::Sender<()>,
    callers: Vec<JoinHandle<Option<StatusCode>>>,
}

/// When the gate is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opens {
    BeforeTheStop,
    /// Once no connection is accepted any more.
    AtTheDrain,
}

impl Busy {
    fn with(carts: usize, drain: Duration) -> Self {
        let (setting_up, process) = (Runtime::new().unwrap(), Runtime::new().unwrap());
        let (database, tenant) = setting_up.block_on(async {
            let database = TestDatabase::new().await;
            let patient = patient(&database).await;
            let tenant = hostile::tenant(&patient, TOO_MANY, 200).await;
            (database, tenant)
        });
        let service = process.block_on(Service::on(&database, |options| {
            options.pool = ONE_THREAD;
            options.timeouts.evaluate = PATIENCE;
            options.limits.drain = drain;
            options.shutdown_delay = Duration::from_secs(2);
        }));
        let metrics = service.app.service().metrics().clone();
        let (gate, opened) = mpsc::channel::<()>();
        let pool = service.app.service().pool().clone();
        process.spawn(async move {
            let wait = move |_: &_| {
                let _ = opened.recv();
            };
            let nobody = TenantId::new(random_id().parse().unwrap());
            pool.run(nobody, Urgency::Usual, wait).await
        });
        process.block_on(until(|| metrics.pool_running.get() == 1));
        let address = service.address();
        let callers = (0..carts).map(|_| ask(address, &tenant)).collect();
        let all = i64::try_from(carts).unwrap();
        process.block_on(until(|| metrics.pool_waiting.get() == all));
        Self { _database: database, process, service, metrics, gate, callers }
    }

    /// Stops as a process does, and lets nothing of it live on. What the callers got, and what readiness and health said in
    /// the meantime.
    fn stop(self, opens: Opens) -> (Metrics, Vec<Option<StatusCode>>, [u16; 2]) {
        let address = self.service.address();
        let app = self.service.app;
        let gate = (opens == Opens::AtTheDrain).then_some(self.gate);
        let said = self.process.block_on(async {
            let stopping = tokio::spawn(app.stop());
            let status = async |path: &str| {
                let answer = reqwest::get(format!("http://{address}{path}")).await;
                answer.expect("an answer").status().as_u16()
            };
            let begun = Instant::now();
            while status("/readyz").await == 200 {
                assert!(begun.elapsed() < PATIENCE, "readiness says nothing of it");
            }
            let said = [status("/readyz").await, status("/healthz").await];
            until(|| TcpStream::connect(address).is_err()).await;
            drop(gate);
            let stopped = timeout(PATIENCE, stopping).await;
            stopped.expect("it stops").expect("without a panic");
            said
        });
        self.process.shutdown_timeout(PATIENCE);
        let answers = self.callers.into_iter().map(|own| own.join().unwrap());
        (self.metrics, answers.collect(), said)
    }
}

/// How many evaluations were done, stopped and skipped, once so many have ended. The gate was a job, too.
fn ends(metrics: &Metrics, all: usize) -> [u64; 3] {
    let begun = Instant::now();
    loop {
        let [done, stopped, skipped] =
            [Job::Done, Job::Stopped, Job::Skipped].map(|own| jobs(metrics, own));
        let ends = [done.saturating_sub(1), stopped, skipped];
        if done + stopped + skipped == u64::try_from(all).unwrap() + 1 {
            return ends;
        }
        assert!(begun.elapsed() < PATIENCE, "it goes on: {ends:?} of {all}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_stop_waits_for_the_evaluations_that_run() {
    let busy = Busy::with(3, PATIENCE);
    let (metrics, answers, said) = busy.stop(Opens::AtTheDrain);
    assert_eq!(said, [503, 200], "readiness and health");
    assert_eq!(answers, [Some(StatusCode::UNPROCESSABLE_ENTITY); 3]);
    assert_eq!(ends(&metrics, 3), [3, 0, 0]);
}

#[test]
fn a_stop_ends_the_evaluations_that_would_take_longer_than_it_may() {
    const CARTS: usize = 60;
    let busy = Busy::with(CARTS, Duration::from_millis(100));
    let (metrics, answers, said) = busy.stop(Opens::BeforeTheStop);
    assert_eq!(said, [503, 200], "readiness and health");
    let answered = answers.iter().flatten().count();
    assert!(answered < CARTS, "all of them were waited for");
    // What had begun is told to stop, and what waited never begins.
    let [_, stopped, skipped] = ends(&metrics, CARTS);
    assert!(stopped > 0 && skipped > 0, "{stopped} {skipped}");
    assert_eq!(metrics.pool_waiting.get(), 0);
}
