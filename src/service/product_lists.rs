//! Product lists, to which promotions refer.

use std::collections::BTreeSet;

use super::change::{audit, require_room};
use super::{Actor, Service, ServiceError};
use crate::db::product_lists::ProductListSummary;
use crate::db::{self, TenantTx};
use crate::domain::id::TenantId;
use crate::wire::faults::{FaultCode, Faults, ListReference};
use crate::wire::write::Writer;

/// Most SKUs that an audit row lists. The row always has the total number.
const MAX_AUDITED: usize = 1_000;

impl Service {
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
                put(tx, actor, &name, old.map(|old| old.skus), &skus).await
            })
        })
        .await
    }

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
                audit(tx, actor, subject(&name), "deleted", before, None).await
            })
        })
        .await
    }

    /// All faults of a body that will be refused: its own, and the names of lists that do not exist.
    pub async fn with_missing_lists(
        &self,
        tenant: TenantId,
        mut faults: Faults,
    ) -> Result<Faults, ServiceError> {
        let lists = faults.take_lists();
        if lists.is_empty() {
            return Ok(faults);
        }
        let noted = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                note_missing(tx, &lists, &mut faults).await?;
                Ok(faults)
            })
        });
        noted.await
    }
}

/// Adds a list, or replaces one that has the SKUs `old`.
pub(super) async fn put(
    tx: &mut TenantTx,
    actor: Actor,
    name: &str,
    old: Option<Vec<String>>,
    skus: &[String],
) -> Result<ProductListSummary, ServiceError> {
    let summary = db::product_lists::put(tx, name, skus).await?;
    let before = old.as_ref().map(|old| size_document(old.len()));
    let old_skus = old.unwrap_or_default();
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
    let after = Some(change_document(&old_skus, skus));
    let action = if before.is_some() { "replaced" } else { "created" };
    audit(tx, actor, subject(name), action, before, after).await?;
    Ok(summary)
}

/// Refuses a body that names lists which do not exist, with a fault at each such place.
pub(super) async fn require_lists(
    tx: &mut TenantTx,
    lists: &[ListReference],
) -> Result<(), ServiceError> {
    let mut faults = Faults::new();
    note_missing(tx, lists, &mut faults).await?;
    if faults.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(faults)) }
}

async fn note_missing(
    tx: &mut TenantTx,
    lists: &[ListReference],
    faults: &mut Faults,
) -> Result<(), ServiceError> {
    if lists.is_empty() {
        return Ok(());
    }
    let missing = db::product_lists::missing(tx, &names(lists)).await?;
    for list in lists.iter().filter(|list| missing.contains(&list.name)) {
        let message = format!("there is no product list {:?}", list.name);
        faults.add_at(list.pointer.clone(), FaultCode::UnknownReference, message);
    }
    Ok(())
}

/// The names, sorted and without duplicates.
pub(super) fn names(lists: &[ListReference]) -> Vec<String> {
    let mut names: Vec<String> = lists.iter().map(|list| list.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn subject(name: &str) -> String {
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
