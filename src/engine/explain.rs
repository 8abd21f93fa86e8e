//! Why promotions did not apply: unmet leaves, near misses (spec 8).

use crate::domain::amount::Money;
use crate::domain::condition::{AttributeTest, Leaf, MemberSubject, ModeTest, Order};
use crate::domain::evaluation::{
    OtherLeaf, OtherOperator, Reason, Suggestion, Unmet, UnmetLeaf, UnmetMeasure,
};
use crate::domain::exact::Exact;
use crate::domain::selector::{Comparison, NumberOperator, TextTest};

use super::candidate::Candidate;
use super::case::Case;
use super::conditions::{
    Conditions, LeafTest, Node, Scene, Truths, cart_measure, holds, line_measure,
};
use super::units::Basket;

/// Most suggestions of one answer.
const MAX_SUGGESTIONS: usize = 5;

/// Whether the answer tells why this candidate did not apply.
pub(crate) fn is_asked_for(case: &Case<'_>, candidate: &Candidate<'_>) -> bool {
    case.explains() || candidate.code.is_some() || candidate.compiled.promotion.terms.suggest
}

/// The leaves that keep a candidate's conditions from holding. Of the parts of a promotion with
/// `same`, those of the part that comes nearest.
pub(crate) fn unmet(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> Vec<Unmet> {
    let Some(conditions) = &candidate.compiled.conditions else {
        return Vec::new();
    };
    let parts = candidate.parts(case);
    let of_parts = parts.iter().map(|part| {
        let scene = candidate.scene(case, basket, part);
        unmet_in(conditions, &scene, case.rules.settings().rounding.step())
    });
    of_parts.min_by(|a, b| distance(a).cmp(&distance(b))).unwrap_or_default()
}

/// Fewest leaves, then the smallest shortfall in proportion.
fn distance(unmet: &[Unmet]) -> (usize, Exact) {
    let missing = unmet.iter().filter_map(proportion);
    (unmet.len(), missing.fold(Exact::ZERO, |sum, one| sum.plus(&one)))
}

/// shortfall ÷ required, where there is a shortfall.
fn proportion(unmet: &Unmet) -> Option<Exact> {
    match &unmet.leaf {
        UnmetLeaf::Number { shortfall: Some(shortfall), required, .. } => {
            Some(shortfall.over(&Exact::from(*required)))
        }
        UnmetLeaf::Number { shortfall: None, .. } | UnmetLeaf::Other(..) => None,
    }
}

fn unmet_in(conditions: &Conditions, scene: &Scene<'_>, step: Money) -> Vec<Unmet> {
    let truths = conditions.judge(scene);
    let mut search =
        Search { conditions, scene, step, truths, path: Vec::new(), found: Vec::new() };
    search.walk(conditions.root(), true, true);
    search.found
}

struct Search<'s> {
    conditions: &'s Conditions,
    scene: &'s Scene<'s>,
    /// One unit of the precision.
    step: Money,
    truths: Truths,
    path: Vec<usize>,
    found: Vec<Unmet>,
}

impl Search<'_> {
    /// Goes down where a node is not what its group asks. `mendable`: every enclosing group has
    /// `is: true`.
    fn walk(&mut self, node: &Node, asked: bool, mendable: bool) {
        if holds(node, self.truths) == asked {
            return;
        }
        match node {
            Node::Leaf(number) => {
                let leaf = self.leaf(self.conditions.leaf(*number), mendable);
                self.found.push(Unmet { path: self.path.clone(), leaf });
            }
            // A group that holds although it should not: its leaves are what it asks.
            Node::Group { .. } if !asked => {}
            Node::Group { is, of, .. } => {
                for (index, child) in of.iter().enumerate() {
                    self.path.push(index);
                    self.walk(child, *is, mendable && *is);
                    self.path.pop();
                }
            }
        }
    }

    fn leaf(&self, test: &LeafTest, mendable: bool) -> UnmetLeaf {
        match test {
            LeafTest::Cart { measure, compare } => {
                let actual = cart_measure(*measure, self.scene);
                self.number(UnmetMeasure::Cart(*measure), *compare, actual, mendable)
            }
            LeafTest::Lines { measure, of, compare } => {
                let actual = line_measure(*measure, &self.scene.lines(*of), self.scene);
                self.number(UnmetMeasure::Lines(*measure), *compare, actual, mendable)
            }
            LeafTest::Item { .. } => UnmetLeaf::Other(OtherLeaf::Item, None),
            LeafTest::Request(leaf) => request_leaf(leaf),
        }
    }

    fn number(
        &self,
        measure: UnmetMeasure,
        Comparison { op, value }: Comparison,
        actual: Exact,
        mendable: bool,
    ) -> UnmetLeaf {
        let required = Exact::from(value);
        let missing = || required.minus(&actual);
        let shortfall = match op {
            NumberOperator::Gte => Some(missing()),
            NumberOperator::Eq if actual < required => Some(missing()),
            NumberOperator::Gt if measure.is_amount() => Some(missing().plus(&self.step.into())),
            NumberOperator::Gt => Some(whole_above(&missing())),
            NumberOperator::Eq | NumberOperator::Ne | NumberOperator::Lt | NumberOperator::Lte => {
                None
            }
        };
        let shortfall = shortfall.filter(|_| mendable);
        UnmetLeaf::Number { measure, op, required: value, actual, shortfall }
    }
}

