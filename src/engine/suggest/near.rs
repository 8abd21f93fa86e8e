//! The one change of the cart that could make a promotion apply, by what the promotion lacks.

use crate::domain::amount::{Money, Quantity};
use crate::domain::benefit::{Benefit, From};
use crate::domain::condition::{CartMeasure, Condition, Leaf, LineMeasure, ModeTest};
use crate::domain::evaluation::{LeafPlace, PromotionIndex, Unmet, UnmetNumber};
use crate::domain::exact::Exact;
use crate::domain::reason::Values;
use crate::domain::selector::{
    Comparison, NumberOperator, NumberTest, Predicate, Selector, TextTest,
};
use crate::domain::suggestion::{Advice, Shortfall, SuggestionKind, Wanted, WantedField};
use crate::engine::benefits::{target_lines, units_to_apply};
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::conditions::{Conditions, LeafTest};
use crate::engine::explain;
use crate::engine::line_set::LineSet;
use crate::engine::units::Basket;

use super::change::Change;
use super::missed::{Lacks, Missed};

/// A promotion that is close to applying, or to a further step.
pub(super) struct Near {
    pub(super) promotion: PromotionIndex,
    pub(super) advice: Advice,
    /// The change to price; `None`: no price is computed.
    pub(super) trial: Option<Trial>,
}

/// A change to price, and what must come of it.
pub(super) struct Trial {
    pub(super) change: Change,
    /// How often one more unit of the raised line is tried.
    pub(super) further: i64,
    /// The least step with which the promotion must apply.
    pub(super) step: usize,
}

impl Near {
    /// The change for what a promotion lacks, if there is one.
    pub(super) fn new(
        case: &Case<'_>,
        candidate: &Candidate<'_>,
        missed: &Missed,
        (place, lacks): &(usize, Lacks),
    ) -> Option<Self> {
        match lacks {
            Lacks::Leaf(unmet) => of_leaf(case, candidate, unmet),
            Lacks::Units => of_units(case, candidate, missed.seen_by(case, *place)),
            Lacks::Step(step) => of_step(case, candidate, &missed.before(case, *place), *step),
        }
    }

    /// Asks who buys.
    pub(super) fn identify(candidate: &Candidate<'_>) -> Self {
        Self::unpriced(candidate, SuggestionKind::Identify, None, None)
    }

    fn unpriced(
        candidate: &Candidate<'_>,
        kind: SuggestionKind,
        shortfall: Option<Shortfall>,
        wanted: Option<Wanted>,
    ) -> Self {
        let advice = Advice { kind, shortfall, raised: None, wanted, payment: None };
        Self { promotion: candidate.index, advice, trial: None }
    }

    fn priced(self, change: Change, further: i64) -> Self {
        Self { trial: Some(Trial { change, further, step: 0 }), ..self }
    }
}

fn of_leaf(case: &Case<'_>, candidate: &Candidate<'_>, unmet: &Unmet) -> Option<Near> {
    let terms = &candidate.compiled.promotion.terms;
    let conditions = candidate.compiled.conditions.as_ref()?;
    let part = candidate.parts(case).get(unmet.part)?;
    let number = unmet.number();
    let path = match &unmet.place {
        LeafPlace::FirstStep => {
            let of = terms.steps.as_ref()?.of.as_ref();
            return of_number(case, candidate, conditions.last()?, number?, of, part);
        }
        LeafPlace::Conditions(path) => path,
    };
    let (leaf, is_asked_for) = leaf_at(terms.conditions.as_ref()?, path)?;
    let test = test_at(conditions, path, terms.steps.is_some())?;
    match leaf {
        Leaf::Cart { .. } => of_number(case, candidate, test, number?, None, part),
        Leaf::Lines { of, .. } => of_number(case, candidate, test, number?, Some(of), part),
        Leaf::Item { of, found: true } if is_asked_for => match test {
            LeafTest::Item { of: selection, .. } => {
                let is_missing = candidate.lines_of(*selection, part).is_empty();
                is_missing.then(|| add_item(candidate, None, Some(of)))
            }
            LeafTest::Cart { .. } | LeafTest::Lines { .. } | LeafTest::Request(_) => None,
        },
        Leaf::PaymentMode { test } if is_asked_for => pay_with(candidate, test),
        Leaf::Item { .. }
        | Leaf::PaymentMode { .. }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. } => None,
    }
}

