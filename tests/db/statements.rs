//! What each statement does, in the presence of another tenant's rows.

use promotion_engine::db::promotion_list::{self, PromotionFilter};
use promotion_engine::db::promotions;
use promotion_engine::db::tenants::{self, TenantPatch};
use promotion_engine::db::{DbError, Key, Reference, codes, keys, product_lists, settings, stores};
use promotion_engine::domain::id::{KeyId, PromotionId, TenantId};
use promotion_engine::domain::promotion::{PromotionOrder, Status};
use support::{TestDatabase, as_operator, in_tx};
use uuid::Uuid;

use crate::sample::{full_tenant, key, new_codes, new_settings, noon, promotion, store};

#[tokio::test]
async fn a_migrated_database_is_ready() {
    TestDatabase::new().await.db().ready().await.unwrap();
}

#[tokio::test]
async fn tenants_are_listed_by_page_and_patched() {
    let database = TestDatabase::new().await;
    let mut made = Vec::new();
    for name in ["A", "B", "C"] {
        made.push(database.tenant(name).await);
    }
    let first = as_operator!(database, |tx| tenants::list(tx, None, 2).await).unwrap();
    assert_eq!(first.items.len(), 2);
    let after = first.next;
    assert_eq!(after, Some(made[1]));
    let rest = as_operator!(database, |tx| tenants::list(tx, after, 2).await).unwrap();
    assert_eq!(rest.items.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["C"]);
    assert_eq!(rest.next, None);

    let id = made[0];
    let patch = TenantPatch { suspended: Some(true), ..TenantPatch::default() };
    let row = as_operator!(database, |tx| tenants::patch(tx, id, &patch).await).unwrap().unwrap();
    assert!(row.suspended);
    assert_eq!((row.max_active_promotions, row.keys_version, row.rules_version), (250, 2, 1));
    let nobody = TenantId::new(Uuid::now_v7());
    let patch = TenantPatch::default();
    assert_eq!(
        as_operator!(database, |tx| tenants::patch(tx, nobody, &patch).await).unwrap(),
        None
    );
    assert_eq!(in_tx!(database, nobody, |tx| tenants::get(tx).await).unwrap(), None);
    assert_eq!(in_tx!(database, id, |tx| tenants::get(tx).await).unwrap(), Some(row));
}

#[tokio::test]
async fn the_operator_goes_over_to_a_tenant_and_comes_back() {
    let database = TestDatabase::new().await;
    let a = database.tenant("A").await;
    let (made, listed) = as_operator!(database, |tx| {
        let made = keys::insert(tx.of_tenant(a).await?, &key(1)).await?;
        let listed = tenants::list(tx, None, 10).await?.items.len();
        Ok((made, listed))
    })
    .unwrap();
    assert_eq!((made.hint.as_str(), listed), ("xyz", 1));
}

#[tokio::test]
async fn keys_are_found_until_they_are_revoked() {
    let database = TestDatabase::new().await;
    let (a, b) = (database.tenant("A").await, database.tenant("B").await);
    let row = in_tx!(database, a, |tx| keys::insert(tx, &key(1)).await).unwrap();
    let id = KeyId::new(row.key_id);
    let found = in_tx!(database, a, |tx| keys::find(tx, &[1; 32]).await).unwrap().unwrap();
    assert_eq!((found.key_id, found.suspended, found.keys_version), (row.key_id, false, 1));
    assert_eq!(in_tx!(database, b, |tx| keys::find(tx, &[1; 32]).await).unwrap(), None);
    let again = in_tx!(database, a, |tx| keys::insert(tx, &key(1)).await);
    assert!(matches!(again, Err(DbError::Duplicate(Key::KeyHash))));
    let stray =
        in_tx!(database, TenantId::new(Uuid::now_v7()), |tx| keys::insert(tx, &key(1)).await);
    assert!(matches!(stray, Err(DbError::Missing(Reference::Tenant))));

    in_tx!(database, a, |tx| keys::touch(tx, id).await).unwrap();
    let listed = in_tx!(database, a, |tx| keys::list(tx, None, 5).await).unwrap();
    assert!(listed.items[0].last_used_at.is_some());
    assert_eq!(in_tx!(database, b, |tx| keys::revoke(tx, id).await).unwrap(), None);
    let revoked = in_tx!(database, a, |tx| keys::revoke(tx, id).await).unwrap().unwrap();
    let twice = in_tx!(database, a, |tx| keys::revoke(tx, id).await).unwrap().unwrap();
    assert!(revoked.revoked_at.is_some() && revoked.revoked_at == twice.revoked_at);
    assert_eq!(in_tx!(database, a, |tx| keys::find(tx, &[1; 32]).await).unwrap(), None);
}

