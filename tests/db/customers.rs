//! Customers who become others: what is moved, what is added, and what others commit meanwhile.

use promotion_engine::db::customers::{Moved, forget, pass_on, remains};
use promotion_engine::db::reconcile::differences;
use promotion_engine::domain::id::TenantId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use support::{TestDatabase, in_tx, places};
use uuid::Uuid;

use crate::sample::full_tenant;

/// A redemption of a customer that takes so much of its limit of two, of the tenant's one promotion.
async fn sale(owner: &mut PgConnection, tenant: TenantId, customer: &str, times: i64) -> Uuid {
    let sale = Uuid::now_v7();
    let statements = r#"
        insert into redemption_key (tenant_id, transaction_id, redemption_id) values ($T, $R::text, $R);
        insert into redemption (tenant_id, redemption_id, transaction_id, state, customer_id, evaluated_at, settled_at,
                ruleset_version, body_hash, discount, request, result)
            values ($T, $R, $R::text, 'committed', $C, now(), now(), 1, decode(repeat('00', 32), 'hex'), 0,
                '{"cart":{},"customer":{"id":"' || $C || '"},"explain":"none"}', '{}');
        insert into redemption_use (tenant_id, redemption_id, promotion_id, subject, owner, measure, window_no, amount)
            select $T, $R, promotion_id, 'customer', $C, 'times', 0, $N from promotion where tenant_id = $T;
        insert into limit_counter (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
            select $T, promotion_id, 'customer', $C, 'times', 0, $N, 2 from promotion where tenant_id = $T
            on conflict (tenant_id, promotion_id, subject, owner, measure, window_no)
            do update set used = limit_counter.used + excluded.used"#
        .replace("$T", &format!("'{tenant}'"))
        .replace("$R", &format!("'{sale}'::uuid"))
        .replace("$C", &format!("'{customer}'"))
        .replace("$N", &times.to_string());
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(owner).await.unwrap();
    sale
}

async fn counters(owner: &mut PgConnection, tenant: TenantId) -> Vec<(String, i64, i64)> {
    sqlx::query_as(
        "select owner, used, maximum from limit_counter
          where tenant_id = $1 and subject = 'customer' order by owner",
    )
    .bind(tenant.uuid())
    .fetch_all(owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn all_of_a_customer_is_passed_on_and_nothing_of_others() {
    let database = TestDatabase::new().await;
    let (tenant, other) = (full_tenant(&database, "A").await, full_tenant(&database, "B").await);
    let mut owner = database.owner_connection().await;
    for tenant in [tenant, other] {
        for (customer, times) in [("C-1", 2), ("C-2", 1), ("C-3", 1)] {
            sale(&mut owner, tenant, customer, times).await;
        }
    }
    let before = counters(&mut owner, other).await;
    let moved = in_tx!(database, tenant, |tx| pass_on(tx, "C-1", "C-2").await).unwrap();
    let expected = Moved { redemptions: 1, activities: 1, issuances: 1, codes: 1 };
    assert_eq!(moved, expected);
    let left = in_tx!(database, tenant, |tx| remains(tx, "C-1").await).unwrap();
    assert!(!left);
    let named = |name: &str, used, maximum| (name.to_owned(), used, maximum);
    assert_eq!(counters(&mut owner, tenant).await, [named("C-2", 3, 3), named("C-3", 1, 2)]);
    assert_eq!(counters(&mut owner, other).await, before);
    let moved: Vec<(String, i64)> = sqlx::query_as(
        "select 'hand', count(*) from customer_promotion
          where tenant_id = $1 and customer_id = 'C-2' and issued = 1 and unlocked = 1
         union all select 'progress', count(*) from milestone_progress
          where tenant_id = $1 and customer_id = 'C-2' and progress = 10
         union all select 'step', count(*) from milestone_step where tenant_id = $1 and customer_id = 'C-2'
         union all select 'target', count(*) from milestone_target where tenant_id = $1 and customer_id = 'C-2'
         union all select 'issuance', count(*) from issuance
          where tenant_id = $1 and customer_id = 'C-2' and issued_to = sha256('C-1')
         union all select 'code', count(*) from code where tenant_id = $1 and customer_id = 'C-2'
         union all select 'theirs', count(*) from issuance where tenant_id = $2 and customer_id = 'C-1'",
    )
    .bind(tenant.uuid())
    .bind(other.uuid())
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert!(moved.iter().all(|(_, count)| *count == 1), "{moved:?}");
    // To whom it was issued first stays.
    in_tx!(database, tenant, |tx| pass_on(tx, "C-2", "C-9").await).unwrap();
    let origin: i64 = sqlx::query_scalar(
        "select count(*) from issuance where tenant_id = $1 and customer_id = 'C-9' and issued_to = sha256('C-1')",
    )
    .bind(tenant.uuid())
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(origin, 1);
    // Of another, who had nothing there, it is all of it.
    assert_eq!(counters(&mut owner, tenant).await[1], named("C-9", 3, 3));
    // And of nobody, who has no other name.
    let nobody = Uuid::new_v4();
    in_tx!(database, tenant, |tx| {
        pass_on(tx, "C-9", &nobody.to_string()).await?;
        forget(tx, nobody).await
    })
    .unwrap();
    for (tenant, customer, places_of) in [
        (tenant, "C-1", 0),
        (tenant, "C-2", 0),
        (tenant, "C-9", 0),
        (tenant, "C-3", 4),
        (other, "C-1", 11),
        (other, "C-2", 4),
    ] {
        let found = places(&mut owner, &tenant.to_string(), customer).await;
        assert_eq!(found.len(), places_of, "{customer}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_committed_between_two_rounds_is_moved_in_the_next() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    let mut owner = database.owner_connection().await;
    sale(&mut owner, tenant, "C-1", 1).await;
    let (owner, rounds) = in_tx!(database, tenant, |tx| {
        let mut rounds = Vec::new();
        pass_on(tx, "C-1", "C-2").await?;
        rounds.push(remains(tx, "C-1").await?);
        // The counter of the first is being deleted, so that whoever adds to it waits; a new one does not.
        let statements = format!(
            "insert into activity (tenant_id, activity_id, body_hash, type, customer_id, at, received_at, answer)
             values ('{tenant}', 'A-9', decode(repeat('00', 32), 'hex'), 'transaction', 'C-1', now(), now(), '');
             insert into milestone_step (tenant_id, milestone_id, activity_id, customer_id, window_no, amount, lines)
             select tenant_id, milestone_id, 'A-9', 'C-1', 7, 5, '[]' from milestone where tenant_id = '{tenant}';
             insert into milestone_progress (tenant_id, milestone_id, customer_id, window_no, progress)
             select tenant_id, milestone_id, 'C-1', 7, 5 from milestone where tenant_id = '{tenant}'"
        );
        sqlx::raw_sql(AssertSqlSafe(statements))
            .execute(&mut owner)
            .await
            .expect("an activity");
        rounds.push(remains(tx, "C-1").await?);
        pass_on(tx, "C-1", "C-2").await?;
        rounds.push(remains(tx, "C-1").await?);
        Ok((owner, rounds))
    })
    .unwrap();
    assert_eq!(rounds, [false, true, false]);
    let mut owner = owner;
    let progress: Vec<(i32, String)> = sqlx::query_as(
        "select window_no, progress::text from milestone_progress
          where tenant_id = $1 and customer_id = 'C-2' order by 1",
    )
    .bind(tenant.uuid())
    .fetch_all(&mut owner)
    .await
    .unwrap();
    assert_eq!(progress, [(0, "10".to_owned()), (7, "5".to_owned())]);
    let found = in_tx!(database, tenant, |tx| differences(tx, 9).await).unwrap();
    assert_eq!(found, []);
}

/// Events name customers only where they have issuances. Nobody else waits until many events have their numbers.
#[tokio::test]
async fn who_has_no_issuances_is_forgotten_while_events_are_numbered() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    let mut owner = database.owner_connection().await;
    let sold = sale(&mut owner, tenant, "C-7", 1).await;
    let mut publisher = database.owner_connection().await;
    let mut numbering = publisher.begin().await.unwrap();
    sqlx::query("select from event_counter where tenant_id = $1 for update")
        .bind(tenant.uuid())
        .execute(&mut *numbering)
        .await
        .unwrap();
    let somebody = Uuid::now_v7();
    in_tx!(database, tenant, |tx| {
        pass_on(tx, "C-7", &somebody.to_string()).await?;
        forget(tx, somebody).await
    })
    .unwrap();
    let request: String =
        sqlx::query_scalar("select request from redemption where redemption_id = $1")
            .bind(sold)
            .fetch_one(&mut owner)
            .await
            .unwrap();
    assert!(request.contains(&somebody.to_string()) && !request.contains("C-7"), "{request}");
    numbering.rollback().await.unwrap();
}
