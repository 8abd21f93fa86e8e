//! Transactions under callers that hang up, servers that go away, and many at once.

use std::time::Duration;

use promotion_engine::db::keys;
use promotion_engine::db::promotions;
use promotion_engine::db::stores;
use promotion_engine::db::tenants::{self, TenantPatch};
use promotion_engine::db::{Db, DbError};
use promotion_engine::domain::id::{PromotionId, TenantId};
use promotion_engine::domain::promotion::Status;
use sqlx::PgConnection;
use support::{TestDatabase, options};
use tokio::task::JoinSet;

use crate::sample::{key, noon, promotion, store};

/// Connections of the service that rest inside a transaction.
async fn left_open(owner: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "select state || ' since ' || xact_start || ': ' || query from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()
            and (state like 'idle in transaction%' or (state = 'idle' and xact_start is not null))",
    )
    .fetch_all(owner)
    .await
    .unwrap()
}

/// What became of one caller.
enum Outcome {
    Acknowledged(TenantId, String),
    Failed(DbError),
    HungUp,
}

/// Writes a store, unless it takes longer than the caller's patience: then the future is dropped wherever it stands.
async fn put_store(db: Db, tenant: TenantId, code: String, patience: Duration) -> Outcome {
    let new = [store(&code)];
    let write = db.tenant::<_, DbError, _>(tenant, move |tx| {
        Box::pin(async move { stores::put(tx, &new).await })
    });
    match tokio::time::timeout(patience, write).await {
        Ok(Ok(())) => Outcome::Acknowledged(tenant, code),
        Ok(Err(error)) => Outcome::Failed(error),
        Err(_) => Outcome::HungUp,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_that_hang_up_leave_no_transaction_open() {
    const CONNECTIONS: u32 = 16;
    let database = TestDatabase::new().await;
    let tenants = [database.tenant("A").await, database.tenant("B").await];
    let mut owner = database.owner_connection().await;
    let mut options = options(&database.owner());
    options.pool_size = CONNECTIONS;
    let db = Db::open(options).await.unwrap();
    let mut outcomes = Vec::new();
    let mut open = Vec::new();
    for wave in 0..120_u64 {
        // The waves are apart: the next user of a connection would end what was left open on it.
        let mut callers = JoinSet::new();
        for number in 0..u64::from(CONNECTIONS) {
            let tenant = tenants[usize::from(number % 2 == 0)];
            // The first wave opens the connections; in the others most callers leave while theirs begins.
            let patience = if wave == 0 { 5_000_000 } else { (wave * 131 + number * 97) % 1_500 };
            let patience = Duration::from_micros(patience);
            callers.spawn(put_store(db.clone(), tenant, format!("S{wave}-{number}"), patience));
        }
        outcomes.extend(callers.join_all().await);
        tokio::time::sleep(Duration::from_millis(10)).await;
        if !left_open(&mut owner).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(200)).await;
            open.extend(left_open(&mut owner).await);
        }
    }
    assert!(open.is_empty(), "{} transactions were left open: {open:#?}", open.len());
    let mut answered = 0;
    for outcome in outcomes {
        match outcome {
            Outcome::HungUp => {}
            Outcome::Failed(error) => panic!("{error:?}"),
            Outcome::Acknowledged(tenant, code) => {
                let sought = code.clone();
                let row = database
                    .tx(tenant, |tx| Box::pin(async move { stores::get(tx, &sought).await }));
                assert!(row.await.unwrap().is_some(), "{code} was acknowledged and is gone");
                answered += 1;
            }
        }
    }
    println!("{answered} of {} callers were answered", 120 * CONNECTIONS);
    db.close().await;
}

