//! Everything that section 5 refuses, with its code and pointer.

use serde_json::{Value as Tree, json};

use super::{cases, put, read};
use crate::domain::amount::Number;
use crate::domain::promotion::{CustomValue, Status};
use crate::domain::settings::{CustomField, CustomFieldKind};
use crate::wire::custom_field::CustomValues;
use crate::wire::promotion::{Purpose, parse, parse_stored};

fn promotion() -> Tree {
    json!({
        "name": "P", "type": "pos",
        "starts_at": "2026-06-01T00:00:00+05:30", "ends_at": "2026-07-01T00:00:00+05:30",
        "benefit": {"type": "percentage_off", "value": "10"}
    })
}

pub(super) fn tees() -> Tree {
    json!({"type": "line_quantity", "of": {}, "op": "gte", "value": "3"})
}

/// The faults of the base promotion with these changes.
fn faults_of(changes: &[(&str, Tree)]) -> Vec<String> {
    let mut body = promotion();
    for (pointer, value) in changes {
        put(&mut body, pointer, value);
    }
    let (parsed, faults) = read(&body.to_string(), |v, f| parse(v, Purpose::Create(&[]), f));
    assert_eq!(parsed.terms.is_some(), faults.is_empty(), "{body}");
    faults
}

pub(super) fn check(changes: &[(&str, Tree)], expected: &[&str]) {
    assert_eq!(faults_of(changes), expected, "{changes:?}");
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("name-{place}")).collect()
}

#[test]
fn values_have_bounds() {
    for (pointer, value, expected) in [
        ("/benefit/value", json!("0"), "/benefit/value out_of_range"),
        ("/benefit/value", json!("100.0001"), "/benefit/value out_of_range"),
        ("/benefit/value", json!("1.00001"), "/benefit/value too_precise"),
        ("/benefit/value", json!("ten"), "/benefit/value malformed"),
        ("/benefit/value", json!(true), "/benefit/value wrong_type"),
        ("/benefit/value", Tree::Null, "/benefit/value required"),
        ("/benefit/type", json!("half"), "/benefit/type malformed"),
        ("/benefit", Tree::Null, "/benefit required"),
        ("/name", json!(""), "/name required"),
        ("/name", json!("x".repeat(256)), "/name too_long"),
        ("/message", json!("x".repeat(2_001)), "/message too_long"),
        ("/suggestion_message", json!("x".repeat(2_001)), "/suggestion_message too_long"),
        ("/ends_at", json!("2026-06-01T00:00:00+05:30"), "/ends_at not_after"),
        ("/ends_at", json!("2026-06-01"), "/ends_at malformed"),
        ("/sequence", json!(1_000_000_001), "/sequence out_of_range"),
        ("/sequence", json!("1"), "/sequence wrong_type"),
        ("/currency", json!("rupee"), "/currency malformed"),
        ("/status", json!("paused"), "/status malformed"),
        ("/ids", json!("x"), "/ids unknown_field"),
        ("/uses", json!({}), "/uses unknown_field"),
        ("/scope", json!({"stores": [1]}), "/scope/stores/0 wrong_type"),
        ("/audience", json!({}), "/audience/type required"),
        (
            "/audience",
            json!({"type": "all", "programs": [{"program": "main"}]}),
            "/audience/programs unsupported_combination",
        ),
        (
            "/audience",
            json!({"type": "identified", "programs": [{"program": "main"}]}),
            "/audience/programs unsupported_combination",
        ),
        ("/stacking", json!({"tags": names(11)}), "/stacking/tags too_many"),
        ("/stacking", json!({"not_with": names(11)}), "/stacking/not_with too_many"),
        ("/stacking", json!({"tags": ["a", "b", "a"]}), "/stacking/tags/2 not_unique"),
        ("/stacking", json!({"not_with": ["a", "a"]}), "/stacking/not_with/1 not_unique"),
        ("/stacking", json!({"tags": [""]}), "/stacking/tags/0 required"),
        ("/stacking", json!({"not_with": ["x".repeat(256)]}), "/stacking/not_with/0 too_long"),
        ("/custom_fields", json!({"a": "b"}), "/custom_fields/a unknown_field"),
        ("/earning", json!({"trigger": "direct"}), "/earning unsupported_combination"),
        ("/communication", json!({}), "/communication unsupported_combination"),
        ("/expiry", json!({"type": "after_days", "days": 3}), "/expiry unsupported_combination"),
    ] {
        check(&[(pointer, value)], &[expected]);
    }
    for (pointer, value) in [
        ("/expiry", json!({"type": "with_promotion"})),
        ("/audience", json!({"type": "identified", "programs": [], "groups": ["staff"]})),
        ("/stacking", json!({"tags": names(10), "not_with": names(10)})),
        ("/stacking", json!({"tags": null, "not_with": null})),
    ] {
        check(&[(pointer, value)], &[]);
    }
}

