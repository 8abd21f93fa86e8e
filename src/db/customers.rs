//! Customers are merged into another customer, or replaced by a random id when they are deleted (spec 3).
//!
//! Locks are taken in the same order as everywhere else: redemptions, issuances that could be used, counters, progress,
//! the customer's rows of promotions, the other issuances, codes. [`remains`] finds rows that others commit in between, and
//! the caller then repeats [`pass_on`]. So everything of a customer is moved.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Result, TenantTx, outbox};

/// How much was moved to another customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Redemptions, with their uses of the customer's limits.
    pub redemptions: i64,
    /// Activities, with their steps of milestones.
    pub activities: i64,
    pub issuances: i64,
    /// Codes that are bound to the customer.
    pub codes: i64,
}

/// Moves everything of one customer to another. Counts are added.
pub async fn pass_on(tx: &mut TenantTx, from: &str, into: &str) -> Result<Moved> {
    let redemptions = redemptions(tx, from, into).await?;
    lock_usable(tx, from, into).await?;
    counters(tx, from, into).await?;
    let activities = activities(tx, from, into).await?;
    hands(tx, from, into).await?;
    let issuances = issuances(tx, from, into).await?;
    let codes = codes(tx, from, into).await?;
    Ok(Moved { redemptions, activities, issuances, codes })
}

/// Whether the customer still has anything. Rows of transactions that have not committed yet are not seen; they count
/// as if they came later.
pub async fn remains(tx: &mut TenantTx, customer: &str) -> Result<bool> {
    tx.value(sqlx::query_scalar!(
        r#"select exists (select from redemption where tenant_id = $1 and customer_id = $2)
               or exists (select from activity where tenant_id = $1 and customer_id = $2)
               or exists (select from milestone_progress where tenant_id = $1 and customer_id = $2)
               or exists (select from customer_promotion where tenant_id = $1 and customer_id = $2)
               or exists (select from issuance where tenant_id = $1 and customer_id = $2)
               or exists (select from code where tenant_id = $1 and customer_id = $2) as "remains!""#,
        tx.id(),
        customer,
    ))
    .await
}

async fn redemptions(tx: &mut TenantTx, from: &str, into: &str) -> Result<i64> {
    tx.value(sqlx::query_scalar!(
        r#"with mine as (
               select redemption_id from redemption
                where tenant_id = $1 and customer_id = $2
                order by redemption_id
                  for no key update),
           moved as (
               update redemption as own set customer_id = $3
                 from mine
                where own.tenant_id = $1 and own.redemption_id = mine.redemption_id),
           taken as (
               update redemption_use as own set owner = $3
                 from mine
                where own.tenant_id = $1 and own.redemption_id = mine.redemption_id
                  and own.subject = 'customer' and own.owner = $2)
           select count(*) as "count!" from mine"#,
        tx.id(),
        from,
        into,
    ))
    .await
}

/// Locks the usable issuances of both customers. This waits for the redemptions that use them now.
async fn lock_usable(tx: &mut TenantTx, from: &str, into: &str) -> Result<()> {
    tx.lock(sqlx::query!(
        "select issuance_id from issuance
          where tenant_id = $1 and customer_id in ($2, $3) and unlocked_at is not null
          order by issuance_id
            for no key update",
        tx.id(),
        from,
        into,
    ))
    .await
}

/// Adds the customer's counters to those of the other, promotion by promotion. A sum may exceed its limit. Then the
/// row's maximum is raised to the sum, so that the counter stays true and nothing is left.
async fn counters(tx: &mut TenantTx, from: &str, into: &str) -> Result<()> {
    tx.lock(sqlx::query!(
        "select 1 as one
           from (select promotion_id from promotion where tenant_id = $1 order by promotion_id offset 0) as own
          cross join lateral (
                select from limit_counter
                 where tenant_id = $1 and promotion_id = own.promotion_id and subject = 'customer'
                   and owner in ($2, $3)
                 order by owner, measure, window_no
                   for no key update) as counter",
        tx.id(),
        from,
        into,
    ))
    .await?;
    tx.run(sqlx::query!(
        "with gone as (
             delete from limit_counter as counter using promotion
              where promotion.tenant_id = $1 and counter.tenant_id = $1
                and counter.promotion_id = promotion.promotion_id
                and counter.subject = 'customer' and counter.owner = $2
             returning counter.promotion_id, counter.measure, counter.window_no, counter.used, counter.maximum)
         insert into limit_counter as counter
                (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
         select $1, promotion_id, 'customer', $3, measure, window_no, used, maximum
           from gone
          order by promotion_id, measure, window_no
         on conflict (tenant_id, promotion_id, subject, owner, measure, window_no) do update
            set used = counter.used + excluded.used,
                maximum = greatest(counter.maximum, excluded.maximum, counter.used + excluded.used)",
        tx.id(),
        from,
        into,
    ))
    .await
}

