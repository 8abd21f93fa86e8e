//! Use cases that join engine, cache and database: evaluating a cart, redeeming it, and publishing rules.
//!
//! Every change of a tenant's rules goes through `Service::publish`, and every change of its keys through
//! `Service::rekey`. The transaction first increments the version, which makes one tenant's writers wait for each
//! other. Then it makes the change and writes the audit row. After the commit, this instance no longer uses older
//! versions.
//!
//! Reading order: `handle` has [`Service`] and the ways to run a transaction, `change` what every change says and
//! checks, `error` why a use case fails. Then comes one module for each use case.

pub mod activities;
pub mod api_key;
pub mod backtest_run;
pub mod backtests;
pub mod claims;
pub mod code_lookup;
pub mod codes;
pub mod customers;
pub mod drafts;
pub mod evaluate;
pub mod event_log;
pub mod events;
pub mod findings;
pub mod import;
pub mod issuance_ends;
pub mod issuances;
pub mod keys;
pub mod milestones;
pub mod pool;
pub mod product_lists;
pub mod products;
pub mod promotion_list;
pub mod promotion_status;
pub mod promotions;
pub mod redeem;
pub mod redemptions;
pub mod returns;
pub mod settings;
pub mod stats;
pub mod stores;
pub mod vocabulary;
pub mod webhooks;

mod backtest_pages;
mod change;
mod collector;
mod error;
mod handle;
mod usage;

pub use change::{Actor, Expected};
pub use error::{Refusal, ServiceError};
pub use handle::{Mode, Service};
