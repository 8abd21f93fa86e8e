//! The problem that the search solves.

use crate::domain::amount::Money;
use crate::engine::benefits::{ItemReach, alone, is_whole, item_reach};
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;

use super::super::order::Ranked;
use super::sequence::Sequence;

/// The problem to solve: the promotions that are not exclusive and could give something.
pub(super) struct Problem<'s, 'e> {
    pub(super) case: &'s Case<'e>,
    pub(super) ranked: &'s Ranked<'e>,
    /// The item-level promotions, by place in the ranking.
    pub(super) items: Vec<(usize, ItemReach)>,
    /// Groups of item-level promotions that meet on lines, as numbers in `items`.
    pub(super) groups: Vec<Vec<usize>>,
    /// The cart-level promotions, by place in the ranking.
    pub(super) cart: Vec<usize>,
    /// For each line, about how much item-level promotions take off there.
    pub(super) expected: Vec<Money>,
}

impl<'s, 'e> Problem<'s, 'e> {
    /// `expected`: the result of another strategy.
    pub(super) fn new(
        case: &'s Case<'e>,
        ranked: &'s Ranked<'e>,
        expected: Option<&Sequence>,
    ) -> Self {
        let open = (0..ranked.candidates.len()).filter(|place| !ranked.is_exclusive(*place));
        let mut items: Vec<(usize, ItemReach)> = Vec::new();
        let mut cart = Vec::new();
        for place in open {
            let candidate = ranked.candidate(place);
            if candidate.compiled.is_item_level() {
                items.extend(item_reach(case, candidate).map(|reach| (place, reach)));
            } else if ranked.sees_discounts(place) || alone(case, candidate).is_ok() {
                // A promotion that fails on the untouched cart, and does not look at discounts, also fails later.
                cart.push(place);
            }
        }
        let mut lines = case.view.cart.lines.iter();
        if !lines.all(|line| is_whole(line.quantity)) || items.iter().any(|(_, own)| !own.is_whole)
        {
            items.iter_mut().for_each(|(_, own)| own.is_even = false);
        }
        let mut taken = vec![Money::ZERO; case.view.cart.lines.len()];
        for (place, proposal) in expected.iter().flat_map(|own| &own.applied) {
            if items.iter().any(|(own, _)| own == place) {
                for (line, amount) in proposal.by_line() {
                    taken[line] = taken[line].plus(amount);
                }
            }
        }
        Self { case, ranked, groups: groups(ranked, &items), items, cart, expected: taken }
    }
}

/// Groups promotions, by number, that meet on lines or do not combine, directly or by way of others.
fn groups(ranked: &Ranked<'_>, items: &[(usize, ItemReach)]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(LineSet, Vec<usize>)> = Vec::new();
    for (number, (place, reach)) in items.iter().enumerate() {
        let excludes =
            |numbers: &[usize]| numbers.iter().any(|other| ranked.exclude(*place, items[*other].0));
        let (met, apart): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(lines, numbers)| !lines.is_disjoint(&reach.domain) || excludes(numbers));
        let mut own = (reach.domain, vec![number]);
        for (lines, numbers) in met {
            own.0 = own.0.union(&lines);
            own.1.extend(numbers);
        }
        own.1.sort_unstable();
        groups = apart;
        groups.push(own);
    }
    groups.into_iter().map(|(_, numbers)| numbers).collect()
}
