//! Which promotions apply, in which order (7.2, 7.5, 7.6).

use super::benefits::{Gift, Refusal, attempt, conditions_met, explained};
use super::document::{Promotion, World};
use super::facts;
use super::gates::{failing_gate, is_segmented};
use super::number::Exact;
use super::units::State;
use num_traits::Zero;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What became of every promotion.
pub struct Verdict {
    /// In order of application.
    pub applied: Vec<(usize, Gift)>,
    pub refused: BTreeMap<usize, Refusal>,
    /// Those that passed the gates, in rank order.
    pub ranked: Vec<usize>,
    pub state: State,
    /// Under `optimal`: for each promotion the best total that contains it.
    pub alternatives: Option<BTreeMap<usize, Exact>>,
}

/// Evaluates all promotions of the world.
pub fn decide(world: &World<'_>) -> Verdict {
    let untouched = State::untouched(world);
    let mut barred = BTreeMap::new();
    let mut alone: BTreeMap<usize, Result<Gift, Refusal>> = BTreeMap::new();
    for promotion in &world.promotions {
        if matches!(promotion.status, "draft" | "archived") {
            continue;
        }
        match failing_gate(world, promotion) {
            Some(gate) => {
                let facts = facts::of_gate(world, promotion, gate);
                barred.insert(promotion.index, Refusal::with(gate, facts));
            }
            None => {
                let outcome = attempt(world, promotion, &untouched)
                    .map_err(|refusal| explained(world, promotion, &untouched, refusal));
                alone.insert(promotion.index, outcome);
            }
        }
    }
    let mut ranked: Vec<usize> = alone.keys().copied().collect();
    ranked.sort_by(|a, b| by_rank(world, &alone, *a, *b));
    let mut verdict = if world.settings.optimal {
        super::optimal::optimal(world, &ranked, &alone)
    } else if world.settings.best_deal {
        best_deal(world, &ranked, &alone)
    } else {
        by_ranking(world, &ranked, &alone)
    };
    verdict.refused.extend(barred);
    verdict.ranked = ranked;
    verdict
}

/// The promotions that passed the gates and `others`, which are ranked "as if they had passed" (15.7).
pub fn ranked_with(world: &World<'_>, verdict: &Verdict, others: &[usize]) -> Vec<usize> {
    let mut ranked: Vec<usize> = verdict.ranked.iter().chain(others).copied().collect();
    let untouched = State::untouched(world);
    let attempted = |it: &usize| (*it, attempt(world, &world.promotions[*it], &untouched));
    let alone: BTreeMap<usize, Result<Gift, Refusal>> = ranked.iter().map(attempted).collect();
    ranked.sort_by(|a, b| by_rank(world, &alone, *a, *b));
    ranked
}

