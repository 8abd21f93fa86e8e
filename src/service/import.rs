//! Imports rules: settings, product lists, stores, promotions and codes, by name, all or nothing (spec 3).

use std::collections::BTreeMap;

use chrono::TimeDelta;
use uuid::Uuid;

use super::change::audit;
use super::codes::imported;
use super::handle::change_rules;
use super::promotions::{Content, Moment, create, replace, subject};
use super::{Actor, Mode, Service, ServiceError, product_lists, settings, stores};
use crate::clock::Clock;
use crate::db::{self, Db, TenantTx};
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::settings::Settings;
use crate::stored;
use crate::wire::import::{Import, Imported, ImportedPromotion, Tally};

/// Promotions that are read at once.
const CHUNK: usize = 500;

/// What an import is working on, and how many of these are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub what: &'static str,
    pub done: usize,
    pub total: usize,
}

/// Is told of progress.
pub type Watch = Box<dyn Fn(Progress) + Send + Sync>;

impl Service {
    pub async fn import(
        &self,
        mode: Mode,
        actor: Actor,
        import: Import,
    ) -> Result<Imported, ServiceError> {
        let moment = Moment { now: self.clock().now(), offset: self.clock().offset() };
        self.publish_in(mode, actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                apply(tx, actor, import, moment, &|_| {}).await
            })
        })
        .await
    }
}

/// The tenant's settings, without a service.
pub async fn present_settings(db: &Db, tenant: TenantId) -> Result<Settings, ServiceError> {
    let read = db.tenant(tenant, |tx| Box::pin(settings::read(tx)));
    let (settings, _) = read.await?;
    Ok(settings)
}

/// Imports rules without a service, as the operator.
pub async fn import_into(
    db: &Db,
    mode: Mode,
    tenant: TenantId,
    import: Import,
    watch: Watch,
) -> Result<Imported, ServiceError> {
    let actor = Actor { tenant, key: None };
    let moment = Moment { now: Clock::default().now(), offset: TimeDelta::zero() };
    change_rules(db, mode, tenant, move |tx| {
        Box::pin(async move {
            tx.allow_command().await?;
            apply(tx, actor, import, moment, &*watch).await
        })
    })
    .await
}

async fn apply(
    tx: &mut TenantTx,
    actor: Actor,
    import: Import,
    moment: Moment,
    watch: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Imported, ServiceError> {
    let Import { settings, product_lists, stores, promotions, codes } = import;
    let mut done = Imported::default();
    // What promotions and settings refer to comes first.
    let total = product_lists.len();
    for (place, (name, skus)) in product_lists.into_iter().enumerate() {
        watch(Progress { what: "product lists", done: place, total });
        put_list(tx, actor, &name, &skus, &mut done.product_lists).await?;
    }
    if let Some((settings, lists)) = settings {
        let row = db::settings::get(tx).await?.ok_or(ServiceError::NotFound)?;
        let changes = stored::settings(&row)? != settings;
        if changes {
            settings::replace(tx, actor, row, &settings, &lists, moment.now).await?;
        }
        done.settings.count(true, changes);
    }
    watch(Progress { what: "stores", done: 0, total: stores.len() });
    if !stores.is_empty() {
        done.stores = stores::put(tx, actor, &stores).await?;
    }
    let ids = put_promotions(tx, actor, promotions, moment, watch, &mut done.promotions).await?;
    let total = codes.values().map(Vec::len).sum();
    let mut place = 0;
    for (name, codes) in codes {
        watch(Progress { what: "codes", done: place, total });
        place += codes.len();
        let Some(id) = ids.get(&name) else { continue };
        let made = db::codes::insert(tx, *id, &codes).await?;
        let count = u64::try_from(codes.len()).unwrap_or(u64::MAX);
        done.codes.made += made;
        done.codes.left += count.saturating_sub(made);
        if made > 0 {
            let after = Some(imported(&codes, made));
            audit(tx, actor, subject(*id), "codes_added", None, after).await?;
        }
    }
    Ok(done)
}

async fn put_list(
    tx: &mut TenantTx,
    actor: Actor,
    name: &str,
    skus: &[String],
    tally: &mut Tally,
) -> Result<(), ServiceError> {
    let old = db::product_lists::get(tx, name).await?.map(|old| old.skus);
    let (was_there, changes) = (old.is_some(), old.as_deref() != Some(skus));
    if changes {
        product_lists::put(tx, actor, name, old, skus).await?;
    }
    tally.count(was_there, changes);
    Ok(())
}

/// Makes and replaces promotions by their names. Returns the ids of all of them.
async fn put_promotions(
    tx: &mut TenantTx,
    actor: Actor,
    promotions: Vec<ImportedPromotion>,
    moment: Moment,
    watch: &(dyn Fn(Progress) + Send + Sync),
    tally: &mut Tally,
) -> Result<BTreeMap<String, PromotionId>, ServiceError> {
    let (total, mut place) = (promotions.len(), 0);
    let mut ids = BTreeMap::new();
    let mut left = promotions.into_iter();
    loop {
        let chunk: Vec<ImportedPromotion> = left.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            return Ok(ids);
        }
        let names: Vec<String> = chunk.iter().map(|own| own.terms.name.clone()).collect();
        let mut present = BTreeMap::new();
        for row in db::promotions::lock_named(tx, &names).await? {
            let promotion = stored::promotion(&row)?;
            present.insert(promotion.terms.name.clone(), (row, promotion));
        }
        for ImportedPromotion { mut terms, lists, status, pointer } in chunk {
            watch(Progress { what: "promotions", done: place, total });
            place += 1;
            let name = terms.name.clone();
            let (was_there, is_written, id) = match present.remove(&name) {
                None => {
                    // In the order of the document, by which the ranking breaks ties.
                    let id = PromotionId::new(Uuid::now_v7());
                    let content = Content { terms, lists, status };
                    at(&pointer, create(tx, actor, id, content, moment).await)?;
                    (false, true, id)
                }
                Some((row, old)) => {
                    if terms.custom_fields.is_empty() {
                        terms.custom_fields.clone_from(&old.terms.custom_fields);
                    }
                    let changes = terms != old.terms || status.is_some_and(|own| own != old.status);
                    if changes {
                        let content = Content { terms, lists, status };
                        at(&pointer, replace(tx, actor, row, content, moment).await)?;
                    }
                    (true, changes, old.id)
                }
            };
            ids.insert(name, id);
            tally.count(was_there, is_written);
        }
    }
}

/// Puts the faults of one promotion at its place in the document. Product lists have theirs already.
fn at<T>(pointer: &str, done: Result<T, ServiceError>) -> Result<T, ServiceError> {
    done.map_err(|error| match error {
        ServiceError::Invalid(faults) => ServiceError::Invalid(faults.under(pointer)),
        other => other,
    })
}
