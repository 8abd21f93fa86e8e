//! Statements, races, row-level security and the embedded server, on a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod customers;
mod embedded;
mod hot;
mod migrations;
mod outbox;
mod promotions;
mod released;
mod sample;
mod security;
mod shares;
mod statements;
mod stock;
mod transactions;
