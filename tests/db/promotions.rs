//! Promotions: names, versions, states, history, pages.

use chrono::{Duration, Utc};
use promotion_engine::db::promotion_list::{
    self, ListedPromotion, PromotionCursor, PromotionFilter,
};
use promotion_engine::db::promotions::{self, NewPromotion};
use promotion_engine::db::{DbError, Key, Page, Reference, TenantTx, keys, promotion_history};
use promotion_engine::domain::id::{KeyId, PromotionId, TenantId};
use promotion_engine::domain::names::Named;
use promotion_engine::domain::promotion::{Kind, PromotionOrder, PromotionType, State, Status};
use support::{TestDatabase, in_tx};
use uuid::Uuid;

use crate::sample::{full_tenant, key, name_in, noon, promotion};

/// Promotions, newest first.
async fn list(
    tx: &mut TenantTx,
    filter: &PromotionFilter,
    after: Option<&PromotionCursor>,
    limit: u16,
) -> Result<Page<ListedPromotion, PromotionCursor>, DbError> {
    promotion_list::list(tx, filter, PromotionOrder::NewestFirst, noon(), after, limit).await
}

async fn insert(database: &TestDatabase, tenant: TenantId, new: NewPromotion) -> PromotionId {
    let id = new.promotion;
    in_tx!(database, tenant, |tx| promotions::insert(tx, &new, None).await).unwrap();
    id
}

#[tokio::test]
async fn a_name_is_free_again_when_its_promotion_is_archived() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    full_tenant(&database, "B").await;
    let id = insert(&database, tenant, promotion("Ten percent")).await;
    let again = promotion("Ten percent");
    let taken = in_tx!(database, tenant, |tx| promotions::insert(tx, &again, None).await);
    assert!(matches!(taken, Err(DbError::Duplicate(Key::PromotionName))));
    let archived =
        in_tx!(database, tenant, |tx| promotions::set_status(tx, id, Status::Archived, None).await);
    assert_eq!(archived.unwrap().unwrap().status, Status::Archived);
    insert(&database, tenant, promotion("Ten percent")).await;
    // Archived is final.
    let back =
        in_tx!(database, tenant, |tx| promotions::set_status(tx, id, Status::Active, None).await);
    assert_eq!(back.unwrap(), None);
    let mut changed = promotion("Other");
    changed.promotion = id;
    let changed = in_tx!(database, tenant, |tx| promotions::replace(tx, 2, &changed, None).await);
    assert!(matches!(changed, Err(DbError::Stale)));
    assert!(in_tx!(database, tenant, |tx| promotions::get(tx, id).await).unwrap().is_some());
}

#[tokio::test]
async fn a_replacement_needs_the_current_version_and_lists_that_exist() {
    let database = TestDatabase::new().await;
    let tenant = full_tenant(&database, "A").await;
    let mut new = promotion("P");
    let id = insert(&database, tenant, new.clone()).await;
    new.document = r#"{"b": 1, "a": "1.50"}"#.to_owned();
    let (wrong, mut unknown) = (new.clone(), new.clone());
    let stale = in_tx!(database, tenant, |tx| promotions::replace(tx, 2, &wrong, None).await);
    assert!(matches!(stale, Err(DbError::Stale)));
    unknown.product_lists = vec!["hats".to_owned()];
    let missing = in_tx!(database, tenant, |tx| promotions::replace(tx, 1, &unknown, None).await);
    assert!(matches!(missing, Err(DbError::Missing(Reference::ProductList))));
    new.product_lists = vec!["shoes".to_owned()];
    let row = in_tx!(database, tenant, |tx| promotions::replace(tx, 1, &new, None).await).unwrap();
    assert_eq!(row.version, 2);
    let locked = in_tx!(database, tenant, |tx| promotions::lock(tx, id).await).unwrap();
    assert_eq!(locked, Some(row));
}

