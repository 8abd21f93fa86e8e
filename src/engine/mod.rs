//! The evaluation: a pure function of rules, request, counters and time (spec 7).
//!
//! The stages, in order: the cart is read once (`view`); an index names the promotions that it could
//! meet (`candidates`); `gates` pass some; the `ranking` orders them; a `strategy` chooses and applies
//! them to the `units` of the cart, benefit by benefit (`benefits`); `explain` says why the others did
//! not apply.

mod allocation;
mod benefits;
mod calendar;
mod candidates;
mod conditions;
mod earning;
mod explain;
mod gates;
mod heap;
mod issuances;
mod limits;
mod line_set;
mod milestones;
mod offers;
mod patterns;
mod ranking;
mod requirements;
mod result;
pub mod returns;
mod reuse;
mod ruleset;
mod selection;
mod stock;
mod strategy;
mod units;
mod view;
mod work;

pub use earning::{Deed, earned};
pub use limits::{Needs, counters, needs, uses};
pub use milestones::{CountedLine, KnownMilestone, Step, come_back, steps};
pub use offers::{Offer, offer_needs, offers};
pub use ruleset::{RuleSet, Rules};
pub use stock::{ProductList, Stores};
pub use work::{Costly, STEPS_PER_MS, Stop, Unfinished};

use chrono::{DateTime, Utc};

use crate::domain::cart::{Explain, Request};
use crate::domain::counter::Used;
use crate::domain::evaluation::{Evaluation, Reason};
use crate::domain::id::{CodeId, IssuanceId, PromotionId};
use crate::domain::settings::Strategy;
use crate::domain::store::Store;
use allocation::Share;
use candidates::Candidate;
use line_set::LineSet;
use reuse::Reused;
use ruleset::Compiled;
use units::{Basket, ClaimRules, Slot};
use view::CartView;
use work::{End, Work};

/// Everything that an evaluation depends on besides the rules.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// The cart, the customer, the store. INVARIANT: the store, if named, is one of the rule set's.
    pub request: &'f Request<'f>,
    /// For each code of the cart whose it is; `None`: nobody's.
    pub codes: &'f [Option<CodeFact>],
    /// What the customer has in hand of the promotions that [`needs`] names, in any order: issuances that are unlocked
    /// and not revoked.
    pub issuances: &'f [IssuanceFact],
    /// What is gone of the counters that [`counters`] names; a counter that is missing is unused.
    pub used: &'f [Used],
    pub now: DateTime<Utc>,
}

/// Whose a presented code is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFact {
    /// The code itself: its counters are found by it.
    pub code_id: CodeId,
    /// The promotion that it unlocks.
    pub promotion_id: PromotionId,
    /// Excluded; `None`: never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An issuance that the customer could use, as far as its limits and its end allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuanceFact {
    /// Which: its counters are found by it.
    pub issuance_id: IssuanceId,
    /// The promotion that it unlocks.
    pub promotion_id: PromotionId,
    pub unlocked_at: DateTime<Utc>,
    /// Whether the customer has claimed it.
    pub is_activated: bool,
    /// Its own end, excluded; the promotion's bounds it besides.
    pub use_until: Option<DateTime<Utc>>,
}

/// Most promotions that are named where an evaluation is too complex.
const MOST_COSTLY: usize = 10;

/// A cart rarely has more candidates: there is room for so many at once.
const FIRST_CANDIDATES: usize = 16;

pub(crate) struct Case<'e> {
    rules: &'e RuleSet,
    facts: &'e Facts<'e>,
    view: CartView<'e>,
    claims: ClaimRules,
    untouched: Basket,
    work: Work<'e>,
    shares: Reused<Share>,
    slots: Reused<Slot>,
}

/// Prices a cart: which promotions apply, what every line then costs, and why the others did not
/// apply. The same input gives the same output, whatever order promotions were made or loaded in.
pub fn evaluate(rules: &RuleSet, facts: &Facts<'_>, stop: &Stop) -> Result<Evaluation, Unfinished> {
    if stop.is_stopped() {
        return Err(Unfinished::Stopped);
    }
    let budget_ms = match rules.settings().strategy {
        Strategy::Ranked | Strategy::BestDeal => 0,
        Strategy::Optimal => rules.settings().optimal_budget_ms,
    };
    let case = Case::new(rules, facts, Work::new(stop, budget_ms));
    let codes = explain::read_codes(rules, facts);
    let gated = gate(&case, &codes);
    let ranked = strategy::rank(&case, gated.passed);
    let outcome = strategy::choose(&case, &ranked);
    let mut evaluation = result::assemble(&case, &codes, &ranked, outcome, gated.failed);
    evaluation.candidates = gated.judged;
    evaluation.steps = case.work.steps();
    match case.work.end() {
        None => Ok(evaluation),
        Some(End::Stopped) => Err(Unfinished::Stopped),
        Some(End::TooComplex) => Err(Unfinished::TooComplex(costly(rules, ranked.candidates()))),
    }
}

