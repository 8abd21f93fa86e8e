//! The total order of promotions (spec 7.2).
//!
//! All criteria but `maximum_discount` are known when the rules are compiled, so the order is compiled too: into one
//! number for the criteria before `maximum_discount`, and one for the criteria after it and the final ties.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use crate::domain::amount::Money;
use crate::domain::promotion::{Promotion, PromotionType, Terms};
use crate::domain::settings::RankingCriterion;

/// A promotion's place by all criteria but `maximum_discount`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StaticRank {
    /// The place by the criteria before `maximum_discount`. Promotions that these leave equal have the same number.
    pub(crate) before: usize,
    /// The place by the criteria after it. No two promotions have the same number.
    pub(crate) after: usize,
}

/// The places of promotions, which are given in order of creation, then id.
pub(crate) fn static_ranks(
    promotions: &[Promotion],
    ranking: &[RankingCriterion],
) -> Vec<StaticRank> {
    let is_dynamic = |criterion: &RankingCriterion| *criterion == RankingCriterion::MaximumDiscount;
    let split = ranking.iter().position(is_dynamic).unwrap_or(ranking.len());
    let (before, after) = ranking.split_at(split);
    let compare = |criteria: &[RankingCriterion], a: usize, b: usize| {
        let dated = |index: usize| {
            let promotion = promotions.get(index)?;
            Some(Dated { promotion, expires_at: promotion.terms.ends_at.to_utc() })
        };
        // Without a cart, discounts do not distinguish promotions.
        let discounts = || (Money::ZERO, Money::ZERO);
        let pair = dated(a).zip(dated(b));
        pair.map_or(Ordering::Equal, |(a, b)| compare_dated(criteria, a, b, discounts))
    };
    let mut ranks = vec![StaticRank { before: 0, after: 0 }; promotions.len()];
    let mut order: Vec<usize> = (0..promotions.len()).collect();
    // The sort is stable, so equal ones stay in order of creation.
    order.sort_by(|a, b| compare(after, *a, *b));
    for (place, index) in order.iter().enumerate() {
        if let Some(rank) = ranks.get_mut(*index) {
            rank.after = place;
        }
    }
    order.sort_by(|a, b| compare(before, *a, *b));
    let mut place = 0;
    let mut previous = None;
    for index in order {
        if previous.is_some_and(|previous| compare(before, previous, index) != Ordering::Equal) {
            place += 1;
        }
        if let Some(rank) = ranks.get_mut(index) {
            rank.before = place;
        }
        previous = Some(index);
    }
    ranks
}

/// The order by static places, with the larger lone discount first in between. Discounts are computed only if the
/// places before leave two promotions equal.
pub(crate) fn compare(
    a: StaticRank,
    b: StaticRank,
    discounts: impl FnOnce() -> (Money, Money),
) -> Ordering {
    a.before.cmp(&b.before).then_with(|| {
        let (of_a, of_b) = discounts();
        of_b.cmp(&of_a).then(a.after.cmp(&b.after))
    })
}

/// A promotion for one customer, whose issuance may end before the promotion does.
#[derive(Clone, Copy)]
pub(crate) struct Dated<'p> {
    pub(crate) promotion: &'p Promotion,
    pub(crate) expires_at: DateTime<Utc>,
}

/// The order by some criteria. It is used where an issuance ends before its promotion, so that the compiled places do
/// not hold. The caller breaks the remaining ties.
pub(crate) fn compare_dated(
    criteria: &[RankingCriterion],
    a: Dated<'_>,
    b: Dated<'_>,
    discounts: impl Fn() -> (Money, Money),
) -> Ordering {
    criteria.iter().fold(Ordering::Equal, |order, criterion| {
        order.then_with(|| compare_by(*criterion, a, b, &discounts))
    })
}

fn compare_by(
    criterion: RankingCriterion,
    a: Dated<'_>,
    b: Dated<'_>,
    discounts: impl Fn() -> (Money, Money),
) -> Ordering {
    let (a_terms, b_terms) = (&a.promotion.terms, &b.promotion.terms);
    let first = |holds: fn(&Terms) -> bool| holds(b_terms).cmp(&holds(a_terms));
    let of_type = |wanted: PromotionType| {
        let is = |terms: &Terms| terms.kind.promotion_type() == wanted;
        is(b_terms).cmp(&is(a_terms))
    };
    match criterion {
        RankingCriterion::Exclusive => first(|terms| terms.stacking.exclusive),
        RankingCriterion::Sequence => a_terms.sequence.cmp(&b_terms.sequence),
        RankingCriterion::Segmented => first(|terms| terms.audience.is_segmented()),
        RankingCriterion::Pos => of_type(PromotionType::Pos),
        RankingCriterion::Loyalty => of_type(PromotionType::Loyalty),
        RankingCriterion::LoyaltyEarning => of_type(PromotionType::LoyaltyEarning),
        RankingCriterion::Rewards => of_type(PromotionType::Rewards),
        RankingCriterion::CodeLinked => of_type(PromotionType::CodeLinked),
        RankingCriterion::EarliestExpiry => a.expires_at.cmp(&b.expires_at),
        RankingCriterion::MaximumDiscount => {
            let (of_a, of_b) = discounts();
            of_b.cmp(&of_a)
        }
    }
}
