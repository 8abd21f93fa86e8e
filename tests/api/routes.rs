//! Every route of the OpenAPI document × every role × every kind of id. A route that is missing here fails.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use support::harness::{OPERATOR, Service, Tenant, cart, random_id, ten_percent, with_codes};

/// Who may call a route: the letters of operator, admin, pos, issuer, viewer; `*` is anybody, without a key too.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub allowed: &'static str,
}

const fn route(method: &'static str, path: &'static str, allowed: &'static str) -> Route {
    Route { method, path, allowed }
}

pub const ROUTES: &[Route] = &[
    route("post", "/v1/tenants", "o"),
    route("get", "/v1/tenants", "o"),
    route("patch", "/v1/tenants/{id}", "o"),
    route("post", "/v1/tenants/{id}/keys", "o"),
    route("delete", "/v1/tenants/{id}/keys/{key_id}", "o"),
    route("post", "/v1/keys", "a"),
    route("get", "/v1/keys", "av"),
    route("delete", "/v1/keys/{id}", "a"),
    route("get", "/v1/tenant", "av"),
    route("get", "/v1/settings", "av"),
    route("put", "/v1/settings", "a"),
    route("get", "/v1/stores", "av"),
    route("put", "/v1/stores", "a"),
    route("get", "/v1/stores/{code}", "av"),
    route("put", "/v1/stores/{code}", "a"),
    route("delete", "/v1/stores/{code}", "a"),
    route("get", "/v1/product-lists", "av"),
    route("get", "/v1/product-lists/{name}", "av"),
    route("put", "/v1/product-lists/{name}", "a"),
    route("delete", "/v1/product-lists/{name}", "a"),
    route("post", "/v1/promotions", "a"),
    route("get", "/v1/promotions", "av"),
    route("put", "/v1/promotions/import", "a"),
    route("get", "/v1/promotions/{id}", "av"),
    route("put", "/v1/promotions/{id}", "a"),
    route("delete", "/v1/promotions/{id}", "a"),
    route("post", "/v1/promotions/{id}/status", "a"),
    route("post", "/v1/promotions/status", "a"),
    route("get", "/v1/promotions/{id}/history", "av"),
    route("get", "/v1/promotions/{id}/findings", "av"),
    route("get", "/v1/promotions/{id}/stats", "av"),
    route("get", "/v1/stats", "av"),
    route("post", "/v1/promotions/{id}/codes", "a"),
    route("get", "/v1/promotions/{id}/codes", "av"),
    route("delete", "/v1/promotions/{id}/codes/{code}", "a"),
    route("get", "/v1/promotions/{id}/batches", "av"),
    route("get", "/v1/codes/{code}", "ap"),
    route("post", "/v1/evaluate-cart", "ap"),
    route("post", "/v1/price-products", "ap"),
    route("post", "/v1/backtests", "a"),
    route("get", "/v1/backtests", "av"),
    route("get", "/v1/backtests/{id}", "av"),
    route("delete", "/v1/backtests/{id}", "a"),
    route("post", "/v1/redemptions", "ap"),
    route("get", "/v1/redemptions", "apv"),
    route("get", "/v1/redemptions/{id}", "apv"),
    route("post", "/v1/redemptions/{id}/commit", "ap"),
    route("post", "/v1/redemptions/{id}/cancel", "ap"),
    route("post", "/v1/redemptions/{id}/returns", "ap"),
    route("post", "/v1/issuances", "ai"),
    route("get", "/v1/issuances", "apiv"),
    route("post", "/v1/issuances/bulk", "ai"),
    route("get", "/v1/issuances/{id}", "apiv"),
    route("post", "/v1/issuances/{id}/activate", "api"),
    route("post", "/v1/issuances/{id}/revoke", "a"),
    route("post", "/v1/promotions/{id}/activations", "api"),
    route("post", "/v1/activities", "api"),
    route("get", "/v1/customers/{id}/promotions", "apv"),
    route("get", "/v1/customers/{id}/milestones", "apiv"),
    route("post", "/v1/customers/{id}/merge", "a"),
    route("delete", "/v1/customers/{id}", "a"),
    route("get", "/v1/milestones", "av"),
    route("get", "/v1/milestones/{name}", "av"),
    route("put", "/v1/milestones/{name}", "a"),
    route("delete", "/v1/milestones/{name}", "a"),
    route("get", "/v1/webhooks", "av"),
    route("get", "/v1/webhooks/{name}", "av"),
    route("put", "/v1/webhooks/{name}", "a"),
    route("delete", "/v1/webhooks/{name}", "a"),
    route("get", "/v1/webhooks/{name}/dead", "av"),
    route("post", "/v1/webhooks/{name}/resend", "a"),
    route("post", "/v1/webhooks/{name}/secret", "a"),
    route("get", "/v1/vocabulary", "av"),
    route("put", "/v1/vocabulary/{field}", "a"),
    route("delete", "/v1/vocabulary/{field}", "a"),
    route("get", "/v1/events", "av"),
    route("get", "/v1/audit", "av"),
    route("get", "/healthz", "*"),
    route("get", "/readyz", "*"),
    route("get", "/metrics", "*"),
    route("get", "/openapi.json", "*"),
    route("get", "/docs", "*"),
];

