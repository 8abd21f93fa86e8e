//! What an activity earns: the promotions whose rule it meets (spec 11).

use std::cell::LazyCell;

use chrono::{DateTime, Utc};

use crate::domain::cart::Request;
use crate::domain::issuance::{ActivityType, Earning, Trigger};
use crate::domain::promotion::{Promotion, Status};

use super::compiled::{Compiled, earning};
use super::conditions::{Conditions, Scene};
use super::gates;
use super::line_set::LineSet;
use super::reading::Reading;
use super::ruleset::RuleSet;
use super::selection::Selection;
use super::units::Basket;
use super::view::CartView;
use super::work::{Stop, Work};

/// Something that a customer did, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'d> {
    /// Who, where, and with which cart: an empty one where there is none. INVARIANT: the store, if named, is one of the
    /// rule set's.
    pub request: &'d Request<'d>,
    /// Whether there is a cart; without it every condition on one is false.
    pub has_cart: bool,
    pub kind: ActivityType,
    pub at: DateTime<Utc>,
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
    // Most deeds meet no rule that looks at the cart.
    let reading = LazyCell::new(|| Reading::new(&deed.request.cart.lines, &rules.facts, &work));
    let sight = LazyCell::new(|| Sight::new(rules, deed, &reading, &work));
    let meets = |compiled: &&Compiled| {
        let Some((own, rule)) = earning(&compiled.promotion).zip(compiled.earning.as_ref()) else {
            return false;
        };
        let triggered = match &own.trigger {
            Trigger::Activity(kind) => *kind == deed.kind,
            Trigger::Milestone { name, target } => {
                reached.iter().any(|(milestone, own)| milestone == name && own == target)
            }
            Trigger::Direct => false,
        };
        triggered
            && is_open(rules, compiled, own, deed)
            && (rule.conditions.as_ref())
                .is_none_or(|conditions| sight.meets(conditions, &rule.selections))
    };
    let met = rules.promotions.iter().filter(meets);
    met.map(|compiled| &compiled.promotion).collect()
}

fn is_open(rules: &RuleSet, compiled: &Compiled, own: &Earning, deed: &Deed<'_>) -> bool {
    let store = deed.request.store.as_deref();
    let store = store.and_then(|code| rules.store(code));
    compiled.promotion.status == Status::Active
        && compiled.is_current(deed.at)
        && gates::in_scope(&own.scope, store, deed.request)
}

/// The deed's cart, read once for all rules.
struct Sight<'d> {
    deed: &'d Deed<'d>,
    work: &'d Work<'d>,
    view: CartView<'d>,
    basket: Basket,
}

impl<'d> Sight<'d> {
    fn new(rules: &RuleSet, deed: &'d Deed<'d>, reading: &'d Reading, work: &'d Work<'d>) -> Self {
        let view = CartView::new(&deed.request.cart, reading);
        let basket = Basket::new(&view, rules.settings().percentage_base);
        Self { deed, work, view, basket }
    }

    fn meets(&self, conditions: &Conditions, selections: &[Selection]) -> bool {
        let selected = selections.iter();
        let selected = selected.map(|own| own.select(&self.view, self.work));
        let selected: Vec<LineSet> = selected.collect();
        // As a cart-level promotion sees the whole cart.
        let scene = Scene {
            request: self.deed.request,
            view: &self.view,
            basket: &self.basket,
            claims: None,
            selected: &selected,
            part: &self.view.all,
            work: self.work,
        };
        conditions.hold(if self.deed.has_cart {
            conditions.judge(&scene)
        } else {
            conditions.judge_without_cart(&scene)
        })
    }
}