/// The leaf at the end of a path, and whether it should be true.
fn leaf_at<'c>(condition: &'c Condition, path: &[usize]) -> Option<(&'c Leaf, bool)> {
    match (condition, path.split_first()) {
        (Condition::Leaf(leaf), None) => Some((leaf, true)),
        (Condition::Group(group), Some((child, rest))) => {
            let (leaf, is_asked_for) = leaf_at(group.of.get(*child)?, rest)?;
            Some((leaf, is_asked_for && group.is))
        }
        (Condition::Leaf(_), Some(_)) | (Condition::Group(_), None) => None,
    }
}

/// The compiled leaf at the end of a path. With steps, a promotion's own conditions are the first child of the root.
fn test_at<'c>(
    conditions: &'c Conditions,
    path: &[usize],
    has_steps: bool,
) -> Option<&'c LeafTest> {
    conditions.at(has_steps.then_some(0).into_iter().chain(path.iter().copied()))
}

/// The change that makes up for a shortfall.
fn of_number(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    test: &LeafTest,
    number: &UnmetNumber,
    of: Option<&Selector>,
    part: &LineSet,
) -> Option<Near> {
    let value = number.shortfall.clone()?;
    let missing = Exact::from(number.required).minus(&number.actual);
    let raised = |lines: &LineSet, compare: &Comparison, is_amount: bool| {
        let line = cheapest(case, lines)?;
        let each = if is_amount { case.view.line(line).unit_price.into() } else { Exact::ONE };
        let by = times_to_reach(&missing, compare.op, &each);
        let shortfall = Some(Shortfall { value: value.clone(), is_amount });
        let near = Near::unpriced(candidate, SuggestionKind::AddQuantity, shortfall, None);
        Some(near.priced(Change::Raise { line, by }, further_units(candidate)))
    };
    match test {
        LeafTest::Cart { measure: CartMeasure::Amount | CartMeasure::Subtotal, .. } => {
            let step = case.rules.settings().rounding.step().scaled();
            let steps = value.steps_up(case.rules.settings().rounding.precision());
            let price = i64::try_from(steps).unwrap_or(i64::MAX).saturating_mul(step);
            let shortfall = Some(Shortfall { value, is_amount: true });
            let near = Near::unpriced(candidate, SuggestionKind::AddAmount, shortfall, None);
            Some(near.priced(Change::AddLine { price: Money::from_scaled(price) }, 0))
        }
        LeafTest::Cart { measure: CartMeasure::Quantity, compare } => {
            raised(&case.view.all, compare, false)
        }
        LeafTest::Lines {
            measure: measure @ (LineMeasure::Amount | LineMeasure::Quantity),
            of: selection,
            compare,
        } => {
            let lines = candidate.lines_of(*selection, part);
            let is_amount = measure.is_amount();
            if lines.is_empty() {
                Some(add_item(candidate, Some(Shortfall { value, is_amount }), of))
            } else {
                raised(&lines, compare, is_amount)
            }
        }
        LeafTest::Cart {
            measure: CartMeasure::Mrp | CartMeasure::Weight | CartMeasure::ItemCount,
            ..
        }
        | LeafTest::Lines {
            measure: LineMeasure::DistinctProducts | LineMeasure::DistinctVariants,
            ..
        }
        | LeafTest::Item { .. }
        | LeafTest::Request(_) => None,
    }
}

/// How many times `each` makes up for what is missing.
fn times_to_reach(missing: &Exact, op: NumberOperator, each: &Exact) -> i64 {
    let times = missing.over(each);
    match op {
        NumberOperator::Gt => times.split_at(0).0.saturating_add(1),
        NumberOperator::Gte
        | NumberOperator::Eq
        | NumberOperator::Ne
        | NumberOperator::Lt
        | NumberOperator::Lte => times.ceiling(),
    }
}

