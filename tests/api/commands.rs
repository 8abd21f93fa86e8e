//! The commands that read a database: what `export` writes prices like the service, and `reconcile` finds what differs.

use chrono::Utc;
use promotion_engine::{document, export, jobs, reconcile};
use serde_json::{Value, json};
use support::harness::{Service, cart, ten_percent, with_codes};

use crate::ledger::{Gift, Ledger};

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_tenant_gets_the_prices_of_the_service() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let other = service.tenant().await;
    let admin = &tenant.admin;
    service.promotion(&other.admin, ten_percent("Other")).await;
    let settings = json!({
        "rounding": {"mode": "down", "precision": 3},
        "custom_fields": [{"key": "cost", "label": "Cost", "type": "number", "required": false}],
    });
    let tag = service.get("/v1/settings", admin).await;
    service.replace("/v1/settings", admin, tag.header("etag"), settings).await.expect(200);
    let store = json!({"concept": "mega", "zones": ["south"], "timezone": "Asia/Dubai"});
    service.put("/v1/stores/S1", admin, store).await.expect(200);
    let list = json!({"skus": ["TEE", "CAP"]});
    service.put("/v1/product-lists/tees", admin, list).await.expect(200);
    let mut listed = ten_percent("Listed");
    listed["custom_fields"] = json!({"cost": "12.5"});
    listed["scope"] = json!({"zones": ["south"]});
    listed["conditions"] = json!({"type": "line_quantity", "op": "gte", "value": "1",
        "of": {"include": [{"field": "sku", "op": "in_list", "list": "tees"}]}});
    listed["benefit"] =
        json!({"type": "percentage_off", "value": "33.333", "target": {"type": "items"}});
    service.promotion(admin, listed).await;
    // Both win in turn only in the order in which they were made.
    for name in ["First", "Second"] {
        let mut equal = ten_percent(name);
        equal["stacking"] = json!({"exclusive": false, "allow_further": false, "group": null});
        service.promotion(admin, equal).await;
    }
    let paused = service.promotion(admin, ten_percent("Paused")).await;
    let status = json!({"status": "paused"});
    service.post(&format!("/v1/promotions/{paused}/status"), admin, status).await.expect(200);
    let mut draft = ten_percent("Draft");
    draft["status"] = "draft".into();
    service.promotion(admin, draft).await;
    let coded = service.promotion(admin, with_codes("With \"codes\"")).await;
    let codes = format!("/v1/promotions/{coded}/codes");
    let of = |code: &str, customer: &str| json!({"code": code, "customer_id": customer});
    let some = json!({"codes": ["SAVE10", "Save-20", of("MINE", "C \"1\""), of("THEIRS", "C-2")]});
    service.post(&codes, admin, some).await.expect(201);
    let old = json!({"codes": ["OLD", of("OLDER", "C-2")], "expires_at": "2020-01-01T00:00:00Z"});
    service.post(&codes, admin, old).await.expect(201);
    let many = json!({"generate": {"count": 12_000, "length": 9}});
    service.post(&codes, admin, many).await.expect(201);

    let id = tenant.id.parse().map(promotion_engine::domain::id::TenantId::new);
    let id = id.expect("an id");
    let db = service.app.service().db();
    let text = export::write(db, id, Vec::new()).await.expect("a document");
    let mut exported: Value = serde_json::from_slice(&text).expect("JSON");
    let names: Vec<&str> = exported["promotions"]
        .as_array()
        .expect("promotions")
        .iter()
        .map(|promotion| promotion["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["Listed", "First", "Second", "Paused", "With \"codes\""]);
    let codes = exported["codes"]["With \"codes\""].as_array();
    assert_eq!(codes.map(Vec::len), Some(12_006));

    let mut request = cart();
    request["cart"]["codes"] = json!(["THEIRS", "mine", "save10", "OLD", "OLDER", "NONE"]);
    request["customer"] = json!({"id": "C \"1\""});
    request["cart"]["lines"][0]["unit_price"] = "99.99".into();
    request["store"] = "S1".into();
    request["explain"] = "all".into();
    let served = service.post("/v1/evaluate-cart", &tenant.pos, request.clone()).await;
    let mut served = served.expect(200).body;
    exported["request"] = request;
    let result = document::evaluate(exported.to_string().as_bytes(), Utc::now());
    let result = result.unwrap_or_else(|problem| panic!("{}", problem.print(None)));
    let mut result: Value = serde_json::from_str(&result).expect("JSON");
    assert!(served["totals"]["discount"] != json!("0.000"), "{served}");
    for evaluation in [&mut served, &mut result] {
        // Of the moment, and of the service.
        for member in ["evaluated_at", "ruleset_version"] {
            evaluation.as_object_mut().expect("an object").remove(member);
        }
        // Which has no promised order.
        if let Some(entries) = evaluation["not_applied"].as_array_mut() {
            entries.sort_by_key(|entry| entry["promotion_id"].to_string());
        }
    }
    assert_eq!(result, served);
    let nobody = promotion_engine::domain::id::TenantId::new(uuid::Uuid::now_v7());
    let refused = export::write(db, nobody, Vec::new()).await;
    assert!(matches!(refused, Err(export::ExportError::NoTenant(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_that_differ_from_the_ledger_are_found() {
    let (database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let right = service.promotion(&tenant.admin, ten_percent("A")).await;
    let wrong = service.promotion(&other.admin, ten_percent("B")).await;
    let mut ledger = Ledger::of(&database, &tenant.id).await;
    let mut theirs = Ledger::of(&database, &other.id).await;
    let times = ("customer", "C-1", "times");
    for state in ["committed", "held"] {
        let sale = ledger.sale(state, "now()", &[Gift::of(&right, 1)]).await;
        ledger.used(&sale, &right, times, 2, 4).await;
        let sale = theirs.sale(state, "now()", &[Gift::of(&wrong, 1)]).await;
        theirs.used(&sale, &wrong, times, 0, 2).await;
    }
    let service = service.app.service();
    let mut out = Vec::new();
    let found = reconcile::check(service.db(), &mut out).await;
    assert_eq!((found.expect("an answer"), out.len()), (0, 0));
    assert_eq!(jobs::reconcile::round(service).await.expect("a round"), 0);
    theirs.miscounted(&wrong).await;
    let found = reconcile::check(service.db(), &mut out).await;
    assert_eq!(found.expect("an answer"), 1);
    let expected = format!(
        "tenant {}, promotion {wrong}, limit customer.times, owner \"C-1\", window 0: counted 5, recorded 4\n",
        other.id
    );
    assert_eq!(String::from_utf8(out).expect("text"), expected);
    assert_eq!(jobs::reconcile::round(service).await.expect("a round"), 1);
}
