//! Units of lines while promotions are applied: free, claimed, discounted (spec 7.3).
//!
//! A line is never expanded into its units. It is a list of *runs*: so many units that have been
//! treated alike, with what is left to pay of them. A line starts as one run; a promotion that
//! takes some of its units splits it.

mod basket;
mod claim_rules;
mod imprint;

pub(crate) use basket::{Basket, LineTake, Saved, Slot, Take};
pub(crate) use claim_rules::ClaimRules;
pub(crate) use imprint::Imprint;