#[tokio::test]
async fn settings_are_replaced_at_the_expected_version_only() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    let row = in_tx!(database, tenant, |tx| settings::get(tx).await).unwrap().unwrap();
    assert_eq!((row.version, row.document.as_str()), (2, "{}"));
    let replace = async |expected: i64, lists: &[&str]| {
        let new = new_settings("USD", chrono_tz::UTC);
        let lists: Vec<String> = lists.iter().map(|name| (*name).to_owned()).collect();
        let document = r#"{"precision": 1.50}"#;
        in_tx!(database, tenant, |tx| settings::replace(tx, expected, &new, document, &lists).await)
    };
    assert!(matches!(replace(1, &[]).await, Err(DbError::Stale)));
    let unknown = replace(2, &["hats"]).await;
    assert!(matches!(unknown, Err(DbError::Missing(Reference::ProductList))));
    let row = replace(2, &[]).await.unwrap();
    assert_eq!((row.version, row.document.as_str()), (3, r#"{"precision": 1.50}"#));
    let tenant = in_tx!(database, tenant, |tx| tenants::get(tx).await).unwrap().unwrap();
    assert_eq!((tenant.currency.as_str(), tenant.timezone.as_str()), ("USD", "UTC"));
}

#[tokio::test]
async fn stores_are_put_in_bulk_and_listed_by_code() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    full_tenant(&database, "B").await;
    let mut south = store("south");
    south.zones = vec!["a".to_owned(), "b, \"c\" {d}".to_owned()];
    south.timezone = Some(chrono_tz::Asia::Kolkata);
    let zones = south.zones.clone();
    let all = vec![store("west"), south, store("East")];
    in_tx!(database, tenant, |tx| stores::put(tx, &all).await).unwrap();
    let mut east = store("East");
    east.concept = Some("outlet".to_owned());
    in_tx!(database, tenant, |tx| stores::put(tx, &[east]).await).unwrap();
    let page = in_tx!(database, tenant, |tx| stores::list(tx, None, 2).await).unwrap();
    let codes: Vec<_> = page.items.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes, ["East", "south"]);
    assert_eq!((page.items[0].concept.as_deref(), &page.items[1].zones), (Some("outlet"), &zones));
    let page = in_tx!(database, tenant, |tx| stores::list(tx, Some("south"), 2).await).unwrap();
    assert_eq!((page.items[0].code.as_str(), page.next), ("west", None));
    let named = vec!["west".to_owned(), "north".to_owned()];
    assert_eq!(in_tx!(database, tenant, |tx| stores::lock(tx, &named).await).unwrap().len(), 1);
    let twice = vec![store("x"), store("x")];
    assert!(in_tx!(database, tenant, |tx| stores::put(tx, &twice).await).is_err());
    assert!(in_tx!(database, tenant, |tx| stores::delete(tx, "west").await).unwrap().is_some());
    assert!(in_tx!(database, tenant, |tx| stores::delete(tx, "west").await).unwrap().is_none());
    assert_eq!(in_tx!(database, tenant, |tx| stores::all(tx).await).unwrap().len(), 2);
}

#[tokio::test]
async fn a_product_list_in_use_cannot_be_deleted() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    let delete = |name: &'static str| in_delete(&database, tenant, name);
    assert!(matches!(delete("shoes").await, Err(DbError::InUse)));
    assert!(delete("hats").await.unwrap().is_none());
    let new = new_settings("EUR", chrono_tz::UTC);
    in_tx!(database, tenant, |tx| settings::replace(tx, 2, &new, "{}", &[]).await).unwrap();
    assert!(matches!(delete("shoes").await, Err(DbError::InUse)));
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
    let id = PromotionId::new(page.unwrap().items[0].row.promotion_id);
    in_tx!(database, tenant, |tx| promotions::set_status(tx, id, Status::Archived, None).await)
        .unwrap();
    assert_eq!(delete("shoes").await.unwrap().unwrap().size, 2);
    let names = vec!["z".to_owned(), "a".to_owned()];
    assert_eq!(
        in_tx!(database, tenant, |tx| product_lists::missing(tx, &names).await).unwrap(),
        ["z", "a"]
    );
}

