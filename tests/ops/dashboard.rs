//! The dashboard and the alerts against the metrics that there really are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use promotion_engine::{jobs, probe};
use serde_json::{Value, json};
use support::harness::{Service, cart, random_id, ten_percent};

/// Labels that Prometheus adds, and that of histograms' buckets.
const ADDED: [&str; 3] = ["job", "instance", "le"];

/// The labels of each metric, with the values that were seen.
type Exposed = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

pub fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A shop that does a little of everything; what `/metrics` shows then.
async fn walked() -> String {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    service.promotion(&tenant.admin, ten_percent("A")).await;
    assert_eq!(service.discount(&tenant.pos).await, "10.00");
    for hold in [false, true] {
        let body = json!({"transaction_id": random_id(), "request": cart(), "hold": hold});
        let made = service.post("/v1/redemptions", &tenant.pos, body).await;
        made.expect(201);
    }
    service.get("/nowhere", "").await.expect(404);
    let address = service.address();
    let lives = tokio::task::spawn_blocking(move || probe::lives(address)).await;
    assert!(lives.expect("an answer").expect("a connection"));
    let inside = service.app.service();
    jobs::backlog::round(inside).await.expect("a round");
    jobs::reconcile::round(inside).await.expect("a round");
    service.get("/metrics", "").await.expect(200).text
}

/// Reads `name{label="value",…} number` of each line.
fn read(text: &str) -> Exposed {
    let mut exposed = Exposed::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).expect("a name");
        let (name, rest) = line.split_at(end);
        let labels = exposed.entry(name.to_owned()).or_default();
        for (label, _, value) in matchers(rest.strip_prefix('{').unwrap_or_default()) {
            labels.entry(label).or_default().insert(value);
        }
    }
    exposed
}

/// The matchers `label op "value"` up to the closing brace. No value has a quotation mark or a brace.
fn matchers(text: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((label, after)) = rest.split_once(['=', '!']) {
        if label.contains('}') {
            break;
        }
        let sign = &rest[label.len()..];
        let (op, after_op) = sign.split_once('"').unwrap_or((after, ""));
        let (value, next) = after_op.split_once('"').expect("the end of a value");
        found.push((label.trim_matches([',', ' ']).to_owned(), op.to_owned(), value.to_owned()));
        rest = next;
        if rest.starts_with('}') {
            break;
        }
    }
    found
}

