//! Findings: what is allowed in a promotion but probably not meant (spec 15.2). Pure functions of rules, names and time.
//!
//! `about` is what they look at, and `all` calls them in the order of the spec. `required` and `range` say which leaves a
//! cart must meet and what numbers these leave; `meeting` says whether two promotions can meet on a cart. Then comes a
//! file for each finding, or for those that have much in common.

mod about;
mod all;

mod meeting;
mod range;
mod required;

mod combining;
mod contradiction;
mod dates;
mod messages;
mod overlaps;
mod reach;
mod text_rules;
mod unknown_name;
mod unreachable;
mod worth;

pub use about::About;
pub use all::findings;
