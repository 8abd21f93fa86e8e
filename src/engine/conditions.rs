//! Conditions, compiled, and whether they hold on a cart (spec 5.3).

use std::sync::Arc;

use crate::domain::amount::{Number, Quantity};
use crate::domain::benefit::Same;
use crate::domain::cart::Request;
use crate::domain::condition::{CartMeasure, Condition, Leaf, LineMeasure, MemberSubject};
use crate::domain::exact::Exact;
use crate::domain::selector::{Comparison, Match, Selector};

use super::line_set::LineSet;
use super::request_conditions::{comparisons, request_holds, sorted};
use super::units::{Basket, ClaimRules};
use super::view::CartView;
use super::work::Work;

/// A promotion's conditions, compiled.
#[derive(Debug)]
pub(crate) struct Conditions {
    root: Node,
    leaves: Box<[LeafTest]>,
}

/// A node of the tree. Leaves are named by their number.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Group { matching: Match, is: bool, of: Box<[Node]> },
    Leaf(usize),
}

/// A leaf. Selections are named by their number in the promotion.
#[derive(Clone, Debug)]
pub(crate) enum LeafTest {
    Cart {
        measure: CartMeasure,
        compare: Comparison,
    },
    Lines {
        measure: LineMeasure,
        of: usize,
        compare: Comparison,
    },
    Item {
        of: usize,
        found: bool,
    },
    /// The leaves that look at no line. The texts of `in` are sorted for binary search.
    Request(Arc<Leaf>),
}

/// What conditions are judged on.
pub(crate) struct Scene<'s> {
    pub(crate) request: &'s Request<'s>,
    pub(crate) view: &'s CartView<'s>,
    pub(crate) basket: &'s Basket,
    /// Which units count; `None` for a cart-level promotion, which sees the whole cart.
    pub(crate) claims: Option<&'s ClaimRules>,
    /// The lines that each of the promotion's selections selects.
    pub(crate) selected: &'s [LineSet],
    /// Where line conditions look: the whole cart, or one part of it (`same`).
    pub(crate) part: &'s LineSet,
    /// Where the steps of judging are charged.
    pub(crate) work: &'s Work<'s>,
}

impl Scene<'_> {
    /// The lines that a line condition looks at.
    pub(crate) fn lines(&self, selection: usize) -> LineSet {
        self.selected(selection).intersection(self.part)
    }

    /// The lines of the whole cart that a selection selects.
    #[expect(clippy::indexing_slicing, reason = "selections have their numbers in the promotion")]
    fn selected(&self, selection: usize) -> &LineSet {
        &self.selected[selection]
    }

    /// The units of a line that count.
    pub(crate) fn counted(&self, line: usize) -> Quantity {
        match self.claims {
            Some(rules) if rules.consumed() => {
                self.work.charge(self.basket.runs(line));
                self.basket.counted(line, rules)
            }
            Some(_) | None => self.view.line(line).quantity,
        }
    }
}

/// Which leaves are true, by number. A promotion has at most ten, and a step of its benefit has one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Truths(u32);

impl Truths {
    fn get(self, leaf: usize) -> bool {
        self.0 & (1 << leaf) != 0
    }
}

impl Conditions {
    /// Compiles a tree; `number` gives a selector its number in the promotion.
    pub(crate) fn compile(
        condition: &Condition,
        number: &mut impl FnMut(&Selector) -> usize,
    ) -> Self {
        let mut leaves = Vec::new();
        let root = compile(condition, number, &mut leaves);
        Self { root, leaves: leaves.into() }
    }

    /// Conditions that hold if `own` and a further leaf hold, the leaf being the last one. Both have the same texts in
    /// memory.
    pub(crate) fn and(
        own: Option<&Self>,
        leaf: &Leaf,
        number: &mut impl FnMut(&Selector) -> usize,
    ) -> Self {
        let mut leaves = own.map_or_else(Vec::new, |own| own.leaves.to_vec());
        let last = compile_leaf(leaf, number, &mut leaves);
        let of = own.map(|own| own.root.clone()).into_iter().chain([last]).collect();
        Self { root: Node::Group { matching: Match::All, is: true, of }, leaves: leaves.into() }
    }

