//! Prices products for shop windows, each as a cart of its own (spec 15.5).
//!
//! What the products share is done once. Their lines are read together, each selector selects among all of them, and
//! the gates are judged once, because no gate looks at lines.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use crate::domain::amount::Money;
use crate::domain::cart::Request;
use crate::domain::counter::Used;
use crate::domain::evaluation::PromotionIndex;
use crate::domain::exact::Exact;
use crate::domain::promotion::Kind;

use super::candidate::Candidate;
use super::case::{Case, Inputs};
use super::codes::Codes;
use super::compiled::{Compiled, Selected};
use super::gates::Passed;
use super::inputs::IssuanceFact;
use super::line_set::LineSet;
use super::prepared::Needs;
use super::reading::Reading;
use super::ruleset::RuleSet;
use super::view::CartView;
use super::work::{Stop, Unfinished, Work};
use super::{evaluate, gates, limits, strategy};

/// Most promotions of a product that do not apply (spec 15.5).
const MAX_OTHERS: usize = 10;

/// Products that were read under a tenant's rules. `Q` points to a request whose lines are the products.
pub struct Products<Q> {
    rules: Arc<RuleSet>,
    request: Q,
    now: DateTime<Utc>,
    /// In order of creation.
    admitted: Vec<Admitted>,
    /// The products of which only one promotion may discount units.
    single: LineSet,
    /// The steps that reading took.
    steps: u64,
}

/// An item-level promotion that passes the gates that look at the request and the rules alone, but perhaps that of the
/// code. At least one product could get it.
struct Admitted {
    index: PromotionIndex,
    /// The products that each of its selections selects.
    selected: Selected,
    /// The products that it is about.
    concerned: LineSet,
    /// The products to which it could apply, and those that it is about.
    possible: LineSet,
}

/// What a product costs.
#[derive(Clone, Debug)]
pub struct PricedProduct {
    /// Unit price × quantity.
    pub gross: Exact,
    pub discount: Money,
    /// gross + tax + charges − discount.
    pub price: Exact,
    /// Those that apply, in order of application, then others that are about the product, in rank order.
    pub promotions: Vec<OnOffer>,
}

/// A promotion that is shown with a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnOffer {
    /// Its index in the rule set.
    pub promotion: PromotionIndex,
    /// What it takes off; `None`: it does not apply to the product as it is.
    pub discount: Option<Money>,
}

impl<'r, Q: Deref<Target = Request<'r>>> Products<Q> {
    /// Reads products, and judges the gates that look at the request and the rules alone.
    ///
    /// INVARIANT: if the request names a store, the rule set has it. The request has no codes.
    pub fn new(
        rules: Arc<RuleSet>,
        request: Q,
        now: DateTime<Utc>,
        stop: &Stop,
    ) -> Result<Self, Unfinished> {
        let work = Work::new(stop, rules.settings().search_ms(), 0);
        let reading = Reading::new(&request.cart.lines, rules.facts(), &work);
        let view = CartView::new(&request.cart.lines, &reading);
        let store = request.store.as_deref().and_then(|code| rules.store(code));
        let mut admitted = Vec::new();
        for (index, compiled) in rules.indexed() {
            if !compiled.is_item_level() || !compiled.is_current(now) {
                continue;
            }
            if !work.charge(gates::steps(compiled, &request)) {
                break;
            }
            if gates::admit(compiled, &rules, &request, store, true, now).is_ok() {
                admitted.extend(Admitted::new(index, compiled, &view, &work));
            }
        }
        let single = rules.single_lines(&view, &work);
        evaluate::require_finished(&work, &rules, [].iter())?;
        let steps = work.steps();
        Ok(Self { rules, request, now, admitted, single, steps })
    }

    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    pub fn request(&self) -> &Request<'r> {
        &self.request
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// What has to be looked up before the products are priced.
    pub fn needs(&self) -> Needs {
        let customer = self.request.customer.as_ref().and_then(|own| own.id.as_deref());
        let zone = self.rules.counting_zone();
        let all = || self.admitted.iter().map(|own| self.rules.compiled(own.index));
        let limited = all().filter(|compiled| compiled.has_limits());
        let counters = limited.flat_map(|compiled| {
            limits::bounds(compiled, zone, self.now, limits::shared_owners(customer))
        });
        let asking = all().filter(|own| own.promotion.terms.asks_for_issuance());
        let issuances = asking.map(|compiled| compiled.promotion.id);
        Needs { counters: counters.collect(), issuances: issuances.collect() }
    }

