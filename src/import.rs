//! `promotion-engine import TENANT FILE`: imports rules into a tenant, as `PUT /v1/promotions/import` does (spec 3). All of
//! it is one transaction; a running service uses the new rules within a second. The progress goes to the standard error.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::api::problem::ApiError;
use crate::app::{Database, StartError};
use crate::config::ImportConfig;
use crate::db::{Db, DbError};
use crate::document;
use crate::domain::id::TenantId;
use crate::service::import::{Progress, Watch, import_into, present_settings};
use crate::service::{Mode, ServiceError};
use crate::wire;
use crate::wire::body::PrintBody as _;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::import::ImportedBody;
use crate::wire::json::Json;
use crate::wire::problem::Problem;

/// How often progress is shown.
const EVERY: Duration = Duration::from_secs(1);

/// Why the document could not be imported, apart from what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the document cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("there is no tenant {0}")]
    NoTenant(TenantId),
}

/// Runs the command. Returns the printed counts, or what is wrong with the document.
pub async fn run(config: ImportConfig) -> Result<Result<String, Problem>, ImportError> {
    let text = document::read_file(&config.file)?;
    let tenant = TenantId::new(config.tenant);
    let mode = if config.dry_run { Mode::DryRun } else { Mode::Write };
    Database::run(&config.database, async |db| read_and_import(db, mode, tenant, &text).await).await
}

/// Imports the text of a document.
pub async fn read_and_import(
    db: &Db,
    mode: Mode,
    tenant: TenantId,
    text: &[u8],
) -> Result<Result<String, Problem>, ImportError> {
    let present = match present_settings(db, tenant).await {
        Ok(present) => present,
        Err(ServiceError::NotFound) => return Err(ImportError::NoTenant(tenant)),
        Err(error) => return Ok(Err(ApiError::from(error).document())),
    };
    let json = match Json::parse(text) {
        Ok(json) => json,
        Err(error) => return Ok(Err(error.into())),
    };
    let mut faults = Faults::new();
    let import = wire::import::parse(Value::root(&json), &present, &mut faults);
    let Some(import) = import.filter(|_| faults.is_empty()) else {
        return Ok(Err(Problem::invalid(faults)));
    };
    let imported = import_into(db, mode, tenant, import, progress()).await;
    Ok(imported
        .map(|imported| ImportedBody::document(&imported))
        .map_err(|error| ApiError::from(error).document()))
}

/// Shows progress on the standard error: every kind of thing, and the number once a second.
fn progress() -> Watch {
    let shown: Mutex<Option<(&'static str, Instant)>> = Mutex::new(None);
    Box::new(move |Progress { what, done, total }| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = shown.is_none_or(|(own, at)| own != what || at.elapsed() >= EVERY);
        if is_due && total > 0 {
            eprintln!("{what}: {done} of {total}");
            *shown = Some((what, Instant::now()));
        }
    })
}