    pub(crate) fn judge(&self, scene: &Scene<'_>) -> Truths {
        self.truths(|leaf| leaf.holds(scene))
    }

    /// Judges a step of which all leaves but the last are those of another step, for which the truths are known.
    pub(crate) fn judge_last(&self, known: Truths, scene: &Scene<'_>) -> Truths {
        let last = self.leaves.len().saturating_sub(1);
        let holds = self.leaves.last().is_some_and(|leaf| leaf.holds(scene));
        Truths(known.0 & !(1 << last) | (u32::from(holds) << last))
    }

    /// Judges conditions without a cart: every leaf that looks at the cart is false (spec 11).
    pub(crate) fn judge_without_cart(&self, scene: &Scene<'_>) -> Truths {
        self.truths(|leaf| !leaf.looks_at_the_cart() && leaf.holds(scene))
    }

    fn truths(&self, holds: impl Fn(&LeafTest) -> bool) -> Truths {
        let leaves = self.leaves.iter().enumerate();
        Truths(leaves.fold(0, |truths, (leaf, own)| truths | (u32::from(holds(own)) << leaf)))
    }

    /// Whether the whole tree is true.
    pub(crate) fn hold(&self, truths: Truths) -> bool {
        holds(&self.root, truths)
    }

    /// Finds, in their order, the leaves that can be requirements (spec 7.3): leaves that are true, and whose enclosing
    /// groups are all true and have `is: true`.
    pub(crate) fn supporting(&self, truths: Truths, found: &mut impl FnMut(&LeafTest)) {
        self.supporting_in(&self.root, truths, found);
    }

    fn supporting_in(&self, node: &Node, truths: Truths, found: &mut impl FnMut(&LeafTest)) {
        match node {
            Node::Leaf(leaf) if truths.get(*leaf) => found(self.leaf(*leaf)),
            Node::Group { is: true, of, .. } if holds(node, truths) => {
                of.iter().for_each(|child| self.supporting_in(child, truths, found));
            }
            Node::Leaf(_) | Node::Group { .. } => {}
        }
    }

    /// Whether the conditions depend on the discounts of item-level promotions (spec 5.3 `subtotal`).
    pub(crate) fn see_discounts(&self) -> bool {
        let subtotal =
            |test: &LeafTest| matches!(test, LeafTest::Cart { measure: CartMeasure::Subtotal, .. });
        self.leaves.iter().any(subtotal)
    }

    /// Whether one of the conditions counts units of lines. Other promotions may have claimed some of these units.
    pub(crate) fn count_units(&self) -> bool {
        self.leaves.iter().any(|test| match test {
            LeafTest::Lines { .. } | LeafTest::Item { found: true, .. } => true,
            LeafTest::Cart { .. } | LeafTest::Item { found: false, .. } | LeafTest::Request(_) => {
                false
            }
        })
    }

    /// The numbers of the selections whose lines its line conditions count.
    pub(crate) fn line_selections(&self) -> impl Iterator<Item = usize> {
        self.leaves.iter().filter_map(|test| match test {
            LeafTest::Lines { of, .. } | LeafTest::Item { of, found: true } => Some(*of),
            LeafTest::Cart { .. } | LeafTest::Item { found: false, .. } | LeafTest::Request(_) => {
                None
            }
        })
    }

    /// Selections of which at least one must select a line for the conditions to hold: of several choices those that
    /// weigh least. `None`: the conditions can hold without any. A selection without a weight is not considered.
    pub(crate) fn needed_selections(
        &self,
        weight: impl Fn(usize) -> Option<usize>,
    ) -> Option<Vec<usize>> {
        self.needed(&self.root, &weight).map(|(_, needed)| needed)
    }