/// What a tenant has one of each of.
#[derive(Clone)]
pub struct Things {
    pub tenant: String,
    pub key: String,
    pub store: String,
    pub list: String,
    pub promotion: String,
    pub code: String,
    pub hold: String,
    pub sale: String,
    /// The caller's id of the hold, and whose the issuance is.
    pub transaction: String,
    pub customer: String,
    /// A promotion that can be issued, and one of its issuances.
    pub reward: String,
    pub issuance: String,
    /// A promotion that customers claim.
    pub open: String,
    pub webhook: String,
    pub backtest: String,
}

impl Things {
    pub async fn of(service: &Service, tenant: &Tenant, mark: &str) -> Self {
        let (store, list, code) = (format!("S{mark}"), format!("L{mark}"), format!("CODE{mark}"));
        let admin = &tenant.admin;
        service.put(&format!("/v1/stores/{store}"), admin, json!({})).await.expect(200);
        let path = format!("/v1/product-lists/{list}");
        service.put(&path, admin, json!({"skus": ["A"]})).await.expect(200);
        let promotion = service.promotion(admin, with_codes(&format!("P{mark}"))).await;
        let path = format!("/v1/promotions/{promotion}/codes");
        service.post(&path, admin, json!({"codes": [code]})).await.expect(201);
        let body = json!({"measure": "visits", "targets": [{"name": "T", "value": "5"}]});
        service.put(&format!("/v1/milestones/{list}"), admin, body).await.expect(200);
        let key = service.key(admin, "pos").await.0;
        let redeem = async |transaction: &str, hold: bool| {
            let mut request = cart();
            request["cart"]["codes"] = json!([code]);
            let body = json!({"transaction_id": transaction, "request": request, "hold": hold});
            let made = service.post("/v1/redemptions", &tenant.pos, body).await;
            made.expect(201).id()
        };
        let (transaction, customer) = (random_id(), format!("C{mark}-{}", random_id()));
        let hold = redeem(&transaction, true).await;
        let sale = redeem(&random_id(), false).await;
        let claimed = async |name: &str, kind: &str| {
            let mut body = ten_percent(&format!("{name}{mark}"));
            body["type"] = kind.into();
            body["activation_required"] = true.into();
            service.promotion(admin, body).await
        };
        let (reward, open) = (claimed("R", "rewards").await, claimed("O", "pos").await);
        let body = json!({"promotion_id": reward, "customer_id": customer, "source_id": "S"});
        let issued = service.post("/v1/issuances", &tenant.issuer, body).await;
        let issuance = issued.expect(201).id();
        // A tenant has room for few.
        let known = service.get("/v1/webhooks", admin).await.expect(200).body;
        for webhook in known["items"].as_array().unwrap() {
            let path = format!("/v1/webhooks/{}", webhook["name"].as_str().unwrap());
            service.delete(&path, admin).await.expect(204);
        }
        let webhook = format!("W{mark}");
        let path = format!("/v1/webhooks/{webhook}");
        service.put(&path, admin, quiet_webhook()).await.expect(201);
        let backtest =
            service.post("/v1/backtests", admin, empty_backtest()).await.expect(202).id();
        Self {
            tenant: tenant.id.clone(),
            key,
            store,
            list,
            promotion,
            code,
            hold,
            sale,
            transaction,
            customer,
            reward,
            issuance,
            open,
            webhook,
            backtest,
        }
    }

