//! Prices past carts again, in their order, under two rule sets, and sums up both (spec 15.3).
//!
//! Each rule set is an arm. Limits are counted in each arm by itself, from nothing. An arm knows no other redemptions
//! than those it is given, so the same carts give the same sums.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::domain::amount::Money;
use crate::domain::cart::{Request, gross};
use crate::domain::counter::Bound;
use crate::domain::evaluation::{Applied, Evaluation};
use crate::domain::exact::Exact;
use crate::domain::id::PromotionId;

use super::inputs::{CodeFact, IssuanceFact};
use super::past_counters::PastCounters;
use super::prepared::Prepared;
use super::ruleset::RuleSet;
use super::work::{Stop, Unfinished};

/// Most examples of a result.
const MAX_EXAMPLES: usize = 10;

/// A recorded redemption, with what is known of it now.
#[derive(Clone, Debug)]
pub struct PastCart<'r> {
    pub transaction_id: String,
    pub evaluated_at: DateTime<Utc>,
    pub request: Request<'r>,
    /// The discount that was recorded.
    pub discount: Money,
    /// For each code, the promotion that it unlocks in each arm.
    pub codes: Arms<Vec<Option<CodeFact>>>,
    /// The issuances that the redemption used.
    pub issuances: Vec<IssuanceFact>,
}

/// Something of each arm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arms<T> {
    /// Under today's rules.
    pub baseline: T,
    /// Under today's rules with the changes.
    pub changed: T,
}

/// What many carts came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub discount: Exact,
    pub points: Exact,
    /// How many carts had a discount.
    pub carts: u64,
}

/// What a promotion gave to many carts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    pub times: i64,
    pub sums: Sums,
}

/// A cart whose discounts differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    pub transaction_id: String,
    pub discounts: Arms<Money>,
}

/// What all carts came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub redemptions: u64,
    pub gross: Exact,
    pub recorded: Sums,
    pub sums: Arms<Sums>,
    /// Carts whose discount is larger under the changed rules.
    pub better: u64,
    /// Carts whose discount is smaller.
    pub worse: u64,
    pub same: u64,
    /// What each promotion gave that applied in one of the arms.
    pub promotions: BTreeMap<PromotionId, Arms<Given>>,
    /// The days of the tenant's calendar on which there were carts.
    pub days: BTreeMap<NaiveDate, Arms<Sums>>,
    /// The largest differences, the largest first; of equal ones the earlier.
    pub examples: Vec<Example>,
}

/// Why a backtest cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It was asked to stop.
    Stopped,
    /// More counters are in use than may be in memory.
    TooManyCounters,
}

/// A backtest on its way through the carts.
pub struct Backtest {
    arms: Arms<Arm>,
    /// The zone of its days.
    zone: Tz,
    comparison: Comparison,
}

/// A rule set, and how much of its limits is gone.
struct Arm {
    rules: Arc<RuleSet>,
    counters: PastCounters,
}

/// What a cart came to in an arm. A cart that is too complex has no discount.
#[derive(Default)]
struct Priced {
    discount: Money,
    points: Exact,
    applied: Vec<Applied>,
}

impl Backtest {
    /// Begins. The rules are the baseline's and the changed ones. Days are those of the baseline's zone.
    pub fn new(rules: Arms<Arc<RuleSet>>) -> Self {
        let zone = rules.baseline.settings().timezone;
        let arm = |rules| Arm { rules, counters: PastCounters::default() };
        let arms = Arms { baseline: arm(rules.baseline), changed: arm(rules.changed) };
        Self { arms, zone, comparison: Comparison::default() }
    }

    /// Prices the next cart. Carts come in the order in which they were evaluated.
    pub fn add(&mut self, cart: &PastCart<'_>, stop: &Stop) -> Result<(), Broken> {
        let Arms { baseline, changed } = &mut self.arms;
        let priced = Arms {
            baseline: baseline.price(cart, &cart.codes.baseline, stop)?,
            changed: changed.price(cart, &cart.codes.changed, stop)?,
        };
        let day = cart.evaluated_at.with_timezone(&self.zone).date_naive();
        self.comparison.add(cart, day, &priced);
        Ok(())
    }

    pub fn finish(self) -> Comparison {
        self.comparison
    }
}

