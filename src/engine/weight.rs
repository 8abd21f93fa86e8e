//! What an evaluation may come to, before it is begun: for whoever decides where it runs.

use crate::domain::settings::Strategy;

use super::work::STEPS_PER_MS;
use super::{Facts, RuleSet};

/// Facts that a line of a usual cart has.
const FACTS_A_LINE: u64 = 4;

/// So many times more is done where units stack: what is left of a line is kept in several classes.
const STACKED: u64 = 8;

/// About how many steps an evaluation of this cart may take, from the sizes of cart and rules alone: a few additions, and
/// no bound. An attacker can do better; [`Stop::within`](super::Stop::within) ends what turns out to be heavier.
pub fn weight(rules: &RuleSet, facts: &Facts<'_>) -> u64 {
    let settings = rules.settings();
    let lines = &facts.request.cart.lines;
    let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
    let found = rules.index.weight_of(count.saturating_mul(FACTS_A_LINE));
    let looks = found.saturating_mul(count);
    let searched = match settings.strategy {
        Strategy::Ranked | Strategy::BestDeal => 0,
        Strategy::Optimal => u64::from(settings.optimal_budget_ms) * STEPS_PER_MS,
    };
    let stacked = if settings.unit_stacking.enabled {
        STACKED
    } else {
        1
    };
    looks.saturating_mul(stacked).saturating_add(searched)
}
