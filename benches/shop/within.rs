//! An evaluation of a cart that is far from the bound on its work.

use std::sync::Arc;

use promotion_engine::domain::cart::Request;
use promotion_engine::domain::evaluation::Evaluation;
use promotion_engine::engine::{Prepared, RuleSet, Stop};

use crate::shop;

/// The cart is read and priced; nothing is looked up for it.
pub fn evaluate(rules: &Arc<RuleSet>, request: &Request<'_>) -> Evaluation {
    let stop = Stop::default();
    let prepared = Prepared::new(Arc::clone(rules), request, &[], shop::now(), &stop);
    let priced = prepared.and_then(|prepared| prepared.evaluate(&[], &[], &stop));
    priced.expect("a cart within the bound")
}
