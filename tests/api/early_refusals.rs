//! What is refused before it has been read: the connection is kept or said to end, never broken in silence; and what cannot
//! be read at all is answered by a problem document too (spec 1, 13).

use std::time::Duration;

use serde_json::Value;
use support::contract::DOCUMENT;
use support::harness::{OPERATOR, Service, random_id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// One answer: its head in lower case, and its body.
async fn answer(stream: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    return (head, serde_json::from_str(body).unwrap_or_default());
                }
            }
            let mut part = [0; 4_096];
            let count = stream.read(&mut part).await.expect("no reset");
            assert!(count > 0, "closed after {text:?}");
            bytes.extend_from_slice(&part[..count]);
        }
    };
    timeout(Duration::from_secs(20), read).await.expect("an answer")
}

fn is_problem(head: &str, body: &Value, status: u64, code: &str) {
    assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
    assert!(head.contains("\r\ncontent-type: application/problem+json"), "{head}");
    assert_eq!(body["status"], status);
    assert_eq!(body["code"], code);
    let id = body["request_id"].as_str().unwrap();
    assert!(head.contains(&format!("\r\nx-request-id: {id}")), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_cannot_be_read_are_refused_by_a_problem_document() {
    let (_database, service) = Service::start().await;
    let long = format!("GET /healthz HTTP/1.1\r\nx-long: {}", "x".repeat(200_000));
    let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(400));
    for (head, status, code) in [
        ("GARBAGE\r\n\r\n", 400, "not_http"),
        ("GET /healthz HTTP/1.1\r\nno colon\r\n\r\n", 400, "not_http"),
        ("GET /healthz HTTP/1.0\r\n: x\r\n\r\n", 400, "not_http"),
        ("GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n", 400, "not_http"),
        ("GET /he\u{7f}althz HTTP/1.1\r\nhost: x\r\n\r\n", 400, "not_http"),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            400,
            "not_http",
        ),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400, "not_http"),
        ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n", 400, "not_http"),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            400,
            "not_http",
        ),
        (&long, 431, "header_too_large"),
        (&many, 431, "header_too_large"),
    ] {
        // Alone, and after a request that is in order.
        for before in ["", "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let mut stream = TcpStream::connect(service.address()).await.unwrap();
            if !before.is_empty() {
                stream.write_all(before.as_bytes()).await.unwrap();
                assert!(answer(&mut stream).await.0.starts_with("http/1.1 200 "));
            }
            let _ = stream.write_all(head.as_bytes()).await;
            let (answered, body) = answer(&mut stream).await;
            is_problem(&answered, &body, status, code);
            assert!(answered.contains("\r\nconnection: close"), "{answered}");
            let rest = timeout(Duration::from_secs(20), stream.read(&mut [0; 16])).await;
            assert!(matches!(rest, Ok(Ok(0))), "{rest:?}");
        }
    }
}

/// How a body is announced, and sent.
fn bodies() -> Vec<(&'static str, Vec<u8>, bool)> {
    let chunks = |count: usize| {
        let chunk = [b"2000\r\n", "x".repeat(0x2000).as_bytes(), b"\r\n"].concat();
        [chunk.repeat(count), b"0\r\n\r\n".to_vec()].concat()
    };
    vec![
        ("content-length: 2", b"{}".to_vec(), true),
        ("content-length: 20000", vec![b'x'; 20_000], true),
        ("content-length: 3000000", vec![b'x'; 3_000_000], false),
        ("transfer-encoding: chunked", chunks(2), true),
        ("transfer-encoding: chunked", chunks(400), false),
        ("content-length: 2\r\nexpect: 100-continue", Vec::new(), false),
        ("transfer-encoding: chunked\r\nexpect: 100-continue", Vec::new(), false),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_before_its_body_is_read_knows_whether_the_connection_goes_on() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let unknown = random_id();
    for (line, key, more, status, code) in [
        ("POST /v1/evaluate-cart", "", "", 401, "unauthorized"),
        ("POST /v1/evaluate-cart", &*tenant.viewer, "", 403, "forbidden"),
        ("POST /v1/nowhere", &*tenant.pos, "", 404, "not_found"),
        (&format!("POST /v1/issuances/{unknown}x/revoke"), &*tenant.admin, "", 404, "not_found"),
        ("DELETE /v1/settings", &*tenant.admin, "", 405, "method_not_allowed"),
        (
            "POST /v1/evaluate-cart",
            &*tenant.pos,
            "content-encoding: gzip\r\n",
            415,
            "unsupported_media_type",
        ),
    ] {
        for (announced, bytes, keeps) in bodies() {
            let what = format!("{line} {announced} {}", bytes.len());
            let mut stream = TcpStream::connect(service.address()).await.unwrap();
            let head = format!(
                "{line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
                 content-type: application/json\r\n{more}{announced}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let _ = stream.write_all(&bytes).await;
            let (answered, body) = answer(&mut stream).await;
            is_problem(&answered, &body, status, code);
            let closes = answered.contains("\r\nconnection: close");
            assert_eq!(closes, !keeps, "{what}: {answered}");
            if closes {
                let rest = timeout(Duration::from_secs(20), stream.read(&mut [0; 16])).await;
                assert!(matches!(rest, Ok(Ok(0))), "{what}: {rest:?}");
            } else {
                let next = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
                stream.write_all(next).await.unwrap();
                let (next, _) = answer(&mut stream).await;
                assert!(next.starts_with("http/1.1 200 "), "{what}: {next}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_a_refusal_leaves_the_connection_as_it_was() {
    let (_database, service) = Service::start().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let url = |path: &str| format!("http://{}{path}", service.address());
    for size in [10, 100_000, 3_000_000] {
        let refused =
            client.post(url("/v1/evaluate-cart")).body("x".repeat(size)).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        let next = client.get(url("/healthz")).send().await.unwrap();
        assert_eq!(next.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_in_a_query_or_a_path_is_a_fault_of_the_service() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let long = "x".repeat(3_000);
    let texts =
        ["%00", "a%00b", "%FF", "%C3%28", "%ED%A0%80", "%F0%9F%8E%81", "%0A", "%27%3B--", &long];
    let (mut queries, mut paths) = (0, 0);
    for (template, item) in DOCUMENT["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get").filter(|_| template.starts_with("/v1/")) else {
            continue;
        };
        let key = if template.starts_with("/v1/tenants") { OPERATOR } else { &tenant.admin };
        let id = random_id();
        let plain = template.replace("{id}", &id).replace("{name}", "N").replace("{code}", "C");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            for text in texts {
                let path = if parameter["in"] == "query" {
                    queries += 1;
                    format!("{plain}?{name}={text}")
                } else if parameter["in"] == "path" {
                    paths += 1;
                    let raw = template.replace(&format!("{{{name}}}"), text);
                    raw.replace("{id}", &id).replace("{name}", "N").replace("{code}", "C")
                } else {
                    continue;
                };
                let answer = service.get(&path, key).await;
                assert!(answer.status < 500, "{path}: {}", answer.text);
                if parameter["in"] == "query" && text.contains("%00") && plain == *template {
                    answer.expect_code(422, "invalid");
                }
            }
        }
    }
    assert!(queries > 300 && paths > 100, "{queries} {paths}");
}
