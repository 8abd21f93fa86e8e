//! Issuances as inputs of the engine: which one serves a cart, and why none does.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use promotion_engine::domain::cart::Request;
use promotion_engine::domain::counter::{CounterKey, Owner, Used};
use promotion_engine::domain::id::{IssuanceId, PromotionId};
use promotion_engine::domain::limit::Measure;
use promotion_engine::domain::promotion::{Promotion, Status};
use promotion_engine::domain::settings::Settings;
use promotion_engine::engine::{IssuanceFact, Prepared, RuleSet, Stop};
use promotion_engine::wire::decode::Value;
use promotion_engine::wire::faults::Faults;
use promotion_engine::wire::json::Json;
use promotion_engine::wire::{self, cart};
use serde_json::{Value as Any, json};
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2026-06-15T12:00:00Z")
}

/// A promotion of 10 % off the cart; its id is the number.
fn promotion(number: u128, change: &[(&str, Any)]) -> Promotion {
    let mut body = json!({
        "name": format!("P{number}"), "type": "rewards", "starts_at": "2026-06-01T00:00:00Z",
        "ends_at": "2026-07-01T00:00:00Z", "benefit": {"type": "percentage_off", "value": "10"},
    });
    for (name, value) in change {
        body[*name] = value.clone();
    }
    Promotion {
        id: PromotionId::new(Uuid::from_u128(number)),
        created_at: at("2026-01-01T00:00:00Z")
            + chrono::TimeDelta::seconds(i64::try_from(number).unwrap()),
        status: Status::Active,
        terms: wire::promotion::parse_stored(body.to_string().as_bytes()).unwrap(),
    }
}

/// An issuance of promotion 1; its id is the number.
fn issuance(number: u128, use_until: Option<&str>, unlocked_at: &str) -> IssuanceFact {
    IssuanceFact {
        issuance_id: IssuanceId::new(Uuid::from_u128(number)),
        promotion_id: PromotionId::new(Uuid::from_u128(1)),
        unlocked_at: at(unlocked_at),
        is_activated: false,
        use_until: use_until.map(at),
    }
}

fn gone(issuance: u128, measure: Measure, amount: i64) -> Used {
    Used {
        counter: CounterKey {
            promotion_id: PromotionId::new(Uuid::from_u128(1)),
            owner: Owner::Issuance(IssuanceId::new(Uuid::from_u128(issuance))),
            measure,
            window: 0,
        },
        amount,
    }
}

