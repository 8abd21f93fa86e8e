//! Statements, races, row-level security and the embedded server, on a real PostgreSQL.

mod changes;
mod customers;
mod embedded;
mod fair_queue;
mod migrations;
mod outbox;
mod plans;
mod promotion_plans;
mod promotions;
mod redemption_plans;
mod released;
mod rule_revisions;
mod sample;
mod security;
mod statements;
mod strangers;
mod tenant_in_statements;
mod transactions;
