//! Importing rules, over HTTP and by the command: by name, all or nothing (spec 3).

use promotion_engine::domain::id::TenantId;
use promotion_engine::export;
use promotion_engine::import::{ImportError, read_and_import};
use promotion_engine::service::Mode;
use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, ten_percent, with_codes};

use crate::audit_coverage::fingerprint;

const PATH: &str = "/v1/promotions/import";

async fn exported(service: &Service, tenant: &Tenant) -> Value {
    let id = TenantId::new(tenant.id.parse().unwrap());
    let text = export::write(service.app.service().db(), id, Vec::new()).await.unwrap();
    serde_json::from_slice(&text).unwrap()
}

async fn import(service: &Service, tenant: &Tenant, document: &Value) -> Value {
    service.put(PATH, &tenant.admin, document.clone()).await.expect(200).body
}

fn tally(made: u32, replaced: u32, left: u32) -> Value {
    json!({"made": made, "replaced": replaced, "left": left})
}

/// A tenant with everything that is exported.
async fn full(service: &Service) -> Tenant {
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let settings = json!({"rounding": {"mode": "down", "precision": 3}});
    service.replace("/v1/settings", admin, "*", settings).await.expect(200);
    for store in ["S1", "S2"] {
        let body = json!({"concept": "mega", "zones": ["south"]});
        service.put(&format!("/v1/stores/{store}"), admin, body).await.expect(200);
    }
    let list = json!({"skus": ["TEE", "CAP"]});
    service.put("/v1/product-lists/tees", admin, list).await.expect(200);
    let mut listed = ten_percent("Listed");
    listed["conditions"] = json!({"type": "item", "of": {"include":
        [{"field": "sku", "op": "in_list", "list": "tees"}]}});
    service.promotion(admin, listed).await;
    // Which one wins depends on the order alone.
    for name in ["First", "Second"] {
        let mut equal = ten_percent(name);
        equal["stacking"] = json!({"allow_further": false});
        service.promotion(admin, equal).await;
    }
    let paused = service.promotion(admin, ten_percent("Paused")).await;
    let status = json!({"status": "paused"});
    service.post(&format!("/v1/promotions/{paused}/status"), admin, status).await.expect(200);
    let coded = service.promotion(admin, with_codes("Coded")).await;
    let codes = json!({"codes": ["SAVE10", {"code": "MINE", "customer_id": "C"}]});
    service.post(&format!("/v1/promotions/{coded}/codes"), admin, codes).await.expect(201);
    tenant
}

