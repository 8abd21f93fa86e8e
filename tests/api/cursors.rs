//! Cursors say nothing, and nobody but the service makes one; a viewer cannot look codes up.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;
use support::contract::DOCUMENT;
use support::harness::{OPERATOR, Service, Tenant, random_id, with_codes};

use crate::issuances::{issue, redeem, reward};

/// What every name, id and code of the test holds.
const CANARY: &str = "canary";

/// Two of everything that is listed; the promotion whose codes they are.
async fn fill(service: &Service, tenant: &Tenant) -> String {
    let admin = &tenant.admin;
    let coded = service.promotion(admin, with_codes("Canary coded")).await;
    let codes = json!({"codes": ["CANARY-KEY-1", "CANARY-KEY-2"]});
    let path = format!("/v1/promotions/{coded}/codes");
    service.post(&path, admin, codes).await.expect(201);
    for number in 1..=2 {
        let generate =
            json!({"generate": {"count": 1, "length": 8}, "batch": format!("canary-{number}")});
        service.post(&path, admin, generate).await.expect(201);
    }
    let paused = json!({"status": "paused"});
    let path = format!("/v1/promotions/{coded}/status");
    service.post(&path, admin, paused).await.expect(200);
    for number in 1..=2 {
        let store = json!({"concept": "Canary", "zones": []});
        let path = format!("/v1/stores/CANARY-{number}");
        service.put(&path, admin, store).await.expect(200);
        let path = format!("/v1/product-lists/canary-{number}");
        let list = json!({"skus": ["CANARY"]});
        service.put(&path, admin, list).await.expect(200);
        let milestone = json!({"measure": "visits", "of": null, "window": null,
                               "targets": [{"name": "T", "value": "1"}]});
        let path = format!("/v1/milestones/canary-{number}");
        service.put(&path, admin, milestone).await.expect(200);
        let webhook = json!({"url": "https://canary.example/", "events": ["promotion.ended"]});
        let path = format!("/v1/webhooks/canary-{number}");
        service.put(&path, admin, webhook).await.expect(201);
        let limits = json!({"issue": {"per_customer": 2}});
        let name = format!("Canary {number}");
        let promotion = service.promotion(admin, reward(&name, limits)).await;
        issue(service, tenant, &promotion, "canary").await.expect(201);
        redeem(service, tenant, false).await;
        let backtest =
            json!({"name": "Canary", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"});
        service.post("/v1/backtests", admin, backtest).await.expect(202);
    }
    coded
}

/// What can be made of a cursor, as text in lower case.
fn readings(cursor: &str) -> Vec<String> {
    let mut all = vec![cursor.as_bytes().to_vec()];
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    all.extend(cursor.as_bytes().chunks(2).map(digits).collect::<Option<Vec<u8>>>());
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        all.extend(engine.decode(cursor).ok());
    }
    all.iter().map(|bytes| String::from_utf8_lossy(bytes).to_lowercase()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cursor_of_any_list_says_anything() {
    let (database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let coded = fill(&service, &tenant).await;
    let again = Service::on(&database, |_| {}).await;
    let (mut lists, mut sealed) = (BTreeSet::new(), Vec::new());
    for (template, item) in DOCUMENT["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array();
        let has_cursor =
            parameters.is_some_and(|all| all.iter().any(|own| own["name"] == "cursor"));
        if !has_cursor {
            continue;
        }
        let key = if template == "/v1/tenants" { OPERATOR } else { &*tenant.viewer };
        let path = match template.as_str() {
            "/v1/customers/{id}/promotions" => "/v1/customers/C/promotions".to_owned(),
            "/v1/vocabulary" => "/v1/vocabulary?field=store".to_owned(),
            "/v1/webhooks/{name}/dead" => continue,
            // Each version is an entry; the others have one.
            _ => template.replace("{id}", &coded),
        };
        let path = format!("{path}{}", if path.contains('?') { '&' } else { '?' });
        let page = service.get(&format!("{path}limit=1"), key).await.expect(200);
        let cursor = page.body["next_cursor"].as_str();
        let cursor = cursor.unwrap_or_else(|| panic!("{path} has one page: {}", page.text));
        for reading in readings(cursor) {
            let said = reading.contains(CANARY) || reading.contains(&coded);
            assert!(!said, "{path}: {reading}");
        }
        // Every instance reads it, for this list alone.
        let next = format!("{path}limit=1&cursor={cursor}");
        let (here, there) = (service.get(&next, key).await, again.get(&next, key).await);
        assert_eq!(here.expect(200).text, there.expect(200).text);
        lists.insert(template.clone());
        sealed.push((path, key.to_owned(), cursor.to_owned()));
    }
    assert!(lists.len() >= 14, "{lists:?}");
    for (path, key, _) in &sealed {
        for (place, _, cursor) in sealed.iter().filter(|(place, _, _)| place != path) {
            let answer = service.get(&format!("{path}cursor={cursor}"), key).await;
            let faults = answer.expect_code(422, "invalid").faults();
            assert_eq!(faults, [("/cursor".to_owned(), "malformed".to_owned())], "{place}");
        }
    }
    let (_, _, cursor) = sealed.iter().find(|(path, _, _)| path == "/v1/stores?").unwrap();
    let path = format!("/v1/stores?cursor={cursor}");
    service.get(&path, &other.viewer).await.expect_code(422, "invalid");
    // As the release before wrote them.
    service
        .get("/v1/stores?cursor=6e43414e4152592d31", &tenant.viewer)
        .await
        .expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_out_which_codes_there_are_by_a_filter() {
    let database = support::TestDatabase::new().await;
    let service = Service::on(&database, |options| options.unknown_codes = 3).await;
    let tenant = service.tenant().await;
    let asked = |code: &str| format!("/v1/redemptions?code={code}");
    let viewer = &tenant.viewer;
    service.get(&asked("CANARY"), viewer).await.expect_code(403, "forbidden");
    service.get(&asked(&random_id()), viewer).await.expect_code(403, "forbidden");
    service.get("/v1/redemptions", viewer).await.expect(200);
    for _ in 0..5 {
        service.get(&asked("X"), &tenant.admin).await.expect(200);
    }
    for _ in 0..3 {
        service.get(&asked("X"), &tenant.pos).await.expect(200);
    }
    service.get(&asked("X"), &tenant.pos).await.expect_code(429, "too_many_requests");
}
