//! Which units a promotion on items discounts, and how often it applies.

use crate::domain::amount::Quantity;
use crate::engine::requirements::ByLine;
use crate::engine::units::Slot;

use super::groups::{Groups, count};

/// What is chosen in one part.
pub(super) struct Chosen {
    pub(super) times: i64,
    pub(super) units: Units,
    pub(super) basis: Basis,
}

impl Chosen {
    pub(super) fn count(&self) -> Quantity {
        match &self.units {
            Units::Loose(units) => count(units),
            Units::Groups(groups) => groups.units(),
        }
    }
}

/// What is known of the units that the condition needs.
pub(super) enum Basis {
    /// Nothing: any that qualify.
    Any,
    /// What was set aside (`beyond_condition`).
    Reserved(ByLine),
    /// The discounted units of each requirement (sets).
    Served(Vec<Vec<Slot>>),
}

/// The units that are discounted.
pub(super) enum Units {
    Loose(Vec<Slot>),
    /// Sold together, group by group.
    Groups(Groups),
}
