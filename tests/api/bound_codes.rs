//! Codes that are bound to customers: whom they unlock for, how they come to be, how they are listed, and whose they are
//! after a merge or a deletion.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent, with_codes};

use crate::customers::{delete, merge};

/// A service, a tenant and the path of the codes of a live promotion.
async fn with_promotion() -> (TestDatabase, Service, Tenant, String) {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let id = service.promotion(&tenant.admin, with_codes("P")).await;
    (database, service, tenant, format!("/v1/promotions/{id}/codes"))
}

fn bound(code: &str, customer: &str) -> Value {
    json!({"code": code, "customer_id": customer})
}

/// A request of a customer, or of nobody, with codes.
fn with(codes: &[&str], customer: Option<&str>) -> Value {
    let mut request = cart();
    request["cart"]["codes"] = json!(codes);
    request["explain"] = "all".into();
    if let Some(customer) = customer {
        request["customer"] = json!({"id": customer});
    }
    request
}

/// What became of each code: the status, and the reason where there is one.
fn told(result: &Value) -> Vec<String> {
    let of = |own: &Value| {
        let status = own["status"].as_str().expect("a status");
        own["reason"].as_str().map_or(status.to_owned(), |reason| format!("{status} {reason}"))
    };
    result["codes"].as_array().expect("codes").iter().map(of).collect()
}

async fn price(
    service: &Service,
    tenant: &Tenant,
    codes: &[&str],
    customer: Option<&str>,
) -> Vec<String> {
    let priced = service.post("/v1/evaluate-cart", &tenant.pos, with(codes, customer)).await;
    told(&priced.expect(200).body)
}

async fn csv(service: &Service, path: &str, key: &str, text: &str) -> Answer {
    let headers = [("content-type", "text/csv")];
    service.send(Method::POST, path, key, Some(text.to_owned()), &headers).await
}

async fn export(service: &Service, path: &str, key: &str) -> String {
    let headers = [("accept", "text/csv")];
    service.send(Method::GET, path, key, None, &headers).await.expect(200).text
}

/// The listed codes, each with its customer.
async fn listed(service: &Service, path: &str, key: &str) -> Vec<(String, Option<String>)> {
    let page = service.get(path, key).await.expect(200).body;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let items = page["items"].as_array().expect("codes").iter();
    items.map(|own| (text(&own["code"]).expect("a code"), text(&own["customer_id"]))).collect()
}

fn named(code: &str, customer: Option<&str>) -> (String, Option<String>) {
    (code.to_owned(), customer.map(str::to_owned))
}

