//! Every example of a body in the OpenAPI document is sent to the service, which takes it; and every example of an
//! answer is as its schema says.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use support::contract::{self, DOCUMENT};
use support::harness::{Answer, OPERATOR, Service, Tenant, with_codes};

/// Examples that were sent, as `operation: media: name`.
struct Sent<'s> {
    service: &'s Service,
    done: BTreeSet<String>,
}

impl Sent<'_> {
    /// Sends the examples of an operation, one after the other, each prepared by `prepare`, which names path and body.
    async fn all(
        &mut self,
        id: &str,
        key: &str,
        prepare: impl Fn(&str, Value) -> (String, Value),
    ) -> Vec<Answer> {
        let (method, operation) = operation(id);
        let mut answers = Vec::new();
        for (media, body) in operation["requestBody"]["content"].as_object().expect("bodies") {
            for (name, example) in body["examples"].as_object().expect("examples") {
                let (path, value) = prepare(name, example["value"].clone());
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let mut headers = vec![("content-type", media.as_str())];
                let version;
                if operation["responses"].get("412").is_some() {
                    let read = self.service.get(&path, key).await.expect(200);
                    version = read.header("etag").to_owned();
                    headers.push(("if-match", &version));
                }
                let method: Method = method.to_ascii_uppercase().parse().unwrap();
                let answer = self.service.send(method, &path, key, Some(text), &headers).await;
                assert!((200..300).contains(&answer.status), "{id}, {name}: {}", answer.text);
                assert!(self.done.insert(format!("{id}: {media}: {name}")));
                answers.push(answer);
            }
        }
        answers
    }
}

fn operation(id: &str) -> (&'static str, &'static Value) {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let all = paths.values().flat_map(|item| item.as_object().unwrap());
    let mut found = all.filter(|(_, operation)| operation["operationId"] == id);
    let (method, operation) = found.next().unwrap_or_else(|| panic!("there is no {id}"));
    (method, operation)
}

fn at(path: &str) -> impl Fn(&str, Value) -> (String, Value) {
    move |_, value| (path.to_owned(), value)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_a_request_is_taken() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut sent = Sent { service: &service, done: BTreeSet::new() };
    settle(&mut sent, &tenant).await;
    let rewards = promote(&mut sent, &tenant).await;
    sell(&mut sent, &tenant).await;
    give(&mut sent, &tenant, &rewards).await;
    let mut expected = BTreeSet::new();
    for item in DOCUMENT["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            let content = operation["requestBody"]["content"].as_object();
            for (media, body) in content.into_iter().flatten() {
                let examples = body["examples"].as_object();
                let says_something = body["schema"]["$ref"] != "#/components/schemas/Nothing";
                assert!(examples.is_some() || !says_something, "{id}: {media} has no example");
                for name in examples.into_iter().flat_map(|all| all.keys()) {
                    expected.insert(format!("{id}: {media}: {name}"));
                }
            }
        }
    }
    assert_eq!(sent.done, expected);
}

/// Tenants, keys, settings, stores, lists, milestones, webhooks.
async fn settle(sent: &mut Sent<'_>, tenant: &Tenant) {
    let admin = &tenant.admin;
    let other = sent.service.tenant().await;
    sent.all("create_tenant", OPERATOR, at("/v1/tenants")).await;
    let path = format!("/v1/tenants/{}", other.id);
    sent.all("change_tenant", OPERATOR, at(&path)).await;
    sent.all("create_tenant_key", OPERATOR, at(&format!("{path}/keys"))).await;
    sent.all("create_key", admin, at("/v1/keys")).await;
    // The tenant whose promotions are made keeps the defaults.
    sent.all("replace_settings", &other.admin, at("/v1/settings")).await;
    let fields = json!({"custom_fields": [{"key": "cost_center", "type": "text"}]});
    sent.service.replace("/v1/settings", admin, "*", fields).await.expect(200);
    sent.all("put_stores", admin, at("/v1/stores")).await;
    sent.all("put_store", admin, at("/v1/stores/BLR-IND")).await;
    sent.all("put_product_list", admin, at("/v1/product-lists/new-arrivals")).await;
    sent.all("import_vocabulary", admin, at("/v1/vocabulary/category")).await;
    let named = |name: &str, value| {
        (format!("/v1/milestones/{}", if name == "spender" { "big-spender" } else { name }), value)
    };
    sent.all("put_milestone", admin, named).await;
    sent.all("put_webhook", admin, at("/v1/webhooks/crm")).await;
    sent.all("resend_deliveries", admin, at("/v1/webhooks/crm/resend")).await;
    sent.all("rotate_webhook_secret", admin, at("/v1/webhooks/crm/secret")).await;
}

