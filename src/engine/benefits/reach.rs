//! The most that a promotion could take off, whatever other promotions do before it. Upper bounds are made of this
//! (spec 7.6).
//!
//! Everything here is computed on the untouched cart. Promotions only claim units and lower prices, so no promotion can
//! give more later than it can there. Under `qualifying_items: consumed`, conditions may begin to hold later, and with
//! other requirements, so the bounds there ignore the conditions.

use smallvec::SmallVec;

use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::benefit::{
    Benefit, CartBenefit, CartKind, FreeProduct, From, ItemBenefit, ItemKind, Per, Pick, PriceBase,
    Repeat, Spread, Within,
};
use crate::domain::exact::Exact;
use crate::domain::settings::PercentageBase;
use crate::engine::candidate::Candidate;
use crate::engine::case::Case;
use crate::engine::conditions::Conditions;
use crate::engine::line_set::LineSet;

use super::cart;
use super::items::{Giving, multiple};
use super::leftovers::Leftover;
use super::plan::plan;

/// The most that an item-level promotion could give.
pub(crate) struct ItemReach {
    /// The lines whose state its proposal depends on, or changes.
    pub(crate) domain: LineSet,
    /// The lines that it could discount.
    pub(crate) lines: Vec<LineReach>,
    /// Most units that it discounts.
    pub(crate) units: Option<Quantity>,
    /// The groups of which it discounts only the cheapest units, if it forms such groups.
    pub(crate) cheapest_of: Option<CheapestOf>,
    /// Where units are set aside for a condition: what each number of applications leaves to discount.
    pub(crate) leftovers: Vec<Leftover>,
    /// Most that it takes off in all, before rounding.
    pub(crate) most: Option<Exact>,
    /// Whether its exact discount is always a multiple of the precision, so that rounding adds nothing. This holds only
    /// while all claims are of whole units, and no unit is claimed twice.
    pub(crate) is_even: bool,
    /// Whether it may give items that are not in the cart.
    pub(crate) has_gifts: bool,
    /// Whether it claims whole units only, as long as the others do.
    pub(crate) is_whole: bool,
}

/// The most that a promotion could do to a line.
pub(crate) struct LineReach {
    pub(crate) line: usize,
    /// The most that it takes off one unit.
    pub(crate) off: Exact,
    /// The most units that it discounts.
    pub(crate) units: Quantity,
}

/// Open units form groups, from the most expensive on. The cheapest units of each group are discounted.
#[derive(Clone, Copy)]
pub(crate) struct CheapestOf {
    /// Units of a group.
    pub(crate) every: Quantity,
    /// How many of them are discounted.
    pub(crate) quantity: Quantity,
}

/// The most that a promotion on the cart could give.
pub(crate) struct CartReach {
    /// The lines that it discounts.
    pub(crate) lines: LineSet,
    /// The percentage that it takes off what is left to pay for them.
    pub(crate) percent: Option<Number>,
    /// Most that it takes off in all, before rounding.
    pub(crate) most: Option<Exact>,
}

/// How often a promotion could apply, and where.
struct Extent {
    /// The step that its benefit reaches; `None`: that depends on what others do.
    step: Option<usize>,
    times: i64,
    /// The lines that it reads.
    domain: LineSet,
    /// The lines that it may discount.
    lines: LineSet,
    /// Most units of a set.
    set: Quantity,
    /// Under `beyond_condition`: what each part leaves to discount.
    beyond: Option<Beyond>,
}

/// `None`: it never gives anything on this cart.
pub(crate) fn item_reach(case: &Case<'_>, candidate: &Candidate<'_>) -> Option<ItemReach> {
    match &candidate.compiled.promotion.terms.benefit {
        Benefit::Items(benefit) => of_items(case, candidate, benefit),
        Benefit::FreeProduct(benefit) => of_free_product(case, candidate, benefit),
        Benefit::Cart(_) | Benefit::Shipping(_) => None,
    }
}

