//! Loads one tenant's rules: from its rows to a compiled rule set.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::db::milestones::MilestoneRow;
use crate::db::product_lists::ProductListRevision;
use crate::db::promotion_ends::EndedRow;
use crate::db::promotions::PromotionRow;
use crate::db::settings::SettingsRow;
use crate::db::{self, Db, DbError, Reference, TenantTx};
use crate::domain::activity::MAX_DAYS_BACK;
use crate::domain::id::TenantId;
use crate::domain::promotion::Promotion;
use crate::engine::{ProductList, RuleSet, Rules, Stores};
use crate::stored;

/// Promotions that ended longer ago than this are kept only in outline. Activities may not be older, so these
/// promotions cannot matter for them. Only admins price carts as of earlier times, and then the rules are loaded for
/// that call.
const ENDED_DAYS: i64 = MAX_DAYS_BACK + 1;
/// Estimated fixed bytes of a tenant in memory.
pub(super) const TENANT_BYTES: usize = 8 * 1_024;
/// Estimated bytes of a promotion that has ended.
const ENDED_BYTES: usize = 1_536;
/// How many times larger the compiled form of a document is than its text, by estimate.
const COMPILED_SIZE: usize = 8;

#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Db(Arc<DbError>),
    #[error("loading was broken off")]
    BrokenOff,
}

impl From<DbError> for LoadError {
    fn from(error: DbError) -> Self {
        Self::Db(Arc::new(error))
    }
}

pub(super) struct Held {
    pub(super) rules: Arc<RuleSet>,
    pub(super) shared: StoresAndLists,
    /// The estimated bytes of all of it.
    pub(super) bytes: usize,
}

/// The large parts that rarely change, each with its revision. The next version of the rules reuses the parts whose
/// revisions are still current.
#[derive(Clone, Default)]
pub(super) struct StoresAndLists {
    stores: Option<(Uuid, Arc<Stores>)>,
    lists: BTreeMap<String, (Uuid, Arc<ProductList>)>,
}

impl StoresAndLists {
    fn bytes(&self) -> usize {
        let stores = self.stores.iter().map(|(_, own)| own.bytes());
        let lists = self.lists.values().map(|(_, own)| own.bytes());
        stores.chain(lists).sum()
    }
}

/// Which ended promotions are loaded completely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Those that ended in the last [`ENDED_DAYS`].
    Recently,
    /// All of them: for evaluations as of times in the past.
    Ever,
}

/// The rows of a tenant's rules, from one snapshot.
struct Rows {
    version: i64,
    settings: SettingsRow,
    shared: StoresAndLists,
    promotions: Vec<PromotionRow>,
    ended: Vec<EndedRow>,
    milestones: Vec<MilestoneRow>,
    whole_since: Option<DateTime<Utc>>,
}

/// Loads and compiles the rules of a tenant. It loads only those stores and product lists that have changed since
/// `shared`.
pub(super) async fn rules(
    db: &Db,
    tenant: TenantId,
    shared: StoresAndLists,
    ended: Ended,
) -> Result<Held, LoadError> {
    let rows = db
        .snapshot(tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let missing = || DbError::Missing(Reference::Tenant);
                let current = db::rules::current(tx).await?.ok_or_else(missing)?;
                let whole_since = match ended {
                    Ended::Recently => Some(current.now - TimeDelta::days(ENDED_DAYS)),
                    Ended::Ever => None,
                };
                Ok::<_, LoadError>(Rows {
                    version: current.rules,
                    settings: db::settings::get(tx).await?.ok_or_else(missing)?,
                    shared: read_changed(tx, shared, current.stores_revision, whole_since).await?,
                    promotions: db::promotions::for_rules(tx, whole_since).await?,
                    ended: match whole_since {
                        Some(since) => db::promotion_ends::ended(tx, since).await?,
                        None => Vec::new(),
                    },
                    milestones: db::milestones::all(tx).await?,
                    whole_since,
                })
            })
        })
        .await?;
    aside(move || compile(rows)).await?
}

/// Runs long work on a blocking thread, so that it does not delay other requests.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoadError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| LoadError::BrokenOff)
}

/// The present shared. Parts with an unchanged revision are reused, the others are read.
async fn read_changed(
    tx: &mut TenantTx,
    old: StoresAndLists,
    stores_revision: Uuid,
    ended_by: Option<DateTime<Utc>>,
) -> Result<StoresAndLists, LoadError> {
    let stores = match old.stores {
        Some((revision, stores)) if revision == stores_revision => stores,
        Some(_) | None => Arc::new(db::stores::read(tx).try_collect().await?),
    };
    let mut lists = BTreeMap::new();
    let mut changed = BTreeMap::new();
    for ProductListRevision { name, revision } in db::product_lists::named(tx, ended_by).await? {
        match old.lists.get(&name) {
            Some(own) if own.0 == revision => {
                lists.insert(name, own.clone());
            }
            Some(_) | None => {
                changed.insert(name, revision);
            }
        }
    }
    if !changed.is_empty() {
        let names: Vec<String> = changed.keys().cloned().collect();
        let mut rows = pin!(db::product_lists::read(tx, &names));
        while let Some(row) = rows.try_next().await? {
            if let Some(revision) = changed.get(&row.name) {
                let list = aside(move || ProductList::new(&row.skus)).await?;
                lists.insert(row.name, (*revision, Arc::new(list)));
            }
        }
    }
    Ok(StoresAndLists { stores: Some((stores_revision, stores)), lists })
}

fn compile(rows: Rows) -> Result<Held, LoadError> {
    let documents = rows.promotions.iter().map(|row| row.document.len());
    let documents = documents.chain(rows.milestones.iter().map(|row| row.document.len()));
    let bytes = rows.shared.bytes()
        + documents.sum::<usize>() * COMPILED_SIZE
        + rows.ended.len() * ENDED_BYTES;
    let mut promotions: Vec<Promotion> =
        rows.promotions.iter().map(stored::promotion).collect::<Result<_, _>>()?;
    for row in &rows.ended {
        promotions.push(stored::ended(row)?);
    }
    let lists = rows.shared.lists.iter();
    let rules = RuleSet::new(Rules {
        version: rows.version,
        settings: stored::settings(&rows.settings)?,
        stores: match &rows.shared.stores {
            Some((_, stores)) => Arc::clone(stores),
            None => Arc::default(),
        },
        product_lists: lists.map(|(name, (_, list))| (name.clone(), Arc::clone(list))).collect(),
        promotions,
        milestones: rows.milestones.iter().map(stored::milestone).collect::<Result<_, _>>()?,
        whole_since: rows.whole_since,
    });
    Ok(Held { rules: Arc::new(rules), shared: rows.shared, bytes })
}