    fn needed(
        &self,
        node: &Node,
        weight: &impl Fn(usize) -> Option<usize>,
    ) -> Option<(usize, Vec<usize>)> {
        match node {
            Node::Leaf(number) => match self.leaf(*number) {
                LeafTest::Lines { of, compare, .. } if needs_a_line(*compare) => {
                    Some((weight(*of)?, vec![*of]))
                }
                LeafTest::Item { of, found: true } => Some((weight(*of)?, vec![*of])),
                LeafTest::Lines { .. }
                | LeafTest::Item { .. }
                | LeafTest::Cart { .. }
                | LeafTest::Request(_) => None,
            },
            Node::Group { is: false, .. } => None,
            Node::Group { matching: Match::All, of, .. } => {
                let children = of.iter().filter_map(|child| self.needed(child, weight));
                children.min_by_key(|(weight, _)| *weight)
            }
            Node::Group { matching: Match::Any, of, .. } => {
                let children = of.iter().map(|child| self.needed(child, weight));
                let (weights, needed): (Vec<_>, Vec<_>) =
                    children.collect::<Option<Vec<_>>>()?.into_iter().unzip();
                Some((weights.iter().sum(), needed.concat()))
            }
        }
    }

    /// Whether no condition counts parts of units.
    pub(crate) fn count_whole_units(&self) -> bool {
        let whole = |test: &LeafTest| match test {
            LeafTest::Lines { measure: LineMeasure::Quantity, compare, .. } => {
                compare.value.scaled() % Number::ONE.scaled() == 0
            }
            LeafTest::Lines { .. }
            | LeafTest::Cart { .. }
            | LeafTest::Item { .. }
            | LeafTest::Request(_) => true,
        };
        self.leaves.iter().all(whole)
    }

    /// The leaf that a path of child indexes leads to.
    pub(crate) fn at(&self, mut path: impl Iterator<Item = usize>) -> Option<&LeafTest> {
        let node = path.try_fold(&self.root, |node, child| match node {
            Node::Group { of, .. } => of.get(child),
            Node::Leaf(_) => None,
        });
        match node? {
            Node::Leaf(number) => Some(self.leaf(*number)),
            Node::Group { .. } => None,
        }
    }

    /// The last leaf: for the conditions of a step, what the step itself asks for.
    pub(crate) fn last(&self) -> Option<&LeafTest> {
        self.leaves.last()
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    #[expect(clippy::indexing_slicing, reason = "a tree has the numbers of its own leaves")]
    pub(crate) fn leaf(&self, number: usize) -> &LeafTest {
        &self.leaves[number]
    }
}

/// Whether a comparison fails if no line is selected, since every measure of lines is then zero.
fn needs_a_line(Comparison { op, value }: Comparison) -> bool {
    !op.holds(Number::ZERO.cmp(&value))
}

fn compile(
    condition: &Condition,
    number: &mut impl FnMut(&Selector) -> usize,
    leaves: &mut Vec<LeafTest>,
) -> Node {
    match condition {
        Condition::Group(group) => Node::Group {
            matching: group.matching,
            is: group.is,
            of: group.of.iter().map(|child| compile(child, number, leaves)).collect(),
        },
        Condition::Leaf(leaf) => compile_leaf(leaf, number, leaves),
    }
}

fn compile_leaf(
    leaf: &Leaf,
    number: &mut impl FnMut(&Selector) -> usize,
    leaves: &mut Vec<LeafTest>,
) -> Node {
    let test = match leaf {
        Leaf::Cart { measure, compare } => LeafTest::Cart { measure: *measure, compare: *compare },
        Leaf::Lines { measure, of, compare } => {
            LeafTest::Lines { measure: *measure, of: number(of), compare: *compare }
        }
        Leaf::Item { of, found } => LeafTest::Item { of: number(of), found: *found },
        Leaf::PaymentMode { .. }
        | Leaf::GiftVoucher { .. }
        | Leaf::Member { .. }
        | Leaf::CustomerAttribute { .. } => LeafTest::Request(Arc::new(sorted(leaf.clone()))),
    };
    leaves.push(test);
    Node::Leaf(leaves.len() - 1)
}

/// A group is true if all, or any, of its children evaluate to `is`.
pub(crate) fn holds(node: &Node, truths: Truths) -> bool {
    match node {
        Node::Leaf(leaf) => truths.get(*leaf),
        Node::Group { matching, is, of } => {
            let mut fits = of.iter().map(|child| holds(child, truths) == *is);
            match matching {
                Match::All => fits.all(|fit| fit),
                Match::Any => fits.any(|fit| fit),
            }
        }
    }
}

impl LeafTest {
    fn looks_at_the_cart(&self) -> bool {
        match self {
            Self::Cart { .. } | Self::Lines { .. } | Self::Item { .. } => true,
            Self::Request(leaf) => match &**leaf {
                Leaf::PaymentMode { .. }
                | Leaf::GiftVoucher { .. }
                | Leaf::Cart { .. }
                | Leaf::Lines { .. }
                | Leaf::Item { .. } => true,
                Leaf::Member { subject, .. } => match subject {
                    MemberSubject::ShippingMethod => true,
                    MemberSubject::Channel | MemberSubject::CustomerGroup => false,
                },
                Leaf::CustomerAttribute { .. } => false,
            },
        }
    }

