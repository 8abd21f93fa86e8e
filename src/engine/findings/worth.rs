//! `gives_nothing`, `gives_everything` and `no_limit`: what a benefit can come to.

use super::range::Range;
use super::required::{Required, required};
use crate::domain::amount::{Money, Number, Quantity};
use crate::domain::benefit::{
    Benefit, CartKind, From, ItemBenefit, ItemKind, Per, PriceBase, Repeat, ShippingKind, Spread,
};
use crate::domain::condition::{CartMeasure, Leaf, LineMeasure};
use crate::domain::exact::Exact;
use crate::domain::finding::{Concern, Finding};
use crate::domain::limit::{Limits, Measure};
use crate::domain::promotion::{Kind, Terms};
use crate::domain::selector::{Comparison, Selector};
use crate::domain::settings::{PercentageBase, Settings};

/// A cart's largest gross (spec 14), in half ten-thousandths.
const LARGEST_CART: i64 = 2 * 10_000 * 1_000_000_000_000;
/// The largest amount of one unit or of the shipping (spec 14), likewise.
const LARGEST_PRICE: i64 = 2 * 10_000 * 1_000_000_000;

/// What a promotion is at one of its steps; one without steps is always the same.
struct Variant {
    /// A JSON pointer to its value.
    pointer: String,
    benefit: Benefit,
    /// What must hold at this step besides the promotion's own conditions, and what must not.
    of_step: Option<(Leaf, Option<Leaf>)>,
}

fn variants(terms: &Terms) -> Vec<Variant> {
    let Some(steps) = &terms.steps else {
        let (pointer, benefit) = ("/benefit/value".to_owned(), terms.benefit.clone());
        return vec![Variant { pointer, benefit, of_step: None }];
    };
    let first = (steps.from, terms.benefit.clone());
    let further = steps.further.iter();
    let further = further.map(|step| (step.from, terms.benefit.with_value(step.value)));
    let all: Vec<(Number, Benefit)> = [first].into_iter().chain(further).collect();
    let next = all.iter().skip(1).map(|(from, _)| Some(steps.leaf(*from))).chain([None]);
    let all = all.iter().zip(next).enumerate();
    let all = all.map(|(place, ((from, benefit), next))| Variant {
        pointer: format!("/benefit/steps/values/{place}/value"),
        benefit: benefit.clone(),
        of_step: Some((steps.leaf(*from), next)),
    });
    all.collect()
}

impl Variant {
    /// What the conditions leave of the amount of the lines that it discounts.
    fn base(&self, terms: &Terms) -> Range {
        let mut leaves = required(terms.conditions.as_ref(), "");
        if let Some((from, next)) = &self.of_step {
            let decided = |leaf, holds| Required { leaf, holds, pointer: String::new() };
            leaves.push(decided(from, true));
            leaves.extend(next.as_ref().map(|next| decided(next, false)));
        }
        let every = Selector::EVERY_LINE;
        let of = match &self.benefit {
            Benefit::Cart(own) => Some(own.select.as_ref().unwrap_or(&every)),
            Benefit::Items(ItemBenefit { select: Some(select), .. }) => Some(select),
            Benefit::Items(own) => (own.from == From::Matching).then_some(&every),
            Benefit::FreeProduct(_) | Benefit::Shipping(_) => None,
        };
        let mut range = Range::new(0, LARGEST_CART);
        for own in leaves {
            match own.leaf {
                Leaf::Cart { measure: CartMeasure::Amount | CartMeasure::Subtotal, compare } => {
                    narrow(&mut range, *compare, own.holds, of == Some(&every));
                }
                Leaf::Lines { measure: LineMeasure::Amount, of: lines, compare } => {
                    if of == Some(lines) {
                        narrow(&mut range, *compare, own.holds, true);
                    } else if *lines == every {
                        narrow(&mut range, *compare, own.holds, false);
                    }
                }
                Leaf::Cart { .. }
                | Leaf::Lines { .. }
                | Leaf::Item { .. }
                | Leaf::PaymentMode { .. }
                | Leaf::GiftVoucher { .. }
                | Leaf::Member { .. }
                | Leaf::CustomerAttribute { .. } => {}
            }
        }
        range
    }
}

/// Narrows the amount of some lines by what an amount must be that is the same, or else one that is not smaller.
fn narrow(range: &mut Range, compare: Comparison, holds: bool, is_same: bool) {
    let low = range.low;
    range.narrow(compare, holds);
    if !is_same {
        range.low = low;
    }
}

