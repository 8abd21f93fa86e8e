//! A PostgreSQL server of the service's own, in DATA_DIR, for when no database is configured.
//!
//! The service initializes a cluster, starts the server as its child, and stops it when the service stops. If a kill
//! left a server running, the service stops it and starts a new one. If the server dies, the service starts it again.
//! Only one process may do so in a DATA_DIR: it holds a lock on a file, which the system releases when the process ends
//! for any reason.
//!
//! Reading order: [`Embedded::start`] in `server`; `programs` finds or downloads the server programs; `account` chooses the
//! account if the service runs as root; `cluster` holds the folder and runs the server in it; `postmaster`
//! distinguishes the server from other processes; `kept` restarts a server that dies; `copy` backs up and restores.

mod account;
mod cluster;
mod copy;
mod error;
mod kept;
mod options;
mod postmaster;
mod programs;
mod server;

pub use error::EmbeddedError;
pub use kept::Kept;
pub use options::EmbeddedOptions;
pub use programs::{ProgramSearch, RELEASE, RELEASES, download};
pub use server::Embedded;
