//! A copy of the embedded database in one file, and the way back, by PostgreSQL's own `pg_dump` and `pg_restore`.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;

use sqlx::{ConnectOptions, Connection};

use super::account::Account;
use super::cluster::{self, Cluster};
use super::error::{EmbeddedError, cannot};
use super::options::EmbeddedOptions;
use super::programs;
use super::server::{DATABASE, Embedded, home, lock};

impl Embedded {
    /// Writes the database into a file, which only this user can read. The service may run meanwhile. The file appears
    /// under its name when it is complete.
    pub async fn back_up(options: &EmbeddedOptions, file: &Path) -> Result<(), EmbeddedError> {
        let account = Account::find().await?;
        let home = home(&options.data_dir, &account).await?;
        let Some(wanted) = cluster::major(&home)? else {
            return Err(EmbeddedError::Nothing { data_dir: options.data_dir.clone() });
        };
        match lock(&home, &options.data_dir) {
            Ok(lock) => {
                drop(lock);
                let own = Self::start(options).await?;
                let done = dump(&own.cluster, file).await;
                own.stop().await?;
                done
            }
            // The service runs the server of this folder.
            Err(EmbeddedError::InUse { .. }) => {
                let downloads = home.join("programs");
                let programs = programs::find(&options.programs, Some(wanted), &downloads).await?;
                dump(&Cluster::of_another(options, home, account, programs)?, file).await
            }
            Err(error) => Err(error),
        }
    }

    /// Fills the database, which must be empty, from a file of [`back_up`](Self::back_up). The roles of the service must
    /// be there.
    pub async fn restore(&self, file: &Path) -> Result<(), EmbeddedError> {
        let mut connection = self.connect_options().connect().await?;
        let is_empty: bool = sqlx::query_scalar(
            "select not exists (select from pg_tables where schemaname = 'public')",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        if !is_empty {
            return Err(EmbeddedError::NotEmpty);
        }
        let source = File::open(file).map_err(cannot("read", file))?;
        let mut command = self.cluster.client("pg_restore")?;
        command.args(["--exit-on-error", "--single-transaction", "--dbname", DATABASE]);
        command.stdin(source);
        programs::run("pg_restore", command, Stdio::piped()).await
    }
}

async fn dump(cluster: &Cluster, file: &Path) -> Result<(), EmbeddedError> {
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let target = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(unfinished)
        .map_err(cannot("write", unfinished))?;
    let output = target.try_clone().map_err(cannot("write", unfinished))?;
    let mut command = cluster.client("pg_dump")?;
    command.args(["--format=custom", "--dbname", DATABASE]);
    let done = programs::run("pg_dump", command, output.into()).await.and_then(|()| {
        target.sync_all().map_err(cannot("write", unfinished))?;
        fs::rename(unfinished, file).map_err(cannot("write", file))
    });
    if done.is_err() {
        let _ = fs::remove_file(unfinished);
    }
    done
}
