//! A tenant's promotions, compiled once when they change (spec 7.2).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use crate::domain::evaluation::PromotionIndex;
use crate::domain::id::PromotionId;
use crate::domain::promotion::Promotion;
use crate::domain::settings::Settings;
use crate::domain::store::Store;

use super::compiled::{Compiled, CompiledMilestone, KnownMilestone};
use super::facts::FactTable;
use super::index::{Index, PromotionSet};
use super::line_set::LineSet;
use super::product_lists::ProductList;
use super::ranking::{self, StaticRank};
use super::reading::Reading;
use super::selection::Selection;
use super::stores::Stores;
use super::tags::TagNumbers;
use super::view::CartView;
use super::work::Work;

/// One tenant's settings, stores, product lists and promotions as of one version, ready to be evaluated, perhaps with
/// drafts and other settings. It never changes; a new version is a new rule set.
#[derive(Debug)]
pub struct RuleSet {
    stored: Arc<Stored>,
    ruling: Arc<Ruling>,
    facts: Arc<FactTable>,
    /// Promotions that are not stored, or not as they are here, with their places. None for the rules as they are.
    drafts: Vec<(PromotionIndex, Compiled)>,
    /// Stored promotions that are left out.
    without: Vec<PromotionIndex>,
    /// Whether the compiled ranks are those of all promotions under these settings.
    has_ranks: bool,
}

/// Settings, and what is compiled of them alone.
#[derive(Debug)]
struct Ruling {
    settings: Settings,
    /// `multiple_promotions_per_line.exclude`
    single_lines: Option<Selection>,
}

impl Ruling {
    fn compile(settings: Settings, facts: &mut FactTable) -> Self {
        let single_lines = settings.multiple_promotions_per_line.exclude.as_ref();
        let single_lines = single_lines.map(|selector| Selection::compile(selector, facts));
        Self { settings, single_lines }
    }

    /// Other settings in the place of these. An unchanged selector keeps the facts that know its product lists.
    fn changed(&self, settings: Settings, facts: &mut FactTable) -> Self {
        let exclude = &settings.multiple_promotions_per_line.exclude;
        if *exclude == self.settings.multiple_promotions_per_line.exclude {
            Self { settings, single_lines: self.single_lines.clone() }
        } else {
            Self::compile(settings, facts)
        }
    }
}

/// What is compiled of a tenant's stored promotions.
#[derive(Debug)]
struct Stored {
    version: i64,
    stores: Arc<Stores>,
    promotions: Vec<Compiled>,
    milestones: Vec<CompiledMilestone>,
    by_id: FxHashMap<PromotionId, PromotionIndex>,
    has_shared_limits: bool,
    index: Index,
    tags: TagNumbers,
    whole_since: Option<DateTime<Utc>>,
    /// The zone in which the windows of limits are counted.
    counting_zone: Tz,
}

