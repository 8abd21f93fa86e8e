//! Generated promotions: a printed promotion is read back unchanged.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::sample::{Select, select};
use serde_json::{Value as Tree, json};

use super::read;
use crate::domain::id::PromotionId;
use crate::domain::promotion::{Promotion, Status, Terms};
use crate::domain::settings::{CustomField, CustomFieldKind};
use crate::domain::usage::Usage;
use crate::wire::body::PrintBody as _;
use crate::wire::custom_field::CustomValues;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;
use crate::wire::promotion::{PromotionAnswer, Purpose, parse, parse_stored, stored};

/// One of these words.
fn one_of(words: &'static str) -> Select<&'static str> {
    select(words.split_whitespace().collect::<Vec<_>>())
}

fn predicate() -> impl Strategy<Value = Tree> {
    let text = one_of("sku product title brand supplier product_group category tag");
    let number =
        one_of("unit_price mrp quantity weight stock price_discount price_discount_percent");
    let one = one_of("eq ne contains starts_with");
    let several = one_of("in not_in");
    let order = one_of("eq ne gt gte lt lte");
    prop_oneof![
        (text.clone(), one, ".{0,4}").prop_map(|(field, op, value)| {
            json!({"field": field, "op": op, "value": plain(&value)})
        }),
        (text, several, ".{0,4}").prop_map(|(field, op, value)| {
            json!({"field": field, "op": op, "values": [plain(&value), "x"]})
        }),
        (number.clone(), order, -99_999_i64..99_999).prop_map(|(field, op, value)| {
            json!({"field": field, "op": op, "value": format!("{value}.25")})
        }),
        (number, 0_i64..9).prop_map(|(field, low)| {
            json!({"field": field, "op": "between", "values": [low, "9.5"]})
        }),
        one_of("attribute variant").prop_map(|field| {
            json!({"field": field, "key": "k\"/~", "op": "eq", "value": "v"})
        }),
        Just(json!({"field": "sku", "op": "in_list", "list": "sale"})),
    ]
}

/// A text without control characters, which no text may contain.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

fn selector() -> impl Strategy<Value = Tree> {
    let list = || proptest::collection::vec(predicate(), 0..3);
    (one_of("all any"), list(), list()).prop_map(|(matching, include, exclude)| {
        json!({"match": matching, "include": include, "exclude": exclude})
    })
}

fn condition() -> impl Strategy<Value = Tree> {
    let cart = one_of("cart_amount subtotal total_mrp total_quantity total_weight item_count");
    let lines = one_of("line_amount line_quantity distinct_products distinct_variants");
    let order = || one_of("eq ne gt gte lt lte");
    let member = one_of("shipping_method channel customer_group");
    let leaf = prop_oneof![
        (cart, order(), 0_u32..9_999)
            .prop_map(|(kind, op, value)| { json!({"type": kind, "op": op, "value": value}) }),
        (lines, selector(), order(), 0_u32..9).prop_map(|(kind, of, op, value)| {
            json!({"type": kind, "of": of, "op": op, "value": value})
        }),
        (selector(), any::<bool>())
            .prop_map(|(of, found)| { json!({"type": "item", "of": of, "found": found}) }),
        (one_of("in starts_with"), 0_u32..9).prop_map(|(op, amount)| {
            json!({"type": "payment_mode", "op": op, "values": ["Card"], "min_amount": amount})
        }),
        Just(json!({"type": "payment_mode", "op": "not_in", "values": ["Cash"]})),
        Just(json!({"type": "gift_voucher", "values": ["G1", "G2"]})),
        (member, one_of("in not_in"))
            .prop_map(|(kind, op)| { json!({"type": kind, "op": op, "values": ["a"]}) }),
        order().prop_map(
            |op| json!({"type": "customer_attribute", "key": "age", "op": op, "value": "18"})
        ),
        Just(json!({"type": "customer_attribute", "key": "city", "op": "in", "values": ["Pune"]})),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let children = proptest::collection::vec(inner, 1..3);
        (one_of("all any"), any::<bool>(), children).prop_map(
            |(matching, is, of)| json!({"type": "group", "match": matching, "is": is, "of": of}),
        )
    })
}

/// Mostly `first`. Otherwise values that can be combined with few others would be refused nearly always.
fn mostly(first: Tree, others: Vec<Tree>) -> impl Strategy<Value = Tree> {
    prop_oneof![12 => Just(first), 1 => select(others)]
}

