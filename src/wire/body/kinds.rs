//! Kinds of values: texts, decimals, lists, parts and so on. Each kind has bounds, which its reader checks and its
//! schema shows.

mod decimals;
mod kind;
mod parts;
mod plain;

pub use decimals::*;
pub(super) use kind::wrappers;
pub use kind::{Describes, Prints, Reads};
pub use parts::*;
pub use plain::*;
