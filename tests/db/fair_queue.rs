//! P17: whoever asks the database for much waits behind himself.

use std::time::{Duration, Instant};

use promotion_engine::db::{Db, DbError};
use promotion_engine::domain::id::TenantId;
use support::{TestDatabase, options};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A transaction of so long.
async fn work(db: &Db, tenant: TenantId, time: Duration) -> Result<Duration, DbError> {
    let begun = Instant::now();
    let done = db.tenant(tenant, move |_| {
        Box::pin(async move {
            tokio::time::sleep(time).await;
            Ok::<_, DbError>(())
        })
    });
    done.await.map(|()| begun.elapsed())
}

async fn slowest(db: &Db, tenant: TenantId, time: Duration) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        slowest = slowest.max(work(db, tenant, time).await.unwrap());
    }
    slowest
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_asks_for_every_connection_leaves_one_to_the_others() {
    let database = TestDatabase::new().await;
    let (noisy, quiet) = (database.tenant("A").await, database.tenant("B").await);
    let mut small = options(&database.owner());
    small.pool_size = 4;
    let db = Db::open(small).await.unwrap();
    let time = Duration::from_millis(200);
    let alone = slowest(&db, quiet, time).await;
    // Eight times what it may have at once, as long as the other works.
    let (mut crowd, stop) = (JoinSet::new(), CancellationToken::new());
    for _ in 0..24 {
        let (db, stop) = (db.clone(), stop.clone());
        crowd.spawn(async move {
            while !stop.is_cancelled() {
                work(&db, noisy, time).await.unwrap();
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    let beside = slowest(&db, quiet, time).await;
    stop.cancel();
    assert!(beside * 2 <= alone * 3, "{beside:?} beside the other, {alone:?} alone");
    crowd.join_all().await;
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_for_a_connection_is_told_so() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let mut small = options(&database.owner());
    small.pool_size = 2;
    small.timeouts.acquire = Duration::from_millis(500);
    let db = Db::open(small).await.unwrap();
    let long = {
        let db = db.clone();
        // Longer than is waited for a connection, and shorter than a transaction may rest.
        tokio::spawn(async move { work(&db, tenant, Duration::from_millis(1_500)).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = work(&db, tenant, Duration::ZERO).await;
    assert!(matches!(refused, Err(DbError::Unavailable(_))), "{refused:?}");
    long.await.unwrap().unwrap();
    work(&db, tenant, Duration::ZERO).await.unwrap();
    db.close().await;
}