/// For no amount inside the bounds of its conditions it comes to one unit of the precision: a finding for each step.
pub(super) fn gives_nothing(terms: &Terms, settings: &Settings) -> Vec<Finding> {
    let gives_nothing = |variant: &Variant| {
        most(variant, terms, settings).is_some_and(|most| {
            let settled = settings.rounding.settle(&most);
            let caps = caps(&terms.limits).map(|cap| settings.rounding.cut(&cap.into()));
            !caps.fold(settled, Money::min).is_positive()
        })
    };
    let found = variants(terms).into_iter().filter(gives_nothing);
    let finding = |own: Variant| Finding { pointer: own.pointer, concern: Concern::GivesNothing };
    found.map(finding).collect()
}

/// The limits of what it may take off.
fn caps(limits: &Limits) -> impl Iterator<Item = Money> {
    let counted = limits.counted().filter(|own| own.name.measure == Measure::Discount);
    limits.cart.discount.into_iter().chain(counted.map(|own| Money::from_scaled(own.maximum)))
}

/// The most that it takes off, not rounded; `None`: it gives something else, or no bound is known.
fn most(variant: &Variant, terms: &Terms, settings: &Settings) -> Option<Exact> {
    // Tax and charges are added to what conditions look at.
    let adds_tax = settings.percentage_base == PercentageBase::Net;
    let high = variant.base(terms).high;
    let base = (!adds_tax).then(|| below(high));
    let times = times(variant.benefit.repeat(), &terms.limits);
    let amount = |value: Money, units: Option<Quantity>| {
        let all = Exact::product(value, units?).scaled_by(i128::from(times?), 1);
        Some(all)
    };
    let once = Some(Quantity::ONE);
    match &variant.benefit {
        Benefit::FreeProduct(_) => None,
        Benefit::Items(own) => match own.kind {
            ItemKind::PercentageOff { percent, base: PriceBase::UnitPrice } => {
                base.map(|base| base.percent(percent))
            }
            ItemKind::PercentageOff { base: PriceBase::Mrp, .. } => base,
            ItemKind::AmountOff { value, per: Spread::Application } => amount(value, once),
            ItemKind::AmountOff { value, per: Spread::Unit } => {
                amount(value, own.quantity_per_application())
            }
            ItemKind::FixedPrice { value } => {
                let price = (!adds_tax).then(|| below(high.min(LARGEST_PRICE)))?;
                Some(price.minus(&value.into()).or_zero())
            }
            ItemKind::BundlePrice { value } => base.map(|base| base.minus(&value.into()).or_zero()),
        },
        Benefit::Cart(own) => match own.kind {
            CartKind::PercentageOff(percent) => base.map(|base| base.percent(percent)),
            CartKind::AmountOff(value) => amount(value, once),
            CartKind::AwardPoints(_) => None,
        },
        Benefit::Shipping(own) => match own.kind {
            ShippingKind::PercentageOff(percent) => Some(below(LARGEST_PRICE).percent(percent)),
            ShippingKind::AmountOff(value) => amount(value, once),
            ShippingKind::FixedPrice(value) => {
                Some(below(LARGEST_PRICE).minus(&value.into()).or_zero())
            }
        },
    }
}

/// The largest amount up to a bound of a range. Amounts have at most seven decimals.
fn below(high: i64) -> Exact {
    let is_included = high % 2 == 0;
    let bound = i128::from(high).saturating_add(i128::from(!is_included)) / 2;
    let bound = bound.saturating_mul(1_000).saturating_sub(i128::from(!is_included));
    Exact::ratio(bound, 10_000_000)
}

/// The most times that a benefit is given on a cart; `None`: no bound is known.
fn times(repeat: Option<&Repeat>, limits: &Limits) -> Option<u32> {
    match repeat {
        None => Some(1),
        Some(repeat) => repeat.max_times.into_iter().chain(limits.cart.times).min(),
    }
}

/// Everything is free for everybody, as often as they like.
pub(super) fn gives_everything(terms: &Terms) -> Option<Finding> {
    let is_restricted = terms.conditions.is_some()
        || terms.limits != Limits::default()
        || terms.needs_issuance()
        || matches!(terms.kind, Kind::CodeLinked);
    if is_restricted {
        return None;
    }
    let free = variants(terms).into_iter().find(|variant| is_all_free(&variant.benefit))?;
    Some(Finding { pointer: free.pointer, concern: Concern::GivesEverything })
}

