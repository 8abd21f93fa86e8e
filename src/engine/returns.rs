//! The result of a return: what is refunded, and what is taken back of promotions. Both are in proportion to all units
//! that have come back, less what earlier returns gave (spec 9).

use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::Exact;
use crate::domain::id::PromotionId;
use crate::domain::rounding::Rounding;

/// The part of a redemption that returns need.
#[derive(Clone, Debug)]
pub struct Sold {
    /// The lines of the cart.
    pub lines: Vec<SoldLine>,
    /// The promotions that applied, in their order.
    pub promotions: Vec<Given>,
}

#[derive(Clone, Debug)]
pub struct SoldLine {
    pub id: String,
    pub quantity: Quantity,
    pub gross: Exact,
    /// What there was to pay for it.
    pub payable: Exact,
    /// The discount of each promotion on it.
    pub allocations: Vec<(PromotionId, Money)>,
}

/// What a promotion gave.
#[derive(Clone, Debug)]
pub struct Given {
    pub promotion_id: PromotionId,
    /// The points that it awarded.
    pub points: Exact,
}

/// What earlier returns brought back.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// For lines, by id: the quantity that came back, and the refund.
    pub lines: Vec<(String, Quantity, Exact)>,
    /// For promotions: how much discount and how many points were taken back.
    pub promotions: Vec<(PromotionId, Money, Exact)>,
}

/// The result of one return.
#[derive(Clone, Debug)]
pub struct Return {
    /// What is paid back.
    pub refund: Exact,
    /// The returned lines, in the order of the request.
    pub lines: Vec<ReturnedLine>,
    /// What is taken back of promotions; promotions of which nothing is taken back are left out.
    pub promotions: Vec<TakenBack>,
    /// Whether every unit of every line has come back.
    pub complete: bool,
}

#[derive(Clone, Debug)]
pub struct ReturnedLine {
    pub id: String,
    /// How much comes back now.
    pub quantity: Quantity,
    /// What is paid back for it.
    pub refund: Exact,
    /// How much has come back in all.
    pub quantity_in_all: Quantity,
    /// What is paid back for the line in all.
    pub refund_in_all: Exact,
}

/// What is taken back of what a promotion gave.
#[derive(Clone, Debug)]
pub struct TakenBack {
    pub promotion_id: PromotionId,
    pub discount: Money,
    pub points: Exact,
}

/// Why a return is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The line at this index of the request was not sold.
    UnknownLine(usize),
    /// More comes back than was bought.
    Exceeds,
}

/// Computes a return after earlier ones. `request` names each line at most once, with a quantity over 0.
pub fn take_back(
    sold: &Sold,
    before: &Before,
    request: &[(String, Quantity)],
    rounding: Rounding,
) -> Result<Return, Refused> {
    let mut lines = Vec::with_capacity(request.len());
    for (place, (id, quantity)) in request.iter().enumerate() {
        let line = sold.lines.iter().find(|line| line.id == *id);
        let line = line.ok_or(Refused::UnknownLine(place))?;
        let (returned, refunded) = before.of_line(id);
        let in_all = returned.plus(*quantity);
        if in_all > line.quantity {
            return Err(Refused::Exceeds);
        }
        let due = part(&line.payable, in_all, line.quantity, rounding);
        let refund = due.minus(&refunded).or_zero();
        lines.push(ReturnedLine {
            id: id.clone(),
            quantity: *quantity,
            refund_in_all: refunded.plus(&refund),
            refund,
            quantity_in_all: in_all,
        });
    }
    let in_all = |line: &SoldLine| {
        let now = lines.iter().find(|own| own.id == line.id);
        now.map_or_else(|| before.of_line(&line.id).0, |own| own.quantity_in_all)
    };
    let complete = sold.lines.iter().all(|line| in_all(line) == line.quantity);
    let promotions = sold.promotions.iter().map(|given| {
        let (discount, points) = before.of_promotion(given.promotion_id);
        let back = discount_back(sold, given.promotion_id, in_all, rounding);
        TakenBack {
            promotion_id: given.promotion_id,
            discount: back.minus(discount).max(Money::ZERO),
            points: points_back(sold, given, in_all, complete, rounding).minus(&points).or_zero(),
        }
    });
    let promotions =
        promotions.filter(|own| own.discount.is_positive() || own.points.is_positive()).collect();
    Ok(Return { refund: lines.iter().map(|line| &line.refund).sum(), lines, promotions, complete })
}

impl Before {
    fn of_line(&self, id: &str) -> (Quantity, Exact) {
        let own = self.lines.iter().find(|(own, ..)| own == id);
        own.map_or((Quantity::ZERO, Exact::ZERO), |(_, quantity, refunded)| {
            (*quantity, refunded.clone())
        })
    }

    fn of_promotion(&self, id: PromotionId) -> (Money, Exact) {
        let own = self.promotions.iter().find(|(own, ..)| *own == id);
        own.map_or((Money::ZERO, Exact::ZERO), |(_, discount, points)| (*discount, points.clone()))
    }
}

/// The part of an amount for `units` out of `of` units, rounded and at most the amount; the whole amount for all units.
pub(super) fn part(amount: &Exact, units: Quantity, of: Quantity, rounding: Rounding) -> Exact {
    if units == of {
        return amount.clone();
    }
    let rounded = Exact::from(rounding.settle(&amount.share(units, of)));
    rounded.at_most(amount)
}

/// How much of a promotion's discount falls on all units that have come back.
fn discount_back(
    sold: &Sold,
    promotion: PromotionId,
    in_all: impl Fn(&SoldLine) -> Quantity,
    rounding: Rounding,
) -> Money {
    let of_line = |line: &SoldLine| -> Money {
        let own = line.allocations.iter().filter(|(id, _)| *id == promotion);
        let units = in_all(line);
        let back = |amount: Money| {
            if units == line.quantity {
                return amount;
            }
            let exact = Exact::from(amount).share(units, line.quantity);
            rounding.settle(&exact).min(amount)
        };
        own.map(|(_, amount)| back(*amount)).sum()
    };
    sold.lines.iter().map(of_line).sum()
}

/// How many of a promotion's points fall on all units that have come back, in proportion to the gross of the lines.
fn points_back(
    sold: &Sold,
    given: &Given,
    in_all: impl Fn(&SoldLine) -> Quantity,
    complete: bool,
    rounding: Rounding,
) -> Exact {
    if complete || given.points.is_zero() {
        return given.points.clone();
    }
    let gross: Exact = sold.lines.iter().map(|line| &line.gross).sum();
    if gross.is_zero() {
        return Exact::ZERO;
    }
    let back = sold
        .lines
        .iter()
        .fold(Exact::ZERO, |sum, line| sum.plus(&line.gross.share(in_all(line), line.quantity)));
    let exact = given.points.in_proportion(&back, &gross);
    Exact::from(rounding.settle(&exact)).at_most(&given.points)
}
