//! Joins the components and the cart's turn (docs/OPTIMAL.md, "Components", "What comes after").
//!
//! Components influence each other only through cart-level promotions that look at what item-level ones left. If no
//! cart-level promotion does, each component is solved by itself, and the answers are merged. Otherwise every
//! cart-level promotion gets a linear bound, each sequence of a component counts for what it adds to the bound, and
//! only the combinations that could still beat the best known result are carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::domain::amount::Money;
use crate::engine::benefits::ItemReach;
use crate::engine::limits::Left;
use crate::engine::line_set::LineSet;
use crate::engine::units::Basket;
use crate::engine::work::STEPS_A_SHARE;

use super::answer::Answer;
use super::bound::Bound;
use super::cart::{CartTurn, best_turn, is_on_lines};
use super::component::Component;
use super::fine::{Fine, WHOLE, cut, fine};
use super::known::Known;
use super::problem::Problem;
use super::search::{Explorer, Found, Goal};
use super::sequence::{Sequence, behind, merge};
use super::steps::Steps;

/// How many lines of bounds are looked at in one step.
const LOOKS_A_STEP: usize = 16;
/// For so many weights components are kept. Each cart-level promotion can have weights of its own, and a component is
/// large.
const MOST_KNOWN: usize = 4;

/// The first search of a component lists the sequences that are within so many steps of the precision of its best.
const MARGIN_STEPS: i128 = 2;

impl<'s, 'e> Problem<'s, 'e> {
    /// `cart_first`: if cart-level promotions take anything off the lines, no item-level one applies. So there are two
    /// cases: cart-level promotions only, or no cart-level promotion that discounts lines.
    pub(super) fn cart_first(&self, answer: &mut Answer<'_>) -> Money {
        let mut upper = Money::ZERO;
        if answer.must.is_none_or(|must| self.cart.contains(&must)) {
            let turn = self.turn(&self.case.untouched, &self.cart, answer);
            upper = turn.upper;
            turn.best.into_iter().for_each(|best| answer.consider(best));
        }
        if answer.must.is_none_or(|must| !is_on_lines(self.ranked, must)) {
            let stays = |place: &usize| !is_on_lines(self.ranked, *place);
            let pool: Vec<usize> = self.cart.iter().copied().filter(stays).collect();
            upper = upper.max(if self.bars_items(&pool) {
                self.together(&pool, true, answer)
            } else {
                self.apart(&pool, true, answer)
            });
        }
        upper
    }

    fn turn(&self, basket: &Basket, pool: &[usize], answer: &mut Answer<'_>) -> CartTurn {
        let Answer { must, steps, .. } = answer;
        best_turn(self, basket, pool, *must, steps)
    }

    pub(super) fn items_then_cart(&self, answer: &mut Answer<'_>) -> Money {
        let looks =
            |place: &usize| is_on_lines(self.ranked, *place) || self.ranked.sees_discounts(*place);
        if self.cart.iter().any(looks) || self.bars_items(&self.cart) {
            self.together(&self.cart, false, answer)
        } else {
            self.apart(&self.cart, false, answer)
        }
    }

    /// Whether some item-level promotion does not combine with one of the pool.
    fn bars_items(&self, pool: &[usize]) -> bool {
        pool.iter().any(|own| self.barred.contains(own))
    }

    /// The components, once with weights of one and once with those that follow from the cart-level promotions.
    pub(super) fn all_components(&self) -> Vec<Rc<Known>> {
        let whole = vec![WHOLE; self.expected.len()];
        let mut steps = Steps::for_ms(u8::MAX, self.case.claims.stacks(), self.case.work);
        let linear = self.linear(&self.cart, &mut steps);
        vec![self.components(&whole, &mut steps), self.components(&linear.weights, &mut steps)]
    }