const OF_ANOTHER: &str = "not_applied code_of_another_customer";

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_code_unlocks_for_its_customer_alone() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let mut once = with_codes("P");
    once["limits"] = json!({"code": {"times": {"max": 1}}});
    let promotion = service.promotion(&tenant.admin, once).await;
    let path = format!("/v1/promotions/{promotion}/codes");
    let body = json!({"codes": [bound("B-1", "C-1"), {"code": "FREE4ALL"}, "FREE2", {"code": "F-3", "customer_id": null}]});
    let made = service.post(&path, &tenant.admin, body).await.expect(201).body;
    assert_eq!((&made["count"], &made["created"]), (&json!(4), &json!(4)));
    let old = json!({"codes": [bound("OLD", "C-1")], "expires_at": "2020-01-01T00:00:00Z"});
    service.post(&path, &tenant.admin, old).await.expect(201);
    let price = async |codes: &[&str], customer| price(&service, &tenant, codes, customer).await;
    assert_eq!(price(&["b-1"], Some("C-1")).await, ["applied"]);
    for other in [Some("C-2"), Some("c-1"), None] {
        assert_eq!(price(&["B-1"], other).await, [OF_ANOTHER], "{other:?}");
        // The next one may unlock; and whose a code is goes before all else but its being there twice.
        let codes = ["B-1", "FREE4ALL", "FREE2", "OLD", "b-1", "NONE"];
        let expected = [
            OF_ANOTHER,
            "applied",
            "not_applied already_unlocked",
            OF_ANOTHER,
            "duplicate",
            "unknown",
        ];
        assert_eq!(price(&codes, other).await, expected, "{other:?}");
        assert_eq!(price(&["FREE4ALL", "B-1"], other).await, ["applied", OF_ANOTHER]);
    }
    assert_eq!(price(&["OLD"], Some("C-1")).await, ["expired"]);
    // The promotion was not presented a code.
    let answer = service.post("/v1/evaluate-cart", &tenant.pos, with(&["B-1"], Some("C-2"))).await;
    let answer = answer.expect(200).body;
    assert_eq!(answer["not_applied"][0]["reason"], "code_not_presented");
    assert_eq!(answer["totals"]["discount"], "0.00");
    // A redemption decides by the same, and an exhausted code is first of all another's.
    let redeem = async |customer| {
        let body = json!({"transaction_id": random_id(), "request": with(&["B-1"], customer)});
        let sold = service.post("/v1/redemptions", &tenant.pos, body).await.expect(201).body;
        told(&sold["result"])
    };
    assert_eq!(redeem(Some("C-2")).await, [OF_ANOTHER]);
    assert_eq!(redeem(Some("C-1")).await, ["applied"]);
    assert_eq!(redeem(Some("C-1")).await, ["exhausted"]);
    assert_eq!(price(&["B-1"], None).await, [OF_ANOTHER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_sent_again_stays_whose_it_is() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let add = async |path: &str, codes: Value| {
        service.post(path, admin, json!({"codes": codes})).await.expect(201).body["created"].clone()
    };
    assert_eq!(add(&path, json!([bound("B-1", "C-1"), "ANY"])).await, 2);
    assert_eq!(add(&path, json!([bound("b-1", "C-2"), bound("ANY", "C-2"), "NEW"])).await, 1);
    assert_eq!(add(&path, json!(["B-1"])).await, 0);
    let expected = [named("ANY", None), named("B-1", Some("C-1")), named("NEW", None)];
    assert_eq!(listed(&service, &path, admin).await, expected);
    // Deleted and made anew, it is another's; so is one of an archived promotion.
    service.delete(&format!("{path}/B-1"), admin).await.expect(204);
    assert_eq!(add(&path, json!([bound("B-1", "C-2")])).await, 1);
    assert_eq!(price(&service, &tenant, &["B-1"], Some("C-2")).await, ["applied"]);
    let next = service.promotion(admin, with_codes("Q")).await;
    let next = format!("/v1/promotions/{next}/codes");
    let taken = service.post(&next, admin, json!({"codes": [bound("B-1", "C-3")]})).await;
    taken.expect_code(409, "code_taken");
    service.delete(path.trim_end_matches("/codes"), admin).await.expect(204);
    assert_eq!(add(&next, json!([bound("B-1", "C-3"), "any"])).await, 2);
    let expected = [named("any", None), named("B-1", Some("C-3"))];
    assert_eq!(listed(&service, &next, admin).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_binds_codes_and_an_export_is_an_import() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let text = "\u{feff}Customer_ID, CODE ,expires_at\r\n\"C \"\"1\"\", x\",A-1,2090-01-01T05:30:00+05:30\r\n,A-2,\r\n";
    let made = csv(&service, &path, admin, text).await.expect(201).body;
    assert_eq!((&made["count"], &made["created"]), (&json!(2), &json!(2)));
    assert_eq!(price(&service, &tenant, &["A-1"], Some("C \"1\", x")).await, ["applied"]);
    assert_eq!(price(&service, &tenant, &["A-1"], Some("C-1")).await, [OF_ANOTHER]);
    let exported = export(&service, &path, admin).await;
    let expected = "code,expires_at,used,customer_id\n\
                    A-1,2090-01-01T00:00:00Z,0,\"C \"\"1\"\", x\"\nA-2,,0,\n";
    assert_eq!(exported, expected);
    // Viewers see whose they are, and not what they are.
    let masked = export(&service, &path, &tenant.viewer).await;
    assert_eq!(masked, expected.replace("A-1", "…").replace("A-2", "…"));
    let again = csv(&service, &path, admin, &exported).await.expect(201).body;
    assert_eq!((&again["count"], &again["created"]), (&json!(2), &json!(0)));
    let codes = listed(&service, &path, admin).await;
    service.delete(path.trim_end_matches("/codes"), admin).await.expect(204);
    let anew = service.promotion(admin, with_codes("Q")).await;
    let anew = format!("/v1/promotions/{anew}/codes");
    csv(&service, &anew, admin, &exported).await.expect(201);
    assert_eq!(listed(&service, &anew, admin).await, codes);
    // Where nothing is bound, a file is what it has always been.
    let free = service.promotion(admin, with_codes("R")).await;
    let free = format!("/v1/promotions/{free}/codes");
    // The first line is a header when it has the name.
    let made = csv(&service, &free, admin, "ONE\nTWO\r\n\nexpires_at\n").await.expect(201).body;
    assert_eq!(made["created"], 3);
    let expected = "code,expires_at,used\nexpires_at,,0\nONE,,0\nTWO,,0\n";
    assert_eq!(export(&service, &free, admin).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_customer_is_given_a_code_once() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let customers = ["C-1", "Zoë \"y\", \\z", "C-3"];
    let body = json!({"generate": {"prefix": "VIP-", "length": 10, "customer_ids": customers},
                      "batch": "B-1", "expires_at": "2090-01-01T00:00:00Z"});
    let (one, other) = tokio::join!(
        service.post(&path, admin, body.clone()),
        service.post(&path, admin, body.clone())
    );
    let (one, other) = (one.expect(201), other.expect(201));
    assert_eq!(one.text, other.text);
    let head =
        json!([one.body["count"], one.body["created"], one.body["batch"], one.body["codes"]]);
    assert_eq!(head, json!([3, 3, "B-1", null]));
    let made = one.body["bound_codes"].as_array().expect("codes");
    let text = |own: &Value, name: &str| own[name].as_str().expect("a text").to_owned();
    let theirs: BTreeSet<String> = made.iter().map(|own| text(own, "customer_id")).collect();
    assert_eq!(theirs, customers.iter().map(|own| (*own).to_owned()).collect());
    let codes: BTreeSet<String> = made.iter().map(|own| text(own, "code")).collect();
    assert_eq!((made.len(), codes.len()), (3, 3));
    for own in made {
        let (code, customer) = (text(own, "code"), text(own, "customer_id"));
        assert!(code.starts_with("VIP-") && code.len() == 14, "{code}");
        assert_eq!(price(&service, &tenant, &[&code], Some(&customer)).await, ["applied"]);
        assert_eq!(price(&service, &tenant, &[&code], Some("C-9")).await, [OF_ANOTHER]);
    }
    let of_batch = listed(&service, &format!("{path}?batch=B-1"), admin).await;
    let expected: Vec<_> =
        made.iter().map(|own| (text(own, "code"), Some(text(own, "customer_id")))).collect();
    assert_eq!(of_batch, expected);
    for different in [
        json!({"prefix": "VIP-", "length": 10, "customer_ids": ["C-1", "C-3"]}),
        json!({"prefix": "VIP-", "length": 10, "count": 3}),
    ] {
        let mut body = body.clone();
        body["generate"] = different;
        service.post(&path, admin, body).await.expect_code(409, "name_taken");
    }
    // Another batch is another code for whoever is in it.
    let next = json!({"generate": {"length": 8, "customer_ids": ["C-1"]}});
    service.post(&path, admin, next).await.expect(201);
    assert_eq!(listed(&service, &format!("{path}?customer_id=C-1"), admin).await.len(), 2);
    // The trail says how many are bound, and not to whom.
    let trail = service.get("/v1/audit", admin).await.expect(200);
    assert_eq!(trail.body["items"][1]["after"]["bound"], 3);
    assert!(!trail.text.contains("Zoë") && !trail.text.contains("C-3"), "{}", trail.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_customers_are_one_request() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let customers: Vec<String> = (0..100_000).map(|number| format!("C-{number:06}")).collect();
    let body = json!({"generate": {"length": 12, "customer_ids": customers}, "batch": "all"});
    let made = service.post(&path, admin, body).await.expect(201).body;
    let made = made["bound_codes"].as_array().expect("codes");
    let codes: BTreeSet<&str> = made.iter().filter_map(|own| own["code"].as_str()).collect();
    let theirs: BTreeSet<&str> =
        made.iter().filter_map(|own| own["customer_id"].as_str()).collect();
    assert_eq!((made.len(), codes.len(), theirs.len()), (100_000, 100_000, 100_000));
    let exported = export(&service, &path, admin).await;
    let lines: BTreeSet<&str> = exported.lines().collect();
    assert_eq!(lines.len(), 100_001);
    for own in &made[..100] {
        let text = |name: &str| own[name].as_str().expect("a text");
        assert!(lines.contains(format!("{},,0,{}", text("code"), text("customer_id")).as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_found_by_customer_and_use() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let codes: Vec<Value> = ["C-1", "C-2", "C-1"]
        .iter()
        .zip(1..)
        .map(|(own, n)| bound(&format!("B-{n}"), own))
        .collect();
    service.post(&path, admin, json!({"codes": codes})).await.expect(201);
    let drawn = json!({"generate": {"length": 8, "customer_ids": ["C-1"]}, "batch": "X"});
    let drawn = service.post(&path, admin, drawn).await.expect(201).body;
    let drawn = drawn["bound_codes"][0]["code"].as_str().expect("a code").to_owned();
    service.post(&path, admin, json!({"codes": ["ANY"]})).await.expect(201);
    let other = service.promotion(admin, with_codes("Q")).await;
    let theirs = json!({"codes": [bound("B-9", "C-1")]});
    service.post(&format!("/v1/promotions/{other}/codes"), admin, theirs).await.expect(201);
    for (code, hold, cancelled) in
        [("B-1", false, false), ("ANY", true, false), ("B-3", true, true)]
    {
        let request = with(&[code], Some("C-1"));
        let body = json!({"transaction_id": random_id(), "request": request, "hold": hold});
        let sold = service.post("/v1/redemptions", &tenant.pos, body).await.expect(201).id();
        if cancelled {
            let path = format!("/v1/redemptions/{sold}/cancel");
            service.post(&path, &tenant.pos, json!({})).await.expect(200);
        }
    }
    let drawn = drawn.as_str();
    for (query, mut expected) in [
        ("customer_id=C-1", vec!["B-1", "B-3", drawn]),
        ("customer_id=C-2", vec!["B-2"]),
        ("customer_id=c-1", vec![]),
        ("customer_id=", vec![]),
        ("used=true", vec!["ANY", "B-1"]),
        ("used=false", vec!["B-2", "B-3", drawn]),
        ("customer_id=C-1&used=true", vec!["B-1"]),
        ("customer_id=C-1&used=false&batch=X", vec![drawn]),
        ("batch=X&used=true", vec![]),
    ] {
        expected.sort_unstable();
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("{path}?{query}&limit=1{cursor}");
            found.extend(listed(&service, &path, admin).await.into_iter().map(|(code, _)| code));
            let page = service.get(&path, admin).await.expect(200).body;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "{query}");
        let file = export(&service, &format!("{path}?{query}"), admin).await;
        assert_eq!(file.lines().count(), expected.len() + 1, "{query}: {file}");
        assert!(file.starts_with("code,expires_at,used,customer_id\n"));
    }
    let page = service.get(&format!("{path}?customer_id=C-2"), &tenant.viewer).await.expect(200);
    let item = &page.body["items"][0];
    assert_eq!((&item["code"], &item["customer_id"]), (&json!("…"), &json!("C-2")));
    let refused = service.get(&format!("{path}?used=yes&customer_id=%00&bound=1"), admin).await;
    let refused = refused.expect_code(422, "invalid").faults();
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for own in [
        fault("/used", "malformed"),
        fault("/customer_id", "malformed"),
        fault("/bound", "unknown_field"),
    ] {
        assert!(refused.contains(&own), "{own:?}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_bound_is_refused_with_its_place() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for (body, faults) in [
        (
            json!({"codes": [{"code": "x", "customer_id": ""}, {"customer_id": "C-1", "expires_at": null},
                             "OK-1", bound("ok-1", "C-1"), 7, null]}),
            vec![
                fault("/codes/0/code", "malformed"),
                fault("/codes/0/customer_id", "required"),
                fault("/codes/1/code", "required"),
                fault("/codes/1/expires_at", "unknown_field"),
                fault("/codes/4", "wrong_type"),
                fault("/codes/5", "wrong_type"),
            ],
        ),
        (json!({"codes": ["OK-1", bound("ok-1", "C-1")]}), vec![fault("/codes/1", "not_unique")]),
        (json!({"generate": {"length": 8}}), vec![fault("/generate/count", "required")]),
        (
            json!({"generate": {"length": 8, "count": 2, "customer_ids": ["C-1", "C-2"]}}),
            vec![fault("/generate/count", "unsupported_combination")],
        ),
        (
            json!({"generate": {"length": 8, "customer_ids": []}}),
            vec![fault("/generate/customer_ids", "required")],
        ),
        (
            json!({"generate": {"length": 8, "customer_ids": ["C-1", "", "C-1", 3]}}),
            vec![
                fault("/generate/customer_ids/1", "required"),
                fault("/generate/customer_ids/2", "not_unique"),
                fault("/generate/customer_ids/3", "wrong_type"),
            ],
        ),
        (
            json!({"generate": {"length": 8, "customer_ids": (0..100_001).collect::<Vec<u32>>()}}),
            vec![fault("/generate/customer_ids", "too_many")],
        ),
    ] {
        let refused = service.post(&path, admin, body).await;
        assert_eq!(refused.expect_code(422, "invalid").faults(), faults);
    }
    let long = "x".repeat(256);
    let text = format!("CUSTOMER_ID,Customer_id,code\nA,B,ABC\n,,\n{long},,DEF\n");
    let refused = csv(&service, &path, admin, &text).await.expect_code(422, "invalid").faults();
    assert_eq!(refused, [fault("/lines/1", "not_unique")]);
    let text = format!("code,customer_id\nABC,\n,C-1\nDEF,{long}\n");
    let refused = csv(&service, &path, admin, &text).await.expect_code(422, "invalid").faults();
    assert_eq!(refused, [fault("/lines/3", "malformed"), fault("/lines/4", "too_long")]);
    let automatic = service.promotion(admin, ten_percent("Q")).await;
    let body = json!({"codes": [bound("ABC", "C-1")]});
    let refused = service.post(&format!("/v1/promotions/{automatic}/codes"), admin, body).await;
    refused.expect_code(422, "invalid");
    assert_eq!(listed(&service, &path, admin).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_go_with_a_customer_who_is_merged_or_deleted() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let other = service.tenant().await;
    let foreign = service.promotion(&other.admin, with_codes("P")).await;
    let foreign = format!("/v1/promotions/{foreign}/codes");
    let theirs = json!({"codes": [bound("B-1", "C-1")]});
    service.post(&foreign, &other.admin, theirs).await.expect(201);
    let codes = json!({"codes": [bound("B-1", "C-1"), bound("B-2", "C-2"), bound("B-3", "C-3")]});
    service.post(&path, admin, codes).await.expect(201);
    let drawn = json!({"generate": {"length": 8, "customer_ids": ["C-1"]}, "batch": "X"});
    let first = service.post(&path, admin, drawn.clone()).await.expect(201).body;
    let held =
        json!({"transaction_id": "T-1", "request": with(&["B-1"], Some("C-1")), "hold": true});
    let hold = service.post("/v1/redemptions", &tenant.pos, held.clone()).await.expect(201);

    merge(&service, &tenant, "C-1", "C-2").await.expect(204);
    for code in ["B-1", "B-2", first["bound_codes"][0]["code"].as_str().expect("a code")] {
        assert_eq!(price(&service, &tenant, &[code], Some("C-2")).await, ["applied"]);
        assert_eq!(price(&service, &tenant, &[code], Some("C-1")).await, [OF_ANOTHER]);
    }
    let none = listed(&service, &format!("{path}?customer_id=C-1"), admin).await;
    assert_eq!((none.len(), listed(&service, &path, admin).await.len()), (0, 4));
    assert_eq!(listed(&service, &foreign, &other.admin).await, [named("B-1", Some("C-1"))]);
    // What was held is as it was quoted, and the same batch has the same codes, whosever they are now.
    let again = service.post("/v1/redemptions", &tenant.pos, held).await.expect(200).body;
    assert_eq!(again["result"], hold.body["result"]);
    let commit = format!("/v1/redemptions/{}/commit", hold.id());
    service.post(&commit, &tenant.pos, json!({})).await.expect(200);
    let mut again = service.post(&path, admin, drawn).await.expect(201).body;
    assert_eq!(again["bound_codes"][0]["customer_id"], "C-2");
    again["bound_codes"][0]["customer_id"] = "C-1".into();
    assert_eq!(again, first);

    delete(&service, &tenant, "C-2").await.expect(204);
    for customer in [Some("C-1"), Some("C-2"), None] {
        assert_eq!(price(&service, &tenant, &["B-1"], customer).await, [OF_ANOTHER]);
    }
    assert_eq!(price(&service, &tenant, &["B-3"], Some("C-3")).await, ["applied"]);
    let left = listed(&service, &path, admin).await;
    assert_eq!(left.len(), 4);
    assert!(left.iter().all(|(code, own)| (own.as_deref() == Some("C-3")) == (code == "B-3")));
    let trail = service.get("/v1/audit?subject=customer", admin).await.expect(200).body;
    let moved = |place: usize| trail["items"][place]["after"]["codes"].clone();
    assert_eq!((moved(0), moved(1)), (json!(3), json!(2)));
    // An import of before binds no code again.
    let before = json!({"codes": [bound("B-1", "C-1")]});
    let made = service.post(&path, admin, before).await.expect(201).body;
    assert_eq!(made["created"], 0);
    assert_eq!(price(&service, &tenant, &["B-1"], Some("C-1")).await, [OF_ANOTHER]);
}
