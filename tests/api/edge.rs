//! What holds for every request: ids, media types, sizes, methods, browsers, time limits.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use support::harness::{Service, cart};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_kept_or_made() {
    let (_database, service) = Service::start().await;
    let id = [("x-request-id", "till-7/42")];
    let answer =
        service.send(Method::GET, "/nowhere", "", None, &id).await.expect_code(404, "not_found");
    assert_eq!(answer.header("x-request-id"), "till-7/42");
    let long = "x".repeat(129);
    let answer = service.send(Method::GET, "/healthz", "", None, &[("x-request-id", &long)]).await;
    assert_eq!(answer.expect(200).header("x-request-id").len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_the_framework_is_a_problem_document() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let (admin, path) = (&tenant.admin, "/v1/evaluate-cart");
    service.get("/v1/nowhere", admin).await.expect_code(404, "not_found");
    let wrong = service.delete("/v1/settings", admin).await.expect_code(405, "method_not_allowed");
    assert!(wrong.header("allow").contains("PUT"));
    let text = [("content-type", "text/plain")];
    let body = || Some(cart().to_string());
    service
        .send(Method::POST, path, admin, body(), &text)
        .await
        .expect_code(415, "unsupported_media_type");
    service
        .call(Method::POST, path, admin, Some("{".to_owned()))
        .await
        .expect_code(400, "not_json");
    service.call(Method::POST, path, admin, Some(String::new())).await.expect_code(400, "not_json");
    let twice = r#"{"cart": {"lines": []}, "cart": {"lines": []}}"#.to_owned();
    service.call(Method::POST, path, admin, Some(twice)).await.expect_code(422, "invalid");
    let deep = format!("{}{}", "[".repeat(30), "]".repeat(30));
    service.call(Method::POST, path, admin, Some(deep)).await.expect_code(422, "invalid");
    service.post(&format!("{path}?x=1"), admin, cart()).await.expect_code(422, "invalid");
    let large = json!({"x": "y".repeat(1024 * 1024)});
    service.post(path, admin, large.clone()).await.expect_code(413, "too_large");
    service.put("/v1/stores/A", admin, large).await.expect_code(422, "invalid");
    let long = "x".repeat(17 * 1024);
    service
        .send(Method::GET, "/healthz", "", None, &[("x-long", &long)])
        .await
        .expect_code(431, "header_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_may_call_from_configured_origins_only() {
    let (database, closed) = Service::start().await;
    let origin = "https://admin.example";
    let open =
        Service::on(&database, |options| options.cors_origins = vec![origin.to_owned()]).await;
    let ask =
        |service: &'static str| [("origin", service), ("access-control-request-method", "PUT")];
    let preflight =
        open.send(Method::OPTIONS, "/v1/settings", "", None, &ask("https://admin.example")).await;
    assert_eq!(preflight.header("access-control-allow-origin"), origin);
    let other =
        open.send(Method::OPTIONS, "/v1/settings", "", None, &ask("https://evil.example")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");
    let refused = open.send(Method::GET, "/v1/settings", "", None, &[("origin", origin)]).await;
    assert_eq!(refused.header("access-control-allow-origin"), origin, "problems can be read too");
    let none =
        closed.send(Method::OPTIONS, "/v1/settings", "", None, &ask("https://admin.example")).await;
    assert_eq!(none.header("access-control-allow-origin"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_and_an_idle_connection_are_cut_off_and_a_busy_one_is_not() {
    let (database, _) = Service::start().await;
    let service = Service::on(&database, |options| {
        options.limits.header = Duration::from_millis(200);
        options.limits.idle = Duration::from_millis(600);
        options.limits.watch_every = Duration::from_millis(20);
    })
    .await;
    let mut slow = TcpStream::connect(service.address()).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let mut idle = TcpStream::connect(service.address()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    let closed = async |stream: &mut TcpStream| {
        let mut rest = [0; 64];
        let read = stream.read(&mut rest);
        matches!(tokio::time::timeout(Duration::from_millis(50), read).await, Ok(Ok(0) | Err(_)))
    };
    assert!(closed(&mut slow).await);
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 512];
    let length = idle.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert!(closed(&mut idle).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_at_once_are_refused_with_a_time_to_come_back() {
    let (database, _) = Service::start().await;
    let small = Service::on(&database, |options| options.bounds.in_flight = 2).await;
    let tenant = small.tenant().await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(small.address()).await.unwrap();
        let head = format!(
            "POST /v1/evaluate-cart HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 9\r\n\r\n",
            tenant.pos
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = small.get("/v1/settings", &tenant.admin).await.expect_code(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    small.get("/healthz", "").await.expect(200);
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_is_not_ready_and_lets_go() {
    let (database, service) = Service::start().await;
    drop(service);
    let service =
        Service::on(&database, |options| options.shutdown_delay = Duration::from_secs(2)).await;
    let address = service.address();
    let tenant = service.tenant().await;
    let Service { app, .. } = service;
    let stopping = tokio::spawn(app.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ready = reqwest::get(format!("http://{address}/readyz")).await.unwrap();
    assert_eq!(ready.status(), 503);
    tokio::time::timeout(Duration::from_secs(10), stopping).await.expect("it stops").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
    drop(tenant);
}