/// Moves activities with their steps, progress and targets, in one statement, so that an activity that commits
/// meanwhile is moved as a whole or not at all. A target that both customers had reached counts once.
async fn activities(tx: &mut TenantTx, from: &str, into: &str) -> Result<i64> {
    tx.lock(sqlx::query!(
        "select 1 as one from milestone_progress
          where tenant_id = $1 and customer_id in ($2, $3)
          order by milestone_id, customer_id, window_no
            for no key update",
        tx.id(),
        from,
        into,
    ))
    .await?;
    tx.value(sqlx::query_scalar!(
        r#"with progress as (
               delete from milestone_progress where tenant_id = $1 and customer_id = $2
               returning milestone_id, window_no, progress),
           added as (
               insert into milestone_progress as own (tenant_id, milestone_id, customer_id, window_no, progress)
               select $1, milestone_id, $3, window_no, progress from progress
                order by milestone_id, window_no
               on conflict (tenant_id, milestone_id, customer_id, window_no) do update
                  set progress = own.progress + excluded.progress),
           reached as (
               delete from milestone_target as own using milestone
                where milestone.tenant_id = $1 and own.tenant_id = $1
                  and own.milestone_id = milestone.milestone_id and own.customer_id = $2
               returning own.milestone_id, own.window_no, own.target, own.activity_id),
           kept as (
               insert into milestone_target (tenant_id, milestone_id, customer_id, window_no, target, activity_id)
               select $1, milestone_id, $3, window_no, target, activity_id from reached
                order by milestone_id, window_no, target
               on conflict do nothing),
           steps as (
               update milestone_step as own set customer_id = $3
                 from activity, milestone
                where activity.tenant_id = $1 and activity.customer_id = $2 and milestone.tenant_id = $1
                  and own.tenant_id = $1 and own.milestone_id = milestone.milestone_id
                  and own.activity_id = activity.activity_id),
           moved as (
               update activity set customer_id = $3 where tenant_id = $1 and customer_id = $2
               returning activity_id)
           select count(*) as "count!" from moved"#,
        tx.id(),
        from,
        into,
    ))
    .await
}

/// Adds up how often each promotion was given.
async fn hands(tx: &mut TenantTx, from: &str, into: &str) -> Result<()> {
    tx.lock(sqlx::query!(
        "select 1 as one from customer_promotion
          where tenant_id = $1 and customer_id in ($2, $3)
          order by promotion_id, customer_id
            for no key update",
        tx.id(),
        from,
        into,
    ))
    .await?;
    tx.run(sqlx::query!(
        "with gone as (
             delete from customer_promotion where tenant_id = $1 and customer_id = $2
             returning promotion_id, issued, unlocked)
         insert into customer_promotion as own (tenant_id, promotion_id, customer_id, issued, unlocked)
         select $1, promotion_id, $3, issued, unlocked from gone
          order by promotion_id
         on conflict (tenant_id, promotion_id, customer_id) do update
            set issued = own.issued + excluded.issued, unlocked = own.unlocked + excluded.unlocked",
        tx.id(),
        from,
        into,
    ))
    .await
}

/// Moves issuances. They keep a hash of the customer to whom they were first issued.
async fn issuances(tx: &mut TenantTx, from: &str, into: &str) -> Result<i64> {
    let moved = tx.written(sqlx::query!(
        "with mine as (
             select issuance_id from issuance
              where tenant_id = $1 and customer_id = $2
              order by issuance_id
                for no key update)
         update issuance as own
            set customer_id = $3,
                issued_to = case own.issued_to when '' then sha256(convert_to($2, 'UTF8')) else own.issued_to end
           from mine
          where own.tenant_id = $1 and own.issuance_id = mine.issuance_id",
        tx.id(),
        from,
        into,
    ))
    .await?;
    Ok(i64::try_from(moved).unwrap_or(i64::MAX))
}

