//! Floors: the least for which units may be sold (spec 7.1).

use std::rc::Rc;

use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::cart::Line;
use crate::domain::exact::Exact;
use crate::domain::settings::{PercentageBase, Settings};
use crate::engine::view::CartView;

/// What no discount may take of a line, because its units have a floor (spec 7.1).
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The floor of all its units and, where these can be discounted, tax and charges.
    pub(super) whole: Exact,
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
    let lines = || view.lines.iter().enumerate();
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

impl Kept {
    /// What no discount may take of some units of the line.
    pub(super) fn of(&self, units: Quantity) -> Exact {
        self.whole.share(units, self.quantity)
    }
}