#[tokio::test]
async fn work_that_has_begun_is_finished_without_its_caller() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let db = database.db().clone();
    let caller = tokio::spawn(async move {
        db.tenant::<_, DbError, _>(tenant, move |tx| {
            Box::pin(async move {
                begun.send(()).unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
                stores::put(tx, &[store("S1")]).await
            })
        })
        .await
    });
    has_begun.await.unwrap();
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    // Closing waits for the transaction.
    database.db().close().await;
    let db = Db::open(options(&database.owner())).await.unwrap();
    let found = db
        .tenant::<_, DbError, _>(tenant, |tx| Box::pin(async move { stores::get(tx, "S1").await }))
        .await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn an_error_rolls_back_and_so_does_a_panic() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let failed = database.tx(tenant, |tx| {
        Box::pin(async move {
            stores::put(tx, &[store("S1")]).await?;
            Err::<(), _>(DbError::Stale)
        })
    });
    assert!(matches!(failed.await, Err(DbError::Stale)));
    let db = database.db().clone();
    let panicked = tokio::spawn(async move {
        db.tenant::<(), DbError, _>(tenant, |tx| {
            Box::pin(async move {
                stores::put(tx, &[store("S2")]).await?;
                panic!("on purpose")
            })
        })
        .await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    let left = database.tx(tenant, |tx| Box::pin(async move { stores::all(tx).await })).await;
    assert_eq!(left.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_swallowed_error_is_never_reported_as_success() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let done = database.tx(tenant, |tx| {
        Box::pin(async move {
            stores::put(tx, &[store("S1")]).await?;
            keys::insert(tx, &key(1)).await?;
            // The same hash again: refused, and the whole transaction with it.
            let _ = keys::insert(tx, &key(1)).await;
            Ok(())
        })
    });
    assert!(matches!(done.await, Err(DbError::Query(_))));
    let left = database.tx(tenant, |tx| Box::pin(async move { stores::all(tx).await })).await;
    assert_eq!(left.unwrap(), Vec::new());
}

#[tokio::test]
async fn a_snapshot_cannot_write() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let written = database.db().snapshot::<_, DbError, _>(tenant, |tx| {
        Box::pin(async move { stores::put(tx, &[store("S1")]).await })
    });
    assert!(written.await.is_err());
}

/// Ends every connection of the service, as a restart of the server does.
async fn end_connections(owner: &mut PgConnection) {
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(owner)
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn dead_connections_are_replaced_before_a_caller_notices() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let mut many = JoinSet::new();
    for _ in 0..8 {
        let db = database.db().clone();
        many.spawn(async move {
            db.tenant::<_, DbError, _>(tenant, |tx| Box::pin(async move { stores::all(tx).await }))
                .await
        });
    }
    while let Some(done) = many.join_next().await {
        done.unwrap().unwrap();
    }
    end_connections(&mut database.owner_connection().await).await;
    database.tx(tenant, |tx| Box::pin(async move { stores::all(tx).await })).await.unwrap();
}

#[tokio::test]
async fn a_commit_without_an_answer_is_of_unknown_outcome() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let mut owner = database.owner_connection().await;
    let done = database.tx(tenant, |tx| {
        Box::pin(async move {
            stores::put(tx, &[store("S1")]).await?;
            end_connections(&mut owner).await;
            Ok(())
        })
    });
    assert!(matches!(done.await, Err(DbError::OutcomeUnknown(_))));
}

#[tokio::test]
async fn nothing_is_begun_after_closing() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    database.db().close().await;
    let done = database.tx(tenant, |tx| Box::pin(async move { stores::all(tx).await })).await;
    assert!(matches!(done, Err(DbError::Stopping)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_activations_never_pass_the_bound() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    database
        .db()
        .operator::<_, DbError, _>(move |tx| {
            Box::pin(async move {
                let patch =
                    TenantPatch { max_active_promotions: Some(10), ..TenantPatch::default() };
                tenants::patch(tx, tenant, &patch).await
            })
        })
        .await
        .unwrap();
    let mut ids = Vec::new();
    for number in 0..64 {
        let new = promotion(&format!("P{number}"));
        ids.push(new.promotion);
        database
            .tx(tenant, move |tx| Box::pin(async move { promotions::insert(tx, &new, None).await }))
            .await
            .unwrap();
    }
    let mut activations = JoinSet::new();
    for id in ids {
        let db = database.db().clone();
        activations.spawn(async move { activate(&db, tenant, id).await });
    }
    let mut activated = 0;
    while let Some(done) = activations.join_next().await {
        activated += usize::from(done.unwrap().unwrap());
    }
    assert_eq!(activated, 10);
}

/// Activates a promotion if the tenant's bound has room, as the service does it.
async fn activate(db: &Db, tenant: TenantId, id: PromotionId) -> Result<bool, DbError> {
    db.tenant(tenant, move |tx| {
        Box::pin(async move {
            promotions::lock(tx, id).await?;
            let count = promotions::count_active(tx, id, noon()).await?;
            if count.active >= i64::from(count.maximum) {
                return Ok(false);
            }
            promotions::set_status(tx, id, Status::Active, None).await?;
            Ok(true)
        })
    })
    .await
}
