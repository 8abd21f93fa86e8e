//! Promotions and milestones, compiled before any cart comes.

use chrono::{DateTime, Utc};
use smallvec::SmallVec;
use uuid::Uuid;

use crate::domain::activity::Milestone;
use crate::domain::benefit::{Benefit, From};
use crate::domain::issuance::Earning;
use crate::domain::limit::{CountedLimit, Limits, Refresh};
use crate::domain::promotion::{Kind, Promotion, Scope, Terms};
use crate::domain::selector::Selector;

use super::conditions::Conditions;
use super::facts::FactTable;
use super::line_set::LineSet;
use super::ranking::StaticRank;
use super::selection::Selection;
use super::tags::{TagNumbers, Tags};
use super::view::CartView;
use super::work::Work;

/// The lines that each of a promotion's selections selects.
pub(crate) type Selected = SmallVec<[LineSet; 1]>;

/// A promotion and what its evaluation needs.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) promotion: Promotion,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    /// Whether it had ended before the time from which on the rules are complete.
    pub(crate) has_ended: bool,
    /// How many stores, concepts, zones and channels its scope names.
    pub(crate) places: usize,
    /// How many of its limits have counters.
    pub(crate) counters: usize,
    /// How it is earned.
    pub(crate) earning: Option<EarningRule>,
    /// What must hold; with steps, for the first one.
    pub(crate) conditions: Option<Conditions>,
    /// The steps of its benefit after the first one.
    further: Box<[FurtherStep]>,
    /// Its tags, and those that it does not combine with.
    pub(crate) tags: Tags,
    /// All different selectors of its conditions and target.
    pub(crate) selections: Vec<Selection>,
    /// The number of the target's selection; `None`: the target has no selector.
    pub(crate) select: Option<usize>,
    pub(crate) rank: StaticRank,
    /// For a draft: how the stored promotion counts whose place it takes.
    counts_as: Option<Box<Counting>>,
}

/// A promotion's limits, and when their windows begin.
#[derive(Debug)]
struct Counting {
    limits: Limits,
    starts_at: DateTime<Utc>,
}

/// A step of a promotion's benefit after the first one. When it is reached, the promotion is one with these conditions
/// and this benefit (spec 5.4 `steps`).
#[derive(Debug)]
struct FurtherStep {
    conditions: Conditions,
    /// Without the selector of its target, which all steps share.
    benefit: Benefit,
}

/// Compiles selectors and gives each a number in `selections`. Equal selectors get the same number.
fn numbered<'s>(
    selections: &'s mut Vec<Selection>,
    facts: &'s mut FactTable,
) -> impl FnMut(&Selector) -> usize + 's {
    move |selector| {
        let selection = Selection::compile(selector, facts);
        let known = selections.iter().position(|own| *own == selection);
        known.unwrap_or_else(|| {
            selections.push(selection);
            selections.len() - 1
        })
    }
}

impl Compiled {
    /// The lines that each of its selections selects.
    pub(crate) fn select(&self, view: &CartView<'_>, work: &Work<'_>) -> Selected {
        self.selections.iter().map(|selection| selection.select(view, work)).collect()
    }

    /// The lines whose units its line conditions count or its benefit discounts. `selected` are those of its
    /// selections (spec 15.5).
    #[expect(clippy::indexing_slicing, reason = "each selection of the promotion has its lines")]
    pub(crate) fn concerned(&self, view: &CartView<'_>, selected: &Selected) -> LineSet {
        // All steps count the same lines.
        let counted = self.conditions.as_ref().into_iter().flat_map(Conditions::line_selections);
        let counted = counted.fold(LineSet::default(), |all, own| all.union(&selected[own]));
        let discounted = match &self.promotion.terms.benefit {
            Benefit::Items(benefit) => match (self.select, benefit.from) {
                (Some(select), From::Matching | From::BeyondCondition) => selected[select],
                (None, From::Matching) => view.all,
                (_, From::InCondition) | (None, From::BeyondCondition) => LineSet::default(),
            },
            Benefit::FreeProduct(benefit) => view.of_sku(&benefit.sku),
            Benefit::Cart(_) | Benefit::Shipping(_) => LineSet::default(),
        };
        counted.union(&discounted)
    }

