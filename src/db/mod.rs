//! PostgreSQL: the only SQL of the service.
//!
//! Reading order: `pool` has [`Db`], `options` how it is set up, `route` what lies between it and the server.
//! `transaction` binds a transaction to its tenant, `session` is what each sets for itself, and `statements` runs the
//! statements in it. Then comes one module for each aggregate: functions over such a transaction.
//! Names of closed sets arrive as the domain's enums; documents are JSON text, which `stored` reads. `migrate` makes
//! the schema and its roles. `embedded` provides a server where none is configured.

mod error;
mod fair_queue;
mod first_connection;
mod health;
mod names;
mod options;
mod page;
mod pool;
mod route;
mod session;
mod standby;
mod statements;
mod transaction;

pub mod activities;
pub mod audit;
pub mod backlog;
pub mod code_lookup;
pub mod codes;
pub mod counters;
pub mod customers;
pub mod deliveries;
pub mod embedded;
pub mod events;
pub mod holds;
pub mod issuance_ends;
pub mod issuances;
pub mod keys;
pub mod migrate;
pub mod milestones;
pub mod outbox;
pub mod product_lists;
pub mod promotion_ends;
pub mod promotion_history;
pub mod promotion_list;
pub mod promotions;
pub mod reconcile;
pub mod redemption_keys;
pub mod redemption_list;
pub mod redemptions;
pub mod returns;
pub mod rules;
pub mod settings;
pub mod stats;
pub mod stores;
pub mod tenants;
pub mod usable_issuances;
pub mod usage;
pub mod webhooks;

pub use error::{DbError, Key, NoStandby, NotReady, Reference, Result};
pub use migrate::migrate;
pub use options::{DbOptions, DbTimeouts, Durability, OPERATOR_ROLE, SERVICE_ROLE};
pub use page::{MAX_PAGE, Page};
pub use pool::{Connections, Db};
pub use route::Route;
pub use transaction::{OperatorTx, TenantTx, Work};
