//! Redemptions: what a caller asks for, and the states that one passes through (spec 9).

use std::sync::Arc;

use super::amount::Money;
use super::cart::Request;
use super::id::RedemptionId;

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// The caller's id, unique in the tenant for ever.
    pub transaction_id: String,
    /// The cart and what is around it; without `at`. Whoever prices it shares it.
    pub request: Arc<Request<'a>>,
    /// Refuses any other total discount.
    pub expected_discount: Option<Money>,
    /// Whether it only reserves.
    pub hold: bool,
    /// The hold that this one takes the place of.
    pub replaces: Option<RedemptionId>,
}

impl Order<'_> {
    /// The same with texts of its own.
    pub fn into_owned(self) -> Order<'static> {
        Order {
            transaction_id: self.transaction_id,
            request: Arc::new(Arc::unwrap_or_clone(self.request).into_owned()),
            expected_discount: self.expected_discount,
            hold: self.hold,
            replaces: self.replaces,
        }
    }
}

/// How a path names a redemption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Id(RedemptionId),
    /// By the caller's id: the latest under it.
    Transaction(String),
}

/// The states of spec 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedemptionState {
    /// Reserved until it expires.
    Held,
    Committed,
    /// Given back by the caller.
    Cancelled,
    /// Given back by the clock.
    Expired,
    /// Another hold has taken its place.
    Replaced,
}
