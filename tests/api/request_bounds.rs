//! What a caller can take of an instance: time, size, depth; and that a fault of ours costs one answer.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use promotion_engine::api;
use promotion_engine::api::connection::Limits;
use promotion_engine::api::edge::{self, Bounds, Edge};
use promotion_engine::api::serve;
use promotion_engine::app::listen;
use promotion_engine::metrics::Metrics;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection};
use support::harness::{Service, Tenant, cart, random_id, with_codes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

/// Everything that comes until the connection is closed, and how long that took.
async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let (begun, mut text) = (Instant::now(), Vec::new());
    let read = stream.read_to_end(&mut text);
    let _ = tokio::time::timeout(Duration::from_secs(20), read)
        .await
        .expect("the connection is closed");
    (String::from_utf8_lossy(&text).into_owned(), begun.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_nothing_half_a_head_or_half_a_body_is_cut_off_in_time() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| {
        options.limits.header = Duration::from_millis(300);
        options.limits.idle = Duration::from_millis(900);
        options.limits.watch_every = Duration::from_millis(20);
        options.timeouts.body = Duration::from_millis(500);
    })
    .await;
    let tenant = service.tenant().await;
    let head = format!(
        "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n",
        tenant.pos
    );
    let unread = "GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
    let half_body = format!("{head}{{\"cart\"");
    let sent = [
        ("", 900, ""),
        ("POST /v1/evaluate-cart HTTP/1.1\r\nhost:", 300, ""),
        (half_body.as_str(), 500, "HTTP/1.1 408"),
        // Nobody reads this body: the answer comes at once, and nothing is waited for that long.
        (unread, 900, "HTTP/1.1 200"),
    ];
    let mut all = tokio::task::JoinSet::new();
    for (bytes, limit, answer) in sent {
        let (address, bytes) = (service.address(), bytes.to_owned());
        all.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
            let (text, took) = until_closed(&mut stream).await;
            assert!(text.starts_with(answer), "{bytes:?}: {text}");
            assert!(answer.contains("408") == text.contains("\"timeout\""), "{text}");
            let most = Duration::from_millis(limit + 5_000);
            assert!(took < most, "{bytes:?} after {took:?}");
        });
    }
    // Bytes that drip do not prolong anything.
    let (address, pos) = (service.address(), tenant.pos.clone());
    all.spawn(async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST /v1/evaluate-cart HTTP/1.1\r\nauthorization: Bearer {pos}\r\nx: ");
        let begun = Instant::now();
        let mut dripped = head.bytes().chain(std::iter::repeat(b'x'));
        while begun.elapsed() < Duration::from_secs(10) {
            let byte = [dripped.next().unwrap()];
            if stream.write_all(&byte).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("dripping goes on");
    });
    all.join_all().await;
    // By a connection of its own: those that have rested are being closed.
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let (text, _) = until_closed(&mut stream).await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_waited_for_as_long_as_it_is_read() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let promotion = service.promotion(&tenant.admin, with_codes("P")).await;
    let path = format!("/v1/promotions/{promotion}/codes");
    for batch in 0..10 {
        // As long as codes can be: more than the system keeps on the way.
        let prefix = format!("{batch}-{}", "X".repeat(30));
        let generate = json!({"count": 10_000, "length": 32, "prefix": prefix});
        let body = json!({"generate": generate, "batch": batch.to_string()});
        service.post(&path, &tenant.admin, body).await.expect(201);
    }
    let slow = Service::on(&database, |options| {
        options.limits.idle = Duration::from_secs(2);
        options.limits.watch_every = Duration::from_millis(20);
    })
    .await;
    let ask = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\naccept: text/csv\r\n\r\n",
        tenant.admin
    );
    let read = async |first_pause: Duration, pause: Duration| {
        // What the system keeps on the way is little, so that a reader who rests is felt.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(32 * 1024).unwrap();
        let mut stream = socket.connect(slow.address()).await.unwrap();
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut buffer = vec![0; 1024 * 1024];
        let mut total = 0;
        tokio::time::sleep(first_pause).await;
        loop {
            tokio::time::sleep(pause).await;
            let read = stream.read(&mut buffer).await.unwrap_or(0);
            total += read;
            if read == 0 || buffer[..read].ends_with(b"\r\n0\r\n\r\n") {
                return total;
            }
        }
    };
    // Longer than a connection may rest, but never resting for so long.
    let whole = read(Duration::ZERO, Duration::from_millis(40)).await;
    let stalled = read(Duration::from_secs(6), Duration::ZERO).await;
    assert!(whole > 100_000 * 65, "{whole}");
    assert!(stalled < whole, "{stalled} of {whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_and_json_end_where_the_figures_say() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let with = async |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("x-{number}")).collect();
        let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        service.send(Method::GET, "/healthz", "", None, &headers).await
    };
    // The client sends two of its own: accept and host.
    with(62).await.expect(200);
    with(63).await.expect_code(431, "header_too_large");
    let long = "x".repeat(16 * 1024 - 100);
    let few = [("x-long", long.as_str())];
    service.send(Method::GET, "/healthz", "", None, &few).await.expect(200);
    let nested = |depth: usize| {
        let inner = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        format!("{{\"x\": {inner}}}")
    };
    let ask = async |body: String| {
        let path = "/v1/evaluate-cart";
        let answer = service.call(Method::POST, path, &tenant.pos, Some(body)).await;
        answer.expect_code(422, "invalid").faults()
    };
    let unknown = ask(nested(24)).await;
    assert!(unknown.contains(&("/x".to_owned(), "unknown_field".to_owned())), "{unknown:?}");
    let deep = ask(nested(25)).await;
    assert!(!deep.contains(&("/x".to_owned(), "unknown_field".to_owned())), "{deep:?}");
}

