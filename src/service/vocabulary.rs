//! The vocabulary: the names that a tenant uses (spec 15.4).
//!
//! Names of stores and settings are those of the rules in memory. Names of promotions are written with them, and those
//! of carts by a job (`collector`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::change::audit;
use super::{Actor, Service, ServiceError};
use crate::db::promotions::PromotionRow;
use crate::db::vocabulary::{ListedName, NameFilter};
use crate::db::{self, DbError, Page, TenantTx};
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::names::Named as _;
use crate::domain::promotion::{Promotion, Status, Terms};
use crate::domain::vocabulary::{
    KnownNames, Name, NameField, NameSource, names, names_of_selector, visit_names,
};
use crate::engine::RuleSet;
use crate::stored;
use crate::wire::write::Writer;

/// Most promotions whose names one request adds, if an older release has written them.
const MAX_UNNAMED: i64 = 500;
/// Most redemptions that are read at once.
const MAX_READ: usize = 50;

impl Service {
    /// A page of the names of a field, in their order. `q` is what they contain, in any case.
    pub async fn names(
        &self,
        tenant: TenantId,
        filter: NameFilter,
        after: Option<String>,
        limit: u16,
    ) -> Result<Page<ListedName, String>, ServiceError> {
        let rules = self.cache().rules(tenant).await?;
        let given = given(&rules, &filter, after.as_deref(), limit);
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                catch_up(tx).await?;
                Ok(db::vocabulary::list(tx, &filter, &given, after.as_deref(), limit).await?)
            })
        })
        .await
    }

    /// How many names each field has.
    pub async fn count_names(
        &self,
        tenant: TenantId,
    ) -> Result<BTreeMap<NameField, i64>, ServiceError> {
        let rules = self.cache().rules(tenant).await?;
        self.settle(tenant, move |tx| {
            Box::pin(async move {
                catch_up(tx).await?;
                let kept = kept(&rules).map(|(name, _)| name).collect::<BTreeSet<Name>>();
                let kept: Vec<Name> = kept.into_iter().collect();
                Ok(db::vocabulary::counts(tx, &kept).await?.into_iter().collect())
            })
        })
        .await
    }

    /// Adds names to a field. If they are too many with those that are there, the ones not seen for longest make room.
    pub async fn import_names(
        &self,
        actor: Actor,
        field: NameField,
        names: Vec<Name>,
    ) -> Result<(), ServiceError> {
        let now = self.clock().now();
        self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let count = names.len();
                let names: Vec<_> = names.into_iter().map(|name| (name, now)).collect();
                write(tx, NameSource::Import, &names).await?;
                audit_names(tx, actor, field, "imported", count).await
            })
        })
        .await
    }

    /// Forgets the imported and seen names of a field, those of one key if it is given.
    pub async fn forget_names(
        &self,
        actor: Actor,
        field: NameField,
        key: Option<String>,
    ) -> Result<(), ServiceError> {
        let collector = self.collector();
        collector.forget_field(actor.tenant, field);
        let forgotten = self.settle(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let gone = db::vocabulary::forget(tx, field, key.as_deref()).await?;
                let gone = usize::try_from(gone).unwrap_or(usize::MAX);
                audit_names(tx, actor, field, "forgotten", gone).await
            })
        });
        forgotten.await?;
        collector.begin_anew();
        Ok(())
    }

    /// Notes names again that were written, if names of any tenant were forgotten since this was last asked.
    pub fn see_forgotten(&self, at: Option<DateTime<Utc>>) {
        self.collector().see_forgotten(at);
    }

    /// Reads the names of holds that became final, and writes the names that were seen. What cannot be written waits.
    pub async fn write_names(&self) -> Result<(), DbError> {
        self.read_holds().await;
        for (tenant, seen) in self.collector().take() {
            let names: Vec<_> = seen.iter().map(|(name, at)| (name.clone(), *at)).collect();
            let written = self.db().tenant(tenant, move |tx| {
                Box::pin(async move { write(tx, NameSource::Redemptions, &names).await })
            });
            match written.await {
                Ok(()) => {}
                Err(DbError::Stopping) => return Err(DbError::Stopping),
                Err(error) => {
                    tracing::warn!(%error, tenant.id = %tenant, "names of carts cannot be written");
                    self.collector().put_back(tenant, seen);
                }
            }
        }
        Ok(())
    }

    async fn read_holds(&self) {
        let mut by_tenant: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
        for (tenant, hold) in self.collector().take_holds() {
            by_tenant.entry(tenant).or_default().push(hold.uuid());
        }
        let now = self.clock().now();
        for (tenant, holds) in by_tenant {
            for some in holds.chunks(MAX_READ) {
                let some = some.to_vec();
                let read = self.db().tenant(tenant, move |tx| {
                    Box::pin(async move { db::redemptions::requests(tx, &some).await })
                });
                let read: Result<Vec<String>, DbError> = read.await;
                match read {
                    Ok(requests) => {
                        let requests = requests.iter().filter_map(|own| stored::request(own).ok());
                        requests.for_each(|own| self.collector().note(tenant, &own, now));
                    }
                    Err(error) => {
                        tracing::warn!(%error, tenant.id = %tenant, "names of holds cannot be read");
                    }
                }
            }
        }
    }
}

