//! A tenant's promotions, compiled once when they change (spec 7.2).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rustc_hash::FxHashMap;

use crate::domain::evaluation::PromotionIndex;
use crate::domain::id::PromotionId;
use crate::domain::promotion::Promotion;
use crate::domain::settings::Settings;
use crate::domain::store::Store;

use super::compiled::{Compiled, CompiledMilestone, KnownMilestone};
use super::facts::FactTable;
use super::index::Index;
use super::product_lists::ProductList;
use super::ranking;
use super::selection::Selection;
use super::stores::Stores;
use super::tags::TagNumbers;

/// One tenant's settings, stores, product lists and promotions as of one version, ready to be evaluated. It never
/// changes; a new version is a new rule set.
#[derive(Debug)]
pub struct RuleSet {
    version: i64,
    settings: Settings,
    stores: Arc<Stores>,
    pub(crate) facts: FactTable,
    pub(crate) promotions: Vec<Compiled>,
    pub(crate) milestones: Vec<CompiledMilestone>,
    by_id: FxHashMap<PromotionId, PromotionIndex>,
    has_shared_limits: bool,
    pub(crate) index: Index,
    /// `multiple_promotions_per_line.exclude`
    pub(crate) single_lines: Option<Selection>,
    whole_since: Option<DateTime<Utc>>,
}

/// What a rule set is compiled from.
#[derive(Debug)]
pub struct Rules {
    /// The version of the tenant's rules.
    pub version: i64,
    pub settings: Settings,
    pub stores: Arc<Stores>,
    /// The product lists by name: at least those that a rule names.
    pub product_lists: BTreeMap<String, Arc<ProductList>>,
    /// Active and paused promotions, in any order.
    pub promotions: Vec<Promotion>,
    /// The milestones that customers can reach.
    pub milestones: Vec<KnownMilestone>,
    /// Promotions that had ended by this time are not complete: they have their name, dates, status, and what decides
    /// whether a code is used up. `None`: all are complete.
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

    /// Compiles rules. Stores and product lists are shared, not copied.
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
        let mut facts = FactTable::default();
        let single_lines = settings.multiple_promotions_per_line.exclude.as_ref();
        let single_lines = single_lines.map(|selector| Selection::compile(selector, &mut facts));
        let mut tags = TagNumbers::default();
        let mut compiled: Vec<Compiled> = Vec::with_capacity(promotions.len());
        for (promotion, rank) in promotions.into_iter().zip(ranks) {
            compiled.push(Compiled::new(promotion, rank, whole_since, &mut facts, &mut tags));
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
        let by_id = by_id.map(|(index, own)| (own.promotion.id, PromotionIndex(index))).collect();
        Self {
            version,
            settings,
            stores,
            has_shared_limits: compiled.iter().any(Compiled::has_shared_limits),
            facts,
            promotions: compiled,
            milestones,
            by_id,
            index,
            single_lines,
            whole_since,
        }
    }

    /// Whether the rule set knows everything that matters at this time. Of promotions that ended long ago it knows
    /// little more than their names.
    pub fn is_whole_at(&self, at: DateTime<Utc>) -> bool {
        self.whole_since.is_none_or(|since| since <= at)
    }

    /// The version of the tenant's rules that this was compiled from.
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

    /// A promotion by its index, as evaluations of this rule set name it.
    pub fn promotion(&self, index: PromotionIndex) -> &Promotion {
        &self.compiled(index).promotion
    }

    #[expect(clippy::indexing_slicing, reason = "indexes come from this rule set")]
    pub(crate) fn compiled(&self, index: PromotionIndex) -> &Compiled {
        &self.promotions[index.0]
    }

    pub(crate) fn indexed(&self) -> impl Iterator<Item = (PromotionIndex, &Compiled)> {
        let promotions = self.promotions.iter().enumerate();
        promotions.map(|(index, own)| (PromotionIndex(index), own))
    }

    /// All promotions, in order of creation.
    pub fn promotions(&self) -> impl ExactSizeIterator<Item = &Promotion> {
        self.promotions.iter().map(|compiled| &compiled.promotion)
    }

    /// Whether all customers share a limit of some promotion.
    pub fn has_shared_limits(&self) -> bool {
        self.has_shared_limits
    }

    /// Whether the tenant has milestones.
    pub fn has_milestones(&self) -> bool {
        !self.milestones.is_empty()
    }

    pub(crate) fn index_of(&self, id: PromotionId) -> Option<PromotionIndex> {
        self.by_id.get(&id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::currency::Currency;
    use crate::domain::selector::{Match, Predicate, Selector};

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
        // The test's own reference, and one of each version.
        assert_eq!(Arc::strong_count(&list), 3);
    }
}
