//! Activities of customers, and the milestones that they count for (spec 11).

use chrono::{DateTime, Utc};

use super::amount::Number;
use super::cart::Request;
use super::issuance::ActivityType;
use super::limit::Refresh;
use super::selector::Selector;

/// Most milestones of a tenant (spec 14).
pub const MAX_MILESTONES: usize = 100;
/// Most targets of one milestone.
pub const MAX_TARGETS: usize = 50;
/// How many days ago an activity may have happened at most (spec 11).
pub const MAX_DAYS_BACK: i64 = 7;

/// Something that a customer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity<'a> {
    /// The caller's id, unique in the tenant for ever.
    pub id: String,
    pub kind: ActivityType,
    /// When it happened; `None`: now.
    pub at: Option<DateTime<Utc>>,
    /// The caller's id of the sale.
    pub transaction_id: Option<String>,
    /// The customer, the place and the cart; the cart is empty if there is none.
    pub request: Request<'a>,
    /// Whether there is a cart.
    pub has_cart: bool,
}

/// A milestone: what customers can reach, in one or more targets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Unique in the tenant.
    pub name: String,
    pub measure: MilestoneMeasure,
    /// Which lines count; `None`: all.
    pub of: Option<Selector>,
    /// When the count starts anew; `None`: never.
    pub window: Option<Refresh>,
    /// At least one; names are unique.
    pub targets: Vec<Target>,
}

/// What a milestone counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MilestoneMeasure {
    /// The money that is spent.
    Spend,
    Visits,
    /// The units that are bought.
    Quantity,
}

/// A target of a milestone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Unique in the milestone.
    pub name: String,
    /// The count that reaches the target; over 0.
    pub value: Number,
}