/// Returns the promotions that took most steps, the largest first. If the search for texts alone has spent the bound, no
/// promotion has been judged: then it returns those that look for most texts.
fn costly(rules: &RuleSet, candidates: &[Candidate<'_>]) -> Vec<Costly> {
    let judged =
        candidates.iter().map(|own| Costly { promotion: own.number, steps: own.steps.get() });
    let mut costly: Vec<Costly> = judged.collect();
    if costly.iter().all(|own| own.steps == 0) {
        let all = rules.promotions.iter().enumerate();
        let by_texts = all.map(|(promotion, own)| Costly { promotion, steps: own.sought_texts() });
        costly = by_texts.collect();
    }
    costly.retain(|own| own.steps > 0);
    costly.sort_by_key(|own| (std::cmp::Reverse(own.steps), own.promotion));
    costly.truncate(MOST_COSTLY);
    costly
}

/// Compares every upper bound of `optimal` with what the orders below it come to: how many bounds there were, or the first
/// that is too low. For tests: nothing is left out, whatever it takes.
pub fn check_bounds(rules: &RuleSet, facts: &Facts<'_>) -> Result<u64, String> {
    let stop = Stop::default();
    let case = Case::new(rules, facts, Work::unbounded(&stop));
    let codes = explain::read_codes(rules, facts);
    let ranked = strategy::rank(&case, gate(&case, &codes).passed);
    strategy::check_bounds(&case, &ranked)
}

impl<'e> Case<'e> {
    fn new(rules: &'e RuleSet, facts: &'e Facts<'e>, work: Work<'e>) -> Self {
        let settings = rules.settings();
        let view = CartView::new(&facts.request.cart, &rules.facts, &work);
        let single = match (settings.multiple_promotions_per_line.enabled, &rules.single_lines) {
            (false, _) => view.all,
            (true, Some(excluded)) => excluded.select(&view, &work),
            (true, None) => LineSet::default(),
        };
        Self {
            untouched: Basket::new(&view, settings.percentage_base),
            rules,
            facts,
            view,
            claims: ClaimRules::new(settings, single),
            work,
            shares: Reused::default(),
            slots: Reused::default(),
        }
    }

    /// Where the cart is, if the request tells.
    fn store(&self) -> Option<&'e Store> {
        let code = self.facts.request.store.as_deref()?;
        self.rules.store(code)
    }

    /// Whether every promotion's reason is asked for.
    fn explains(&self) -> bool {
        self.facts.request.explain == Explain::All
    }
}

/// What the gates came to.
struct Gated<'e> {
    passed: Vec<Candidate<'e>>,
    /// Promotions with the gate that they failed at.
    failed: Vec<(usize, Reason)>,
    /// How many were judged.
    judged: usize,
}

/// The promotions whose gates are judged, in order of creation: those that the cart could meet, or all when every
/// promotion's reason is asked for.
fn to_judge<'e>(
    case: &Case<'e>,
    codes: &explain::Codes,
) -> impl Iterator<Item = (usize, &'e Compiled)> {
    let (rules, now) = (case.rules, case.facts.now);
    let explains = case.explains();
    let found = if explains {
        (0..rules.len()).collect()
    } else {
        let channel = case.facts.request.channel.as_deref();
        let place = rules.facts.of_place(case.store(), channel);
        let mut found = rules.index.find(case.view.facts().chain(place), &case.work);
        codes.promotions().for_each(|number| found.insert(number));
        found
    };
    found.into_iter().filter_map(move |number| {
        let compiled = rules.promotions.get(number)?;
        let is_judged = explains || compiled.is_current(now) || codes.unlocking(number).is_some();
        is_judged.then_some((number, compiled))
    })
}

fn gate<'e>(case: &Case<'e>, codes: &explain::Codes) -> Gated<'e> {
    let rules = case.rules;
    let passed = Vec::with_capacity(FIRST_CANDIDATES);
    let mut gated = Gated { passed, failed: Vec::new(), judged: 0 };
    for (number, compiled) in to_judge(case, codes) {
        if !case.work.charge(gates::steps(compiled, case.facts)) {
            break;
        }
        gated.judged += 1;
        match gates::judge(compiled, rules, case.facts, case.store(), codes.unlocking(number)) {
            Ok(passed) => gated.passed.push(Candidate::new(case, number, compiled, passed)),
            Err(reason) => gated.failed.push((number, reason)),
        }
    }
    gated
}
