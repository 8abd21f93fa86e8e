//! What an evaluation allocates: how often, and how much.
//!
//! `cargo bench --bench allocations`

#[path = "shop/request.rs"]
mod request;
mod shop;
#[path = "shop/within.rs"]
mod within;

use divan::{AllocProfiler, Bencher, black_box};
use mimalloc::MiMalloc;
use request::with_request;
use within::evaluate;

#[global_allocator]
static ALLOCATIONS: AllocProfiler<MiMalloc> = AllocProfiler::new(MiMalloc);

fn main() {
    divan::main();
}

#[divan::bench(args = [5, 20, 100])]
fn ranked(bencher: Bencher<'_, '_>, lines: usize) {
    let rules = shop::rules(250, "ranked");
    with_request(&shop::cart(lines), |request| {
        bencher.bench_local(|| evaluate(black_box(&rules), black_box(request)));
    });
}
