//! Background jobs, which run on every instance. Changes of the database happen exactly once, on any of the instances;
//! webhooks may get an event more than once.

mod rounds;

pub mod backlog;
pub mod backtests;
pub mod events;
pub mod issuances;
pub mod reconcile;

mod holds;
mod vocabulary;
mod webhooks;

mod all;

pub use all::run;
pub use webhooks::MAX_SOCKETS;