/// Whether the cart is free, or any unit of it.
fn is_all_free(benefit: &Benefit) -> bool {
    let is_any = |select: Option<&Selector>| select.is_none_or(|own| *own == Selector::EVERY_LINE);
    let hundred = Number::whole(100);
    match benefit {
        Benefit::Cart(own) => {
            is_any(own.select.as_ref())
                && own.repeat.is_none()
                && own.kind == CartKind::PercentageOff(hundred)
        }
        Benefit::Items(own) => {
            let is_free = match own.kind {
                ItemKind::PercentageOff { percent, .. } => percent == hundred,
                ItemKind::FixedPrice { value } | ItemKind::BundlePrice { value } => {
                    value == Money::ZERO
                }
                ItemKind::AmountOff { .. } => false,
            };
            let takes_all = match (&own.repeat, own.quantity_per_application()) {
                (None, _) => true,
                (Some(Repeat { per: Per::Quantity(every), .. }), Some(quantity)) => {
                    quantity >= *every
                }
                (Some(_), _) => false,
            };
            is_free && is_any(own.select.as_ref()) && takes_all
        }
        Benefit::FreeProduct(_) | Benefit::Shipping(_) => false,
    }
}

/// It may take more than half of a line or of the cart, and nothing bounds how often.
pub(super) fn no_limit(terms: &Terms, settings: &Settings) -> Option<Finding> {
    let Limits { issue_per_customer: _, cart: _, earn, customer, promotion, code } = &terms.limits;
    let is_limited = *earn != Default::default()
        || [customer, promotion, code].into_iter().any(|limits| !limits.is_empty());
    let leaves_half =
        settings.max_discount_percent.is_some_and(|percent| percent <= Number::whole(50));
    let takes_half = || variants(terms).iter().any(|own| may_take_half(own, terms));
    let is_found = !is_limited && !leaves_half && takes_half();
    is_found.then(|| Finding { pointer: "/limits".to_owned(), concern: Concern::NoLimit })
}

/// Whether it may take more than half of a line or of the cart.
fn may_take_half(variant: &Variant, terms: &Terms) -> bool {
    let base = variant.base(terms);
    // Twice an amount is above the least that the lines come to. Bounds count half ten-thousandths.
    let is_over_half = |amount: Money| amount.scaled().saturating_mul(4) > base.low;
    let is_price_over_half = |price: Money| price.scaled().saturating_mul(4) < base.high;
    let half = Number::whole(50);
    let is_of_cart = matches!(&variant.benefit, Benefit::Cart(own) if own.select.is_none());
    let all_times = |value: Money, repeat: Option<&Repeat>| {
        let value = value.scaled();
        match (times(repeat, &terms.limits), repeat) {
            (Some(times), _) => {
                is_over_half(Money::from_scaled(value.saturating_mul(times.into())))
            }
            // As often as the amount is there: a fixed part of it.
            (None, Some(Repeat { per: Per::Amount(every), .. })) if is_of_cart => {
                value.saturating_mul(2) > every.scaled()
            }
            (None, _) => true,
        }
    };
    let takes = match &variant.benefit {
        Benefit::FreeProduct(_) => true,
        Benefit::Items(own) => match own.kind {
            ItemKind::PercentageOff { percent, .. } => percent > half,
            ItemKind::AmountOff { value, per: Spread::Application } => {
                own.quantity_per_application().is_some() || all_times(value, own.repeat.as_ref())
            }
            ItemKind::AmountOff { per: Spread::Unit, .. } => true,
            ItemKind::FixedPrice { value } | ItemKind::BundlePrice { value } => {
                is_price_over_half(value)
            }
        },
        Benefit::Cart(own) => match own.kind {
            CartKind::PercentageOff(percent) => percent > half,
            CartKind::AmountOff(value) => all_times(value, own.repeat.as_ref()),
            CartKind::AwardPoints(_) => false,
        },
        Benefit::Shipping(_) => false,
    };
    // A cap of the cart may keep it below half of what it discounts as a whole.
    let is_spread = matches!(variant.benefit, Benefit::Cart(_));
    let is_capped = terms.limits.cart.discount.is_some_and(|cap| is_spread && !is_over_half(cap));
    takes && !is_capped
}
