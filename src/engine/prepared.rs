//! A cart under one rule set. It is read once. Then follows what has to be looked up for it, and then its price
//! (spec 7.2).

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::cart::{Explain, Request};
use crate::domain::counter::{Bound, Owner, Use, Used};
use crate::domain::evaluation::{Applied, Evaluation, PromotionIndex};
use crate::domain::id::PromotionId;
use crate::domain::limit::Measure;

use super::case::{Case, Inputs};
use super::codes::Codes;
use super::compiled::Compiled;
use super::gates::Gate;
use super::index::PromotionSet;
use super::inputs::{CodeFact, IssuanceFact};
use super::reading::Reading;
use super::ruleset::RuleSet;
use super::work::{Stop, Unfinished, Work};
use super::{evaluate, gates, issuances, limits};

/// A cart that was read under a tenant's rules. `Q` points to its request, which is borrowed or shared.
pub struct Prepared<Q> {
    rules: Arc<RuleSet>,
    request: Q,
    now: DateTime<Utc>,
    reading: Reading,
    codes: Codes,
    /// The promotions that pass the gates that look at the request and the rules alone.
    admitted: PromotionSet,
    /// The other promotions that were judged, in order of creation.
    refused: Vec<(PromotionIndex, Gate)>,
    /// The steps that reading took.
    steps: u64,
}

/// What has to be looked up before a cart is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The counters of customers, codes and everybody. Counters of issuances are known once the issuances are known.
    pub counters: Vec<Bound>,
    /// The promotions for which the customer's issuances matter.
    pub issuances: Vec<PromotionId>,
}

impl Needs {
    /// Whether nothing has to be looked up.
    pub fn is_empty(&self) -> bool {
        self.counters.is_empty() && self.issuances.is_empty()
    }
}

impl<'r, Q: Deref<Target = Request<'r>>> Prepared<Q> {
    /// Reads a cart, finds the promotions that it could meet, and judges the gates that look at the request and the
    /// rules alone. `codes` has an entry for each code of the cart; `None` where no promotion has the code.
    ///
    /// INVARIANT: if the request names a store, the rule set has it.
    pub fn new(
        rules: Arc<RuleSet>,
        request: Q,
        codes: &[Option<CodeFact>],
        now: DateTime<Utc>,
        stop: &Stop,
    ) -> Result<Self, Unfinished> {
        let work = Work::new(stop, rules.settings().search_ms(), 0);
        let reading = Reading::new(&request.cart.lines, rules.facts(), &work);
        let customer = request.customer.as_ref().and_then(|own| own.id.as_deref());
        let codes = Codes::read(&rules, &request.cart.codes, codes, customer, now);
        let store = request.store.as_deref().and_then(|code| rules.store(code));
        let explains = request.explain == Explain::All;
        let mut admitted = if explains {
            rules.all()
        } else {
            let mut found = rules.find(store, request.channel.as_deref(), &reading, &work);
            codes.known().for_each(|code| found.insert(code.promotion));
            found
        };
        let mut refused = Vec::new();
        admitted.retain(|index| {
            let compiled = rules.compiled(index);
            let has_code = codes.known().any(|code| code.promotion == index);
            if !(explains || has_code || compiled.is_current(now))
                || !work.charge(gates::steps(compiled, &request))
            {
                return false;
            }
            let judged = gates::admit(compiled, &rules, &request, store, has_code, now);
            judged.map_err(|reason| refused.push((index, reason))).is_ok()
        });
        evaluate::require_finished(&work, &rules, [].iter())?;
        let steps = work.steps();
        Ok(Self { rules, request, now, reading, codes, admitted, refused, steps })
    }

    /// Copies the request, so that another thread can evaluate the cart.
    pub fn into_owned(self) -> Prepared<Arc<Request<'static>>> {
        let Self { rules, request, now, reading, codes, admitted, refused, steps } = self;
        let request = Arc::new(Request::clone(&request).into_owned());
        Prepared { rules, request, now, reading, codes, admitted, refused, steps }
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

    /// What has to be looked up for the admitted promotions and the presented codes.
    pub fn needs(&self) -> Needs {
        let limited = self.admitted().filter(|compiled| compiled.has_limits());
        let shared = limited.flat_map(|compiled| self.bounds(compiled, self.shared_owners()));
        Needs {
            counters: shared.chain(self.bounds_of_codes()).collect(),
            issuances: self.asking_for_issuances().collect(),
        }
    }

    /// The promotions for which the customer's issuances matter.
    pub fn asking_for_issuances(&self) -> impl Iterator<Item = PromotionId> {
        let asking = self.admitted().filter(|own| own.promotion.terms.asks_for_issuance());
        asking.map(|compiled| compiled.promotion.id)
    }

