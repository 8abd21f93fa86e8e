//! The console as the service serves it. A build for tests has the page that explains how to get the console; the
//! console itself is tried in a browser (`console/e2e`).

use reqwest::Method;
use support::harness::{Answer, Service};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

async fn open(service: &Service, path: &str) -> Answer {
    service.send(Method::GET, path, "", None, &[BROWSER]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_led_to_the_console_and_a_program_is_not() {
    let (_database, service) = Service::start().await;
    for path in ["/", "/console"] {
        let moved = open(&service, path).await;
        assert_eq!((moved.status, moved.header("location")), (303, "/console/"), "{path}");
    }
    service.get("/", "").await.expect_code(404, "not_found");
    let refused = [("accept", "application/json, text/html;q=0")];
    let answer = service.send(Method::GET, "/", "", None, &refused).await;
    answer.expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_build_without_the_console_says_how_to_get_it() {
    let (_database, service) = Service::start().await;
    let page = open(&service, "/console/").await.expect(200);
    for words in ["CONSOLE_DIST=", "cargo build --release", "Node.js", "href=\"/docs\""] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    // Its router knows the other paths.
    let deep = open(&service, "/console/promotions/0190/edit?tab=json").await.expect(200);
    assert_eq!(deep.text, page.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody() {
    let (_database, service) = Service::start().await;
    let page = open(&service, "/console/").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
        ("vary", "accept, accept-encoding"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_known_is_not_sent_again() {
    let (_database, service) = Service::start().await;
    let plain = open(&service, "/console/").await.expect(200);
    assert_eq!(plain.header("content-encoding"), "");
    let gzip = ("accept-encoding", "br, gzip");
    let packed =
        service.send(Method::GET, "/console/", "", None, &[BROWSER, gzip]).await.expect(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    let tags = [plain.header("etag"), packed.header("etag")];
    assert_ne!(tags[0], tags[1], "another encoding is another answer");
    let known = |tag| [BROWSER, ("if-none-match", tag)];
    let same = service.send(Method::GET, "/console/", "", None, &known(tags[0])).await.expect(304);
    assert_eq!((same.text.as_str(), same.header("etag")), ("", tags[0]));
    let weak = format!("\"other\", W/{}", tags[0]);
    service.send(Method::GET, "/console/", "", None, &known(&weak)).await.expect(304);
    service.send(Method::GET, "/console/", "", None, &known("\"other\"")).await.expect(200);
    let refused = ("accept-encoding", "gzip;q=0");
    let answer = service.send(Method::GET, "/console/", "", None, &[BROWSER, refused]).await;
    assert_eq!(answer.expect(200).header("content-encoding"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_of_the_console_is_served() {
    let (_database, service) = Service::start().await;
    for path in [
        "/console/none.js",
        "/console/assets/none.js",
        "/console/..%2FCargo.toml",
        "/console/assets/..%2Findex.html",
        "/console/%2Findex.html",
        "/console/%2Fetc%2Fpasswd",
        "/console/index.html.gz",
    ] {
        service.get(path, "").await.expect_code(404, "not_found");
    }
    for path in ["/console/..%2F..%2FCargo.toml", "/console/assets/none.js"] {
        open(&service, path).await.expect_code(404, "not_found");
    }
    let posted = service.send(Method::POST, "/console/", "", None, &[BROWSER]).await;
    posted.expect_code(405, "method_not_allowed");
}
