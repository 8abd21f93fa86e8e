//! Explains why promotions did not apply: unmet leaves (spec 8).

use crate::domain::amount::Money;
use crate::domain::evaluation::{LeafPlace, Unmet, UnmetNumber};
use crate::domain::exact::Exact;
use crate::domain::promotion::Terms;
use crate::domain::selector::{Comparison, NumberOperator};

use super::candidate::Candidate;
use super::case::Case;
use super::conditions::{
    Conditions, LeafTest, Node, Scene, Truths, cart_measure, holds, line_measure,
};
use super::units::Basket;

/// Whether the answer needs to know why this candidate did not apply.
pub(crate) fn is_asked_for(case: &Case<'_>, candidate: &Candidate<'_>) -> bool {
    case.tells_reasons
        && (case.explains()
            || candidate.code.is_some()
            || candidate.compiled.promotion.terms.suggest)
}

/// The leaves that keep a candidate's conditions from holding. For a promotion with `same`, those of the nearest part.
pub(crate) fn unmet(case: &Case<'_>, candidate: &Candidate<'_>, basket: &Basket) -> Vec<Unmet> {
    let Some(conditions) = &candidate.compiled.conditions else {
        return Vec::new();
    };
    let parts = candidate.parts(case);
    let of_parts = parts.iter().enumerate().map(|(part, lines)| {
        let scene = candidate.scene(case, basket, lines);
        let terms = &candidate.compiled.promotion.terms;
        let step = case.rules.settings().rounding.step();
        let truths = conditions.judge(&scene);
        let (path, found) = (Vec::new(), Vec::new());
        let mut search =
            Search { conditions, terms, scene: &scene, part, step, truths, path, found };
        search.walk(conditions.root(), true, true);
        search.found
    });
    of_parts.min_by(|a, b| distance(a).cmp(&distance(b))).unwrap_or_default()
}

/// How far unmet leaves are from being met: by their number, then by the sum of their shortfalls in proportion.
fn distance(unmet: &[Unmet]) -> (usize, Exact) {
    let missing = unmet.iter().filter_map(proportion);
    (unmet.len(), missing.fold(Exact::ZERO, |sum, one| sum.plus(&one)))
}

/// shortfall ÷ required, if there is a shortfall.
fn proportion(unmet: &Unmet) -> Option<Exact> {
    let number = unmet.number.as_ref()?;
    Some(number.shortfall.as_ref()?.over(&Exact::from(number.required)))
}

struct Search<'s> {
    conditions: &'s Conditions,
    terms: &'s Terms,
    scene: &'s Scene<'s>,
    /// The number of the part of the cart.
    part: usize,
    /// One step of the precision.
    step: Money,
    truths: Truths,
    path: Vec<usize>,
    found: Vec<Unmet>,
}

impl Search<'_> {
    /// Collects the leaves below nodes that do not evaluate to `asked`. `mendable`: every enclosing group has
    /// `is: true`, so adding to the cart can help.
    fn walk(&mut self, node: &Node, asked: bool, mendable: bool) {
        if holds(node, self.truths) == asked {
            return;
        }
        match node {
            Node::Leaf(number) => {
                let test = self.conditions.leaf(*number);
                let number = number_of(test, self.scene, self.step, mendable);
                self.found.push(Unmet { place: self.place(), part: self.part, number });
            }
            // This group is true and should be false. Its leaves are what the group itself asks for, so none is unmet.
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

    /// Where the present leaf stands. The conditions of a step are the promotion's own ones, and then the leaf of the
    /// step.
    fn place(&self) -> LeafPlace {
        let Terms { steps, conditions, .. } = self.terms;
        match (steps, conditions, self.path.split_first()) {
            (None, _, _) => LeafPlace::Conditions(self.path.clone()),
            (Some(_), Some(_), Some((0, own))) => LeafPlace::Conditions(own.to_vec()),
            (Some(_), _, _) => LeafPlace::FirstStep,
        }
    }
}

/// What a leaf measures, if it compares a number of the cart. `step` is one step of the precision. `mendable`: adding to
/// the cart can help.
pub(crate) fn number_of(
    test: &LeafTest,
    scene: &Scene<'_>,
    step: Money,
    mendable: bool,
) -> Option<UnmetNumber> {
    let (actual, is_amount, Comparison { op, value }) = match test {
        LeafTest::Cart { measure, compare } => {
            (cart_measure(*measure, scene), measure.is_amount(), *compare)
        }
        LeafTest::Lines { measure, of, compare } => {
            let actual = line_measure(*measure, &scene.lines(*of), scene);
            (actual, measure.is_amount(), *compare)
        }
        LeafTest::Item { .. } | LeafTest::Request(_) => return None,
    };
    let required = Exact::from(value);
    let missing = || required.minus(&actual);
    let shortfall = match op {
        NumberOperator::Gte => Some(missing()),
        NumberOperator::Eq if actual < required => Some(missing()),
        NumberOperator::Gt if is_amount => Some(missing().plus(&step.into())),
        NumberOperator::Gt => Some(whole_above(&missing())),
        NumberOperator::Eq | NumberOperator::Ne | NumberOperator::Lt | NumberOperator::Lte => None,
    };
    let shortfall = shortfall.filter(|_| mendable);
    Some(UnmetNumber { required: value, actual, shortfall })
}

/// The least whole number above a value that is not negative.
fn whole_above(value: &Exact) -> Exact {
    let (whole, _) = value.split_at(0);
    Exact::ratio(i128::from(whole) + 1, 1)
}
