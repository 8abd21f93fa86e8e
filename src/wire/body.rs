//! Bodies as tables. A table lists the members of a body once, and the reader, the printer and the schema all follow
//! from it.
//!
//! A member has a name, a presence ([`members`]), a kind ([`kinds`]) and a sentence that describes it. `body!` makes a
//! reader, a printer and a schema of a table. `request!` omits the printer, `answer!` omits the reader, and
//! `described!` makes the schema only. `union!` chooses between tables by the name in one field. [`schema`] collects
//! the components of the document. Reading order: `traits` (what a body can do), `tables` (the macros), then these.

pub mod enums;
pub mod kinds;
pub mod members;
pub mod schema;

mod tables;
mod traits;

pub use kinds::*;
pub use members::*;
pub use schema::{Described, Fields, Schemas, Side, Titled, nullable, one_name, or_text};
pub(crate) use tables::{answer, body, described, member_key, member_name, request, union, whole};
pub use traits::{PrintBody, ReadBody, read_body, read_stored};
