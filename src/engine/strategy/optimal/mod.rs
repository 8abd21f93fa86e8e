//! `optimal`: the largest total discount that any set of promotions, in any order within each phase, can give, proven or
//! with an upper bound (spec 7.6; docs/OPTIMAL.md explains the method).
//!
//! `bound` computes how much can still be taken off. `search` tries the orders of promotions that meet on lines. `cart`
//! finds the best cart-level promotions, and `join` puts both together. `memory` holds the states that were seen, and
//! `steps` counts the cost. `solve` asks for the answer.

mod answer;
mod audit;
mod bound;
mod cart;
mod component;
mod fine;
mod join;
mod known;
mod linear;
mod memory;
mod problem;
mod prospect;
mod search;
mod sequence;
mod solve;
mod steps;
mod weighed;

pub(crate) use audit::check_bounds;
pub(super) use solve::choose;