/// What a cart is priced with, besides or instead of the stored rules (spec 15.1).
#[derive(Debug, Default)]
pub struct Changes {
    /// Promotions to add, or to take the place of the stored ones with the same ids.
    pub with: Vec<Promotion>,
    /// Stored promotions to leave out.
    pub without: Vec<PromotionId>,
    /// The settings; `None`: as they are.
    pub settings: Option<Settings>,
    /// The product lists by name: at least those that a promotion of `with` or these settings name.
    pub product_lists: BTreeMap<String, Arc<ProductList>>,
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
        settings: Settings,
        stores: Vec<Store>,
        product_lists: BTreeMap<String, Arc<ProductList>>,
        promotions: Vec<Promotion>,
    ) -> Self {
        Self::new(Rules {
            version: 0,
            settings,
            stores: Arc::new(stores.into_iter().collect()),
            product_lists,
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
        let ruling = Ruling::compile(settings, &mut facts);
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
        let stored = Stored {
            version,
            stores,
            has_shared_limits: compiled.iter().any(Compiled::has_shared_limits),
            promotions: compiled,
            milestones,
            by_id,
            index,
            tags,
            whole_since,
            counting_zone: ruling.settings.timezone,
        };
        Self {
            stored: Arc::new(stored),
            ruling: Arc::new(ruling),
            facts: Arc::new(facts),
            drafts: Vec::new(),
            without: Vec::new(),
            has_ranks: true,
        }
    }

    /// The same rules with changes. Only the changes are compiled; the stored promotions are shared.
    pub fn changed(&self, changes: Changes) -> Self {
        let mut facts = FactTable::upon(Arc::clone(&self.facts));
        let mut tags = self.stored.tags.clone();
        let mut next = self.stored.promotions.len();
        let mut drafts: Vec<(PromotionIndex, Compiled)> = Vec::with_capacity(changes.with.len());
        for promotion in changes.with {
            let place = self.stored.by_id.get(&promotion.id).copied();
            // Drafts are ranked by the criteria themselves, so their compiled ranks do not matter.
            let rank = StaticRank::default();
            let draft = Compiled::new(promotion, rank, None, &mut facts, &mut tags);
            // The rules do not have the limits of what has ended.
            let stored = place.and_then(|own| self.stored.promotions.get(own.0));
            let draft = match stored.filter(|own| !own.has_ended) {
                Some(stored) => draft.in_place_of(stored),
                None => draft,
            };
            let index = place.unwrap_or_else(|| {
                next += 1;
                PromotionIndex(next - 1)
            });
            drafts.push((index, draft));
        }
        let ranking = &self.settings().ranking;
        let has_same_ranking = changes.settings.as_ref().is_none_or(|own| own.ranking == *ranking);
        let ruling = changes.settings.map(|own| Arc::new(self.ruling.changed(own, &mut facts)));
        for (name, list) in &changes.product_lists {
            facts.add_list(name, list);
        }
        facts.finish();
        let without = changes.without.iter().filter_map(|id| self.stored.by_id.get(id).copied());
        Self {
            stored: Arc::clone(&self.stored),
            ruling: ruling.unwrap_or_else(|| Arc::clone(&self.ruling)),
            facts: Arc::new(facts),
            has_ranks: self.has_ranks && has_same_ranking && drafts.is_empty(),
            drafts,
            without: without.collect(),
        }
    }

    /// Rules of their own: these with changes, compiled anew. New drafts are ranked by the times at which they were
    /// created.
    pub fn recompiled(&self, changes: Changes) -> Self {
        let Changes { with, without, settings, mut product_lists } = changes;
        let is_kept = |own: &&Promotion| {
            !without.contains(&own.id) && with.iter().all(|draft| draft.id != own.id)
        };
        let kept: Vec<Promotion> = self.promotions().filter(is_kept).cloned().collect();
        for (name, list) in self.facts.lists() {
            product_lists.entry(name.to_owned()).or_insert_with(|| Arc::clone(list));
        }
        Self::new(Rules {
            version: self.version(),
            settings: settings.unwrap_or_else(|| self.settings().clone()),
            stores: Arc::clone(&self.stored.stores),
            product_lists,
            promotions: kept.into_iter().chain(with).collect(),
            milestones: Vec::new(),
            whole_since: self.stored.whole_since,
        })
    }

    /// Whether the compiled ranks tell the order of the promotions. They do not tell that of drafts, nor that under
    /// another ranking.
    pub(crate) fn has_ranks(&self) -> bool {
        self.has_ranks
    }

    pub(crate) fn facts(&self) -> &FactTable {
        &self.facts
    }

    pub(crate) fn milestones(&self) -> &[CompiledMilestone] {
        &self.stored.milestones
    }

    /// The lines of which only one promotion may discount units.
    pub(crate) fn single_lines(&self, view: &CartView<'_>, work: &Work<'_>) -> LineSet {
        let several = self.ruling.settings.multiple_promotions_per_line.enabled;
        match (several, &self.ruling.single_lines) {
            (false, _) => view.all,
            (true, Some(excluded)) => excluded.select(view, work),
            (true, None) => LineSet::default(),
        }
    }

    /// All promotions.
    pub(crate) fn all(&self) -> PromotionSet {
        let mut all = PromotionSet::first(self.stored.promotions.len());
        self.change(&mut all);
        all
    }

    /// The promotions that a cart could meet, from what was read of it and where it is bought.
    pub(crate) fn find(
        &self,
        store: Option<&Store>,
        channel: Option<&str>,
        reading: &Reading,
        work: &Work<'_>,
    ) -> PromotionSet {
        let place = self.facts.of_stored().of_place(store, channel);
        let mut found = self.stored.index.find(reading.facts().chain(place), work);
        self.change(&mut found);
        found
    }

    /// Adds all drafts to a set of stored promotions, and removes what is left out.
    fn change(&self, set: &mut PromotionSet) {
        self.drafts.iter().for_each(|(index, _)| set.insert(*index));
        self.without.iter().for_each(|index| set.remove(*index));
    }

    /// Whether the rule set knows everything that matters at this time. Of promotions that ended long ago it knows
    /// little more than their names.
    pub fn is_whole_at(&self, at: DateTime<Utc>) -> bool {
        self.stored.whole_since.is_none_or(|since| since <= at)
    }

    /// The version of the tenant's rules that this was compiled from.
    pub fn version(&self) -> i64 {
        self.stored.version
    }

    pub fn settings(&self) -> &Settings {
        &self.ruling.settings
    }

    /// The zone in which the windows of limits are counted. It stays the tenant's where a cart is priced under other
    /// settings, because no other counts are kept.
    pub(crate) fn counting_zone(&self) -> Tz {
        self.stored.counting_zone
    }

    /// A store by its code.
    pub fn store(&self, code: &str) -> Option<&Store> {
        self.stored.stores.get(code)
    }

    /// All stores, in no order.
    pub fn stores(&self) -> impl Iterator<Item = &Store> {
        self.stored.stores.iter()
    }

    /// A promotion by its index, as evaluations of this rule set name it.
    pub fn promotion(&self, index: PromotionIndex) -> &Promotion {
        &self.compiled(index).promotion
    }

    #[expect(clippy::indexing_slicing, reason = "indexes come from this rule set")]
    pub(crate) fn compiled(&self, index: PromotionIndex) -> &Compiled {
        let draft = self.drafts.iter().find(|(own, _)| *own == index);
        draft.map_or_else(|| &self.stored.promotions[index.0], |(_, own)| own)
    }

    /// All promotions with their indexes, in order of creation; new drafts come last.
    pub(crate) fn indexed(&self) -> impl Iterator<Item = (PromotionIndex, &Compiled)> {
        let stored = (0..self.stored.promotions.len()).map(PromotionIndex);
        let is_new = |index: &PromotionIndex| index.0 >= self.stored.promotions.len();
        let new = self.drafts.iter().map(|(index, _)| *index).filter(is_new);
        let all = stored.filter(|index| !self.without.contains(index)).chain(new);
        all.map(|index| (index, self.compiled(index)))
    }

    /// All promotions, in order of creation; new drafts come last.
    pub fn promotions(&self) -> impl Iterator<Item = &Promotion> {
        self.indexed().map(|(_, compiled)| &compiled.promotion)
    }

    /// Whether all customers share a limit of some promotion.
    pub fn has_shared_limits(&self) -> bool {
        self.stored.has_shared_limits
    }

    /// Whether the tenant has milestones.
    pub fn has_milestones(&self) -> bool {
        !self.stored.milestones.is_empty()
    }

    /// Whether a promotion is one of these rules.
    pub fn has(&self, id: PromotionId) -> bool {
        self.index_of(id).is_some()
    }

    /// A promotion by its id.
    pub fn by_id(&self, id: PromotionId) -> Option<&Promotion> {
        self.index_of(id).map(|index| self.promotion(index))
    }

    /// When a promotion of these rules was created.
    pub fn created_at(&self, id: PromotionId) -> Option<DateTime<Utc>> {
        self.index_of(id).map(|index| self.promotion(index).created_at)
    }

    pub(crate) fn index_of(&self, id: PromotionId) -> Option<PromotionIndex> {
        let draft = self.drafts.iter().find(|(_, own)| own.promotion.id == id);
        let stored = || self.stored.by_id.get(&id).copied();
        let index = draft.map(|(index, _)| *index).or_else(stored)?;
        (!self.without.contains(&index)).then_some(index)
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
        assert!(Arc::ptr_eq(&one.stored.stores, &two.stored.stores));
        // The test's own reference, and one of each version.
        assert_eq!(Arc::strong_count(&list), 3);
    }
}
