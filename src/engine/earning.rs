//! Finds the promotions that an activity earns (spec 11).

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
    /// The customer, the place and the cart; the cart is empty if there is none. INVARIANT: if the request names a
    /// store, the rule set has it.
    pub request: &'d Request<'d>,
    /// Whether there is a cart. Without one, every condition on the cart is false.
    pub has_cart: bool,
    pub kind: ActivityType,
    pub at: DateTime<Utc>,
}

/// The promotions that are live at the time and that the deed earns, in order of creation. The trigger is the kind of
/// the deed, or a milestone and target in `reached`.
pub fn earned<'r>(
    rules: &'r RuleSet,
    deed: &Deed<'_>,
    reached: &[(&str, &str)],
) -> Vec<&'r Promotion> {
    let stop = Stop::default();
    let work = Work::unbounded(&stop);
    // Most deeds trigger no rule that looks at the cart, so it is read only when needed.
    let reading = LazyCell::new(|| Reading::new(&deed.request.cart.lines, rules.facts(), &work));
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
    let met = rules.indexed().map(|(_, own)| own).filter(meets);
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
        let view = CartView::new(&deed.request.cart.lines, reading);
        let basket = Basket::new(&view, rules.settings());
        Self { deed, work, view, basket }
    }

    fn meets(&self, conditions: &Conditions, selections: &[Selection]) -> bool {
        let selected = selections.iter();
        let selected = selected.map(|own| own.select(&self.view, self.work));
        let selected: Vec<LineSet> = selected.collect();
        // Like a cart-level promotion, the rule sees the whole cart.
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
