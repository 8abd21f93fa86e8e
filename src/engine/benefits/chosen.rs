//! Which units a promotion on items discounts, and how often it applies.

use crate::domain::amount::Quantity;
use crate::engine::requirements::ByLine;
use crate::engine::units::Slot;

use super::groups::{Groups, count};

/// The choice in one part of the cart.
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

/// What the choice says about the units that the condition needs.
pub(super) enum Basis {
    /// Nothing: any units that qualify.
    Any,
    /// The units that were set aside (`beyond_condition`).
    Reserved(ByLine),
    /// The discounted units of each requirement (sets).
    Served(Vec<Vec<Slot>>),
}

/// The units that are discounted.
pub(super) enum Units {
    Loose(Vec<Slot>),
    /// Units that are sold together, group by group.
    Groups(Groups),
}
