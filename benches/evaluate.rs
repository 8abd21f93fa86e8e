//! What an evaluation costs: cart size × promotions × strategy, beside a bare scan as the floor.
//!
//! `cargo bench --bench evaluate`; what is allocated is counted by `cargo bench --bench allocations`.

#[path = "shop/request.rs"]
mod request;
mod shop;
#[path = "shop/within.rs"]
mod within;

use std::sync::Arc;

use divan::{Bencher, black_box};
use promotion_engine::domain::amount::Money;
use promotion_engine::engine::{Arms, Backtest, Changes, PastCart, Products, RuleSet, Stop};
use promotion_engine::wire::{cart, decode::Value, evaluation, faults::Faults, json::Json};
use request::with_request;
use shop::Terms;
use within::evaluate;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LINES: [usize; 3] = [5, 20, 100];
const PROMOTIONS: [usize; 4] = [10, 250, 2_000, 10_000];

fn main() {
    divan::main();
}

fn sizes() -> impl Iterator<Item = (usize, usize)> {
    LINES.into_iter().flat_map(|lines| PROMOTIONS.into_iter().map(move |own| (lines, own)))
}

fn bench(bencher: Bencher<'_, '_>, lines: usize, rules: &Arc<RuleSet>) {
    let body = shop::cart(lines);
    with_request(&body, |request| {
        let applied = evaluate(rules, request).applied.len();
        assert!(applied >= 3, "{applied} promotions apply");
        bencher.bench_local(|| evaluate(black_box(rules), black_box(request)));
    });
}

#[divan::bench(args = sizes())]
fn ranked(bencher: Bencher<'_, '_>, (lines, promotions): (usize, usize)) {
    bench(bencher, lines, &shop::rules(promotions, "ranked"));
}

#[divan::bench(args = sizes())]
fn best_deal(bencher: Bencher<'_, '_>, (lines, promotions): (usize, usize)) {
    bench(bencher, lines, &shop::rules(promotions, "best_deal"));
}

/// A shop of 250 promotions with further terms.
#[divan::bench(args = [Terms::Steps, Terms::Tags, Terms::Floors])]
fn terms(bencher: Bencher<'_, '_>, terms: Terms) {
    bench(bencher, 20, &shop::rules_with(terms, 250));
}

/// The same shop with one draft, which takes the place of a stored promotion: the draft is compiled, and the cart priced.
#[divan::bench]
fn with_draft(bencher: Bencher<'_, '_>) {
    let rules = shop::rules(250, "ranked");
    let draft = rules.promotions().next().expect("a promotion").clone();
    with_request(&shop::cart(20), |request| {
        let price = || {
            let changes = Changes { with: vec![draft.clone()], ..Changes::default() };
            evaluate(&Arc::new(black_box(&rules).changed(changes)), black_box(request))
        };
        assert_eq!(price().totals.discount(), evaluate(&rules, request).totals.discount());
        bencher.bench_local(price);
    });
}

/// So many products for a shop window, each priced alone, and a cart of 20 of them.
#[divan::bench(args = [20, 200])]
fn products(bencher: Bencher<'_, '_>, products: usize) {
    let rules = shop::rules(250, "ranked");
    with_request(&shop::cart(products), |request| {
        let price = || {
            let stop = Stop::default();
            let own = Products::new(Arc::clone(&rules), black_box(request), shop::now(), &stop);
            own.and_then(|own| own.price(&[], &[], &stop)).expect("products within the bound")
        };
        assert!(price().iter().filter(|own| !own.promotions.is_empty()).count() > products / 2);
        bencher.bench_local(price);
    });
}

/// A recorded cart of a backtest: its request is read, and priced under 250 promotions and under others.
#[divan::bench(args = [20])]
fn past_cart(bencher: Bencher<'_, '_>, lines: usize) {
    let rules = shop::rules(250, "ranked");
    let first = rules.promotions().next().map(|own| own.id);
    let changes = Changes { without: first.into_iter().collect(), ..Changes::default() };
    let changed = Arc::new(rules.recompiled(changes));
    let body = shop::cart(lines);
    let stop = Stop::default();
    let mut backtest = Backtest::new(Arms { baseline: rules, changed });
    let mut price = || {
        let cart = PastCart {
            transaction_id: "T-1".to_owned(),
            evaluated_at: shop::now(),
            request: cart::read_plain(black_box(body.as_bytes())).expect("a plain cart"),
            discount: Money::ZERO,
            codes: Arms::default(),
            issuances: Vec::new(),
        };
        backtest.add(&cart, &stop).expect("a cart within the bound");
    };
    bencher.bench_local(&mut price);
    let sums = backtest.finish().sums;
    assert!(sums.changed.carts > 0 && sums.baseline.discount > sums.changed.discount);
}

