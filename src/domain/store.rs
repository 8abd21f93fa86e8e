//! Stores: the shops of a tenant (spec 3).

use chrono_tz::Tz;

/// Most zones of one store.
pub const MAX_ZONES: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The tenant's own name for it.
    pub code: String,
    /// What kind of shop it is.
    pub concept: Option<String>,
    /// The zones that it lies in.
    pub zones: Vec<String>,
    /// `None`: the tenant's.
    pub timezone: Option<Tz>,
}
