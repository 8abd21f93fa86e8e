//! The embedded PostgreSQL.

use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;
use thiserror::Error;

use super::Durability;

/// Where and how the embedded server runs.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The folder for everything that lasts.
    pub data_dir: PathBuf,
    /// Where PostgreSQL's programs are, if not where they usually are.
    pub bin_dir: Option<PathBuf>,
    /// Off for tests only.
    pub durability: Durability,
}

/// A running server of our own.
#[derive(Debug)]
pub struct Embedded {
    connect: PgConnectOptions,
}

/// Why there is no embedded server.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// No programs.
    #[error("todo")]
    Todo,
}

impl Embedded {
    /// Starts the server, or takes over one that a killed service left behind.
    pub async fn start(_options: &EmbeddedOptions) -> Result<Self, EmbeddedError> {
        Err(EmbeddedError::Todo)
    }

    /// How to connect to the service's database, which exists.
    pub fn connect_options(&self) -> PgConnectOptions {
        self.connect.clone()
    }

    /// Stops the server and waits until it has stopped.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        Ok(())
    }
}