/// A shop of 250 promotions and so many more that suggest themselves: each is priced on a changed cart.
#[divan::bench(args = [0, 1, 5])]
fn suggestions(bencher: Bencher<'_, '_>, suggested: usize) {
    let rules = shop::rules_with_suggestions(250, suggested);
    let body = shop::cart(20);
    with_request(&body, |request| {
        assert_eq!(evaluate(&rules, request).suggestions.len(), suggested);
        bencher.bench_local(|| evaluate(black_box(&rules), black_box(request)));
    });
}

/// With so many lists of 10,000 SKUs that promotions name; a cart's SKUs are on every fourth.
#[divan::bench(args = [(20, 1), (20, 40), (100, 1_000)])]
fn product_lists(bencher: Bencher<'_, '_>, (lines, lists): (usize, usize)) {
    bench(bencher, lines, &shop::rules_with_lists(250, lists, 10_000));
}

/// What an evaluation over HTTP does besides: the body becomes a request, ...
#[divan::bench(args = LINES)]
fn read_plain(bencher: Bencher<'_, '_>, lines: usize) {
    let body = shop::cart(lines);
    bencher.bench_local(|| cart::read_plain(black_box(body.as_bytes())).expect("a plain cart"));
}

/// ... where it is not plain by way of a tree, ...
#[divan::bench(args = LINES)]
fn read_tree(bencher: Bencher<'_, '_>, lines: usize) {
    let body = shop::cart(lines);
    bencher.bench_local(|| Json::parse(black_box(body.as_bytes())).expect("a cart is JSON"));
}

/// ... which becomes the request, ...
#[divan::bench(args = LINES)]
fn read_request(bencher: Bencher<'_, '_>, lines: usize) {
    let body = shop::cart(lines);
    let tree = Json::parse(body.as_bytes()).expect("a cart is JSON");
    bencher.bench_local(|| {
        let mut faults = Faults::default();
        cart::parse(Value::root(black_box(&tree)), &mut faults).expect("a cart without faults")
    });
}

/// ... and the evaluation an answer.
#[divan::bench(args = LINES)]
fn print(bencher: Bencher<'_, '_>, lines: usize) {
    let rules = shop::rules(250, "ranked");
    with_request(&shop::cart(lines), |request| {
        let evaluation = evaluate(&rules, request);
        let print = || evaluation::print(black_box(&evaluation), &rules, request, shop::now());
        bencher.bench_local(print);
    });
}

/// The floor: each promotion's selector matched against the lines, the amount added up, and nothing
/// else. Texts are numbers already, on both sides; a line has two categories.
#[divan::bench(args = sizes())]
fn bare_scan(bencher: Bencher<'_, '_>, (lines, promotions): (usize, usize)) {
    let selectors: Vec<usize> = (0..promotions).map(shop::category_of).collect();
    let body = shop::cart(lines);
    let lines: Vec<([usize; 2], i64)> = with_request(&body, |request| {
        let category =
            |text: &str| text.trim_start_matches("category-").parse().unwrap_or(usize::MAX);
        let lines = request.cart.lines.iter().map(|line| {
            let [first, second] = line.categories.as_slice() else { panic!("two categories") };
            let own = [category(first), category(second)];
            (own, line.unit_price.scaled() * line.quantity.scaled())
        });
        lines.collect()
    });
    bencher.bench_local(|| {
        let lines = black_box(&lines);
        black_box(&selectors).iter().fold(0_i64, |sum, category| {
            let selected = lines.iter().filter(|(own, _)| own.contains(category));
            selected.fold(sum, |sum, (_, gross)| sum + gross)
        })
    });
}
