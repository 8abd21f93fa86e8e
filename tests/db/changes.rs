//! What tells of changes: the audit trail, the versions, the notifications; and the lock that they take.

use std::time::Duration;

use promotion_engine::db::DbError;
use promotion_engine::db::audit::{self, AuditFilter, NewAudit};
use promotion_engine::db::rules;
use promotion_engine::db::tenants::{self, TenantPatch};
use promotion_engine::domain::id::TenantId;
use support::{TestDatabase, as_operator, in_tx};
use uuid::Uuid;

use crate::sample::full_tenant;

#[tokio::test]
async fn the_audit_trail_is_read_newest_first() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    full_tenant(&database, "B").await;
    for number in 0..5 {
        let entry = NewAudit {
            key: None,
            subject: format!("store/S{}", number % 2),
            action: "put".to_owned(),
            before: None,
            after: Some(format!("{number}")),
        };
        in_tx!(database, tenant, |tx| audit::insert(tx, &entry).await).unwrap();
    }
    let all = AuditFilter::default();
    let page = in_tx!(database, tenant, |tx| audit::list(tx, &all, None, 3).await).unwrap();
    let after: Vec<_> = page.items.iter().filter_map(|row| row.after.clone()).collect();
    assert_eq!(after, ["4", "3", "2"]);
    let next = page.next;
    let all = AuditFilter::default();
    let rest = in_tx!(database, tenant, |tx| audit::list(tx, &all, next, 3).await).unwrap();
    assert_eq!((rest.items.len(), rest.next), (2, None));
    let last = page.items[0].at;
    let filter = AuditFilter { from: Some(last), to: None, subject: Some("store/S0".to_owned()) };
    let found = in_tx!(database, tenant, |tx| audit::list(tx, &filter, None, 9).await).unwrap();
    assert_eq!(found.items.len(), 1);
    let filter = AuditFilter { from: None, to: Some(last), subject: None };
    let found = in_tx!(database, tenant, |tx| audit::list(tx, &filter, None, 9).await).unwrap();
    assert_eq!(found.items.len(), 4);
}

#[tokio::test]
async fn changes_are_heard_and_polled() {
    let database = TestDatabase::new().await;
    let (a, b) = (database.tenant("A").await, database.tenant("B").await);
    let mut listener = database.db().listen().await.unwrap();
    let version = in_tx!(database, b, |tx| rules::bump_rules(tx).await).unwrap();
    assert_eq!(version, 2);
    assert_eq!(listener.next().await.unwrap(), b);
    in_tx!(database, a, |tx| rules::bump_keys(tx).await).unwrap();
    assert_eq!(listener.next().await.unwrap(), a);
    let patch = TenantPatch { suspended: Some(true), ..TenantPatch::default() };
    as_operator!(database, |tx| tenants::patch(tx, b, &patch).await).unwrap();
    assert_eq!(listener.next().await.unwrap(), b);
    let sought = [a, b, TenantId::new(Uuid::now_v7())];
    let mut polled = as_operator!(database, |tx| rules::poll(tx, &sought).await).unwrap();
    polled.sort_by_key(|(tenant, _)| *tenant);
    let versions: Vec<_> = polled.iter().map(|(id, it)| (*id, it.rules, it.keys)).collect();
    assert_eq!(versions, [(a, 1, 2), (b, 2, 2)]);
    let current = in_tx!(database, b, |tx| rules::current(tx).await).unwrap().unwrap();
    assert_eq!((current.rules, current.keys), (2, 2));
    // A rolled back change is not heard, a lost connection is.
    let undone = in_tx!(database, a, |tx| {
        rules::bump_rules(tx).await?;
        Err::<(), _>(DbError::Stale)
    });
    assert!(undone.is_err());
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like 'LISTEN%'",
    )
    .execute(&mut database.owner_connection().await)
    .await
    .unwrap();
    assert!(matches!(listener.next().await, Err(DbError::Unavailable(_))));
}

#[tokio::test]
async fn a_lock_is_not_waited_for_longer_than_a_second() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let (held, is_held) = tokio::sync::oneshot::channel();
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let db = database.db().clone();
    let holder = tokio::spawn(async move {
        db.tenant::<_, DbError, _>(tenant, move |tx| {
            Box::pin(async move {
                rules::bump_rules(tx).await?;
                held.send(()).unwrap();
                let _ = released.await;
                Ok(())
            })
        })
        .await
    });
    is_held.await.unwrap();
    let begun = std::time::Instant::now();
    let waited = in_tx!(database, tenant, |tx| rules::bump_rules(tx).await);
    assert!(matches!(waited, Err(DbError::TooSlow(_))));
    assert!(begun.elapsed() < Duration::from_millis(1_900));
    release.send(()).unwrap();
    holder.await.unwrap().unwrap();
}
