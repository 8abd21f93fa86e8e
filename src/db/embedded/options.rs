//! Where and how the embedded server runs.

use std::path::PathBuf;

use super::programs::ProgramSearch;
use crate::db::Durability;

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
