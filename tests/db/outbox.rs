//! The outbox: numbers become visible in their order, whatever the order of commits.

use std::collections::BTreeMap;
use std::time::Duration;

use promotion_engine::db::outbox::{self, NewEvent};
use promotion_engine::db::{Db, DbError, events};
use promotion_engine::domain::event::{EventType, Subject};
use promotion_engine::domain::id::{RedemptionId, TenantId};
use support::TestDatabase;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::sample::noon;

fn event(subject: Uuid, number: usize) -> NewEvent {
    NewEvent {
        event_type: EventType::RedemptionCommitted,
        subject: Subject::Redemption(RedemptionId::new(subject)),
        occurred_at: noon(),
        data: format!("{{\"number\":{number},\"subject\":\"{subject}\"}}"),
    }
}

async fn append(db: &Db, tenant: TenantId, events: Vec<NewEvent>) {
    let done = db.tenant::<_, DbError, _>(tenant, move |tx| {
        Box::pin(async move { outbox::append(tx, &events).await })
    });
    done.await.unwrap();
}

async fn publish(db: &Db, tenant: TenantId) -> i64 {
    let done = db.tenant::<_, DbError, _>(tenant, |tx| {
        Box::pin(async move {
            outbox::lock(tx).await?;
            outbox::publish(tx, noon()).await.map(|own| own.count)
        })
    });
    done.await.unwrap()
}

async fn read(db: &Db, tenant: TenantId, after: i64) -> Vec<(i64, String)> {
    let found = db.tenant::<_, DbError, _>(tenant, move |tx| {
        Box::pin(async move { events::list(tx, after, 7).await })
    });
    let found = found.await.unwrap();
    found.items.into_iter().map(|row| (row.sequence, row.data)).collect()
}

#[tokio::test]
async fn what_is_committed_late_gets_a_larger_number() {
    let database = TestDatabase::new().await;
    let (tenant, db) = (database.tenant("A").await, database.db().clone());
    let (wrote, has_written) = oneshot::channel();
    let (go, may_commit) = oneshot::channel::<()>();
    let slow = tokio::spawn({
        let db = db.clone();
        async move {
            let done = db.tenant::<_, DbError, _>(tenant, move |tx| {
                Box::pin(async move {
                    outbox::append(tx, &[event(Uuid::now_v7(), 1)]).await?;
                    let _ = wrote.send(());
                    let _ = may_commit.await;
                    Ok(())
                })
            });
            done.await.unwrap();
        }
    });
    has_written.await.unwrap();
    append(&db, tenant, vec![event(Uuid::now_v7(), 2)]).await;
    assert_eq!(publish(&db, tenant).await, 1);
    let first = read(&db, tenant, 0).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].0, 1);
    go.send(()).unwrap();
    slow.await.unwrap();
    assert_eq!(publish(&db, tenant).await, 1);
    let late = read(&db, tenant, 1).await;
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].0, 2);
    assert!(late[0].1.contains("\"number\":1"));
    assert_eq!(publish(&db, tenant).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_polling_reader_misses_nothing_that_concurrent_writers_write() {
    const WRITERS: usize = 6;
    const EVENTS: usize = 40;
    let database = TestDatabase::new().await;
    let (tenant, other) = (database.tenant("A").await, database.tenant("B").await);
    let db = database.db().clone();
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let db = db.clone();
        writers.spawn(async move {
            let subject = Uuid::now_v7();
            for number in 0..EVENTS {
                let pause = u64::try_from((writer * 7 + number * 13) % 9).unwrap();
                let done = db.tenant::<_, DbError, _>(tenant, move |tx| {
                    Box::pin(async move {
                        outbox::append(tx, &[event(subject, number)]).await?;
                        // Some commit late, so that transactions overtake each other.
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                        Ok(())
                    })
                });
                done.await.unwrap();
                append(&db, other, vec![event(subject, number)]).await;
            }
        });
    }
    for _ in 0..2 {
        let db = db.clone();
        writers.spawn(async move {
            for _ in 0..60 {
                publish(&db, tenant).await;
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
    }
    let (mut seen, mut after): (Vec<(i64, String)>, i64) = (Vec::new(), 0);
    let mut idle = 0;
    while idle < 2 {
        while let Some(ended) = writers.try_join_next() {
            ended.unwrap();
        }
        if writers.is_empty() {
            publish(&db, tenant).await;
            idle += 1;
        }
        loop {
            let page = read(&db, tenant, after).await;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            seen.extend(page);
        }
    }
    let numbers: Vec<i64> = seen.iter().map(|(sequence, _)| *sequence).collect();
    let expected: Vec<i64> = (1..).take(WRITERS * EVENTS).collect();
    assert_eq!(numbers, expected);
    // In order for each subject.
    let mut next: BTreeMap<String, i64> = BTreeMap::new();
    for (_, data) in seen {
        let data: serde_json::Value = serde_json::from_str(&data).unwrap();
        let expected = next.entry(data["subject"].as_str().unwrap().to_owned()).or_default();
        assert_eq!(data["number"], *expected);
        *expected += 1;
    }
    assert_eq!(read(&db, other, 0).await, []);
}
