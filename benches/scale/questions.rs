//! What is asked of a ledger, whatever its length.

use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::json;

use crate::cart;
use crate::client::{message, request};

/// A tenant with a ledger of so many redemptions.
pub struct Ledger {
    pub id: String,
    pub key: String,
    /// The promotion that applies to every cart.
    pub promotion: String,
    /// The one that applied to the first forty.
    pub rare: String,
    pub count: u64,
}

/// A code of one cart in a hundred.
pub const CODE: &str = "SAVE10";
/// Redemptions of each customer: twice what a page has.
pub const OF_CUSTOMER: u64 = 100;

impl Ledger {
    pub fn customers(&self) -> u64 {
        self.count / OF_CUSTOMER
    }

    fn customer(&self, turn: u64) -> String {
        format!("C-{}", turn * 7_919 % self.customers())
    }

    /// A loaded transaction that nothing has come back of, another one at each turn, from all over the ledger.
    fn transaction(&self, turn: u64) -> String {
        let step = self.count / 500;
        format!("loaded-{}", 101 + turn % 490 * step)
    }

    fn get(&self, path: &str) -> Vec<u8> {
        message("GET", path, &self.key, "")
    }

    fn post(&self, path: &str, body: &serde_json::Value) -> Vec<u8> {
        request(path, &self.key, &body.to_string())
    }

    fn list(&self, filter: &str) -> Vec<u8> {
        self.get(&format!("/v1/redemptions?limit=50{filter}"))
    }

    /// Statistics of the promotion, over the days before now.
    fn stats(&self, bucket: &str, days: i64) -> Vec<u8> {
        let from = days_ago(days);
        self.get(&format!("/v1/promotions/{}/stats?bucket={bucket}&from={from}", self.promotion))
    }
}

fn days_ago(days: i64) -> String {
    (Utc::now() - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Each asks one thing: its name, the milliseconds that it may take of the large ledger, if that is bounded, and the request.
pub type Question = (&'static str, Option<f64>, fn(&Ledger, u64) -> Vec<u8>);

/// How long statistics over a year may take.
const YEAR_MS: Option<f64> = Some(200.0);

pub const ALL: &[Question] = &[
    ("evaluate, a limit of each customer", None, |own, turn| {
        own.post("/v1/evaluate-cart", &cart(&own.customer(turn)))
    }),
    ("redeem", None, |own, turn| {
        let request = cart(&own.customer(turn));
        let order = json!({"transaction_id": format!("new-{turn}"), "request": request});
        own.post("/v1/redemptions", &order)
    }),
    ("return of a loaded redemption", None, |own, turn| {
        let path = format!("/v1/redemptions/tx:{}/returns", own.transaction(turn));
        own.post(&path, &json!({"return_id": "R-1", "lines": [{"id": "1", "quantity": "1"}]}))
    }),
    ("redemptions, newest", None, |own, _| own.list("")),
    ("redemptions, a week half a year ago", None, |own, _| {
        own.list(&format!("&from={}&to={}", days_ago(187), days_ago(180)))
    }),
    ("redemptions of a transaction", None, |own, turn| {
        own.list(&format!("&transaction_id={}", own.transaction(turn)))
    }),
    ("redemptions of a customer", None, |own, turn| {
        own.list(&format!("&customer_id={}", own.customer(turn)))
    }),
    ("redemptions of a promotion, always applied", None, |own, _| {
        own.list(&format!("&promotion_id={}", own.promotion))
    }),
    ("redemptions of a promotion, seldom applied", None, |own, _| {
        own.list(&format!("&promotion_id={}", own.rare))
    }),
    ("redemptions of a code", None, |own, _| own.list(&format!("&code={CODE}"))),
    ("redemptions, committed", None, |own, _| own.list("&state=committed")),
    ("redemptions, cancelled (60 of all)", None, |own, _| own.list("&state=cancelled")),
    ("redemptions, held (none)", None, |own, _| own.list("&state=held")),
    ("redemptions of a customer and a promotion", None, |own, turn| {
        let customer = own.customer(turn);
        own.list(&format!("&customer_id={customer}&promotion_id={}", own.promotion))
    }),
    ("redemptions of a promotion, cancelled", None, |own, _| {
        own.list(&format!("&promotion_id={}&state=cancelled", own.promotion))
    }),
    ("statistics, a week by hour", None, |own, _| own.stats("hour", 7)),
    ("statistics, a month by day", None, |own, _| own.stats("day", 30)),
    ("statistics, a year by month", YEAR_MS, |own, _| own.stats("month", 365)),
    ("statistics of all promotions, a year by month", YEAR_MS, |own, _| {
        own.get(&format!("/v1/stats?bucket=month&from={}", days_ago(365)))
    }),
    ("events, a page", None, |own, _| own.get("/v1/events?limit=50")),
    ("audit, newest", None, |own, _| own.get("/v1/audit?limit=50")),
    ("audit of a promotion", None, |own, _| {
        own.get(&format!("/v1/audit?limit=50&subject=promotion:{}", own.promotion))
    }),
];
