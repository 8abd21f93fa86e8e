//! The page that shows the OpenAPI document: all of it comes from the service itself.

use reqwest::Method;
use support::harness::Service;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_document_needs_nothing_from_elsewhere() {
    let (_database, service) = Service::start().await;
    let moved = service.call(Method::GET, "/docs", "", None).await;
    assert_eq!((moved.status, moved.header("location")), (303, "/docs/"));
    let page = service.get("/docs/", "").await;
    assert_eq!(page.header("content-type"), "text/html");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    let mut places = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        for rest in page.text.split(attribute).skip(1) {
            places.push(rest.split('"').next().unwrap().to_owned());
        }
    }
    assert!(places.len() >= 4, "{places:?}");
    for place in places {
        let name = place.strip_prefix("./").unwrap_or(&place);
        assert!(!name.contains("//"), "{place} is elsewhere");
        let asset = service.get(&format!("/docs/{name}"), "").await;
        assert_eq!(asset.status, 200, "{place}");
        assert_eq!(asset.header("content-security-policy"), policy);
        assert_eq!(asset.header("x-content-type-options"), "nosniff");
        assert!(!asset.text.contains("@import"), "{place}");
    }
    let start = service.get("/docs/swagger-initializer.js", "").await;
    assert!(start.text.contains("/openapi.json"), "{}", start.text);
    assert!(start.text.contains("\"validatorUrl\": \"none\""), "{}", start.text);
    assert!(!start.text.contains("http"), "{}", start.text);
    service.get("/docs/none.js", "").await.expect_code(404, "not_found");
    service.get("/docs/..%2Findex.html", "").await.expect_code(404, "not_found");
}
