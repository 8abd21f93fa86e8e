//! Whether a sequence with a given beginning could still be an answer (docs/OPTIMAL.md, "The search").

use std::cmp::Ordering;

use crate::domain::benefit::Benefit;

use super::super::fine::Fine;
use super::super::prospect::Open;
use super::super::sequence::Sequence;
use super::{Explorer, Goal};

impl Explorer<'_, '_> {
    /// The least value at which sequences are listed; `None` where none is listed.
    pub(super) fn least(&self) -> Option<Fine> {
        match self.goal {
            Goal::Best => None,
            Goal::Near(margin) => self.best.as_ref().map(|best| best.value - margin),
            Goal::AtLeast { least, .. } => Some(least),
        }
    }

    /// Whether a sequence that begins like this one, and adds at most `more`, could be an answer that is not known yet.
    pub(super) fn is_worth(&self, more: Fine) -> bool {
        match self.against(more) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => match &self.best {
                Some(best) if self.goal == Goal::Best => {
                    self.could_win_a_tie(&self.trail.open, best)
                }
                Some(_) | None => true,
            },
        }
    }

    /// Compares the value of this sequence plus `more` with the value that an answer needs.
    pub(super) fn against(&self, more: Fine) -> Ordering {
        let upper = self.path.value + more;
        if self.goal != Goal::Best {
            return self.least().map_or(Ordering::Greater, |least| upper.cmp(&least));
        }
        let Some(best) = &self.best else {
            return Ordering::Greater;
        };
        // Where all weights are one, values are multiples of the precision.
        if upper >= self.beyond_best {
            Ordering::Greater
        } else if upper >= best.value {
            Ordering::Equal
        } else {
            Ordering::Less
        }
    }

    /// Whether a sequence that begins like this one, and has the same value as the best, could be preferred to the
    /// best.
    fn could_win_a_tie(&self, open: &Open, best: &Sequence) -> bool {
        let may_give = |member: &usize| {
            let terms = &self.candidate(*member).compiled.promotion.terms;
            matches!(terms.benefit, Benefit::FreeProduct(_))
        };
        let most_gifts = self.path.gifts + self.trail.remaining().filter(may_give).count();
        if most_gifts != best.gifts {
            return most_gifts > best.gifts;
        }
        // At least `more` further promotions are needed to reach the best value.
        let mut most: Vec<Fine> = self
            .trail
            .remaining()
            .map(|member| self.component.bound.of_one(open, member))
            .collect();
        most.sort_unstable_by_key(|own| std::cmp::Reverse(*own));
        let mut missing = best.value - self.path.value;
        let mut more = 0;
        for own in most {
            if missing <= 0 {
                break;
            }
            missing -= own;
            more += 1;
        }
        let more = more.max(best.gifts - self.path.gifts);
        let count = self.path.applied.len() + more;
        if count != best.applied.len() {
            return count < best.applied.len();
        }
        let members = &self.component.members;
        let others = self.trail.remaining().map(|member| members[member]).take(more);
        let mut ranks: Vec<usize> = self.path.places().chain(others).collect();
        ranks.sort_unstable();
        let mut of_best: Vec<usize> = best.places().collect();
        of_best.sort_unstable();
        let begun = best.places().take(self.path.applied.len());
        ranks.cmp(&of_best).then(self.path.places().cmp(begun)) != Ordering::Greater
    }
}
