//! What is decided about a promotion before units are chosen: where its conditions hold, what they need there, and how
//! often it may apply. Usually the cart alone decides this, and it is computed once.

use std::cell::OnceCell;

use smallvec::SmallVec;

use super::line_set::LineSet;
use super::requirements::{ByLine, Requirements};

/// The parts of the cart in which a promotion's conditions hold, in their order.
pub(crate) type Plan = SmallVec<[PartPlan; 1]>;

/// A part of the cart in which the conditions hold. Without `same` the whole cart is the only part.
#[derive(Clone)]
pub(crate) struct PartPlan {
    pub(crate) lines: LineSet,
    /// The step of the benefit that is reached; 0 if it has no steps.
    pub(crate) step: usize,
    /// What the conditions need. Left empty if the benefit does not depend on it.
    pub(crate) requirements: Requirements,
    /// The lines of the requirements, or the whole part if there is no requirement.
    pub(crate) measured: LineSet,
    /// The units of `measured` that count, the most expensive first.
    pub(crate) dearest: OnceCell<ByLine>,
    /// The most applications that `repeat` allows.
    pub(crate) times: i64,
}