fn steps() -> impl Strategy<Value = Tree> {
    let of = proptest::option::of(selector());
    (one_of("amount quantity"), of, 2..=20_usize).prop_map(|(measure, of, count)| {
        let step = |place: usize| json!({"from": format!("{place}.5"), "value": place + 1});
        json!({"measure": measure, "of": of, "values": (0..count).map(step).collect::<Vec<_>>()})
    })
}

fn benefit() -> impl Strategy<Value = Tree> {
    let on_items = (
        one_of("percentage_off amount_off fixed_price bundle_price"),
        prop_oneof![4 => Just("matching"), 1 => Just("in_condition"), 1 => Just("beyond_condition")],
        one_of("cheapest most_expensive cart_order"),
        mostly(Tree::Null, vec![json!("2"), json!("0.5")]),
        mostly(json!("cart"), vec![json!("application")]),
        proptest::option::of(selector()),
    );
    let on_items = on_items.prop_map(|(kind, from, pick, quantity, within, select)| {
        let target = json!({"type": "items", "from": from, "pick": pick, "quantity": quantity,
            "within": within, "select": select});
        (kind, target)
    });
    let cart_kind = one_of("percentage_off amount_off award_points");
    let on_cart = (cart_kind, proptest::option::of(selector())).prop_map(|(kind, select)| {
        (kind, select.map_or(Tree::Null, |select| json!({"type": "cart", "select": select})))
    });
    let shipping_kind = one_of("percentage_off amount_off fixed_price");
    let on_shipping = shipping_kind.prop_map(|kind| (kind, json!({"type": "shipping"})));
    let pairs = json!({"per": "quantity", "every": "2"});
    let per_amount = json!({"per": "amount", "every": "99.5", "max_times": 3});
    let repeat = prop_oneof![
        4 => Just(Tree::Null),
        3 => Just(pairs),
        1 => Just(per_amount),
        1 => Just(json!({"per": "set"})),
    ];
    let priced = (
        prop_oneof![4 => on_items, 1 => on_cart, 1 => on_shipping],
        repeat.clone(),
        mostly(json!("application"), vec![json!("unit")]),
        mostly(json!("unit_price"), vec![json!("mrp")]),
        mostly(Tree::Null, vec![json!("sku"), json!("product")]),
        prop_oneof![2 => Just(Tree::Null), 1 => steps()],
    );
    prop_oneof![
        9 => priced.prop_map(|((kind, target), repeat, per, base, same, steps)| json!({
            "type": kind, "value": if steps.is_null() { json!("12.5") } else { Tree::Null },
            "steps": steps, "target": target, "repeat": repeat, "per": per, "base": base, "same": same
        })),
        1 => repeat.prop_map(|repeat| json!({
            "type": "free_product", "product": {"sku": "CAP", "quantity": "2"}, "repeat": repeat
        })),
    ]
}

fn schedule() -> impl Strategy<Value = Tree> {
    let window = json!({"start": "18:05", "duration_hours": "6.5"});
    select(vec![
        Tree::Null,
        json!({}),
        json!({"timezone": "Europe/Berlin", "daily_window": window}),
        json!({"recurrence": {"type": "weekly", "days": ["wed", "mon"]}, "daily_window": window}),
        json!({"recurrence": {"type": "monthly", "dates": [31, 1]}}),
        json!({"recurrence": {"type": "weekly_span", "from": {"day": "fri", "time": "18:00"},
               "to": {"day": "mon", "time": "06:00"}}}),
        json!({"recurrence": {"type": "monthly_span", "from": {"date": 28, "time": "00:00"},
               "to": {"date": 3, "time": "12:00"}}}),
    ])
}