#[test]
fn conditions_are_bounded_and_their_operators_fit() {
    let leaf = || json!({"type": "cart_amount", "op": "gte", "value": "1"});
    let group = |of: Vec<Tree>| json!({"type": "group", "of": of});
    let mut deep = leaf();
    for _ in 0..5 {
        deep = group(vec![deep]);
    }
    check(&[("/conditions", deep.clone())], &[]);
    let place = format!("/conditions{} out_of_range", "/of/0".repeat(5));
    check(&[("/conditions", group(vec![deep]))], &[&place]);
    check(&[("/conditions", group(vec![leaf(); 10]))], &[]);
    check(&[("/conditions", group(vec![leaf(); 11]))], &["/conditions too_many"]);
    check(&[("/conditions", group(vec![]))], &["/conditions/of required"]);
    for (pointer, predicate, expected) in cases(
        r#"
        /op {"field": "sku", "op": "gt", "value": "1"} -> unsupported_combination
        /op {"field": "brand", "op": "in_list", "list": "l"} -> unsupported_combination
        /op {"field": "mrp", "op": "in", "values": ["1"]} -> unsupported_combination
        /values {"field": "mrp", "op": "between", "values": ["1"]} -> out_of_range
        /values {"field": "mrp", "op": "between", "values": ["2", "1"]} -> out_of_range
        /key {"field": "attribute", "op": "eq", "value": "x"} -> required
        /key {"field": "sku", "key": "k", "op": "eq", "value": "x"} -> unsupported_combination
        /values {"field": "sku", "op": "eq", "values": ["x"]} -> unsupported_combination
        /values {"field": "sku", "op": "in", "values": []} -> required
        /field {"field": "colour", "op": "in", "values": ["x"]} -> malformed
        "#,
    ) {
        let expected = format!("/conditions/of/include/0{pointer} {}", expected[0]);
        let item = json!({"type": "item", "of": {"include": [predicate]}});
        let faults = faults_of(&[("/conditions", item)]);
        assert_eq!(faults.first(), Some(&expected), "{predicate}");
    }
    let many = vec![json!({"field": "sku", "op": "eq", "value": "x"}); 26];
    let of = json!({"include": many, "exclude": many});
    check(&[("/conditions", json!({"type": "item", "of": of}))], &["/conditions/of too_many"]);
    let pays = |op: &str, amount: Tree| json!({"type": "payment_mode", "op": op, "values": ["Card"], "min_amount": amount});
    check(&[("/conditions", pays("in", json!("5")))], &[]);
    check(
        &[("/conditions", pays("not_in", json!("5")))],
        &["/conditions/min_amount unsupported_combination"],
    );
    check(
        &[("/conditions", json!({"type": "cart_amount", "op": "in", "values": ["1"]}))],
        &["/conditions/op unsupported_combination"],
    );
    for (kind, op, fault) in
        [("cart_amount", None, "required"), ("line_quantity", Some("more"), "malformed")]
    {
        let bare = json!({"type": kind, "op": op, "value": "1"});
        check(&[("/conditions", bare)], &[&format!("/conditions/op {fault}")]);
    }
    check(
        &[("/conditions", json!({"type": "cart_amount", "of": {}, "op": "gt", "value": "-1"}))],
        &["/conditions/value out_of_range", "/conditions/of unknown_field"],
    );
}