#[tokio::test]
async fn every_change_is_one_entry_of_the_history() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let made = in_tx!(database, tenant, |tx| keys::insert(tx, &key(1)).await).unwrap();
    let by = Some(KeyId::new(made.key_id));
    let mut new = promotion("P");
    let id = insert(&database, tenant, new.clone()).await;
    in_tx!(database, tenant, |tx| promotions::set_status(tx, id, Status::Active, by).await)
        .unwrap();
    new.status = Status::Active;
    new.document = r#"{"name": "Q"}"#.to_owned();
    in_tx!(database, tenant, |tx| promotions::replace(tx, 2, &new, by).await).unwrap();
    let page =
        in_tx!(database, tenant, |tx| promotion_history::history(tx, id, None, 2).await).unwrap();
    let entries: Vec<_> = page
        .items
        .iter()
        .map(|row| (row.change, row.version, row.status, row.key_id, row.document.as_str()))
        .collect();
    let by = Some(made.key_id);
    assert_eq!(
        entries,
        [
            (3, 3, Status::Active, by, r#"{"name": "Q"}"#),
            (2, 2, Status::Active, by, r#"{"name": "P"}"#)
        ]
    );
    let next = page.next;
    let page =
        in_tx!(database, tenant, |tx| promotion_history::history(tx, id, next, 2).await).unwrap();
    assert_eq!((page.items[0].change, page.items[0].key_id, page.next), (1, None, None));
}

#[tokio::test]
async fn states_follow_from_status_and_dates() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    full_tenant(&database, "B").await;
    let statuses = [Status::Draft, Status::Active, Status::Paused];
    for status in statuses {
        for (when, shift) in [("past", -60), ("present", 0), ("future", 60)] {
            let mut new = promotion(&format!("{} {when}", status.name()));
            new.status = status;
            new.terms.starts_at += Duration::days(shift);
            new.terms.ends_at += Duration::days(shift);
            insert(&database, tenant, new).await;
        }
    }
    let archived = insert(&database, tenant, promotion("archived")).await;
    in_tx!(database, tenant, |tx| promotions::set_status(tx, archived, Status::Archived, None)
        .await)
    .unwrap();
    let list = async |state: Option<State>| {
        let states = state.into_iter().collect();
        let filter = PromotionFilter { states, ..PromotionFilter::default() };
        let page = in_tx!(database, tenant, |tx| list(tx, &filter, None, 50).await);
        page.unwrap().items.into_iter().map(|own| name_in(&own.row.document)).collect::<Vec<_>>()
    };
    assert_eq!(list(Some(State::Draft)).await, ["draft future", "draft present", "draft past"]);
    assert_eq!(list(Some(State::Scheduled)).await, ["active future"]);
    assert_eq!(list(Some(State::Live)).await, ["active present"]);
    assert_eq!(list(Some(State::Ended)).await, ["active past"]);
    assert_eq!(list(Some(State::Paused)).await, ["paused future", "paused present", "paused past"]);
    assert_eq!(list(Some(State::Archived)).await, ["archived"]);
    assert_eq!(list(None).await.len(), 9);

    let rules = in_tx!(database, tenant, |tx| promotions::for_rules(tx, None).await).unwrap();
    assert_eq!(rules.len(), 6);
    let rules = in_tx!(database, tenant, |tx| promotions::for_rules(tx, Some(noon())).await);
    assert_eq!(rules.unwrap().len(), 4);
    let nobody = PromotionId::new(Uuid::nil());
    let count = in_tx!(database, tenant, |tx| promotions::count_active(tx, nobody, noon()).await);
    assert_eq!(count.unwrap(), promotions::ActiveCount { active: 2, maximum: 250 });
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    for (name, kind, campaign) in [
        ("Ärmel 10 %", Kind::Pos, Some("summer")),
        ("Shoes_off", Kind::Pos, None),
        ("ÄRMEL and shoes", Kind::CodeLinked, Some("summer")),
    ] {
        let mut new = promotion(name);
        new.terms.kind = kind;
        new.terms.campaign = campaign.map(str::to_owned);
        insert(&database, tenant, new).await;
    }
    let names = async |filter: PromotionFilter| {
        let page = in_tx!(database, tenant, |tx| list(tx, &filter, None, 50).await);
        page.unwrap().items.into_iter().map(|own| name_in(&own.row.document)).collect::<Vec<_>>()
    };
    let q = |text: &str| PromotionFilter { q: Some(text.to_owned()), ..PromotionFilter::default() };
    assert_eq!(names(q("ärmel")).await, ["ÄRMEL and shoes", "Ärmel 10 %"]);
    assert_eq!(names(q("SHOES")).await, ["ÄRMEL and shoes", "Shoes_off"]);
    assert_eq!(names(q("%")).await, ["Ärmel 10 %"]);
    assert_eq!(names(q("_")).await, ["Shoes_off"]);
    let kind = PromotionFilter { kind: Some(PromotionType::Pos), ..PromotionFilter::default() };
    assert_eq!(names(kind).await, ["Shoes_off", "Ärmel 10 %"]);
    let campaign =
        PromotionFilter { campaign: Some("summer".to_owned()), ..PromotionFilter::default() };
    assert_eq!(names(campaign).await.len(), 2);

    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let filter = PromotionFilter::default();
        let page = in_tx!(database, tenant, |tx| list(tx, &filter, after.as_ref(), 1).await);
        let page = page.unwrap();
        seen.extend(page.items.into_iter().map(|own| name_in(&own.row.document)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["ÄRMEL and shoes", "Shoes_off", "Ärmel 10 %"]);
}

#[tokio::test]
async fn having_been_live_follows_from_the_history() {
    let database = TestDatabase::new().await;
    let tenant = database.tenant("A").await;
    let been_live = async |id: Option<PromotionId>| {
        in_tx!(database, tenant, |tx| promotion_history::has_been_live(tx, id, Utc::now()).await)
            .unwrap()
    };
    let around = |name: &str, from: i64, to: i64| {
        let mut new = promotion(name);
        new.terms.starts_at = (Utc::now() + Duration::days(from)).fixed_offset();
        new.terms.ends_at = (Utc::now() + Duration::days(to)).fixed_offset();
        new
    };
    let draft = insert(&database, tenant, around("draft", -1, 1)).await;
    let mut new = around("scheduled", 1, 2);
    new.status = Status::Active;
    let scheduled = insert(&database, tenant, new.clone()).await;
    let mut over = around("activated too late", -2, -1);
    over.status = Status::Active;
    let late = insert(&database, tenant, over).await;
    for id in [Some(draft), Some(scheduled), Some(late), None] {
        assert!(!been_live(id).await);
    }
    // Brought forward, it goes live; paused, it has been.
    new.terms.starts_at = (Utc::now() - Duration::days(1)).fixed_offset();
    in_tx!(database, tenant, |tx| promotions::replace(tx, 1, &new, None).await).unwrap();
    in_tx!(database, tenant, |tx| promotions::set_status(tx, scheduled, Status::Paused, None)
        .await)
    .unwrap();
    assert!(been_live(Some(scheduled)).await);
    assert!(been_live(None).await);
    assert!(!been_live(Some(draft)).await);
}
