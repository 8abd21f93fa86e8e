//! Carries out the tenant's strategy (spec 7.5, 7.6).

use crate::domain::settings::Strategy;
use crate::engine::case::Case;

use super::order::Ranked;
use super::run::Outcome;
use super::{best_deal, optimal, ranked};

/// Chooses and applies promotions by the tenant's strategy.
pub(crate) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    match case.rules.settings().strategy {
        Strategy::Ranked => ranked::choose(case, ranked),
        Strategy::BestDeal => best_deal::choose(case, ranked),
        Strategy::Optimal => optimal::choose(case, ranked),
    }
}