    /// The counters that the price depends on: those of the promotions that pass all gates before the limits, of their
    /// issuances, and of the presented codes. `issuances` are the customer's issuances of the promotions that
    /// [`Needs::issuances`] names, in any order. They are unlocked and not revoked.
    pub fn counters(&self, issuances: &[IssuanceFact]) -> Vec<Bound> {
        let limited = self.admitted().filter(|compiled| compiled.has_limits());
        let open = limited.filter(|compiled| issuances::opens(compiled, issuances, self.now));
        let bounds = open.flat_map(|compiled| {
            // Which of them serves the cart depends on what is left of each.
            let in_hand = issuances::of_promotion(compiled, issuances, self.now);
            let in_hand = in_hand.map(|own| Owner::Issuance(own.issuance_id));
            self.bounds(compiled, self.shared_owners().chain(in_hand))
        });
        bounds.chain(self.bounds_of_codes()).collect()
    }

    /// Prices the cart: which promotions apply, what every line then costs, and why the others did not apply. `used`
    /// says how much is gone of the counters that [`Self::counters`] names; a counter that is missing is unused. The
    /// same input gives the same output, in whatever order promotions were loaded.
    pub fn evaluate<'e>(
        &'e self,
        issuances: &'e [IssuanceFact],
        used: &'e [Used],
        stop: &'e Stop,
    ) -> Result<Evaluation, Unfinished>
    where
        'r: 'e,
    {
        let work = Work::new(stop, self.rules.settings().search_ms(), self.steps);
        let inputs = self.inputs(issuances, used);
        evaluate::evaluate(inputs, &work, &self.admitted, &self.refused)
    }

    /// Prices the cart like [`Self::evaluate`], where nobody reads reasons and suggestions.
    pub(crate) fn evaluate_alone<'e>(
        &'e self,
        issuances: &'e [IssuanceFact],
        used: &'e [Used],
        stop: &'e Stop,
    ) -> Result<Evaluation, Unfinished>
    where
        'r: 'e,
    {
        let work = Work::new(stop, self.rules.settings().search_ms(), self.steps);
        let inputs = self.inputs(issuances, used);
        evaluate::evaluate_alone(inputs, &work, &self.admitted, &self.refused)
    }

    /// What an evaluation takes from the counters of the promotions that applied.
    pub fn uses(&self, evaluation: &Evaluation) -> Vec<Use> {
        let of_promotion = |applied: &Applied| {
            let issuance = applied.issuance_id.map(Owner::Issuance);
            let code = applied.code.and_then(|place| self.codes.owner(place));
            let owners = self.shared_owners().chain(issuance).chain(code);
            let uses = self.bounds(self.rules.compiled(applied.promotion), owners).map(|bound| {
                let amount = match bound.counter.measure {
                    Measure::Times => applied.times,
                    Measure::Transactions => 1,
                    Measure::Discount => applied.discount.scaled(),
                };
                Use { bound, amount }
            });
            uses.filter(|own| own.amount > 0).collect::<Vec<_>>()
        };
        evaluation.applied.iter().flat_map(of_promotion).collect()
    }

    /// Compares every upper bound of `optimal` with the best order below it. Returns how many bounds were compared, or
    /// the first that is too low. It is for tests and has no bound on its work.
    #[doc(hidden)]
    pub fn check_bounds<'e>(&'e self) -> Result<u64, String>
    where
        'r: 'e,
    {
        let stop = Stop::default();
        let work = Work::unbounded(&stop);
        let case = Case::new(self.inputs(&[], &[]), &work);
        evaluate::check_bounds(&case, &self.admitted)
    }

    fn inputs<'e>(&'e self, issuances: &'e [IssuanceFact], used: &'e [Used]) -> Inputs<'e>
    where
        'r: 'e,
    {
        Inputs {
            rules: &self.rules,
            request: &self.request,
            now: self.now,
            reading: &self.reading,
            codes: &self.codes,
            issuances,
            used,
        }
    }

    fn admitted(&self) -> impl Iterator<Item = &Compiled> {
        self.admitted.iter().map(|index| self.rules.compiled(index))
    }

    /// The owners whose counters promotions share: the request's customer, and everybody.
    fn shared_owners(&self) -> impl Iterator<Item = Owner> + use<'r, Q> {
        let customer = self.request.customer.as_ref();
        limits::shared_owners(customer.and_then(|customer| customer.id.as_deref()))
    }

    fn bounds<'p>(
        &'p self,
        compiled: &'p Compiled,
        owners: impl Iterator<Item = Owner> + 'p,
    ) -> impl Iterator<Item = Bound> + 'p {
        limits::bounds(compiled, self.rules.counting_zone(), self.now, owners)
    }

    /// The counters of the presented codes.
    fn bounds_of_codes(&self) -> impl Iterator<Item = Bound> {
        self.codes.known().flat_map(|code| {
            let owner = std::iter::once(Owner::Code(code.code_id));
            self.bounds(self.rules.compiled(code.promotion), owner)
        })
    }
}