    /// Ids of nothing.
    pub fn random() -> Self {
        let text = || random_id().replace('-', "");
        Self {
            tenant: random_id(),
            key: random_id(),
            store: text(),
            list: text(),
            promotion: random_id(),
            code: text(),
            hold: random_id(),
            sale: random_id(),
            transaction: random_id(),
            customer: random_id(),
            reward: random_id(),
            issuance: random_id(),
            open: random_id(),
            webhook: text(),
            backtest: random_id(),
        }
    }

    pub fn path(&self, path: &str) -> String {
        let first = if path.starts_with("/v1/tenants") {
            &self.tenant
        } else if path.starts_with("/v1/keys") {
            &self.key
        } else if path.ends_with("/returns") {
            &self.sale
        } else if path.starts_with("/v1/redemptions") {
            &self.hold
        } else if path.starts_with("/v1/issuances") {
            &self.issuance
        } else if path.starts_with("/v1/backtests") {
            &self.backtest
        } else if path.ends_with("/activations") {
            &self.open
        } else {
            &self.promotion
        };
        let code = if path.starts_with("/v1/stores") { &self.store } else { &self.code };
        let name = if path.starts_with("/v1/webhooks") { &self.webhook } else { &self.list };
        path.replace("{id}", first)
            .replace("{key_id}", &self.key)
            .replace("{name}", name)
            .replace("{code}", code)
            .replace("{field}", "sku")
    }
}

/// A webhook that wants what does not happen here.
fn quiet_webhook() -> Value {
    json!({"url": "https://crm.example/", "events": ["issuance.expiring"]})
}

/// A backtest of a day without redemptions.
fn empty_backtest() -> Value {
    json!({"name": "B", "from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"})
}

