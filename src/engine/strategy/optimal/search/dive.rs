//! Finds good sequences quickly, so that the search has something to compare with (docs/OPTIMAL.md, "The search").

use super::super::component::Component;
use super::super::fine::Fine;
use super::super::weighed::Weighed;
use super::{Explorer, Known};

/// What it costs to apply a promotion whose proposal is known, in looks at numbers.
const LOOKS_TO_APPLY: usize = 16;

impl Explorer<'_, '_> {
    /// Repeatedly applies the member with the largest `worth`; among equal ones, the best ranked.
    pub(super) fn dive(&mut self, known: &Known, worth: impl Fn(&Component, &Weighed) -> Fine) {
        let mut known = known.clone();
        self.record();
        while self.propose(&mut known) {
            let proposed = self.trail.remaining().filter_map(|member| {
                let weighed = known[member].as_ref()?.as_ref().ok()?;
                Some((worth(self.component, weighed), member, weighed.clone()))
            });
            let best = proposed.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((_, member, weighed)) = best.filter(|(worth, ..)| *worth >= 0) else {
                break;
            };
            known = self.after(&known, &weighed);
            self.apply(member, weighed);
            self.record();
        }
        self.go_back_to(0);
    }

    /// Moves members to other places in the order of the best known sequence, as long as the value grows.
    pub(super) fn rearrange(&mut self) {
        let Some(best) = &self.best else {
            return;
        };
        let mut most = best.value;
        let members = &self.component.members;
        let mut order: Vec<usize> =
            best.places().filter_map(|place| members.binary_search(&place).ok()).collect();
        let others = (0..members.len()).filter(|member| !order.contains(member));
        order.extend(others.collect::<Vec<_>>());
        let mut applied = Vec::with_capacity(order.len());
        let mut is_better = true;
        while is_better {
            is_better = false;
            for from in 0..order.len() {
                for to in 0..order.len() {
                    let mut moved = order.clone();
                    let member = moved.remove(from);
                    moved.insert(to, member);
                    let Some(value) = self.in_order(&moved, &mut applied) else {
                        self.go_back_to(0);
                        return;
                    };
                    if value > most {
                        most = value;
                        order = moved;
                        is_better = true;
                    }
                }
            }
        }
        self.go_back_to(0);
    }

    /// The value of this order: each member applies if it gives something when its turn comes. `applied` has the
    /// members of the order that was tried before, and whether each has applied. `None` once the steps for this are
    /// used up.
    fn in_order(&mut self, order: &[usize], applied: &mut Vec<(usize, bool)>) -> Option<Fine> {
        let same = order.iter().zip(applied.iter());
        let same = same.take_while(|(own, (other, _))| *own == other).count();
        applied.truncate(same);
        self.go_back_to(applied.iter().filter(|(_, has_applied)| *has_applied).count());
        let rest = &order[same..];
        if !self.steps.prepare(rest.len() * LOOKS_TO_APPLY) {
            return None;
        }
        for member in rest {
            if !self.trail.is_open(*member) {
                applied.push((*member, false));
                continue;
            }
            let proposed = self.proposed(*member)?;
            applied.push((*member, proposed.is_ok()));
            if let Ok(weighed) = proposed {
                // Where units stack, applying a promotion also brings the basket up to date.
                if self.case.claims.stacks()
                    && !self.steps.spend(self.component.lines.len(), self.case.work)
                {
                    return None;
                }
                self.apply(*member, weighed);
            }
        }
        self.record();
        Some(self.path.value)
    }

    fn go_back_to(&mut self, length: usize) {
        while self.trail.len() > length {
            self.undo();
        }
    }
}
