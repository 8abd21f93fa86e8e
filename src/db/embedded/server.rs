//! The embedded server: its folder, its lock and its database. It is started and stopped here.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::account::Account;
use super::cluster::{self, Cluster};
use super::error::{EmbeddedError, cannot};
use super::options::EmbeddedOptions;
use super::programs;
use crate::convert::hex;

/// The name of the service's database.
pub(super) const DATABASE: &str = "promotion_engine";
/// Where the cluster is kept if the service runs as root and the server's account cannot enter DATA_DIR.
const FALLBACK: &str = "/var/lib/promotion-engine";

/// The running server.
pub struct Embedded {
    pub(super) cluster: Cluster,
    connect: PgConnectOptions,
    /// Held as long as the server may run.
    _lock: File,
}

/// Omits the password, which sqlx's own `Debug` would show.
impl fmt::Debug for Embedded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Embedded")
            .field("home", &self.cluster.home())
            .finish_non_exhaustive()
    }
}

impl Embedded {
    /// Makes the cluster if it does not exist, or stops a server that a killed service left running. Then starts the
    /// server and makes the service's database if it is missing.
    pub async fn start(options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let account = Account::find().await?;
        let home = home(&options.data_dir, &account).await?;
        let lock = lock(&home, &options.data_dir)?;
        let wanted = cluster::major(&home)?;
        let downloads = home.join("programs");
        let programs = programs::find(&options.programs, wanted, &downloads).await?;
        let cluster = Cluster::start(options, home, account, programs).await?;
        let connect = cluster.connect_options();
        create_database(&connect).await?;
        Ok(Self { cluster, connect: connect.database(DATABASE), _lock: lock })
    }

    /// How to connect to the service's database, as its owner.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.connect.clone()
    }

    /// Stops the server and waits until it has ended.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.cluster.stop().await
    }
}

/// The folder of the cluster and everything beside it. It is in DATA_DIR, unless the server's account cannot enter
/// DATA_DIR.
pub(super) async fn home(data_dir: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    fs::create_dir_all(data_dir).map_err(cannot("make", data_dir))?;
    let data_dir = fs::canonicalize(data_dir).map_err(cannot("find", data_dir))?;
    let home = data_dir.join("postgres");
    make_private(&home, account)?;
    if account.can_use(&home).await {
        return Ok(home);
    }
    let Some(name) = account.other_name() else {
        let refused = io::Error::from(io::ErrorKind::PermissionDenied);
        return Err(cannot("write to", &home)(refused));
    };
    // This removes only an empty folder. A cluster in it would be data to keep.
    let _ = fs::remove_dir(&home);
    let digest = Sha256::digest(data_dir.as_os_str().as_encoded_bytes());
    let hash = hex(digest.get(..8).unwrap_or_default());
    let fallback = Path::new(FALLBACK).join(hash);
    fs::create_dir_all(FALLBACK).map_err(cannot("make", Path::new(FALLBACK)))?;
    make_private(&fallback, account)?;
    tracing::warn!(
        data_dir = %data_dir.display(),
        cluster = %fallback.display(),
        account = name,
        "the server's account cannot enter DATA_DIR: the database is kept elsewhere"
    );
    Ok(fallback)
}

/// Makes a folder that only the account can enter.
fn make_private(folder: &Path, account: &Account) -> Result<(), EmbeddedError> {
    use std::os::unix::fs::DirBuilderExt;
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => account.own(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("make", folder)(error)),
    }
}

/// Takes the lock, so that only one process runs the cluster.
pub(super) fn lock(home: &Path, data_dir: &Path) -> Result<File, EmbeddedError> {
    let path = home.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(cannot("lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(EmbeddedError::InUse { data_dir: data_dir.to_owned() })
        }
        Err(TryLockError::Error(source)) => Err(cannot("lock", &path)(source)),
    }
}

async fn create_database(connect: &PgConnectOptions) -> Result<(), EmbeddedError> {
    let mut connection = connect.clone().connect().await?;
    let is_there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
    if !is_there {
        sqlx::raw_sql("create database promotion_engine").execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}
