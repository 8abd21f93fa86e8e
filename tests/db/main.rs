//! Statements, races, row-level security and the embedded server, on a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod embedded;
mod sample;
mod security;
mod statements;
mod transactions;
