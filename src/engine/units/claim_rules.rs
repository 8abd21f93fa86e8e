//! Which units a promotion may still count or discount.

use crate::domain::settings::{QualifyingItems, Settings};
use crate::engine::line_set::LineSet;

/// Which units an item-level promotion may count and discount (spec 4, 7.3).
pub(crate) struct ClaimRules {
    /// Lines that only one promotion may discount: a second one may not discount other units of the line.
    single: LineSet,
    /// A claimed unit may be claimed again while it has fewer claims than this.
    stackable_below: u32,
    consumed: bool,
}

impl ClaimRules {
    pub(crate) fn new(settings: &Settings, single: LineSet) -> Self {
        let stacking = settings.unit_stacking;
        Self {
            single,
            stackable_below: if stacking.enabled {
                stacking.max_promotions.unwrap_or(u32::MAX)
            } else {
                0
            },
            consumed: settings.qualifying_items == QualifyingItems::Consumed,
        }
    }

    /// Whether a second promotion may not discount other units of a line.
    pub(crate) fn is_single(&self, line: usize) -> bool {
        self.single.contains(line)
    }

    pub(crate) fn consumed(&self) -> bool {
        self.consumed
    }

    /// Whether a claimed unit may be claimed again.
    pub(crate) fn stacks(&self) -> bool {
        self.stackable_below > 1
    }

    /// Whether a unit with so many claims counts towards the line conditions of an item-level promotion.
    pub(super) fn counts(&self, claims: usize) -> bool {
        !self.consumed || claims == 0
    }

    /// Whether another promotion may discount a unit with so many claims. `free_units`: whether it may discount units
    /// without claims.
    pub(super) fn opens(&self, claims: usize, free_units: bool) -> bool {
        match u32::try_from(claims) {
            Ok(0) => free_units,
            Ok(claims) => claims < self.stackable_below,
            Err(_) => false,
        }
    }
}