    /// The components with these weights. The first few weights have theirs made once.
    fn components(&self, weights: &[i128], steps: &mut Steps) -> Rc<Known> {
        if let Some((_, known)) = self.known.borrow().iter().find(|(own, _)| own == weights) {
            return Rc::clone(known);
        }
        let looks: usize = self.items.iter().map(|(_, own)| own.lines.len()).sum();
        // Prices are set line by line, and each line is looked for in all bounds.
        let priced = looks * weights.len() / LOOKS_A_STEP;
        self.case.work.charge(looks * STEPS_A_SHARE + priced);
        let mut component = |group: &Vec<usize>| {
            let members: Vec<&(usize, ItemReach)> =
                group.iter().map(|number| &self.items[*number]).collect();
            let left = |place: usize| self.ranked.candidate(place).left;
            let reaches: Vec<(&ItemReach, Left)> =
                members.iter().map(|(place, reach)| (reach, left(*place))).collect();
            let domains: Vec<LineSet> = members.iter().map(|(_, reach)| reach.domain).collect();
            let places: Vec<usize> = members.iter().map(|(place, _)| *place).collect();
            let excluded = |place: &usize| {
                let others = self.exclusions.of(*place).iter();
                others.filter_map(|other| places.binary_search(other).ok()).collect()
            };
            Component {
                excluded: places.iter().map(excluded).collect(),
                members: places,
                lines: domains.iter().fold(LineSet::default(), |all, own| all.union(own)),
                domains,
                weights: weights.to_vec(),
                bound: Bound::new(self.case, &reaches, weights, steps),
            }
        };
        let known = Rc::new(Known::new(self.groups.iter().map(&mut component).collect()));
        let mut all = self.known.borrow_mut();
        if all.len() < MOST_KNOWN {
            all.push((weights.to_vec(), Rc::clone(&known)));
        }
        known
    }

    /// Searches a component, unless that was done. A promotion that is required elsewhere changes nothing.
    fn explore(
        &self,
        known: &Known,
        number: usize,
        goal: Goal,
        answer: &mut Answer<'_>,
    ) -> Rc<Found> {
        let Answer { must, steps, .. } = answer;
        let component = &known.components[number];
        let must = must.filter(|must| component.members.contains(must));
        if let (None, Some(found)) = (must, known.found(number, goal)) {
            return found;
        }
        let explorer = Explorer::new(self.case, self.ranked, component, goal, must, steps);
        let found = Rc::new(explorer.run());
        if must.is_none() {
            known.keep(number, goal, &found);
        }
        found
    }

    /// Solves everything by itself, where no cart-level promotion looks at the discounts of item-level ones.
    fn apart(&self, pool: &[usize], is_cart_first: bool, answer: &mut Answer<'_>) -> Money {
        let weights = vec![WHOLE; self.expected.len()];
        let turn = self.turn(&self.case.untouched, pool, answer);
        let mut upper = turn.upper;
        let mut parts: Vec<Option<Sequence>> = Vec::new();
        let known = self.components(&weights, answer.steps);
        for number in 0..known.components.len() {
            let found = self.explore(&known, number, Goal::Best, answer);
            upper = upper.plus(cut(found.upper, self.case.rules.settings().rounding));
            parts.push(found.best.clone());
        }
        let parts: Option<Vec<Sequence>> = parts.into_iter().collect();
        if let (Some(parts), Some(turn)) = (parts, turn.best)
            && answer.is_met_by(parts.iter().chain([&turn]).flat_map(Sequence::places))
        {
            let items = merge(&parts);
            answer.consider(if is_cart_first { behind(turn, items) } else { behind(items, turn) });
        }
        upper
    }

    /// Solves everything together, where cart-level promotions look at what item-level ones left, or do not combine with
    /// some of them.
    fn together(&self, pool: &[usize], is_cart_first: bool, answer: &mut Answer<'_>) -> Money {
        let rounding = self.case.rules.settings().rounding;
        let linear = self.linear(pool, answer.steps);
        let known = self.components(&linear.weights, answer.steps);
        // Usually only rounding separates the bound from the best result.
        let margin = fine(rounding.step()) * MARGIN_STEPS;
        let found: Vec<Rc<Found>> = (0..known.components.len())
            .map(|number| self.explore(&known, number, Goal::Near(margin), answer))
            .collect();
        let whole = linear.constant + found.iter().map(|own| own.upper).sum::<Fine>();
        let upper = cut(whole, rounding).min(self.all_there_is());
        let parts: Option<Vec<&Sequence>> = found.iter().map(|own| own.best.as_ref()).collect();
        let Some(parts) = parts else {
            return upper;
        };
        let turn = Turn { pool, is_cart_first };
        self.carry_out(&parts, turn, answer);
        let best = answer.value();
        if best > fine(upper) || answer.must.is_some() && best == fine(upper) {
            return upper;
        }
        // Lists for each component the sequences that can be part of a result that is not below the known total.
        let mut lists = Vec::with_capacity(found.len());
        for (number, own) in found.into_iter().enumerate() {
            let least = best - (whole - own.upper);
            let lacks = own.upper - least;
            let mut all = own;
            if all.is_complete && lacks > margin {
                let goal = Goal::AtLeast { least, margin: lacks };
                all = self.explore(&known, number, goal, answer);
            }
            if !all.is_complete {
                return upper;
            }
            let sequences = all.all.iter().filter(|own| own.value >= least).cloned().collect();
            lists.push(self.distinct(sequences, pool));
        }
        let combination =
            Combination { problem: self, lists: &lists, constant: linear.constant, turn };
        if combination.all(&mut Vec::new(), answer) {
            cut(answer.value(), rounding).min(upper)
        } else {
            upper
        }
    }

