//! Whole documents: results, and faults with pointers into the document.

use serde_json::{Value as Tree, json};

use super::*;
use crate::domain::names::Named as _;

fn promotion(name: &str, kind: &str) -> Tree {
    json!({
        "name": name, "type": kind,
        "starts_at": "2026-06-01T00:00:00Z", "ends_at": "2026-07-01T00:00:00Z",
        "benefit": {"type": "percentage_off", "value": "10"}
    })
}

fn request() -> Tree {
    json!({
        "cart": {"lines": [{"id": "1", "sku": "A", "quantity": "3", "unit_price": "33.335"}]},
        "at": "2026-06-02T00:00:00Z", "explain": "all"
    })
}

fn evaluated(document: &Tree) -> Result<Tree, Vec<String>> {
    match evaluate(document.to_string().as_bytes(), DateTime::UNIX_EPOCH) {
        Ok(result) => Ok(serde_json::from_str(&result).expect("JSON")),
        Err(problem) => {
            let shown = |fault: &crate::wire::faults::Fault| {
                format!("{} {}", fault.pointer, fault.code.name())
            };
            Err(problem.errors.iter().map(shown).collect())
        }
    }
}

#[test]
fn a_document_of_a_promotion_and_a_request_is_enough() {
    let document = json!({"promotions": [promotion("Ten", "pos")], "request": request()});
    let result = evaluated(&document).expect("a result");
    assert_eq!(result["evaluated_at"], "2026-06-02T00:00:00.000Z");
    assert_eq!(result["totals"]["gross"], "100.005");
    assert_eq!(result["totals"]["discount"], "10.00");
    assert_eq!(result["totals"]["payable"], "90.005");
    assert_eq!(result["applied"][0]["name"], "Ten");
    assert_eq!(result["not_applied"], json!([]));
    assert_eq!(result.as_object().map(serde_json::Map::len), Some(11));
}

#[test]
fn codes_unlock_promotions_that_take_part() {
    let mut draft = promotion("Draft", "code_linked");
    draft["status"] = json!("draft");
    let mut request = request();
    request["cart"]["codes"] = json!(["save10", "DRAFT1", "OLD-1", "?"]);
    let document = json!({
        "promotions": [promotion("Ten", "code_linked"), draft, promotion("Old", "code_linked")],
        "codes": {
            "Ten": ["SAVE10", "save10"], "Draft": ["DRAFT1"],
            "Old": [{"code": "OLD-1", "expires_at": "2026-06-01T00:00:00Z"}]
        },
        "request": request
    });
    let result = evaluated(&document).expect("a result");
    let codes = result["codes"].as_array().expect("codes");
    let shown: Vec<_> = codes.iter().map(|code| (&code["code"], &code["status"])).collect();
    assert_eq!(
        json!(shown),
        json!([
            ["save10", "applied"],
            ["DRAFT1", "unknown"],
            ["OLD-1", "expired"],
            ["?", "unknown"]
        ])
    );
    assert_eq!(result["applied"][0]["code"], "save10");
}

#[test]
fn a_bound_code_unlocks_for_its_customer_alone() {
    let bound = |code: &str| json!({"code": code, "customer_id": "C-1"});
    let mut old = bound("OLD-1");
    old["expires_at"] = json!("2026-06-01T00:00:00Z");
    let mut document = json!({
        "promotions": [promotion("Ten", "code_linked"), promotion("Old", "code_linked")],
        "codes": {"Ten": [bound("B-100"), "FREE4ALL"], "Old": [old]},
        "request": request()
    });
    let of_another = "not_applied code_of_another_customer";
    for (customer, codes, expected) in [
        (json!({"id": "C-1"}), vec!["b-100", "OLD-1"], vec!["applied", "expired"]),
        (json!({"id": "C-2"}), vec!["B-100", "OLD-1"], vec![of_another, of_another]),
        (json!({"groups": ["G"]}), vec!["B-100"], vec![of_another]),
        (json!(null), vec!["B-100", "FREE4ALL", "b-100"], vec![of_another, "applied", "duplicate"]),
        (json!({"id": "C-2"}), vec!["FREE4ALL", "B-100"], vec!["applied", of_another]),
    ] {
        document["request"]["customer"] = customer;
        document["request"]["cart"]["codes"] = json!(codes);
        let result = evaluated(&document).expect("a result");
        let shown = |own: &Tree| match own["reason"].as_str() {
            None => own["status"].as_str().expect("a status").to_owned(),
            Some(reason) => format!("{} {reason}", own["status"].as_str().expect("a status")),
        };
        let shown: Vec<_> = result["codes"].as_array().expect("codes").iter().map(shown).collect();
        assert_eq!(shown, expected, "{document}");
        let reason = &result["not_applied"][0]["reason"];
        let unlocked = expected.contains(&"applied");
        assert!(*reason == "code_not_presented" && (result["applied"] != json!([])) == unlocked);
    }
}

