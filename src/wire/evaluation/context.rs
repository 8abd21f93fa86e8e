//! What belongs to an evaluation and is needed to print it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::cart::Request;
use crate::domain::id::PromotionId;
use crate::domain::promotion::Promotion;
use crate::domain::reason::PromotionIndex;
use crate::engine::RuleSet;

#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) request: &'a Request<'a>,
    pub(super) now: DateTime<Utc>,
    /// The least number of decimals of an amount.
    pub(super) precision: u32,
}

impl<'a> Context<'a> {
    pub(super) fn promotion(&self, index: PromotionIndex) -> &'a Promotion {
        self.rules.promotion(index)
    }

    pub(super) fn promotion_id(&self, index: PromotionIndex) -> PromotionId {
        self.promotion(index).id
    }

    /// The time zone in which the shopper is told times: the store's, else the tenant's.
    pub(super) fn zone(&self) -> Tz {
        let store = self.request.store.as_deref().and_then(|code| self.rules.store(code));
        let own = store.and_then(|store| store.timezone);
        own.unwrap_or(self.rules.settings().timezone)
    }
}
