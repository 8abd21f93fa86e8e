//! How the promotions that apply are chosen (spec 7.5, 7.6).

mod best_deal;
mod choose;
#[expect(clippy::indexing_slicing, reason = "its numbers of promotions and lines are its own")]
mod optimal;
mod order;
mod ranked;
mod run;

pub(crate) use choose::choose;
pub(crate) use optimal::check_bounds;
pub(crate) use order::{Ranked, by_rank, rank};
pub(crate) use run::{Outcome, Verdict};
