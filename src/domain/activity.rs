//! What customers do, and what it counts for: activities and milestones (spec 11).

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
/// How many days an activity may lie back (spec 11).
pub const MAX_DAYS_BACK: i64 = 7;

/// Something that a customer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity<'a> {
    /// The caller's id, unique in the tenant for ever.
    pub id: String,
    pub kind: ActivityType,
    /// When; `None`: now.
    pub at: Option<DateTime<Utc>>,
    /// The caller's id of the sale that it was.
    pub transaction_id: Option<String>,
    /// Who, where, and with which cart: an empty one where there is none.
    pub request: Request<'a>,
    /// Whether there is a cart.
    pub has_cart: bool,
}

/// What a customer can come to, target by target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Unique in the tenant.
    pub name: String,
    pub measure: MilestoneMeasure,
    /// Only of these lines; `None`: of all.
    pub of: Option<Selector>,
    /// When it starts anew; `None`: never.
    pub window: Option<Refresh>,
    /// At least one; names are unique.
    pub targets: Vec<Target>,
}

/// What a milestone counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MilestoneMeasure {
    /// Money that is spent.
    Spend,
    Visits,
    /// Units that are bought.
    Quantity,
}

/// A target of a milestone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Unique in the milestone.
    pub name: String,
    /// What has to be reached; over 0.
    pub value: Number,
}
