//! Transactions under callers that hang up, servers that go away, and many at once.

use std::time::Duration;

use promotion_engine::db::keys;
use promotion_engine::db::promotions;
use promotion_engine::db::stores;
use promotion_engine::db::tenants::{self, TenantPatch};
use promotion_engine::db::{Db, DbError};
use promotion_engine::domain::id::PromotionId;
use sqlx::PgConnection;
use tokio::task::JoinSet;

use crate::sample::{key, noon, promotion, store};
use crate::support::{TestDatabase, options};

/// Connections of the service that rest inside a transaction, as `pid: query`.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_that_hang_up_leave_no_transaction_open() {
    let database = TestDatabase::new().await;
    let a = database.tenant("A").await;
    let b = database.tenant("B").await;
    let mut few = options(&database.owner());
    few.pool_size = 4;
    let db = Db::open(few).await.unwrap();
    let mut callers = JoinSet::new();
    for number in 0..3_000_u64 {
        let db = db.clone();
        let tenant = if number % 2 == 0 { a } else { b };
        callers.spawn(async move {
            let new = [store(&format!("S{number:04}"))];
            let write = db.tenant::<_, DbError, _>(tenant, move |tx| {
                Box::pin(async move { stores::put(tx, &new).await })
            });
            let patience = Duration::from_micros(number * 7_919 % 4_000);
            // Whoever is not answered in time hangs up: the future is dropped wherever it stands.
            match tokio::time::timeout(patience, write).await {
                Ok(answer) => answer.map(|()| Some((tenant, number))),
                Err(_) => Ok(None),
            }
        });
        if callers.len() >= 32 {
            callers.join_next().await;
        }
    }
    let mut acknowledged = Vec::new();
    while let Some(answer) = callers.join_next().await {
        acknowledged.extend(answer.unwrap().unwrap());
    }
    // What runs in tasks ends within this time; what was left open stays for ten seconds.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut owner = database.owner_connection().await;
    let open = left_open(&mut owner).await;
    assert!(
        open.is_empty(),
        "{} connections in a transaction: {open:#?}",
        open.len()
    );
    for (tenant, number) in acknowledged {
        let code = format!("S{number:04}");
        let row = database.tx(tenant, move |tx| {
            Box::pin(async move { stores::get(tx, &code).await })
        });
        assert!(
            row.await.unwrap().is_some(),
            "S{number:04} was acknowledged and is gone"
        );
    }
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
        .tenant::<_, DbError, _>(tenant, |tx| {
            Box::pin(async move { stores::get(tx, "S1").await })
        })
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
    let left = database
        .tx(tenant, |tx| Box::pin(async move { stores::all(tx).await }))
        .await;
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
    let left = database
        .tx(tenant, |tx| Box::pin(async move { stores::all(tx).await }))
        .await;
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
    database
        .tx(tenant, |tx| Box::pin(async move { stores::all(tx).await }))
        .await
        .unwrap();
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
    let done = database
        .tx(tenant, |tx| Box::pin(async move { stores::all(tx).await }))
        .await;
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
                let patch = TenantPatch {
                    max_active_promotions: Some(10),
                    ..TenantPatch::default()
                };
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
            .tx(tenant, move |tx| {
                Box::pin(async move { promotions::insert(tx, &new, None).await })
            })
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
async fn activate(
    db: &Db,
    tenant: promotion_engine::domain::id::TenantId,
    id: PromotionId,
) -> Result<bool, DbError> {
    db.tenant(tenant, move |tx| {
        Box::pin(async move {
            promotions::lock(tx, id).await?;
            let count = promotions::count_active(tx, id, noon()).await?;
            if count.active >= i64::from(count.maximum) {
                return Ok(false);
            }
            promotions::set_status(tx, id, "active", None).await?;
            Ok(true)
        })
    })
    .await
}
