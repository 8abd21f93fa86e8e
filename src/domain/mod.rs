//! The values that every other layer uses. No I/O, clock, SQL or HTTP.
//!
//! In reading order: numbers ([`amount`], [`exact`], [`rounding`]), what is priced ([`cart`], [`customer`], [`store`]),
//! the rules ([`settings`], [`promotion`] and its parts), and the result ([`evaluation`]).

pub mod activity;
pub mod amount;
pub mod benefit;
pub mod cart;
pub mod code;
pub mod condition;
pub mod counter;
pub mod currency;
pub mod customer;
pub mod draft;
pub mod evaluation;
pub mod event;
pub mod exact;
pub mod finding;
pub mod id;
pub mod issuance;
pub mod limit;
pub mod local_time;
pub mod names;
mod owned;
pub mod promotion;
pub mod rate;
pub mod redemption;
pub mod role;
pub mod rounding;
pub mod schedule;
pub mod scope;
pub mod selector;
pub mod settings;
pub mod store;
pub mod suggestion;
pub mod usage;
pub mod vocabulary;
pub mod window;
