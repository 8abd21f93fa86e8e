//! The facts that explain why a promotion did not apply (spec 15.8). They are looked up only for answers that show them.

use crate::domain::benefit::{Benefit, From, ItemBenefit};
use crate::domain::condition::Condition;
use crate::domain::evaluation::PromotionIndex;
use crate::domain::promotion::{Audience, Kind, Members, ProgramTest, Terms};
use crate::domain::reason::{MAX_VALUES, Outside, Reason, ScopePart, Values, Wanted};
use crate::domain::selector::{
    Comparison, NumberOperator, NumberTest, Predicate, Selector, TextTest,
};

use super::benefits::{discountable, propose};
use super::calendar;
use super::candidate::Candidate;
use super::case::{Case, Inputs};
use super::gates::{self, Gate};
use super::units::Basket;

/// The reason of a promotion that failed at a gate.
pub(crate) fn at_gate(case: &Case<'_>, index: PromotionIndex, gate: Gate) -> Reason {
    let Inputs { rules, request, now, .. } = case.inputs;
    let compiled = rules.compiled(index);
    let terms = &compiled.promotion.terms;
    match gate {
        Gate::Paused => Reason::Paused,
        Gate::NotStarted => Reason::NotStarted { starts_at: terms.starts_at },
        Gate::Ended => Reason::Ended { ended_at: terms.ends_at },
        Gate::OutsideSchedule => {
            let store = request.store.as_deref().and_then(|code| rules.store(code));
            let next = |own| calendar::next(own, gates::zone(rules, store), now, compiled.ends_at);
            Reason::OutsideSchedule(terms.schedule.as_ref().and_then(next))
        }
        Gate::CurrencyMismatch => {
            Reason::CurrencyMismatch(terms.currency.unwrap_or(rules.settings().currency))
        }
        Gate::OutOfScope => Reason::OutOfScope(Box::new(outside(case, terms))),
        Gate::NotInAudience => Reason::NotInAudience(Box::new(audience(terms))),
        Gate::CustomerRequired => Reason::CustomerRequired,
        Gate::CodeNotPresented => Reason::CodeNotPresented,
    }
}

/// INVARIANT: the request is outside of the scope.
fn outside(case: &Case<'_>, terms: &Terms) -> Outside {
    let Inputs { rules, request, .. } = case.inputs;
    let scope = &terms.scope;
    let store = request.store.as_deref().and_then(|code| rules.store(code));
    let failed = gates::outside(scope, store, request).unwrap_or(ScopePart::Channel);
    let one = |text: Option<&str>| text.into_iter().map(str::to_owned).collect();
    let (wanted, actual) = match failed {
        ScopePart::Store => (&scope.stores, one(store.map(|own| own.code.as_str()))),
        ScopePart::Concept => (&scope.concepts, one(store.and_then(|own| own.concept.as_deref()))),
        ScopePart::Zone => {
            let zones = store.map_or(&[][..], |own| &own.zones);
            (&scope.zones, zones.iter().take(MAX_VALUES).cloned().collect())
        }
        ScopePart::Channel => (&scope.channels, one(request.channel.as_deref())),
    };
    Outside { failed, wanted: Values::of(wanted), actual }
}

/// The audience, with the first values of each list. A promotion of type `loyalty` needs a membership, whatever its
/// audience.
fn audience(terms: &Terms) -> Audience {
    let first = |list: &[String]| list.iter().take(MAX_VALUES).cloned().collect();
    let program = |own: &ProgramTest| ProgramTest {
        program: own.program.clone(),
        tiers: first(&own.tiers),
        supplementary: first(&own.supplementary),
    };
    let members = match &terms.audience.members {
        Members::Loyalty(programs) => {
            Members::Loyalty(programs.iter().take(MAX_VALUES).map(program).collect())
        }
        Members::All | Members::Identified if matches!(terms.kind, Kind::Loyalty) => {
            Members::Loyalty(Vec::new())
        }
        Members::All => Members::All,
        Members::Identified => Members::Identified,
    };
    Audience { members, groups: first(&terms.audience.groups) }
}

/// The first turn in which another promotion claimed a unit that this one could discount if nothing had been claimed.
pub(crate) fn turn_that_took(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
) -> Option<u32> {
    basket.first_claim(&discountable(case, candidate, &case.untouched))
}

/// Whether a promotion that gives nothing on this basket would give a discount if no unit had a floor.
pub(crate) fn is_held_by_floors(
    case: &Case<'_>,
    candidate: &Candidate<'_>,
    basket: &Basket,
) -> bool {
    let without = basket.without_floors();
    let gives =
        |basket| propose(case, candidate, &basket).is_ok_and(|own| own.discount.is_positive());
    without.is_some_and(gives)
}

/// What a promotion would discount, if its selectors say that in a list of values: that of its target, or else that of
/// the first of its line conditions where these decide what is discounted.
pub(crate) fn discounts(terms: &Terms) -> Option<Wanted> {
    if let Some(select) = terms.benefit.select() {
        return wanted(select);
    }
    match &terms.benefit {
        Benefit::Items(ItemBenefit { from: From::InCondition | From::BeyondCondition, .. }) => {
            let own = terms.conditions.as_ref().map(Condition::leaves).unwrap_or_default();
            let step = terms.steps.as_ref().map(|steps| steps.leaf(steps.from));
            let mut leaves = own.into_iter().chain(&step);
            let first = leaves.find(|leaf| leaf.is_line_condition());
            first.and_then(|leaf| leaf.selector()).and_then(wanted)
        }
        Benefit::Items(_) | Benefit::FreeProduct(_) | Benefit::Cart(_) | Benefit::Shipping(_) => {
            None
        }
    }
}

/// The first predicate that a selector includes by a list of values, or by one value.
pub(crate) fn wanted(selector: &Selector) -> Option<Wanted> {
    selector.include.iter().find_map(|predicate| match predicate {
        Predicate::Text { field, test: TextTest::In(values) } => {
            Some(Wanted::Texts(field.clone(), Values::of(values)))
        }
        Predicate::Text { field, test: TextTest::Eq(value) } => {
            Some(Wanted::Texts(field.clone(), Values::of(std::slice::from_ref(value))))
        }
        Predicate::Number { field, test: NumberTest::Compare(own) } => {
            let Comparison { op, value } = own;
            (*op == NumberOperator::Eq).then_some(Wanted::Number(*field, *value))
        }
        Predicate::InList { list } => Some(Wanted::OfList(list.clone())),
        Predicate::Text { .. } | Predicate::Number { .. } => None,
    })
}