    fn holds(&self, scene: &Scene<'_>) -> bool {
        let may_look_at = |lines: usize| scene.work.charge(lines + 1);
        match self {
            Self::Cart { measure, compare } => {
                may_look_at(scene.view.lines.len())
                    && compares(&cart_measure(*measure, scene), *compare)
            }
            Self::Lines { measure, of, compare } => {
                let lines = scene.lines(*of);
                may_look_at(lines.len())
                    && compares(&line_measure(*measure, &lines, scene), *compare)
            }
            Self::Item { of, found: true } => {
                let mut lines = scene.lines(*of).iter();
                may_look_at(1) && lines.any(|line| scene.counted(line).is_positive())
            }
            // This is not a line condition, so it sees the whole cart (spec 7.3).
            Self::Item { of, found: false } => may_look_at(1) && scene.selected(*of).is_empty(),
            Self::Request(leaf) => {
                may_look_at(comparisons(leaf, scene.request)) && request_holds(leaf, scene.request)
            }
        }
    }
}

fn compares(actual: &Exact, Comparison { op, value }: Comparison) -> bool {
    op.holds(actual.cmp(&Exact::from(value)))
}

/// A measure of the whole cart.
pub(crate) fn cart_measure(measure: CartMeasure, scene: &Scene<'_>) -> Exact {
    let view = scene.view;
    let lines = || view.all.iter().map(|line| view.line(line));
    match measure {
        CartMeasure::Amount => view.gross_of(&view.all),
        // For an item-level promotion this equals the cart's amount (spec 5.3).
        CartMeasure::Subtotal => match scene.claims {
            Some(_) => view.gross_of(&view.all),
            None => view.gross_of(&view.all).minus(&scene.basket.items_discount().into()),
        },
        CartMeasure::Mrp => lines().fold(Exact::ZERO, |sum, line| {
            sum.plus(&Exact::product(line.mrp.unwrap_or(line.unit_price), line.quantity))
        }),
        CartMeasure::Quantity => lines().map(|line| line.quantity).sum::<Quantity>().into(),
        CartMeasure::Weight => lines().fold(Exact::ZERO, |sum, line| {
            let weight = Exact::from(line.weight.unwrap_or(Number::ZERO));
            sum.plus(&weight.times(&line.quantity.into()))
        }),
        CartMeasure::ItemCount => count(view.distinct(Same::Sku, view.all.iter())),
    }
}

/// A measure of selected lines, over the units that count.
pub(crate) fn line_measure(measure: LineMeasure, lines: &LineSet, scene: &Scene<'_>) -> Exact {
    let there = || lines.iter().filter(|line| scene.counted(*line).is_positive());
    match measure {
        LineMeasure::Amount => lines
            .iter()
            .fold(Exact::ZERO, |sum, line| sum.plus(&scene.view.gross(line, scene.counted(line)))),
        LineMeasure::Quantity => {
            lines.iter().map(|line| scene.counted(line)).sum::<Quantity>().into()
        }
        LineMeasure::DistinctProducts => count(scene.view.distinct(Same::Product, there())),
        LineMeasure::DistinctVariants => count(scene.view.distinct(Same::Sku, there())),
    }
}

fn count(count: usize) -> Exact {
    Exact::ratio(i128::try_from(count).unwrap_or(i128::MAX), 1)
}