fn of_items(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &ItemBenefit,
) -> Option<ItemReach> {
    let repeat = benefit.repeat.as_ref();
    let mut extent = if case.claims.consumed() {
        anywhere(case, candidate, repeat)
    } else {
        where_conditions_hold(case, candidate, benefit)
    };
    extent.times = extent.times.min(candidate.times_bound());
    if extent.times <= 0 || extent.lines.is_empty() {
        return None;
    }
    let kinds = kinds(candidate, extent.step);
    let all: Quantity = extent.lines.iter().map(|line| case.view.line(line).quantity).sum();
    let group =
        if benefit.takes_sets() { Some(extent.set) } else { benefit.quantity_per_application() };
    let units = group.map(|group| multiple(group, extent.times));
    let most = kinds.iter().filter_map(|kind| match *kind {
        ItemKind::AmountOff { value, per: Spread::Application } => {
            Some(Exact::from(value).scaled_by(extent.times.into(), 1))
        }
        ItemKind::AmountOff { per: Spread::Unit, .. }
        | ItemKind::PercentageOff { .. }
        | ItemKind::FixedPrice { .. }
        | ItemKind::BundlePrice { .. } => None,
    });
    let beyond = extent.beyond.as_ref();
    let units = match beyond {
        Some(own) => Some(units.map_or(own.units(), |units| units.min(own.units()))),
        None => units,
    };
    let units_of = |line: usize| match beyond {
        Some(own) => own.of_line(line),
        None => case.view.line(line).quantity,
    };
    let group = group.unwrap_or(all);
    let lines: Vec<LineReach> = extent
        .lines
        .iter()
        .map(|line| LineReach {
            line,
            off: kinds
                .iter()
                .fold(Exact::ZERO, |most, kind| off_a_unit(case, line, *kind, group).max(most)),
            units: units_of(line),
        })
        .collect();
    let is_even = kinds.iter().all(|kind| is_even(case, &lines, *kind));
    Some(ItemReach {
        domain: extent.domain.union(&extent.lines),
        lines,
        units,
        cheapest_of: cheapest_of(case, candidate, benefit),
        leftovers: extent.beyond.map_or_else(Vec::new, Beyond::leftovers),
        most: most.max(),
        is_even,
        has_gifts: false,
        is_whole: counts_whole_units(candidate, repeat, benefit.quantity),
    })
}

/// What a benefit on items could be: that of the step, or of any step.
fn kinds(candidate: &Candidate<'_>, step: Option<usize>) -> SmallVec<[ItemKind; 1]> {
    let steps = candidate.compiled.steps().filter(|own| step.is_none_or(|step| step == *own));
    let kind = |step: usize| match candidate.compiled.benefit_of(step) {
        Benefit::Items(own) => Some(own.kind),
        Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => None,
    };
    steps.filter_map(kind).collect()
}

/// For each part: what each number of applications leaves to discount under `beyond_condition`.
#[derive(Default)]
struct Beyond(Vec<Vec<Leftover>>);

impl Beyond {
    /// Most units that are discounted.
    fn units(&self) -> Quantity {
        let most = |leftovers: &Vec<Leftover>| leftovers.iter().map(|own| own.units).max();
        self.0.iter().filter_map(most).sum()
    }

    /// Most units of a line.
    fn of_line(&self, line: usize) -> Quantity {
        let most = |leftovers: &Vec<Leftover>| leftovers.iter().map(|own| own.of_line(line)).max();
        self.0.iter().filter_map(most).sum()
    }

    /// Empty where there are several parts, since it is unknown how often each of them applies.
    fn leftovers(self) -> Vec<Leftover> {
        let Self(mut parts) = self;
        match (parts.pop(), parts.is_empty()) {
            (Some(leftovers), true) => leftovers,
            _ => Vec::new(),
        }
    }
}

/// `None` where there are several parts, since prices do not tell which units form their groups.
fn cheapest_of(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &ItemBenefit,
) -> Option<CheapestOf> {
    let is_one = candidate.parts(case).len() == 1;
    let picks = benefit.within == Within::Application && benefit.pick == Pick::Cheapest;
    match benefit.repeat.map(|repeat| repeat.per) {
        Some(Per::Quantity(every)) if is_one && picks && !benefit.takes_sets() => {
            Some(CheapestOf {
                every,
                quantity: benefit.quantity_per_application().unwrap_or(Quantity::ONE),
            })
        }
        _ => None,
    }
}

fn of_free_product(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &FreeProduct,
) -> Option<ItemReach> {
    let repeat = benefit.repeat.as_ref();
    let lines = case.view.of_sku(&benefit.sku);
    let (times, domain) = if case.claims.consumed() {
        let extent = anywhere(case, candidate, repeat);
        (extent.times, extent.domain.union(&lines))
    } else {
        (plan(case, candidate, &case.untouched).first()?.times, lines)
    };
    let times = times.min(candidate.times_bound());
    if times <= 0 {
        return None;
    }
    let units = multiple(benefit.quantity, times);
    let lines: Vec<LineReach> = lines
        .iter()
        .map(|line| LineReach {
            line,
            off: room_of_unit(case, line),
            units: case.view.line(line).quantity,
        })
        .collect();
    Some(ItemReach {
        domain,
        has_gifts: true,
        is_even: lines.iter().all(|own| is_multiple(case, &own.off)),
        is_whole: counts_whole_units(candidate, repeat, Some(benefit.quantity)),
        lines,
        units: Some(units),
        cheapest_of: None,
        leftovers: Vec::new(),
        most: None,
    })
}

