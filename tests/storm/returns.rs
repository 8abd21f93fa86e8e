//! P13: returns never pay more than was paid, the last one closes to exactly nothing, and what is given back to the
//! limits is what came back.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use support::TestDatabase;

use crate::checker;
use crate::client::Answer;
use crate::instance;
use crate::scale::{Dice, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

/// Decimals of the amounts here: quantities have three at most, prices four.
const DECIMALS: usize = 8;

/// A decimal that is not negative, in units of the last of [`DECIMALS`].
fn amount(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("an amount: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= DECIMALS && !text.starts_with('-'), "{text}");
    format!("{whole}{part:0<DECIMALS$}").parse().expect("digits")
}

/// A quantity in thousandths.
fn thousandths(value: &Value) -> i128 {
    amount(value) / 100_000
}

/// The ways of rounding what is not negative, as the settings name them.
const MODES: [&str; 7] = ["up", "down", "ceiling", "floor", "half_up", "half_down", "half_even"];

/// `whole` × `part` ÷ `of`, to a multiple of `unit`.
fn share(whole: i128, part: i128, of: i128, mode: &str, unit: i128) -> i128 {
    let (steps, rest) = (whole * part / (of * unit), whole * part % (of * unit));
    let twice = (2 * rest).cmp(&(of * unit));
    let goes_up = match mode {
        "up" | "ceiling" => rest > 0,
        "half_up" => twice.is_ge(),
        "half_down" => twice.is_gt(),
        "half_even" => twice.is_gt() || (twice.is_eq() && steps % 2 == 1),
        _ => false,
    };
    ((steps + i128::from(goes_up)) * unit).min(whole)
}

/// What was bought, as the result says it.
struct Sale {
    id: String,
    result: Value,
    /// Of each line: quantity in thousandths, payable, and what came back so far.
    lines: HashMap<String, (i128, i128, i128)>,
    mode: &'static str,
    unit: i128,
}

impl Sale {
    fn new(answer: &Answer, mode: &'static str, precision: u32) -> Self {
        let result = answer.body["result"].clone();
        let lines = result["lines"].as_array().expect("lines").iter().map(|line| {
            let id = line["id"].as_str().expect("an id").to_owned();
            (id, (thousandths(&line["quantity"]), amount(&line["payable"]), 0))
        });
        Self {
            id: answer.id(),
            lines: lines.collect(),
            result,
            mode,
            unit: 10_i128.pow(8 - precision),
        }
    }

    /// What lines that are back in all to this extent have been paid back.
    fn refunded(&self, line: &str) -> i128 {
        let (quantity, payable, back) = self.lines[line];
        if back == quantity {
            return payable;
        }
        share(payable, back, quantity, self.mode, self.unit)
    }

    /// What of a promotion's discount is back, by its allocations to the lines.
    fn discount_back(&self, promotion: &str) -> i128 {
        let lines = self.result["lines"].as_array().expect("lines").iter();
        lines
            .flat_map(|line| {
                let id = line["id"].as_str().expect("an id");
                let allocations = line["allocations"].as_array().expect("allocations").iter();
                allocations.filter(|one| one["promotion_id"] == promotion).map(move |one| {
                    let (quantity, _, back) = self.lines[id];
                    share(amount(&one["amount"]), back, quantity, self.mode, self.unit)
                })
            })
            .sum()
    }

    fn is_complete(&self) -> bool {
        self.lines.values().all(|(quantity, _, back)| quantity == back)
    }

    /// Some of what is left of some lines.
    fn some(&self, dice: &mut Dice) -> Vec<(String, i128)> {
        let mut lines: Vec<(String, i128)> = self
            .lines
            .iter()
            .filter(|(_, (quantity, _, back))| back < quantity)
            .map(|(id, (quantity, _, back))| (id.clone(), quantity - back))
            .collect();
        lines.sort();
        dice.shuffle(&mut lines);
        let most = 1 + usize::try_from(dice.below(lines.len() as u64)).unwrap();
        lines.truncate(most);
        for (_, quantity) in &mut lines {
            if dice.percent(70) && *quantity > 1 {
                *quantity = 1 + i128::from(dice.below(u64::try_from(*quantity).unwrap()));
            }
        }
        lines
    }
}

fn body(return_id: &str, lines: &[(String, i128)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(id, quantity)| {
            let quantity = format!("{}.{:03}", quantity / 1_000, quantity % 1_000);
            json!({"id": id, "quantity": quantity})
        })
        .collect();
    json!({"return_id": return_id, "lines": lines})
}

/// One return, and everything that its answer must say.
async fn bring_back(till: &Till, sale: &mut Sale, number: usize, dice: &mut Dice) {
    let lines = sale.some(dice);
    let return_id = format!("R-{number}");
    let sent = body(&return_id, &lines);
    if dice.percent(20) {
        // More than is left is refused, and nothing of it is recorded.
        let mut greedy = lines.clone();
        let (quantity, _, back) = sale.lines[&greedy[0].0];
        greedy[0].1 = quantity - back + 1;
        let refused = till.bring_back(&sale.id, &body(&return_id, &greedy)).await;
        refused.expect_code(409, "return_exceeds_purchase");
    }
    let before = |sale: &Sale| -> HashMap<String, i128> {
        let applied = sale.result["applied"].as_array().expect("applied").iter();
        applied
            .map(|one| one["promotion_id"].as_str().expect("an id").to_owned())
            .map(|id| (id.clone(), sale.discount_back(&id)))
            .collect()
    };
    let paid: HashMap<String, i128> =
        lines.iter().map(|(id, _)| (id.clone(), sale.refunded(id))).collect();
    let given = before(sale);
    for (id, quantity) in &lines {
        sale.lines.get_mut(id).expect("a line").2 += quantity;
    }
    let answer = till.bring_back(&sale.id, &sent).await.expect(200);
    let mut sum = 0;
    let told = answer.body["lines"].as_array().expect("lines");
    assert_eq!(told.len(), lines.len(), "{}", answer.text);
    for line in told {
        let id = line["id"].as_str().expect("an id");
        let refund = amount(&line["refund"]);
        assert_eq!(refund, sale.refunded(id) - paid[id], "line {id}: {}", answer.text);
        sum += refund;
    }
    assert_eq!(amount(&answer.body["refund"]), sum, "{}", answer.text);
    assert_eq!(answer.body["complete"], sale.is_complete(), "{}", answer.text);
    let promotions = answer.body["promotions"].as_array().expect("promotions");
    for (id, now) in before(sale) {
        let told: i128 = promotions
            .iter()
            .filter(|one| one["promotion_id"] == id.as_str())
            .map(|one| amount(&one["discount"]))
            .sum();
        assert_eq!(told, now - given[&id], "{id}: {}", answer.text);
    }
    let again = till.bring_back(&sale.id, &sent).await.expect(200);
    assert_eq!(again.text, answer.text, "the same return again");
    let other = body(&return_id, &[(lines[0].0.clone(), lines[0].1 + 1)]);
    let refused = till.bring_back(&sale.id, &other).await;
    refused.expect_code(409, "return_id_reused");
}

/// Promotions of several kinds on one cart, all counted.
async fn promotions(shop: &Shop) -> Vec<String> {
    let limits = json!({
        "promotion": {"times": {"max": 100_000}, "transactions": {"max": 100_000}, "discount": {"max": "10000000"}},
        "customer": {"discount": {"max": "10000000"}},
    });
    let mut made = Vec::new();
    for (name, benefit) in [
        (
            "third",
            json!({"type": "percentage_off", "value": "33.3333", "target": {"type": "items",
            "select": {"include": [{"field": "sku", "op": "in", "values": ["S0", "S1"]}]}}}),
        ),
        (
            "off the cart",
            json!({"type": "amount_off", "value": "7.77", "target": {"type": "cart"}}),
        ),
        (
            "percent of the cart",
            json!({"type": "percentage_off", "value": "12.5", "target": {"type": "cart"}}),
        ),
    ] {
        made.push(shop.promotion(&shop::promotion(name, benefit, limits.clone())).await);
    }
    made
}

fn sale(dice: &mut Dice) -> Value {
    let lines: Vec<Value> = (0..1 + dice.below(4))
        .map(|number| {
            let quantity = match dice.percent(30) {
                true => format!("{}.{:03}", dice.below(3), 1 + dice.below(999)),
                false => (1 + dice.below(7)).to_string(),
            };
            let price = format!("{}.{:02}", 1 + dice.below(200), dice.below(100));
            let mut line = json!({"id": number.to_string(), "sku": format!("S{number}"),
                                  "quantity": quantity, "unit_price": price});
            if dice.percent(30) {
                line["tax"] = format!("0.{:02}", dice.below(100)).into();
            }
            line
        })
        .collect();
    json!({"cart": {"lines": lines}, "customer": {"id": "C-1"}})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_returns_pay_back_exactly_what_was_paid() {
    let mut dice = Dice::new("random_returns_pay_back_exactly_what_was_paid");
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let book = Arc::new(Book::default());
    let (mut sales, mut returns) = (0, 0);
    for mode in MODES {
        let precision = *dice.choose(&[0, 1, 2, 2, 3, 4]);
        let shop = Shop::open(&front).await;
        let settings = shop.change("/v1/settings", |body| {
            body["rounding"] = json!({"mode": mode, "precision": precision});
        });
        settings.await.expect(200);
        let promotions = promotions(&shop).await;
        let till = Till::new(&shop, &book);
        for _ in 0..pick(5, 100) {
            let sold = till
                .redeem(&shop::redemption(&shop::transaction(), &sale(&mut dice), false))
                .await
                .expect(201);
            let mut sale = Sale::new(&sold, mode, precision);
            let paid: i128 = sale.lines.values().map(|(_, payable, _)| payable).sum();
            sales += 1;
            let mut number = 0;
            while !sale.is_complete() {
                bring_back(&till, &mut sale, number, &mut dice).await;
                number += 1;
                if number > 30 {
                    // Fractions could go on for long: the rest comes back at once.
                    break;
                }
            }
            if !sale.is_complete() {
                let rest: Vec<(String, i128)> = sale
                    .lines
                    .iter()
                    .filter(|(_, (quantity, _, back))| back < quantity)
                    .map(|(id, (quantity, _, back))| (id.clone(), quantity - back))
                    .collect();
                let answer = till.bring_back(&sale.id, &body("R-last", &rest)).await.expect(200);
                assert_eq!(answer.body["complete"], true);
                for (id, quantity) in rest {
                    sale.lines.get_mut(&id).expect("a line").2 += quantity;
                }
            }
            returns += number;
            let refunded: i128 = sale.lines.keys().map(|id| sale.refunded(id)).sum();
            assert_eq!(refunded, paid);
        }
        // Everything is back, so nothing is used.
        for promotion in &promotions {
            let rows = checker::counters(&database.owner(), promotion).await;
            assert!(rows.iter().all(|row| row.3 == 0), "{mode}: {rows:?}");
        }
    }
    checker::check_all(&database.owner(), &book).await;
    println!("{sales} sales, {returns} returns");
}

/// Many bring back the same goods at the same time: no more comes back than was bought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_returns_pay_no_more_than_was_paid() {
    let mut dice = Dice::new("racing_returns_pay_no_more_than_was_paid");
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), 2).await;
    let shop = Shop::open(&front).await;
    let promotions = promotions(&shop).await;
    let till = Till::new(&shop, &Arc::new(Book::default()));
    for _ in 0..pick(6, 80) {
        let line = json!({"id": "1", "sku": "S0", "quantity": "7", "unit_price": "9.99"});
        let request = json!({"cart": {"lines": [line]}, "customer": {"id": "C-1"}});
        let body = shop::redemption(&shop::transaction(), &request, false);
        let sold = till.redeem(&body).await.expect(201);
        let payable = amount(&sold.body["result"]["lines"][0]["payable"]);
        let mut actors = Vec::new();
        for actor in 0..24 {
            let (till, id) = (till.clone(), sold.id());
            // Each return twice, as by a till that repeats itself.
            let back = json!({"return_id": format!("R-{}", actor / 2),
                              "lines": [{"id": "1", "quantity": (1 + actor / 2 % 2).to_string()}]});
            let pause = std::time::Duration::from_micros(dice.below(2_000));
            actors.push(tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                (back.to_string(), till.bring_back(&id, &back).await)
            }));
        }
        let (mut told, mut refused) = (HashMap::new(), 0);
        for actor in actors {
            let (sent, answer) = actor.await.expect("an actor");
            if answer.status == 409 {
                assert_eq!(answer.code(), "return_exceeds_purchase", "{}", answer.text);
                refused += 1;
            } else {
                let text = answer.expect(200).text;
                let first = told.entry(sent).or_insert_with(|| text.clone());
                assert_eq!(*first, text, "the same return again");
            }
        }
        assert!(refused > 0);
        let bodies = told.values().map(|text| serde_json::from_str::<Value>(text).unwrap());
        let (mut units, mut refunds) = (0, 0);
        for body in bodies {
            units += thousandths(&body["lines"][0]["quantity"]);
            refunds += amount(&body["refund"]);
        }
        assert!(units == 7_000 || units == 6_000, "{told:?}");
        if units == 6_000 {
            // Those who brought two back came too late, and nobody was left to bring back one.
            let rest = json!({"return_id": "R-rest", "lines": [{"id": "1", "quantity": 1}]});
            refunds += amount(&till.bring_back(&sold.id(), &rest).await.expect(200).body["refund"]);
        }
        assert_eq!(refunds, payable, "{told:?}");
        assert_eq!(checker::used(&database.owner(), &promotions[0], "promotion", "times").await, 0);
    }
    checker::check_all(&database.owner(), &till.book).await;
}
