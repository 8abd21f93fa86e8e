//! What one customer has, over HTTP (spec 15.6).

use serde_json::{Value, json};
use support::harness::{Service, random_id, stepped, ten_percent, with_codes};

use crate::issuances::{act, issue, request, reward, state};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_sees_what_it_could_use_now() {
    let (_database, service) = Service::start().await;
    let (tenant, stranger) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    let mut open = ten_percent("Open");
    open["limits"] =
        json!({"customer": {"discount": {"max": "25"}}, "promotion": {"times": {"max": 9}}});
    open["scope"] = json!({"channels": ["web"]});
    service.promotion(admin, open).await;
    let limits = json!({"earn": {"transactions": 1}});
    let reward = service.promotion(admin, reward("Reward", limits)).await;
    let mut claimed = ten_percent("Claimed");
    claimed["activation_required"] = true.into();
    service.promotion(admin, claimed).await;
    let mut later = ten_percent("Later");
    later["starts_at"] = "2098-01-01T00:00:00Z".into();
    service.promotion(admin, later).await;
    let offers = async |key: &str, query: &str| {
        let path = format!("/v1/customers/C/promotions{query}");
        service.get(&path, key).await.expect(200).body
    };
    let names = |body: &Value| -> Vec<String> {
        let items = body["items"].as_array().unwrap().iter();
        items.map(|own| own["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&offers(&tenant.pos, "").await), ["Open", "Claimed"]);
    let first = issue(&service, &tenant, &reward, "S-1").await.expect(201).id();
    issue(&service, &tenant, &reward, "S-2").await.expect(201);
    let mut web = request();
    web["channel"] = "web".into();
    let body = json!({"transaction_id": random_id(), "request": web});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    assert_eq!(state(&service, &tenant, &first).await, "used_up");
    let found = offers(&tenant.viewer, "").await;
    assert_eq!(names(&found), ["Open", "Reward", "Claimed"]);
    let limits = &found["items"][0]["limits"];
    assert_eq!(limits["customer.discount"], json!({"left": "15.00", "max": "25.00"}));
    assert_eq!(limits["promotion.times"], json!({"left": 8, "max": 9}));
    assert_eq!(found["items"][0]["scope"]["channels"], json!(["web"]));
    let own = &found["items"][1];
    assert_eq!(own["issuance"]["source_id"], "S-2");
    assert_eq!(own["limits"]["earn.transactions"]["left"], 1);
    let page = offers(&tenant.pos, "?limit=1").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = offers(&tenant.pos, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(names(&page), ["Open"]);
    assert_eq!(names(&rest), ["Reward", "Claimed"]);
    assert_eq!(rest["next_cursor"], Value::Null);
    assert_eq!(names(&offers(&stranger.pos, "").await), Vec::<String>::new());
}

/// What customer C has: for each promotion its status, and when it opens.
async fn standing(service: &Service, key: &str, query: &str) -> Vec<(String, String, Value)> {
    let path = format!("/v1/customers/C/promotions{query}");
    let found = service.get(&path, key).await.expect(200).body;
    let items = found["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.map(|own| (text(&own["name"]), text(&own["status"]), own["opens_at"].clone())).collect()
}

fn row(name: &str, status: &str, opens_at: Value) -> (String, String, Value) {
    (name.to_owned(), status.to_owned(), opens_at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_window_is_for_later() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let store = json!({"concept": "Outlet", "zones": ["west"], "timezone": "Asia/Tokyo"});
    service.put("/v1/stores/TYO", &tenant.admin, store).await.expect(200);
    // A Monday, 12:00 in Kolkata and 15:30 in Tokyo.
    service.set_clock("2026-06-01T06:30:00Z".parse().unwrap());
    let scheduled = |name: &str, days: &[&str], start: &str, ends_at: &str| {
        let mut body = ten_percent(name);
        body["ends_at"] = ends_at.into();
        body["schedule"] = json!({"recurrence": {"type": "weekly", "days": days},
            "daily_window": {"start": start, "duration_hours": "2"}});
        body
    };
    let far = "2099-01-01T00:00:00Z";
    let mut claimed = scheduled("Claimed", &["mon"], "18:00", far);
    claimed["activation_required"] = true.into();
    for body in [
        scheduled("Noon", &["mon"], "11:00", far),
        scheduled("Evening", &["mon"], "18:00", far),
        scheduled("Next week", &["mon"], "09:00", far),
        scheduled("Never again", &["mon"], "09:00", "2026-06-08T03:30:00Z"),
        claimed,
    ] {
        service.promotion(&tenant.admin, body).await;
    }
    let evening = json!("2026-06-01T12:30:00.000Z");
    let expected = [
        row("Noon", "usable", Value::Null),
        row("Evening", "later", evening.clone()),
        row("Next week", "later", json!("2026-06-08T03:30:00.000Z")),
        row("Claimed", "claimable", evening),
    ];
    assert_eq!(standing(&service, &tenant.pos, "").await, expected);
    // In a store its own clock counts.
    let expected = [
        row("Noon", "later", json!("2026-06-08T02:00:00.000Z")),
        row("Evening", "later", json!("2026-06-01T09:00:00.000Z")),
        row("Next week", "later", json!("2026-06-08T00:00:00.000Z")),
        row("Never again", "later", json!("2026-06-08T00:00:00.000Z")),
        row("Claimed", "claimable", json!("2026-06-01T09:00:00.000Z")),
    ];
    assert_eq!(standing(&service, &tenant.pos, "?store=TYO").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_is_judged_where_the_place_is_known() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    for (code, concept, zone) in [("A", "Outlet", "west"), ("B", "Flagship", "east")] {
        let store = json!({"concept": concept, "zones": [zone]});
        service.put(&format!("/v1/stores/{code}"), &tenant.admin, store).await.expect(200);
    }
    let scopes = [
        ("Store", json!({"stores": ["A"]})),
        ("Concept", json!({"concepts": ["Outlet"], "channels": ["web"]})),
        ("Zone", json!({"zones": ["east"]})),
        ("Channel", json!({"channels": ["store"]})),
        ("Anywhere", json!({})),
    ];
    for (name, scope) in scopes {
        let mut body = ten_percent(name);
        body["scope"] = scope;
        service.promotion(&tenant.admin, body).await;
    }
    for (query, expected) in [
        ("", vec!["Store", "Concept", "Zone", "Channel", "Anywhere"]),
        ("?store=A", vec!["Store", "Concept", "Channel", "Anywhere"]),
        ("?store=B", vec!["Zone", "Channel", "Anywhere"]),
        ("?channel=web", vec!["Store", "Concept", "Zone", "Anywhere"]),
        ("?store=A&channel=store", vec!["Store", "Channel", "Anywhere"]),
    ] {
        let found = standing(&service, &tenant.viewer, query).await;
        let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, expected, "{query}");
    }
    let path = "/v1/customers/C/promotions?store=C";
    let refused = service.get(path, &tenant.pos).await.expect_code(422, "invalid");
    let fault = &refused.body["errors"][0];
    assert_eq!(
        (&fault["pointer"], &fault["code"]),
        (&json!("/store"), &json!("unknown_reference"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_activation_is_claimable() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut body = ten_percent("Open");
    body["activation_required"] = true.into();
    body["limits"] = json!({"promotion": {"transactions": {"max": 1}}});
    let open = service.promotion(admin, body).await;
    let mut body = reward("Reward", json!({"earn": {"transactions": 1}}));
    body["activation_required"] = true.into();
    let reward = service.promotion(admin, body).await;
    let one = |name: &str, status: &str| row(name, status, Value::Null);
    let standing = async || standing(&service, &tenant.pos, "").await;
    let shown = async |place: usize| {
        let found = service.get("/v1/customers/C/promotions", &tenant.pos).await.expect(200).body;
        found["items"][place]["issuance"]["id"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(standing().await, [one("Open", "claimable")]);
    assert_eq!(shown(0).await, None);
    let older = issue(&service, &tenant, &reward, "S-1").await.expect(201).id();
    let newer = issue(&service, &tenant, &reward, "S-2").await.expect(201).id();
    assert_eq!(standing().await, [one("Open", "claimable"), one("Reward", "claimable")]);
    assert_eq!(shown(1).await, Some(newer.clone()));
    // What is usable goes before what waits, and the newest first.
    act(&service, &tenant.pos, &older, "activate").await.expect(200);
    assert_eq!(standing().await, [one("Open", "claimable"), one("Reward", "usable")]);
    assert_eq!(shown(1).await, Some(older));
    act(&service, &tenant.pos, &newer, "activate").await.expect(200);
    assert_eq!(shown(1).await, Some(newer));
    let path = format!("/v1/promotions/{open}/activations");
    let claim = async |customer: &str| {
        let body = json!({"customer_id": customer});
        service.post(&path, &tenant.pos, body).await.expect(201).id()
    };
    let own = claim("C").await;
    assert_eq!(standing().await, [one("Open", "usable"), one("Reward", "usable")]);
    assert_eq!(shown(0).await, Some(own.clone()));
    // Whose claim was revoked cannot claim again.
    act(&service, admin, &own, "revoke").await.expect(200);
    assert_eq!(standing().await, [one("Reward", "usable")]);
    // What is used up cannot be claimed.
    let path = "/v1/customers/D/promotions";
    let of_another = async || {
        let found = service.get(path, &tenant.pos).await.expect(200).body;
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(of_another().await, 1);
    claim("E").await;
    let mut theirs = request();
    theirs["customer"]["id"] = "E".into();
    let body = json!({"transaction_id": random_id(), "request": theirs});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    assert_eq!(of_another().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_sees_codes_that_are_bound_to_it() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = with_codes("Coded");
    body["limits"] = json!({"code": {"times": {"max": 1, "refresh": {"every": 1, "unit": "day"}}}});
    let promotion = service.promotion(&tenant.admin, body).await;
    let path = format!("/v1/promotions/{promotion}/codes");
    let of = |code: &str, customer: &str| json!({"code": code, "customer_id": customer});
    let codes =
        json!({"codes": ["OPEN-1", of("OWN-22222", "C"), of("OWN-11111", "C"), of("THEIRS", "D")]});
    service.post(&path, &tenant.admin, codes).await.expect(201);
    let soon = json!({"codes": [of("SOON-1", "C")], "expires_at": "2026-06-01T00:00:00Z"});
    service.post(&path, &tenant.admin, soon).await.expect(201);
    service.set_clock("2026-05-31T12:00:00Z".parse().unwrap());
    let codes = async |key: &str| {
        let found = service.get("/v1/customers/C/promotions", key).await.expect(200).body;
        assert_eq!(found["items"][0]["limits"]["code.times"], json!({"left": null, "max": 1}));
        found["items"][0]["codes"].clone()
    };
    assert_eq!(codes(&tenant.pos).await, json!(["OWN-11111", "OWN-22222", "SOON-1"]));
    assert_eq!(codes(&tenant.viewer).await, json!(["…111", "…222", "…N-1"]));
    service.set_clock("2026-06-01T00:00:00Z".parse().unwrap());
    assert_eq!(codes(&tenant.pos).await, json!(["OWN-11111", "OWN-22222"]));
    let mut own = request();
    own["cart"]["codes"] = json!(["OWN-11111"]);
    let body = json!({"transaction_id": random_id(), "request": own});
    service.post("/v1/redemptions", &tenant.pos, body).await.expect(201);
    assert_eq!(codes(&tenant.pos).await, json!(["OWN-22222"]));
    // The next day the code has its uses again.
    service.move_clock(86_400);
    assert_eq!(codes(&tenant.pos).await, json!(["OWN-11111", "OWN-22222"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_tells_what_the_promotion_is() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut body = stepped("Stepped");
    body["description"] = "A note".into();
    body["message"] = "10 % off".into();
    body["campaign"] = "summer".into();
    let condition = json!({"type": "cart_amount", "op": "gte", "value": "50"});
    body["conditions"] = condition.clone();
    body["schedule"] = json!({"recurrence": {"type": "weekly", "days": ["mon", "tue"]}});
    let id = service.promotion(&tenant.admin, body).await;
    let path = format!("/v1/promotions/{id}");
    let promotion = service.get(&path, &tenant.admin).await.expect(200).body;
    let path = "/v1/customers/C/promotions";
    service.set_clock("2026-06-01T12:00:00Z".parse().unwrap());
    let found = service.get(path, &tenant.pos).await.expect(200).body;
    let offer = &found["items"][0];
    assert_eq!(offer["promotion_id"], id.as_str());
    for same in [
        "name",
        "type",
        "description",
        "message",
        "suggestion_message",
        "campaign",
        "benefit",
        "conditions",
        "scope",
        "audience",
        "schedule",
        "starts_at",
        "ends_at",
    ] {
        assert_eq!(offer[same], promotion[same], "{same}");
    }
    assert_eq!(offer["codes"], json!([]));
}
