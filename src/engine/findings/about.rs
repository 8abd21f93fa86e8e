//! What findings look at.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::finding::Other;
use crate::domain::promotion::{Promotion, Status};
use crate::domain::settings::Settings;
use crate::domain::vocabulary::KnownNames;

/// A promotion, and what its findings depend on besides other promotions.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub promotion: &'a Promotion,
    pub settings: &'a Settings,
    /// The names that the tenant is known to use.
    pub known: &'a KnownNames,
    /// The time zones of the tenant's stores.
    pub zones: &'a [Tz],
    pub now: DateTime<Utc>,
}

impl About<'_> {
    /// Whether another promotion counts: it is active, and has not ended.
    pub(super) fn counts(&self, other: &Promotion) -> bool {
        other.id != self.promotion.id
            && other.status == Status::Active
            && other.terms.ends_at > self.now
    }
}

/// How findings name another promotion.
pub(super) fn other(promotion: &Promotion) -> Other {
    Other { promotion: promotion.id, name: promotion.terms.name.clone() }
}
