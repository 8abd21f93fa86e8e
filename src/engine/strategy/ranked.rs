//! `ranked`: applies promotions in rank order, an exclusive one alone (spec 7.5).

use crate::domain::reason::Reason;
use crate::engine::case::Case;

use super::order::Ranked;
use super::run::{Outcome, run};

pub(super) fn choose<'e>(case: &Case<'e>, ranked: &Ranked<'e>) -> Outcome {
    let places = 0..ranked.len();
    if !places.clone().any(|place| ranked.is_exclusive(place)) {
        return run(case, ranked, true, |_| true);
    }
    let first = places.clone().find(|place| ranked.alone(case, *place).is_ok());
    let lone = first.filter(|place| ranked.is_exclusive(*place));
    let mut outcome = match lone {
        Some(lone) => run(case, ranked, true, |place| place == lone),
        None => run(case, ranked, true, |place| !ranked.is_exclusive(place)),
    };
    for place in places {
        let out = lone.map_or(ranked.is_exclusive(place), |lone| lone != place);
        if out {
            let reason = match lone {
                Some(lone) => {
                    let applied = Reason::ExclusiveApplied(ranked.candidate(lone).index);
                    ranked.reason(case, place, &case.untouched, applied)
                }
                None => ranked.passed_over(case, place),
            };
            outcome.refuse(place, reason);
        }
    }
    outcome
}
