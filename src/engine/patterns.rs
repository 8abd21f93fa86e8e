//! Finds the texts that `contains` and `starts_with` look for (spec 5.3).
//!
//! All texts of a field are found in one pass over each distinct text of the cart. So the cost of a cart grows with the
//! length of its texts, not with the number of rules.

use std::collections::BTreeMap;

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, StartKind};
use rustc_hash::FxHashMap;

use crate::domain::cart::Line;
use crate::domain::selector::TextField;

use super::fact::{Fact, any_text};
use super::line_set::LineSet;
use super::work::Work;

/// Most bytes of texts in the automata of a rule set, which take about ten times as much memory. Further texts are
/// looked for one by one.
const MOST_BYTES: usize = 2 << 20;

/// How many bytes of a text are read in one step.
const BYTES_A_STEP: usize = 4;

/// The steps that it takes to record that a text was found.
const STEPS_A_MATCH: usize = 4;

/// Where in a field a text is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Place {
    Anywhere,
    AtTheStart,
}

/// The texts of a rule set, by field and by where in it they are looked for.
#[derive(Debug, Default)]
pub(crate) struct Patterns(BTreeMap<(TextField, Place), Finder>);

#[derive(Debug, Default)]
struct Finder {
    facts: FxHashMap<Box<str>, Fact>,
    automaton: Option<AhoCorasick>,
    /// The fact of each text of the automaton, by the automaton's pattern number.
    found: Vec<Fact>,
    /// Texts that the automaton does not have.
    others: Vec<(Box<str>, Fact)>,
}

/// The lines on which each text was found.
pub(crate) type Matched = FxHashMap<Fact, LineSet>;

impl Patterns {
    /// The fact that a text was found. A new text gets the fact `next`.
    pub(crate) fn intern(
        &mut self,
        field: TextField,
        place: Place,
        text: &str,
        next: Fact,
    ) -> Fact {
        let finder = self.0.entry((field, place)).or_default();
        *finder.facts.entry(text.into()).or_insert(next)
    }

    /// Builds the automata, once all texts are known.
    pub(crate) fn build(&mut self) {
        let mut left = MOST_BYTES;
        for ((_, place), finder) in &mut self.0 {
            finder.build(*place, &mut left);
        }
    }

    /// Finds all texts on all lines.
    pub(crate) fn find(&self, lines: &[Line<'_>], work: &Work<'_>) -> Matched {
        let mut matched = Matched::default();
        for ((field, place), finder) in &self.0 {
            let mut distinct: FxHashMap<&str, LineSet> = FxHashMap::default();
            for (index, line) in lines.iter().enumerate() {
                any_text(line, field, |text| {
                    work.charge(1);
                    distinct.entry(text).or_default().insert(index);
                    false
                });
            }
            for (text, lines) in distinct {
                finder.find(*place, text, work, |fact| {
                    let own = matched.entry(fact).or_default();
                    *own = own.union(&lines);
                });
            }
        }
        matched
    }
}

impl Finder {
    fn build(&mut self, place: Place, left: &mut usize) {
        let mut texts: Vec<(Box<str>, Fact)> = self.facts.drain().collect();
        texts.sort_unstable_by_key(|(_, fact)| *fact);
        let fits = texts.iter().take_while(|(text, _)| {
            let rest = left.checked_sub(text.len());
            *left = rest.unwrap_or(*left);
            rest.is_some()
        });
        let others = texts.split_off(fits.count());
        let start = match place {
            Place::Anywhere => StartKind::Unanchored,
            Place::AtTheStart => StartKind::Anchored,
        };
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .start_kind(start)
            .build(texts.iter().map(|(text, _)| text.as_bytes()));
        match automaton {
            Ok(automaton) => {
                self.automaton = Some(automaton);
                self.found = texts.iter().map(|(_, fact)| *fact).collect();
                self.others = others;
            }
            // The texts are too many for an automaton.
            Err(_) => {
                texts.extend(others);
                self.others = texts;
            }
        }
    }

    fn find(&self, place: Place, text: &str, work: &Work<'_>, mut found: impl FnMut(Fact)) {
        if !work.charge(text.len() / BYTES_A_STEP + 1) {
            return;
        }
        let input = Input::new(text).anchored(match place {
            Place::Anywhere => Anchored::No,
            Place::AtTheStart => Anchored::Yes,
        });
        let mut state = OverlappingState::start();
        let automaton = self.automaton.as_ref();
        // INVARIANT: the search is anchored as the automaton was built, so it never fails.
        while let Some(Ok(())) =
            automaton.map(|own| own.try_find_overlapping(input.clone(), &mut state))
            && let Some(one) = state.get_match()
        {
            if !work.charge(STEPS_A_MATCH) {
                return;
            }
            // An anchored automaton also reports texts that are a suffix of what it has read.
            let is_there = match place {
                Place::Anywhere => true,
                Place::AtTheStart => one.start() == 0,
            };
            let fact = self.found.get(one.pattern().as_usize());
            fact.filter(|_| is_there).copied().into_iter().for_each(&mut found);
        }
        for (pattern, fact) in &self.others {
            if !work.charge(text.len() / BYTES_A_STEP + 1) {
                return;
            }
            let holds = match place {
                Place::Anywhere => text.contains(&**pattern),
                Place::AtTheStart => text.starts_with(&**pattern),
            };
            if holds {
                found(*fact);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::work::Stop;

    /// The texts that are found, by number.
    fn found(place: Place, patterns: &[String], text: &str, most_bytes: usize) -> Vec<usize> {
        let mut finder = Finder::default();
        for (number, pattern) in (0..).zip(patterns) {
            let fact = Fact::numbered(number);
            finder.facts.entry(pattern.as_str().into()).or_insert(fact);
        }
        finder.build(place, &mut { most_bytes });
        let stop = Stop::default();
        let mut found = Vec::new();
        finder.find(place, text, &Work::unbounded(&stop), |fact| {
            found.push(fact.index());
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    proptest! {
        #[test]
        fn every_text_is_found_where_it_is_and_nowhere_else(
            patterns in prop::collection::btree_set("[abé]{0,4}", 0..12),
            text in "[aBbé]{0,12}",
            most_bytes in 0..40_usize,
        ) {
            let patterns: Vec<String> = patterns.into_iter().collect();
            let where_it_holds = |holds: &dyn Fn(&str) -> bool| -> Vec<usize> {
                (0..patterns.len()).filter(|own| holds(&patterns[*own])).collect()
            };
            prop_assert_eq!(
                found(Place::Anywhere, &patterns, &text, most_bytes),
                where_it_holds(&|own| text.contains(own))
            );
            prop_assert_eq!(
                found(Place::AtTheStart, &patterns, &text, most_bytes),
                where_it_holds(&|own| text.starts_with(own))
            );
        }
    }
}
