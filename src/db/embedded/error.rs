//! Why the embedded server cannot run. Each text says what to do.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

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
    #[error("there is no database in {}", data_dir.display())]
    Nothing { data_dir: PathBuf },
    #[error(
        "the database in DATA_DIR is not empty, and a restore replaces nothing: name a new folder in DATA_DIR"
    )]
    NotEmpty,
    #[error(
        "{program} was not found beside PostgreSQL's server programs: install PostgreSQL's client programs \
         (Debian and Ubuntu: apt install postgresql-client) or name the folder of all programs in PG_BIN_DIR"
    )]
    NoClient { program: &'static str },
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
    pub(super) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}

/// Turns an error of the file system into one that names the action and the path.
pub(super) fn cannot(doing: &str, path: &Path) -> impl FnOnce(io::Error) -> EmbeddedError + use<> {
    let doing = format!("{doing} {}", path.display());
    move |source| EmbeddedError::Io { doing, source }
}
