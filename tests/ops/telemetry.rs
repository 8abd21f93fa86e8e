//! What logs, traces, metrics and errors tell of requests, and that none of it is a secret (P21).

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use promotion_engine::config::{LogConfig, LogFormat, TraceConfig};
use promotion_engine::telemetry::{Traces, install};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use support::harness::{Answer, OPERATOR, Service, Tenant, cart, ten_percent, with_codes};
use tracing_subscriber::EnvFilter;

use crate::collector::{Collector, attribute};

const CUSTOMER: &str = "canary-customer-7f3a9c";
const CODE: &str = "CANARYCODE7F3A9C";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The log, kept.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// A cart with a code and a customer.
fn telling_cart() -> Value {
    let mut body = cart();
    body["cart"]["codes"] = json!([CODE]);
    body["customer"] = json!({"id": CUSTOMER});
    body
}

/// What errors said.
#[derive(Default)]
struct Errors(Vec<String>);

impl Errors {
    fn note(&mut self, what: &str, answer: Answer) -> Answer {
        if answer.status >= 400 {
            self.0.push(format!("{what}: {}", answer.text));
        }
        answer
    }
}

/// All keys that open something of a tenant.
pub fn all_keys(tenant: &Tenant) -> [&str; 5] {
    let Tenant { admin, pos, issuer, viewer, .. } = tenant;
    [OPERATOR, admin, pos, issuer, viewer]
}

/// Every route with canaries wherever something can stand, by a key that is good and by one that is not.
async fn everywhere(service: &Service, keys: &[&str], errors: &mut Errors) {
    let document = service.get("/openapi.json", "").await.expect(200).body;
    // Names of members come back, as pointers into the caller's own body: they are no place for a secret.
    let junk = json!({"id": CUSTOMER, "customer_id": CUSTOMER, "code": CODE, "codes": [CODE], "source_id": CUSTOMER,
        "customer": {"id": CUSTOMER}, "label": CODE, "request": telling_cart(), "name": CODE});
    for (template, operations) in document["paths"].as_object().unwrap() {
        let path = template
            .replace("{id}", CUSTOMER)
            .replace("{key_id}", CUSTOMER)
            .replace("{code}", CODE)
            .replace("{name}", CUSTOMER);
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let has_body = !matches!(method, Method::GET | Method::DELETE);
            for key in keys {
                let what = format!("{method} {template}");
                let bodies = if has_body {
                    vec![Some(junk.to_string()), Some(CODE.to_owned())]
                } else {
                    vec![None]
                };
                for body in bodies {
                    let headers = [("if-match", "\"1\"")];
                    let sent = service.send(method.clone(), &path, key, body, &headers);
                    errors.note(&what, sent.await);
                }
            }
        }
    }
}

/// What a shop does, with the code and the customer in it.
async fn a_day(service: &Service, tenant: &Tenant, errors: &mut Errors) -> String {
    let (admin, pos) = (&tenant.admin, &tenant.pos);
    let coded = service.promotion(admin, with_codes("Coded")).await;
    let codes = format!("/v1/promotions/{coded}/codes");
    let some = json!({"codes": [CODE]});
    service.post(&codes, admin, some).await.expect(201);
    service.get(&codes, admin).await.expect(200);
    let mut limited = ten_percent("Limited");
    limited["limits"] = json!({"customer": {"times": {"max": 3}}});
    service.promotion(admin, limited).await;
    let mut reward = ten_percent("Reward");
    reward["type"] = "rewards".into();
    let reward = service.promotion(admin, reward).await;
    let hook = json!({"url": "https://127.0.0.1:9/", "events": ["redemption.committed"]});
    let made = service.put("/v1/webhooks/crm", admin, hook).await;
    let made = errors.note("PUT webhook", made);
    let open = json!({"url": "https://crm.example/", "events": ["redemption.committed"]});
    let secret = match made.status {
        201 => made.body["secret"].clone(),
        _ => service.put("/v1/webhooks/crm", admin, open).await.expect(201).body["secret"].clone(),
    };
    let issue = json!({"promotion_id": reward, "customer_id": CUSTOMER, "source_id": "S"});
    service.post("/v1/issuances", &tenant.issuer, issue).await.expect(201);
    let priced = service.post("/v1/evaluate-cart", pos, telling_cart()).await;
    assert_eq!(priced.expect(200).body["codes"][0]["status"], "applied");
    for (number, hold) in [(1, false), (2, true), (3, true)] {
        let id = format!("sale-{number}");
        let body = json!({"transaction_id": id, "request": telling_cart(), "hold": hold});
        let made = service.post("/v1/redemptions", pos, body).await.expect(201);
        let step = match number {
            1 => "returns",
            2 => "commit",
            _ => "cancel",
        };
        let body = match number {
            1 => json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]}),
            _ => json!({}),
        };
        let path = format!("/v1/redemptions/{}/{step}", made.id());
        errors.note(step, service.post(&path, pos, body).await).expect(200);
    }
    let activity = json!({"id": "A", "type": "registration", "customer": {"id": CUSTOMER}});
    service.post("/v1/activities", pos, activity).await.expect(200);
    let path = format!("/v1/customers/{CUSTOMER}/promotions");
    service.get(&path, pos).await.expect(200);
    let path = format!("/v1/issuances?customer_id={CUSTOMER}");
    errors.note("list", service.get(&path, pos).await);
    secret.as_str().expect("a secret").to_owned()
}