/// The least whole number above a value that is not negative.
fn whole_above(value: &Exact) -> Exact {
    let (whole, _) = value.split_at(0);
    Exact::ratio(i128::from(whole) + 1, 1)
}

/// A leaf that looks at the request alone.
#[expect(clippy::unreachable, reason = "the other leaves are compiled to tests of their own")]
fn request_leaf(leaf: &Leaf) -> UnmetLeaf {
    use OtherOperator::{Contains, Eq, Gt, Gte, In, Lt, Lte, Ne, NotIn, StartsWith};
    let (leaf, op) = match leaf {
        Leaf::PaymentMode { test } => {
            let op = match test {
                ModeTest::In(..) => In,
                ModeTest::StartsWith(..) => StartsWith,
                ModeTest::NotIn(_) => NotIn,
            };
            (OtherLeaf::PaymentMode, Some(op))
        }
        Leaf::GiftVoucher { .. } => (OtherLeaf::GiftVoucher, None),
        Leaf::Member { subject, negated, .. } => {
            let leaf = match subject {
                MemberSubject::ShippingMethod => OtherLeaf::ShippingMethod,
                MemberSubject::Channel => OtherLeaf::Channel,
                MemberSubject::CustomerGroup => OtherLeaf::CustomerGroup,
            };
            (leaf, Some(if *negated { NotIn } else { In }))
        }
        Leaf::CustomerAttribute { test, .. } => {
            let op = match test {
                AttributeTest::Text(TextTest::Eq(_)) => Eq,
                AttributeTest::Text(TextTest::Ne(_)) => Ne,
                AttributeTest::Text(TextTest::In(_)) => In,
                AttributeTest::Text(TextTest::NotIn(_)) => NotIn,
                AttributeTest::Text(TextTest::Contains(_)) => Contains,
                AttributeTest::Text(TextTest::StartsWith(_)) => StartsWith,
                AttributeTest::Number(Order::Gt, _) => Gt,
                AttributeTest::Number(Order::Gte, _) => Gte,
                AttributeTest::Number(Order::Lt, _) => Lt,
                AttributeTest::Number(Order::Lte, _) => Lte,
            };
            (OtherLeaf::CustomerAttribute, Some(op))
        }
        Leaf::Cart { .. } | Leaf::Lines { .. } | Leaf::Item { .. } => unreachable!("{leaf:?}"),
    };
    UnmetLeaf::Other(leaf, op)
}

/// Near misses among candidates in rank order: promotions that suggest themselves and whose only
/// unmet leaf has a shortfall, smallest in proportion first.
pub(crate) fn suggestions<'r>(
    candidates: &[Candidate<'_>],
    reason_of: impl Fn(usize) -> Option<&'r Reason>,
) -> Vec<Suggestion> {
    let mut near: Vec<(Exact, Suggestion)> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        if !candidate.compiled.promotion.terms.suggest {
            continue;
        }
        if let Some(Reason::ConditionsNotMet(unmet)) = reason_of(place)
            && let [only] = unmet.as_slice()
            && let Some(proportion) = proportion(only)
        {
            let unmet = only.clone();
            near.push((proportion, Suggestion { promotion: candidate.number, unmet }));
        }
    }
    // Stable: equals stay in rank order.
    near.sort_by(|(a, _), (b, _)| a.cmp(b));
    near.into_iter().take(MAX_SUGGESTIONS).map(|(_, suggestion)| suggestion).collect()
}
