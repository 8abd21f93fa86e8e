//! Stores and product lists as the rule cache sees them: which of them have changed, and which somebody names.

use promotion_engine::db::product_lists::{self, ProductListRevision};
use promotion_engine::db::promotion_list::{self, PromotionFilter};
use promotion_engine::db::promotions;
use promotion_engine::db::{promotion_ends, rules, stores};
use promotion_engine::domain::id::{PromotionId, TenantId};
use promotion_engine::domain::promotion::{PromotionOrder, Status};
use sqlx::AssertSqlSafe;
use support::{TestDatabase, in_tx};
use uuid::Uuid;

use crate::sample::{end, full_tenant, noon, store};

async fn of_stores(database: &TestDatabase, tenant: TenantId) -> Uuid {
    let current = in_tx!(database, tenant, |tx| rules::current(tx).await);
    current.unwrap().expect("a tenant").stores_revision
}

async fn of_lists(database: &TestDatabase, tenant: TenantId) -> Vec<ProductListRevision> {
    in_tx!(database, tenant, |tx| product_lists::named(tx, None).await).unwrap()
}

/// As any release writes, which may know nothing of revisions.
async fn written(database: &TestDatabase, tenant: TenantId, statement: &str) {
    let bound = format!("begin; set local app.tenant = '{tenant}'; {statement}; commit");
    let mut connection = database.owner_connection().await;
    sqlx::raw_sql(AssertSqlSafe(format!("set role promotion_engine_service; {bound}")))
        .execute(&mut connection)
        .await
        .expect("a change");
}

#[tokio::test]
async fn every_change_of_stores_gives_their_tenant_another_revision() {
    let database = TestDatabase::new().await;
    let (a, b) = (full_tenant(&database, "A").await, full_tenant(&database, "B").await);
    let mut seen = vec![of_stores(&database, a).await];
    let of_b = of_stores(&database, b).await;
    for statement in [
        "insert into store (tenant_id, code, concept, zones) select tenant_id, 'new', '', '{}' from tenant",
        "insert into store (tenant_id, code, concept, zones) select tenant_id, 'new', 'x', '{}' from tenant
         on conflict (tenant_id, code) do update set concept = excluded.concept",
        "update store set timezone = 'UTC' where code = 'new'",
        "delete from store where code = 'new'",
    ] {
        written(&database, a, statement).await;
        let revision = of_stores(&database, a).await;
        assert!(!seen.contains(&revision), "{statement}");
        seen.push(revision);
    }
    let many = vec![store("x"), store("y")];
    in_tx!(database, a, |tx| stores::put(tx, &many).await).unwrap();
    assert!(!seen.contains(&of_stores(&database, a).await));
    // What changes nothing and what is another tenant's stays as it was.
    let now = of_stores(&database, a).await;
    written(&database, a, "delete from store where code = 'nobody'").await;
    in_tx!(database, a, |tx| rules::bump_rules(tx).await).unwrap();
    assert_eq!(of_stores(&database, a).await, now);
    assert_eq!(of_stores(&database, b).await, of_b);
}

#[tokio::test]
async fn every_change_of_a_list_gives_it_another_revision_and_no_other() {
    let database = TestDatabase::new().await;
    let (a, b) = (full_tenant(&database, "A").await, full_tenant(&database, "B").await);
    let of_b = of_lists(&database, b).await;
    let shoes = async || {
        let mut lists = of_lists(&database, a).await;
        let place = lists.iter().position(|own| own.name == "shoes");
        (lists.remove(place.expect("a list that is named")), lists)
    };
    let (before, others) = shoes().await;
    // The same SKUs put again are another content: nobody compares hundreds of thousands.
    let skus = vec!["A".to_owned()];
    let again = skus.clone();
    in_tx!(database, a, |tx| product_lists::put(tx, "shoes", &again).await).unwrap();
    let (after, same) = shoes().await;
    assert_ne!(after, before);
    assert_eq!(same, others);
    let update = "update product_list set skus = '{B}' where name = 'shoes'";
    written(&database, a, update).await;
    let last = shoes().await;
    assert_ne!(last.0, after);
    // A list that nobody names is none of the cache's.
    in_tx!(database, a, |tx| product_lists::put(tx, "idle", &skus).await).unwrap();
    assert_eq!(shoes().await, last);
    assert_eq!(of_lists(&database, b).await, of_b);
}

