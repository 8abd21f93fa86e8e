//! Floors: the least for which units may be sold, and the room that this leaves for discounts (spec 7.1).

use std::borrow::Cow;
use std::rc::Rc;

use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::cart::Line;
use crate::domain::exact::Exact;
use crate::domain::settings::{PercentageBase, Settings};
use crate::engine::view::CartView;

use super::basket::{Basket, Slot};

/// What no discount may take of a line, because its units have a floor (spec 7.1).
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The floor of all its units and, where these can be discounted, tax and charges.
    whole: Exact,
    /// The units of the line.
    quantity: Quantity,
}

/// The least for which a unit may be sold; 0: any price.
fn floor(line: &Line<'_>, settings: &Settings) -> Exact {
    let own = Exact::from(line.floor_price.unwrap_or(Money::ZERO));
    match settings.max_discount_percent {
        None => own,
        Some(most) => Exact::from(line.unit_price).percent(Number::whole(100).minus(most)).max(own),
    }
}

/// For each line what no discount may take of it; `None` if no line has a floor.
pub(super) fn kept(view: &CartView<'_>, settings: &Settings) -> Option<Rc<[Option<Kept>]>> {
    let lines = || view.cart.lines.iter().enumerate();
    if settings.max_discount_percent.is_none() && lines().all(|(_, own)| own.floor_price.is_none())
    {
        return None;
    }
    let of_line = |(index, line): (usize, &Line<'_>)| {
        let floor = floor(line, settings);
        let floors = floor.times(&line.quantity.into());
        let whole = match settings.percentage_base {
            PercentageBase::Gross => floors,
            PercentageBase::Net => floors.plus(&view.added(index).into()),
        };
        floor.is_positive().then_some(Kept { whole, quantity: line.quantity })
    };
    Some(lines().map(of_line).collect())
}

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
                let own = kept.whole.share(slot.quantity, kept.quantity);
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
