//! Stores, to which promotions refer.

use std::collections::BTreeMap;

use super::change::{audit, require_room};
use super::{Actor, Refusal, Service, ServiceError};
use crate::db;
use crate::db::audit::NewAudit;
use crate::domain::store::Store;
use crate::wire::body::*;
use crate::wire::store::StoreBody;

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

    /// Deletes a store that no promotion names.
    pub async fn delete_store(&self, actor: Actor, code: String) -> Result<(), ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let gone = db::stores::delete(tx, &code).await?.ok_or(ServiceError::NotFound)?;
                if db::stores::is_in_use(tx, &code).await? {
                    return Err(Refusal::InUse.into());
                }
                let before = Some(StoreBody::document(&gone));
                audit(tx, actor, subject(&code), "deleted", before, None).await
            })
        })
        .await
    }
}

fn subject(code: &str) -> String {
    format!("store:{code}")
}
