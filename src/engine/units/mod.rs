//! The units of lines while promotions claim and discount them (spec 7.3).
//!
//! A line is never expanded into its units. It is a list of *runs*: each is a number of units with the same claims, and
//! what is left to pay for them. A line starts as one run. A promotion that takes some of its units splits the run.

mod basket;
mod claim_rules;
mod floor;
mod imprint;
mod room;

pub(crate) use basket::{Basket, LineTake, Saved, Slot, Take};
pub(crate) use claim_rules::ClaimRules;
pub(crate) use imprint::Imprint;
