//! An embedded server that is restarted when it dies. What it had committed is kept.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::error::EmbeddedError;
use super::server::Embedded;

/// The pause after a failed start.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Kept {
    stop: CancellationToken,
    watching: JoinHandle<Result<(), EmbeddedError>>,
}

impl Kept {
    /// Watches a server from now on.
    pub fn new(embedded: Embedded) -> Self {
        let stop = CancellationToken::new();
        let watching = tokio::spawn(watch(embedded, stop.clone()));
        Self { stop, watching }
    }

    /// Stops the server and waits until it has ended.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        self.stop.cancel();
        match self.watching.await {
            Ok(stopped) => stopped,
            // The watching task has died, and dropping its server has stopped the server.
            Err(error) => {
                tracing::error!(%error, "the task that watches the embedded database has failed");
                Ok(())
            }
        }
    }
}

async fn watch(mut embedded: Embedded, stop: CancellationToken) -> Result<(), EmbeddedError> {
    while stop.run_until_cancelled(embedded.cluster.ended()).await.is_some() {
        tracing::warn!("the embedded database has died and is started again");
        while let Some(restarted) = stop.run_until_cancelled(embedded.cluster.restart()).await {
            match restarted {
                Ok(()) => {
                    tracing::warn!("the embedded database runs again");
                    break;
                }
                Err(error) => tracing::error!(%error, "the embedded database does not start again"),
            }
            if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                break;
            }
        }
    }
    embedded.stop().await
}