fn with_request<T>(customer: Any, act: impl FnOnce(&Request<'_>) -> T) -> T {
    let body = json!({"cart": {"lines": [{"id": "1", "sku": "TEE", "quantity": "1", "unit_price": "100"}]},
                      "customer": customer, "explain": "all"})
    .to_string();
    let tree = Json::parse(body.as_bytes()).unwrap();
    let request = cart::parse(Value::root(&tree), &mut Faults::new()).unwrap();
    act(&request)
}

fn rules(promotions: Vec<Promotion>) -> Arc<RuleSet> {
    let settings = Settings::defaults("INR".parse_currency(), chrono_tz::UTC);
    Arc::new(RuleSet::compile(settings, Vec::new(), Default::default(), promotions))
}

trait ParseCurrency {
    fn parse_currency(&self) -> promotion_engine::domain::currency::Currency;
}

impl ParseCurrency for str {
    fn parse_currency(&self) -> promotion_engine::domain::currency::Currency {
        promotion_engine::domain::currency::Currency::new(self).unwrap()
    }
}

/// The issuance by which promotion 1 applied, or the reason why it did not, with its limit.
fn outcome(promotion: Promotion, issuances: &[IssuanceFact], used: &[Used]) -> String {
    let rules = rules(vec![promotion]);
    with_request(json!({"id": "C"}), |request| {
        let stop = Stop::default();
        let cart = Prepared::new(Arc::clone(&rules), request, &[], now(), &stop).unwrap();
        let evaluation = cart.evaluate(issuances, used, &stop).unwrap();
        let text = wire::evaluation::print(&evaluation, &rules, request, now());
        let result: Any = serde_json::from_str(&text).unwrap();
        match result["applied"][0]["issuance_id"].as_str() {
            Some(id) => Uuid::parse_str(id).unwrap().as_u128().to_string(),
            None if result["applied"][0].is_object() => "applied".to_owned(),
            None => {
                let reason = &result["not_applied"][0];
                let limit = reason["limit"].as_str().unwrap_or_default();
                format!("{} {limit}", reason["reason"].as_str().unwrap()).trim().to_owned()
            }
        }
    })
}

#[test]
fn one_issuance_serves_a_cart_the_one_that_expires_first() {
    let limits = json!({"earn": {"transactions": 2, "times": 5, "discount": "50"}});
    let reward = |change: &[(&str, Any)]| promotion(1, change);
    let limited = || reward(&[("limits", limits.clone())]);
    let early = "2026-06-02T00:00:00Z";
    let late = "2026-06-03T00:00:00Z";
    let soon = Some("2026-06-20T00:00:00Z");
    assert_eq!(outcome(limited(), &[], &[]), "not_issued");
    // Expires first, whatever the order; then unlocked first; then the id.
    let (a, b, c) = (issuance(1, None, early), issuance(2, soon, late), issuance(3, soon, early));
    assert_eq!(outcome(limited(), &[a.clone(), b.clone()], &[]), "2");
    assert_eq!(outcome(limited(), &[b.clone(), a.clone(), c.clone()], &[]), "3");
    // Even if it has less left.
    let less = [gone(3, Measure::Transactions, 1), gone(3, Measure::Discount, 400_000)];
    assert_eq!(outcome(limited(), &[a.clone(), b.clone(), c.clone()], &less), "3");
    // One that is used up serves none, and another does.
    let up = [gone(3, Measure::Transactions, 2)];
    assert_eq!(outcome(limited(), &[a.clone(), b.clone(), c.clone()], &up), "2");
    // Where all are, the limit is named: each has its own counters.
    let all = [gone(1, Measure::Transactions, 2), gone(2, Measure::Discount, 500_000)];
    assert_eq!(outcome(limited(), &[a.clone(), b.clone()], &all), "limit_reached earn.discount");
    // At its end it is none any more.
    let over = issuance(4, Some("2026-06-15T12:00:00Z"), early);
    assert_eq!(outcome(limited(), std::slice::from_ref(&over), &[]), "not_issued");
    assert_eq!(outcome(limited(), &[over, a.clone()], &[]), "1");
    // Without limits it can be used until it expires.
    assert_eq!(outcome(reward(&[]), &[a], &up), "1");
}

#[test]
fn what_asks_for_a_claim_applies_only_with_one() {
    let early = "2026-06-02T00:00:00Z";
    let asks =
        |kind: &str| promotion(1, &[("type", kind.into()), ("activation_required", true.into())]);
    let unlocked = issuance(1, Some("2026-06-16T00:00:00Z"), early);
    let mut claimed = issuance(2, None, early);
    claimed.is_activated = true;
    assert_eq!(outcome(asks("rewards"), &[], &[]), "not_issued");
    assert_eq!(outcome(asks("rewards"), std::slice::from_ref(&unlocked), &[]), "not_activated");
    // The claimed one serves, though another expires sooner.
    assert_eq!(outcome(asks("rewards"), &[unlocked.clone(), claimed.clone()], &[]), "2");
    assert_eq!(outcome(asks("pos"), &[], &[]), "not_activated");
    assert_eq!(outcome(asks("pos"), std::slice::from_ref(&claimed), &[]), "2");
    // A promotion that asks for neither does not take one.
    let open = promotion(1, &[("type", "pos".into())]);
    assert_eq!(outcome(open, &[claimed], &[]), "applied");
}

#[test]
fn the_end_of_the_issuance_ranks_if_it_is_sooner() {
    let promotions = || {
        vec![
            promotion(1, &[]),
            promotion(2, &[("type", "pos".into()), ("ends_at", "2026-06-25T00:00:00Z".into())]),
        ]
    };
    let first = |use_until: Option<&str>| {
        let mut settings = Settings::defaults("INR".parse_currency(), chrono_tz::UTC);
        settings.ranking =
            vec![promotion_engine::domain::settings::RankingCriterion::EarliestExpiry];
        let rules = RuleSet::compile(settings, Vec::new(), Default::default(), promotions());
        with_request(json!({"id": "C"}), |request| {
            let issuances = [issuance(1, use_until, "2026-06-02T00:00:00Z")];
            let stop = Stop::default();
            let cart = Prepared::new(Arc::new(rules), request, &[], now(), &stop).unwrap();
            let evaluation = cart.evaluate(&issuances, &[], &stop).unwrap();
            evaluation.applied[0].promotion_id.uuid().as_u128()
        })
    };
    assert_eq!(first(None), 2);
    assert_eq!(first(Some("2026-06-26T00:00:00Z")), 2);
    assert_eq!(first(Some("2026-06-24T00:00:00Z")), 1);
}

#[test]
fn nothing_is_looked_up_where_nothing_can_be_in_hand() {
    let needs = |promotions: Vec<Promotion>, customer: Any| {
        let rules = rules(promotions);
        with_request(customer, |request| {
            let cart = Prepared::new(rules, request, &[], now(), &Stop::default()).unwrap();
            let needs = cart.needs();
            (needs.counters.len(), needs.issuances.len())
        })
    };
    let open = || promotion(1, &[("type", "pos".into())]);
    let reward = || promotion(2, &[]);
    assert_eq!(needs(vec![open()], json!({"id": "C"})), (0, 0));
    assert_eq!(needs(vec![open(), reward()], json!({"id": "C"})), (0, 1));
    assert_eq!(needs(vec![open(), reward()], Any::Null), (0, 0));
    let limited = promotion(3, &[("limits", json!({"customer": {"times": {"max": 1}}}))]);
    assert_eq!(needs(vec![limited], json!({"id": "C"})), (1, 1));
}
