//! The list of promotions: filters, orders, pages, counts; and many statuses at once.

use serde_json::{Value, json};
use support::harness::{Service, Tenant, cart, random_id, ten_percent, with_codes};

async fn list(service: &Service, key: &str, query: &str) -> Value {
    service.get(&format!("/v1/promotions?{query}"), key).await.expect(200).body
}

fn names_of(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

async fn names(service: &Service, tenant: &Tenant, query: &str) -> Vec<String> {
    names_of(&list(service, &tenant.admin, query).await)
}

/// A promotion whose fields are others.
fn with(name: &str, fields: Value) -> Value {
    let mut body = ten_percent(name);
    for (field, value) in fields.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

fn scoped(name: &str, scope: Value) -> Value {
    with(name, json!({"scope": scope}))
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_are_found_by_what_they_are() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    service.promotion(&other.admin, ten_percent("Summer theirs")).await;
    let dates = |from: &str, to: &str| json!({"starts_at": from, "ends_at": to});
    let summer = json!({"campaign": " summer ", "type": "loyalty"});
    service.promotion(admin, with("Summer SHOES 10 %", summer)).await;
    let mut draft = with("Drafted", json!({"status": "draft", "campaign": "summer"}));
    draft["ends_at"] = "2030-01-01T00:00:00Z".into();
    service.promotion(admin, draft).await;
    let ended = dates("2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z");
    service.promotion(admin, with("Ended", ended)).await;
    let later = dates("2090-01-01T00:00:00Z", "2091-01-01T00:00:00Z");
    service.promotion(admin, with("Later", later)).await;
    let paused = service.promotion(admin, ten_percent("Paused shoes")).await;
    let path = format!("/v1/promotions/{paused}/status");
    service.post(&path, admin, json!({"status": "paused"})).await.expect(200);
    let archived = service.promotion(admin, ten_percent("Archived")).await;
    service.delete(&format!("/v1/promotions/{archived}"), admin).await.expect(204);

    for (query, expected) in [
        ("", "Paused shoes, Later, Ended, Drafted, Summer SHOES 10 %"),
        ("state=live", "Summer SHOES 10 %"),
        ("state=scheduled,ended", "Later, Ended"),
        ("state=archived,draft", "Archived, Drafted"),
        (
            "state=draft,scheduled,live,paused,ended,archived",
            "Archived, Paused shoes, Later, Ended, Drafted, Summer SHOES 10 %",
        ),
        ("type=loyalty", "Summer SHOES 10 %"),
        ("campaign=summer", "Drafted, Summer SHOES 10 %"),
        ("campaign=summer&type=pos", "Drafted"),
        ("campaign=summer&state=live", "Summer SHOES 10 %"),
        ("q=shoes", "Paused shoes, Summer SHOES 10 %"),
        ("q=ShOeS&state=live,paused&sort=name", "Paused shoes, Summer SHOES 10 %"),
        ("q=%25", "Summer SHOES 10 %"),
        ("q=", "Paused shoes, Later, Ended, Drafted, Summer SHOES 10 %"),
        ("q=theirs", ""),
        // The bound below is included, the one above excluded.
        ("ends_after=2091-01-01T00:00:00Z", "Paused shoes, Later, Summer SHOES 10 %"),
        (
            "ends_after=2020-02-01T05:30:00%2B05:30&ends_before=2091-01-01T00:00:00Z",
            "Ended, Drafted",
        ),
        ("ends_before=2020-02-01T00:00:00Z", ""),
        ("ends_after=2021-01-01T00:00:00Z&state=ended", ""),
        ("sort=created_at&type=pos", "Drafted, Ended, Later, Paused shoes"),
        ("sort=-created_at&type=pos", "Paused shoes, Later, Ended, Drafted"),
        ("sort=name", "Drafted, Ended, Later, Paused shoes, Summer SHOES 10 %"),
        ("sort=-name", "Summer SHOES 10 %, Paused shoes, Later, Ended, Drafted"),
        ("sort=starts_at&state=ended,scheduled", "Ended, Later"),
        ("sort=-starts_at&state=ended,scheduled", "Later, Ended"),
        ("sort=ends_at&state=ended,scheduled,draft", "Ended, Drafted, Later"),
        ("sort=-ends_at&state=ended,scheduled,draft", "Later, Drafted, Ended"),
    ] {
        let page = list(&service, &tenant.viewer, query).await;
        assert_eq!(names_of(&page).join(", "), expected, "{query}");
        assert!(page.get("total").is_none(), "{query}");
        let counted = list(&service, admin, &format!("{query}&count=true&limit=1")).await;
        let total = expected.split(", ").filter(|name| !name.is_empty()).count();
        assert_eq!(counted["total"], total, "{query}");
    }
    for (query, name) in [
        ("state=living", "state"),
        ("state=live,live", "state"),
        ("state=", "state"),
        ("sort=price", "sort"),
        ("exhausted=2", "exhausted"),
        ("ends_after=yesterday", "ends_after"),
        ("count=1", "count"),
        ("store=none", "store"),
    ] {
        let refused = service.get(&format!("/v1/promotions?{query}"), admin).await;
        let faults = refused.expect_code(422, "invalid").faults();
        assert_eq!(faults[0].0, format!("/{name}"), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_order_have_every_promotion_once() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let name = format!("P{}", number % 3);
        let mut body = ten_percent(&name);
        body["status"] = ["draft", "active"][number % 2].into();
        body["ends_at"] = format!("209{}-01-01T00:00:00.000001Z", number % 2).into();
        let id = service.promotion(&tenant.admin, body).await;
        if number >= 3 {
            // Names are free again, and equal, where promotions are archived.
            service.delete(&format!("/v1/promotions/{id}"), &tenant.admin).await.expect(204);
        } else {
            let renamed = format!("Q{number}");
            let path = format!("/v1/promotions/{id}");
            let mut body = service.get(&path, &tenant.admin).await.expect(200).body;
            body["name"] = renamed.into();
            service.replace(&path, &tenant.admin, "*", body).await.expect(200);
        }
        expected.push(id);
    }
    expected.sort_unstable();
    let mut cursors = Vec::new();
    for sort in ["created_at", "name", "starts_at", "ends_at"] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            let query = format!("sort={sort}&state=archived,draft,live&limit=2");
            let (mut seen, mut keys, mut cursor) = (Vec::new(), Vec::new(), String::new());
            loop {
                let page = list(&service, &tenant.admin, &format!("{query}{cursor}")).await;
                for item in page["items"].as_array().unwrap() {
                    seen.push(item["id"].as_str().unwrap().to_owned());
                    keys.push(item[sort.trim_start_matches('-')].as_str().unwrap().to_owned());
                }
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
                cursors.push((sort.clone(), cursor.clone()));
            }
            let descends = sort.starts_with('-');
            assert!(keys.is_sorted_by(|a, b| if descends { a >= b } else { a <= b }), "{keys:?}");
            seen.sort_unstable();
            assert_eq!(seen, expected, "{sort}");
        }
    }
    // A place is one of its order.
    for (sort, cursor) in cursors {
        let path = format!("/v1/promotions?sort=name{cursor}");
        let answer = service.get(&path, &tenant.admin).await;
        if sort == "name" {
            answer.expect(200);
        } else {
            let faults = answer.expect_code(422, "invalid").faults();
            assert_eq!(faults, [("/cursor".to_owned(), "malformed".to_owned())]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_are_found_by_a_store_that_their_scope_lets_in() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let stores = json!([
        {"code": "B", "concept": "mega", "zones": ["south", "metro"]},
        {"code": "D", "concept": "mini", "zones": ["north"]},
        {"code": "Z"},
    ]);
    service.put("/v1/stores", admin, stores).await.expect(200);
    for (name, scope) in [
        ("anywhere", json!({})),
        ("channels", json!({"channels": ["web"]})),
        ("B, D", json!({"stores": ["B", "D"]})),
        ("mega", json!({"concepts": ["mega"]})),
        ("south or north", json!({"zones": ["south", "north"]})),
        ("B, mini", json!({"stores": ["B"], "concepts": ["mini"]})),
        ("B in metro", json!({"stores": ["B"], "zones": ["metro"], "concepts": ["mega", "mini"]})),
        ("nowhere", json!({"stores": ["X"]})),
    ] {
        service.promotion(admin, scoped(name, scope)).await;
    }
    let found =
        async |store: &str| names(&service, &tenant, &format!("sort=name&store={store}")).await;
    assert_eq!(
        found("B").await,
        ["anywhere", "B in metro", "B, D", "channels", "mega", "south or north"]
    );
    assert_eq!(found("D").await, ["anywhere", "B, D", "channels", "south or north"]);
    assert_eq!(found("Z").await, ["anywhere", "channels"]);
    // The words follow the promotion.
    let page = list(&service, admin, "q=nowhere").await;
    let path = format!("/v1/promotions/{}", page["items"][0]["id"].as_str().unwrap());
    service.replace(&path, admin, "*", scoped("moved", json!({"stores": ["Z"]}))).await.expect(200);
    assert_eq!(found("Z").await, ["anywhere", "channels", "moved"]);
    assert_eq!(names(&service, &tenant, "q=nowhere").await, [""; 0]);

    // A store in use stays.
    for store in ["B", "D", "Z"] {
        let deleted = service.delete(&format!("/v1/stores/{store}"), admin).await;
        deleted.expect_code(409, "in_use");
    }
    service.delete(&path, admin).await.expect(204);
    service.delete("/v1/stores/Z", admin).await.expect(204);
    service.delete("/v1/stores/Z", admin).await.expect_code(404, "not_found");
    service.put("/v1/stores/E", admin, json!({})).await.expect(200);
    let mut earned = ten_percent("Earned");
    earned["type"] = "loyalty_earning".into();
    earned["earning"] =
        json!({"trigger": "activity", "activity": "registration", "scope": {"stores": ["E"]}});
    let earned = service.promotion(admin, earned).await;
    service.delete("/v1/stores/E", admin).await.expect_code(409, "in_use");
    service.delete(&format!("/v1/promotions/{earned}"), admin).await.expect(204);
    service.delete("/v1/stores/E", admin).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_are_found_by_their_code_and_by_limits_that_are_used_up() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let coded = service.promotion(admin, with_codes("Coded")).await;
    let path = format!("/v1/promotions/{coded}/codes");
    service.post(&path, admin, json!({"codes": ["Save10"]})).await.expect(201);
    let once = json!({"promotion": {"times": {"max": 1}}});
    service.promotion(admin, with("Once", json!({"limits": once}))).await;
    let refresh = json!({"every": 1, "unit": "day"});
    let daily = json!({"promotion": {"discount": {"max": "5", "refresh": refresh}}});
    service.promotion(admin, with("Daily", json!({"limits": daily}))).await;
    let twice = json!({"promotion": {"transactions": {"max": 2}}});
    service.promotion(admin, with("Twice", json!({"limits": twice}))).await;

    assert_eq!(names(&service, &tenant, "code=sAVE10").await, ["Coded"]);
    assert_eq!(names(&service, &tenant, "code=SAVE10&state=paused").await, [""; 0]);
    assert_eq!(names(&service, &tenant, "code=SAVE11").await, [""; 0]);
    let guessed = service.get("/v1/promotions?code=SAVE10", &tenant.viewer).await;
    guessed.expect_code(403, "forbidden");

    let found = async |query: &str| names(&service, &tenant, &format!("sort=name&{query}")).await;
    assert_eq!(found("exhausted=true").await, [""; 0]);
    let sale = json!({"transaction_id": random_id(), "request": cart()});
    let sale = service.post("/v1/redemptions", &tenant.pos, sale).await.expect(201).id();
    assert_eq!(found("exhausted=true").await, ["Daily", "Once"]);
    assert_eq!(found("exhausted=false").await, ["Coded", "Twice"]);
    assert_eq!(found("exhausted=true&q=ONC").await, ["Once"]);
    assert_eq!(found("exhausted=true&code=SAVE10").await, [""; 0]);
    assert_eq!(found("exhausted=false&code=SAVE10").await, ["Coded"]);
    // On the next day only one of them is.
    service.move_clock(24 * 3600);
    assert_eq!(found("exhausted=true").await, ["Once"]);
    service.move_clock(-24 * 3600);
    // What is given back is there again.
    let path = format!("/v1/redemptions/{sale}/returns");
    let back = json!({"return_id": "R", "lines": [{"id": "1", "quantity": "1"}]});
    service.post(&path, &tenant.pos, back).await.expect(200);
    assert_eq!(found("exhausted=true").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_statuses_are_set_each_by_itself() {
    let (_database, service) = Service::start().await;
    let (tenant, other) = (service.tenant().await, service.tenant().await);
    let admin = &tenant.admin;
    let live = service.promotion(admin, ten_percent("Live")).await;
    let draft = service.promotion(admin, with("Draft", json!({"status": "draft"}))).await;
    let gone = service.promotion(admin, ten_percent("Gone")).await;
    service.delete(&format!("/v1/promotions/{gone}"), admin).await.expect(204);
    let foreign = service.promotion(&other.admin, ten_percent("Foreign")).await;
    let set = async |ids: &[&String], status: &str| {
        let body = json!({"ids": ids, "status": status});
        service.post("/v1/promotions/status", admin, body).await
    };
    let all = [&live, &draft, &gone, &foreign];
    let paused = set(&all, "paused").await.expect(200).body;
    assert_eq!(
        paused,
        json!({"verdicts": [
            {"id": live, "status": "paused"},
            {"id": draft, "code": "invalid_transition"},
            {"id": gone, "code": "archived"},
            {"id": foreign, "code": "not_found"},
        ]})
    );
    assert_eq!(service.discount(&tenant.pos).await, "0.00");
    assert_eq!(service.discount(&other.pos).await, "10.00");
    // The bound on active promotions holds between them, and required fields are asked for.
    let operator = support::harness::OPERATOR;
    let patch = json!({"max_active_promotions": 1});
    let path = format!("/v1/tenants/{}", tenant.id);
    service
        .call(reqwest::Method::PATCH, &path, operator, Some(patch.to_string()))
        .await
        .expect(200);
    let active = set(&[&live, &draft], "active").await.expect(200).body;
    assert_eq!(
        active["verdicts"],
        json!([{"id": live, "status": "active"}, {"id": draft, "code": "active_promotion_limit"}])
    );
    let fields = json!({"custom_fields": [{"key": "k", "type": "text", "required": true}]});
    service.replace("/v1/settings", admin, "*", fields).await.expect(200);
    let active = set(&[&draft, &live], "active").await.expect(200).body;
    assert_eq!(
        active["verdicts"],
        json!([{"id": draft, "code": "invalid"}, {"id": live, "status": "active"}])
    );
    let history = async |id: &str| {
        let path = format!("/v1/promotions/{id}/history");
        service.get(&path, admin).await.expect(200).body["items"].as_array().unwrap().len()
    };
    assert_eq!((history(&live).await, history(&draft).await), (3, 1));
    let trail = format!("/v1/audit?subject=promotion:{live}");
    let trail = service.get(&trail, admin).await.expect(200).body;
    assert_eq!(trail["items"].as_array().unwrap().len(), 3);

    for (body, fault) in [
        (json!({"ids": [], "status": "paused"}), ("/ids", "required")),
        (json!({"ids": [live, live], "status": "paused"}), ("/ids/1", "not_unique")),
        (json!({"ids": [live], "status": "draft"}), ("/status", "malformed")),
        (
            json!({"ids": (0..251).map(|_| random_id()).collect::<Vec<_>>(), "status": "paused"}),
            ("/ids", "too_many"),
        ),
    ] {
        let refused = service.post("/v1/promotions/status", admin, body).await;
        let faults = refused.expect_code(422, "invalid").faults();
        assert_eq!(faults, [(fault.0.to_owned(), fault.1.to_owned())]);
    }
}
