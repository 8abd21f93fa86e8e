//! Backtests as a fold over recorded carts: worked small ledgers, and random ones against the naive evaluator (spec 15.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use promotion_engine::domain::amount::Money;
use promotion_engine::domain::exact::Exact;
use promotion_engine::domain::id::{CodeId, IssuanceId, PromotionId};
use promotion_engine::engine::{
    Arms, Backtest, Changes, CodeFact, Comparison, IssuanceFact, PastCart, RuleSet, Stop,
};
use promotion_engine::wire::backtests::{Context, print};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::generate::dice::Dice;
use crate::{documents, for_each_seed_of, generate, oracle, read};

/// A cart of a ledger: a document's request at a time, with the discount that was recorded.
fn cart(document: &Value, number: usize, at: DateTime<Utc>, recorded: &str) -> PastCart<'static> {
    let (_, request, _) = read(document);
    let none = || request.cart.codes.iter().map(|_| None).collect();
    PastCart {
        transaction_id: format!("T-{number}"),
        evaluated_at: at,
        discount: Money::parse(recorded).expect("an amount"),
        codes: Arms { baseline: none(), changed: none() },
        issuances: Vec::new(),
        request,
    }
}

fn compare(rules: Arms<Arc<RuleSet>>, carts: &[PastCart<'_>]) -> Comparison {
    let mut backtest = Backtest::new(rules);
    for cart in carts {
        backtest.add(cart, &Stop::default()).expect("a cart within the bounds");
    }
    backtest.finish()
}

fn printed(comparison: &Comparison, rules: &Arms<Arc<RuleSet>>) -> Value {
    let text = print(comparison, Context { rules, every: 1 });
    serde_json::from_str(&text).expect("answers are JSON")
}

/// What one arm is to come to.
#[derive(Default)]
struct Expected {
    /// How often each promotion applied, and what it took off.
    promotions: BTreeMap<u128, (i64, Exact)>,
    discounts: Vec<Money>,
}

/// Prices the carts of a ledger one by one with the naive evaluator. It knows no counters: what is left of a limit is a
/// bound within the cart, and a promotion of which nothing is left is paused.
fn naive(document: &Value, carts: &[Value]) -> Expected {
    let mut expected = Expected::default();
    let promotions = document["promotions"].as_array().expect("promotions");
    for lines in carts {
        let mut document = document.clone();
        document["request"]["cart"]["lines"] = lines.clone();
        for (place, promotion) in promotions.iter().enumerate() {
            let (times, discount) =
                expected.promotions.get(&(place as u128)).cloned().unwrap_or_default();
            let limits = &promotion["limits"]["promotion"];
            let (Some(most), Some(cap)) =
                (limits["times"]["max"].as_i64(), limits["discount"]["max"].as_str())
            else {
                continue;
            };
            let (left, cap) = (most - times, Exact::parse(cap).expect("a cap").minus(&discount));
            let own = &mut document["promotions"][place];
            if left <= 0 || !cap.is_positive() {
                if own["status"] != "draft" {
                    own["status"] = "paused".into();
                }
                continue;
            }
            let cart = own["limits"]["cart"].clone();
            let left = cart["times"].as_i64().map_or(left, |own| own.min(left));
            let bound = cart["discount"].as_str().and_then(Exact::parse);
            let cap = bound.map_or(cap.clone(), |own| own.at_most(&cap));
            own["limits"] = json!({"cart": {"times": left, "discount": cap.print(0)}});
        }
        let result = oracle::evaluate(&document);
        for applied in result["applied"].as_array().expect("a list") {
            let place = applied["promotion_id"].as_str().and_then(|own| own.parse().ok());
            let own = expected.promotions.entry(place.expect("a place")).or_default();
            own.0 += applied["times"].as_i64().expect("a number");
            let discount = applied["discount"].as_str().and_then(Exact::parse);
            own.1 = own.1.plus(&discount.expect("an amount"));
        }
        let total = result["totals"]["discount"].as_str();
        expected.discounts.push(total.and_then(|own| Money::parse(own).ok()).expect("an amount"));
    }
    expected
}

/// Ledgers of five carts of a random document: under its promotions, and without the first one and under other settings.
#[test]
fn a_ledger_comes_to_what_the_naive_evaluator_makes_of_it() {
    for_each_seed_of(documents() / 5, "ENGINE_DOCUMENTS", |seed| {
        let mut dice = Dice::new(seed ^ 0xbac_4e57);
        let mut document = generate::document(seed);
        document["request"]["cart"]["codes"] = json!([]);
        document["request"]["explain"] = "none".into();
        for promotion in document["promotions"].as_array_mut().expect("promotions") {
            if promotion["type"] == "pos" || promotion["type"] == "loyalty" {
                let cart = promotion["limits"]["cart"].clone();
                let (times, cap) = (dice.between(1, 6), dice.between(5, 300).to_string());
                promotion["limits"] = json!({"cart": cart, "promotion": {
                    "times": {"max": times}, "discount": {"max": cap}}});
            }
        }
        let lines = document["request"]["cart"]["lines"].as_array().expect("lines").clone();
        let ledger: Vec<Value> = (0..5)
            .map(|_| {
                let mut lines = lines.clone();
                for line in &mut lines {
                    line["quantity"] = dice.between(1, 6).to_string().into();
                }
                Value::Array(lines)
            })
            .collect();
        let mut changed = document.clone();
        if changed["promotions"][0]["status"] != "draft" {
            changed["promotions"][0]["status"] = "paused".into();
        }
        changed["settings"]["multiple_cart_promotions"] = dice.chance(50).into();
        let (rules, _, at) = read(&document);
        let (other, _, _) = read(&changed);
        let without = vec![PromotionId::new(Uuid::from_u128(0))];
        let settings = Some(other.settings().clone());
        let changes = Changes { without, settings, ..Changes::default() };
        let own = Arc::new(rules.recompiled(changes));
        let carts: Vec<PastCart<'_>> = (ledger.iter().enumerate())
            .map(|(number, lines)| {
                let mut document = document.clone();
                document["request"]["cart"]["lines"] = lines.clone();
                cart(&document, number, at, "0")
            })
            .collect();
        let comparison = compare(Arms { baseline: rules, changed: own }, &carts);
        let expected =
            Arms { baseline: naive(&document, &ledger), changed: naive(&changed, &ledger) };
        check(&comparison, &expected)
    });
}

fn check(comparison: &Comparison, expected: &Arms<Expected>) -> Result<(), String> {
    let sum = |own: &Expected| -> Exact { own.discounts.iter().copied().sum::<Money>().into() };
    let found = Arms {
        baseline: comparison.sums.baseline.discount.clone(),
        changed: comparison.sums.changed.discount.clone(),
    };
    let wanted = Arms { baseline: sum(&expected.baseline), changed: sum(&expected.changed) };
    if found != wanted {
        return Err(format!("{found:?} instead of {wanted:?}"));
    }
    for (arm, expected) in [(0, &expected.baseline), (1, &expected.changed)] {
        let found = comparison.promotions.iter().map(|(id, given)| {
            let own = if arm == 0 { &given.baseline } else { &given.changed };
            (id.uuid().as_u128(), (own.times, own.sums.discount.clone()))
        });
        // A promotion that applied in the other arm only is there with nothing.
        let applied = |own: &(u128, (i64, Exact))| own.1 != (0, Exact::ZERO);
        let found: BTreeMap<_, _> = found.filter(applied).collect();
        let wanted = expected.promotions.clone().into_iter().filter(applied).collect();
        if found != wanted {
            return Err(format!("arm {arm}: {found:?} instead of {wanted:?}"));
        }
    }
    let pairs = || expected.baseline.discounts.iter().zip(&expected.changed.discounts);
    let count = |fits: fn(&Money, &Money) -> bool| {
        pairs().filter(|(baseline, changed)| fits(baseline, changed)).count() as u64
    };
    let wanted = (count(|a, b| a < b), count(|a, b| a > b), count(|a, b| a == b));
    let found = (comparison.better, comparison.worse, comparison.same);
    if found == wanted { Ok(()) } else { Err(format!("{found:?} instead of {wanted:?}")) }
}

/// A promotion of ten percent off the cart, with other members.
fn promotion(name: &str, change: &Value) -> Value {
    let mut promotion = json!({
        "name": name, "type": "pos", "starts_at": "1970-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": {"type": "percentage_off", "value": "10"},
    });
    for (name, value) in change.as_object().expect("members") {
        promotion[name] = value.clone();
    }
    promotion
}

/// A document of these promotions, and a customer's cart of one line at this price.
fn document(promotions: &[Value], price: &str, customer: &str) -> Value {
    json!({"promotions": promotions, "request": {"customer": {"id": customer}, "cart": {
        "lines": [{"id": "1", "sku": "A", "quantity": "1", "unit_price": price}]}}})
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[test]
fn sums_days_and_examples_of_a_small_ledger() {
    let stored = [
        promotion("Ten", &json!({})),
        promotion(
            "Points",
            &json!({
        "benefit": {"type": "award_points", "value": "1.5"}}),
        ),
    ];
    let (baseline, _, _) = read(&document(&stored, "1", "C"));
    // Twenty instead of ten from 300 on.
    let twenty = promotion(
        "Twenty",
        &json!({
        "benefit": {"type": "percentage_off", "value": "20"},
        "conditions": {"type": "cart_amount", "op": "gte", "value": "300"}}),
    );
    let (others, _, _) = read(&document(&[twenty], "1", "C"));
    let mut twenty = others.promotions().next().expect("a promotion").clone();
    twenty.id = PromotionId::draft(0);
    let changes = Changes {
        with: vec![twenty],
        without: vec![PromotionId::new(Uuid::from_u128(0))],
        ..Changes::default()
    };
    let changed = Arc::new(baseline.recompiled(changes));
    let rules = Arms { baseline, changed };
    // In Kolkata the third one is on the next day.
    let ledger = [
        ("2026-06-01T10:00:00Z", "100", "10"),
        ("2026-06-01T18:00:00Z", "300", "0"),
        ("2026-06-01T18:30:00Z", "400", "40"),
        ("2026-06-03T10:00:00Z", "200", "20"),
    ];
    let carts: Vec<PastCart<'_>> = (ledger.iter().enumerate())
        .map(|(number, (time, price, recorded))| {
            cart(&document(&[], price, "C"), number, at(time), recorded)
        })
        .collect();
    let found = printed(&compare(rules.clone(), &carts), &rules);
    let sums = |discount: &str, points: &str, carts: u8| json!({"discount": discount, "points": points, "carts": carts});
    let given = |times: u8, discount: &str, points: &str, carts: u8| json!({"times": times, "discount": discount, "points": points, "carts": carts});
    let expected = json!({
        "redemptions": 4, "sampled_every": 1, "gross": "1000.00",
        "recorded": {"discount": "70.00", "carts": 3},
        "baseline": sums("100.00", "6", 4), "changed": sums("140.00", "6", 2),
        "better": 2, "worse": 2, "same": 0,
        "promotions": [
            {"promotion_id": "00000000-0000-0000-0000-000000000000", "name": "Ten",
             "baseline": given(4, "100.00", "0", 4), "changed": given(0, "0.00", "0", 0)},
            {"promotion_id": "00000000-0000-0000-0000-000000000001", "name": "Points",
             "baseline": given(4, "0.00", "6", 0), "changed": given(4, "0.00", "6", 0)},
            {"promotion_id": "draft:0", "name": "Twenty",
             "baseline": given(0, "0.00", "0", 0), "changed": given(2, "140.00", "0", 2)},
        ],
        "days": [
            {"from": "2026-05-31T18:30:00.000Z", "baseline": sums("40.00", "3", 2), "changed": sums("60.00", "3", 1)},
            {"from": "2026-06-01T18:30:00.000Z", "baseline": sums("40.00", "1.5", 1), "changed": sums("80.00", "1.5", 1)},
            {"from": "2026-06-02T18:30:00.000Z", "baseline": sums("20.00", "1.5", 1), "changed": sums("0.00", "1.5", 0)},
        ],
        "examples": [
            {"transaction_id": "T-2", "baseline": "40.00", "changed": "80.00"},
            {"transaction_id": "T-1", "baseline": "30.00", "changed": "60.00"},
            {"transaction_id": "T-3", "baseline": "20.00", "changed": "0.00"},
            {"transaction_id": "T-0", "baseline": "10.00", "changed": "0.00"},
        ],
    });
    assert_eq!(found, expected, "{found:#}");
}

#[test]
fn ten_examples_are_the_largest_and_of_equal_ones_the_earlier() {
    let (baseline, _, _) = read(&document(&[promotion("Ten", &json!({}))], "1", "C"));
    let changes =
        Changes { without: vec![PromotionId::new(Uuid::from_u128(0))], ..Changes::default() };
    let changed = Arc::new(baseline.recompiled(changes));
    let prices = [3, 9, 1, 9, 5, 7, 2, 8, 6, 4, 9, 1, 8];
    let carts: Vec<PastCart<'_>> = (prices.iter().enumerate())
        .map(|(number, price)| {
            let price = format!("{price}00");
            cart(&document(&[], &price, "C"), number, at("2026-06-01T10:00:00Z"), "0")
        })
        .collect();
    let comparison = compare(Arms { baseline, changed }, &carts);
    let told: Vec<&str> =
        comparison.examples.iter().map(|own| own.transaction_id.as_str()).collect();
    assert_eq!(told, ["T-1", "T-3", "T-10", "T-7", "T-12", "T-5", "T-8", "T-4", "T-9", "T-0"]);
}

/// Ten carts of 100 of two customers in turn, a day apart.
fn ten_carts() -> Vec<PastCart<'static>> {
    let day = |number: usize| TimeDelta::days(i64::try_from(number).expect("a few"));
    (0..10)
        .map(|number| {
            let customer = if number % 2 == 0 { "C-1" } else { "C-2" };
            let at = at("2026-06-01T10:00:00Z") + day(number);
            cart(&document(&[], "100", customer), number, at, "0")
        })
        .collect()
}

/// What ten carts of 100 come to with these limits in one arm, and without any in the other.
#[test]
fn a_limit_runs_out_in_the_middle_of_one_arm_alone() {
    let refreshed = |max: u8, every: u8, unit: &str| json!({"max": max, "refresh": {"every": every, "unit": unit}});
    let table = [
        (json!({"promotion": {"times": {"max": 4}}}), 4, "40"),
        (json!({"promotion": {"transactions": {"max": 3}}}), 3, "30"),
        // The last one gives what is left.
        (json!({"promotion": {"discount": {"max": "35"}}}), 4, "35"),
        (json!({"customer": {"times": {"max": 1}}}), 2, "20"),
        (json!({"customer": {"discount": {"max": "15"}}}), 4, "30"),
        (json!({"promotion": {"times": refreshed(1, 2, "day")}}), 5, "50"),
        // The weeks of 1 and 8 June begin on Mondays.
        (json!({"promotion": {"times": refreshed(2, 1, "week")}}), 4, "40"),
        (json!({"customer": {"transactions": refreshed(1, 1, "week")}}), 4, "40"),
    ];
    for (limits, times, discount) in table {
        let (free, _, _) = read(&document(&[promotion("P", &json!({}))], "1", "C"));
        let limited =
            promotion("P", &json!({"starts_at": "2026-06-01T00:00:00+05:30", "limits": limits}));
        let (limited, _, _) = read(&document(&[limited], "1", "C"));
        let comparison = compare(Arms { baseline: free, changed: limited }, &ten_carts());
        let given = comparison.promotions.values().next().expect("it applied");
        assert_eq!(given.baseline.times, 10, "{limits}");
        assert_eq!(given.baseline.sums.discount.print(0), "100", "{limits}");
        let found = (given.changed.times, given.changed.sums.discount.print(0));
        assert_eq!(found, (times, discount.to_owned()), "{limits}");
    }
}

/// Codes unlock what they unlock in each arm, and the limits of codes and issuances count by code and issuance.
#[test]
fn codes_and_issuances_count_in_each_arm() {
    let ids = |number: u128| Uuid::from_u128(number);
    let code = |id: u128, promotion: u128| CodeFact {
        code_id: CodeId::new(ids(id)),
        promotion_id: PromotionId::new(ids(promotion)),
        customer_id: None,
        expires_at: None,
    };
    let promotions = [
        promotion(
            "Code",
            &json!({"type": "code_linked", "limits": {"code": {"times": {"max": 2}}}}),
        ),
        promotion(
            "Reward",
            &json!({"type": "rewards", "earning": {"trigger": "direct"}, "activation_required": true,
            "benefit": {"type": "amount_off", "value": "1"}, "limits": {"earn": {"transactions": 3}}}),
        ),
    ];
    let (baseline, _, _) = read(&document(&promotions, "1", "C"));
    let rules = Arms { baseline: Arc::clone(&baseline), changed: baseline };
    let mut carts = ten_carts();
    for (number, cart) in carts.iter_mut().enumerate() {
        cart.request.cart.codes = vec!["SAVE".into()];
        // In the baseline all carts present one code; with the changes each of two has five.
        cart.codes.baseline = vec![Some(code(100, 0))];
        cart.codes.changed = vec![Some(code(100 + number as u128 % 2, 0))];
        // Four carts used one issuance, and one another.
        let issuance = match number {
            0..4 => 200,
            4 => 201,
            _ => continue,
        };
        cart.issuances.push(IssuanceFact {
            issuance_id: IssuanceId::new(ids(issuance)),
            promotion_id: PromotionId::new(ids(1)),
            unlocked_at: cart.evaluated_at,
            is_activated: true,
            use_until: None,
        });
    }
    let comparison = compare(rules, &carts);
    let times: Vec<(i64, i64)> =
        comparison.promotions.values().map(|own| (own.baseline.times, own.changed.times)).collect();
    assert_eq!(times, [(2, 4), (4, 4)]);
}

#[test]
fn a_backtest_that_is_stopped_ends() {
    let (rules, _, _) = read(&document(&[promotion("P", &json!({}))], "1", "C"));
    let mut backtest = Backtest::new(Arms { baseline: Arc::clone(&rules), changed: rules });
    let stop = Stop::default();
    stop.stop();
    let ended = backtest.add(&ten_carts()[0], &stop);
    assert_eq!(ended, Err(promotion_engine::engine::Broken::Stopped));
}
