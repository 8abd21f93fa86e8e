//! A tenant's promotions, compiled once when they change (spec 7.2).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use crate::domain::benefit::Benefit;
use crate::domain::id::PromotionId;
use crate::domain::promotion::{Promotion, Scope};
use crate::domain::selector::Selector;
use crate::domain::settings::Settings;
use crate::domain::store::Store;

use super::candidates::Index;
use super::conditions::Conditions;
use super::earning::EarningRule;
use super::milestones::{CompiledMilestone, KnownMilestone};
use super::ranking;
use super::selection::{Facts, Selection};
use super::stock::{ProductList, Stores};

/// One tenant's settings, stores, product lists and promotions as of one version, ready to be
/// evaluated. Immutable: a change makes a new one.
#[derive(Debug)]
pub struct RuleSet {
    version: i64,
    settings: Settings,
    stores: Arc<Stores>,
    pub(crate) facts: Facts,
    pub(crate) promotions: Vec<Compiled>,
    pub(crate) milestones: Vec<CompiledMilestone>,
    by_id: FxHashMap<PromotionId, usize>,
    has_limits: bool,
    asks_for_issuances: bool,
    pub(crate) index: Index,
    /// `multiple_promotions_per_line.exclude`
    pub(crate) single_lines: Option<Selection>,
    whole_since: Option<DateTime<Utc>>,
}

/// A promotion and what its evaluation needs.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) promotion: Promotion,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    /// Whether it had ended before the time at which its rules begin to be whole.
    pub(crate) has_ended: bool,
    /// How many names of stores, concepts, zones and channels its scope has.
    pub(crate) places: usize,
    /// How many limits its uses are counted for.
    pub(crate) counters: usize,
    /// How it is earned.
    pub(crate) earning: Option<EarningRule>,
    pub(crate) conditions: Option<Conditions>,
    /// All selectors of conditions and target, each once.
    pub(crate) selections: Vec<Selection>,
    /// The number of the target's selection; `None`: it names none.
    pub(crate) select: Option<usize>,
    pub(crate) rank: ranking::StaticRank,
}

/// What a rule set is made of.
#[derive(Debug)]
pub struct Rules {
    /// The tenant's version of rules that all of it is of.
    pub version: i64,
    pub settings: Settings,
    pub stores: Arc<Stores>,
    /// By name: at least those that something names.
    pub product_lists: BTreeMap<String, Arc<ProductList>>,
    /// Active and paused promotions, in any order.
    pub promotions: Vec<Promotion>,
    /// What customers can come to.
    pub milestones: Vec<KnownMilestone>,
    /// Of promotions that had ended by then only name, dates, status and what says whether a code is used up play a part.
    /// `None`: all are whole.
    pub whole_since: Option<DateTime<Utc>>,
}

impl RuleSet {
    /// Compiles active and paused promotions. Their order does not matter.
    pub fn compile(
        version: i64,
        settings: Settings,
        stores: Vec<Store>,
        product_lists: BTreeMap<String, Vec<String>>,
        promotions: Vec<Promotion>,
    ) -> Self {
        let lists = product_lists.into_iter();
        let lists = lists.map(|(name, skus)| (name, Arc::new(ProductList::new(&skus))));
        Self::new(Rules {
            version,
            settings,
            stores: Arc::new(stores.into_iter().collect()),
            product_lists: lists.collect(),
            promotions,
            milestones: Vec::new(),
            whole_since: None,
        })
    }

    /// Compiles rules. Stores and product lists go in as they are.
    pub fn new(rules: Rules) -> Self {
        let Rules {
            version,
            settings,
            stores,
            product_lists,
            mut promotions,
            milestones,
            whole_since,
        } = rules;
        promotions.sort_by_key(|promotion| (promotion.created_at, promotion.id));
        let ranks = ranking::static_ranks(&promotions, &settings.ranking);
        let mut facts = Facts::default();
        let single_lines = settings.multiple_promotions_per_line.exclude.as_ref();
        let single_lines = single_lines.map(|selector| Selection::compile(selector, &mut facts));
        let mut compiled: Vec<Compiled> = Vec::with_capacity(promotions.len());
        for (promotion, rank) in promotions.into_iter().zip(ranks) {
            compiled.push(Compiled::new(promotion, rank, whole_since, &mut facts));
        }
        let milestones = milestones.into_iter();
        let milestones = milestones.map(|own| CompiledMilestone::compile(own, &mut facts));
        let milestones = milestones.collect();
        for (name, list) in &product_lists {
            facts.add_list(name, list);
        }
        facts.finish();
        let index = Index::build(&compiled, &mut facts);
        let by_id = compiled.iter().enumerate();
        let by_id = by_id.map(|(index, own)| (own.promotion.id, index)).collect();
        Self {
            version,
            settings,
            stores,
            has_limits: compiled.iter().any(Compiled::has_limits),
            asks_for_issuances: compiled.iter().any(|own| own.promotion.terms.asks_for_issuance()),
            facts,
            promotions: compiled,
            milestones,
            by_id,
            index,
            single_lines,
            whole_since,
        }
    }