/// The members that depend on the type: earning, expiry, communication and limits.
fn kind() -> impl Strategy<Value = Tree> {
    let communication = json!({"on_earning": [{"channel": "sms", "template": "t"}],
        "expiry_reminder": {"days_before": 3, "messages": [{"channel": "push", "template": "u"}]}});
    select(vec![
        json!({"type": "pos", "limits": {"cart": {"times": 1, "discount": "500"},
               "customer": {"times": {"max": 1, "refresh": {"every": 1, "unit": "month"}}}}}),
        json!({"type": "loyalty", "limits": {"issue": {"per_customer": 3},
               "promotion": {"discount": {"max": "50.5"}, "transactions": {"max": 2}}},
               "audience": {"type": "loyalty", "groups": ["staff"],
               "programs": [{"program": "main", "tiers": ["gold"], "supplementary": ["s"]}]}}),
        json!({"type": "code_linked", "limits": {"code": {"times": {"max": 1}}},
               "audience": {"type": "identified", "groups": ["staff"]}}),
        json!({"type": "rewards", "earning": {"trigger": "direct"},
               "expiry": {"type": "after_days", "days": 30}, "communication": communication,
               "limits": {"earn": {"per_customer": 2, "times": 1, "transactions": 1,
               "discount": "5"}}}),
        json!({"type": "loyalty_earning", "earning": {"trigger": "activity",
               "activity": "profile_update", "scope": {"zones": ["z"]}, "requires_issue": true,
               "earn_within_days": 5, "conditions": {"type": "item"}}}),
        json!({"type": "loyalty_earning", "earning": {"trigger": "milestone",
               "milestone": {"name": "M", "target": "T"}}}),
        json!({"type": "loyalty_earning", "earning": {"trigger": "direct"}}),
    ])
}

fn promotion() -> impl Strategy<Value = Tree> {
    let conditions = proptest::option::weighted(0.8, condition());
    let parts = (kind(), conditions, benefit(), schedule(), ".{1,9}", any::<bool>());
    parts.prop_map(|(kind, conditions, benefit, schedule, name, flag)| {
        let mut body = json!({
            "name": format!("P{}", plain(&name)), "description": "\\ \" / é",
            "starts_at": "2026-06-01T00:00:00.25+05:30", "ends_at": "2026-07-01T00:00:00Z",
            "currency": if flag { json!("EUR") } else { Tree::Null },
            "campaign": "c", "sequence": -5, "schedule": schedule, "conditions": conditions,
            "benefit": benefit, "activation_required": flag, "suggest": flag,
            "scope": {"stores": ["S"], "channels": ["web"]},
            "stacking": {"exclusive": flag, "allow_further": flag, "group": "g",
                "tags": if flag { json!(["t", "u"]) } else { json!([]) },
                "not_with": if flag { json!([]) } else { json!(["t"]) }},
            "message": "{shortfall}", "suggestion_message": if flag { "{gain}" } else { "" }, "custom_fields": {"n": "1.50", "b": flag, "t": "x"}
        });
        for (key, value) in kind.as_object().into_iter().flatten() {
            body[key.as_str()] = value.clone();
        }
        body
    })
}

fn fields() -> Vec<CustomField> {
    let kinds = [
        ("n", CustomFieldKind::Number),
        ("b", CustomFieldKind::Boolean),
        ("t", CustomFieldKind::Text),
    ];
    let field = |(key, kind): (&str, CustomFieldKind)| CustomField {
        key: key.to_owned(),
        label: String::new(),
        kind,
        required: true,
    };
    kinds.into_iter().map(field).collect()
}

