//! Random promotions.

use super::benefit::benefit;
use super::cart::rfc3339;
use super::conditions::conditions;
use super::dice::Dice;
use super::words::{CHANNELS, CLOCKS, DAYS, GROUPS, TIERS, ZONES};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

/// A promotion around the time of the evaluation; unless it is `gated`, next to nothing but its conditions
/// and other promotions can stand in its way.
pub fn promotion(dice: &mut Dice, place: i64, at: DateTime<Utc>, gated: bool) -> Value {
    let kind = match dice.below(40) {
        0..=34 if !gated => "pos",
        _ if !gated => "code_linked",
        0..=26 => "pos",
        27..=31 => "loyalty",
        32..=37 => "code_linked",
        38 => "loyalty_earning",
        _ => "rewards",
    };
    let (benefit, wanted) = benefit(dice);
    let (starts_at, ends_at) = dates(dice, at, gated);
    let mut promotion = json!({
        "name": format!("Promotion {place}"),
        "type": kind,
        "starts_at": rfc3339(dice, starts_at),
        "ends_at": rfc3339(dice, ends_at),
        "benefit": benefit,
        "conditions": conditions(dice, wanted),
    });
    if dice.chance(60) {
        promotion["sequence"] = json!(dice.between(1, 4));
    }
    if gated {
        add_gates(dice, &mut promotion);
    }
    if dice.chance(30) {
        promotion["limits"] = limits(dice, kind, gated);
    }
    if dice.chance(35) {
        promotion["stacking"] = json!({
            "exclusive": dice.chance(25),
            "allow_further": !dice.chance(30),
            "group": dice.one(&[Value::Null, json!("x"), json!("y")]),
        });
    }
    if dice.chance(30) {
        promotion["suggest"] = Value::from(true);
        promotion["message"] =
            dice.text(&["Add {shortfall} more", "{shortfall} or {shortfall}", ""]);
    }
    if kind == "loyalty_earning" {
        promotion["earning"] = json!({"trigger": "direct"});
    }
    promotion
}

/// What can keep a promotion from a cart before its conditions are asked.
fn add_gates(dice: &mut Dice, promotion: &mut Value) {
    if dice.chance(5) {
        promotion["status"] = dice.text(&["paused", "paused", "draft", "active"]);
    }
    if dice.chance(8) {
        promotion["currency"] = dice.text(&["INR", "USD"]);
    }
    if dice.chance(14) {
        promotion["schedule"] = schedule(dice);
    }
    if dice.chance(10) {
        promotion["scope"] = scope(dice);
    }
    if dice.chance(14) {
        promotion["audience"] = audience(dice);
    }
    if dice.chance(3) {
        promotion["activation_required"] = Value::from(true);
    }
}

/// Mostly around the time; sometimes not yet or no more, or to the very second.
fn dates(dice: &mut Dice, at: DateTime<Utc>, gated: bool) -> (DateTime<Utc>, DateTime<Utc>) {
    let before = at - Duration::days(dice.between(1, 40));
    let after = at + Duration::days(dice.between(1, 4) * 10);
    match dice.below(50) {
        _ if !gated => (before, after),
        0 => (at + Duration::seconds(1), after),
        1 => (before, at),
        2 => (at, after),
        3 => (before, at + Duration::seconds(1)),
        4 => (before - Duration::days(9), before),
        _ => (before, after),
    }
}

fn schedule(dice: &mut Dice) -> Value {
    let mut schedule = json!({});
    if dice.chance(50) {
        schedule["timezone"] = dice.text(ZONES);
    }
    let window = match dice.below(6) {
        0 => dice.chance(90),
        1..=2 => {
            schedule["recurrence"] = json!({"type": "weekly", "days": dice.some(DAYS, 1)});
            dice.chance(60)
        }
        3 => {
            let dates = dice.some(&[1, 2, 7, 15, 28, 29, 30, 31], 1);
            schedule["recurrence"] = json!({"type": "monthly", "dates": dates});
            dice.chance(60)
        }
        4 => {
            schedule["recurrence"] = span(dice, "weekly_span", "day");
            false
        }
        _ => {
            schedule["recurrence"] = span(dice, "monthly_span", "date");
            false
        }
    };
    if window {
        let hours = dice.text(&["6", "12", "24", "1.5", "0.0001"]);
        schedule["daily_window"] = json!({"start": dice.one(CLOCKS), "duration_hours": hours});
    }
    schedule
}

/// A span whose ends differ.
fn span(dice: &mut Dice, kind: &str, unit: &str) -> Value {
    let mut end = || {
        let place =
            if unit == "day" { dice.text(DAYS) } else { json!(dice.one(&[1, 3, 15, 28, 30, 31])) };
        json!({unit: place, "time": dice.one(CLOCKS)})
    };
    loop {
        let (from, to) = (end(), end());
        if from != to {
            return json!({"type": kind, "from": from, "to": to});
        }
    }
}

fn scope(dice: &mut Dice) -> Value {
    let mut scope = json!({"stores": [], "concepts": [], "zones": [], "channels": []});
    match dice.below(4) {
        0 => scope["stores"] = json!(["S-1"]),
        1 => scope["concepts"] = json!(dice.some(&["grocery", "fashion"], 1)),
        2 => scope["zones"] = json!(dice.some(&["south", "north"], 1)),
        _ => scope["channels"] = json!(dice.some(CHANNELS, 1)),
    }
    scope
}

fn audience(dice: &mut Dice) -> Value {
    let mut audience = json!({"type": dice.one(&["all", "loyalty"])});
    if audience["type"] == "loyalty" && dice.chance(60) {
        let tiers = dice.some(TIERS, 0);
        let supplementary = if dice.chance(25) { vec!["prime"] } else { vec![] };
        audience["programs"] =
            json!([{"program": "main", "tiers": tiers, "supplementary": supplementary}]);
    }
    if dice.chance(40) {
        audience["groups"] = json!(dice.some(GROUPS, 1));
    }
    audience
}

fn limits(dice: &mut Dice, kind: &str, gated: bool) -> Value {
    let mut limits = json!({});
    let amounts = ["3", "10.005", "25", "0.5"];
    if dice.chance(65) {
        limits["cart"] = match dice.below(3) {
            0 => json!({"times": dice.between(1, 2)}),
            1 => json!({"discount": dice.one(&amounts)}),
            _ => json!({"times": dice.between(1, 3), "discount": dice.one(&amounts)}),
        };
    }
    let counted = |dice: &mut Dice| match dice.below(3) {
        0 => json!({"times": {"max": dice.between(1, 3)}}),
        1 => json!({"discount": {"max": dice.one(&amounts)}, "transactions": {"max": 1}}),
        _ => json!({"times": {"max": 2, "refresh": {"every": 1, "unit": "month"}}}),
    };
    if gated && kind != "code_linked" && dice.chance(20) {
        limits["customer"] = counted(dice);
    }
    if matches!(kind, "pos" | "loyalty") && dice.chance(30) {
        limits["promotion"] = counted(dice);
    }
    if kind == "code_linked" && dice.chance(40) {
        limits["code"] = counted(dice);
    }
    if kind != "pos" && kind != "code_linked" && dice.chance(15) {
        limits["issue"] = json!({"per_customer": 3});
    }
    if matches!(kind, "loyalty_earning" | "rewards") && dice.chance(30) {
        limits["earn"] = json!({"per_customer": 2, "times": 1, "discount": "500"});
    }
    limits
}