/// Promotions of every type, benefit, condition and schedule, and codes. Returns those that can be issued or claimed.
async fn promote(sent: &mut Sent<'_>, tenant: &Tenant) -> (String, String) {
    let admin = &tenant.admin;
    let other = sent.service.tenant().await;
    let made = sent.all("create_promotion", admin, at("/v1/promotions")).await;
    let id_of = |name: &str| {
        let found = made.iter().find(|answer| answer.body["name"] == name);
        found.unwrap_or_else(|| panic!("there is no {name}")).id()
    };
    let codes = format!("/v1/promotions/{}/codes", id_of("SAVE10"));
    sent.all("create_codes", admin, at(&codes)).await;
    let mut draft = with_codes("Draft");
    draft["status"] = "draft".into();
    let draft = sent.service.promotion(admin, draft).await;
    let path = format!("/v1/promotions/{draft}");
    sent.all("replace_promotion", admin, at(&path)).await;
    sent.all("import_rules", &other.admin, at("/v1/promotions/import")).await;
    sent.all("set_promotion_status", admin, at(&format!("{path}/status"))).await;
    sent.all("set_promotion_statuses", admin, at("/v1/promotions/status")).await;
    (id_of("Birthday voucher"), id_of("Claim 5 % off"))
}

async fn sell(sent: &mut Sent<'_>, tenant: &Tenant) {
    sent.all("evaluate_cart", &tenant.pos, at("/v1/evaluate-cart")).await;
    sent.all("price_products", &tenant.pos, at("/v1/price-products")).await;
    sent.all("create_backtest", &tenant.admin, at("/v1/backtests")).await;
    let made = sent.all("redeem", &tenant.pos, at("/v1/redemptions")).await;
    let sale = made.iter().find(|answer| answer.body["state"] == "committed").expect("a sale").id();
    sent.all("return_goods", &tenant.pos, at(&format!("/v1/redemptions/{sale}/returns"))).await;
}

async fn give(sent: &mut Sent<'_>, tenant: &Tenant, (reward, open): &(String, String)) {
    let of = |path: &'static str| {
        move |_: &str, mut value: Value| {
            value["promotion_id"] = json!(reward);
            (path.to_owned(), value)
        }
    };
    sent.all("issue", &tenant.issuer, of("/v1/issuances")).await;
    sent.all("issue_in_bulk", &tenant.issuer, of("/v1/issuances/bulk")).await;
    sent.all("claim_promotion", &tenant.issuer, at(&format!("/v1/promotions/{open}/activations")))
        .await;
    sent.all("record_activity", &tenant.pos, at("/v1/activities")).await;
    sent.all("merge_customer", &tenant.admin, at("/v1/customers/C-2001/merge")).await;
}

#[test]
fn every_example_is_as_its_schema_says() {
    let mut count = 0;
    for item in DOCUMENT["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let answers = operation["responses"].as_object().unwrap().values();
            let bodies = answers.map(contract::resolved).chain(operation.get("requestBody"));
            for (media, body) in bodies.filter_map(|own| own["content"].as_object()).flatten() {
                for (name, example) in body["examples"].as_object().into_iter().flatten() {
                    let faults = contract::validator(&body["schema"]);
                    let value = &example["value"];
                    let faults: Vec<String> =
                        faults.iter_errors(value).map(|fault| fault.to_string()).collect();
                    assert!(faults.is_empty(), "{media}, {name}: {}", faults.join("\n"));
                    count += 1;
                }
            }
        }
    }
    assert!(count > 50, "{count} examples");
}