fn answered(terms: &Terms) -> String {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let (id, status) = (PromotionId::new(uuid::Uuid::nil()), Status::Paused);
    let promotion = Promotion { id, created_at: now, status, terms: terms.clone() };
    let usage = Usage { limits: Vec::new(), precision: 2 };
    PromotionAnswer::document(&(&promotion, status.state(terms, now), &usage, 1, now, None))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_is_read_back(body in promotion()) {
        let fields = fields();
        let (parsed, faults) = read(&body.to_string(), |v, f| parse(v, Purpose::Create(&fields), f));
        let Some(terms) = parsed.terms else {
            // Each part is valid by itself, so only the combination can be refused.
            let combination = |fault: &String| fault.ends_with(" unsupported_combination") || fault.ends_with(" too_many");
            prop_assert!(!faults.is_empty() && faults.iter().all(combination), "{:?}", faults);
            return Ok(());
        };
        prop_assert_eq!(parse_stored(stored(&terms).as_bytes()), Ok(terms.clone()));
        let answer = answered(&terms);
        let kept = CustomValues::new();
        let purpose = Purpose::Replace(&fields, Status::Active, &kept);
        let (again, faults) = read(&answer, |v, f| parse(v, purpose, f));
        prop_assert_eq!(faults, Vec::<String>::new());
        prop_assert_eq!(again.status, Some(Status::Paused));
        prop_assert_eq!(again.terms, Some(terms));
    }

    #[test]
    fn no_body_panics(body in promotion(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = body.to_string().into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        if let Ok(json) = Json::parse(&body) {
            let mut faults = Faults::new();
            let parsed = parse(Value::root(&json), Purpose::Document(None), &mut faults);
            prop_assert_eq!(parsed.terms.is_none(), !faults.is_empty());
        }
    }
}

#[test]
fn product_lists_are_named_with_their_places() {
    let body = json!({
        "name": "P", "type": "pos", "starts_at": "2026-06-01T00:00:00Z",
        "ends_at": "2026-07-01T00:00:00Z",
        "conditions": {"type": "item", "of": {"exclude": [{"field": "sku", "op": "in_list", "list": "a"}]}},
        "benefit": {"type": "percentage_off", "value": 5, "target": {"type": "cart",
            "select": {"include": [{"field": "sku", "op": "in_list", "list": "b"}]}}}
    });
    let (lists, _) = read(&body.to_string(), |v, f| {
        parse(v, Purpose::Create(&[]), f);
        f.take_lists()
    });
    let places: Vec<_> =
        lists.iter().map(|list| (list.pointer.as_str(), list.name.as_str())).collect();
    assert_eq!(
        places,
        [("/conditions/of/exclude/0/list", "a"), ("/benefit/target/select/include/0/list", "b")]
    );
}

/// The release before reads what is stored, as long as it uses nothing that is new. So this is what that release stored,
/// byte by byte.
#[test]
fn what_uses_no_new_terms_is_stored_as_it_was() {
    let is_stored = |document: &str| {
        let terms = parse_stored(document.as_bytes()).expect(document);
        assert_eq!(stored(&terms), document);
    };
    let benefits = r#"
        {"type":"percentage_off","value":"12.5","per":"application","base":"unit_price","same":null,"target":{"type":"cart","select":null},"repeat":null}
        {"type":"amount_off","value":"5","per":"unit","base":"unit_price","same":null,"target":{"type":"items","from":"matching","select":null,"quantity":null,"pick":"cheapest","within":"cart"},"repeat":null}
        {"type":"fixed_price","value":"0","per":"application","base":"unit_price","same":null,"target":{"type":"shipping"},"repeat":null}
        {"type":"bundle_price","value":"999","per":"application","base":"unit_price","same":null,"target":{"type":"items","from":"in_condition","select":null,"quantity":null,"pick":"most_expensive","within":"cart"},"repeat":{"per":"quantity","every":"3","max_times":null}}
        {"type":"free_product","product":{"sku":"CAP","quantity":"1"},"repeat":null}
        {"type":"award_points","value":"5","per":"application","base":"unit_price","same":null,"target":{"type":"cart","select":null},"repeat":null}
    "#;
    let first = STORED.trim().replace("$BENEFIT", benefits.trim().lines().next().unwrap());
    for benefit in benefits.trim().lines() {
        is_stored(&STORED.trim().replace("$BENEFIT", benefit.trim()));
    }
    for (before, now) in [
        (r#""group":null"#, r#""group":"g","tags":["a","b"]"#),
        (r#""group":null"#, r#""group":null,"not_with":["a"]"#),
        (r#"{"type":"all","#, r#"{"type":"identified","#),
        (r#""message":"","#, r#""message":"","suggestion_message":"{gain}","#),
        (
            r#""value":"12.5""#,
            r#""steps":{"measure":"amount","of":null,"values":[{"from":"1","value":"5"},{"from":"2","value":"6"}]}"#,
        ),
    ] {
        assert!(first.contains(before), "{before}");
        is_stored(&first.replace(before, now));
    }
}

const STORED: &str = r#"
{"name":"P","description":"","type":"pos","campaign":null,"sequence":100,"starts_at":"2026-06-01T00:00:00+05:30","ends_at":"2026-07-01T00:00:00Z","currency":null,"schedule":null,"scope":{"stores":[],"concepts":[],"zones":[],"channels":[]},"audience":{"type":"all","groups":[]},"activation_required":false,"conditions":{"type":"line_quantity","of":{"match":"all","include":[{"field":"sku","op":"eq","value":"T"}],"exclude":[]},"op":"gte","value":"3"},"benefit":$BENEFIT,"limits":{},"stacking":{"exclusive":false,"allow_further":true,"group":null},"suggest":false,"message":"","custom_fields":{},"earning":null,"expiry":{"type":"with_promotion"},"communication":null}
"#;