async fn in_delete(
    database: &TestDatabase,
    tenant: TenantId,
    name: &'static str,
) -> Result<Option<product_lists::ProductListSummary>, DbError> {
    in_tx!(database, tenant, |tx| product_lists::delete(tx, name).await)
}

#[tokio::test]
async fn product_lists_are_put_whole() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let many: Vec<String> = (0..200_000).map(|number| format!("SKU-{number}")).collect();
    let row = in_tx!(database, tenant, |tx| {
        tx.allow_bulk().await?;
        product_lists::put(tx, "all", &many).await
    })
    .unwrap();
    assert_eq!(row.size, 200_000);
    in_tx!(database, tenant, |tx| product_lists::put(tx, "all", &["A".to_owned()]).await).unwrap();
    let row = in_tx!(database, tenant, |tx| product_lists::get(tx, "all").await).unwrap().unwrap();
    assert_eq!(row.skus, ["A"]);
    let page = in_tx!(database, tenant, |tx| product_lists::list(tx, None, 1).await).unwrap();
    assert_eq!((page.items[0].size, page.next), (1, None));
    assert_eq!(in_tx!(database, tenant, |tx| product_lists::all(tx).await).unwrap(), [row]);
}

#[tokio::test]
async fn codes_are_all_or_nothing_and_leave_archived_promotions() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    full_tenant(&database, "B").await;
    let (first, second) = (promotion("First"), promotion("Second"));
    let (one, two) = (first.promotion, second.promotion);
    in_tx!(database, tenant, |tx| {
        promotions::insert(tx, &first, None).await?;
        promotions::insert(tx, &second, None).await
    })
    .unwrap();
    let texts = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let codes_ = new_codes(&["Save10", "SAVE20", "b-1"]);
    assert_eq!(in_tx!(database, tenant, |tx| codes::insert(tx, one, &codes_).await).unwrap(), 3);
    let sought = texts(&["save10"]);
    let before = in_tx!(database, tenant, |tx| codes::find(tx, &sought).await).unwrap();
    // The promotion's own, in other letters, are left as they are; only the new one is made.
    let (again, all) = (new_codes(&["save10", "NEW", "new"]), codes::CodeFilter::default());
    assert_eq!(in_tx!(database, tenant, |tx| codes::insert(tx, one, &again).await).unwrap(), 1);
    let page =
        in_tx!(database, tenant, |tx| codes::list(tx, one, &all, Some("b-1"), 2).await).unwrap();
    assert_eq!(
        page.items.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(),
        ["NEW", "Save10"]
    );
    assert_eq!(page.next.as_deref(), Some("SAVE10"));
    let sought = texts(&["save10"]);
    let after = in_tx!(database, tenant, |tx| codes::find(tx, &sought).await).unwrap();
    assert_eq!(after, before);

    let mixed = new_codes(&["fresh", "save20", "B-1"]);
    match in_tx!(database, tenant, |tx| codes::insert(tx, two, &mixed).await) {
        Err(DbError::CodesTaken(taken)) => assert_eq!(taken, ["save20", "B-1"]),
        other => panic!("{other:?}"),
    }
    let sought = texts(&["fresh", "save20", "nothing"]);
    let found = in_tx!(database, tenant, |tx| codes::find(tx, &sought).await).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code_key.as_str(), found[0].promotion_status), ("SAVE20", Status::Draft));

    in_tx!(database, tenant, |tx| promotions::set_status(tx, one, Status::Archived, None).await)
        .unwrap();
    let taken_over = new_codes(&["Save20"]);
    assert_eq!(
        in_tx!(database, tenant, |tx| codes::insert(tx, two, &taken_over).await).unwrap(),
        1
    );
    let sought = texts(&["save20"]);
    let now = in_tx!(database, tenant, |tx| codes::find(tx, &sought).await).unwrap();
    assert_eq!(now[0].promotion_id, two.uuid());
    assert_ne!(now[0].code_id, found[0].code_id);
    assert!(
        in_tx!(database, tenant, |tx| codes::delete(tx, one, "save20").await).unwrap().is_none()
    );
    let gone = in_tx!(database, tenant, |tx| codes::delete(tx, two, "save20").await).unwrap();
    assert_eq!(gone.unwrap().code, "Save20");
    let stray = in_tx!(database, tenant, |tx| {
        let nobody = PromotionId::new(Uuid::now_v7());
        codes::insert(tx, nobody, &new_codes(&["abc"])).await
    });
    assert!(matches!(stray, Err(DbError::Missing(Reference::Promotion))));
}
