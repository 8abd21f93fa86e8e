//! What product lists and stores take in memory, what making them costs, and that an edit of a promotion makes none anew.
//!
//! `cargo bench --bench memory`: 40 lists of 200,000 SKUs of 40 characters, 100,000 stores, 250 promotions.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use promotion_engine::domain::currency::Currency;
use promotion_engine::domain::id::PromotionId;
use promotion_engine::domain::promotion::{Promotion, Status};
use promotion_engine::domain::settings::Settings;
use promotion_engine::domain::store::Store;
use promotion_engine::engine::{ProductList, RuleSet, Rules, Stores};
use promotion_engine::wire;
use serde_json::json;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LISTS: usize = 40;
const SKUS: usize = 200_000;
const STORES: usize = 100_000;
const PROMOTIONS: usize = 250;

/// Resident memory now, in MB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1_024.0
}

/// Makes something, and says what it took.
fn measured<T>(what: &str, make: impl FnOnce() -> T) -> T {
    let (before, begun) = (resident(), Instant::now());
    let made = make();
    let (took, grown) = (begun.elapsed(), resident() - before);
    println!("{what:<60} {grown:>8.1} MB {:>9.1} ms", took.as_secs_f64() * 1_000.0);
    made
}

fn list(number: usize) -> (String, Arc<ProductList>) {
    let skus: Vec<String> = (0..SKUS).map(|own| format!("{number:0>20}-{own:0>19}")).collect();
    (format!("L{number}"), Arc::new(ProductList::new(&skus)))
}

fn store(number: usize) -> Store {
    Store {
        code: format!("store-{number:0>14}"),
        concept: Some("supermarket".to_owned()),
        zones: vec!["north".to_owned(), format!("region-{}", number % 100)],
        timezone: None,
    }
}

fn promotion(number: usize, revision: usize) -> Promotion {
    let of = json!({"include": [{"field": "sku", "op": "in_list", "list": format!("L{}", number % LISTS)}]});
    let document = json!({
        "name": format!("P{number}.{revision}"), "type": "pos",
        "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z",
        "benefit": {"type": "percentage_off", "value": "10", "target": {"type": "items", "select": of}},
    });
    let terms = wire::promotion::parse_stored(document.to_string().as_bytes());
    Promotion {
        id: PromotionId::new(uuid::Uuid::from_u128(number as u128)),
        created_at: DateTime::<Utc>::UNIX_EPOCH,
        status: Status::Active,
        terms: terms.expect("a promotion"),
    }
}

fn main() {
    let lists = measured("40 lists of 200,000 SKUs of 40 characters", || {
        (0..LISTS).map(list).collect::<std::collections::BTreeMap<_, _>>()
    });
    let bytes: usize = lists.values().map(|own| own.bytes()).sum();
    let each = bytes as f64 / (LISTS * SKUS) as f64;
    println!("  by estimate {} MB, {each:.1} bytes a SKU", bytes >> 20);
    let stores =
        measured("100,000 stores", || Arc::new((0..STORES).map(store).collect::<Stores>()));
    println!("  by estimate {} MB", stores.bytes() >> 20);
    let compile = |revision: usize| {
        RuleSet::new(Rules {
            version: revision as i64,
            settings: Settings::defaults(Currency::new("INR").expect("a currency"), chrono_tz::UTC),
            stores: Arc::clone(&stores),
            product_lists: lists.clone(),
            promotions: (0..PROMOTIONS).map(|own| promotion(own, revision)).collect(),
            milestones: Vec::new(),
            whole_since: None,
        })
    };
    let first = measured("250 promotions, each of which names a list", || compile(1));
    let second = measured("the same after an edit, beside the first", || compile(2));
    println!("{:<60} {:>8.1} MB", "in all", resident());
    assert_eq!(first.promotions().count() + second.promotions().count(), 2 * PROMOTIONS);
}