#[test]
fn schedules_have_one_shape_at_a_time() {
    for (pointer, schedule, expected) in cases(
        r#"
        /schedule {"recurrence": {"type": "weekly_span", "from": {"day": "fri", "time": "18:00"}, "to": {"day": "fri", "time": "18:00"}}} -> /schedule/recurrence/to unsupported_combination
        /schedule {"recurrence": {"type": "weekly_span", "from": {"day": "fri", "time": "18:00"}, "to": {"day": "mon", "time": "06:00"}}, "daily_window": {"start": "18:00", "duration_hours": "6"}} -> /schedule/daily_window unsupported_combination
        /schedule {"recurrence": {"type": "weekly", "days": []}} -> /schedule/recurrence/days required
        /schedule {"recurrence": {"type": "weekly", "days": ["mon", "mon"]}} -> /schedule/recurrence/days/1 not_unique
        /schedule {"recurrence": {"type": "monthly", "dates": [32]}} -> /schedule/recurrence/dates/0 out_of_range
        /schedule {"daily_window": {"start": "25:00", "duration_hours": "6"}} -> /schedule/daily_window/start malformed
        /schedule {"daily_window": {"start": "18:00", "duration_hours": "24.1"}} -> /schedule/daily_window/duration_hours out_of_range
        /schedule {"timezone": "Mars"} -> /schedule/timezone malformed
        "#,
    ) {
        check(&[(pointer, schedule)], &expected);
    }
}

#[test]
fn each_type_has_its_own_limits() {
    let parts = [
        ("issue", json!({"per_customer": 3})),
        ("earn", json!({"times": 1})),
        ("cart", json!({"times": 1})),
        ("customer", json!({"times": {"max": 1}})),
        ("promotion", json!({"discount": {"max": "5", "refresh": {"every": 1, "unit": "day"}}})),
        ("code", json!({"transactions": {"max": 1}})),
    ];
    for (kind, supported) in [
        ("pos", vec!["cart", "customer", "promotion"]),
        ("loyalty", vec!["issue", "cart", "customer", "promotion"]),
        ("loyalty_earning", vec!["issue", "earn", "cart", "customer"]),
        ("rewards", vec!["issue", "earn", "cart", "customer"]),
        ("code_linked", vec!["cart", "code"]),
    ] {
        for (part, limit) in &parts {
            let mut changes = vec![("/type", json!(kind)), ("/limits", json!({*part: limit}))];
            if kind == "loyalty_earning" {
                let earning = json!({"trigger": "activity", "activity": "registration"});
                changes.push(("/earning", earning));
            }
            let expected = format!("/limits/{part} limit_not_supported");
            let expected = [expected.as_str()];
            check(&changes, if supported.contains(part) { &[] } else { &expected });
        }
    }
    for (limits, expected) in [
        (json!({"cart": {"times": 0}}), "/limits/cart/times out_of_range"),
        (json!({"cart": {"discount": "0"}}), "/limits/cart/discount out_of_range"),
        (json!({"cart": {"refresh": {}}}), "/limits/cart/refresh unknown_field"),
        (json!({"customer": {"times": {}}}), "/limits/customer/times/max required"),
    ] {
        check(&[("/limits", limits)], &[expected]);
    }
    let issues = [("/type", json!("rewards")), ("/limits", json!({"issue": {"per_customer": 51}}))];
    check(&issues, &["/limits/issue/per_customer out_of_range"]);
}

