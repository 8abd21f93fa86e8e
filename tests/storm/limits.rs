//! P1: no limit is ever exceeded, and none is left unused while somebody still wants it.

use std::sync::Arc;

use serde_json::{Value, json};
use support::TestDatabase;

use crate::checker;
use crate::client::Answer;
use crate::instance;
use crate::scale::{Dice, is_large, pick};
use crate::shop::{self, Shop};
use crate::till::{Book, Till};

const CLIENTS: usize = 64;
const INSTANCES: usize = 2;

/// One limit under storm.
#[derive(Clone, Copy, Debug)]
struct Case {
    subject: &'static str,
    measure: &'static str,
    limit: u64,
}

/// Two customers, two codes, or everybody: each has its own count.
fn owners(subject: &str) -> &'static [&'static str] {
    match subject {
        "customer" => &["C-1", "C-2"],
        "code" => &["CODE-1", "CODE-2"],
        _ => &[""],
    }
}

fn request(subject: &str, owner: &str, quantity: u64) -> Value {
    match subject {
        "customer" => shop::cart_of(owner, quantity),
        "code" => shop::cart_with(owner, quantity),
        _ => shop::cart(quantity),
    }
}

/// What the clients got, of one owner.
#[derive(Debug, Default)]
struct Granted {
    times: u64,
    transactions: u64,
    /// In paise.
    discount: u64,
    refused: u64,
    changed: u64,
    holds: Vec<String>,
}

fn paise(text: &str) -> u64 {
    let (whole, part) = text.split_once('.').expect("a decimal");
    let digits = format!("{whole}{part}");
    assert_eq!(part.len(), 2, "{text}");
    digits.parse().expect("an amount")
}

/// Reads one answer, which is a grant, a sale without the promotion, or a refusal because something else was expected.
fn count(case: Case, promotion: &str, expected: Option<&str>, answer: &Answer, sum: &mut Granted) {
    let discount = answer.discount().to_owned();
    let times = answer.times(promotion);
    if answer.status == 409 {
        assert_eq!(answer.code(), "discount_changed", "{}", answer.text);
        assert_ne!(Some(discount.as_str()), expected, "{}", answer.text);
        sum.changed += 1;
        return;
    }
    assert_eq!(answer.status, 201, "{}", answer.text);
    if let Some(expected) = expected {
        assert_eq!(discount, expected, "{}", answer.text);
    }
    if times == 0 {
        let limit = format!("{}.{}", case.subject, case.measure);
        let reason = answer.reason(promotion);
        assert_eq!(reason, Some(("limit_reached".to_owned(), limit)), "{}", answer.text);
        assert_eq!(discount, "0.00");
        sum.refused += 1;
        return;
    }
    sum.times += times;
    sum.transactions += 1;
    sum.discount += paise(&discount);
    if answer.state() == "held" {
        sum.holds.push(answer.id());
    }
}

/// Lets the clients ask for five times the limit, for each owner, and looks at what they got.
async fn storm(
    database: &TestDatabase,
    shop: &Shop,
    book: &Arc<Book>,
    case: Case,
    dice: &mut Dice,
) {
    let Case { subject, measure, limit } = case;
    let owners = owners(subject);
    // A discount ends in the middle of a grant, and what is left is still given.
    let max = match measure {
        "discount" => json!(format!("{}", limit * 10 + 5)),
        _ => json!(limit),
    };
    let limits = json!({subject: {measure: {"max": max}}});
    let name = format!("{subject} {measure} {limit}");
    let promotion = if subject == "code" {
        let promotion = shop.promotion(&shop::ten_off_with_codes(&name, limits)).await;
        shop.codes(&promotion, owners).await;
        promotion
    } else {
        shop.promotion(&shop::ten_off(&name, limits)).await
    };
    let demand = (5 * limit).max(CLIENTS as u64);
    let mut wishes: Vec<&'static str> = Vec::new();
    for owner in owners {
        wishes.extend((0..demand).map(|_| *owner));
    }
    dice.shuffle(&mut wishes);
    let wishes = Arc::new(std::sync::Mutex::new(wishes));
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (wishes, till, mut dice) = (Arc::clone(&wishes), Till::new(shop, book), dice.fork());
        let promotion = promotion.clone();
        clients.push(tokio::spawn(async move {
            let mut sums = vec![Granted::default(); owners.len()];
            loop {
                let Some(owner) = wishes.lock().unwrap().pop() else {
                    return sums;
                };
                // Several units only where the last grant may be a smaller one.
                let quantity = if measure == "times" { 1 + dice.below(3) } else { 1 };
                let expected = dice.percent(40).then(|| format!("{}.00", quantity * 10));
                let hold = dice.percent(30);
                let request = request(subject, owner, quantity);
                let mut body = shop::redemption(&shop::transaction(), &request, hold);
                if let Some(expected) = &expected {
                    body["expected_discount"] = expected.as_str().into();
                }
                let answer = till.redeem(&body).await;
                let place = owners.iter().position(|one| *one == owner).expect("an owner");
                count(case, &promotion, expected.as_deref(), &answer, &mut sums[place]);
            }
        }));
    }
    let mut sums: Vec<Granted> = vec![Granted::default(); owners.len()];
    for client in clients {
        for (sum, more) in sums.iter_mut().zip(client.await.expect("a client")) {
            sum.times += more.times;
            sum.transactions += more.transactions;
            sum.discount += more.discount;
            sum.refused += more.refused;
            sum.changed += more.changed;
            sum.holds.extend(more.holds);
        }
    }
    let till = Till::new(shop, book);
    for (owner, sum) in owners.iter().zip(&mut sums) {
        // Whoever comes last gets what nobody took who expected something else.
        let request = request(subject, owner, 3);
        let body = shop::redemption(&shop::transaction(), &request, false);
        count(case, &promotion, None, &till.redeem(&body).await, sum);
        let granted = match measure {
            "times" => sum.times,
            "transactions" => sum.transactions,
            _ => sum.discount,
        };
        let allowed = if measure == "discount" { limit * 1000 + 500 } else { limit };
        assert_eq!(granted, allowed, "{case:?} {owner}: {sum:?}");
        assert!(sum.refused + sum.changed > 0, "{case:?} {owner}: {sum:?}");
    }
    checker::check_all(&database.owner(), book).await;
    for row in checker::counters(&database.owner(), &promotion).await {
        assert_eq!(row.3, row.4, "{case:?}: {row:?}");
    }
    // A hold counts, and what it held is there for one other when it is cancelled.
    if let Some(held) = sums[0].holds.first() {
        let before = checker::used(&database.owner(), &promotion, subject, measure).await;
        till.cancel(held).await.expect(200);
        till.cancel(held).await.expect(200);
        let freed = before - checker::used(&database.owner(), &promotion, subject, measure).await;
        assert!(freed > 0, "{case:?}: the hold {held} gave nothing back");
        let request = request(subject, owners[0], 3);
        for _ in 0..2 {
            till.redeem(&shop::redemption(&shop::transaction(), &request, false)).await.expect(201);
        }
        let after = checker::used(&database.owner(), &promotion, subject, measure).await;
        assert_eq!(after, before, "{case:?}: what was given back was not given again");
        checker::check_all(&database.owner(), book).await;
    }
    for sum in &sums {
        println!(
            "{subject}.{measure} {limit}: {CLIENTS} clients asked {demand} times: {} applications in {} sales and \
             holds, {} paise; {} sales without, {} discount_changed",
            sum.times, sum.transactions, sum.discount, sum.refused, sum.changed
        );
    }
}

