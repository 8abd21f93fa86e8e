//! What `strategy: optimal` costs and gains, over generated carts of a realistic mix.
//!
//! `cargo bench --bench optimal`: a minute. Every cart is evaluated several times and the fastest counts, so that
//! other work on the machine plays little part. `OPTIMAL_CARTS` sets how many carts each scenario has (1,000).

#[path = "shop/request.rs"]
mod request;
mod shop;
#[path = "shop/within.rs"]
mod within;

use std::time::{Duration, Instant};

use promotion_engine::domain::evaluation::Evaluation;
use promotion_engine::domain::settings::Strategy;
use request::with_request;
use shop::mix::{Mix, Scenario};
use within::evaluate;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The time in which a small cart is to be proven.
const BAR: Duration = Duration::from_millis(5);

/// How often a cart is evaluated, once for every slow one.
const REPEATS: u32 = 5;

fn main() {
    let carts =
        std::env::var("OPTIMAL_CARTS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    println!("{carts} carts each; times are the fastest of {REPEATS}");
    let small = Scenario { lines: 20, candidates: 12, promotions: 250, mix: Mix::Plain };
    run("20 lines, 12 candidates", &small, carts, true);
    for (name, mix) in [
        ("  percentage_base net", Mix::Net),
        ("  qualifying_items consumed", Mix::Consumed),
        ("  unit_stacking", Mix::Stacking),
        ("  one cart promotion", Mix::OneCart),
    ] {
        run(name, &Scenario { mix, ..small }, carts / 5, false);
    }
    let large = Scenario { lines: 100, candidates: 40, promotions: 250, mix: Mix::Plain };
    run("100 lines, 40 candidates", &large, carts / 5, true);
}

struct Sample {
    fastest: Duration,
    steps: u64,
    is_proven: bool,
    gap: i64,
    applied: usize,
    total: i64,
    ranked: i64,
    best_deal: i64,
}

fn run(name: &str, scenario: &Scenario, carts: u64, gains: bool) {
    let mut samples: Vec<Sample> = (0..carts).map(|seed| sample(scenario, seed)).collect();
    let share = |count: usize| 100.0 * count as f64 / samples.len() as f64;
    let proven = samples.iter().filter(|own| own.is_proven).count();
    let in_time = samples.iter().filter(|own| own.is_proven && own.fastest <= BAR).count();
    let applied: usize = samples.iter().map(|own| own.applied).sum();
    println!("\n{name}: {:.1} promotions applied", applied as f64 / samples.len() as f64);
    println!("  proven {:.1} %, within {BAR:?} {:.1} %", share(proven), share(in_time));
    let unproven: Vec<f64> = samples
        .iter()
        .filter(|own| !own.is_proven)
        .map(|own| 100.0 * own.gap as f64 / own.total as f64)
        .collect();
    if !unproven.is_empty() {
        let mean = unproven.iter().sum::<f64>() / unproven.len() as f64;
        println!("  where not: the bound is {mean:.2} % above the total on average");
    }
    if gains {
        gain(&samples, "ranked", |own| own.ranked);
        gain(&samples, "best_deal", |own| own.best_deal);
    }
    samples.sort_by_key(|own| own.fastest);
    let times = percentiles(&samples, |own| format!("{:.3}", own.fastest.as_secs_f64() * 1e3));
    println!("  ms      {times}");
    let worst = samples
        .iter()
        .filter(|own| own.steps > 500)
        .map(|own| own.fastest.as_nanos() as u64 / own.steps)
        .max();
    let total: Duration = samples.iter().map(|own| own.fastest).sum();
    let steps: u64 = samples.iter().map(|own| own.steps).sum();
    println!(
        "  ns a step: {} on average, {} at most",
        total.as_nanos() as u64 / steps.max(1),
        worst.unwrap_or(0)
    );
    samples.sort_by_key(|own| own.steps);
    println!("  steps   {}", percentiles(&samples, |own| own.steps.to_string()));
}

fn gain(samples: &[Sample], name: &str, of: impl Fn(&Sample) -> i64) {
    let better = samples.iter().filter(|own| own.total > of(own)).count();
    let own: i64 = samples.iter().map(|own| own.total).sum();
    let other: i64 = samples.iter().map(&of).sum();
    assert!(samples.iter().all(|own| own.total >= of(own)), "optimal is worse than {name}");
    println!(
        "  better than {name} on {:.1} % of the carts, by {:.2} % of the discount on average over all",
        100.0 * better as f64 / samples.len() as f64,
        100.0 * (own - other) as f64 / other as f64,
    );
}

fn percentiles(sorted: &[Sample], print: impl Fn(&Sample) -> String) -> String {
    let at = |percent: usize| {
        let place = (sorted.len() * percent / 100).min(sorted.len() - 1);
        format!("p{percent} {}", print(&sorted[place]))
    };
    let last = format!("most {}", print(&sorted[sorted.len() - 1]));
    [at(50), at(90), at(99), last].join(", ")
}

fn sample(scenario: &Scenario, seed: u64) -> Sample {
    let document = shop::mix::document(scenario, seed);
    let optimal = shop::mix::rules(scenario, &document, Strategy::Optimal);
    with_request(&document.cart, |request| {
        let (mut fastest, mut last) = (Duration::MAX, None);
        for _ in 0..REPEATS {
            let begun = Instant::now();
            let evaluation = evaluate(&optimal, request);
            fastest = fastest.min(begun.elapsed());
            last = Some(evaluation);
        }
        let evaluation = last.expect("an evaluation");
        let optimality = evaluation.optimality.expect("an optimality");
        let by = |strategy| {
            let rules = shop::mix::rules(scenario, &document, strategy);
            total(&evaluate(&rules, request))
        };
        Sample {
            fastest,
            steps: optimality.steps,
            is_proven: optimality.is_proven,
            gap: optimality.upper_bound.scaled() - total(&evaluation),
            applied: evaluation.applied.len(),
            total: total(&evaluation),
            ranked: by(Strategy::Ranked),
            best_deal: by(Strategy::BestDeal),
        }
    })
}

fn total(evaluation: &Evaluation) -> i64 {
    evaluation.totals.discount().scaled()
}
