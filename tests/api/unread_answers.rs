//! Answers that nobody reads (P25): they keep their places, their bytes are bounded, and whoever takes nothing is cut off,
//! whatever else it sends.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use promotion_engine::api::edge::MIB;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Service, Tenant, ten_percent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// A page of all promotions of a test.
pub const PAGE: &str = "/v1/promotions?limit=200";

/// A draft with so many values of 60 characters.
pub fn large(name: &str, values: usize) -> Value {
    let values: Vec<String> = (0..values).map(|place| format!("{place:0>60}")).collect();
    let mut body = ten_percent(name);
    body["status"] = "draft".into();
    let selector = json!({"include": [{"field": "sku", "op": "in", "values": values}]});
    body["conditions"] =
        json!({"type": "line_quantity", "of": selector, "op": "gte", "value": "1"});
    body
}

async fn with_drafts(count: usize, values: usize, room: usize) -> (TestDatabase, Service, Tenant) {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, |options| {
        options.limits.idle = Duration::from_secs(5);
        options.limits.watch_every = Duration::from_millis(50);
        options.timeouts.admin = Duration::from_secs(60);
        options.bounds.unsent_bytes_of_tenant = room;
    })
    .await;
    let tenant = service.tenant().await;
    for number in 0..count {
        let body = large(&format!("P{number}"), values);
        service.promotion(&tenant.admin, body).await;
    }
    (database, service, tenant)
}

/// What a metric says.
pub async fn metric(service: &Service, series: &str) -> u64 {
    let text = service.get("/metrics", "").await.expect(200).text;
    let line =
        text.lines().find_map(|line| line.strip_prefix(&format!("promotion_engine_{series} ")));
    line.expect("the series").parse().expect("a number")
}

/// Waits until nothing but the question itself is in flight.
async fn until_quiet(service: &Service) {
    let begun = Instant::now();
    while metric(service, "requests_in_flight").await > 1 {
        assert!(begun.elapsed() < Duration::from_secs(20), "never quiet");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_at_four_mebibytes_and_none_is_lost() {
    let (_database, service, tenant) = with_drafts(10, 10_000, 64 * MIB).await;
    for path in ["/v1/promotions", "/v1/audit"] {
        let (mut names, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page =
                service.get(&format!("{path}?limit=200{cursor}"), &tenant.viewer).await.expect(200);
            assert!(page.text.len() <= 4 * MIB, "{}", page.text.len());
            let items = page.body["items"].as_array().unwrap();
            assert!(!items.is_empty());
            let name = |item: &Value| {
                let own = item["name"].as_str();
                own.or(item["after"]["promotion"]["name"].as_str()).map(str::to_owned)
            };
            names.extend(items.iter().filter_map(name));
            pages += 1;
            let Some(next) = page.body["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        names.retain(|name| name.starts_with('P'));
        let expected: Vec<_> = (0..10).rev().map(|number| format!("P{number}")).collect();
        assert_eq!(names, expected, "{path}");
        assert!(pages > 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_with_a_closed_window_is_bounded_and_cut_off_though_it_pings() {
    let (_database, service, tenant) = with_drafts(2, 2_000, MIB).await;
    let stream = TcpStream::connect(service.address()).await.unwrap();
    let (mut client, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(0)
        .keep_alive_interval(Duration::from_millis(100))
        .keep_alive_timeout(Duration::from_secs(60))
        .keep_alive_while_idle(true)
        .handshake::<_, axum::body::Body>(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let mut asked = JoinSet::new();
    for _ in 0..20 {
        let url = format!("http://{}/v1/promotions", service.address());
        let request = hyper::Request::get(url)
            .header("authorization", format!("Bearer {}", tenant.viewer))
            .body(axum::body::Body::empty())
            .unwrap();
        client.ready().await.unwrap();
        asked.spawn(client.send_request(request));
    }
    let answers: Vec<_> = asked.join_all().await.into_iter().map(Result::unwrap).collect();
    let whole = answers.iter().filter(|own| own.status() == 200).count();
    let refused = answers.iter().filter(|own| own.status() == 503).count();
    assert_eq!(whole + refused, 20);
    // Each page has about a quarter of a mebibyte, and a tenant has room for one.
    assert!((3..=4).contains(&whole), "{whole}");
    let held = metric(&service, "requests_in_flight").await;
    assert_eq!(held, 21, "places are kept until answers are sent");
    until_quiet(&service).await;
    assert!(connection.is_finished(), "the connection is closed");
    let cut = metric(&service, r#"timeouts_total{stage="send"}"#).await;
    assert_eq!(cut, 1);
    service.get("/v1/promotions", &tenant.viewer).await.expect(200);
}

/// Asks for a page over HTTP/1 and reads no more than the beginning of its status line, with hardly any buffer.
pub async fn ask_without_reading(service: &Service, tenant: &Tenant) -> (TcpStream, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut stream = socket.connect(service.address()).await.unwrap();
    let head = format!(
        "GET {PAGE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        tenant.viewer
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    (stream, String::from_utf8_lossy(&first).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_over_http_1_keeps_its_place_until_it_is_cut_off() {
    let (_database, service, tenant) = with_drafts(7, 10_000, 64 * MIB).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let (stream, first) = ask_without_reading(&service, &tenant).await;
        assert_eq!(first, "HTTP/1.1 200");
        streams.push(stream);
    }
    assert_eq!(metric(&service, "requests_in_flight").await, 4);
    until_quiet(&service).await;
    let cut = metric(&service, r#"timeouts_total{stage="send"}"#).await;
    assert_eq!(cut, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_http_2_that_only_pings_rests() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, |options| {
        options.limits.idle = Duration::from_secs(1);
        options.limits.watch_every = Duration::from_millis(50);
    })
    .await;
    let stream = TcpStream::connect(service.address()).await.unwrap();
    let (client, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_millis(100))
        .keep_alive_while_idle(true)
        .handshake::<_, axum::body::Body>(TokioIo::new(stream))
        .await
        .unwrap();
    let ended = timeout(Duration::from_secs(10), connection).await;
    assert!(ended.is_ok(), "it is closed");
    drop(client);
}

/// An instance on which everything takes so long, and an evaluation as it is sent.
async fn slow(delay: Duration, hang_up: Duration) -> (TestDatabase, Service, String) {
    let (database, quick) = Service::start().await;
    let tenant = quick.tenant().await;
    let service = Service::on(&database, |options| {
        options.limits.hang_up = hang_up;
        options.timeouts.delay = delay;
        options.timeouts.evaluate = Duration::from_secs(60);
    })
    .await;
    let body = support::harness::cart().to_string();
    let request = format!(
        "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        tenant.pos,
        body.len()
    );
    (database, service, request)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_closes_its_own_side_gets_its_answer() {
    let (_database, service, request) =
        slow(Duration::from_millis(500), Duration::from_secs(20)).await;
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = String::new();
    let read = stream.read_to_string(&mut text);
    timeout(Duration::from_secs(30), read).await.unwrap().unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.ends_with('}'), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_is_not_worked_for() {
    let (_database, service, request) =
        slow(Duration::from_secs(30), Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    while metric(&service, "requests_in_flight").await < 2 {
        sleep(Duration::from_millis(20)).await;
    }
    drop(stream);
    let begun = Instant::now();
    until_quiet(&service).await;
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert_eq!(metric(&service, "requests_abandoned_total").await, 1);
}