impl Clone for Granted {
    fn clone(&self) -> Self {
        Self { holds: self.holds.clone(), ..*self }
    }
}

async fn storms(test: &str, subject: &'static str) {
    let mut dice = Dice::new(test);
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), INSTANCES).await;
    let book = Arc::new(Book::default());
    for measure in ["times", "transactions", "discount"] {
        let mut limits = vec![1, 10];
        if is_large() {
            limits.push(1_000);
        } else if (subject, measure) == ("promotion", "times") {
            limits.push(100);
        }
        for limit in limits {
            let shop = Shop::open(&front).await;
            let case = Case { subject, measure, limit };
            storm(&database, &shop, &book, case, &mut dice).await;
        }
    }
    println!("{test}: {}", front.counts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_limit_of_a_promotion_is_exceeded() {
    storms("no_limit_of_a_promotion_is_exceeded", "promotion").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_limit_of_a_customer_is_exceeded() {
    storms("no_limit_of_a_customer_is_exceeded", "customer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_limit_of_a_code_is_exceeded() {
    storms("no_limit_of_a_code_is_exceeded", "code").await;
}

/// Several promotions with several limits each, taken by the same carts: the locks of many counters at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_limits_at_once_are_all_kept() {
    let mut dice = Dice::new("many_limits_at_once_are_all_kept");
    let database = TestDatabase::new().await;
    let (_instances, front) = instance::start(&database.owner(), INSTANCES).await;
    let shop = Shop::open(&front).await;
    let mut promotions = Vec::new();
    for number in 0..4 {
        let limits = json!({
            "promotion": {
                "times": {"max": 60, "refresh": {"every": 100, "unit": "month"}},
                "transactions": {"max": 40 - number},
                "discount": {"max": "555"},
            },
            "customer": {"times": {"max": 9}, "discount": {"max": "75"}},
        });
        // One line for each, so that they do not stand in each other's way.
        let mut body = shop::ten_off(&format!("P{number}"), limits);
        body["benefit"]["target"]["select"] =
            json!({"include": [{"field": "sku", "op": "eq", "value": format!("S{number}")}]});
        promotions.push(shop.promotion(&body).await);
    }
    let book = Arc::new(Book::default());
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (till, mut dice) = (Till::new(&shop, &book), dice.fork());
        clients.push(tokio::spawn(async move {
            for _ in 0..pick(6, 60) {
                let mut lines: Vec<Value> = (0..4)
                    .map(|number| {
                        let quantity = (1 + dice.below(3)).to_string();
                        json!({"id": number.to_string(), "sku": format!("S{number}"),
                               "quantity": quantity, "unit_price": "100"})
                    })
                    .collect();
                dice.shuffle(&mut lines);
                lines.truncate(1 + usize::try_from(dice.below(4)).unwrap());
                let customer = format!("C-{}", dice.below(12));
                let request = json!({"cart": {"lines": lines}, "customer": {"id": customer}});
                let hold = dice.percent(40);
                let body = shop::redemption(&shop::transaction(), &request, hold);
                let made = till.redeem(&body).await.expect(201);
                if hold && dice.percent(50) {
                    till.cancel(&made.id()).await.expect(200);
                } else if hold {
                    till.commit(&made.id()).await.expect(200);
                }
            }
        }));
    }
    for client in clients {
        client.await.expect("a client");
    }
    checker::check_all(&database.owner(), &book).await;
    for promotion in &promotions {
        let rows = checker::counters(&database.owner(), promotion).await;
        assert!(rows.iter().any(|row| row.3 > 0), "{rows:?}");
        let full = rows.iter().filter(|row| row.3 == row.4).count();
        println!("{promotion}: {} counters, {full} of them at their maximum", rows.len());
    }
    println!("{}", front.counts);
}
