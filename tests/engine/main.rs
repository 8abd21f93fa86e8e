//! The evaluation core without a database: worked carts, an independent naive evaluator, and the
//! properties that hold for every cart.

mod agreement;
mod cases;
mod expect;
mod generate;
mod issuances;
mod limits;
mod oracle;
mod properties;

use serde_json::Value;

/// Evaluates a document as `promotion-engine evaluate` does: the result, or the problem.
fn evaluate(document: &Value) -> Value {
    let now = chrono::DateTime::UNIX_EPOCH;
    let text = match promotion_engine::document::evaluate(document.to_string().as_bytes(), now) {
        Ok(result) => result,
        Err(problem) => problem.print(None),
    };
    serde_json::from_str(&text).expect("answers are JSON")
}

/// How many random documents to try: `ENGINE_DOCUMENTS`, or 10,000.
fn documents() -> u64 {
    std::env::var("ENGINE_DOCUMENTS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(10_000)
}

/// Where the random documents begin: `ENGINE_SEED`, or another place each day.
fn first_seed() -> u64 {
    let day = chrono::Utc::now().timestamp() / 86_400;
    let by_day = u64::try_from(day).unwrap_or(0) * 1_000_000_000;
    std::env::var("ENGINE_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(by_day)
}

/// Runs `check` for every seed, on all cores, and fails with the first seeds that failed.
fn for_each_seed(check: impl Fn(u64) -> Result<(), String> + Sync) {
    let (first, count) = (first_seed(), documents());
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
                            .map(|why| format!("ENGINE_SEED={seed} ENGINE_DOCUMENTS=1: {why}"))
                    });
                    failed.take(5).collect::<Vec<String>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no panic"))
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
