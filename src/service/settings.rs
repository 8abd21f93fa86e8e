//! A tenant's settings: they are read, and replaced as a whole.

use super::promotions::require_unlocked;
use super::{Actor, Expected, Service, ServiceError, audit};
use crate::db::{self, TenantTx};
use crate::domain::id::TenantId;
use crate::domain::settings::Settings;
use crate::stored;
use crate::wire;
use crate::wire::faults::{FaultCode, Faults, ListReference};

impl Service {
    /// The settings and their version.
    pub async fn settings(&self, tenant: TenantId) -> Result<(Settings, i64), ServiceError> {
        self.db().tenant(tenant, |tx| Box::pin(read(tx))).await
    }

    /// The default settings of a tenant. A replacement that omits a setting sets it to its default.
    pub async fn default_settings(&self, tenant: TenantId) -> Result<Settings, ServiceError> {
        let (own, _) = self.settings(tenant).await?;
        Ok(Settings::defaults(own.currency, own.timezone))
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

    pub async fn replace_settings(
        &self,
        actor: Actor,
        expected: Expected,
        settings: Settings,
        lists: Vec<ListReference>,
    ) -> Result<(Settings, i64), ServiceError> {
        let now = self.clock().now();
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let row = db::settings::get(tx).await?.ok_or(ServiceError::NotFound)?;
                expected.check(row.version)?;
                let before = stored::settings(&row)?;
                let changes = [
                    ("currency", before.currency != settings.currency),
                    ("timezone", before.timezone != settings.timezone),
                ];
                require_unlocked(tx, None, changes, now).await?;
                require_lists(tx, &lists).await?;
                let (document, lists) = (wire::settings::stored(&settings), names(&lists));
                let replaced =
                    db::settings::replace(tx, row.version, &settings, &document, &lists).await?;
                let (before, after) = (Some(row.document), Some(replaced.document));
                audit(tx, actor, "settings".to_owned(), "replaced", before, after).await?;
                Ok((settings, replaced.version))
            })
        })
        .await
    }
}

/// Reads the settings and their version in this transaction.
pub(super) async fn read(tx: &mut TenantTx) -> Result<(Settings, i64), ServiceError> {
    let row = db::settings::get(tx).await?.ok_or(ServiceError::NotFound)?;
    Ok((stored::settings(&row)?, row.version))
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
