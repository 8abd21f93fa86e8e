//! Reads the lines of a cart once, into the facts that a tenant's rules name.

use super::fact::Fact;
use super::facts::FactTable;
use super::line_set::LineSet;
use super::patterns::Matched;
use super::work::Work;
use crate::domain::cart::Line;

/// The steps that reading a line takes.
const STEPS_A_LINE: usize = 16;

/// The steps that it takes to record a fact of a line and to sort it among the others.
const STEPS_A_FACT: usize = 4;

#[derive(Default)]
pub(crate) struct Reading {
    /// The facts of whole texts, sorted.
    facts: Vec<FactOnLine>,
    /// For each text that rules look for, the lines on which it was found.
    found: Matched,
}

impl Reading {
    pub(crate) fn new(lines: &[Line<'_>], facts: &FactTable, work: &Work<'_>) -> Self {
        Self { facts: facts_on(lines, facts, work), found: facts.found_in(lines, work) }
    }

    /// All facts of the cart's lines.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Fact> + '_ {
        let of_one = self.facts.chunk_by(|a, b| a.fact == b.fact);
        let own = of_one.filter_map(|of_one| Some(of_one.first()?.fact));
        own.chain(self.found.keys().copied())
    }

    /// The lines that have one of the `wanted` facts, which must be sorted.
    pub(crate) fn with_facts(&self, wanted: &[Fact]) -> LineSet {
        let mut lines = LineSet::default();
        if wanted.len() <= self.facts.len() {
            for fact in wanted {
                let first = self.facts.partition_point(|own| own.fact < *fact);
                let own = self.facts.iter().skip(first);
                let own = own.take_while(|own| own.fact == *fact);
                own.for_each(|own| lines.insert(own.line()));
            }
        } else {
            let own = self.facts.iter();
            let own = own.filter(|own| wanted.binary_search(&own.fact).is_ok());
            own.for_each(|own| lines.insert(own.line()));
        }
        lines
    }

    /// How many facts are looked up to find the lines that have one of `wanted` facts.
    pub(crate) fn looks_for_facts(&self, wanted: usize) -> usize {
        wanted.min(self.facts.len())
    }

    /// The lines on which one of these texts was found.
    pub(crate) fn with_found(&self, wanted: &[Fact]) -> LineSet {
        let own = wanted.iter().filter_map(|fact| self.found.get(fact));
        own.fold(LineSet::default(), |all, own| all.union(own))
    }
}

#[derive(Clone, Copy)]
struct FactOnLine {
    fact: Fact,
    line: u32,
}

impl FactOnLine {
    /// Fact and line as one number, which is compared faster than two.
    fn key(self) -> u64 {
        (u64::from(self.fact.number()) << 32) | u64::from(self.line)
    }

    fn line(self) -> usize {
        usize::try_from(self.line).unwrap_or(usize::MAX)
    }
}

/// Finds the facts of all lines. Only texts that some rule names are facts.
fn facts_on(lines: &[Line<'_>], facts: &FactTable, work: &Work<'_>) -> Vec<FactOnLine> {
    let mut all = Vec::with_capacity(lines.len() * 4);
    for (number, line) in (0..).zip(lines) {
        let before = all.len();
        facts.of_line(line, &mut |fact| all.push(FactOnLine { fact, line: number }));
        work.charge(STEPS_A_LINE + (all.len() - before) * STEPS_A_FACT);
    }
    all.sort_unstable_by_key(|own: &FactOnLine| own.key());
    all
}
