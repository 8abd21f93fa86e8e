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

mod abandoned;
mod activities;
mod audit;
mod audit_coverage;
mod bound_codes;
mod cases;
mod claims;
mod clock;
mod codes;
mod commands;
mod contract;
mod cursors;
mod customer_promotions;
mod customers;
mod database_faults;
mod deletions;
mod docs;
mod document;
mod documented_bounds;
mod early_refusals;
mod edge;
mod evaluate;
mod events;
mod examples;
mod expiry;
mod freshness;
mod harness;
mod heavy_redemptions;
mod hostile;
mod issuances;
mod ledger;
mod memory;
mod milestones;
mod newer_release;
mod optimal;
mod other_tenants;
mod overload;
mod pool;
mod product_lists;
mod promotions;
mod receiver;
mod redemptions;
mod request_bounds;
mod returns;
mod routes;
mod settings;
mod stats;
mod stores;
mod story;
mod tenants;
mod throttle;
mod unread_answers;
mod unsent;
mod webhook_shares;
mod webhooks;
