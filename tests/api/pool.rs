//! P17: what takes long is done on the pool, and nothing else waits for it; health and metrics wait for nobody.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use promotion_engine::domain::id::TenantId;
use promotion_engine::service::pool::{PoolBounds, Urgency};
use serde_json::{Value, json};
use support::harness::{Service, cart, random_id};
use tokio::task::JoinHandle;

/// A pool of one thread, with room for one job of each tenant.
const SMALL: PoolBounds = PoolBounds { threads: 1, waiting: 10, waiting_of_tenant: 1 };

/// Occupies the pool until the sender is dropped.
async fn occupy(service: &Service) -> (mpsc::Sender<()>, JoinHandle<()>) {
    let (open, gate) = mpsc::channel::<()>();
    let pool = service.app.service().pool().clone();
    let nobody = TenantId::new(random_id().parse().unwrap());
    let occupied = tokio::spawn(async move {
        let wait = move |_: &_| {
            let _ = gate.recv();
        };
        pool.run(nobody, Urgency::Usual, wait).await.expect("done");
    });
    wait_for(service, "promotion_engine_pool_running 1").await;
    (open, occupied)
}

async fn wait_for(service: &Service, line: &str) {
    for _ in 0..500 {
        let shown = service.get("/metrics", "").await.expect(200).text;
        if shown.lines().any(|own| own == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{line} is not shown");
}

/// A cart whose body is so large that it is read on the pool.
fn large_cart() -> Value {
    let line = |number: u32| {
        let mut line = cart()["cart"]["lines"][0].clone();
        line["id"] = number.to_string().into();
        line["title"] = "t".repeat(200).into();
        line
    };
    json!({"cart": {"lines": (0..400).map(line).collect::<Vec<_>>()}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_is_503_with_a_time_to_come_back_and_small_carts_pass() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| {
        options.pool = SMALL;
        options.timeouts.evaluate = Duration::from_secs(30);
    })
    .await;
    let (noisy, quiet) = (service.tenant().await, service.tenant().await);
    let (open, occupied) = occupy(&service).await;
    let release = async {
        wait_for(&service, "promotion_engine_pool_waiting 1").await;
        let refused = service.post("/v1/evaluate-cart", &noisy.pos, large_cart()).await;
        let refused = refused.expect_code(503, "overloaded");
        assert_eq!(refused.header("retry-after"), "1");
        // More than a small body is not even read.
        let no_cart = json!("x".repeat(5_000));
        let unread = service.post("/v1/evaluate-cart", &noisy.pos, no_cart.clone());
        unread.await.expect_code(503, "overloaded");
        let read = service.post("/v1/evaluate-cart", &quiet.pos, no_cart.clone());
        read.await.expect(422);
        for tenant in [&noisy, &quiet] {
            let small = service.post("/v1/evaluate-cart", &tenant.pos, cart());
            small.await.expect(200);
        }
        // Whoever is refused together does not come back together, whatever pause it makes.
        let refuse = async |_| {
            let refused = service.post("/v1/evaluate-cart", &noisy.pos, no_cart.clone()).await;
            refused.expect_code(503, "overloaded");
            Instant::now()
        };
        let told = futures_util::future::join_all((0..18).map(refuse)).await;
        let (first, last) = (told.iter().min().unwrap(), told.iter().max().unwrap());
        assert!(last.duration_since(*first) > Duration::from_millis(25), "all at once");
        wait_for(&service, "promotion_engine_requests_shed_total{reason=\"pool\"} 20").await;
        let other = service.post("/v1/evaluate-cart", &quiet.pos, large_cart());
        let go = async {
            wait_for(&service, "promotion_engine_pool_waiting 2").await;
            drop(open);
        };
        tokio::join!(other, go).0.expect(200);
    };
    let waiting = service.post("/v1/evaluate-cart", &noisy.pos, large_cart());
    let (waited, ()) = tokio::join!(waiting, release);
    waited.expect(200);
    occupied.await.unwrap();
}

/// The head of a large cart, and a part of its body.
fn begin_large_cart(service: &Service, key: &str) -> TcpStream {
    let head = format!(
        "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: 200000\r\n\r\n{{"
    );
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_that_is_being_read_takes_its_tenants_room() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| options.pool = SMALL).await;
    let (noisy, quiet) = (service.tenant().await, service.tenant().await);
    let price = async |key: &str| service.post("/v1/evaluate-cart", key, large_cart()).await;
    // The key is known then, so that requests are admitted in the order in which they arrive.
    price(&noisy.pos).await.expect(200);
    let stream = begin_large_cart(&service, &noisy.pos);
    let until = async |status: u16| {
        for _ in 0..500 {
            if price(&noisy.pos).await.status == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {status}");
    };
    until(503).await;
    price(&noisy.pos).await.expect_code(503, "overloaded");
    price(&quiet.pos).await.expect(200);
    drop(stream);
    until(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_gives_up_the_place_in_the_queue() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| options.pool = SMALL).await;
    let tenant = service.tenant().await;
    let (open, occupied) = occupy(&service).await;
    let body = large_cart().to_string();
    let head = format!(
        "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        tenant.pos,
        body.len()
    );
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    wait_for(&service, "promotion_engine_pool_waiting 1").await;
    drop(stream);
    wait_for(&service, "promotion_engine_pool_waiting 0").await;
    wait_for(&service, "promotion_engine_pool_jobs_total{outcome=\"skipped\"} 1").await;
    drop(open);
    occupied.await.unwrap();
}

/// A request on a connection of its own, without any runtime; the answer and how long it took.
fn ask(address: SocketAddr, path: &str) -> (String, Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer, begun.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_readiness_and_metrics_wait_for_no_thread_that_works() {
    let (_database, service) = Service::start().await;
    let address = service.address();
    let (open, gate) = mpsc::channel::<()>();
    let gate = std::sync::Arc::new(std::sync::Mutex::new(gate));
    // More than there are threads: all of them are stuck.
    for _ in 0..4 {
        let gate = std::sync::Arc::clone(&gate);
        tokio::spawn(async move {
            let _ = gate.lock().unwrap().recv();
        });
    }
    let asking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        let asked = |path| (path, ask(address, path));
        let answers = ["/healthz", "/readyz", "/metrics"].map(asked);
        drop(open);
        answers
    });
    // The test itself is no such thread; joining blocks it for as long.
    for (path, (answer, took)) in asking.join().unwrap() {
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert!(took < Duration::from_millis(500), "{path}: {took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_is_asked_on_a_connection_for_health_is_answered_too() {
    let (_database, service) = Service::start().await;
    let address = service.address();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let first = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        let second = "GET /v1/tenant HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(first.as_bytes()).unwrap();
        stream.write_all(second.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("HTTP/1.1 404") || answer.contains("HTTP/1.1 401"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_redeemed_on_the_pool() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let settings = service.get("/v1/settings", &tenant.admin).await.expect(200);
    let mut wanted = settings.body.clone();
    wanted["strategy"] = "optimal".into();
    let tag = settings.header("etag").to_owned();
    let put = service.replace("/v1/settings", &tenant.admin, &tag, wanted);
    put.await.expect(200);
    let order = json!({"transaction_id": random_id(), "request": cart()});
    let redeemed = service.post("/v1/redemptions", &tenant.pos, order);
    redeemed.await.expect(201);
    let shown = service.get("/metrics", "").await.expect(200).text;
    let none = "promotion_engine_pool_jobs_total{outcome=\"done\"} 0\n";
    assert!(!shown.contains(none), "{shown}");
}