async fn write(
    tx: &mut TenantTx,
    source: NameSource,
    names: &[(Name, DateTime<Utc>)],
) -> Result<(), DbError> {
    for field in db::vocabulary::put(tx, source, names).await? {
        db::vocabulary::prune(tx, field).await?;
    }
    Ok(())
}

async fn audit_names(
    tx: &mut TenantTx,
    actor: Actor,
    field: NameField,
    action: &str,
    count: usize,
) -> Result<(), ServiceError> {
    let mut writer = Writer::with_capacity(32);
    writer.object(|writer| {
        writer.key("values").integer(i64::try_from(count).unwrap_or(i64::MAX));
    });
    let subject = format!("vocabulary:{}", field.name());
    audit(tx, actor, subject, action, None, Some(writer.finish())).await
}

/// Writes the names of a promotion, in the transaction that changes it. An archived promotion uses no names.
pub(super) async fn note_promotion(
    tx: &mut TenantTx,
    promotion: &Promotion,
    version: i64,
) -> Result<(), DbError> {
    let names = match promotion.status {
        Status::Archived => Vec::new(),
        Status::Draft | Status::Active | Status::Paused => bounded(names(&promotion.terms)),
    };
    db::promotion_names::put(tx, promotion.id, version, &names).await
}

/// At most as many names of each field as the vocabulary has.
fn bounded(names: BTreeSet<Name>) -> Vec<Name> {
    let mut counts: BTreeMap<NameField, usize> = BTreeMap::new();
    let has_room = |name: &Name| {
        let count = counts.entry(name.field).or_default();
        *count += 1;
        *count <= name.field.most()
    };
    names.into_iter().filter(has_room).collect()
}

/// Adds the names of promotions that were written by a release without a vocabulary.
async fn catch_up(tx: &mut TenantTx) -> Result<(), ServiceError> {
    let rows: Vec<PromotionRow> = db::promotion_names::unnamed(tx, MAX_UNNAMED).await?;
    for row in &rows {
        // One that only a later release can read waits for it.
        if let Ok(promotion) = stored::promotion(row) {
            note_promotion(tx, &promotion, row.version).await?;
        }
    }
    Ok(())
}

/// The names that are kept in the rules themselves: those of stores and of settings.
fn kept(rules: &RuleSet) -> impl Iterator<Item = (Name, NameSource)> {
    let name = |field, value: &str| Name {
        field,
        key: String::new(),
        value: value.to_owned(),
        title: None,
    };
    let stores = rules.stores().flat_map(move |store| {
        let concept = store.concept.iter().map(move |own| name(NameField::Concept, own));
        let zones = store.zones.iter().map(move |own| name(NameField::Zone, own));
        [name(NameField::Store, &store.code)].into_iter().chain(concept).chain(zones)
    });
    let exclude = rules.settings().multiple_promotions_per_line.exclude.as_ref();
    let settings = exclude.map(names_of_selector).unwrap_or_default();
    let settings = settings.into_iter().map(|name| (name, NameSource::Promotions));
    stores.map(|name| (name, NameSource::Stores)).chain(settings)
}

/// The first of the names that are kept in the rules, after a value, as many as a page may need.
fn given(
    rules: &RuleSet,
    filter: &NameFilter,
    after: Option<&str>,
    limit: u16,
) -> Vec<(String, NameSource)> {
    let matches = |name: &Name| {
        name.field == filter.field
            && filter.key.as_ref().is_none_or(|key| *key == name.key)
            && after.is_none_or(|after| name.value.as_str() > after)
            && filter.folded.as_ref().is_none_or(|q| name.value.to_lowercase().contains(q))
    };
    let mut found: BTreeMap<String, NameSource> = BTreeMap::new();
    for (name, source) in kept(rules).filter(|(name, _)| matches(name)) {
        let own = found.entry(name.value).or_insert(source);
        *own = source.min(*own);
        if found.len() > usize::from(limit) + 1 {
            found.pop_last();
        }
    }
    found.into_iter().collect()
}

/// The names of the vocabulary that have to do with the names in these terms, but for those that only this promotion
/// uses (spec 15.2 `unknown_name`).
pub(super) async fn known_names(
    tx: &mut TenantTx,
    rules: &RuleSet,
    promotion: PromotionId,
    terms: &Terms,
) -> Result<KnownNames, ServiceError> {
    let mut known = KnownNames::default();
    let mut used = BTreeSet::new();
    visit_names(terms, &mut |name| {
        if name.field.is_judged() {
            used.insert((name.field, name.name.to_lowercase()));
        }
    });
    if used.is_empty() {
        return Ok(known);
    }
    catch_up(tx).await?;
    let fields: BTreeSet<NameField> = used.iter().map(|(field, _)| *field).collect();
    let of_rules = kept(rules).map(|(name, _)| name).filter(|name| fields.contains(&name.field));
    of_rules.for_each(|name| known.add(name.field, &name.value));
    let used: Vec<(NameField, String)> = used.into_iter().collect();
    for (field, value) in db::vocabulary::known(tx, &used, promotion).await? {
        match value {
            Some(value) => known.add(field, &value),
            None => known.has(field),
        }
    }
    Ok(known)
}
