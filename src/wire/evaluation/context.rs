//! What belongs to an evaluation and is needed to print it.

use chrono::{DateTime, Utc};

use crate::domain::cart::Request;
use crate::domain::evaluation::PromotionIndex;
use crate::domain::id::PromotionId;
use crate::engine::RuleSet;

#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) request: &'a Request<'a>,
    pub(super) now: DateTime<Utc>,
    /// The least number of decimals of an amount.
    pub(super) precision: u32,
}

impl Context<'_> {
    pub(super) fn promotion_id(&self, index: PromotionIndex) -> PromotionId {
        self.rules.promotion(index).id
    }
}