/// The extent where conditions see the whole cart, so that claims do not change whether they hold.
fn where_conditions_hold(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    benefit: &ItemBenefit,
) -> Extent {
    let mut extent = Extent {
        step: Some(0),
        times: 0,
        domain: LineSet::default(),
        lines: LineSet::default(),
        set: Quantity::ZERO,
        beyond: None,
    };
    for plan in plan(case, candidate, &case.untouched).iter() {
        extent.step = Some(plan.step);
        extent.times = extent.times.saturating_add(plan.times);
        let giving = Giving::new(case, candidate, benefit, &case.untouched, plan);
        let part = &giving.part;
        let lines = &plan.lines;
        let select = candidate.target(lines);
        let read = match benefit.from {
            From::Matching => *lines,
            From::InCondition => part.required_lines(),
            From::BeyondCondition => select.unwrap_or_else(|| part.required_lines()),
        };
        let discounted = select.map_or(read, |select| select.intersection(&read));
        extent.lines = extent.lines.union(&discounted);
        if benefit.from == From::BeyondCondition && !takes_by_set(benefit) {
            let leftovers = giving.leftovers(candidate.times_bound());
            extent.beyond.get_or_insert_default().0.push(leftovers);
        }
        if benefit.takes_sets() {
            extent.domain = extent.domain.union(&read);
            extent.set = extent.set.max(part.set_shape().needs().sum());
        }
    }
    extent
}

fn takes_by_set(benefit: &ItemBenefit) -> bool {
    matches!(benefit.repeat.map(|repeat| repeat.per), Some(Per::Set))
}

/// The extent where conditions may begin to hold later, so that everything in the cart could be discounted.
fn anywhere(case: &Case<'_>, candidate: &Candidate<'_>, repeat: Option<&Repeat>) -> Extent {
    let all = &case.view.all;
    let quantity: Quantity = all.iter().map(|line| case.view.line(line).quantity).sum();
    let parts = i64::try_from(candidate.parts(case).len()).unwrap_or(i64::MAX);
    let times = match repeat.map(|repeat| repeat.per) {
        None => parts,
        Some(Per::Quantity(every)) => quantity.scaled() / every.scaled().max(1),
        Some(Per::Amount(every)) => case.view.gross_of(all).times_of(&every.into()),
        // A set takes at least the smallest possible quantity.
        Some(Per::Set) => quantity.scaled(),
    };
    let lines = candidate.target(all).unwrap_or(candidate.relevant);
    let (domain, set) = (candidate.relevant, quantity);
    Extent { step: None, times, domain, lines, set, beyond: None }
}

/// What there is to pay for one unit before any discount.
fn whole_unit(case: &Case<'_>, line: usize) -> Exact {
    let quantity = case.view.line(line).quantity;
    case.untouched.left_of_line(line).over(&quantity.into())
}

/// The room of one unit before any discount.
fn room_of_unit(case: &Case<'_>, line: usize) -> Exact {
    let quantity = case.view.line(line).quantity;
    case.untouched.room_of_line(line).over(&quantity.into())
}

/// The most that is taken off one unit, in a group of at most `group` units.
fn off_a_unit(case: &Case<'_>, line: usize, kind: ItemKind, group: Quantity) -> Exact {
    let (unit, room) = (whole_unit(case, line), room_of_unit(case, line));
    let own = case.view.line(line);
    let percentage = |percent: Number| match case.rules.settings().percentage_base {
        PercentageBase::Gross => Exact::from(own.unit_price).percent(percent),
        PercentageBase::Net => unit.percent(percent),
    };
    let off = match kind {
        ItemKind::PercentageOff { percent, base } => match (base, own.mrp) {
            (PriceBase::Mrp, Some(mrp)) => {
                let rest = Number::whole(100).minus(percent);
                unit.minus(&Exact::from(mrp).percent(rest))
            }
            (PriceBase::Mrp, None) | (PriceBase::UnitPrice, _) => percentage(percent),
        },
        ItemKind::AmountOff { value, per: Spread::Unit } => value.into(),
        ItemKind::AmountOff { per: Spread::Application, .. } => room.clone(),
        ItemKind::FixedPrice { value } => unit.minus(&value.into()),
        // A group's discount, Σ left − value, is at most the sum of what each unit has above its part of the value. It is
        // shared by prices, so this holds for the sum only, and the room of one unit does not bound its part.
        ItemKind::BundlePrice { value } => {
            return unit.minus(&Exact::from(value).over(&Exact::from(group))).or_zero();
        }
    };
    off.at_most(&room).or_zero()
}

