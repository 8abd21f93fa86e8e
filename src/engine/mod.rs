//! The evaluation: a pure function of rules, request, counters and time (spec 7).
//!
//! Before a cart comes, a tenant's promotions are compiled (`compiled`) into a `ruleset`, and an `index` says which of them
//! a cart could meet. A cart is `prepared`: it is read once (`reading`), the index names the promotions that it could meet,
//! and `gates` admit some of them. This says what has to be looked up. Then `evaluate` goes through the other stages: of the
//! promotions that pass the other gates each becomes a `candidate`; the `ranking` orders them; a `strategy` chooses and
//! applies them to the `units` of the cart, benefit by benefit (`benefits`); `explain` says why the others did not apply;
//! `result` puts it together.

// What exists before a cart comes.
mod compiled;
mod conditions;
mod fact;
mod facts;
mod index;
mod line_set;
mod patterns;
mod ranking;
mod ruleset;
mod selection;
mod stock;

// What one evaluation is given, and what it reads of a cart.
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

// What a cart comes to.
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

// What comes before carts, and after them.
mod earning;
mod milestones;
pub mod returns;
mod usable;

pub use compiled::KnownMilestone;
pub use earning::{Deed, earned};
pub use inputs::{CodeFact, IssuanceFact};
pub use milestones::{CountedLine, Step, come_back, steps};
pub use prepared::{Needs, Prepared};
pub use ruleset::{RuleSet, Rules};
pub use stock::{ProductList, Stores};
pub use usable::{Usable, usable, usable_needs};
pub use work::{Costly, STEPS_PER_MS, Stop, Unfinished};
