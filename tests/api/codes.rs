//! Codes: imported, drawn, listed, exported, masked for viewers, deleted, looked up.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use support::TestDatabase;
use support::harness::{Answer, Service, Tenant, cart, random_id, ten_percent, with_codes};

use crate::ledger::{Gift, Ledger};

async fn status(service: &Service, key: &str, code: &str) -> Value {
    let mut request = cart();
    request["cart"]["codes"] = json!([code]);
    service.post("/v1/evaluate-cart", key, request).await.expect(200).body["codes"][0]["status"]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_unlock_their_promotion_whatever_their_case() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = format!("/v1/promotions/{}/codes", service.promotion(admin, with_codes("P")).await);
    let made =
        service.post(&path, admin, json!({"codes": ["Save10", "SAVE20"]})).await.expect(201).body;
    assert_eq!((&made["count"], &made["created"]), (&json!(2), &json!(2)));
    let again =
        service.post(&path, admin, json!({"codes": ["SAVE10", "SAVE30"]})).await.expect(201).body;
    assert_eq!(again["created"], 1);
    assert_eq!(status(&service, &tenant.pos, "save10").await, "applied");
    assert_eq!(status(&service, &tenant.pos, "!").await, "unknown");
    let listed = service.get(&path, admin).await.expect(200).body;
    assert_eq!(listed["items"][0]["code"], "Save10");
    let masked = service.get(&path, &tenant.viewer).await.expect(200);
    assert_eq!(masked.body["items"][0]["code"], "…e10");
    assert!(!masked.text.contains("Save10"));
    let audit = service.get("/v1/audit", &tenant.viewer).await.expect(200);
    assert!(!audit.text.to_uppercase().contains("SAVE10"), "{}", audit.text);
    assert!(service.get("/v1/audit", admin).await.text.contains("Save10"));
    service.delete(&format!("{path}/save10"), admin).await.expect(204);
    service.delete(&format!("{path}/save10"), admin).await.expect_code(404, "not_found");
    assert_eq!(status(&service, &tenant.pos, "save10").await, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_another_promotion_is_taken_and_nothing_is_imported() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let first = service.promotion(admin, with_codes("A")).await;
    let second =
        format!("/v1/promotions/{}/codes", service.promotion(admin, with_codes("B")).await);
    let path = format!("/v1/promotions/{first}/codes");
    service.post(&path, admin, json!({"codes": ["ONE"]})).await.expect(201);
    let refused = service.post(&second, admin, json!({"codes": ["TWO", "one"]})).await;
    refused.expect_code(409, "code_taken");
    assert_eq!(status(&service, &tenant.pos, "TWO").await, "unknown");
    service.delete(&format!("/v1/promotions/{first}"), admin).await.expect(204);
    service.post(&second, admin, json!({"codes": ["TWO", "one"]})).await.expect(201);
    assert_eq!(status(&service, &tenant.pos, "ONE").await, "applied");
    service.post(&path, admin, json!({"codes": ["THREE"]})).await.expect_code(409, "archived");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_code_is_refused_with_its_place() {
    let (_database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let admin = &tenant.admin;
    let path = format!("/v1/promotions/{}/codes", service.promotion(admin, with_codes("P")).await);
    let body = json!({"codes": ["OK1", "x", "-ab", "ok1", 7], "expires_at": "soon"});
    let refused = service.post(&path, admin, body).await.expect_code(422, "invalid");
    assert!(refused.faults().contains(&("/codes/1".to_owned(), "malformed".to_owned())));
    assert!(refused.faults().contains(&("/expires_at".to_owned(), "malformed".to_owned())));
    let automatic =
        format!("/v1/promotions/{}/codes", service.promotion(admin, ten_percent("Q")).await);
    service.post(&automatic, admin, json!({"codes": ["OK1"]})).await.expect_code(422, "invalid");
    let expired = json!({"codes": ["OLD"], "expires_at": "2020-01-01T00:00:00Z"});
    service.post(&path, admin, expired).await.expect(201);
    assert_eq!(status(&service, &tenant.pos, "OLD").await, "expired");
}

/// A service, a tenant and the path of the codes of a live promotion.
async fn with_promotion() -> (TestDatabase, Service, Tenant, String) {
    let (database, service) = Service::start().await;
    let tenant = service.tenant().await;
    let id = service.promotion(&tenant.admin, with_codes("P")).await;
    (database, service, tenant, format!("/v1/promotions/{id}/codes"))
}

async fn csv(service: &Service, path: &str, key: &str, text: &str) -> Answer {
    let headers = [("content-type", "text/csv")];
    let body = Some(text.to_owned());
    service.send(Method::POST, path, key, body, &headers).await
}

async fn export(service: &Service, path: &str, key: &str) -> Answer {
    let headers = [("accept", "text/csv")];
    service.send(Method::GET, path, key, None, &headers).await
}

fn texts(list: &Value) -> Vec<String> {
    let codes = list.as_array().expect("a list of codes").iter();
    codes.map(|code| code.as_str().expect("a code").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_codes_are_new_unmistakable_and_named_by_the_answer() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let body = json!({"generate": {"count": 5_000, "prefix": "DIW-", "length": 10},
                      "expires_at": "2090-01-01T00:00:00+05:30"});
    let made = service.post(&path, admin, body.clone()).await.expect(201);
    assert_eq!(made.header("content-type"), "application/json");
    let codes = texts(&made.body["codes"]);
    let different: BTreeSet<&String> = codes.iter().collect();
    assert_eq!((codes.len(), different.len()), (5_000, 5_000));
    for code in &codes {
        let random = code.strip_prefix("DIW-").expect("the prefix");
        assert_eq!(random.len(), 10, "{code}");
        let allowed =
            |c: char| (c.is_ascii_uppercase() || c.is_ascii_digit()) && !"ILOU01".contains(c);
        assert!(random.chars().all(allowed), "{code}");
    }
    assert_eq!((&made.body["count"], &made.body["created"]), (&json!(5_000), &json!(5_000)));
    assert_eq!(made.body["expires_at"], "2089-12-31T18:30:00.000Z");
    assert_eq!(status(&service, &tenant.pos, &codes[7]).await, "applied");
    // Without a batch, new ones again, under a name of their own.
    let again = service.post(&path, admin, body).await.expect(201).body;
    assert!(!texts(&again["codes"]).iter().any(|code| different.contains(code)));
    assert_ne!(again["batch"], made.body["batch"]);
    let batch = again["batch"].as_str().expect("a batch");
    let listed =
        service.get(&format!("{path}?batch={batch}&limit=200"), admin).await.expect(200).body;
    assert_eq!(listed["items"][0]["code"], again["codes"][0]);
    assert_eq!(listed["items"][0]["batch"], again["batch"]);
    let none = service.get(&format!("{path}?batch=other"), admin).await.expect(200).body;
    assert_eq!(none["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_made_once_whoever_asks_how_often() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let body = json!({"generate": {"count": 300, "length": 8}, "batch": "B-1"});
    let (one, other) = tokio::join!(
        service.post(&path, admin, body.clone()),
        service.post(&path, admin, body.clone())
    );
    let (one, other) = (one.expect(201), other.expect(201));
    assert_eq!(one.text, other.text);
    assert_eq!(one.body["batch"], "B-1");
    // Written otherwise, and meant the same.
    let same = json!({"batch": "B-1", "expires_at": null, "generate": {"length": 8, "prefix": "", "count": 300}});
    assert_eq!(service.post(&path, admin, same).await.expect(201).text, one.text);
    for different in [
        json!({"generate": {"count": 301, "length": 8}, "batch": "B-1"}),
        json!({"generate": {"count": 300, "length": 9}, "batch": "B-1"}),
        json!({"generate": {"count": 300, "length": 8, "prefix": "A"}, "batch": "B-1"}),
        json!({"generate": {"count": 300, "length": 8}, "batch": "B-1", "expires_at": "2090-01-01T00:00:00Z"}),
    ] {
        let refused = service.post(&path, admin, different).await;
        refused.expect_code(409, "name_taken");
    }
    let listed = export(&service, &path, admin).await.expect(200).text;
    assert_eq!(listed.lines().count(), 301);
    // Batches belong to their promotion.
    let second = service.promotion(admin, with_codes("Q")).await;
    let second = format!("/v1/promotions/{second}/codes");
    let theirs = service.post(&second, admin, body.clone()).await.expect(201);
    assert_ne!(theirs.body["codes"], one.body["codes"]);
    // The audit trail tells how many, and no code.
    let audit = service.get("/v1/audit", &tenant.viewer).await.expect(200);
    assert!(audit.text.contains("codes_generated") && audit.text.contains("B-1"));
    let code = one.body["codes"][0].as_str().expect("a code");
    assert!(!service.get("/v1/audit", admin).await.text.contains(code));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_that_asks_for_too_much_is_refused_with_every_fault() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for (body, faults) in [
        (json!({}), vec![fault("/codes", "required")]),
        (json!({"codes": []}), vec![fault("/codes", "required")]),
        (
            json!({"generate": {"count": 0, "length": 7, "prefix": "a b", "letters": "x"}, "batch": ""}),
            vec![
                fault("/generate/count", "out_of_range"),
                fault("/generate/prefix", "malformed"),
                fault("/generate/length", "out_of_range"),
                fault("/generate/letters", "unknown_field"),
                fault("/batch", "required"),
            ],
        ),
        (
            json!({"generate": {"count": 100_001, "length": 33, "prefix": "-A"}}),
            vec![
                fault("/generate/count", "out_of_range"),
                fault("/generate/prefix", "malformed"),
                fault("/generate/length", "out_of_range"),
            ],
        ),
        (
            json!({"generate": {"count": 1, "length": 32, "prefix": "A".repeat(33)}}),
            vec![fault("/generate/prefix", "too_long")],
        ),
        (
            json!({"generate": {"count": 1, "length": 8}, "codes": ["ABC"]}),
            vec![fault("/generate", "unsupported_combination")],
        ),
        (json!({"codes": ["ABC"], "batch": "B"}), vec![fault("/batch", "unsupported_combination")]),
    ] {
        let refused = service.post(&path, admin, body.clone()).await;
        let found = refused.expect_code(422, "invalid").faults();
        assert_eq!(found, faults, "{body}");
    }
    let listed = service.get(&path, admin).await.expect(200).body;
    assert_eq!(listed["items"], json!([]));
    let longest = json!({"generate": {"count": 1, "length": 32, "prefix": "A".repeat(32)}});
    let made = service.post(&path, admin, longest).await.expect(201).body;
    assert_eq!(made["codes"][0].as_str().expect("a code").len(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_an_import() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let text = "\u{feff}code,expires_at\r\nOne-1,2090-01-01T05:30:00+05:30\r\nTWO,\r\n";
    let made = csv(&service, &path, admin, text).await.expect(201).body;
    assert_eq!((&made["count"], &made["created"]), (&json!(2), &json!(2)));
    let plain = csv(&service, &path, admin, "code\nTHREE\none-1\n").await;
    assert_eq!(plain.expect(201).body["created"], 1);
    let exported = export(&service, &path, admin).await.expect(200);
    assert_eq!(exported.header("content-type"), "text/csv; charset=utf-8");
    let expected = "code,expires_at,used\nOne-1,2090-01-01T00:00:00Z,0\nTHREE,,0\nTWO,,0\n";
    assert_eq!(exported.text, expected);
    // A code of three characters would be shown whole by its last three.
    let masked = export(&service, &path, &tenant.viewer).await.expect(200);
    let expected = "code,expires_at,used\n…e-1,2090-01-01T00:00:00Z,0\n…REE,,0\n…,,0\n";
    assert_eq!(masked.text, expected);
    let again = csv(&service, &path, admin, &exported.text).await.expect(201);
    assert_eq!((&again.body["count"], &again.body["created"]), (&json!(3), &json!(0)));
    let empty = service.promotion(admin, with_codes("Q")).await;
    let empty = format!("/v1/promotions/{empty}/codes");
    assert_eq!(export(&service, &empty, admin).await.expect(200).text, "code,expires_at,used\n");
    let taken = csv(&service, &empty, admin, "code\nNEW\nthree\n").await;
    taken.expect_code(409, "code_taken");
    assert_eq!(export(&service, &empty, admin).await.text, "code,expires_at,used\n");
    let nobody = format!("/v1/promotions/{}/codes", random_id());
    let nothing = export(&service, &nobody, admin).await;
    nothing.expect_code(404, "not_found");
    let paged = export(&service, &format!("{path}?limit=2"), admin).await;
    paged.expect_code(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_an_import_have_their_lines() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    for (text, faults) in [
        ("", vec![fault("/lines/1", "required")]),
        ("code\n", vec![fault("/lines/1", "required")]),
        ("CODE,until\nA1B,\n", vec![fault("/lines/1", "unknown_field")]),
        // Without a header a line is a code.
        (
            "ABC\nDEF,2090-01-01T00:00:00Z\n-x\nabc\n",
            vec![
                fault("/lines/2", "malformed"),
                fault("/lines/3", "malformed"),
                fault("/lines/4", "not_unique"),
            ],
        ),
        ("code,code\nABC,ABC\n", vec![fault("/lines/1", "not_unique")]),
        (
            "code,expires_at\nABC,tomorrow\n-x,2090-01-01\nABC\nDEF,\ndef,\n",
            vec![
                fault("/lines/2", "malformed"),
                fault("/lines/3", "malformed"),
                fault("/lines/3", "malformed"),
                fault("/lines/4", "malformed"),
                fault("/lines/6", "not_unique"),
            ],
        ),
    ] {
        let refused = csv(&service, &path, admin, text).await;
        let found = refused.expect_code(422, "invalid").faults();
        assert_eq!(found, faults, "{text}");
    }
    let headers = [("content-type", "text/plain")];
    let body = Some("code\nABC\n".to_owned());
    let plain = service.send(Method::POST, &path, admin, body, &headers);
    plain.await.expect_code(415, "unsupported_media_type");
    let automatic = service.promotion(admin, ten_percent("Automatic")).await;
    let automatic = format!("/v1/promotions/{automatic}/codes");
    let body = json!({"generate": {"count": 1, "length": 8}});
    let refused = service.post(&automatic, admin, body.clone()).await;
    refused.expect_code(422, "invalid");
    let archived = path.trim_end_matches("/codes");
    service.delete(archived, admin).await.expect(204);
    let refused = service.post(&path, admin, body).await;
    refused.expect_code(409, "archived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_the_redemptions_that_still_count() {
    let (database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let promotion = path.split('/').nth(3).expect("an id");
    let body = json!({"codes": ["SAVE10", "SAVE20"]});
    service.post(&path, admin, body).await.expect(201);
    let mut ledger = Ledger::of(&database, &tenant.id).await;
    let by = |code| [Gift { code: Some(code), ..Gift::of(promotion, 10_000) }];
    for (state, code) in [
        ("committed", "SAVE10"),
        ("held", "SAVE10"),
        ("cancelled", "SAVE10"),
        ("expired", "SAVE10"),
        ("replaced", "SAVE10"),
        ("committed", "SAVE20"),
    ] {
        ledger.sale(state, "now()", &by(code)).await;
    }
    let used = async |path: &str| {
        let listed = service.get(path, admin).await.expect(200).body;
        let items = listed["items"].as_array().expect("codes").clone();
        items.iter().map(|item| item["used"].as_i64().expect("a count")).collect::<Vec<_>>()
    };
    assert_eq!(used(&path).await, [2, 1]);
    let back = ledger.sale("committed", "now()", &by("SAVE20")).await;
    assert_eq!(used(&path).await, [2, 2]);
    ledger.restored(&back).await;
    assert_eq!(used(&path).await, [2, 1]);
    let exported = export(&service, &path, admin).await.expect(200).text;
    assert_eq!(exported, "code,expires_at,used\nSAVE10,,2\nSAVE20,,1\n");
    // Deleted and made anew, it is another code.
    let one = format!("{path}/SAVE10");
    service.delete(&one, admin).await.expect(204);
    let body = json!({"codes": ["SAVE10"]});
    service.post(&path, admin, body).await.expect(201);
    assert_eq!(used(&path).await, [0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_codes_are_one_request() {
    let (_database, service, tenant, path) = with_promotion().await;
    let admin = &tenant.admin;
    let body = json!({"generate": {"count": 100_000, "prefix": "X", "length": 12}, "batch": "all"});
    let made = service.post(&path, admin, body).await.expect(201).body;
    let codes: BTreeSet<String> = texts(&made["codes"]).into_iter().collect();
    assert_eq!(codes.len(), 100_000);
    let exported = export(&service, &path, admin).await.expect(200).text;
    let lines = exported.lines().skip(1);
    let names: BTreeSet<String> =
        lines.map(|line| line.trim_end_matches(",,0").to_owned()).collect();
    assert_eq!(names, codes);
}
