//! One tenant's rules, from its rows to what evaluations use.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::LoadError;
use crate::db::milestones::MilestoneRow;
use crate::db::product_lists::ProductListRow;
use crate::db::promotions::PromotionRow;
use crate::db::settings::SettingsRow;
use crate::db::stores::StoreRow;
use crate::db::{self, Db, DbError, Reference};
use crate::domain::currency::Currency;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::promotion::{Promotion, Status, Terms};
use crate::domain::settings::Settings;
use crate::domain::store::Store;
use crate::engine::{KnownMilestone, RuleSet};
use crate::wire;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;
use crate::wire::names::Named;
use crate::wire::settings::Computed;

/// The rows of a tenant's rules, all of one moment.
struct Rows {
    version: i64,
    settings: SettingsRow,
    stores: Vec<StoreRow>,
    product_lists: Vec<ProductListRow>,
    promotions: Vec<PromotionRow>,
    milestones: Vec<MilestoneRow>,
}

/// Loads and compiles the rules of a tenant.
pub(super) async fn rules(db: &Db, tenant: TenantId) -> Result<Arc<RuleSet>, LoadError> {
    let rows = db
        .snapshot(tenant, |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let missing = || DbError::Missing(Reference::Tenant);
                let versions = db::rules::current(tx).await?.ok_or_else(missing)?;
                Ok::<_, DbError>(Rows {
                    version: versions.rules,
                    settings: db::settings::get(tx).await?.ok_or_else(missing)?,
                    stores: db::stores::all(tx).await?,
                    product_lists: db::product_lists::all(tx).await?,
                    promotions: db::promotions::for_rules(tx, None).await?,
                    milestones: db::milestones::all(tx).await?,
                })
            })
        })
        .await?;
    // Thousands of documents take their time, which other requests must not wait for.
    tokio::task::spawn_blocking(move || compile(rows).map(Arc::new))
        .await
        .unwrap_or(Err(LoadError::BrokenOff))
}

fn compile(rows: Rows) -> Result<RuleSet, LoadError> {
    let promotions: Result<Vec<Promotion>, LoadError> =
        rows.promotions.iter().map(promotion).collect();
    let lists: BTreeMap<String, Vec<String>> = rows
        .product_lists
        .into_iter()
        .map(|row| (row.name, row.skus))
        .collect();
    let stores = rows.stores.iter().map(store).collect();
    let settings = settings(&rows.settings)?;
    let milestones: Result<Vec<KnownMilestone>, LoadError> =
        rows.milestones.iter().map(milestone).collect();
    Ok(RuleSet::with_milestones(
        rows.version,
        settings,
        stores,
        lists,
        promotions?,
        milestones?,
    ))
}

/// The settings of a row.
pub fn settings(row: &SettingsRow) -> Result<Settings, LoadError> {
    let unreadable = |why| LoadError::Unreadable {
        what: "the settings".to_owned(),
        why,
    };
    let mut faults = Faults::new();
    let read = |json: &Json<'_>, faults: &mut Faults| {
        // The document names its own currency and zone.
        let defaults = Settings::defaults(Currency::new("XXX")?, chrono_tz::UTC);
        let mut lists = Vec::new();
        let value = Value::root(json);
        wire::settings::parse(value, defaults, Computed::Unknown, &mut lists, faults)
    };
    let json =
        Json::parse(row.document.as_bytes()).map_err(|error| unreadable(format!("{error:?}")))?;
    match read(&json, &mut faults) {
        Some(settings) if faults.is_empty() => Ok(settings),
        _ => Err(unreadable(format!("{:?}", faults.as_slice()))),
    }
}

/// The promotion of a row.
pub fn promotion(row: &PromotionRow) -> Result<Promotion, LoadError> {
    let unreadable = |why| LoadError::Unreadable {
        what: format!("promotion {}", row.promotion_id),
        why,
    };
    let status = Status::ALL
        .iter()
        .copied()
        .find(|status| status.name() == row.status);
    Ok(Promotion {
        id: PromotionId::new(row.promotion_id),
        created_at: row.created_at,
        status: status.ok_or_else(|| unreadable(format!("status {:?}", row.status)))?,
        terms: wire::promotion::parse_stored(row.document.as_bytes()).map_err(unreadable)?,
    })
}

/// The milestone of a row.
pub fn milestone(row: &MilestoneRow) -> Result<KnownMilestone, LoadError> {
    let read = wire::milestone::parse_stored(&row.document, &row.name);
    let milestone = read.map_err(|why| LoadError::Unreadable {
        what: format!("milestone {}", row.milestone_id),
        why,
    })?;
    Ok(KnownMilestone {
        id: row.milestone_id,
        created_at: row.created_at,
        milestone,
    })
}

/// The promotion of a document of the history.
pub fn terms(document: &str) -> Result<Terms, LoadError> {
    wire::promotion::parse_stored(document.as_bytes()).map_err(|why| LoadError::Unreadable {
        what: "a version of a promotion".to_owned(),
        why,
    })
}

/// The store of a row. A time zone that is no longer known counts as none.
pub fn store(row: &StoreRow) -> Store {
    Store {
        code: row.code.clone(),
        concept: (!row.concept.is_empty()).then(|| row.concept.clone()),
        zones: row.zones.clone(),
        timezone: row.timezone.as_deref().and_then(|zone| zone.parse().ok()),
    }
}
