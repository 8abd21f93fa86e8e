//! Redemptions: what a caller asks for, and the states of a redemption (spec 9).

use std::sync::Arc;

use super::amount::Money;
use super::cart::Request;
use super::id::RedemptionId;

/// A caller's request to redeem a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order<'a> {
    /// The caller's id, unique in the tenant for ever.
    pub transaction_id: String,
    /// The cart and the request around it; without `at`. It is shared with the evaluation.
    pub request: Arc<Request<'a>>,
    /// If set, any other total discount is refused.
    pub expected_discount: Option<Money>,
    /// Whether it is a hold, which only reserves.
    pub hold: bool,
    /// The hold that this one replaces.
    pub replaces: Option<RedemptionId>,
}

impl Order<'_> {
    /// Copies all texts, so that the order can outlive the body that it was read from.
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
    /// The caller's id. It means the latest redemption with this id.
    Transaction(String),
}

/// The states of a redemption (spec 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedemptionState {
    /// Reserved until it expires.
    Held,
    Committed,
    /// The caller cancelled the hold.
    Cancelled,
    /// The hold ended by itself.
    Expired,
    /// Another hold has taken its place.
    Replaced,
}