    /// The lines that could meet its conditions, each as the only line of a cart, and perhaps others.
    pub(crate) fn could_meet(&self, view: &CartView<'_>, selected: &Selected) -> LineSet {
        let lines = |selection: usize| selected.get(selection);
        let needed = self
            .conditions
            .as_ref()
            .and_then(|own| own.needed_selections(|selection| lines(selection).map(LineSet::len)));
        needed.map_or(view.all, |own| {
            own.into_iter().filter_map(lines).fold(LineSet::default(), |all, own| all.union(own))
        })
    }

    /// How many texts its selectors look for on lines.
    pub(crate) fn sought_texts(&self) -> u64 {
        let texts: usize = self.selections.iter().map(Selection::sought_texts).sum();
        u64::try_from(texts).unwrap_or(u64::MAX)
    }

    pub(crate) fn new(
        promotion: Promotion,
        rank: StaticRank,
        whole_since: Option<DateTime<Utc>>,
        facts: &mut FactTable,
        tags: &mut TagNumbers,
    ) -> Self {
        let earning = EarningRule::compile(&promotion, facts);
        let mut selections: Vec<Selection> = Vec::new();
        let mut number = numbered(&mut selections, facts);
        let Terms { conditions: own, benefit, steps, stacking, .. } = &promotion.terms;
        let own = own.as_ref().map(|own| Conditions::compile(own, &mut number));
        let (conditions, further) = match steps {
            None => (own, Box::default()),
            Some(steps) => {
                let mut at = |from| Conditions::and(own.as_ref(), &steps.leaf(from), &mut number);
                let first = at(steps.from);
                let further = steps.further.iter().map(|step| FurtherStep {
                    conditions: at(step.from),
                    benefit: benefit.with_value(step.value),
                });
                (Some(first), further.collect())
            }
        };
        let select = benefit.select().map(&mut number);
        drop(number);
        let tags = Tags::new(stacking, tags);
        let Scope { stores, concepts, zones, channels } = &promotion.terms.scope;
        let places = stores.len() + concepts.len() + zones.len() + channels.len();
        let ends_at = promotion.terms.ends_at.to_utc();
        Self {
            starts_at: promotion.terms.starts_at.to_utc(),
            ends_at,
            has_ended: whole_since.is_some_and(|since| ends_at <= since),
            places,
            counters: promotion.terms.limits.counted().count(),
            earning,
            promotion,
            conditions,
            further,
            tags,
            selections,
            select,
            rank,
            counts_as: None,
        }
    }

    /// The draft that takes the place of a stored promotion, and shares its counters.
    pub(crate) fn in_place_of(self, stored: &Self) -> Self {
        let limits = stored.promotion.terms.limits.clone();
        let counting = Counting { limits, starts_at: stored.starts_at };
        Self { counts_as: Some(Box::new(counting)), ..self }
    }

    /// How often the count of one of its limits starts anew, and from when on windows are counted. `None`: nothing is
    /// counted for it, since the stored promotion has no such limit.
    pub(crate) fn counts(&self, limit: CountedLimit) -> Option<(Option<Refresh>, DateTime<Utc>)> {
        let Some(stored) = &self.counts_as else {
            return Some((limit.refresh, self.starts_at));
        };
        let own = stored.limits.counted().find(|own| own.name == limit.name)?;
        Some((own.refresh, stored.starts_at))
    }

    /// The places of its steps, the last one first. A promotion without steps counts as one with a single step.
    pub(crate) fn steps(&self) -> impl Iterator<Item = usize> {
        (0..=self.further.len()).rev()
    }