    /// Whether everything is known that plays a part at this time: promotions that had ended long before it are named,
    /// no more.
    pub fn is_whole_at(&self, at: DateTime<Utc>) -> bool {
        self.whole_since.is_none_or(|since| since <= at)
    }

    /// The tenant's version of rules that this was compiled from.
    pub fn version(&self) -> i64 {
        self.version
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A store by its code.
    pub fn store(&self, code: &str) -> Option<&Store> {
        self.stores.get(code)
    }

    /// A promotion by its index, as evaluations name it.
    pub fn promotion(&self, index: usize) -> Option<&Promotion> {
        self.promotions.get(index).map(|compiled| &compiled.promotion)
    }

    /// Whether uses of any promotion are counted.
    pub fn has_limits(&self) -> bool {
        self.has_limits
    }

    /// Whether an issuance plays a part in the evaluation of any promotion.
    pub fn asks_for_issuances(&self) -> bool {
        self.asks_for_issuances
    }

    /// Whether customers can come to anything.
    pub fn has_milestones(&self) -> bool {
        !self.milestones.is_empty()
    }

    /// How many promotions there are.
    pub fn len(&self) -> usize {
        self.promotions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.promotions.is_empty()
    }

    pub(crate) fn index_of(&self, id: PromotionId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }
}

/// Compiles selectors and gives each its number among `selections`, equal ones the same.
pub(crate) fn numbered<'s>(
    selections: &'s mut Vec<Selection>,
    facts: &'s mut Facts,
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
    /// How many texts its selectors look for on lines.
    pub(crate) fn sought_texts(&self) -> u64 {
        let texts: usize = self.selections.iter().map(Selection::sought_texts).sum();
        u64::try_from(texts).unwrap_or(u64::MAX)
    }

    fn new(
        promotion: Promotion,
        rank: ranking::StaticRank,
        whole_since: Option<DateTime<Utc>>,
        facts: &mut Facts,
    ) -> Self {
        let earning = EarningRule::compile(&promotion, facts);
        let mut selections: Vec<Selection> = Vec::new();
        let mut number = numbered(&mut selections, facts);
        let conditions = promotion.terms.conditions.as_ref();
        let conditions = conditions.map(|own| Conditions::compile(own, &mut number));
        let select = promotion.terms.benefit.select().map(&mut number);
        drop(number);
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
            selections,
            select,
            rank,
        }
    }

    /// Whether uses of it are counted.
    pub(crate) fn has_limits(&self) -> bool {
        self.counters > 0
    }

    /// Whether its dates hold.
    pub(crate) fn is_current(&self, now: DateTime<Utc>) -> bool {
        self.starts_at <= now && now < self.ends_at
    }

    /// Whether it discounts units of lines.
    pub(crate) fn is_item_level(&self) -> bool {
        match self.promotion.terms.benefit {
            Benefit::Items(_) | Benefit::FreeProduct(_) => true,
            Benefit::Cart(_) | Benefit::Shipping(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::currency::Currency;
    use crate::domain::selector::{Match, Predicate};

    #[test]
    fn versions_of_a_rule_set_share_stores_and_lists() {
        let stores = Arc::new(Stores::default());
        let list = Arc::new(ProductList::new(&["A".to_owned()]));
        let version = |version| {
            let mut settings = Settings::defaults(Currency::new("INR").unwrap(), chrono_tz::UTC);
            settings.multiple_promotions_per_line.exclude = Some(Selector {
                matching: Match::All,
                include: vec![Predicate::InList { list: "L".into() }],
                exclude: Vec::new(),
            });
            RuleSet::new(Rules {
                version,
                settings,
                stores: Arc::clone(&stores),
                product_lists: [("L".to_owned(), Arc::clone(&list))].into(),
                promotions: Vec::new(),
                milestones: Vec::new(),
                whole_since: None,
            })
        };
        let (one, two) = (version(1), version(2));
        assert!(Arc::ptr_eq(&one.stores, &two.stores));
        // This one, and that of each version.
        assert_eq!(Arc::strong_count(&list), 3);
    }
}
