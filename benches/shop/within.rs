//! An evaluation of a cart that is far from the bound on its work.

use promotion_engine::domain::evaluation::Evaluation;
use promotion_engine::engine::{self, Facts, RuleSet, Stop};

pub fn evaluate(rules: &RuleSet, facts: &Facts<'_>) -> Evaluation {
    engine::evaluate(rules, facts, &Stop::default()).expect("a cart within the bound")
}
