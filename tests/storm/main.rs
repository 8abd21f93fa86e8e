//! What redemptions promise, under load and under failures: from the contract alone, through the port, and checked in
//! the database afterwards. docs/RELIABILITY.md says which promise is proved where.
//!
//! Every test is small here, so that it runs with all the others; `.ci/storm` runs the same tests larger. Each prints
//! the seed that it drew; STORM_SEED sets it.
//!
//! Reading order: `client` and `till` send, `shop` makes tenants and bodies, `instance`, `process` and `cluster` are
//! what is stormed, `proxy` is a bad network, `checker` judges; then one file a promise.

mod checker;
mod client;
mod cluster;
mod instance;
mod member;
mod process;
mod proxy;
mod scale;
mod shop;
mod till;

mod cases;
mod customers;
mod database_killed;
mod deliveries;
mod earning;
mod embedded_killed;
mod endpoints;
mod failover;
mod hang_ups;
mod hold_model;
mod hold_races;
mod limits;
mod milestones;
mod network;
mod pgbouncer;
mod pooled;
mod quotes;
mod returns;
mod service_killed;
mod standby;
mod starting;
mod statements;
mod stopped;
mod stopping;
mod twins;
mod windows;
