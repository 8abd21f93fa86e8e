//! The evaluation core without a database: worked carts, an independent naive evaluator, and the
//! properties that hold for every cart.

#![expect(
    clippy::result_large_err,
    reason = "a refusal of the naive evaluator has all that explains it"
)]

mod agreement;
mod backtest;
mod bounded;
mod cases;
mod contract;
mod findings;
mod generate;
mod issuances;
mod limits;
mod optimal;
mod oracle;
mod products;
mod properties;
mod reasons;
mod suggestions;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use promotion_engine::document;
use promotion_engine::domain::cart::Request;
use promotion_engine::engine::{Changes, RuleSet, Stop};
use serde_json::Value;

/// Evaluates a document as `promotion-engine evaluate` does: the result, or the problem.
fn evaluate(document: &Value) -> Value {
    // The promotions of a document are created in the first seconds of 1970, and new drafts now.
    let now = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(1);
    let text = match promotion_engine::document::evaluate(document.to_string().as_bytes(), now) {
        Ok(result) => result,
        Err(problem) => problem.print(None),
    };
    serde_json::from_str(&text).expect("answers are JSON")
}

/// How many random documents to try: `ENGINE_DOCUMENTS`, or 10,000.
fn documents() -> u64 {
    number("ENGINE_DOCUMENTS").unwrap_or(10_000)
}

/// A number from the environment.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Where the random documents begin: `ENGINE_SEED`, or another place each day.
fn first_seed() -> u64 {
    let day = chrono::Utc::now().timestamp() / 86_400;
    let by_day = u64::try_from(day).unwrap_or(0) * 1_000_000_000;
    number("ENGINE_SEED").unwrap_or(by_day)
}

/// Runs `check` for every seed, on all cores, and fails with the first seeds that failed.
fn for_each_seed(check: impl Fn(u64) -> Result<(), String> + Sync) {
    for_each_seed_of(documents(), "ENGINE_DOCUMENTS", check);
}

/// The same for `count` seeds, a number that is set by `variable`.
fn for_each_seed_of(count: u64, variable: &str, check: impl Fn(u64) -> Result<(), String> + Sync) {
    let first = first_seed();
    println!("{count} documents from ENGINE_SEED={first}");
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let check = &check;
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    let seeds = (first + thread..first + count).step_by(threads as usize);
                    let failed = seeds.filter_map(|seed| {
                        check(seed)
                            .err()
                            .map(|why| format!("ENGINE_SEED={seed} {variable}=1: {why}"))
                    });
                    failed.take(5).collect::<Vec<String>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no panic")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The rules of a document, its request, and the time for which it is evaluated.
fn read(document: &Value) -> (Arc<RuleSet>, Request<'static>, DateTime<Utc>) {
    let text = document.to_string();
    let now = DateTime::UNIX_EPOCH;
    let read = document::prepare(text.as_bytes(), now, &Stop::default(), |rules, cart| {
        let cart = cart.expect("a cart within the bound");
        let rules = rules.recompiled(Changes::default());
        (Arc::new(rules), cart.request().clone().into_owned(), cart.now())
    });
    read.unwrap_or_else(|problem| panic!("{}", problem.print(None)))
}
