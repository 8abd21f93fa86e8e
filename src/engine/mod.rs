//! The evaluation: a pure function of rules, request, counters and time (spec 7).
//!
//! Before a cart comes, a tenant's promotions are compiled (`compiled`) into a `ruleset` with an `index`. A cart is
//! `prepared`: it is read once (`reading`), the index finds the promotions that it could meet, and `gates` admit some
//! of them. From these follows what has to be looked up. Then `evaluate` goes through the other stages. Each promotion
//! that passes the other gates becomes a `candidate`. The `ranking` orders the candidates. A `strategy` chooses among
//! them and applies them to the `units` of the cart, with one file for each kind of benefit (`benefits`). `explain`
//! finds out why the others did not apply, `result` assembles the answer, and `suggest` prices the cart with changes that
//! could make further promotions apply.

// Compiled before a cart comes.
mod compiled;
mod conditions;
mod fact;
mod facts;
mod index;
mod line_set;
mod patterns;
mod product_lists;
mod ranking;
mod request_conditions;
mod ruleset;
mod selection;
mod stores;
mod tags;

// The inputs of one evaluation, and what it reads of a cart.
mod calendar;
mod case;
mod codes;
mod gates;
mod heap;
mod inputs;
mod issuances;
mod limits;
mod reading;
mod reuse;
mod units;
mod view;
mod work;

// From a cart to its price.
mod allocation;
mod benefits;
mod candidate;
mod evaluate;
mod explain;
mod plan;
mod prepared;
mod proposal;
mod requirements;
mod result;
mod strategy;
mod suggest;

// Issuances, milestones and returns: what happens before and after a cart.
mod earning;
mod milestones;
pub mod returns;
mod usable;

// What is allowed in a promotion but probably not meant.
mod findings;

pub use compiled::KnownMilestone;
pub use earning::{Deed, earned};
pub use findings::{About, findings};
pub use inputs::{CodeFact, IssuanceFact};
pub use milestones::{CountedLine, Step, come_back, steps};
pub use prepared::{Needs, Prepared};
pub use product_lists::ProductList;
pub use ruleset::{Changes, RuleSet, Rules};
pub use stores::Stores;
pub use usable::{Usable, usable, usable_needs};
pub use work::{Costly, STEPS_PER_MS, Stop, Unfinished};
