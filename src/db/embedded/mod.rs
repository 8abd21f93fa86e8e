//! A PostgreSQL server of the service's own, in DATA_DIR, for when no database is configured.
//!
//! The service initializes a cluster, starts the server as its child, and stops it when the service stops. If a kill
//! left a server running, the service stops it and starts a new one. If the server dies, the service starts it again.
//! Only one process may do so in a DATA_DIR: it holds a lock on a file, which the system releases when the process ends
//! for any reason.
//!
//! Reading order: [`Embedded::start`] here; `programs` finds or downloads the server programs; `account` chooses the
//! account if the service runs as root; `cluster` holds the folder and runs the server in it; `postmaster`
//! distinguishes the server from other processes; `kept` restarts a server that dies.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use thiserror::Error;

use super::Durability;

mod account;
mod cluster;
mod kept;
mod postmaster;
mod programs;

use account::Account;
use cluster::Cluster;
pub use kept::Kept;
pub use programs::{ProgramSearch, RELEASE, RELEASES, download};

/// The name of the service's database.
const DATABASE: &str = "promotion_engine";
/// Where the cluster is kept if the service runs as root and the server's account cannot enter DATA_DIR.
const FALLBACK: &str = "/var/lib/promotion-engine";

/// Where and how the embedded server runs.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The folder for all lasting data. It is made if it does not exist.
    pub data_dir: PathBuf,
    /// Where to look for the programs.
    pub programs: ProgramSearch,
    /// It is off only in tests.
    pub durability: Durability,
    /// Whether the server and the folder are removed when this process ends for any reason: for tests only.
    pub ends_with_process: bool,
}

impl EmbeddedOptions {
    /// A durable server in this folder, with programs from the usual places.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            programs: ProgramSearch::default(),
            durability: Durability::On,
            ends_with_process: false,
        }
    }
}

/// The running server.
pub struct Embedded {
    cluster: Cluster,
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

/// Why the embedded server cannot run.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// No server programs were found, and none could be downloaded.
    #[error(
        "PostgreSQL's server programs were not found, and {why}.\nThere are three ways out: install PostgreSQL 14 or \
         newer (Debian and Ubuntu: apt install postgresql; macOS: brew install postgresql@17) or name the folder of \
         its programs in PG_BIN_DIR; or set DATABASE_URL to a running PostgreSQL; or run `docker compose up`."
    )]
    NoPrograms {
        /// Why a download did not help.
        why: String,
    },
    /// The folder that the user named lacks the programs.
    #[error("PG_BIN_DIR is {}, where initdb, pg_ctl and postgres (14 or newer) are not all to be found", folder.display())]
    NotPrograms { folder: PathBuf },
    /// The cluster belongs to another major version.
    #[error(
        "the database in DATA_DIR belongs to PostgreSQL {cluster}, but the programs that were found are of version \
         {programs}: install version {cluster} or name the folder of its programs in PG_BIN_DIR"
    )]
    OtherVersion { cluster: u32, programs: u32 },
    /// Another process runs the database of this folder.
    #[error("another process already runs the database in {}", data_dir.display())]
    InUse { data_dir: PathBuf },
    /// The service runs as root, and no other account can run the server.
    #[error(
        "PostgreSQL does not run as root, and there is no account postgres or nobody to run it"
    )]
    NoAccount,
    #[error("{program} failed: {output}")]
    Program { program: String, output: String },
    /// The server did not start.
    #[error("PostgreSQL did not start: {log}")]
    NotStarted {
        /// The end of its log.
        log: String,
    },
    /// The server runs, but the service cannot connect to it or make its database.
    #[error("the embedded database cannot be reached: {0}")]
    Connect(#[from] sqlx::Error),
    /// The file system refused.
    #[error("cannot {doing}: {source}")]
    Io { doing: String, source: io::Error },
}

impl EmbeddedError {
    fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}

/// Turns an error of the file system into one that names the action and the path.
fn cannot(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError + use<> {
    let doing = format!("{doing} {}", path.display());
    move |source| EmbeddedError::Io { doing, source }
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
async fn home(data_dir: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
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
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
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
fn lock(home: &Path, data_dir: &Path) -> Result<File, EmbeddedError> {
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
