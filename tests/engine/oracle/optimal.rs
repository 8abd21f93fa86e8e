//! `strategy: optimal` by trying everything: all sets of promotions in all orders within each phase (7.6), as a tree of
//! prefixes. No bound, no shortcut.

use super::benefits::{Gift, Refusal, attempt};
use super::document::World;
use super::number::Exact;
use super::strategy::{Verdict, obstacle};
use super::units::State;
use num_traits::Zero;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// "The largest total discount"; "of equally good results, the one with the most promotions that give points or free
/// items, then the fewest promotions, then the best ranked (their ranks, sorted, compared one by one); of the orders of that
/// set that give this total, rank order if it does, else the first when ranks are compared one by one". Smaller is better.
type Merit = (Reverse<Exact>, Reverse<usize>, usize, Vec<usize>, Vec<usize>);

/// Everything that could be.
struct Search<'s> {
    world: &'s World<'s>,
    ranked: &'s [usize],
    best: Option<(Merit, Verdict)>,
    /// For each promotion the best total that contains it.
    with: BTreeMap<usize, Exact>,
}

/// Decides by trying everything.
pub fn optimal(
    world: &World<'_>,
    ranked: &[usize],
    alone: &BTreeMap<usize, Result<Gift, Refusal>>,
) -> Verdict {
    let mut search = Search { world, ranked, best: None, with: BTreeMap::new() };
    let is_exclusive = |it: &usize| world.promotions[*it].exclusive;
    let (exclusive, others): (Vec<usize>, Vec<usize>) =
        ranked.iter().partition(|it| is_exclusive(it));
    search.walk(nothing(world), &others, false);
    for it in exclusive {
        if let Ok(gift) = &alone[&it] {
            let mut verdict = nothing(world);
            verdict.state = gift.after.clone();
            verdict.applied.push((it, gift.clone()));
            search.take(&verdict);
        }
    }
    let (_, mut verdict) = search.best.expect("at least nothing");
    for it in ranked {
        if verdict.applied.iter().any(|(own, _)| own == it) {
            continue;
        }
        let refusal = match &alone[it] {
            Ok(_) => Refusal::because("better_deal_taken"),
            Err(refusal) => refusal.clone(),
        };
        verdict.refused.insert(*it, refusal);
    }
    verdict.alternatives = Some(search.with);
    verdict
}

fn nothing(world: &World<'_>) -> Verdict {
    Verdict {
        applied: Vec::new(),
        refused: BTreeMap::new(),
        ranked: Vec::new(),
        state: State::untouched(world),
        alternatives: None,
    }
}

impl Search<'_> {
    /// Every way to go on. `second`: the phase that goes second has begun.
    fn walk(&mut self, verdict: Verdict, left: &[usize], second: bool) {
        self.take(&verdict);
        for it in left {
            let promotion = &self.world.promotions[*it];
            let is_second = promotion.is_item_level() == self.world.settings.cart_first;
            if second && !is_second || obstacle(self.world, &verdict, promotion, false).is_some() {
                continue;
            }
            let Ok(gift) = attempt(self.world, promotion, &verdict.state) else {
                continue;
            };
            let mut next = Verdict {
                applied: verdict.applied.clone(),
                refused: BTreeMap::new(),
                ranked: Vec::new(),
                state: gift.after.clone(),
                alternatives: None,
            };
            next.applied.push((*it, gift));
            let others: Vec<usize> = left.iter().copied().filter(|own| own != it).collect();
            self.walk(next, &others, is_second);
        }
    }

    fn take(&mut self, verdict: &Verdict) {
        let total = verdict.state.discount();
        for (it, _) in &verdict.applied {
            let with = self.with.entry(*it).or_insert_with(Exact::zero);
            if *with < total {
                *with = total.clone();
            }
        }
        let merit = self.merit(verdict, total);
        if self.best.as_ref().is_none_or(|(best, _)| merit < *best) {
            let copy = Verdict {
                applied: verdict.applied.clone(),
                state: verdict.state.clone(),
                ..nothing(self.world)
            };
            self.best = Some((merit, copy));
        }
    }

    fn merit(&self, verdict: &Verdict, total: Exact) -> Merit {
        let rank = |it: &usize| self.ranked.iter().position(|own| own == it).expect("a rank");
        let order: Vec<usize> = verdict.applied.iter().map(|(it, _)| rank(it)).collect();
        let mut ranks = order.clone();
        ranks.sort_unstable();
        let gives = |gift: &Gift| !gift.points.is_zero() || !gift.free_items.is_zero();
        let gifts = verdict.applied.iter().filter(|(_, gift)| gives(gift)).count();
        (Reverse(total), Reverse(gifts), order.len(), ranks, order)
    }
}
