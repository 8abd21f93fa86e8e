//! What evaluations need, in memory: one immutable rule set for each tenant, replaced whole, and the API keys that were
//! used.
//!
//! The authority is the tenant's row, whose versions grow in the transaction of each change. For each tenant in memory
//! this module keeps two floors: the lowest versions of rules and of keys that may still be used. A change on this
//! instance raises the floor before its caller gets the answer, so the next evaluation here uses the change. Changes of
//! other instances arrive by a notification, and by a poll in case the notification is lost ([`refresh`]).
//!
//! While the database does not answer, the instance continues to use what is in memory: no one can change it meanwhile.
//!
//! Reading order: `memory` has the tenants in memory, and their rules; [`load`] reads rules, and [`refresh`] hears of
//! changes. `authenticate` looks up keys. `throttle` bounds what a tenant takes, and `session` takes it.

pub mod load;
pub mod refresh;

mod authenticate;
mod keys;
mod memory;
mod session;
mod tenant;
mod throttle;

pub use keys::{Known, Refused};
pub use load::LoadError;
pub use memory::{Cache, DEFAULT_BYTES, DEFAULT_UNKNOWN_CODES, Hearing};
pub use session::{Guess, Place, Session};
pub use throttle::{NoRoom, take_room};
