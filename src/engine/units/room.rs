//! Room: how much discounts may still take of units and lines (spec 7.1).

use std::borrow::Cow;

use crate::domain::exact::Exact;

use super::basket::{Basket, Slot};
use super::floor::Kept;

impl Basket {
    /// The room of some units of a run: what is left to pay for them, or what their floor leaves of that.
    pub(crate) fn room(&self, slot: Slot) -> Exact {
        let left = self.left(slot);
        self.room_of_left(slot, &left).into_owned()
    }

    /// The room of some units of a run for which so much is left to pay.
    pub(crate) fn room_of_left<'l>(&self, slot: Slot, left: &'l Exact) -> Cow<'l, Exact> {
        match self.kept(slot.line) {
            None => Cow::Borrowed(left),
            Some(kept) => {
                let own = kept.of(slot.quantity);
                Cow::Owned(left.minus(&own).or_zero())
            }
        }
    }

    /// The room of a line: what is left to pay for it, or what its floor leaves of that.
    pub(crate) fn room_of_line(&self, line: usize) -> Exact {
        let left = self.left_of_line(line);
        match self.kept(line) {
            None => left,
            Some(kept) => left.minus(&kept.whole).or_zero(),
        }
    }

    fn kept(&self, line: usize) -> Option<&Kept> {
        self.kept.as_ref()?.get(line)?.as_ref()
    }
}
