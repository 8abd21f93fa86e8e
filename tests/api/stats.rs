//! What promotions gave over time, and how far their limits are used.

use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, stepped, ten_percent, with_codes};

use crate::ledger::{Gift, Ledger};

fn in_campaign(name: &str, campaign: &str) -> Value {
    let mut body = ten_percent(name);
    body["campaign"] = campaign.into();
    body
}

fn starts(entry: &Value) -> Vec<&str> {
    let buckets = entry["buckets"].as_array().expect("buckets");
    buckets.iter().map(|bucket| bucket["starts_at"].as_str().expect("a start")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sales_and_returns_fall_into_the_days_of_the_tenant() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let (admin, viewer) = (&tenant.admin, &tenant.viewer);
    let id = service.promotion(admin, in_campaign("A", "summer")).await;
    let other = service.promotion(admin, in_campaign("B", "summer")).await;
    let quiet = service.promotion(admin, in_campaign("C", "summer")).await;
    let alien = service.promotion(admin, ten_percent("D")).await;
    let mut ledger = Ledger::of(&database, &tenant.id).await;
    let one = Gift { times: 2, points: "1.5", ..Gift::of(&id, 123_400) };
    let half = [Gift::of(&id, 5_000)];
    // The last second of 1 June in Kolkata, and the first of 2 June, when it is still 1 June in UTC.
    let both = [one.clone(), Gift::of(&other, 10_000)];
    ledger.sale("committed", "'2026-06-01T18:29:59Z'", &both).await;
    let sold = ledger.sale("committed", "'2026-06-01T18:30:00Z'", &half).await;
    ledger.sale("committed", "'2026-06-02T12:00:00Z'", &[one]).await;
    for state in ["held", "cancelled", "expired", "replaced"] {
        ledger.sale(state, "'2026-06-02T12:00:00Z'", &half).await;
    }
    let elsewhere = [Gift::of(&alien, 70_000)];
    ledger.sale("committed", "'2026-06-02T12:00:00Z'", &elsewhere).await;
    // What comes back counts when it comes back.
    ledger.returned(&sold, &id, "'2026-06-10T12:00:00Z'", 2_500, "0.25").await;
    ledger.returned(&sold, &id, "'2026-06-10T13:00:00Z'", 2_500, "0").await;

    let path = format!(
        "/v1/promotions/{id}/stats?from=2026-06-01T00:00:00%2B05:30&to=2026-07-01T00:00:00%2B05:30"
    );
    let found = service.get(&path, viewer).await.expect(200).body;
    let none = json!({"count": 0, "discount": "0.00", "points": "0"});
    let expected = json!([
        {"starts_at": "2026-06-01T00:00:00+05:30", "redemptions": 1, "times": 2, "discount": "12.34",
         "points": "1.5", "returns": none},
        {"starts_at": "2026-06-02T00:00:00+05:30", "redemptions": 2, "times": 3, "discount": "12.84",
         "points": "1.5", "returns": none},
        {"starts_at": "2026-06-10T00:00:00+05:30", "redemptions": 0, "times": 0, "discount": "0.00",
         "points": "0", "returns": {"count": 2, "discount": "0.50", "points": "0.25"}},
    ]);
    assert_eq!(found["buckets"], expected, "{found}");
    let total = json!({"redemptions": 3, "times": 5, "discount": "25.18", "points": "3",
                       "returns": {"count": 2, "discount": "0.50", "points": "0.25"}});
    assert_eq!(found["total"], total);
    assert_eq!(
        (&found["promotion_id"], &found["campaign"], &found["bucket"]),
        (&json!(id), &json!("summer"), &json!("day"))
    );
    assert_eq!(found["timezone"], "Asia/Kolkata");
    assert_eq!(found["from"], "2026-06-01T00:00:00+05:30");

    let weeks = service.get(&format!("{path}&bucket=week"), admin).await;
    let weeks = weeks.expect(200).body;
    assert_eq!(starts(&weeks), ["2026-06-01T00:00:00+05:30", "2026-06-08T00:00:00+05:30"]);
    let months = service.get(&format!("{path}&bucket=month"), admin).await;
    assert_eq!(starts(&months.expect(200).body), ["2026-06-01T00:00:00+05:30"]);
    let hours = service.get(&format!("{path}&bucket=hour"), admin).await;
    assert_eq!(
        starts(&hours.expect(200).body),
        [
            "2026-06-01T23:00:00+05:30",
            "2026-06-02T00:00:00+05:30",
            "2026-06-02T17:00:00+05:30",
            "2026-06-10T17:00:00+05:30",
            "2026-06-10T18:00:00+05:30"
        ]
    );

    let period = "from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z";
    let path = format!("/v1/stats?campaign=summer&{period}");
    let summer = service.get(&path, viewer).await.expect(200).body;
    let entries = summer["promotions"].as_array().expect("entries");
    let ids: Vec<&Value> = entries.iter().map(|entry| &entry["promotion_id"]).collect();
    assert_eq!(ids, [&json!(quiet), &json!(other), &json!(id)]);
    assert_eq!(entries[0]["buckets"], json!([]));
    assert_eq!(entries[0]["total"]["redemptions"], 0);
    assert_eq!(entries[2]["total"], total);
    // The sale on which both applied is one.
    let all = json!({"redemptions": 3, "times": 6, "discount": "26.18", "points": "3",
                     "returns": {"count": 2, "discount": "0.50", "points": "0.25"}});
    assert_eq!(summer["total"], all);
    let everything = service.get(&format!("/v1/stats?{period}"), admin).await;
    let everything = everything.expect(200).body;
    assert_eq!(everything["promotions"].as_array().map(Vec::len), Some(3));
    assert_eq!(everything["total"]["discount"], "33.18");
    assert_eq!(everything["campaign"], Value::Null);
    let nothing = service.get("/v1/stats?campaign=winter", admin).await;
    let nothing = nothing.expect(200).body;
    assert_eq!(nothing["promotions"], json!([]));
    assert_eq!(nothing["total"]["discount"], "0.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_period_what_happened_just_now_is_in_it() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let id = service.promotion(&tenant.admin, ten_percent("A")).await;
    let mut ledger = Ledger::of(&database, &tenant.id).await;
    ledger.sale("committed", "clock_timestamp()", &[Gift::of(&id, 10_000)]).await;
    let other = service.tenant().await;
    for bucket in ["hour", "day", "week", "month"] {
        let path = format!("/v1/promotions/{id}/stats?bucket={bucket}");
        let found = service.get(&path, &tenant.admin).await.expect(200).body;
        assert_eq!(found["buckets"].as_array().map(Vec::len), Some(1));
        assert_eq!(found["total"]["discount"], "1.00", "{bucket}");
        assert_eq!(found["to"], Value::Null);
        let foreign = service.get(&path, &other.admin).await;
        foreign.expect_code(404, "not_found");
    }
    let theirs = service.get("/v1/stats", &other.admin).await.expect(200);
    assert_eq!(theirs.body["promotions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_sales_are_counted_by_the_step_that_they_reached() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let ids = async |tenant: &Tenant| {
        let admin = &tenant.admin;
        let mut bodies = [stepped("Steps"), ten_percent("Plain"), stepped("Unreached")];
        bodies[2]["conditions"] = json!({"type": "item", "found": false});
        let mut ids = Vec::new();
        for mut body in bodies {
            body["campaign"] = "steps".into();
            ids.push(service.promotion(admin, body).await);
        }
        <[String; 3]>::try_from(ids).unwrap()
    };
    let sell = async |tenant: &Tenant, transaction: &str, quantity: &str, hold: bool| {
        let mut order = json!({"transaction_id": transaction, "hold": hold, "request": cart()});
        order["request"]["cart"]["lines"][0]["quantity"] = quantity.into();
        service.post("/v1/redemptions", &tenant.pos, order).await.expect(201);
    };
    let [steps, plain, unreached] = ids(&tenant).await;
    ids(&other).await;
    for (transaction, quantity, hold) in [
        ("T-1", "1", false),
        ("T-2", "2", false),
        ("T-3", "3", false),
        ("T-4", "4", true),
        ("T-5", "0.5", false),
    ] {
        sell(&tenant, transaction, quantity, hold).await;
    }
    sell(&other, "T-1", "1", false).await;
    // What comes back does not unmake the sale.
    let back = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    service.post("/v1/redemptions/tx:T-1/returns", &tenant.pos, back).await.expect(200);

    let own = |step: u32, redemptions: u32, discount: &str| json!({"step": step, "redemptions": redemptions, "discount": discount});
    let expected = json!([own(0, 1, "10.00"), own(1, 2, "100.00")]);
    let found = async |path: &str| service.get(path, &tenant.viewer).await.expect(200).body;
    let of = |id: &str| format!("/v1/promotions/{id}/stats");
    assert_eq!(found(&of(&steps)).await["steps"], expected);
    assert_eq!(found(&of(&plain)).await.get("steps"), None);
    assert_eq!(found(&of(&unreached)).await["steps"], json!([]));
    let all = found("/v1/stats?campaign=steps").await;
    let promotions = all["promotions"].as_array().unwrap();
    let own: Vec<(&Value, Option<&Value>)> =
        promotions.iter().map(|own| (&own["promotion_id"], own.get("steps"))).collect();
    let none = json!([]);
    assert_eq!(
        own,
        [(&json!(unreached), Some(&none)), (&json!(plain), None), (&json!(steps), Some(&expected))]
    );
    let before = "?from=2021-01-01T00:00:00Z&to=2021-02-01T00:00:00Z";
    assert_eq!(found(&format!("{}{before}", of(&steps))).await["steps"], none);
    // What is committed later counts from then on.
    service.post("/v1/redemptions/tx:T-4/commit", &tenant.pos, json!({})).await.expect(200);
    let counted = &found(&of(&steps)).await["steps"][1];
    assert_eq!(*counted, json!({"step": 1, "redemptions": 3, "discount": "180.00"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn periods_that_make_no_sense_are_refused() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let id = service.promotion(admin, ten_percent("A")).await;
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for (query, faults) in [
        (
            "from=yesterday&to=2026&bucket=year&limit=3",
            vec![
                fault("/from", "malformed"),
                fault("/to", "malformed"),
                fault("/bucket", "malformed"),
                fault("/limit", "unknown_field"),
            ],
        ),
        ("from=2026-06-02T00:00:00Z&to=2026-06-02T00:00:00Z", vec![fault("/to", "not_after")]),
        ("from=2020-01-01T00:00:00Z", vec![fault("/bucket", "too_many")]),
        ("from=0001-01-01T00:00:00Z&bucket=month", vec![fault("/bucket", "too_many")]),
    ] {
        for path in [format!("/v1/promotions/{id}/stats?{query}"), format!("/v1/stats?{query}")] {
            let refused = service.get(&path, admin).await;
            let found = refused.expect_code(422, "invalid").faults();
            assert_eq!(found, faults, "{path}");
        }
    }
    for query in ["from=9999-12-31T23:59:59Z", "to=0001-01-01T00:00:00Z&bucket=month"] {
        let found = service.get(&format!("/v1/stats?{query}"), admin).await;
        assert_eq!(found.expect(200).body["promotions"], json!([]), "{query}");
    }
    let nobody = format!("/v1/promotions/{}/stats?bucket=year", random_id());
    let nothing = service.get(&nobody, admin).await;
    nothing.expect_code(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_tells_what_is_used_held_and_left_in_the_present_window() {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let mut body = ten_percent("Bounded");
    body["starts_at"] = "2026-01-01T00:00:00+05:30".into();
    body["limits"] = json!({
        "cart": {"times": 5},
        "customer": {"times": {"max": 3, "refresh": {"every": 1, "unit": "month"}}, "discount": {"max": "20.5"}},
        "promotion": {"times": {"max": 10}, "discount": {"max": "500"},
                      "transactions": {"max": 4, "refresh": {"every": 3650, "unit": "month"}}},
    });
    let made = service.post("/v1/promotions", admin, body).await.expect(201);
    let (id, made) = (made.id(), made.body);
    let untouched = json!({"used": 0, "held": 0, "left": 10, "max": 10, "window_ends_at": null});
    assert_eq!(made["usage"]["promotion.times"], untouched);
    let mut ledger = Ledger::of(&database, &tenant.id).await;
    for (state, times, discount) in
        [("committed", 3, 1_000_000), ("held", 2, 50_000), ("held", 1, 1)]
    {
        let sale = ledger.sale(state, "now()", &[Gift::of(&id, discount)]).await;
        let limit = |measure| ("promotion", "", measure);
        ledger.used(&sale, &id, limit("times"), 0, times).await;
        ledger.used(&sale, &id, limit("discount"), 0, discount).await;
        ledger.used(&sale, &id, limit("transactions"), 0, 1).await;
    }
    // Another window, and somebody's own count.
    for (limit, window) in [(("promotion", "", "times"), 1), (("customer", "C-1", "times"), 0)] {
        let sale = ledger.sale("held", "now()", &[Gift::of(&id, 1)]).await;
        ledger.used(&sale, &id, limit, window, 2).await;
    }
    let path = format!("/v1/promotions/{id}");
    let usage = service.get(&path, admin).await.expect(200).body["usage"].clone();
    let own = |max: Value| json!({"used": null, "held": null, "left": null, "max": max, "window_ends_at": null});
    assert_eq!(
        usage["promotion.times"],
        json!({"used": 3, "held": 3, "left": 4, "max": 10, "window_ends_at": null})
    );
    assert_eq!(
        usage["promotion.discount"],
        json!({"used": "100.00", "held": "5.0001", "left": "394.9999", "max": "500.00", "window_ends_at": null})
    );
    assert_eq!(
        usage["promotion.transactions"],
        json!({"used": 1, "held": 2, "left": 1, "max": 4, "window_ends_at": "2330-02-28T18:30:00.000Z"})
    );
    assert_eq!(usage["customer.discount"], own(json!("20.50")));
    assert_eq!(usage["customer.times"]["max"], 3);
    assert!(usage["customer.times"]["window_ends_at"].is_string());
    assert_eq!(usage.as_object().map(serde_json::Map::len), Some(5));
    let listed = service.get("/v1/promotions", &tenant.viewer).await;
    assert_eq!(listed.expect(200).body["items"][0]["usage"], usage);
    let stats = service.get(&format!("{path}/stats"), admin).await.expect(200);
    assert_eq!(stats.body["limits"], usage);
    let paused = service
        .post(&format!("{path}/status"), admin, json!({"status": "paused"}))
        .await
        .expect(200);
    assert_eq!(paused.body["usage"], usage);
    // What was answered may be sent back.
    let mut again = paused.body.clone();
    again["message"] = "x".into();
    let replaced = service.replace(&path, admin, paused.header("etag"), again).await.expect(200);
    assert_eq!(replaced.body["usage"], usage);
    // A promotion without limits has nothing to tell, and one with codes has a count for each code.
    let plain = service.promotion(admin, ten_percent("Plain")).await;
    let plain = service.get(&format!("/v1/promotions/{plain}"), admin).await;
    assert_eq!(plain.expect(200).body["usage"], json!({}));
    let mut coded = with_codes("Coded");
    coded["limits"] = json!({"code": {"times": {"max": 1}}});
    let coded = service.post("/v1/promotions", admin, coded).await;
    assert_eq!(coded.expect(201).body["usage"]["code.times"], own(json!(1)));
}
