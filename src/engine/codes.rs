//! The presented codes: which promotions they unlock, and what became of each (spec 8).

use crate::domain::evaluation::{CodeVerdict, Reason};

use super::inputs::Facts;
use super::limits;
use super::ruleset::RuleSet;

/// What the presented codes come to before any promotion is judged.
pub(crate) struct Codes(Vec<CodeState>);

enum CodeState {
    /// The first usable code of this promotion.
    Unlocks(usize),
    /// A code of this promotion that is used up.
    Exhausted(usize),
    Settled(CodeVerdict),
}

fn is_used_up(rules: &RuleSet, facts: &Facts<'_>, number: usize, code: usize) -> bool {
    let promotion = rules.promotion(number);
    promotion.is_some_and(|promotion| limits::is_exhausted(facts, promotion, code))
}

fn unlocks(states: &[CodeState], number: usize) -> Option<usize> {
    states.iter().position(|state| matches!(state, CodeState::Unlocks(own) if *own == number))
}

impl Codes {
    /// Reads the presented codes: the first usable one of a promotion unlocks it.
    pub(crate) fn read(rules: &RuleSet, facts: &Facts<'_>) -> Self {
        let presented = &facts.request.cart.codes;
        let mut states: Vec<CodeState> = Vec::with_capacity(presented.len());
        for (index, code) in presented.iter().enumerate() {
            let again = presented.iter().take(index).any(|own| own.eq_ignore_ascii_case(code));
            let fact = facts.codes.get(index).and_then(Option::as_ref);
            let known = fact.and_then(|fact| Some((fact, rules.index_of(fact.promotion_id)?)));
            states.push(match known {
                _ if again => CodeState::Settled(CodeVerdict::Duplicate),
                None => CodeState::Settled(CodeVerdict::Unknown),
                Some((fact, _)) if fact.expires_at.is_some_and(|end| end <= facts.now) => {
                    CodeState::Settled(CodeVerdict::Expired)
                }
                Some((_, number)) if is_used_up(rules, facts, number, index) => {
                    CodeState::Exhausted(number)
                }
                Some((_, number)) if unlocks(&states, number).is_some() => {
                    CodeState::Settled(CodeVerdict::AlreadyUnlocked)
                }
                Some((_, number)) => CodeState::Unlocks(number),
            });
        }
        Self(states)
    }

    /// The code that unlocks a promotion, or else the first that would if it were not used up.
    pub(crate) fn unlocking(&self, promotion: usize) -> Option<usize> {
        unlocks(&self.0, promotion).or_else(|| {
            self.0
                .iter()
                .position(|state| matches!(state, CodeState::Exhausted(own) if *own == promotion))
        })
    }

    /// The promotions of the codes, each once.
    pub(crate) fn promotions(&self) -> impl Iterator<Item = usize> {
        let number = |state: &CodeState| match state {
            CodeState::Unlocks(number) | CodeState::Exhausted(number) => Some(*number),
            CodeState::Settled(_) => None,
        };
        self.0.iter().enumerate().filter_map(move |(place, state)| {
            let own = number(state)?;
            let before = self.0.get(..place).unwrap_or_default();
            (!before.iter().any(|state| number(state) == Some(own))).then_some(own)
        })
    }

    /// What became of each code, once every promotion has its outcome.
    pub(crate) fn verdicts<'r>(
        &self,
        reason_of: impl Fn(usize) -> Option<&'r Reason>,
    ) -> Vec<CodeVerdict> {
        let verdict = |state: &CodeState| match state {
            CodeState::Settled(verdict) => verdict.clone(),
            CodeState::Exhausted(_) => CodeVerdict::Exhausted,
            CodeState::Unlocks(number) => match reason_of(*number) {
                None => CodeVerdict::Applied,
                Some(reason) => CodeVerdict::NotApplied(reason.code()),
            },
        };
        self.0.iter().map(verdict).collect()
    }
}