#[tokio::test]
async fn a_list_is_named_by_settings_and_by_promotions_in_force() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    written(&database, tenant, "delete from settings_product_list").await;
    written(&database, tenant, "delete from milestone_product_list").await;
    let filter = PromotionFilter::default();
    let page = in_tx!(database, tenant, |tx| promotion_list::list(
        tx,
        &filter,
        PromotionOrder::NewestFirst,
        noon(),
        None,
        1
    )
    .await);
    let promotion = PromotionId::new(page.unwrap().items[0].row.promotion_id);
    let named_at = async |at| {
        let named = in_tx!(database, tenant, |tx| product_lists::named(tx, Some(at)).await);
        named.unwrap().len()
    };
    let end = end();
    let before = end - chrono::TimeDelta::milliseconds(1);
    in_tx!(database, tenant, |tx| promotions::set_status(tx, promotion, Status::Active, None)
        .await)
    .unwrap();
    assert_eq!(named_at(before).await, 1);
    assert_eq!(named_at(end).await, 0, "it had ended by then");
    assert_eq!(of_lists(&database, tenant).await.len(), 1);
    in_tx!(database, tenant, |tx| promotions::set_status(tx, promotion, Status::Archived, None)
        .await)
    .unwrap();
    assert_eq!(of_lists(&database, tenant).await.len(), 0);
}

#[tokio::test]
async fn what_has_ended_is_read_by_its_bare_terms() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    full_tenant(&database, "B").await;
    written(&database, tenant, "update promotion set status = 'active'").await;
    let rows = in_tx!(database, tenant, |tx| promotions::for_rules(tx, None).await).unwrap();
    let end = end();
    let ended = in_tx!(database, tenant, |tx| promotion_ends::ended(tx, end).await).unwrap();
    let whole = in_tx!(database, tenant, |tx| promotions::for_rules(tx, Some(end)).await).unwrap();
    assert_eq!((ended.len(), whole.len()), (rows.len(), 0));
    assert!(ended.iter().all(|row| row.ends_at <= end));
    let early = end - chrono::TimeDelta::milliseconds(1);
    let ended = in_tx!(database, tenant, |tx| promotion_ends::ended(tx, early).await).unwrap();
    let whole =
        in_tx!(database, tenant, |tx| promotions::for_rules(tx, Some(early)).await).unwrap();
    assert_eq!(ended.len() + whole.len(), rows.len());
    assert!(!whole.is_empty());
}

#[tokio::test]
async fn stores_and_lists_are_counted_with_their_bounds() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    full_tenant(&database, "B").await;
    let skus: Vec<String> = (0..7).map(|own| own.to_string()).collect();
    let two = skus[..2].to_vec();
    in_tx!(database, tenant, |tx| product_lists::put(tx, "a", &skus).await).unwrap();
    in_tx!(database, tenant, |tx| product_lists::put(tx, "b", &two).await).unwrap();
    in_tx!(database, tenant, |tx| stores::put(tx, &[store("x")]).await).unwrap();
    let lists = in_tx!(database, tenant, |tx| product_lists::count(tx).await).unwrap();
    assert_eq!((lists.lists, lists.entries), (2, 9));
    assert_eq!((lists.max_lists, lists.max_entries), (1_000, 2_000_000));
    let stores = in_tx!(database, tenant, |tx| stores::count(tx).await).unwrap();
    assert_eq!((stores.stores, stores.maximum), (1, 100_000));
}