    /// Prices each product. `issuances` and `used` are what [`Self::needs`] asks for.
    pub fn price(
        &self,
        issuances: &[IssuanceFact],
        used: &[Used],
        stop: &Stop,
    ) -> Result<Vec<PricedProduct>, Unfinished> {
        let lines = self.request.cart.lines.as_slice();
        let open = self.admitted.iter().filter_map(|admitted| {
            let compiled = self.rules.compiled(admitted.index);
            let passed = gates::judge_limits(compiled, issuances, used, self.now)?;
            Some(Open { admitted, passed })
        });
        let open: Vec<Open<'_>> = open.collect();
        let mut here: Vec<SmallVec<[&Open<'_>; 8]>> = Vec::new();
        here.resize_with(lines.len(), SmallVec::new);
        for own in &open {
            for place in own.admitted.possible.iter() {
                if let Some(here) = here.get_mut(place) {
                    here.push(own);
                }
            }
        }
        let (reading, codes) = (Reading::default(), Codes::none());
        let inputs = Inputs {
            rules: &self.rules,
            request: &self.request,
            now: self.now,
            reading: &reading,
            codes: &codes,
            issuances,
            used,
        };
        let work = Work::new(stop, self.rules.settings().search_ms(), self.steps);
        let mut case = Case::with(inputs, &work, CartView::new(&[], &reading), LineSet::default());
        case.tells_reasons = false;
        let priced = lines.iter().zip(&here).enumerate().map(|(place, (line, here))| {
            let given = if here.is_empty() {
                Given::default()
            } else {
                // The selections are known, so nothing more is read of the line.
                let view = CartView::new(std::slice::from_ref(line), &reading);
                case.turn_to(view, alone(&self.single, place));
                give(&case, place, here)?
            };
            let Given { discount, promotions } = given;
            let gross = Exact::product(line.unit_price, line.quantity);
            let added = line.tax.plus(line.charges);
            let price = gross.plus(&Exact::from(added.minus(discount)));
            Ok(PricedProduct { gross, discount, price, promotions })
        });
        priced.collect()
    }
}

/// A promotion that passes all gates but perhaps those of code, issuance and activation.
struct Open<'p> {
    admitted: &'p Admitted,
    passed: Passed,
}

impl Admitted {
    /// `None` if no product could get the promotion.
    fn new(
        index: PromotionIndex,
        compiled: &Compiled,
        view: &CartView<'_>,
        work: &Work<'_>,
    ) -> Option<Self> {
        let selected = compiled.select(view, work);
        let concerned = compiled.concerned(view, &selected);
        let possible = if compiled.gives_products() {
            concerned.union(&compiled.could_meet(view, &selected))
        } else {
            concerned
        };
        (!possible.is_empty()).then_some(Self { index, selected, concerned, possible })
    }
}

/// A set of products, seen from one of them.
fn alone(products: &LineSet, place: usize) -> LineSet {
    if products.contains(place) { LineSet::first(1) } else { LineSet::default() }
}

/// What promotions give on a product.
#[derive(Default)]
struct Given {
    discount: Money,
    promotions: Vec<OnOffer>,
}

/// What promotions give on the product of a case. `here` are those that it could get, in order of creation.
fn give(case: &Case<'_>, place: usize, here: &[&Open<'_>]) -> Result<Given, Unfinished> {
    let candidate = |own: &&Open<'_>| {
        let selected = own.admitted.selected.iter().map(|lines| alone(lines, place)).collect();
        // The promotions of the case live longer than those of `here`.
        let (index, compiled) = (own.admitted.index, case.rules.compiled(own.admitted.index));
        Candidate::with(case, index, compiled, own.passed, selected)
    };
    let mut ranked = strategy::rank(case, here.iter().map(candidate).collect());
    let in_order: SmallVec<[PromotionIndex; 8]> =
        ranked.candidates().map(|own| own.index).collect();
    ranked.retain(|own| !is_locked(own));
    let outcome = strategy::choose(case, &ranked);
    evaluate::require_finished(case.work, case.rules, ranked.candidates())?;
    let applied = outcome.applied.iter().map(|(own, proposal)| OnOffer {
        promotion: ranked.candidate(*own).index,
        discount: Some(proposal.discount),
    });
    let is_other = |promotion: &PromotionIndex| {
        let own = here.binary_search_by_key(promotion, |own| own.admitted.index);
        let own = own.ok().and_then(|found| here.get(found));
        let mut applied = outcome.applied.iter();
        own.is_some_and(|own| own.admitted.concerned.contains(place))
            && applied.all(|(own, _)| ranked.candidate(*own).index != *promotion)
    };
    let others = in_order.into_iter().filter(is_other).take(MAX_OTHERS);
    let others = others.map(|promotion| OnOffer { promotion, discount: None });
    let discount = outcome.applied.iter().map(|(_, proposal)| proposal.discount).sum();
    Ok(Given { discount, promotions: applied.chain(others).collect() })
}

/// Whether a code, an issuance or an activation is missing.
fn is_locked(candidate: &Candidate<'_>) -> bool {
    let terms = &candidate.compiled.promotion.terms;
    matches!(terms.kind, Kind::CodeLinked) || gates::lacks(terms, candidate.issuance).is_some()
}
