//! An evaluation of a cart that is far from the bound on its work.

use std::sync::Arc;

use promotion_engine::domain::cart::Request;
use promotion_engine::domain::evaluation::Evaluation;
use promotion_engine::engine::{Prepared, RuleSet, Stop, Unfinished};

use crate::shop;

pub fn evaluate(rules: &Arc<RuleSet>, request: &Request<'_>) -> Evaluation {
    try_to_evaluate(rules, request).expect("a cart within the bound")
}

/// The cart is read and priced; nothing is looked up for it.
pub fn try_to_evaluate(
    rules: &Arc<RuleSet>,
    request: &Request<'_>,
) -> Result<Evaluation, Unfinished> {
    let stop = Stop::default();
    let prepared = Prepared::new(Arc::clone(rules), request, &[], shop::now(), &stop)?;
    prepared.evaluate(&[], &[], &stop)
}
