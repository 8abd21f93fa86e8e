//! Findings as data: for each code promotions that have it, and near ones that do not.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use promotion_engine::domain::currency::Currency;
use promotion_engine::domain::finding::{Finding, FindingCode};
use promotion_engine::domain::id::PromotionId;
use promotion_engine::domain::names::Named;
use promotion_engine::domain::promotion::{Promotion, Status};
use promotion_engine::domain::settings::Settings;
use promotion_engine::domain::vocabulary::{KnownNames, NameField};
use promotion_engine::engine::{About, findings};
use promotion_engine::wire::body::PrintBody;
use promotion_engine::wire::decode::Value as Body;
use promotion_engine::wire::faults::Faults;
use promotion_engine::wire::finding::FindingBody;
use promotion_engine::wire::json::Json;
use promotion_engine::wire::promotion::Purpose;
use promotion_engine::wire::settings::Computed;
use promotion_engine::wire::{promotion, settings};
use serde_json::{Value, json};
use uuid::Uuid;

const OWN: u128 = 1_000;

fn tables() -> Vec<Value> {
    serde_json::from_str(include_str!("../cases/findings.json")).expect("a list of tables")
}

/// A promotion: `given` replaces members of a plain one.
fn made(id: u128, name: &str, created_at: &str, limits: Value, given: &Value) -> Promotion {
    let mut document = json!({
        "name": name, "type": "pos", "limits": limits,
        "starts_at": "2026-06-01T00:00:00+05:30", "ends_at": "2026-07-01T00:00:00+05:30",
        "benefit": {"type": "percentage_off", "value": "10"},
    });
    let members = given.as_object().expect("a promotion").clone();
    document.as_object_mut().expect("an object").extend(members);
    let body = read(&document, |value, faults| {
        let body = promotion::parse(value, Purpose::Document(None), faults);
        body.terms.map(|terms| (terms, body.status))
    });
    Promotion {
        id: PromotionId::new(Uuid::from_u128(id)),
        created_at: created_at.parse().expect("a time"),
        status: body.1.unwrap_or(Status::Active),
        terms: body.0,
    }
}

fn read<T>(document: &Value, read: impl FnOnce(Body<'_, '_>, &mut Faults) -> Option<T>) -> T {
    let text = document.to_string();
    let json = Json::parse(text.as_bytes()).expect("JSON");
    let mut faults = Faults::new();
    read(Body::root(&json), &mut faults).unwrap_or_else(|| panic!("{document}: {faults:?}"))
}

fn found(case: &Value) -> Vec<Finding> {
    let zone = Tz::Asia__Kolkata;
    let base = Settings::defaults(Currency::new("INR").expect("a currency"), zone);
    let settings = match &case["settings"] {
        Value::Null => base,
        given => {
            read(given, |value, faults| settings::parse(value, base, Computed::Unknown, faults))
        }
    };
    let mut known = KnownNames::default();
    for (field, names) in case["known"].as_object().into_iter().flatten() {
        let field = NameField::named(field).expect("a field");
        for name in names.as_array().expect("names") {
            known.add(field, name.as_str().expect("a name"));
        }
    }
    let zones = case["zones"].as_array().into_iter().flatten();
    let zones: Vec<Tz> = zones.map(|zone| zone.as_str().unwrap().parse().unwrap()).collect();
    let others = case["others"].as_array().cloned().unwrap_or_default();
    let others = (1..).zip(&others);
    let others = others.map(|(id, own)| made(id, "Other", "2026-01-01T00:00:00Z", json!({}), own));
    let limits = json!({"promotion": {"times": {"max": 1_000}}});
    let own = made(OWN, "Own", "2026-02-01T00:00:00Z", limits, &case["promotion"]);
    let rules: Vec<Promotion> = others.chain([own.clone()]).collect();
    let now: DateTime<Utc> = "2026-06-15T12:00:00Z".parse().expect("a time");
    let about = About { promotion: &own, settings: &settings, known: &known, zones: &zones, now };
    findings(&about, &rules)
}

#[test]
fn promotions_have_the_findings_of_the_table_and_near_ones_do_not() {
    let mut wrong = Vec::new();
    for table in tables() {
        let code = FindingCode::named(table["code"].as_str().unwrap()).expect("a code");
        let name = |case: &Value| format!("{}: {}", code.name(), case["why"]);
        let (has, has_not) =
            (&table["has"].as_array().unwrap(), &table["has_not"].as_array().unwrap());
        assert!(has.len() >= 3 && has_not.len() >= 3, "{}: too few documents", code.name());
        for case in has.iter() {
            let own: Vec<Value> =
                printed(case).into_iter().filter(|own| own["code"] == code.name()).collect();
            let expected = |member: &str| {
                if case[member].is_null() { &table[member] } else { &case[member] }
            };
            let other =
                if table["other"] == true { json!(Uuid::from_u128(1)) } else { Value::Null };
            let expected = json!({
                "code": code.name(), "severity": code.severity().name(),
                "pointer": expected("pointer"), "message": expected("message"), "promotion_id": other,
            });
            if own != [expected.clone()] {
                wrong.push(format!(
                    "{}\n  expected {expected}\n  found    {}",
                    name(case),
                    json!(own)
                ));
            }
        }
        for case in has_not.iter() {
            if let Some(own) = printed(case).iter().find(|own| own["code"] == code.name()) {
                wrong.push(format!("{}\n  unexpected {own}", name(case)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn printed(case: &Value) -> Vec<Value> {
    let print = |own: &Finding| serde_json::from_str(&FindingBody::document(own)).expect("JSON");
    found(case).iter().map(print).collect()
}

#[test]
fn every_code_has_a_table() {
    let tables = tables();
    let mut in_tables: Vec<&str> =
        tables.iter().map(|table| table["code"].as_str().unwrap()).collect();
    // A code can stand at several places.
    in_tables.dedup();
    let told: Vec<&str> = FindingCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(in_tables, told);
}

#[test]
fn findings_come_in_the_order_of_their_codes_and_are_bounded() {
    let names: Vec<String> = (0..150).map(|number| format!("S{number}")).collect();
    let others = vec![json!({"stacking": {"exclusive": true}}); 20];
    let found = found(&json!({
        "known": {"store": ["S"]},
        "others": others,
        "promotion": {
            "ends_at": "2026-06-10T00:00:00Z", "scope": {"stores": names}, "limits": {},
            "benefit": {"type": "percentage_off", "value": "100"}, "message": "{gain}",
        },
    }));
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for own in &found {
        *count.entry(own.concern.code().name()).or_default() += 1;
    }
    let expected = [
        ("already_ended", 1),
        ("gives_everything", 1),
        ("no_limit", 1),
        ("overlaps", 10),
        ("placeholder", 1),
        ("unknown_name", 100),
        ("unreachable", 1),
    ];
    assert_eq!(count.into_iter().collect::<Vec<_>>(), expected);
    let place =
        |own: &Finding| FindingCode::ALL.iter().position(|code| *code == own.concern.code());
    assert!(found.is_sorted_by_key(place));
}