#[test]
fn earning_has_one_trigger() {
    for (kind, earning, expected) in cases(
        r#"
        loyalty_earning null -> /earning required
        loyalty_earning {"trigger": "activity"} -> /earning/activity required
        loyalty_earning {"trigger": "milestone", "activity": "transaction"} -> /earning/activity unsupported_combination, /earning/milestone required
        rewards {"trigger": "activity", "activity": "transaction"} -> /earning/trigger unsupported_combination
        "#,
    ) {
        check(&[("/type", json!(kind)), ("/earning", earning)], &expected);
    }
    let direct = json!({"trigger": "direct", "conditions": tees()});
    let expected = ["/earning/conditions unsupported_combination"];
    check(&[("/type", json!("loyalty_earning")), ("/earning", direct)], &expected);
    for (kind, earning) in [
        ("loyalty_earning", json!({"trigger": "activity", "activity": "transaction"})),
        ("rewards", json!({"trigger": "direct"})),
    ] {
        check(&[("/type", json!(kind)), ("/earning", earning)], &[]);
    }
}

#[test]
fn computed_fields_are_ignored() {
    let mut body = promotion();
    for name in ["id", "version", "state", "usage", "created_at", "updated_at"] {
        put(&mut body, &format!("/{name}"), &json!({"any": 1}));
    }
    let kept = CustomValues::new();
    let purpose = Purpose::Replace(&[], Status::Active, &kept);
    let (parsed, faults) = read(&body.to_string(), |v, f| parse(v, purpose, f));
    assert!(parsed.terms.is_some() && faults.is_empty(), "{faults:?}");
    // So a promotion is copied: unless it is active, the copy is a draft.
    for (status, copied) in [
        ("draft", Status::Draft),
        ("active", Status::Active),
        ("paused", Status::Draft),
        ("archived", Status::Draft),
    ] {
        put(&mut body, "/status", &json!(status));
        let create = |text: &str| read(text, |v, f| parse(v, Purpose::Create(&[]), f));
        let (parsed, faults) = create(&body.to_string());
        assert!(parsed.terms.is_some() && faults.is_empty(), "{faults:?}");
        assert_eq!(parsed.status, Some(copied));
        let mut new = body.clone();
        new.as_object_mut().unwrap().remove("state");
        let (parsed, faults) = create(&new.to_string());
        assert_eq!(parsed.status.is_some(), faults.is_empty());
        assert_eq!(faults.is_empty(), ["draft", "active"].contains(&status));
    }
    let twice = r#"{"usage": {"a": 1, "a": 2}}"#;
    let (_, faults) = read(twice, |v, f| parse(v, purpose, f));
    assert!(faults.contains(&"/usage/a not_unique".to_owned()), "{faults:?}");
}

#[test]
fn custom_fields_fit_the_settings_and_required_ones_matter_when_active() {
    let field = |key: &str, kind, required| CustomField {
        key: key.to_owned(),
        label: String::new(),
        kind,
        required,
    };
    let fields = [
        field("center", CustomFieldKind::Text, true),
        field("from", CustomFieldKind::Date, false),
        field("kind", CustomFieldKind::Select(vec!["a".to_owned()]), false),
    ];
    let with = |status: &str, values: Tree| {
        let mut body = promotion();
        put(&mut body, "/status", &json!(status));
        put(&mut body, "/custom_fields", &values);
        read(&body.to_string(), |v, f| parse(v, Purpose::Create(&fields), f)).1
    };
    assert!(with("draft", json!({})).is_empty());
    assert_eq!(with("active", json!({})), ["/custom_fields/center required"]);
    assert!(with("active", json!({"center": "x", "from": "2026-06-01", "kind": "a"})).is_empty());
    assert_eq!(
        with("draft", json!({"from": "2026-6-1", "kind": "b"})),
        ["/custom_fields/from malformed", "/custom_fields/kind malformed"]
    );
    assert_eq!(with("active", json!({"center": ""})), ["/custom_fields/center required"]);

    // A definition that is taken away, changed or made required later bears on no promotion as it stands.
    let text = |text: &str| CustomValue::Text(text.to_owned());
    let number = CustomValue::Number(Number::parse("5").unwrap());
    let had = CustomValues::from([
        ("gone".to_owned(), text("x")),
        ("size".to_owned(), number),
        ("kind".to_owned(), text("b")),
    ]);
    let centered = CustomValues::from([("center".to_owned(), text("x"))]);
    let replaced = |before: Status, had: &CustomValues, status: &str, values: Tree| {
        let mut body = promotion();
        put(&mut body, "/status", &json!(status));
        put(&mut body, "/custom_fields", &values);
        let purpose = Purpose::Replace(&fields, before, had);
        read(&body.to_string(), |v, f| parse(v, purpose, f)).1
    };
    let as_it_was = json!({"gone": "x", "size": "5.0", "kind": "b"});
    let none: [&str; 0] = [];
    for status in ["active", "paused"] {
        assert_eq!(replaced(Status::Active, &had, status, as_it_was.clone()), none);
        assert_eq!(replaced(Status::Paused, &had, status, json!({"gone": null})), none);
        let lost = replaced(Status::Active, &centered, status, json!({"center": ""}));
        assert_eq!(lost, ["/custom_fields/center required"]);
    }
    assert_eq!(replaced(Status::Draft, &had, "draft", as_it_was.clone()), none);
    let activated = replaced(Status::Draft, &had, "active", as_it_was);
    assert_eq!(activated, ["/custom_fields/center required"]);
    let changed = json!({"gone": "y", "size": "6", "kind": "c", "other": null});
    assert_eq!(
        replaced(Status::Active, &had, "active", changed),
        [
            "/custom_fields/gone unknown_field",
            "/custom_fields/size unknown_field",
            "/custom_fields/kind malformed",
            "/custom_fields/other unknown_field",
        ]
    );
}

