//! The problem that the search solves.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::domain::amount::Money;
use crate::engine::benefits::{ItemReach, alone, is_whole, item_reach};
use crate::engine::case::Case;
use crate::engine::line_set::LineSet;
use crate::engine::tags::Exclusions;

use super::super::order::Ranked;
use super::known::Known;
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
    /// Which promotions do not combine, by place in the ranking.
    pub(super) exclusions: Exclusions,
    /// The cart-level promotions that do not combine with some item-level one.
    pub(super) barred: BTreeSet<usize>,
    /// For each line, about how much item-level promotions take off there.
    pub(super) expected: Vec<Money>,
    /// The components that were made, by their weights.
    pub(super) known: RefCell<Vec<(Vec<i128>, Rc<Known>)>>,
}

impl<'s, 'e> Problem<'s, 'e> {
    /// `expected`: the result of another strategy.
    pub(super) fn new(
        case: &'s Case<'e>,
        ranked: &'s Ranked<'e>,
        expected: Option<&Sequence>,
    ) -> Self {
        let open = (0..ranked.len()).filter(|place| !ranked.is_exclusive(*place));
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
        let mut lines = case.view.lines.iter();
        if !lines.all(|line| is_whole(line.quantity)) || items.iter().any(|(_, own)| !own.is_whole)
        {
            items.iter_mut().for_each(|(_, own)| own.is_even = false);
        }
        let mut taken = vec![Money::ZERO; case.view.lines.len()];
        for (place, proposal) in expected.iter().flat_map(|own| &own.applied) {
            if items.iter().any(|(own, _)| own == place) {
                for (line, amount) in proposal.by_line() {
                    taken[line] = taken[line].plus(amount);
                }
            }
        }
        let tags = ranked.candidates().map(|candidate| &candidate.compiled.tags);
        let exclusions = Exclusions::among(tags, case.work);
        let barred = items.iter().flat_map(|(place, _)| exclusions.of(*place));
        Self {
            case,
            ranked,
            groups: groups(case, &exclusions, &items),
            barred: barred.copied().filter(|place| cart.contains(place)).collect(),
            items,
            cart,
            exclusions,
            expected: taken,
            known: RefCell::default(),
        }
    }
}

/// Groups promotions, by number, that meet on lines or do not combine, directly or by way of others.
fn groups(
    case: &Case<'_>,
    exclusions: &Exclusions,
    items: &[(usize, ItemReach)],
) -> Vec<Vec<usize>> {
    let mut groups: Vec<(LineSet, Vec<usize>)> = Vec::new();
    for (number, (place, reach)) in items.iter().enumerate() {
        let combines = exclusions.of(*place).is_empty();
        case.work.charge(if combines { 0 } else { number });
        let excludes = |numbers: &[usize]| {
            !combines && numbers.iter().any(|other| exclusions.has(*place, items[*other].0))
        };
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
