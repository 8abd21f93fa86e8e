//! The service through its port, on a real database.

#[allow(dead_code, reason = "shared with other test binaries, which use the rest")]
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
mod admission;
mod audit;
mod bound_codes;
mod bounds;
mod cases;
mod claims;
mod clock;
mod codes;
mod commands;
mod contract;
mod cursors;
mod customers;
mod deletions;
mod docs;
mod document;
mod edge;
mod ended;
mod evaluate;
mod events;
mod examples;
mod expiry;
mod faults;
mod freshness;
mod harness;
mod hostile;
mod issuances;
mod later;
mod ledger;
mod limits;
mod memory;
mod milestones;
mod offers;
mod optimal;
mod overload;
mod paces;
mod pool;
mod promotions;
mod receiver;
mod redemptions;
mod refused;
mod returns;
mod routes;
mod sealed;
mod settings;
mod stats;
mod stock;
mod story;
mod tenants;
mod trail;
mod unread;
mod unsent;
mod webhook_shares;
mod webhooks;