    /// Whether its benefit has a step of this number, which is above 0.
    pub(crate) fn has_step(&self, step: usize) -> bool {
        step <= self.further.len()
    }

    /// What must hold for a step.
    pub(crate) fn conditions_of(&self, step: usize) -> Option<&Conditions> {
        match self.further_step(step) {
            Some(further) => Some(&further.conditions),
            None => self.conditions.as_ref(),
        }
    }

    /// What a step gives.
    pub(crate) fn benefit_of(&self, step: usize) -> &Benefit {
        match self.further_step(step) {
            Some(further) => &further.benefit,
            None => &self.promotion.terms.benefit,
        }
    }

    #[expect(clippy::indexing_slicing, reason = "places come from the steps of this promotion")]
    fn further_step(&self, step: usize) -> Option<&FurtherStep> {
        Some(&self.further[step.checked_sub(1)?])
    }

    /// Whether counters count its uses.
    pub(crate) fn has_limits(&self) -> bool {
        self.counters > 0
    }

    /// Whether all customers share one of its limits.
    pub(crate) fn has_shared_limits(&self) -> bool {
        !self.promotion.terms.limits.promotion.is_empty()
    }

    /// Whether `now` is between its dates.
    pub(crate) fn is_current(&self, now: DateTime<Utc>) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Whether it gives a product, also where the product is not in the cart.
    pub(crate) fn gives_products(&self) -> bool {
        matches!(self.promotion.terms.benefit, Benefit::FreeProduct(_))
    }

    /// Whether it rewards units over and above those that its conditions need.
    pub(crate) fn goes_beyond(&self) -> bool {
        let benefit = &self.promotion.terms.benefit;
        matches!(benefit, Benefit::Items(own) if own.from == From::BeyondCondition)
    }

    /// Whether it discounts units of lines.
    pub(crate) fn is_item_level(&self) -> bool {
        match self.promotion.terms.benefit {
            Benefit::Items(_) | Benefit::FreeProduct(_) => true,
            Benefit::Cart(_) | Benefit::Shipping(_) => false,
        }
    }
}

/// The conditions under which a promotion is earned, compiled.
#[derive(Debug)]
pub(crate) struct EarningRule {
    pub(crate) conditions: Option<Conditions>,
    pub(crate) selections: Vec<Selection>,
}

impl EarningRule {
    pub(crate) fn compile(promotion: &Promotion, facts: &mut FactTable) -> Option<Self> {
        let conditions = earning(promotion)?.conditions.as_ref();
        let mut selections = Vec::new();
        let conditions =
            conditions.map(|own| Conditions::compile(own, &mut numbered(&mut selections, facts)));
        Some(Self { conditions, selections })
    }
}

/// How a promotion is earned, if it has to be earned.
pub(crate) fn earning(promotion: &Promotion) -> Option<&Earning> {
    match &promotion.terms.kind {
        Kind::LoyaltyEarning { earning, .. } => Some(earning),
        Kind::Pos | Kind::Loyalty | Kind::Rewards { .. } | Kind::CodeLinked => None,
    }
}

/// A tenant's milestone.
#[derive(Clone, Debug)]
pub struct KnownMilestone {
    /// A milestone that is deleted and created again has another id.
    pub id: Uuid,
    /// Its windows are counted from the one that contains this instant.
    pub created_at: DateTime<Utc>,
    pub milestone: Milestone,
}

/// A milestone and its compiled selector.
#[derive(Debug)]
pub(crate) struct CompiledMilestone {
    pub(crate) known: KnownMilestone,
    pub(crate) of: Option<Selection>,
}

impl CompiledMilestone {
    pub(crate) fn compile(known: KnownMilestone, facts: &mut FactTable) -> Self {
        let of = known.milestone.of.as_ref();
        let of = of.map(|selector| Selection::compile(selector, facts));
        Self { known, of }
    }
}