async fn priced(service: &Service, tenant: &Tenant) -> Value {
    let mut request = cart();
    request["cart"]["codes"] = json!(["save10", "MINE"]);
    request["customer"] = json!({"id": "C"});
    request["store"] = "S1".into();
    let mut body = service.post("/v1/evaluate-cart", &tenant.pos, request).await.expect(200).body;
    for member in ["evaluated_at", "ruleset_version"] {
        body.as_object_mut().unwrap().remove(member);
    }
    for applied in body["applied"].as_array_mut().unwrap() {
        applied.as_object_mut().unwrap().remove("promotion_id");
    }
    for line in body["lines"].as_array_mut().unwrap() {
        line.as_object_mut().unwrap().remove("allocations");
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_imported_by_name() {
    let (database, service) = Service::start().await;
    let (from, into) = (full(&service).await, service.tenant().await);
    let document = exported(&service, &from).await;
    let mut owner = database.owner_connection().await;
    // A dry run says what would happen, and nothing does. Events that were told before may be numbered at any time.
    for tenant in [&from, &into] {
        service.get("/v1/events", &tenant.admin).await.expect(200);
    }
    let before = fingerprint(&mut owner).await;
    let path = format!("{PATH}?dry_run=true");
    let tried = service.put(&path, &into.admin, document.clone()).await.expect(200).body;
    assert_eq!(fingerprint(&mut owner).await, before);
    let expected = json!({
        "settings": tally(0, 1, 0), "stores": tally(2, 0, 0), "product_lists": tally(1, 0, 0),
        "promotions": tally(5, 0, 0), "codes": tally(2, 0, 0),
    });
    assert_eq!(tried, expected);
    assert_eq!(import(&service, &into, &document).await, expected);
    assert_eq!(priced(&service, &into).await, priced(&service, &from).await);
    let listed = service.get("/v1/promotions", &into.admin).await.expect(200).body;
    let states = listed["items"].as_array().unwrap().iter();
    let states: Vec<_> = states.map(|own| (own["name"].clone(), own["state"].clone())).collect();
    let named = |name: &str, state: &str| (json!(name), json!(state));
    let newest_first = [
        named("Coded", "live"),
        named("Paused", "paused"),
        named("Second", "live"),
        named("First", "live"),
        named("Listed", "live"),
    ];
    assert_eq!(states, newest_first);
    // The same again changes nothing, not even a version.
    service.get("/v1/events", &into.admin).await.expect(200);
    let before = fingerprint(&mut owner).await;
    let again = json!({
        "settings": tally(0, 0, 1), "stores": tally(0, 0, 2), "product_lists": tally(0, 0, 1),
        "promotions": tally(0, 0, 5), "codes": tally(0, 0, 2),
    });
    assert_eq!(import(&service, &into, &document).await, again);
    let mut after = fingerprint(&mut owner).await;
    // But that of the rules.
    after.insert("tenant".to_owned(), before["tenant"].clone());
    assert_eq!(after, before);
    // A few changes.
    let mut changed = document;
    changed["stores"][0]["concept"] = "mini".into();
    changed["product_lists"]["caps"] = json!(["CAP"]);
    changed["promotions"][1]["description"] = "new".into();
    changed["promotions"][3]["status"] = "active".into();
    changed["codes"]["Coded"] = json!(["save10", "NEW-1"]);
    let some = json!({
        "settings": tally(0, 0, 1), "stores": tally(0, 1, 1), "product_lists": tally(1, 0, 1),
        "promotions": tally(0, 2, 3), "codes": tally(1, 0, 1),
    });
    assert_eq!(import(&service, &into, &changed).await, some);
    let counted = service.get("/v1/audit?limit=200", &into.admin).await.expect(200).body;
    assert!(counted["items"].as_array().unwrap().len() > 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_document_changes_nothing() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut owner = database.owner_connection().await;
    service.promotion(&tenant.admin, with_codes("Theirs")).await;
    let listed = service.get("/v1/promotions", &tenant.admin).await.expect(200).body;
    let theirs = listed["items"][0]["id"].as_str().unwrap();
    let path = format!("/v1/promotions/{theirs}/codes");
    service.post(&path, &tenant.admin, json!({"codes": ["TAKEN"]})).await.expect(201);
    // Events that were told before may be numbered at any time.
    service.get("/v1/events", &tenant.admin).await.expect(200);
    let before = fingerprint(&mut owner).await;
    let mut listed = ten_percent("B");
    listed["conditions"] = json!({"type": "item", "of": {"include":
        [{"field": "sku", "op": "in_list", "list": "nowhere"}]}});
    let mut bad = ten_percent("C");
    bad["benefit"]["value"] = "101".into();
    let faults = async |document: Value| -> Vec<(String, String)> {
        let refused = service.put(PATH, &tenant.admin, document).await;
        refused.expect_code(422, "invalid").faults()
    };
    let fault = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    let good = ten_percent("A");
    for (document, expected) in [
        (json!({"promotions": [good, bad]}), fault("/promotions/1/benefit/value", "out_of_range")),
        (
            json!({"stores": [{"code": "S"}], "promotions": [good, listed]}),
            fault("/promotions/1/conditions/of/include/0/list", "unknown_reference"),
        ),
        (json!({"promotions": [good, good]}), fault("/promotions/1/name", "not_unique")),
        (
            json!({"promotions": [good], "codes": {"A": ["SAVE10"]}}),
            fault("/codes/A", "unsupported_combination"),
        ),
        (json!({"codes": {"B": ["SAVE10"]}}), fault("/codes/B", "unknown_reference")),
        (
            json!({"stores": [{"code": "S", "timezone": "Nowhere"}]}),
            fault("/stores/0/timezone", "malformed"),
        ),
        (json!({"request": {}}), fault("/request", "unknown_field")),
    ] {
        assert_eq!(faults(document).await, expected);
    }
    let taken = json!({"promotions": [good, with_codes("Coded")], "codes": {"Coded": ["taken"]}});
    service.put(PATH, &tenant.admin, taken).await.expect_code(409, "code_taken");
    assert_eq!(fingerprint(&mut owner).await, before);
    service.put(PATH, &tenant.viewer, json!({})).await.expect_code(403, "forbidden");
    service.put(&format!("{PATH}?x=1"), &tenant.admin, json!({})).await.expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_leaves_what_it_does_not_name() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let fields = json!({"custom_fields": [{"key": "cost", "type": "text", "required": true}]});
    service.replace("/v1/settings", admin, "*", fields).await.expect(200);
    service.put("/v1/stores/S", admin, json!({})).await.expect(200);
    let mut body = ten_percent("A");
    body["custom_fields"] = json!({"cost": "X"});
    let id = service.promotion(admin, body.clone()).await;
    let mut document = exported(&service, &tenant).await;
    document["promotions"][0]["description"] = "new".into();
    document["stores"] = json!([]);
    let done = import(&service, &tenant, &document).await;
    assert_eq!((&done["settings"], &done["promotions"]), (&tally(0, 0, 1), &tally(0, 1, 0)));
    let path = format!("/v1/promotions/{id}");
    let promotion = service.get(&path, admin).await.expect(200).body;
    assert_eq!(promotion["description"], "new");
    assert_eq!(promotion["custom_fields"], json!({"cost": "X"}));
    service.get("/v1/stores/S", admin).await.expect(200);
    assert_eq!(import(&service, &tenant, &json!({})).await["promotions"], tally(0, 0, 0));
    // A new active promotion needs what the tenant asks for.
    document["promotions"][0]["name"] = "B".into();
    let refused = service.put(PATH, admin, document.clone()).await.expect_code(422, "invalid");
    let expected = ("/promotions/0/custom_fields/cost".to_owned(), "required".to_owned());
    assert_eq!(refused.faults(), [expected]);
    document["promotions"][0]["custom_fields"] = json!({"cost": "Y"});
    assert_eq!(import(&service, &tenant, &document).await["promotions"], tally(1, 0, 0));
    // What was archived makes room for the name.
    service.delete(&path, admin).await.expect(204);
    let anew = json!({"promotions": [body]});
    assert_eq!(import(&service, &tenant, &anew).await["promotions"], tally(1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_imports_what_the_route_does() {
    let (_database, service) = Service::start().await;
    let (from, into) = (full(&service).await, service.tenant().await);
    let document = exported(&service, &from).await.to_string();
    let (db, id) = (service.app.service().db(), TenantId::new(into.id.parse().unwrap()));
    let run = async |mode: Mode, text: &str| {
        read_and_import(db, mode, id, text.as_bytes()).await.unwrap()
    };
    let counts = |text: &str| serde_json::from_str::<Value>(text).unwrap()["promotions"].clone();
    let tried = run(Mode::DryRun, &document).await.unwrap();
    assert_eq!(counts(&tried), tally(5, 0, 0));
    let done = run(Mode::Write, &document).await.unwrap();
    assert_eq!(counts(&done), tally(5, 0, 0));
    // The service that runs hears of it.
    for _ in 0..100 {
        if priced(&service, &into).await == priced(&service, &from).await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(priced(&service, &into).await, priced(&service, &from).await);
    assert_eq!(counts(&run(Mode::Write, &document).await.unwrap()), tally(0, 0, 5));
    let trail = service.get("/v1/audit", &into.admin).await.expect(200).body;
    assert_eq!(trail["items"][0]["key_id"], Value::Null);
    let problem = run(Mode::Write, "{\"stores\": [{}]}").await.unwrap_err();
    assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "/stores/0/code"));
    assert_eq!(run(Mode::Write, "{").await.unwrap_err().status, 400);
    let nobody = TenantId::new(uuid::Uuid::now_v7());
    let refused = read_and_import(db, Mode::Write, nobody, b"{}").await;
    assert!(matches!(refused, Err(ImportError::NoTenant(_))));
}