/// All that the database has, as text.
async fn dump(connection: &mut PgConnection) -> String {
    let tables = sqlx::query("select tablename::text from pg_tables where schemaname = 'public'");
    let tables = tables.fetch_all(&mut *connection).await.expect("tables");
    let mut all = String::new();
    for table in tables {
        let name: String = table.get(0);
        let rows = format!("select coalesce(string_agg(own::text, ' '), '') from {name} as own");
        let rows = sqlx::query(AssertSqlSafe(rows)).fetch_one(&mut *connection);
        all += &rows.await.expect("rows").get::<String, _>(0);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_names_tenant_request_and_rules_and_no_secret() {
    let log = Log::default();
    let collector = Collector::start().await;
    let traces = TraceConfig {
        otel_exporter_otlp_endpoint: Some(format!("http://{}/", collector.address)),
        otel_service_name: "engine-of-the-test".to_owned(),
    };
    let traces = Traces::start(&traces).expect("an exporter");
    let (own, json) = (log.clone(), LogConfig { log_format: Some(LogFormat::Json) });
    let filter = EnvFilter::new("debug,promotion_engine=trace");
    install(json, filter, move || own.clone(), &traces);

    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut errors = Errors::default();
    let secret = a_day(&service, &tenant, &mut errors).await;
    let forged = format!("{}0", tenant.pos);
    let keys = [OPERATOR, &tenant.admin, &tenant.pos, &forged];
    everywhere(&service, &keys, &mut errors).await;
    let headers = [("x-request-id", "till-7/4711"), ("traceparent", TRACEPARENT)];
    let body = Some(telling_cart().to_string());
    let priced = service
        .send(Method::POST, "/v1/evaluate-cart", &tenant.pos, body, &headers)
        .await
        .expect(200);
    let version = priced.body["ruleset_version"].to_string();
    let metrics = service.get("/metrics", "").await.expect(200).text;
    traces.stop().await;

    let spans = collector.spans();
    let span = spans
        .iter()
        .find(|span| attribute(span, "request.id").as_deref() == Some("till-7/4711"))
        .expect("a span of the request");
    assert_eq!(span.name, "POST /v1/evaluate-cart");
    for (key, value) in [
        ("tenant.id", tenant.id.as_str()),
        ("rules.version", &version),
        ("http.route", "/v1/evaluate-cart"),
        ("http.status", "200"),
    ] {
        assert_eq!(attribute(span, key).as_deref(), Some(value), "{key}");
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|own| format!("{own:02x}")).collect::<String>();
    let parent = format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.parent_span_id));
    assert_eq!(parent, TRACEPARENT, "a child of the caller's span");

    let text = log.text();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let answered = lines
        .iter()
        .find(|line| line["message"] == "answered" && line["span"]["request.id"] == "till-7/4711")
        .expect("a line of the request");
    assert_eq!(answered["span"]["tenant.id"], tenant.id);
    assert_eq!(answered["span"]["rules.version"].to_string(), version);
    assert_eq!(answered["http.status"], 200);

    let keys = all_keys(&tenant);
    let exported = String::from_utf8_lossy(&collector.bytes()).into_owned();
    for secret in keys.iter().copied().chain([CUSTOMER, CODE, &secret]) {
        for (what, text) in [("the log", &text), ("traces", &exported), ("metrics", &metrics)] {
            let place = text.find(secret);
            let shown = place.map(|place| {
                let around = place.saturating_sub(300)..(place + 100).min(text.len());
                String::from_utf8_lossy(&text.as_bytes()[around]).into_owned()
            });
            assert_eq!(shown, None, "{what} has {secret}");
        }
        let told: Vec<&String> = errors.0.iter().filter(|error| error.contains(secret)).collect();
        assert!(told.is_empty(), "errors tell {secret}: {told:#?}");
    }
    assert!(!metrics.contains(&tenant.id));
    let mut connection = database.owner_connection().await;
    let rows = dump(&mut connection).await;
    connection.close().await.expect("a closed connection");
    assert!(rows.contains(&tenant.id) && rows.contains(CODE), "the dump is whole");
    for key in keys {
        assert!(!rows.contains(key), "the database has {key}");
    }
}
