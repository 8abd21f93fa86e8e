//! P25: answers that nobody reads are bounded in bytes, of one tenant and of all. What is refused takes no room; what was
//! taken is given back when the reader goes away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use hyper::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use promotion_engine::metrics::Metrics;
use support::TestDatabase;
use support::harness::{Service, Tenant, cart};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::unread_answers::{PAGE, ask_without_reading, large, metric};

/// Tenants with so many large drafts, and the bytes of their pages.
async fn tenants<const COUNT: usize>(
    database: &TestDatabase,
    drafts: usize,
    values: usize,
) -> ([Tenant; COUNT], usize) {
    let service = Service::on(database, |options| {
        options.timeouts.admin = Duration::from_secs(60);
    })
    .await;
    let mut tenants = Vec::new();
    let mut bytes = 0;
    while tenants.len() < COUNT {
        let tenant = service.tenant().await;
        for number in 0..drafts {
            let draft = large(&format!("P{number}"), values);
            service.promotion(&tenant.admin, draft).await;
        }
        let page = service.get(PAGE, &tenant.viewer).await.expect(200);
        // Times are printed without zeros at their end: one in some hundred pages is shorter than the others.
        if bytes == 0 || bytes == page.text.len() {
            bytes = page.text.len();
            tenants.push(tenant);
        }
    }
    let tenants = tenants.try_into();
    (tenants.unwrap_or_else(|_| unreachable!()), bytes)
}

/// An instance that takes half a page more than so many pages of one tenant, and of all.
async fn bounded(database: &TestDatabase, page: usize, of_tenant: usize, all: usize) -> Service {
    Service::on(database, |options| {
        options.timeouts.admin = Duration::from_secs(60);
        options.bounds.unsent_bytes_of_tenant = of_tenant * page + page / 2;
        options.bounds.unsent_bytes = all * page + page / 2;
    })
    .await
}

/// The most that the metric ever says, looked at all the time.
struct Highest {
    end: Ending,
    looking: JoinHandle<i64>,
}

/// Ends the looking, also when the test has failed: the runtime waits for its threads.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Highest {
    fn of(metrics: &Metrics) -> Self {
        let (metrics, ends) = (metrics.clone(), Arc::new(AtomicBool::new(false)));
        let ended = Arc::clone(&ends);
        let looking = tokio::task::spawn_blocking(move || {
            let mut highest = 0;
            while !ended.load(Ordering::Relaxed) {
                highest = highest.max(metrics.unsent_bytes.get());
                std::thread::sleep(Duration::from_micros(200));
            }
            highest
        });
        let end = Ending(ends);
        Self { end, looking }
    }

    async fn end(self) -> usize {
        drop(self.end);
        usize::try_from(self.looking.await.unwrap()).unwrap()
    }
}

async fn unsent(service: &Service) -> usize {
    usize::try_from(metric(service, "unsent_bytes").await).unwrap()
}

async fn until_unsent(service: &Service, bytes: usize) {
    let begun = Instant::now();
    while unsent(service).await != bytes {
        let waited = begun.elapsed();
        assert!(waited < Duration::from_secs(20), "{}", unsent(service).await);
        sleep(Duration::from_millis(10)).await;
    }
}

/// A connection of HTTP/2 whose window is closed, with the answers that it does not read.
struct Silent {
    answers: Vec<Response<Incoming>>,
    connection: JoinHandle<()>,
}

impl Silent {
    async fn ask(service: &Service, tenant: &Tenant, pages: usize) -> Self {
        let stream = TcpStream::connect(service.address()).await.unwrap();
        let (mut client, connection) =
            hyper::client::conn::http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(0)
                .handshake::<_, Body>(TokioIo::new(stream))
                .await
                .unwrap();
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        let mut asked = JoinSet::new();
        for _ in 0..pages {
            let request = hyper::Request::get(format!("http://{}{PAGE}", service.address()))
                .header("authorization", format!("Bearer {}", tenant.viewer))
                .body(Body::empty())
                .unwrap();
            client.ready().await.unwrap();
            asked.spawn(client.send_request(request));
        }
        let answers = asked.join_all().await.into_iter().map(Result::unwrap);
        Self { answers: answers.collect(), connection }
    }

    /// How many pages are on their way. The others are told when to come back.
    fn pages(&self) -> usize {
        let (pages, refused): (Vec<_>, Vec<_>) =
            self.answers.iter().partition(|own| own.status() == 200);
        for answer in refused {
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["retry-after"], "1");
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
        pages.len()
    }

    fn leave(self) {
        self.connection.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_takes_no_room_and_none_takes_that_of_others() {
    let database = TestDatabase::new().await;
    let ([noisy, quiet, third], page) = tenants(&database, 2, 2_000).await;
    let service = bounded(&database, page, 3, 5).await;
    let highest = Highest::of(service.app.service().metrics());
    let noise = Silent::ask(&service, &noisy, 40).await;
    assert_eq!(noise.pages(), 3, "a tenant has its share");
    assert_eq!(unsent(&service).await, 3 * page);
    let rest = Silent::ask(&service, &quiet, 20).await;
    assert_eq!(rest.pages(), 2, "another has the rest");
    assert_eq!(unsent(&service).await, 5 * page);
    // What is small needs no room; whoever asks for more is told so at once.
    let small = service.post("/v1/evaluate-cart", &noisy.pos, cart()).await;
    small.expect(200);
    let refused = service.get(PAGE, &third.viewer).await;
    let refused = refused.expect_code(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    // The quiet one's are kept when the other goes away.
    noise.leave();
    until_unsent(&service, 2 * page).await;
    let read = service.get(PAGE, &third.viewer).await.expect(200);
    assert_eq!(read.text.len(), page);
    rest.leave();
    until_unsent(&service, 0).await;
    service.get(PAGE, &noisy.viewer).await.expect(200);
    let highest = highest.end().await;
    assert_eq!(highest, 5 * page, "the bound, and never more");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_nobody_reads_over_http_1_are_bounded_in_bytes() {
    let database = TestDatabase::new().await;
    // So large that no buffer of the system takes all of it.
    let ([tenant], page) = tenants(&database, 6, 10_000).await;
    let service = bounded(&database, page, 2, 10).await;
    let highest = Highest::of(service.app.service().metrics());
    let mut streams = Vec::new();
    for expected in ["200", "200", "503", "503"] {
        let (stream, first) = ask_without_reading(&service, &tenant).await;
        assert_eq!(first, format!("HTTP/1.1 {expected}"));
        streams.push(stream);
    }
    assert_eq!(unsent(&service).await, 2 * page);
    // A place is free as soon as one has gone, whether it has read a part or nothing.
    streams.remove(0);
    until_unsent(&service, page).await;
    service.get(PAGE, &tenant.viewer).await.expect(200);
    drop(streams);
    until_unsent(&service, 0).await;
    assert_eq!(highest.end().await, 2 * page, "the bound, and never more");
}
