//! What several test binaries share: databases, the service through its port, and what answers are compared with.

pub mod contract;
pub mod expect;
pub mod harness;
pub mod pooler;
pub mod receiver;

mod database;

pub use database::{TestDatabase, copy, options, places};

/// Runs the body in a transaction of the tenant, and returns what it comes to.
#[macro_export]
macro_rules! in_tx {
    ($database:expr, $tenant:expr, |$tx:ident| $body:expr) => {
        $database.tx($tenant, move |$tx| Box::pin(async move { $body })).await
    };
}

/// The same for the operator.
#[macro_export]
macro_rules! as_operator {
    ($database:expr, |$tx:ident| $body:expr) => {
        $database
            .db()
            .operator::<_, promotion_engine::db::DbError, _>(move |$tx| {
                Box::pin(async move { $body })
            })
            .await
    };
}