impl Arm {
    fn price(
        &mut self,
        cart: &PastCart<'_>,
        codes: &[Option<CodeFact>],
        stop: &Stop,
    ) -> Result<Priced, Broken> {
        match self.evaluate(cart, codes, stop) {
            Ok((evaluation, taken)) => {
                taken?;
                let points = evaluation.applied.iter();
                let points = points.fold(Exact::ZERO, |sum, own| sum.plus(&own.points));
                let discount = evaluation.totals.discount();
                Ok(Priced { discount, points, applied: evaluation.applied })
            }
            Err(Unfinished::TooComplex(_)) => Ok(Priced::default()),
            Err(Unfinished::Stopped) => Err(Broken::Stopped),
        }
    }

    /// Evaluates a cart on what is left of the limits, and takes from them what it uses.
    fn evaluate(
        &mut self,
        cart: &PastCart<'_>,
        codes: &[Option<CodeFact>],
        stop: &Stop,
    ) -> Result<(Evaluation, Result<(), Broken>), Unfinished> {
        let rules = Arc::clone(&self.rules);
        let prepared = Prepared::new(rules, &cart.request, codes, cart.evaluated_at, stop)?;
        let bounds = prepared.counters(&cart.issuances);
        let used = bounds.into_iter().filter_map(|Bound { counter, .. }| {
            let promotion = self.rules.index_of(counter.promotion_id)?;
            Some(self.counters.used(promotion, counter))
        });
        let used = used.collect::<Vec<_>>();
        let evaluation = prepared.evaluate_alone(&cart.issuances, &used, stop)?;
        let taken = prepared.uses(&evaluation).iter().try_for_each(|own| {
            let promotion = self.rules.index_of(own.bound.counter.promotion_id);
            promotion.map_or(Ok(()), |promotion| self.counters.take(promotion, own))
        });
        Ok((evaluation, taken.map_err(|_| Broken::TooManyCounters)))
    }
}

impl Sums {
    fn add(&mut self, discount: Money, points: &Exact) {
        if discount.is_positive() {
            self.discount = self.discount.plus(&discount.into());
            self.carts += 1;
        }
        if points.is_positive() {
            self.points = self.points.plus(points);
        }
    }
}

impl Comparison {
    fn add(&mut self, cart: &PastCart<'_>, day: NaiveDate, priced: &Arms<Priced>) {
        self.redemptions += 1;
        let gross = Exact::from_common(gross(&cart.request.cart.lines));
        self.gross = self.gross.plus(&gross);
        self.recorded.add(cart.discount, &Exact::ZERO);
        for (sums, own) in self.sums.with(priced) {
            sums.add(own.discount, &own.points);
        }
        for (sums, own) in self.days.entry(day).or_default().with(priced) {
            sums.add(own.discount, &own.points);
        }
        for applied in &priced.baseline.applied {
            self.promotions.entry(applied.promotion_id).or_default().baseline.add(applied);
        }
        for applied in &priced.changed.applied {
            self.promotions.entry(applied.promotion_id).or_default().changed.add(applied);
        }
        let (baseline, changed) = (priced.baseline.discount, priced.changed.discount);
        match changed.cmp(&baseline) {
            Ordering::Greater => self.better += 1,
            Ordering::Less => self.worse += 1,
            Ordering::Equal => {
                self.same += 1;
                return;
            }
        }
        let discounts = Arms { baseline, changed };
        let own = discounts.difference();
        let mut known = self.examples.iter();
        let place = known.position(|example| example.discounts.difference() < own);
        let place = place.unwrap_or(self.examples.len());
        if place < MAX_EXAMPLES {
            let transaction_id = cart.transaction_id.clone();
            self.examples.insert(place, Example { transaction_id, discounts });
            self.examples.truncate(MAX_EXAMPLES);
        }
    }
}

impl Given {
    fn add(&mut self, applied: &Applied) {
        self.times = self.times.saturating_add(applied.times);
        self.sums.add(applied.discount, &applied.points);
    }
}

impl Arms<Money> {
    fn difference(&self) -> Money {
        let Self { baseline, changed } = *self;
        if baseline < changed { changed.minus(baseline) } else { baseline.minus(changed) }
    }
}

impl<T> Arms<T> {
    /// The arms of two, pairwise.
    fn with<'a, U>(&'a mut self, other: &'a Arms<U>) -> [(&'a mut T, &'a U); 2] {
        [(&mut self.baseline, &other.baseline), (&mut self.changed, &other.changed)]
    }
}