#[test]
fn names_are_compared_without_white_space_around_them() {
    let document = json!({
        "promotions": [promotion("P", "pos"), promotion(" P ", "pos"), promotion(" Code ", "code_linked")],
        "codes": {"Code": ["ABC"]}, "request": request()
    });
    assert_eq!(evaluated(&document).expect_err("a fault"), ["/promotions/1/name not_unique"]);
}

#[test]
fn all_faults_of_a_document_have_pointers_into_it() {
    let mut listed = promotion("Listed", "pos");
    listed["conditions"] = json!({"type": "item", "of": {
        "include": [{"field": "sku", "op": "in_list", "list": "sale"}]}});
    let mut faulty = promotion("Faulty", "pos");
    faulty["benefit"]["value"] = json!("0");
    let mut archived = promotion("Listed", "pos");
    archived["status"] = json!("archived");
    let mut request = request();
    request["store"] = json!("NOWHERE");
    request["cart"]["codes"] = json!(["A"]);
    let document = json!({
        "promotions": [listed, faulty, archived, promotion("Faulty", "code_linked"),
                       promotion("Code", "code_linked")],
        "codes": {"Listed": ["ABC"], "Nobody": ["ABC"], "Code": ["ABC", "X"], "Faulty": ["ABC"]},
        "request": request, "extra": 1
    });
    let mut faults = evaluated(&document).expect_err("faults");
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "/codes/Code/1 malformed",
            "/codes/Faulty/0 not_unique",
            "/codes/Listed unsupported_combination",
            "/codes/Nobody unknown_reference",
            "/extra unknown_field",
            "/promotions/0/conditions/of/include/0/list unknown_reference",
            "/promotions/1/benefit/value out_of_range",
            "/promotions/3/name not_unique",
            "/request/store unknown_reference",
        ]
    );
    assert_eq!(evaluated(&json!({})), Err(vec!["/request required".to_owned()]));
    assert_eq!(evaluated(&json!([])), Err(vec![" wrong_type".to_owned()]));
}

#[test]
fn a_document_that_is_not_json_is_400() {
    let problem = evaluate(b"{", DateTime::UNIX_EPOCH).expect_err("a problem");
    assert_eq!((problem.status, problem.code), (400, "not_json"));
}

/// The id of the first promotion of a document.
const TEN: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn drafts_are_priced_beside_and_instead_of_the_promotions() {
    let five = |name: &str, kind: &str| {
        let mut draft = promotion(name, kind);
        draft["benefit"] = json!({"type": "amount_off", "value": "5"});
        draft["status"] = json!("archived");
        draft
    };
    let mut coded = five("Coded", "code_linked");
    coded["codes"] = json!(["five-1"]);
    let mut instead = five("Instead", "pos");
    instead["id"] = json!(TEN);
    let cases = [
        (json!({"with": [five("Five", "pos")]}), vec![(TEN, "10.00"), ("draft:0", "5.00")]),
        // The ranking puts promotions with codes first.
        (
            json!({"with": [five("Five", "pos"), coded], "without": [TEN]}),
            vec![("draft:1", "5.00"), ("draft:0", "5.00")],
        ),
        (json!({"with": [instead]}), vec![(TEN, "5.00")]),
        (json!({"without": [TEN]}), vec![]),
    ];
    for (changes, expected) in cases {
        let mut request = request();
        request["cart"]["codes"] = json!(["FIVE-1"]);
        request.as_object_mut().expect("an object").extend(changes.as_object().cloned().unwrap());
        let document = json!({"promotions": [promotion("Ten", "pos")], "request": request});
        let result = evaluated(&document).expect("a result");
        let applied = result["applied"].as_array().expect("a list");
        let shown = applied.iter().map(|own| json!([own["promotion_id"], own["discount"]]));
        assert_eq!(json!(shown.collect::<Vec<_>>()), json!(expected), "{changes}");
        assert_eq!(result["not_applied"], json!([]), "{changes}");
    }
}