fn body(route: &Route, things: &Things) -> Option<Value> {
    let name = random_id();
    Some(match (route.method, route.path) {
        ("get" | "delete", _) => return None,
        (_, "/v1/tenants") => json!({"name": "T", "currency": "EUR", "timezone": "Europe/Paris"}),
        (_, "/v1/tenants/{id}") => json!({"suspended": false}),
        (_, "/v1/tenants/{id}/keys" | "/v1/keys") => json!({"role": "pos", "label": "till"}),
        (_, "/v1/settings" | "/v1/stores/{code}") => json!({}),
        (_, "/v1/stores") => json!([{"code": "X"}]),
        (_, "/v1/product-lists/{name}") => json!({"skus": ["A"]}),
        (_, "/v1/vocabulary/{field}") => json!({"values": [{"value": "A", "title": "Tee"}]}),
        (_, "/v1/promotions") => ten_percent(&name),
        (_, "/v1/promotions/import") => json!({"promotions": [ten_percent(&name)]}),
        (_, "/v1/promotions/{id}") => with_codes(&name),
        (_, "/v1/promotions/status") => json!({"ids": [things.promotion], "status": "paused"}),
        (_, "/v1/promotions/{id}/status") => json!({"status": "paused"}),
        (_, "/v1/promotions/{id}/codes") => json!({"codes": [format!("N{}", &name[24..])]}),
        (_, "/v1/evaluate-cart") => cart(),
        (_, "/v1/price-products") => {
            json!({"products": [{"id": "1", "sku": "A", "unit_price": "10"}]})
        }
        (_, "/v1/backtests") => empty_backtest(),
        (_, "/v1/webhooks/{name}") => quiet_webhook(),
        (_, "/v1/webhooks/{name}/resend" | "/v1/webhooks/{name}/secret") => json!({}),
        (_, "/v1/redemptions") => json!({"transaction_id": name, "request": cart()}),
        (_, "/v1/redemptions/{id}/commit" | "/v1/redemptions/{id}/cancel") => json!({}),
        (_, "/v1/redemptions/{id}/returns") => {
            json!({"return_id": name, "lines": [{"id": "1", "quantity": "0.01"}]})
        }
        (_, "/v1/issuances") => {
            json!({"promotion_id": things.reward, "customer_id": "D", "source_id": name})
        }
        (_, "/v1/issuances/bulk") => {
            json!({"promotion_id": things.reward, "customer_ids": ["D", "E"], "source_id": name})
        }
        (_, "/v1/issuances/{id}/activate" | "/v1/issuances/{id}/revoke") => json!({}),
        (_, "/v1/milestones/{name}") => {
            json!({"measure": "visits", "targets": [{"name": "T", "value": "5"}]})
        }
        (_, "/v1/activities") => {
            json!({"id": name, "type": "registration", "customer": {"id": "C"}})
        }
        (_, "/v1/promotions/{id}/activations") => json!({"customer_id": "C"}),
        (_, "/v1/customers/{id}/merge") => json!({"into": "D"}),
        (method, path) => panic!("a body for {method} {path}"),
    })
}

