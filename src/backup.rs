//! `promotion-engine backup` and `restore`: the embedded database in one file.

use std::io::{self, Write, stdout};

use crate::app::{StartError, embedded_options};
use crate::config::CopyConfig;
use crate::db::embedded::{Embedded, EmbeddedError, EmbeddedOptions};
use crate::db::{self, Db, DbError, DbOptions};
use crate::reconcile::{self, ReconcileError};

/// Why a copy was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(
        "DATABASE_URL is set, and this command copies the embedded database alone: use pg_dump and pg_restore \
         (docs/OPERATING.md, \"Back up and restore\")"
    )]
    NotEmbedded,
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    #[error("the copy is restored, but {0} of its counters differ from its ledger")]
    Differs(u64),
    #[error("the standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// Writes the embedded database into a file. The service may run meanwhile.
pub async fn back_up(config: CopyConfig) -> Result<(), BackupError> {
    Embedded::back_up(&options(&config)?, &config.file).await?;
    writeln!(stdout(), "{} holds the whole database", config.file.display())?;
    Ok(())
}

/// Fills an empty embedded database from a file, brings its schema up to date, and compares its counters.
pub async fn restore(config: CopyConfig) -> Result<(), BackupError> {
    let embedded = Embedded::start(&options(&config)?).await?;
    let restored = async {
        let connect = embedded.connect_options();
        // The copy grants rights to the roles and does not make them.
        db::migrate::make_roles(&connect).await?;
        embedded.restore(&config.file).await?;
        db::migrate(&connect).await?;
        let db = Db::open(DbOptions::new(connect)).await?;
        let differences = reconcile::check(&db, &mut stdout()).await;
        db.close().await;
        match differences? {
            0 => Ok(()),
            count => Err(BackupError::Differs(count)),
        }
    };
    let restored = restored.await;
    embedded.stop().await?;
    restored?;
    writeln!(
        stdout(),
        "{} is restored; its counters agree with its ledger",
        config.file.display()
    )?;
    Ok(())
}

fn options(config: &CopyConfig) -> Result<EmbeddedOptions, BackupError> {
    match config.database.url() {
        Some(_) => Err(BackupError::NotEmbedded),
        None => Ok(embedded_options(&config.database.embedded)),
    }
}
