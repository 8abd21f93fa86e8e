//! P7: ids in bodies, queries and addresses. One that is another tenant's answers like one that does not exist, and
//! changes nothing there. (`routes` does the same for the ids in paths.)

use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent};

use crate::routes::{ROUTES, Route, Things, call};

/// Everything that names something outside of the path: method, path, body.
fn naming(things: &Things) -> Vec<(&'static str, String, Option<Value>)> {
    let named = |of: &str| {
        json!({"name": "N", "type": "pos", "status": "active",
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": {"type": "percentage_off", "value": "10", "target": {"type": "items",
            "select": {"include": [{"field": "sku", "op": "in_list", "list": of}]}}}})
    };
    let with = |name: &str, value: Value| {
        let mut request = cart();
        request[name] = value;
        request
    };
    let coded = |codes: Value| {
        let mut request = cart();
        request["cart"]["codes"] = codes;
        request
    };
    let excluding = json!({"multiple_promotions_per_line": {"exclude": {"include":
        [{"field": "sku", "op": "in_list", "list": things.list}]}}});
    let issue = json!({"promotion_id": things.reward, "customer_id": "C", "source_id": "S"});
    let bulk = json!({"promotion_id": things.reward, "customer_ids": ["C"], "source_id": "S"});
    let redeem =
        json!({"transaction_id": things.transaction, "request": cart(), "replaces": things.hold});
    let activity = json!({"id": things.transaction, "type": "transaction", "customer": {"id": "C"},
        "transaction_id": things.transaction, "cart": cart()["cart"]});
    let empty = Some(json!({}));
    let paused = json!({"ids": [things.promotion], "status": "paused"});
    let at = |rest: &str| format!("/v1/redemptions/tx:{}{rest}", things.transaction);
    vec![
        ("post", "/v1/issuances".to_owned(), Some(issue)),
        ("post", "/v1/issuances/bulk".to_owned(), Some(bulk)),
        ("post", "/v1/redemptions".to_owned(), Some(redeem)),
        ("post", "/v1/activities".to_owned(), Some(activity)),
        ("post", "/v1/promotions".to_owned(), Some(named(&things.list))),
        ("post", "/v1/promotions/status".to_owned(), Some(paused)),
        ("get", format!("/v1/promotions?code={}", things.code), None),
        ("get", format!("/v1/promotions?store={}", things.store), None),
        ("get", format!("/v1/customers/{}/milestones", things.customer), None),
        ("post", "/v1/evaluate-cart".to_owned(), Some(with("store", json!(things.store)))),
        ("post", "/v1/evaluate-cart".to_owned(), Some(with("settings", excluding))),
        ("post", "/v1/evaluate-cart".to_owned(), Some(coded(json!([things.code])))),
        ("get", at(""), None),
        ("post", at("/commit"), empty.clone()),
        ("get", format!("/v1/redemptions?transaction_id={}", things.transaction), None),
        ("get", format!("/v1/redemptions?promotion_id={}", things.promotion), None),
        ("get", format!("/v1/redemptions?code={}", things.code), None),
        ("get", format!("/v1/audit?subject=promotion:{}", things.promotion), None),
        ("get", format!("/v1/stats?campaign={}&from=2026-01-01T00:00:00Z", things.store), None),
        ("get", format!("/v1/customers/{}/promotions", things.customer), None),
        ("get", format!("/v1/issuances?customer_id={}", things.customer), None),
    ]
}

/// An answer without what the caller has sent or what no two answers share.
fn plain(mut text: String, things: &Things) -> String {
    let sent = [
        &things.reward,
        &things.hold,
        &things.list,
        &things.store,
        &things.code,
        &things.transaction,
        &things.promotion,
        &things.customer,
    ];
    for own in sent {
        text = text.replace(own.as_str(), "…");
    }
    text
}

async fn ask(
    service: &Service,
    key: &str,
    what: &(&str, String, Option<Value>),
    things: &Things,
) -> (u16, String) {
    let (method, path, body) = what;
    let method = method.to_uppercase().parse().unwrap();
    let body = body.as_ref().map(Value::to_string);
    let mut answer = service.send(method, path, key, body, &[]).await;
    let status = answer.status;
    if let Some(fields) = answer.body.as_object_mut() {
        for moving in ["request_id", "evaluated_at", "ruleset_version"] {
            fields.remove(moving);
        }
    }
    (status, plain(answer.body.to_string(), things))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_body_or_a_query_names_of_others_does_not_exist() {
    let (_database, service) = Service::start().await;
    let (own, other) = (service.tenant().await, service.tenant().await);
    let foreign = Things::of(&service, &other, "F").await;
    let random = Things::random();
    let mut told = Vec::new();
    for (theirs, nobodys) in naming(&foreign).into_iter().zip(naming(&random)) {
        let name = format!("{} {}", theirs.0, nobodys.1);
        let answered = ask(&service, &own.admin, &theirs, &foreign).await;
        let expected = ask(&service, &own.admin, &nobodys, &random).await;
        assert_eq!(answered, expected, "{name}");
        told.push((name, theirs, expected));
    }
    let hold = format!("/v1/redemptions/{}", foreign.hold);
    let held = service.get(&hold, &other.admin).await.expect(200);
    assert_eq!(held.body["state"], "held");
    // The other tenant itself is told something else: the cases have a point.
    for (name, theirs, expected) in told {
        let answered = ask(&service, &other.admin, &theirs, &foreign).await;
        let activity_or_filter = name.contains("activities") || name.contains("campaign");
        assert!(answered != expected || activity_or_filter, "{name} tells nothing: {answered:?}");
    }
}

/// Everything that the tenant can read of its own things.
async fn all_of(service: &Service, tenant: &Tenant, things: &Things) -> Vec<(String, String)> {
    let mut read = Vec::new();
    for route in ROUTES.iter().filter(|route| route.method == "get" && route.allowed.contains('v'))
    {
        let path = things.path(route.path);
        read.push((
            path.clone(),
            service.get(&path, &tenant.admin).await.expect(200).body.to_string(),
        ));
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_under_a_name_that_others_have_is_the_callers_own() {
    let (_database, service) = Service::start().await;
    let (own, other) = (service.tenant().await, service.tenant().await);
    let foreign = Things::of(&service, &other, "F").await;
    service.promotion(&other.admin, ten_percent("Theirs")).await;
    // Some things change by themselves: the last use of a key, the names of carts, how far a backtest is, and statistics.
    let by_themselves = ["/v1/keys", "/v1/vocabulary", "/v1/backtests", "stats"];
    let standing = |read: Vec<(String, String)>| -> Vec<(String, String)> {
        let stands = |path: &str| !by_themselves.iter().any(|own| path.contains(own));
        read.into_iter().filter(|(path, _)| stands(path)).collect()
    };
    service.get("/v1/events", &other.admin).await.expect(200);
    let before = standing(all_of(&service, &other, &foreign).await);
    let makes = |route: &&Route| route.method == "put" && !route.path.contains("promotions");
    for route in ROUTES.iter().filter(makes) {
        let name = format!("{} {}", route.method, route.path);
        let (status, body) = call(&service, route, &foreign, &own.admin, "1").await;
        assert!((200..300).contains(&status), "{name}: {status} {body}");
    }
    for route in
        ROUTES.iter().filter(|route| route.method == "delete" && route.path.contains("{name}"))
    {
        call(&service, route, &foreign, &own.admin, "1").await;
    }
    assert_eq!(standing(all_of(&service, &other, &foreign).await), before);
    let key = random_id();
    let path = format!("/v1/keys/{key}");
    service.delete(&path, &own.admin).await.expect_code(404, "not_found");
}