/// "Ordered, on the untouched cart, by `settings.ranking`, criterion by criterion. What is still equal is
/// ordered by `created_at`, then `id`"; the place in the list stands for both.
fn by_rank(
    world: &World<'_>,
    alone: &BTreeMap<usize, Result<Gift, Refusal>>,
    a: usize,
    b: usize,
) -> Ordering {
    let (first, second) = (&world.promotions[a], &world.promotions[b]);
    let discount = |it: usize| match &alone[&it] {
        Ok(gift) => gift.discount.clone(),
        Err(_) => Exact::zero(),
    };
    let holders_first = |holds: &dyn Fn(&Promotion<'_>) -> bool| holds(second).cmp(&holds(first));
    for criterion in &world.settings.ranking {
        let order = match *criterion {
            "exclusive" => holders_first(&|it| it.exclusive),
            "sequence" => first.sequence.cmp(&second.sequence),
            "segmented" => holders_first(&|it| is_segmented(it)),
            "earliest_expiry" => first.ends_at.cmp(&second.ends_at),
            "maximum_discount" => discount(b).cmp(&discount(a)),
            kind => holders_first(&|it| it.kind == kind),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.cmp(&b)
}

/// `strategy: ranked`. "If, of all promotions that would apply by themselves on the untouched cart, the one
/// that ranks first (both levels together) is exclusive, it alone applies. Otherwise exclusive promotions
/// are passed over."
fn by_ranking(
    world: &World<'_>,
    ranked: &[usize],
    alone: &BTreeMap<usize, Result<Gift, Refusal>>,
) -> Verdict {
    let would_apply = ranked.iter().filter_map(|it| match &alone[it] {
        Ok(gift) => Some((*it, gift)),
        Err(_) => None,
    });
    let is_exclusive = |it: usize| world.promotions[it].exclusive;
    if let Some((winner, gift)) = would_apply.clone().next()
        && is_exclusive(winner)
    {
        let others = ranked.iter().filter(|it| **it != winner);
        return Verdict {
            applied: vec![(winner, gift.clone())],
            refused: others
                .map(|it| {
                    let facts = facts::by(world, winner);
                    (*it, stood_in_the_way(&alone[it], Refusal::with("exclusive_applied", facts)))
                })
                .collect(),
            ranked: Vec::new(),
            state: gift.after.clone(),
            alternatives: None,
        };
    }
    let (exclusive, others): (Vec<usize>, Vec<usize>) =
        ranked.iter().partition(|it| is_exclusive(**it));
    let mut verdict = in_phases(world, &others, true);
    for it in exclusive {
        // "Said only of an exclusive promotion that would apply by itself; any other has its own reason."
        let refusal = match &alone[&it] {
            Ok(_) => Refusal::because("exclusive_passed_over"),
            Err(own) => own.clone(),
        };
        verdict.refused.insert(it, refusal);
    }
    verdict
}

/// "Its own conditions (on the untouched cart); else what stood in its way."
fn stood_in_the_way(alone: &Result<Gift, Refusal>, reason: Refusal) -> Refusal {
    match alone {
        Err(refusal) if refusal.reason == "conditions_not_met" => refusal.clone(),
        _ => reason,
    }
}

/// Applies these promotions in rank order, item-level ones before cart-level ones or the other way round
/// (7.5).
fn in_phases(world: &World<'_>, ranked: &[usize], heeds_allow_further: bool) -> Verdict {
    let promotion = |it: usize| &world.promotions[it];
    let (items, cart): (Vec<usize>, Vec<usize>) =
        ranked.iter().partition(|it| promotion(**it).is_item_level());
    let turns = if world.settings.cart_first {
        cart.into_iter().chain(items)
    } else {
        items.into_iter().chain(cart)
    };
    let mut verdict = Verdict {
        applied: Vec::new(),
        refused: BTreeMap::new(),
        ranked: Vec::new(),
        state: State::untouched(world),
        alternatives: None,
    };
    for it in turns {
        let outcome = match obstacle(world, &verdict, promotion(it), heeds_allow_further) {
            None => attempt(world, promotion(it), &verdict.state)
                .map_err(|refusal| explained(world, promotion(it), &verdict.state, refusal))
                .map_err(|refusal| or_units_taken(world, promotion(it), &verdict, refusal)),
            Some((reason, by)) => match conditions_met(world, promotion(it), &verdict.state) {
                Ok(_) => Err(Refusal::with(reason, facts::by(world, by))),
                Err(refusal) => Err(refusal),
            },
        };
        match outcome {
            Ok(gift) => {
                verdict.state = gift.after.clone();
                verdict.applied.push((it, gift));
            }
            Err(refusal) => {
                verdict.refused.insert(it, refusal);
            }
        }
    }
    verdict
}

/// "`units_taken` when there is no unit or complete group or set to discount, but would be if nothing had been
/// claimed; else `no_eligible_items`."
fn or_units_taken(
    world: &World<'_>,
    promotion: &Promotion<'_>,
    verdict: &Verdict,
    refusal: Refusal,
) -> Refusal {
    let untouched = || attempt(world, promotion, &State::untouched(world));
    let would_be = || untouched().map_or_else(|own| own.reason == "no_benefit", |_| true);
    if refusal.reason != "no_eligible_items" || !would_be() {
        return refusal;
    }
    match facts::units_taken(world, promotion, verdict) {
        Some(facts) => Refusal { reason: "units_taken", facts, ..refusal },
        None => refusal,
    }
}

/// What stands in a promotion's way at its turn: "`stopped_by_earlier`, then `incompatible`, then the others".
pub fn obstacle(
    world: &World<'_>,
    verdict: &Verdict,
    promotion: &Promotion<'_>,
    heeds_allow_further: bool,
) -> Option<(&'static str, usize)> {
    let settings = &world.settings;
    let first = |fits: &dyn Fn(&Promotion<'_>, &Gift) -> bool| {
        let mut applied = verdict.applied.iter();
        applied.find(|(it, gift)| fits(&world.promotions[*it], gift)).map(|(it, _)| *it)
    };
    let gives_a_discount =
        |earlier: &Promotion<'_>, gift: &Gift| !earlier.is_item_level() && !gift.discount.is_zero();
    // "`stacking.allow_further: false`: once it has applied, nothing after it is."
    if heeds_allow_further && let Some(by) = first(&|earlier, _| !earlier.allow_further) {
        return Some(("stopped_by_earlier", by));
    }
    // "A promotion that is incompatible with one that has applied does not apply."
    if let Some(by) = first(&|earlier, _| promotion.is_incompatible_with(earlier)) {
        return Some(("incompatible", by));
    }
    if promotion.is_item_level() {
        // "`cart_first`: item-level ones only if none of those took anything off the lines."
        let took_off_lines = first(&|earlier, gift| {
            earlier.benefit.level == "cart" && gives_a_discount(earlier, gift)
        });
        return took_off_lines
            .filter(|_| settings.cart_first)
            .map(|by| ("cart_promotion_applied_first", by));
    }
    // "Without `multiple_cart_promotions` only the first cart-level promotion that gives a discount applies
    // (shipping counts, points do not)."
    let is_taken = first(&gives_a_discount);
    is_taken
        .filter(|_| !settings.multiple_cart && promotion.benefit.kind != "award_points")
        .map(|by| ("another_cart_promotion_applied", by))
}

/// `strategy: best_deal`: "the alternatives are each exclusive promotion alone, and for each
/// `stacking.group` among the others (null is a group too) the promotions of that group, applied as in 7.5
/// (`allow_further` disregarded)".
fn best_deal(
    world: &World<'_>,
    ranked: &[usize],
    alone: &BTreeMap<usize, Result<Gift, Refusal>>,
) -> Verdict {
    let is_exclusive = |it: &usize| world.promotions[*it].exclusive;
    let others: Vec<usize> = ranked.iter().copied().filter(|it| !is_exclusive(it)).collect();
    let groups: BTreeSet<Option<&str>> =
        others.iter().map(|it| world.promotions[*it].group).collect();
    let exclusive = ranked.iter().copied().filter(is_exclusive).map(|it| vec![it]);
    let grouped = groups.into_iter().map(|group| {
        let is_in = |it: &usize| world.promotions[*it].group == group;
        others.iter().copied().filter(is_in).collect::<Vec<usize>>()
    });
    let mut best: Option<(Verdict, Vec<usize>)> = None;
    for members in exclusive.chain(grouped) {
        let alternative = in_phases(world, &members, false);
        // "An alternative that applies nothing does not count."
        if alternative.applied.is_empty() {
            continue;
        }
        let is_better = best.as_ref().is_none_or(|(best, _)| beats(&alternative, best, ranked));
        if is_better {
            best = Some((alternative, members));
        }
    }
    let (mut verdict, members) = best.unwrap_or_else(|| (in_phases(world, &[], false), Vec::new()));
    for it in ranked.iter().filter(|it| !members.contains(it)) {
        let refusal = match &alone[it] {
            Ok(_) => Refusal::because("better_deal_taken"),
            Err(refusal) => refusal.clone(),
        };
        verdict.refused.insert(*it, refusal);
    }
    verdict
}

/// "The alternative with the largest total discount is taken; of equal ones, the one whose best-ranked
/// applied promotion ranks first."
fn beats(challenger: &Verdict, champion: &Verdict, ranked: &[usize]) -> bool {
    let best_rank = |verdict: &Verdict| {
        let is_applied = |it: &usize| verdict.applied.iter().any(|(other, _)| other == it);
        ranked.iter().position(is_applied)
    };
    let (a, b) = (challenger.state.discount(), champion.state.discount());
    a > b || a == b && best_rank(challenger) < best_rank(champion)
}
