//! Compares every upper bound with the best order below it, for tests (docs/OPTIMAL.md, "What is tested").

use std::rc::Rc;

use crate::engine::benefits::propose;
use crate::engine::case::Case;
use crate::engine::units::Basket;

use super::super::order::Ranked;
use super::component::Component;
use super::fine::Fine;
use super::problem::Problem;
use super::weighed::Weighed;

/// Returns how many bounds were compared, or the first that is too low. It leaves out no order.
pub(crate) fn check_bounds(case: &Case<'_>, ranked: &Ranked<'_>) -> Result<u64, String> {
    let problem = Problem::new(case, ranked, None);
    let mut count = 0;
    let known = problem.all_components();
    for component in known.iter().flat_map(|own| &own.components) {
        let mut walk = Walk { case, ranked, component, count: 0 };
        walk.most_below(&case.untouched, &mut Vec::new())?;
        count += walk.count;
    }
    Ok(count)
}

struct Walk<'w, 'e> {
    case: &'w Case<'e>,
    ranked: &'w Ranked<'e>,
    component: &'w Component,
    count: u64,
}

impl Walk<'_, '_> {
    /// The most that the remaining members can add on this basket. `applied` has the members that have applied, in
    /// order.
    fn most_below(&mut self, basket: &Basket, applied: &mut Vec<usize>) -> Result<Fine, String> {
        let members = &self.component.members;
        let remaining: Vec<usize> =
            (0..members.len()).filter(|own| !applied.contains(own)).collect();
        let bound = &self.component.bound;
        let open = bound.look(self.case, basket, &self.component.weights);
        let upper = bound.of(&open, remaining.iter().copied());
        let mut most = 0;
        for member in &remaining {
            let candidate = self.ranked.candidate(members[*member]);
            let Ok(proposal) = propose(self.case, candidate, basket) else {
                continue;
            };
            let proposal = Rc::new(proposal);
            let weighed = Weighed::new(self.case, self.component, basket, Rc::clone(&proposal));
            let mut next = basket.clone();
            proposal.carry_out(&mut next, self.case.work);
            applied.push(*member);
            let below = self.most_below(&next, applied)?;
            applied.pop();
            let after = upper.after(*member, &weighed.proposal);
            if after < below {
                return Err(format!(
                    "after {applied:?} of {members:?} and {member}: {below} is above the bound {after}"
                ));
            }
            most = most.max(self.component.value_of(&proposal) + below);
        }
        self.count += 1;
        let upper = upper.whole;
        if upper < most {
            return Err(format!(
                "after {applied:?} of {members:?}: {most} is above the bound {upper}"
            ));
        }
        Ok(most)
    }
}
