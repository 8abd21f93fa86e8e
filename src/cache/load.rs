//! One tenant's rules, from its rows to what evaluations use.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::LoadError;
use crate::db::milestones::MilestoneRow;
use crate::db::product_lists::ProductListRevision;
use crate::db::promotion_ends::EndedRow;
use crate::db::promotions::PromotionRow;
use crate::db::settings::SettingsRow;
use crate::db::stores::StoreRow;
use crate::db::{self, Db, DbError, Reference, TenantTx};
use crate::domain::activity::MAX_DAYS_BACK;
use crate::domain::currency::Currency;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::limit::Limits;
use crate::domain::promotion::{Kind, Promotion, Terms};
use crate::domain::settings::Settings;
use crate::domain::store::Store;
use crate::engine::{KnownMilestone, ProductList, RuleSet, Rules, Stores};
use crate::wire;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;
use crate::wire::settings::Computed;

/// How long ago a promotion has ended of which only the name is kept: what customers did longer ago earns nothing any
/// more. Only an admin prices carts as of earlier times, by rules that are loaded for it.
const ENDED_DAYS: i64 = MAX_DAYS_BACK + 1;
/// What a tenant takes in memory besides what grows.
pub(super) const TENANT_BYTES: usize = 8 * 1_024;
/// What a promotion that has ended takes.
const ENDED_BYTES: usize = 1_536;
/// How much more the compiled form of a document takes than its text.
const COMPILED_SIZE: usize = 8;

/// A tenant's rules in memory.
pub(super) struct Held {
    pub(super) rules: Arc<RuleSet>,
    pub(super) stock: Stock,
    /// About how much memory all of it takes.
    pub(super) bytes: usize,
}

/// What is large and seldom changes, each with its revision: the next version of the rules takes what still has it.
#[derive(Clone, Default)]
pub(super) struct Stock {
    stores: Option<(Uuid, Arc<Stores>)>,
    lists: BTreeMap<String, (Uuid, Arc<ProductList>)>,
}

impl Stock {
    fn bytes(&self) -> usize {
        let stores = self.stores.iter().map(|(_, own)| own.bytes());
        let lists = self.lists.values().map(|(_, own)| own.bytes());
        stores.chain(lists).sum()
    }
}

/// Which promotions that have ended are loaded whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Those that play a part at the present time.
    Recently,
    /// All: for times in the past.
    Ever,
}

/// The rows of a tenant's rules, all of one moment.
struct Rows {
    version: i64,
    settings: SettingsRow,
    stock: Stock,
    promotions: Vec<PromotionRow>,
    ended: Vec<EndedRow>,
    milestones: Vec<MilestoneRow>,
    whole_since: Option<DateTime<Utc>>,
}

/// Loads and compiles the rules of a tenant. Of stores and product lists it loads what has changed since `stock`.
pub(super) async fn rules(
    db: &Db,
    tenant: TenantId,
    stock: Stock,
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
                    stock: restock(tx, stock, current.stores_revision, whole_since).await?,
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

/// What takes its time does so where no other request waits for it.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoadError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| LoadError::BrokenOff)
}

/// The stock of this moment: what has the revision that it had is as it was, the rest is read.
async fn restock(
    tx: &mut TenantTx,
    old: Stock,
    stores_revision: Uuid,
    ended_by: Option<DateTime<Utc>>,
) -> Result<Stock, LoadError> {
    let stores = match old.stores {
        Some((revision, stores)) if revision == stores_revision => stores,
        Some(_) | None => {
            let rows = db::stores::read(tx).map_ok(|row| store(&row));
            Arc::new(rows.try_collect().await?)
        }
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
    Ok(Stock { stores: Some((stores_revision, stores)), lists })
}

fn compile(rows: Rows) -> Result<Held, LoadError> {
    let documents = rows.promotions.iter().map(|row| row.document.len());
    let documents = documents.chain(rows.milestones.iter().map(|row| row.document.len()));
    let bytes = rows.stock.bytes()
        + documents.sum::<usize>() * COMPILED_SIZE
        + rows.ended.len() * ENDED_BYTES;
    let mut promotions: Vec<Promotion> =
        rows.promotions.iter().map(promotion).collect::<Result<_, _>>()?;
    for row in &rows.ended {
        promotions.push(ended(row)?);
    }
    let lists = rows.stock.lists.iter();
    let rules = RuleSet::new(Rules {
        version: rows.version,
        settings: settings(&rows.settings)?,
        stores: match &rows.stock.stores {
            Some((_, stores)) => Arc::clone(stores),
            None => Arc::default(),
        },
        product_lists: lists.map(|(name, (_, list))| (name.clone(), Arc::clone(list))).collect(),
        promotions,
        milestones: rows.milestones.iter().map(milestone).collect::<Result<_, _>>()?,
        whole_since: rows.whole_since,
    });
    Ok(Held { rules: Arc::new(rules), stock: rows.stock, bytes })
}

/// The settings of a row.
pub fn settings(row: &SettingsRow) -> Result<Settings, LoadError> {
    let unreadable = |why| LoadError::Unreadable { what: "the settings".to_owned(), why };
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
    let unreadable =
        |why| LoadError::Unreadable { what: format!("promotion {}", row.promotion_id), why };
    Ok(Promotion {
        id: PromotionId::new(row.promotion_id),
        created_at: row.created_at,
        status: row.status,
        terms: wire::promotion::parse_stored(row.document.as_bytes()).map_err(unreadable)?,
    })
}

/// A promotion that has ended, by its bare terms.
fn ended(row: &EndedRow) -> Result<Promotion, LoadError> {
    let (kind, limits) = match &row.limits {
        Some(limits) => {
            let read = wire::limits::parse_stored(limits.as_bytes());
            let limits = read.map_err(|why| LoadError::Unreadable {
                what: format!("the limits of promotion {}", row.promotion_id),
                why,
            })?;
            (Kind::CodeLinked, limits)
        }
        None => (Kind::Pos, Limits::default()),
    };
    Ok(Promotion {
        id: PromotionId::new(row.promotion_id),
        created_at: row.created_at,
        status: row.status,
        terms: Terms::bare(
            row.name.clone(),
            kind,
            limits,
            row.starts_at.fixed_offset()..row.ends_at.fixed_offset(),
        ),
    })
}

/// The milestone of a row.
pub fn milestone(row: &MilestoneRow) -> Result<KnownMilestone, LoadError> {
    let read = wire::milestone::parse_stored(&row.document, &row.name);
    let milestone = read.map_err(|why| LoadError::Unreadable {
        what: format!("milestone {}", row.milestone_id),
        why,
    })?;
    Ok(KnownMilestone { id: row.milestone_id, created_at: row.created_at, milestone })
}

/// The promotion of a document of the history.
pub fn terms(document: &str) -> Result<Terms, LoadError> {
    wire::promotion::parse_stored(document.as_bytes())
        .map_err(|why| LoadError::Unreadable { what: "a version of a promotion".to_owned(), why })
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
