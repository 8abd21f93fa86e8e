//! Stores and product lists, to which promotions refer.

use std::collections::{BTreeMap, BTreeSet};

use super::{Actor, Refusal, Service, ServiceError, audit};
use crate::db;
use crate::db::audit::NewAudit;
use crate::db::product_lists::ProductListSummary;
use crate::domain::store::Store;
use crate::wire::body::*;
use crate::wire::store::StoreBody;
use crate::wire::write::Writer;

/// Most SKUs that an audit row lists. The row always has the total number.
const MAX_AUDITED: usize = 1_000;

impl Service {
    /// Adds or replaces stores, all or none. Codes must be unique.
    pub async fn put_stores(&self, actor: Actor, stores: Vec<Store>) -> Result<(), ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let codes: Vec<String> = stores.iter().map(|store| store.code.clone()).collect();
                let before: BTreeMap<String, String> = db::stores::lock(tx, &codes)
                    .await?
                    .into_iter()
                    .map(|store| (store.code.clone(), StoreBody::document(&store)))
                    .collect();
                db::stores::put(tx, &stores).await?;
                if before.len() < codes.len() {
                    let count = db::stores::count(tx).await?;
                    require_room("stores", count.stores, count.maximum)?;
                }
                let trail = stores.iter().filter_map(|store| {
                    let before = before.get(&store.code).cloned();
                    let after = Some(StoreBody::document(store));
                    let (key, subject) = (actor.key, subject(&store.code));
                    let action = if before.is_some() { "replaced" } else { "created" }.to_owned();
                    (before != after).then_some(NewAudit { key, subject, action, before, after })
                });
                Ok(db::audit::insert_all(tx, &trail.collect::<Vec<_>>()).await?)
            })
        })
        .await
    }

    pub async fn delete_store(&self, actor: Actor, code: String) -> Result<(), ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let gone = db::stores::delete(tx, &code).await?.ok_or(ServiceError::NotFound)?;
                let before = Some(StoreBody::document(&gone));
                audit(tx, actor, subject(&code), "deleted", before, None).await
            })
        })
        .await
    }

    /// Adds or replaces a product list. SKUs must be unique.
    pub async fn put_product_list(
        &self,
        actor: Actor,
        name: String,
        skus: Vec<String>,
    ) -> Result<ProductListSummary, ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let old = db::product_lists::get(tx, &name).await?;
                let summary = db::product_lists::put(tx, &name, &skus).await?;
                let before = old.as_ref().map(|old| size_document(old.skus.len()));
                let old_skus = old.map(|old| old.skus).unwrap_or_default();
                if before.is_none() || skus.len() > old_skus.len() {
                    let count = db::product_lists::count(tx).await?;
                    if before.is_none() {
                        require_room("product lists", count.lists, count.max_lists)?;
                    }
                    if skus.len() > old_skus.len() {
                        let entries = "SKUs on its product lists";
                        require_room(entries, count.entries, count.max_entries)?;
                    }
                }
                let after = Some(change_document(&old_skus, &skus));
                let action = if before.is_some() { "replaced" } else { "created" };
                audit(tx, actor, list_subject(&name), action, before, after).await?;
                Ok(summary)
            })
        })
        .await
    }

    /// Deletes a product list; `InUse` while anything names it.
    pub async fn delete_product_list(
        &self,
        actor: Actor,
        name: String,
    ) -> Result<(), ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let gone =
                    db::product_lists::delete(tx, &name).await?.ok_or(ServiceError::NotFound)?;
                let before = Some(size_document(usize::try_from(gone.size).unwrap_or_default()));
                audit(tx, actor, list_subject(&name), "deleted", before, None).await
            })
        })
        .await
    }
}

/// Refuses a number that has grown beyond its bound. Callers check only growth, so a tenant may stay beyond a bound
/// that was lowered.
fn require_room(what: &'static str, count: i64, maximum: i32) -> Result<(), Refusal> {
    if count > i64::from(maximum) {
        return Err(Refusal::TooMany { what, maximum });
    }
    Ok(())
}

fn subject(code: &str) -> String {
    format!("store:{code}")
}

fn list_subject(name: &str) -> String {
    format!("product_list:{name}")
}

fn size_document(size: usize) -> String {
    let mut writer = Writer::with_capacity(32);
    writer.object(|writer| writer.key("size").raw(&size.to_string()));
    writer.finish()
}

/// The audit document of a changed list: its size, and the added and removed SKUs, up to [`MAX_AUDITED`] each.
fn change_document(before: &[String], after: &[String]) -> String {
    let (old, new): (BTreeSet<&String>, BTreeSet<&String>) =
        (before.iter().collect(), after.iter().collect());
    let added: Vec<&String> = after.iter().filter(|sku| !old.contains(sku)).collect();
    let removed: Vec<&String> = before.iter().filter(|sku| !new.contains(sku)).collect();
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("size").raw(&after.len().to_string());
        for (count, names, skus) in
            [("added_count", "added", &added), ("removed_count", "removed", &removed)]
        {
            writer.key(count).raw(&skus.len().to_string());
            writer.key(names).list(skus.iter().take(MAX_AUDITED), |writer, sku| writer.text(sku));
        }
    });
    writer.finish()
}