/// Binds the customer's codes to the other.
async fn codes(tx: &mut TenantTx, from: &str, into: &str) -> Result<i64> {
    let moved = tx
        .written(sqlx::query!(
            "with mine as (
             select code_key from code
              where tenant_id = $1 and customer_id = $2
              order by code_key
                for no key update)
         update code as own set customer_id = $3
           from mine
          where own.tenant_id = $1 and own.code_key = mine.code_key",
            tx.id(),
            from,
            into,
        ))
        .await?;
    Ok(i64::try_from(moved).unwrap_or(i64::MAX))
}

/// Keeps one claim of each promotion that the customer has claimed more than once, revokes the others, and returns
/// those. It keeps the customer's own claim rather than a merged one, then the earliest.
pub async fn revoke_further_claims(
    tx: &mut TenantTx,
    customer: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    tx.values(sqlx::query_scalar!(
        "update issuance as own set revoked_at = $3
          where tenant_id = $1 and customer_id = $2 and source = 'activation' and revoked_at is null
            and exists (
                select from issuance as first
                 where first.tenant_id = $1 and first.customer_id = $2 and first.promotion_id = own.promotion_id
                   and first.source = 'activation' and first.revoked_at is null
                   and (first.issued_to <> '', first.issued_at, first.issuance_id)
                     < (own.issued_to <> '', own.issued_at, own.issuance_id))
         returning issuance_id",
        tx.id(),
        customer,
        now,
    ))
    .await
}

/// Replaces older ids of the customer inside stored texts by the present id: in recorded requests, in answers to
/// activities, and in the data of issuances' events. Recorded requests also lose the customer's attributes. The
/// patterns rely on the exact form in which the service prints these texts.
///
/// INVARIANT: all of these rows are locked, because they were just moved. Callers' texts cannot match the patterns by
/// accident, because quotation marks inside them are escaped.
pub async fn forget(tx: &mut TenantTx, customer: Uuid) -> Result<()> {
    let name = customer.to_string();
    tx.run(sqlx::query!(
        r#"update redemption
              set request = regexp_replace(
                      regexp_replace(request, '"customer":\{"id":"(?:[^"\\]|\\.)*"', '"customer":{"id":"' || $2 || '"'),
                      ',"attributes":\{"(?:[^"\\]|\\.)*":"(?:[^"\\]|\\.)*"(?:,"(?:[^"\\]|\\.)*":"(?:[^"\\]|\\.)*")*\}\}(?=,"(?:store|channel|at|explain)":)',
                      '}')
            where tenant_id = $1 and customer_id = $2"#,
        tx.id(),
        name,
    ))
    .await?;
    tx.run(sqlx::query!(
        r#"update activity
              set answer = regexp_replace(
                      answer, '"customer_id":"(?:[^"\\]|\\.)*"', '"customer_id":"' || $2 || '"', 'g')
            where tenant_id = $1 and customer_id = $2"#,
        tx.id(),
        name,
    ))
    .await?;
    let issuances = tx
        .values(sqlx::query_scalar!(
            "select issuance_id from issuance where tenant_id = $1 and customer_id = $2",
            tx.id(),
            name,
        ))
        .await?;
    if issuances.is_empty() {
        return Ok(());
    }
    // With this lock no events are numbered meanwhile, so no event moves from one table to the other.
    outbox::lock(tx).await?;
    tx.run(sqlx::query!(
        r#"update outbox
              set data = regexp_replace(data, '"customer_id":"(?:[^"\\]|\\.)*"', '"customer_id":"' || $2 || '"')
            where tenant_id = $1 and subject = 'issuance' and subject_id = any($3)"#,
        tx.id(),
        name,
        &issuances,
    ))
    .await?;
    tx.run(sqlx::query!(
        r#"update event
              set data = regexp_replace(data, '"customer_id":"(?:[^"\\]|\\.)*"', '"customer_id":"' || $2 || '"')
            where tenant_id = $1 and subject = 'issuance' and subject_id = any($3)"#,
        tx.id(),
        name,
        &issuances,
    ))
    .await
}