/// The first of the lines with the lowest unit price above 0.
fn cheapest(case: &Case<'_>, lines: &LineSet) -> Option<usize> {
    let price = |line: &usize| case.view.line(*line).unit_price;
    lines.iter().filter(|line| price(line).is_positive()).min_by_key(price)
}

/// Units beyond those of the condition can be needed besides: as many as one application rewards.
fn further_units(candidate: &Candidate<'_>) -> i64 {
    match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(own) if own.from == From::BeyondCondition => {
            Exact::from(own.quantity.unwrap_or(Quantity::ONE)).ceiling()
        }
        Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => 0,
    }
}

/// The conditions hold, and there is no unit to discount.
fn of_units(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> Option<Near> {
    let lines = target_lines(case, candidate, basket)?;
    let benefit = &candidate.compiled.promotion.terms.benefit;
    if lines.is_empty() {
        return Some(add_item(candidate, None, benefit.select()));
    }
    let further = further_units(candidate);
    if further == 0 {
        return None;
    }
    let line = cheapest(case, &lines)?;
    let near = Near::unpriced(candidate, SuggestionKind::AddQuantity, None, None);
    let lacking = units_to_apply(case, candidate, basket, line)?;
    // Where the promotion may apply once, the first unit is already one that it could reward.
    let (by, further) = if lacking > 0 { (lacking, further) } else { (1, further - 1) };
    Some(near.priced(Change::Raise { line, by }, further))
}

/// It applies, and a further step gives another value.
fn of_step(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    before: &Basket,
    step: usize,
) -> Option<Near> {
    let compiled = candidate.compiled;
    let test = compiled.conditions_of(step)?.last()?;
    let scene = candidate.scene(case, before, &case.view.all);
    let number = explain::number_of(test, &scene, case.rules.settings().rounding.step(), true)?;
    let of = compiled.promotion.terms.steps.as_ref()?.of.as_ref();
    let mut near = of_number(case, candidate, test, &number, of, &case.view.all)?;
    near.advice.kind = SuggestionKind::NextStep;
    if let Some(trial) = &mut near.trial {
        trial.step = step;
    }
    Some(near)
}

fn add_item(
    candidate: &Candidate<'_>,
    shortfall: Option<Shortfall>,
    of: Option<&Selector>,
) -> Near {
    let wanted = of.and_then(|of| of.include.iter().find_map(wanted_by));
    Near::unpriced(candidate, SuggestionKind::AddItem, shortfall, wanted)
}

/// What a line must have for a predicate with `eq` or `in`.
fn wanted_by(predicate: &Predicate) -> Option<Wanted> {
    match predicate {
        Predicate::Text { field, test } => {
            let values = match test {
                TextTest::Eq(value) => std::slice::from_ref(value),
                TextTest::In(values) => values,
                TextTest::Ne(_)
                | TextTest::NotIn(_)
                | TextTest::Contains(_)
                | TextTest::StartsWith(_) => return None,
            };
            Some(wanted(WantedField::Text(field.clone()), values))
        }
        Predicate::Number { field, test } => match test {
            NumberTest::Compare(Comparison { op: NumberOperator::Eq, value }) => {
                Some(wanted(WantedField::Number(*field), &[value.to_string()]))
            }
            NumberTest::Compare(_) | NumberTest::Between(..) => None,
        },
        Predicate::InList { .. } => None,
    }
}

fn pay_with(candidate: &Candidate<'_>, test: &ModeTest) -> Option<Near> {
    let (values, least) = match test {
        ModeTest::In(values, least) | ModeTest::StartsWith(values, least) => (values, least),
        ModeTest::NotIn(_) => return None,
    };
    let mode = values.first()?.clone();
    let amount = least.unwrap_or(Money::ZERO);
    let wanted = wanted(WantedField::PaymentMode, values);
    let mut near = Near::unpriced(candidate, SuggestionKind::PayWith, None, Some(wanted));
    near.advice.payment = Some(test.clone());
    Some(near.priced(Change::AddTender { mode, amount }, 0))
}

fn wanted(field: WantedField, values: &[String]) -> Wanted {
    Wanted { field, values: Values::of(values) }
}