/// Whether all amounts that the discount is made of are multiples of the precision.
fn is_even(case: &Case<'_>, lines: &[LineReach], kind: ItemKind) -> bool {
    let settings = case.rules.settings();
    let value = match kind {
        ItemKind::PercentageOff { .. } => Money::ZERO,
        ItemKind::AmountOff { value, .. }
        | ItemKind::FixedPrice { value }
        | ItemKind::BundlePrice { value } => value,
    };
    let is_bundle = matches!(kind, ItemKind::BundlePrice { .. });
    let line_is_even = |own: &LineReach| {
        is_multiple(case, &whole_unit(case, own.line))
            && is_multiple(case, &room_of_unit(case, own.line))
            && (is_bundle || is_multiple(case, &own.off))
    };
    let by_price = settings.percentage_base == PercentageBase::Gross;
    (by_price || !is_bundle) && is_multiple(case, &value.into()) && lines.iter().all(line_is_even)
}

/// Whether the promotion names whole quantities only.
fn counts_whole_units(
    candidate: &Candidate<'_>,
    repeat: Option<&Repeat>,
    quantity: Option<Quantity>,
) -> bool {
    let every = match repeat.map(|repeat| repeat.per) {
        Some(Per::Quantity(every)) => Some(every),
        Some(Per::Amount(_) | Per::Set) | None => None,
    };
    let compiled = candidate.compiled;
    let mut conditions = compiled.steps().filter_map(|step| compiled.conditions_of(step));
    every.into_iter().chain(quantity).all(is_whole) && conditions.all(Conditions::count_whole_units)
}

/// Whether this is a whole number of units.
pub(crate) fn is_whole(quantity: Quantity) -> bool {
    quantity.scaled() % Quantity::ONE.scaled() == 0
}

fn is_multiple(case: &Case<'_>, amount: &Exact) -> bool {
    Exact::from(case.rules.settings().rounding.cut(amount)) == *amount
}

/// `None`: it never takes anything off the lines of this cart.
pub(crate) fn cart_reach(case: &Case<'_>, candidate: &Candidate<'_>) -> Option<CartReach> {
    let compiled = candidate.compiled;
    let Benefit::Cart(benefit) = &compiled.promotion.terms.benefit else {
        return None;
    };
    let conditions = compiled.conditions.as_ref();
    let (step, lines, times) = if conditions.is_some_and(|own| own.see_discounts()) {
        // Conditions that begin to hold later may decide how often it applies.
        let repeat = benefit.repeat.as_ref();
        let most = if repeat.is_some() { i64::MAX } else { 1 };
        let lines = candidate.target(&case.view.all).unwrap_or(case.view.all);
        (None, lines, candidate.times_bound().min(most))
    } else {
        let plan = plan(case, candidate, &case.untouched);
        let giving = cart::CartGiving::make(case, candidate, &plan, &case.untouched).ok()?;
        (plan.first().map(|own| own.step), giving.lines, giving.times)
    };
    let steps = compiled.steps().filter(|own| step.is_none_or(|step| step == *own));
    let (mut percent, mut most) = (None, None);
    for step in steps {
        match compiled.benefit_of(step) {
            Benefit::Cart(CartBenefit { kind: CartKind::PercentageOff(own), .. }) => {
                percent = percent.max(Some(*own));
            }
            Benefit::Cart(CartBenefit { kind: CartKind::AmountOff(value), .. }) => {
                most = most.max(Some(Exact::from(*value).scaled_by(times.into(), 1)));
            }
            Benefit::Cart(CartBenefit { kind: CartKind::AwardPoints(_), .. })
            | Benefit::Items(_)
            | Benefit::FreeProduct(_)
            | Benefit::Shipping(_) => return None,
        }
    }
    (!lines.is_empty()).then_some(CartReach { lines, percent, most })
}
