//! What an activity earns: the promotions whose rule it meets (spec 11).

use std::cell::OnceCell;

use chrono::{DateTime, Utc};

use crate::domain::cart::Request;
use crate::domain::issuance::{ActivityType, Earning, Trigger};
use crate::domain::promotion::{Kind, Promotion, Status};

use super::conditions::{Conditions, Scene};
use super::line_set::LineSet;
use super::ruleset::{Compiled, numbered};
use super::selection::{Facts, Selection};
use super::units::Basket;
use super::view::CartView;
use super::work::Work;
use super::{RuleSet, Stop, gates};

/// Something that a customer did, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'d> {
    /// Who, where, and with which cart: an empty one where there is none. INVARIANT: the store, if named, is one of the
    /// rule set's.
    pub request: &'d Request<'d>,
    /// Whether there is a cart; without it every condition on one is false.
    pub has_cart: bool,
    /// What.
    pub kind: ActivityType,
    /// When.
    pub at: DateTime<Utc>,
}

/// The conditions under which a promotion is earned, compiled.
#[derive(Debug)]
pub(crate) struct EarningRule {
    conditions: Option<Conditions>,
    selections: Vec<Selection>,
}

impl EarningRule {
    pub(crate) fn compile(promotion: &Promotion, facts: &mut Facts) -> Option<Self> {
        let conditions = earning(promotion)?.conditions.as_ref();
        let mut selections = Vec::new();
        let conditions =
            conditions.map(|own| Conditions::compile(own, &mut numbered(&mut selections, facts)));
        Some(Self {
            conditions,
            selections,
        })
    }
}

fn earning(promotion: &Promotion) -> Option<&Earning> {
    match &promotion.terms.kind {
        Kind::LoyaltyEarning { earning, .. } => Some(earning),
        Kind::Pos | Kind::Loyalty | Kind::Rewards { .. } | Kind::CodeLinked => None,
    }
}

/// The promotions that are live at the time and whose rule the deed meets: by its kind, or by a target of a milestone,
/// of which `reached` has milestone and target. In order of creation.
pub fn earned<'r>(
    rules: &'r RuleSet,
    deed: &Deed<'_>,
    reached: &[(&str, &str)],
) -> Vec<&'r Promotion> {
    let stop = Stop::default();
    let work = Work::unbounded(&stop);
    let sight = OnceCell::new();
    let look = || -> &Sight<'_> { sight.get_or_init(|| Sight::new(rules, deed, &work)) };
    let meets = |compiled: &&Compiled| {
        let triggered = match earning(&compiled.promotion).map(|own| &own.trigger) {
            Some(Trigger::Activity(kind)) => *kind == deed.kind,
            Some(Trigger::Milestone { name, target }) => reached
                .iter()
                .any(|(milestone, own)| milestone == name && own == target),
            Some(Trigger::Direct) | None => false,
        };
        triggered && is_met(rules, compiled, deed, look)
    };
    let met = rules.promotions.iter().filter(meets);
    met.map(|compiled| &compiled.promotion).collect()
}

/// The cart, read once for all rules.
struct Sight<'d> {
    view: CartView<'d>,
    basket: Basket,
}

impl<'d> Sight<'d> {
    fn new(rules: &'d RuleSet, deed: &Deed<'d>, work: &'d Work<'d>) -> Self {
        let view = CartView::new(&deed.request.cart, &rules.facts, work);
        let basket = Basket::new(&view, rules.settings().percentage_base);
        Self { view, basket }
    }
}

fn is_met<'s, 'd: 's>(
    rules: &RuleSet,
    compiled: &Compiled,
    deed: &Deed<'_>,
    look: impl Fn() -> &'s Sight<'d>,
) -> bool {
    let promotion = &compiled.promotion;
    let Some((own, rule)) = earning(promotion).zip(compiled.earning.as_ref()) else {
        return false;
    };
    let store = deed.request.store.as_deref();
    let store = store.and_then(|code| rules.store(code));
    promotion.status == Status::Active
        && compiled.is_current(deed.at)
        && gates::in_scope(&own.scope, store, deed.request)
        && holds(rule, deed, look)
}

fn holds<'s, 'd: 's>(
    rule: &EarningRule,
    deed: &Deed<'_>,
    look: impl Fn() -> &'s Sight<'d>,
) -> bool {
    let Some(conditions) = &rule.conditions else {
        return true;
    };
    let Sight { view, basket } = look();
    let stop = Stop::default();
    let work = Work::unbounded(&stop);
    let selections = rule.selections.iter();
    let selected: Vec<LineSet> = selections.map(|own| own.select(view, &work)).collect();
    // As a cart-level promotion sees the whole cart.
    let scene = Scene {
        request: deed.request,
        view,
        basket,
        claims: None,
        selected: &selected,
        part: &view.all,
        work: &work,
    };
    conditions.hold(if deed.has_cart {
        conditions.judge(&scene)
    } else {
        conditions.judge_without_cart(&scene)
    })
}
