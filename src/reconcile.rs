//! `promotion-engine reconcile`: compares every tenant's counters with its ledger, and prints what differs.

use std::io::{self, Write};

use crate::app::{Database, StartError};
use crate::config::MigrateConfig;
use crate::db::{self, Db, DbError};

/// Most differences that are printed for one tenant.
const MAX_DIFFERENCES: i64 = 10_000;

/// Why the comparison failed.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the differences cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Runs the command, and writes to the standard output. Returns the number of differences.
pub async fn run(config: MigrateConfig) -> Result<u64, ReconcileError> {
    Database::run(&config.database, async |db| check(db, &mut io::stdout()).await).await
}

/// Prints one line for each difference, and returns the number of differences.
pub async fn check(db: &Db, out: &mut impl Write) -> Result<u64, ReconcileError> {
    let mut count = 0;
    for tenant in db::reconcile::all_tenants(db).await? {
        let compared = db.snapshot(tenant, |tx| {
            Box::pin(async move {
                tx.allow_command().await?;
                db::reconcile::differences(tx, MAX_DIFFERENCES).await
            })
        });
        let differences = compared.await.map_err(|error: DbError| error)?;
        for found in &differences {
            let count = |count: Option<i64>| count.map_or("nothing".to_owned(), |n| n.to_string());
            writeln!(
                out,
                "tenant {tenant}, promotion {}, limit {}.{}, owner {:?}, window {}: counted {}, recorded {}",
                found.promotion_id,
                found.subject,
                found.measure,
                found.owner,
                found.window_no,
                count(found.counted),
                count(found.recorded),
            )?;
        }
        count += u64::try_from(differences.len()).unwrap_or(u64::MAX);
        if i64::try_from(differences.len()).is_ok_and(|len| len == MAX_DIFFERENCES) {
            writeln!(out, "tenant {tenant}: perhaps more")?;
        }
    }
    Ok(count)
}