/// What each kind of request answers when its handler has expired.
async fn expired(service: &Service, tenant: &Tenant, what: &str) -> String {
    let (admin, pos) = (&tenant.admin, &tenant.pos);
    let answer = match what {
        "evaluate" => service.post("/v1/evaluate-cart", pos, cart()).await,
        "redeem" => {
            let body = json!({"transaction_id": random_id(), "request": cart()});
            service.post("/v1/redemptions", pos, body).await
        }
        "admin read" => service.get("/v1/promotions", admin).await,
        "admin write" => {
            let body = json!({"role": "pos", "label": "till"});
            service.post("/v1/keys", admin, body).await
        }
        "bulk read" => service.get("/v1/stats", admin).await,
        "bulk write" => service.put("/v1/stores", admin, json!([{"code": "X"}])).await,
        other => panic!("{other}"),
    };
    let answer = answer.expect(503);
    assert_eq!(answer.header("retry-after"), "1");
    answer.code().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_handler_says_whether_something_may_have_been_done() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    for (what, code) in [
        ("evaluate", "unavailable"),
        ("redeem", "outcome_unknown"),
        ("admin read", "unavailable"),
        ("admin write", "outcome_unknown"),
        ("bulk read", "unavailable"),
        ("bulk write", "outcome_unknown"),
    ] {
        // Only this kind's limit is passed.
        let late = Service::on(&database, |options| {
            options.timeouts.delay = Duration::from_millis(200);
            let limit = match what {
                "evaluate" => &mut options.timeouts.evaluate,
                "redeem" => &mut options.timeouts.redeem,
                "admin read" | "admin write" => &mut options.timeouts.admin,
                _ => &mut options.timeouts.bulk,
            };
            *limit = Duration::from_millis(50);
        })
        .await;
        assert_eq!(expired(&late, &tenant, what).await, code, "{what}");
        late.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_handler_expired_is_done_once_and_answered_when_repeated() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let impatient = Service::on(&database, |options| {
        options.timeouts.redeem = Duration::from_millis(100);
    })
    .await;
    assert_eq!(impatient.discount(&tenant.pos).await, "0.00");
    let mut owner = database.owner_connection().await;
    let mut held = owner.begin().await.unwrap();
    sqlx::raw_sql("lock table redemption in exclusive mode").execute(&mut *held).await.unwrap();
    let body = json!({"transaction_id": random_id(), "request": cart()});
    let redeem = || impatient.post("/v1/redemptions", &tenant.pos, body.clone());
    redeem().await.expect_code(503, "outcome_unknown");
    held.rollback().await.unwrap();
    for _ in 0..200 {
        let again = redeem().await;
        if again.status != 503 {
            assert!(matches!(again.status, 200 | 201), "{}", again.text);
            let count: i64 = sqlx::query_scalar("select count(*) from redemption")
                .fetch_one(&mut owner)
                .await
                .unwrap();
            assert_eq!(count, 1);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_one_500_and_the_connection_lives_on() {
    let bad = async || -> &'static str { panic!("a secret of the handler") };
    let router = Router::new()
        .route("/bad", get(bad))
        .route("/good", get(async || "good"))
        .layer(CatchPanicLayer::custom(edge::panicked));
    let listener = listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let metrics = Metrics::default();
    let edge = Edge::new(router, Bounds::default(), &metrics, api::measure(&metrics));
    let counted = edge.clone();
    let serving = tokio::spawn(serve::serve(listener, edge, Limits::default(), stop.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut answers = Vec::new();
    for path in ["bad", "good", "bad"] {
        let request = format!("GET /{path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        answers.push(String::from_utf8_lossy(&answer[..length]).into_owned());
    }
    assert!(answers[0].starts_with("HTTP/1.1 500") && answers[0].contains("\"internal\""));
    assert!(!answers[0].contains("secret"), "{}", answers[0]);
    assert!(answers[1].starts_with("HTTP/1.1 200"), "{}", answers[1]);
    assert!(answers[2].starts_with("HTTP/1.1 500"), "{}", answers[2]);
    assert_eq!(counted.in_flight(), 0);
    stop.cancel();
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_its_database_lives_and_is_not_ready() {
    let (database, service) = Service::start().await;
    let name: String = sqlx::query_scalar("select current_database()")
        .fetch_one(&mut database.owner_connection().await)
        .await
        .unwrap();
    // From another database: this one lets nobody in.
    let owner = database.owner().database("postgres");
    let run = async |statement: String| {
        let mut connection = sqlx::PgConnection::connect_with(&owner).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    };
    run(format!("alter database {name} allow_connections false")).await;
    run(format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"))
        .await;
    let not_ready = service.get("/readyz", "").await;
    assert_eq!(not_ready.status, 503, "{}", not_ready.text);
    assert_eq!(not_ready.body["status"], "not_ready");
    assert_ne!(not_ready.body["reason"], Value::Null);
    service.get("/healthz", "").await.expect(200);
    run(format!("alter database {name} allow_connections true")).await;
    for _ in 0..250 {
        if service.get("/readyz", "").await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not become ready again");
}