    /// Keeps the best of those sequences that cart-level promotions cannot tell apart.
    fn distinct(&self, mut sequences: Vec<Sequence>, pool: &[usize]) -> Vec<Sequence> {
        sequences.sort_by(Sequence::compare);
        let mut seen = rustc_hash::FxHashSet::default();
        sequences.retain(|own| {
            let mut taken: BTreeMap<usize, i64> = BTreeMap::new();
            for (line, amount) in own.applied.iter().flat_map(|(_, proposal)| proposal.by_line()) {
                *taken.entry(line).or_default() += amount.scaled();
            }
            let barred = own.places().flat_map(|place| self.exclusions.of(place));
            let barred = barred.copied().filter(|place| pool.contains(place));
            seen.insert((taken, barred.collect::<BTreeSet<usize>>()))
        });
        sequences
    }

    /// Applies one sequence of each component and the best cart-level promotions that combine with it, and considers the
    /// result as an answer.
    fn carry_out(&self, parts: &[&Sequence], turn: Turn<'_>, answer: &mut Answer<'_>) {
        let mut basket: Basket = self.case.untouched.clone();
        answer.steps.spend(parts.len(), self.case.work);
        if !turn.is_cart_first {
            for (_, proposal) in parts.iter().flat_map(|part| &part.applied) {
                proposal.carry_out(&mut basket, self.case.work);
            }
        }
        let parts: Vec<Sequence> = parts.iter().map(|part| (*part).clone()).collect();
        let items = || parts.iter().flat_map(Sequence::places);
        let combines = |own: &&usize| !items().any(|item| self.exclusions.has(item, **own));
        let pool: Vec<usize> = turn.pool.iter().filter(combines).copied().collect();
        if let Some(cart) = self.turn(&basket, &pool, answer).best
            && answer.is_met_by(items().chain(cart.places()))
        {
            let mut items = merge(&parts);
            items.value = fine(items.discount());
            let is_first = turn.is_cart_first;
            answer.consider(if is_first { behind(cart, items) } else { behind(items, cart) });
        }
    }
}

/// The turn of the cart-level promotions.
#[derive(Clone, Copy)]
struct Turn<'c> {
    /// The promotions that may apply.
    pool: &'c [usize],
    is_cart_first: bool,
}

/// Tries the combinations of one sequence from each component, as far as they could matter.
struct Combination<'c, 's, 'e> {
    problem: &'c Problem<'s, 'e>,
    lists: &'c [Vec<Sequence>],
    constant: Fine,
    turn: Turn<'c>,
}

impl<'c> Combination<'c, '_, '_> {
    /// Tries the combinations that begin with `chosen`. Returns false if the steps did not suffice for all of them.
    fn all(&self, chosen: &mut Vec<&'c Sequence>, answer: &mut Answer<'_>) -> bool {
        let rounding = self.problem.case.rules.settings().rounding;
        let Some(list) = self.lists.get(chosen.len()) else {
            self.problem.carry_out(chosen, self.turn, answer);
            return !answer.steps.is_empty();
        };
        let later = self.lists[chosen.len() + 1..].iter();
        let later: Fine = later.map(|own| own.first().map_or(0, |own| own.value)).sum();
        let before: Fine = chosen.iter().map(|own| own.value).sum();
        for own in list {
            let upper = fine(cut(self.constant + before + own.value + later, rounding));
            if answer.best.as_ref().is_some_and(|best| upper < best.value) {
                break;
            }
            chosen.push(own);
            let is_done = self.all(chosen, answer);
            chosen.pop();
            if !is_done {
                return false;
            }
        }
        true
    }
}