/// What a route answers to these things, as of their version.
pub async fn call(
    service: &Service,
    route: &Route,
    things: &Things,
    key: &str,
    version: &str,
) -> (u16, Value) {
    let method: Method = route.method.to_uppercase().parse().unwrap();
    let body = body(route, things).map(|body| body.to_string());
    let path = things.path(route.path);
    let answer =
        service.send(method, &path, key, body, &[("if-match", &format!("\"{version}\""))]).await;
    let mut body = answer.body;
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (answer.status, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_listed_with_what_it_answers() {
    let (_database, service) = Service::start().await;
    let document = service.get("/openapi.json", "").await.expect(200).body;
    let mut documented = BTreeSet::new();
    let letters = |operation: &Value| -> String {
        let Some(roles) = operation["security"][0]["key"].as_array() else {
            return "*".to_owned();
        };
        let mut letters: Vec<char> =
            roles.iter().filter_map(|role| role.as_str()?.chars().next()).collect();
        letters.sort_unstable();
        letters.into_iter().collect()
    };
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            documented.insert((method.clone(), path.clone(), letters(operation)));
            let responses = operation["responses"].as_object().unwrap();
            assert!(!responses.is_empty(), "{method} {path} answers nothing");
            for parameter in path.split('{').skip(1) {
                let name = parameter.split('}').next().unwrap();
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters.iter().any(|known| known["name"] == name),
                    "{method} {path}: {name}"
                );
            }
        }
    }
    let listed: BTreeSet<_> = ROUTES
        .iter()
        .map(|route| {
            let mut letters: Vec<char> = route.allowed.chars().collect();
            letters.sort_unstable();
            let letters: String = letters.into_iter().collect();
            (route.method.to_owned(), route.path.to_owned(), letters)
        })
        .collect();
    assert_eq!(documented, listed, "the tables of this file name every route and who may call it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_may_do_what_the_spec_says_and_nothing_else() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let roles = [
        ('o', OPERATOR),
        ('a', &tenant.admin),
        ('p', &tenant.pos),
        ('i', &tenant.issuer),
        ('v', &tenant.viewer),
    ];
    // Another last digit, whichever it is.
    let (known, last) = tenant.admin.split_at(tenant.admin.len() - 1);
    let forged = format!("{known}{}", if last == "0" { "1" } else { "0" });
    for (number, route) in ROUTES.iter().enumerate() {
        let things = Things::of(&service, &tenant, &format!("{number:03}")).await;
        let name = format!("{} {}", route.method, route.path);
        for (letter, key) in roles {
            let allowed = route.allowed.contains([letter, '*']);
            let (status, body) = call(&service, route, &things, key, "1").await;
            if allowed {
                assert!(status < 400 || status == 412, "{name} as {letter}: {status} {body}");
            } else {
                assert_eq!(
                    (status, &body["code"]),
                    (403, &json!("forbidden")),
                    "{name} as {letter}"
                );
            }
        }
        if route.allowed != "*" {
            for key in ["", "nonsense", &forged, "pe_admin_x_y"] {
                let (status, body) = call(&service, route, &things, key, "1").await;
                let expected = (401, &json!("unauthorized"));
                assert_eq!((status, &body["code"]), expected, "{name} with {key:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foreign_answers_like_what_does_not_exist() {
    let (_database, service) = Service::start().await;
    let (own, other) = (service.tenant().await, service.tenant().await);
    let foreign = Things::of(&service, &other, "F").await;
    // A put of a store or a list makes it, in the caller's own tenant, whoever else has one of that name.
    let makes = |route: &Route| route.method == "put" && !route.path.contains("promotions");
    // Customers are whoever the caller says: there is none that does not exist.
    // The fields of the vocabulary are the same everywhere.
    let is_anybody = |route: &Route| {
        route.path.starts_with("/v1/customers") || route.path.starts_with("/v1/vocabulary")
    };
    for route in ROUTES
        .iter()
        .filter(|route| route.path.contains('{') && !makes(route) && !is_anybody(route))
    {
        let name = format!("{} {}", route.method, route.path);
        if route.path.starts_with("/v1/tenants") {
            let (status, body) = call(&service, route, &Things::random(), OPERATOR, "1").await;
            assert_eq!((status, &body["code"]), (404, &json!("not_found")), "{name}");
            continue;
        }
        for key in [&own.admin, &own.viewer] {
            let answers = call(&service, route, &foreign, key, "1").await;
            let expected = call(&service, route, &Things::random(), key, "1").await;
            assert_eq!(answers, expected, "{name}");
            assert!(matches!(answers.0, 403 | 404), "{name}: {}", answers.0);
        }
    }
    // Another tenant's key, by the operator.
    let path = format!("/v1/tenants/{}/keys/{}", own.id, foreign.key);
    service.delete(&path, OPERATOR).await.expect_code(404, "not_found");
    // Nothing of the other has changed, and nothing of it is listed.
    for route in ROUTES.iter().filter(|route| route.method == "get" && route.allowed == "av") {
        let path = foreign.path(route.path);
        let theirs = service.get(&path, &other.admin).await.expect(200).text;
        let ours = service.get(&path, &own.admin).await;
        for id in [
            &foreign.promotion,
            &foreign.key,
            &foreign.code,
            &foreign.issuance,
            &foreign.webhook,
            &foreign.backtest,
            &foreign.sale,
        ] {
            assert!(!ours.text.contains(id.as_str()), "{path} tells {id}");
        }
        assert!(!theirs.is_empty());
    }
    assert_eq!(service.discount(&other.admin).await, "0.00");
    let mut with_code = cart();
    with_code["cart"]["codes"] = json!([foreign.code]);
    let ours = service.post("/v1/evaluate-cart", &own.pos, with_code.clone()).await.expect(200);
    assert_eq!(ours.body["codes"][0]["status"], "unknown");
    let theirs = service.post("/v1/evaluate-cart", &other.pos, with_code).await.expect(200);
    assert_eq!(theirs.body["codes"][0]["status"], "applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_an_id_does_not_exist() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    for id in ["x", "1", "%00", "%ff", "00000000000000000000000000000000", "..", "a%2Fb"] {
        let path = format!("/v1/promotions/{id}");
        service.get(&path, &tenant.admin).await.expect_code(404, "not_found");
    }
}
