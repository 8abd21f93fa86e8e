//! How much an activity adds to milestones, and how much a return takes away (spec 11).

use crate::domain::activity::MilestoneMeasure;
use crate::domain::amount::{Money, Quantity};
use crate::domain::exact::Exact;
use crate::domain::issuance::ActivityType;
use crate::domain::rounding::Rounding;
use crate::domain::window;

use super::compiled::{CompiledMilestone, KnownMilestone};
use super::earning::Deed;
use super::reading::Reading;
use super::returns::{Sold, part};
use super::ruleset::RuleSet;
use super::view::CartView;
use super::work::{Stop, Work};

/// What one activity adds to one milestone.
#[derive(Clone, Debug)]
pub struct Step<'r> {
    pub milestone: &'r KnownMilestone,
    pub window: i32,
    /// How much it adds; over 0.
    pub amount: Exact,
    /// How much each selected line counted.
    pub lines: Vec<CountedLine>,
}

/// How much a line counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedLine {
    pub id: String,
    pub quantity: Quantity,
    /// The amount that counted.
    pub amount: Exact,
}

/// What a deed adds to the tenant's milestones. `sold` is the committed redemption that the deed names, if any.
pub fn steps<'r>(rules: &'r RuleSet, deed: &Deed<'_>, sold: Option<&Sold>) -> Vec<Step<'r>> {
    match deed.kind {
        ActivityType::Transaction if deed.has_cart => {}
        ActivityType::Transaction | ActivityType::Registration | ActivityType::ProfileUpdate => {
            return Vec::new();
        }
    }
    let stop = Stop::default();
    let work = Work::unbounded(&stop);
    let reading = Reading::new(&deed.request.cart.lines, rules.facts(), &work);
    let view = CartView::new(&deed.request.cart.lines, &reading);
    let settings = rules.settings();
    let own_currency = deed.request.cart.currency.is_none_or(|own| own == settings.currency);
    let step = |compiled: &'r CompiledMilestone| {
        let KnownMilestone { created_at, milestone, .. } = &compiled.known;
        if milestone.measure == MilestoneMeasure::Spend && !own_currency {
            return None;
        }
        let lines = match &compiled.of {
            Some(of) => of.select(&view, &work),
            None => view.all,
        };
        let counted = |place: usize| {
            let line = view.line(place);
            let amount = match milestone.measure {
                MilestoneMeasure::Spend => {
                    let gross = view.gross(place, line.quantity);
                    gross.minus(&taken_off(sold, &line.id).into()).or_zero()
                }
                MilestoneMeasure::Quantity | MilestoneMeasure::Visits => Exact::from(line.quantity),
            };
            CountedLine { id: line.id.clone().into_owned(), quantity: line.quantity, amount }
        };
        let lines: Vec<CountedLine> = lines.iter().map(counted).collect();
        let amount = match milestone.measure {
            MilestoneMeasure::Spend | MilestoneMeasure::Quantity => {
                lines.iter().map(|line| &line.amount).sum::<Exact>()
            }
            MilestoneMeasure::Visits if lines.is_empty() => Exact::ZERO,
            MilestoneMeasure::Visits => Exact::from(Quantity::whole(1)),
        };
        let window = window::number(milestone.window, *created_at, settings.timezone, deed.at);
        amount.is_positive().then_some(Step { milestone: &compiled.known, window, amount, lines })
    };
    rules.milestones().iter().filter_map(step).collect()
}

fn taken_off(sold: Option<&Sold>, line: &str) -> Money {
    let lines = sold.into_iter().flat_map(|sold| &sold.lines);
    let own = lines.filter(|own| own.id == line);
    own.flat_map(|own| &own.allocations).map(|(_, amount)| *amount).sum()
}

/// How much of what counted has come back in all. Spend comes back line by line in proportion to the units, rounded,
/// and completely with the last unit. A visit comes back with all units of all lines that counted.
pub fn come_back(
    measure: MilestoneMeasure,
    lines: &[CountedLine],
    in_all: impl Fn(&str) -> Quantity,
    rounding: Rounding,
) -> Exact {
    let back = |line: &CountedLine| in_all(&line.id).min(line.quantity);
    match measure {
        MilestoneMeasure::Visits => {
            let whole = lines.iter().all(|line| back(line) == line.quantity);
            Exact::from(Quantity::whole(i32::from(whole)))
        }
        MilestoneMeasure::Quantity => Exact::from(lines.iter().map(back).sum::<Quantity>()),
        MilestoneMeasure::Spend => {
            let back =
                lines.iter().map(|line| part(&line.amount, back(line), line.quantity, rounding));
            back.fold(Exact::ZERO, |sum, one| sum.plus(&one))
        }
    }
}
