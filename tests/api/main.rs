//! The service through its port, on a real database.

#[path = "../engine/expect.rs"]
mod expect;
#[path = "../support/mod.rs"]
mod support;

mod audit;
mod cases;
mod codes;
mod edge;
mod evaluate;
mod freshness;
mod harness;
mod promotions;
mod routes;
mod settings;
mod stock;
mod tenants;
