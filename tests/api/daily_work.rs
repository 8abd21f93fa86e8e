//! What admins do every day: copy promotions, look up codes and batches, read the own tenant, and see how far customers
//! have come.

use chrono::DateTime;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Service, cart, random_id, ten_percent, with_codes};

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_is_copied_by_posting_what_was_read() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let fields =
        json!({"custom_fields": [{"key": "gone", "type": "text"}, {"key": "k", "type": "number"}]});
    service.replace("/v1/settings", admin, "*", fields).await.expect(200);
    let mut body = ten_percent("  First\u{3000}");
    body["custom_fields"] = json!({"gone": "x", "k": "1"});
    body["description"] = "Two\nlines,\ta tab".into();
    let id = service.promotion(admin, body).await;
    let fields = json!({"custom_fields": [{"key": "k", "type": "number"}]});
    service.replace("/v1/settings", admin, "*", fields).await.expect(200);
    let path = format!("/v1/promotions/{id}");
    let read = service.get(&path, admin).await.expect(200).body;
    assert_eq!(
        (&read["name"], &read["description"]),
        (&json!("First"), &json!("Two\nlines,\ta tab"))
    );
    service.post("/v1/promotions", admin, read.clone()).await.expect_code(409, "name_taken");
    // What is not defined any more stays where it is, and is not copied.
    service.replace(&path, admin, "*", read.clone()).await.expect(200);
    let kept = service.get(&path, admin).await.expect(200).body;
    assert_eq!(kept["custom_fields"], json!({"gone": "x", "k": "1"}));
    let mut changed = read.clone();
    changed["custom_fields"]["gone"] = "y".into();
    let refused = service.replace(&path, admin, "*", changed).await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/custom_fields/gone".to_owned(), "unknown_field".to_owned())]);

    service.post(&format!("{path}/status"), admin, json!({"status": "archived"})).await.expect(200);
    for (number, status) in [("2", "active"), ("3", "archived")] {
        let mut copy = if status == "active" {
            read.clone()
        } else {
            service.get(&path, admin).await.expect(200).body
        };
        copy["name"] = format!("Copy {number}").into();
        let made = service.post("/v1/promotions", admin, copy.clone()).await.expect(201).body;
        assert_ne!(made["id"], copy["id"]);
        assert_eq!(made["version"], 1);
        assert_eq!(made["custom_fields"], json!({"k": "1"}));
        assert_eq!(made["status"], if status == "active" { "active" } else { "draft" });
        for same in ["starts_at", "ends_at", "benefit", "description", "scope", "limits"] {
            assert_eq!(made[same], copy[same], "{same}");
        }
    }
    let mut new = ten_percent("New");
    new["status"] = "paused".into();
    let refused = service.post("/v1/promotions", admin, new).await;
    let faults = refused.expect_code(422, "invalid").faults();
    assert_eq!(faults, [("/status".to_owned(), "malformed".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_that_change_bear_on_no_promotion_as_it_stands() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let id = service.promotion(admin, ten_percent("P")).await;
    let mut draft = ten_percent("Draft");
    draft["status"] = "draft".into();
    let draft = service.promotion(admin, draft).await;
    let fields = json!({"custom_fields": [{"key": "k", "type": "text", "required": true}]});
    service.replace("/v1/settings", admin, "*", fields).await.expect(200);
    let path = format!("/v1/promotions/{id}");
    let set = async |id: &str, status: &str| {
        let path = format!("/v1/promotions/{id}/status");
        service.post(&path, admin, json!({"status": status})).await
    };
    // The active one can be paused, resumed and replaced without the value.
    set(&id, "paused").await.expect(200);
    set(&id, "active").await.expect(200);
    let read = service.get(&path, admin).await.expect(200).body;
    service.replace(&path, admin, "*", read.clone()).await.expect(200);
    // Once it is there it stays.
    let mut filled = read;
    filled["custom_fields"] = json!({"k": "x"});
    service.replace(&path, admin, "*", filled.clone()).await.expect(200);
    for value in [json!(""), json!(null)] {
        filled["custom_fields"] = json!({"k": value});
        let refused = service.replace(&path, admin, "*", filled.clone()).await;
        let faults = refused.expect_code(422, "invalid").faults();
        assert_eq!(faults, [("/custom_fields/k".to_owned(), "required".to_owned())]);
    }
    // A draft needs it before it is active, and an empty text is none.
    set(&draft, "active").await.expect_code(422, "invalid");
    let path = format!("/v1/promotions/{draft}");
    let mut body = service.get(&path, admin).await.expect(200).body;
    body["custom_fields"] = json!({"k": ""});
    service.replace(&path, admin, "*", body.clone()).await.expect(200);
    set(&draft, "active").await.expect_code(422, "invalid");
    body["custom_fields"] = json!({"k": "x"});
    service.replace(&path, admin, "*", body).await.expect(200);
    set(&draft, "active").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_tells_whose_it_is_and_what_is_left() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    let mut body = with_codes("Coded");
    let refresh = json!({"every": 1, "unit": "day"});
    body["limits"] =
        json!({"code": {"times": {"max": 3}, "discount": {"max": "25", "refresh": refresh}}});
    let id = service.promotion(admin, body).await;
    let path = format!("/v1/promotions/{id}/codes");
    let codes = json!({"codes": ["Save10", {"code": "FOR-C1", "customer_id": "C-1"}], "expires_at": "2098-01-01T00:00:00Z"});
    service.post(&path, admin, codes).await.expect(201);
    let generate = json!({"generate": {"count": 2, "length": 8}, "batch": "B-1"});
    let drawn = service.post(&path, admin, generate).await.expect(201).body;
    let drawn = drawn["codes"][0].as_str().unwrap().to_owned();
    let mut request = cart();
    request["cart"]["codes"] = json!(["SAVE10"]);
    let sale = json!({"transaction_id": random_id(), "request": request});
    service.post("/v1/redemptions", &tenant.pos, sale).await.expect(201);

    let look_up =
        async |code: &str, key: &str| service.get(&format!("/v1/codes/{code}"), key).await;
    let mut found = look_up("sAVE10", &tenant.pos).await.expect(200).body;
    let created_at = found["created_at"].take();
    assert!(DateTime::parse_from_rfc3339(created_at.as_str().unwrap()).is_ok());
    assert_eq!(
        found,
        json!({
            "code": "Save10", "promotion": {"id": id, "name": "Coded", "state": "live"},
            "batch": null, "expires_at": "2098-01-01T00:00:00.000Z", "customer_id": null, "used": 1,
            "limits": {"code.times": {"left": 2, "max": 3}, "code.discount": {"left": "15.00", "max": "25.00"}},
            "created_at": null,
        })
    );
    service.move_clock(24 * 3600);
    let found = look_up("SAVE10", admin).await.expect(200).body;
    assert_eq!(found["limits"]["code.discount"]["left"], "25.00");
    assert_eq!(found["limits"]["code.times"]["left"], 2);
    service.move_clock(-24 * 3600);
    assert_eq!(look_up("FOR-C1", admin).await.expect(200).body["customer_id"], "C-1");
    assert_eq!(look_up(&drawn, admin).await.expect(200).body["batch"], "B-1");
    look_up("SAVE10", &other.admin).await.expect_code(404, "not_found");
    look_up("NONE", admin).await.expect_code(404, "not_found");
    look_up("SAVE10", &tenant.viewer).await.expect_code(403, "forbidden");
    service.delete(&format!("/v1/promotions/{id}"), admin).await.expect(204);
    assert_eq!(look_up("SAVE10", admin).await.expect(200).body["promotion"]["state"], "archived");
}

#[tokio::test(flavor = "multi_thread")]
async fn tills_may_guess_at_few_codes() {
    let database = TestDatabase::new().await;
    let service = Service::on(&database, |options| options.unknown_codes = 3).await;
    let tenant = service.tenant().await;
    let id = service.promotion(&tenant.admin, with_codes("P")).await;
    let path = format!("/v1/promotions/{id}/codes");
    service.post(&path, &tenant.admin, json!({"codes": ["KNOWN"]})).await.expect(201);
    let mut statuses = Vec::new();
    for _ in 0..9 {
        service.get("/v1/codes/KNOWN", &tenant.admin).await.expect(200);
        service.get("/v1/codes/NONE", &tenant.admin).await.expect_code(404, "not_found");
        statuses.push(service.get("/v1/codes/NONE", &tenant.pos).await.status);
    }
    // A minute may have ended meanwhile.
    assert!(statuses.starts_with(&[404]) && statuses.contains(&429), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_listed_with_what_is_left_of_them() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let id = service.promotion(admin, with_codes("Coded")).await;
    let path = format!("/v1/promotions/{id}/codes");
    service.post(&path, admin, json!({"codes": ["SAVE10"]})).await.expect(201);
    let mut drawn = Vec::new();
    for batch in ["B-1", "B-2", "B-3"] {
        let body = json!({"generate": {"count": 3, "length": 8}, "batch": batch});
        let made = service.post(&path, admin, body).await.expect(201).body;
        drawn.push(made["codes"][0].as_str().unwrap().to_owned());
    }
    let redeem = async |code: &str| {
        let mut request = cart();
        request["cart"]["codes"] = json!([code]);
        let sale = json!({"transaction_id": random_id(), "request": request});
        service.post("/v1/redemptions", &tenant.pos, sale).await.expect(201).id()
    };
    for code in ["SAVE10", &drawn[0], &drawn[0], &drawn[1]] {
        redeem(code).await;
    }
    let returned = redeem(&drawn[2]).await;
    let back = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    let returns = format!("/v1/redemptions/{returned}/returns");
    service.post(&returns, &tenant.pos, back).await.expect(200);
    service.delete(&format!("{path}/{}", drawn[1]), admin).await.expect(204);

    let batches = format!("/v1/promotions/{id}/batches");
    let mut pages = Vec::new();
    let mut next = batches.clone() + "?limit=2";
    loop {
        let page = service.get(&next, &tenant.viewer).await.expect(200).body;
        pages.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("{batches}?limit=2&cursor={cursor}");
    }
    let told: Vec<Value> =
        pages.iter().map(|own| json!([own["batch"], own["codes"], own["used"]])).collect();
    assert_eq!(told, [json!(["B-3", 3, 0]), json!(["B-2", 2, 0]), json!(["B-1", 3, 1])]);
    let none = format!("/v1/promotions/{}/batches", random_id());
    service.get(&none, admin).await.expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_tenant_tells_its_currency_and_its_bound() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant_in("EUR", "Europe/Paris").await, service.tenant().await);
    service.promotion(&other.admin, ten_percent("Theirs")).await;
    service.promotion(&tenant.admin, ten_percent("P")).await;
    let mut ended = ten_percent("Ended");
    ended["ends_at"] = "2020-02-01T00:00:00Z".into();
    service.promotion(&tenant.admin, ended).await;
    let own = service.get("/v1/tenant", &tenant.viewer).await.expect(200).body;
    assert_eq!(
        own,
        json!({"id": tenant.id, "name": "Shop", "currency": "EUR", "timezone": "Europe/Paris",
            "max_active_promotions": 250, "active_promotions": 1})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_progress_is_that_of_the_present_window() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let window = json!({"every": 1, "unit": "day"});
    let targets = json!([{"name": "T1", "value": "150"}, {"name": "T2", "value": "1000"}]);
    let spend = json!({"measure": "spend", "window": window, "targets": targets});
    service.put("/v1/milestones/%20Spender%20", admin, spend).await.expect(200);
    let visits = json!({"measure": "visits", "targets": [{"name": "Once", "value": 1}]});
    service.put("/v1/milestones/Visitor", admin, visits).await.expect(200);
    service.put("/v1/milestones/%20", admin, json!({})).await.expect_code(404, "not_found");
    let path = "/v1/customers/C-1/milestones";
    let visit = async || {
        let body = json!({"id": random_id(), "type": "transaction", "customer": {"id": "C-1"}, "cart": cart()["cart"]});
        service.post("/v1/activities", &tenant.pos, body).await.expect(200);
    };
    let told = async || {
        let mut page = service.get(path, &tenant.issuer).await.expect(200).body;
        let ends = page["items"][0]["window_ends_at"].take();
        assert!(ends.as_str().unwrap().ends_with("T18:30:00.000Z"), "{ends}");
        page
    };
    let expected = |progress: [&str; 2], unlocked: [bool; 3]| {
        json!({"next_cursor": null, "items": [
            {"name": "Spender", "measure": "spend", "progress": progress[0], "window_ends_at": null, "targets": [
                {"name": "T1", "value": "150", "unlocked": unlocked[0]},
                {"name": "T2", "value": "1000", "unlocked": unlocked[1]}]},
            {"name": "Visitor", "measure": "visits", "progress": progress[1], "window_ends_at": null, "targets": [
                {"name": "Once", "value": "1", "unlocked": unlocked[2]}]},
        ]})
    };
    assert_eq!(told().await, expected(["0", "0"], [false, false, false]));
    visit().await;
    assert_eq!(told().await, expected(["100", "1"], [false, false, true]));
    visit().await;
    assert_eq!(told().await, expected(["200", "2"], [true, false, true]));
    service.move_clock(24 * 3600);
    assert_eq!(told().await, expected(["0", "2"], [false, false, true]));
    let other =
        service.get("/v1/customers/C-2/milestones?limit=1", &tenant.viewer).await.expect(200);
    assert_eq!(other.body["items"][0]["progress"], "0");
    let next = format!(
        "/v1/customers/C-2/milestones?cursor={}",
        other.body["next_cursor"].as_str().unwrap()
    );
    let rest = service.get(&next, &tenant.viewer).await.expect(200).body;
    assert_eq!(rest["items"][0]["name"], "Visitor");
}
