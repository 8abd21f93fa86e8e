//! A tenant's settings: they are read, and replaced as a whole.

use chrono::{DateTime, Utc};

use super::change::audit;
use super::change::require_unlocked;
use super::product_lists::{names, require_lists};
use super::{Actor, Expected, Service, ServiceError};
use crate::db::settings::SettingsRow;
use crate::db::{self, TenantTx};
use crate::domain::id::TenantId;
use crate::domain::settings::Settings;
use crate::stored;
use crate::wire;
use crate::wire::faults::ListReference;

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
                let version = replace(tx, actor, row, &settings, &lists, now).await?;
                Ok((settings, version))
            })
        })
        .await
    }
}

/// Replaces the settings of a row, and returns their new version.
pub(super) async fn replace(
    tx: &mut TenantTx,
    actor: Actor,
    row: SettingsRow,
    settings: &Settings,
    lists: &[ListReference],
    now: DateTime<Utc>,
) -> Result<i64, ServiceError> {
    let before = stored::settings(&row)?;
    let changes = [
        ("currency", before.currency != settings.currency),
        ("timezone", before.timezone != settings.timezone),
    ];
    require_unlocked(tx, None, changes, now).await?;
    require_lists(tx, lists).await?;
    let (document, lists) = (wire::settings::stored(settings), names(lists));
    let replaced = db::settings::replace(tx, row.version, settings, &document, &lists).await?;
    let (before, after) = (Some(row.document), Some(replaced.document));
    audit(tx, actor, "settings".to_owned(), "replaced", before, after).await?;
    Ok(replaced.version)
}

/// Reads the settings and their version in this transaction.
pub(super) async fn read(tx: &mut TenantTx) -> Result<(Settings, i64), ServiceError> {
    let row = db::settings::get(tx).await?.ok_or(ServiceError::NotFound)?;
    Ok((stored::settings(&row)?, row.version))
}