/// The expressions of the alerts, by name.
fn alerts() -> Vec<(String, String)> {
    let text = file("ops/prometheus/alerts.yml");
    let mut lines = text.lines().map(str::trim);
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("- alert: ") {
            assert_eq!(lines.next(), Some("expr: >-"), "{name}");
            found.push((name.to_owned(), lines.next().unwrap_or_default().to_owned()));
        }
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

/// The expressions of the dashboard, by the titles of their panels.
fn panels() -> Vec<(String, String)> {
    let text = file("ops/grafana/dashboards/promotion-engine.json");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut found = Vec::new();
    for panel in panels {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            found.push((text(&panel["title"]), text(&target["expr"])));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// The metrics of an expression, each with what follows its name.
fn metrics(expression: &str) -> Vec<(String, String)> {
    expression
        .match_indices("promotion_engine_")
        .map(|(start, _)| {
            let text = &expression[start..];
            let is_name = |own: char| own.is_ascii_alphanumeric() || own == '_';
            let end = text.find(|own| !is_name(own)).unwrap_or(text.len());
            let (name, rest) = text.split_at(end);
            (name.to_owned(), rest.to_owned())
        })
        .collect()
}

/// What is wrong with an expression, for what is exposed.
fn faults(expression: &str, exposed: &Exposed) -> Vec<String> {
    let mut faults = Vec::new();
    let mut known: BTreeSet<&str> = ADDED.into();
    for (name, rest) in metrics(expression) {
        let Some(labels) = exposed.get(&name) else {
            faults.push(format!("there is no {name}"));
            continue;
        };
        known.extend(labels.keys().map(String::as_str));
        let matched = rest.strip_prefix('{').map(matchers).unwrap_or_default();
        for (label, op, value) in matched {
            if ADDED.contains(&label.as_str()) {
                continue;
            }
            let Some(values) = labels.get(&label) else {
                faults.push(format!("{name} has no label {label}"));
                continue;
            };
            let is_one = matches!(op.as_str(), "=" | "!=");
            // Which statuses there are depends on what has happened.
            let wanted = if is_one { vec![value.as_str()] } else { value.split('|').collect() };
            for value in wanted.into_iter().filter(|_| label != "status") {
                if !values.contains(value) {
                    faults.push(format!("{name} has no {label} {value:?}"));
                }
            }
        }
    }
    for grouped in expression.split("by (").skip(1) {
        let labels = grouped.split(')').next().unwrap_or_default().split(", ");
        for label in labels.filter(|label| !known.contains(label)) {
            faults.push(format!("nothing is by {label}"));
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_watched_exists_and_what_exists_is_shown() {
    let text = walked().await;
    let exposed = read(&text);
    let mut wrong = Vec::new();
    for (name, expression) in alerts().into_iter().chain(panels()) {
        for fault in faults(&expression, &exposed) {
            wrong.push(format!("{name}: {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{text}", wrong.join("\n"));
    let shown: String = panels().into_iter().map(|(_, own)| own + "\n").collect();
    for line in text.lines() {
        let Some(metric) = line.strip_prefix("# TYPE ") else {
            continue;
        };
        let name = metric.split(' ').next().unwrap_or_default();
        assert!(shown.contains(name), "{name} is on no panel");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens() {
    let text = walked().await;
    for line in [
        r#"requests_total{method="POST",route="/v1/evaluate-cart",status="200"} 1"#,
        r#"requests_total{method="POST",route="/v1/redemptions",status="201"} 2"#,
        r#"requests_total{method="GET",route="unmatched",status="404"} 1"#,
        r#"request_duration_seconds_count{method="POST",route="/v1/redemptions"} 2"#,
        // The one that asks.
        "requests_in_flight 1",
        r#"evaluations_total{outcome="discounted"} 1"#,
        "evaluation_candidates_sum 1.0",
        "promotions_applied_total 1",
        "promotions_redeemed_total 2",
        r#"discount_given_total{currency="INR"} 20.0"#,
        r#"redemptions_total{verdict="recorded"} 2"#,
        "redemption_group_size_count 2",
        "holds_open 1",
        "rules_listening 1",
        "promotions_in_memory 1",
        r#"rules_loads_total{outcome="failed"} 0"#,
        "tenants_with_differences 0",
    ] {
        let line = format!("promotion_engine_{line}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[test]
fn what_is_not_there_is_found() {
    let exposed = read("promotion_engine_a_total{kind=\"x\",way=\"y\"} 1\npromotion_engine_b 2\n");
    for (expression, expected) in [
        (r#"sum by (kind) (promotion_engine_a_total{kind="x", way=~"y"}) / promotion_engine_b"#, 0),
        ("promotion_engine_a", 1),
        (r#"promotion_engine_a_total{kind="z"}"#, 1),
        (r#"promotion_engine_a_total{kind=~"x|z"}"#, 1),
        (r#"promotion_engine_a_total{sort="x"}"#, 1),
        ("sum by (sort, le) (promotion_engine_a_total)", 1),
    ] {
        let found = faults(expression, &exposed);
        assert_eq!(found.len(), expected, "{expression}: {found:?}");
    }
}

#[test]
fn every_alert_has_a_test_and_a_page_to_open_at_night() {
    let (tests, pages) = (file("ops/prometheus/alerts_test.yml"), file("docs/OPERATING.md"));
    for (name, _) in alerts() {
        assert!(tests.contains(&format!("- name: {name}\n")), "{name}");
        assert!(pages.contains(&format!("\n### {name}\n")), "{name}");
    }
}