/// The draft has the codes of the promotion, and ranks before what was made after it.
#[test]
fn a_draft_takes_the_place_of_a_promotion_that_is_a_draft_or_archived() {
    for status in ["draft", "archived"] {
        let mut stored = promotion("Stored", "code_linked");
        stored["status"] = json!(status);
        let mut draft = promotion("Tried", "code_linked");
        draft["id"] = json!(TEN);
        let mut request = request();
        request["cart"]["codes"] = json!(["OWN-1"]);
        request["with"] = json!([draft]);
        let document = json!({
            "settings": {"ranking": []}, "promotions": [stored, promotion("Later", "pos")],
            "codes": {"Stored": ["OWN-1"]}, "request": request,
        });
        let result = evaluated(&document).expect("a result");
        let names = [&result["applied"][0]["name"], &result["applied"][1]["name"]];
        assert_eq!(names, ["Tried", "Later"], "{status}");
        assert_eq!(result["codes"][0]["status"], "applied", "{status}");
    }
}

/// Two drafts that both have a code: it unlocks the first, also where it is stored.
#[test]
fn a_code_of_several_drafts_unlocks_the_first() {
    let coded = |name: &str| {
        let mut draft = promotion(name, "code_linked");
        draft["codes"] = json!(["OWN-1"]);
        draft
    };
    let mut request = request();
    request["cart"]["codes"] = json!(["own-1"]);
    request["with"] = json!([coded("One"), coded("Two")]);
    let document = json!({
        "promotions": [promotion("Stored", "code_linked")],
        "codes": {"Stored": ["OWN-1"]}, "request": request,
    });
    let result = evaluated(&document).expect("a result");
    let applied = result["applied"].as_array().expect("a list");
    assert_eq!(applied.iter().map(|own| &own["name"]).collect::<Vec<_>>(), ["One"]);
}

#[test]
fn drafts_name_promotions_of_the_document_and_have_codes_only_if_they_are_new() {
    let unknown = "00000000-0000-0000-0000-000000000009";
    let mut stored = promotion("Stored", "code_linked");
    stored["id"] = json!(TEN);
    stored["codes"] = json!(["FIVE-1"]);
    let mut open = promotion("Open", "pos");
    open["codes"] = json!(["FIVE-1"]);
    let mut instead = promotion("Instead", "pos");
    instead["id"] = json!(TEN);
    let mut lost = promotion("Lost", "pos");
    lost["id"] = json!(unknown);
    let cases = [
        (json!({"without": [unknown]}), "/request/without/0 unknown_reference"),
        (json!({"with": [lost]}), "/request/with/0/id unknown_reference"),
        (json!({"without": [TEN, TEN]}), "/request/without/1 not_unique"),
        (json!({"with": [instead], "without": [TEN]}), "/request/without/0 not_unique"),
        (json!({"with": [stored]}), "/request/with/0/codes unsupported_combination"),
        (json!({"with": [open]}), "/request/with/0/codes unsupported_combination"),
        (json!({"with": vec![promotion("Ten", "pos"); 21]}), "/request/with too_many"),
    ];
    for (changes, fault) in cases {
        let mut request = request();
        request.as_object_mut().expect("an object").extend(changes.as_object().cloned().unwrap());
        let document = json!({"promotions": [promotion("Ten", "pos")], "request": request});
        assert_eq!(evaluated(&document), Err(vec![fault.to_owned()]), "{changes}");
    }
}
