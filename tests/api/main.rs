//! The service through its port, on a real database.

#[allow(
    dead_code,
    reason = "shared with other test binaries, which use the rest"
)]
#[path = "../engine/expect.rs"]
mod expect;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "shared with other test binaries, which use the rest"
)]
#[path = "../support/mod.rs"]
mod support;

mod activities;
mod audit;
mod cases;
mod codes;
mod commands;
mod contract;
mod docs;
mod edge;
mod evaluate;
mod events;
mod examples;
mod freshness;
mod harness;
mod issuances;
mod ledger;
mod milestones;
mod promotions;
mod receiver;
mod redemptions;
mod returns;
mod routes;
mod settings;
mod stats;
mod stock;
mod tenants;
mod webhooks;
