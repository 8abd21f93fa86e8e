//! Writes the names that were seen in carts (spec 15.4).

use std::time::Duration;

use super::rounds::{again, rounds};
use crate::db::{self, DbError};
use crate::service::Service;

/// How often. Each name is there within a minute of its redemption's commit.
const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(service: &Service) {
    again(rounds(EVERY), "names of carts cannot be written", || round(service)).await;
}

async fn round(service: &Service) -> Result<(), DbError> {
    let forgotten = service.db().operator(|tx| Box::pin(db::vocabulary::forgotten(tx)));
    service.see_forgotten(forgotten.await.map_err(|error: DbError| error)?);
    service.write_names().await
}