#[test]
fn texts_for_people_may_have_lines_and_names_lose_white_space_around_them() {
    let with = |place: &str, text: &str| {
        let mut body = promotion();
        put(&mut body, place, &json!(text));
        read(&body.to_string(), |v, f| parse(v, Purpose::Create(&[]), f))
    };
    for place in ["/description", "/message"] {
        let (parsed, faults) = with(place, " two\r\n\tlines ");
        assert_eq!(faults, [""; 0], "{place}");
        let terms = parsed.terms.unwrap();
        assert_eq!([terms.description, terms.message].concat(), " two\r\n\tlines ");
        for other in ["\u{b}", "\u{0}", "\u{7f}", "\u{85}"] {
            assert_eq!(with(place, other).1, [format!("{place} malformed")]);
        }
    }
    for place in ["/name", "/campaign"] {
        assert_eq!(with(place, "\u{3000} A  B ").1, [""; 0]);
        assert_eq!(with(place, " \u{a0}").1, [format!("{place} required")]);
        for control in ["A\nB", "A\t", "\rA"] {
            assert_eq!(with(place, control).1, [format!("{place} malformed")]);
        }
    }
    let terms = with("/name", "\u{3000} A  B ").0.terms.unwrap();
    assert_eq!(terms.name, "A  B");
    // What the release before has stored is taken as it was written.
    let mut body = promotion();
    put(&mut body, "/name", &json!(" "));
    assert_eq!(parse_stored(body.to_string().as_bytes()).unwrap().name, " ");
}

#[test]
fn all_faults_of_a_body_are_reported_at_once() {
    let changes = [
        ("/name", json!("")),
        ("/color", json!("red")),
        ("/benefit/value", json!("0")),
        ("/limits", json!({"code": {"times": {"max": 1}}})),
        ("/suggest", json!("yes")),
    ];
    let expected = [
        "/name required",
        "/benefit/value out_of_range",
        "/suggest wrong_type",
        "/limits/code limit_not_supported",
        "/color unknown_field",
    ];
    check(&changes, &expected);
}

#[test]
fn a_part_whose_kind_is_not_said_is_told_what_none_of_its_kinds_has() {
    let repeat = json!({"pe": "quantity", "every": "3"});
    let expected = ["/benefit/repeat/per required", "/benefit/repeat/pe unknown_field"];
    check(&[("/benefit/repeat", repeat)], &expected);
    let tees = json!({"type": "line_quantities", "op": "gte", "value": "3", "off": {}});
    check(
        &[("/conditions", tees)],
        &["/conditions/type malformed", "/conditions/off unknown_field"],
    );
}
