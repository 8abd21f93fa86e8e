//! Random requests: cart, customer, store, channel, time.

use super::dice::Dice;
use super::words::{
    BRANDS, CATEGORIES, CHANNELS, FRACTIONS, GROUPS, PRICES, PRODUCTS, QUANTITIES, SKUS, TAGS,
    TIERS,
};
use chrono::{DateTime, Duration, SecondsFormat, TimeZone, Utc};
use serde_json::{Value, json};

/// Instants near which clocks change: New York, London, Lord Howe.
const CLOCK_CHANGES: &[&str] = &[
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
];

/// The time of an evaluation: some day of 2026, often near a change of clocks or the end of a month.
pub fn instant(dice: &mut Dice) -> DateTime<Utc> {
    let minutes = Duration::minutes(dice.between(-1500, 1500));
    if dice.chance(30) {
        let change: DateTime<Utc> = dice.one(CLOCK_CHANGES).parse().expect("a time");
        return change + minutes;
    }
    let month = u32::try_from(dice.between(1, 12)).expect("a month");
    let day = if dice.chance(40) { 1 } else { u32::try_from(dice.between(1, 28)).expect("a day") };
    let midnight = Utc.with_ymd_and_hms(2026, month, day, 0, 0, 0);
    midnight.single().expect("a day") + minutes
}

/// A time as text, in one zone or another.
pub fn rfc3339(dice: &mut Dice, at: DateTime<Utc>) -> Value {
    if dice.chance(50) {
        return Value::from(at.to_rfc3339_opts(SecondsFormat::Secs, true));
    }
    let offset = chrono::FixedOffset::east_opt(dice.one(&[19_800, -14_400, 3_600]));
    let local = at.with_timezone(&offset.expect("an offset"));
    Value::from(local.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Most codes on a cart (14).
const MOST_CODES: usize = 20;

/// A request; `codes` are those that exist, some of which are presented; only a `gated` one may be in
/// another currency.
pub fn request(dice: &mut Dice, at: DateTime<Utc>, codes: &[String], gated: bool) -> Value {
    let lines: Vec<Value> = (1..=dice.between(1, 6)).map(|id| line(dice, id)).collect();
    let mut cart = json!({ "lines": lines });
    if gated && dice.chance(30) {
        cart["currency"] = dice.text(&["INR", "INR", "INR", "USD"]);
    }
    if dice.chance(60) {
        let amount = dice.text(&["80.00", "20", "4.99", "0", "33.333"]);
        cart["shipping"] = json!({"method": dice.one(&["express", "standard"]), "amount": amount});
    }
    if dice.chance(50) {
        cart["tenders"] = (0..dice.between(1, 2)).map(|_| tender(dice)).collect();
    }
    if dice.chance(20) {
        cart["gift_vouchers"] = json!(dice.some(&["v-1", "V-2"], 0));
    }
    let presented = present(dice, codes);
    if !presented.is_empty() {
        cart["codes"] = json!(presented);
    }
    let mut request = json!({"cart": cart, "at": rfc3339(dice, at)});
    if dice.chance(65) {
        request["customer"] = customer(dice);
    }
    if dice.chance(60) {
        request["store"] = dice.text(&["S-1", "S-2"]);
    }
    if dice.chance(70) {
        request["channel"] = dice.text(CHANNELS);
    }
    if dice.chance(93) {
        request["explain"] = Value::from("all");
    } else if dice.chance(50) {
        request["explain"] = Value::from("none");
    }
    request
}

fn line(dice: &mut Dice, id: i64) -> Value {
    let quantity = if dice.chance(18) { dice.text(FRACTIONS) } else { dice.text(QUANTITIES) };
    let price = dice.text(PRICES);
    let mut line = json!({
        "id": id.to_string(), "sku": dice.one(SKUS), "quantity": quantity, "unit_price": price,
    });
    if dice.chance(45) {
        line["mrp"] = dice.text(&["40", "25.50", "120", "10", "0"]);
    }
    if dice.chance(25) {
        line["tax"] = dice.text(&["1.80", "18", "0.05", "3.3333"]);
    }
    if dice.chance(15) {
        line["charges"] = dice.text(&["2", "0.50"]);
    }
    if dice.chance(65) {
        line["product"] = dice.text(PRODUCTS);
    }
    if dice.chance(80) {
        line["categories"] = json!(dice.some(CATEGORIES, 0));
    }
    if dice.chance(60) {
        line["brand"] = dice.text(BRANDS);
    }
    if dice.chance(35) {
        line["tags"] = json!(dice.some(TAGS, 0));
    }
    if dice.chance(30) {
        line["supplier"] = dice.text(&["S1", "S2"]);
    }
    if dice.chance(30) {
        line["product_group"] = dice.text(&["wear", "home"]);
    }
    if dice.chance(30) {
        line["title"] = dice.text(&["Red tee", "Blue mug"]);
    }
    if dice.chance(30) {
        line["weight"] = dice.text(&["0.2", "1.5", "0"]);
    }
    if dice.chance(25) {
        line["stock"] = dice.text(&["12", "0", "3.5"]);
    }
    if dice.chance(30) {
        line["attributes"] = json!({"color": dice.one(&["red", "blue"])});
    }
    if dice.chance(30) {
        line["variant"] = json!({"size": dice.one(&["M", "L"])});
    }
    line
}

fn tender(dice: &mut Dice) -> Value {
    let mut tender = json!({"mode": dice.one(&["LoyaltyPoints", "LOYALTYcard", "Cash"])});
    if dice.chance(70) {
        tender["amount"] = dice.text(&["100", "20.5", "0"]);
    }
    tender
}

fn customer(dice: &mut Dice) -> Value {
    let mut customer = json!({});
    if dice.chance(85) {
        customer["id"] = dice.text(&["C-1", "C-2"]);
    }
    if dice.chance(65) {
        let membership = |dice: &mut Dice| {
            let mut membership = json!({"program": dice.one(&["main", "kids"])});
            if dice.chance(75) {
                membership["tier"] = dice.text(TIERS);
            }
            if dice.chance(40) {
                membership["supplementary"] = json!(["prime"]);
            }
            membership
        };
        customer["loyalty"] = (0..dice.between(0, 2)).map(|_| membership(dice)).collect();
    }
    if dice.chance(50) {
        customer["groups"] = json!(dice.some(GROUPS, 0));
    }
    if dice.chance(50) {
        customer["attributes"] = json!({
            "city": dice.one(&["Pune", "Paris"]), "age": dice.one(&["31", "17", "old"]),
        });
    }
    customer
}

/// Some of the codes, sometimes twice, in another case, or unknown.
fn present(dice: &mut Dice, codes: &[String]) -> Vec<String> {
    let mut presented: Vec<String> = Vec::new();
    for code in codes {
        if dice.chance(60) {
            presented.push(code.clone());
        }
        if dice.chance(12) {
            presented.push(code.to_lowercase());
        }
    }
    if dice.chance(10) {
        presented.push("NOPE".to_owned());
    }
    dice.shuffle(&mut presented);
    presented.truncate(MOST_CODES);
    presented
}
