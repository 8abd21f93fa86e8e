//! Milestones, customers' progress, and the targets that customers reached (spec 11).
//!
//! Progress rows are always locked in the order of their primary key, by the statement that adds to them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::Filling;
use super::statements::column;
use super::{Page, Result, TenantTx};

#[derive(Clone, Debug)]
pub struct MilestoneRow {
    /// Its id. A milestone that is made again gets another id.
    pub milestone_id: Uuid,
    pub name: String,
    pub document: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

pub async fn get(tx: &mut TenantTx, name: &str) -> Result<Option<MilestoneRow>> {
    tx.optional(sqlx::query_as!(
        MilestoneRow,
        r#"select milestone_id, name, document::text as "document!", created_at, updated_at
             from milestone where tenant_id = $1 and name = $2"#,
        tx.id(),
        name,
    ))
    .await
}

/// Lists milestones in the order of their names, after the name `after`.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<MilestoneRow, String>> {
    let after = after.map(str::to_owned);
    let mut filling =
        Filling::new(limit, after, |row: &MilestoneRow| row.name.clone(), |row| row.document.len());
    while let Some((after, count)) = filling.wants() {
        let query = sqlx::query_as!(
            MilestoneRow,
            r#"select milestone_id, name, document::text as "document!", created_at, updated_at
             from milestone
            where tenant_id = $1 and ($2::text is null or name > $2)
            order by name
            limit $3"#,
            tx.id(),
            after,
            count,
        );
        filling.add(tx.all(query).await?);
    }
    Ok(filling.page())
}

/// Reads every milestone, for the rule set.
pub async fn all(tx: &mut TenantTx) -> Result<Vec<MilestoneRow>> {
    tx.all(sqlx::query_as!(
        MilestoneRow,
        r#"select milestone_id, name, document::text as "document!", created_at, updated_at
             from milestone where tenant_id = $1 order by name"#,
        tx.id(),
    ))
    .await
}

/// Adds or changes a milestone, with the product lists that it names, without duplicates. The caller bumps the version
/// of the rules, which also makes one tenant's writers wait for each other.
pub async fn put(tx: &mut TenantTx, row: &MilestoneRow, lists: &[String]) -> Result<()> {
    tx.run(sqlx::query!(
        "insert into milestone (tenant_id, milestone_id, name, document, created_at, updated_at)
         values ($1, $2, $3, $4::text::jsonb, $5, $6)
         on conflict (tenant_id, milestone_id) do update
            set document = excluded.document, updated_at = excluded.updated_at",
        tx.id(),
        row.milestone_id,
        row.name,
        row.document,
        row.created_at,
        row.updated_at,
    ))
    .await?;
    tx.run(sqlx::query!(
        "delete from milestone_product_list
          where tenant_id = $1 and milestone_id = $2 and list_name <> all ($3::text[])",
        tx.id(),
        row.milestone_id,
        lists,
    ))
    .await?;
    tx.run(sqlx::query!(
        "insert into milestone_product_list (tenant_id, milestone_id, list_name)
         select $1, $2, * from unnest($3::text[])
         on conflict do nothing",
        tx.id(),
        row.milestone_id,
        lists,
    ))
    .await
}

/// Deletes a milestone with all progress of customers.
pub async fn delete(tx: &mut TenantTx, milestone: Uuid) -> Result<()> {
    tx.run(sqlx::query!(
        "with lists as (
             delete from milestone_product_list where tenant_id = $1 and milestone_id = $2),
         targets as (
             delete from milestone_target where tenant_id = $1 and milestone_id = $2),
         steps as (
             delete from milestone_step where tenant_id = $1 and milestone_id = $2)
         delete from milestone_progress where tenant_id = $1 and milestone_id = $2",
        tx.id(),
        milestone,
    ))
    .await?;
    tx.run(sqlx::query!(
        "delete from milestone where tenant_id = $1 and milestone_id = $2",
        tx.id(),
        milestone,
    ))
    .await
}

/// The targets of a milestone that some promotion names, without archived promotions.
pub async fn named_targets(tx: &mut TenantTx, name: &str) -> Result<Vec<String>> {
    tx.values(sqlx::query_scalar!(
        r#"select distinct document -> 'earning' -> 'milestone' ->> 'target' as "target!"
             from promotion
            where tenant_id = $1 and status <> 'archived' and type = 'loyalty_earning'
              and document -> 'earning' -> 'milestone' ->> 'name' = $2"#,
        tx.id(),
        name,
    ))
    .await
}

/// What an activity adds to one milestone.
#[derive(Clone, Debug)]
pub struct NewStep {
    pub milestone_id: Uuid,
    pub window_no: i32,
    /// The amount, as decimal text.
    pub amount: String,
    /// How much of the amount was already returned, as decimal text.
    pub lowered: String,
    /// The counted part of each line, as JSON text.
    pub lines: String,
}

/// A customer's progress in one window.
#[derive(Clone, Debug)]
pub struct Progress {
    pub milestone_id: Uuid,
    pub window_no: i32,
    /// The progress, as decimal text.
    pub progress: String,
}

/// Adds to a customer's progress and records the steps. Returns the new progress.
pub async fn step(
    tx: &mut TenantTx,
    customer: &str,
    activity: &str,
    transaction: Option<&str>,
    steps: &[NewStep],
) -> Result<Vec<Progress>> {
    tx.all(sqlx::query_as!(
        Progress,
        r#"with stepped as (
               insert into milestone_step (tenant_id, milestone_id, activity_id, customer_id, window_no,
                      transaction_id, amount, lowered, lines)
               select $1, milestone_id, $3, $2, window_no, $4, amount::numeric, lowered::numeric, lines
                 from unnest($5::uuid[], $6::int[], $7::text[], $8::text[], $9::text[])
                      as new (milestone_id, window_no, amount, lowered, lines))
           insert into milestone_progress as own (tenant_id, milestone_id, customer_id, window_no, progress)
           select $1, milestone_id, $2, window_no, amount::numeric - lowered::numeric
             from unnest($5::uuid[], $6::int[], $7::text[], $8::text[])
                  as new (milestone_id, window_no, amount, lowered)
            order by milestone_id, window_no
           on conflict (tenant_id, milestone_id, customer_id, window_no) do update
              set progress = own.progress + excluded.progress
           returning milestone_id, window_no, progress::text as "progress!""#,
        tx.id(),
        customer,
        activity,
        transaction,
        &column(steps, |own| own.milestone_id),
        &column(steps, |own| own.window_no),
        &column(steps, |own| own.amount.as_str()) as _,
        &column(steps, |own| own.lowered.as_str()) as _,
        &column(steps, |own| own.lines.as_str()) as _,
    ))
    .await
}

/// A target that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    pub milestone_id: Uuid,
    pub window_no: i32,
    pub target: String,
}

/// Records targets that a customer has reached, and returns those that are new in their windows. The customer's
/// progress is locked.
pub async fn reach(
    tx: &mut TenantTx,
    customer: &str,
    activity: &str,
    reached: &[Reached],
) -> Result<Vec<Reached>> {
    tx.all(sqlx::query_as!(
        Reached,
        "insert into milestone_target (tenant_id, milestone_id, customer_id, window_no, target, activity_id)
         select $1, milestone_id, $2, window_no, target, $3
           from unnest($4::uuid[], $5::int[], $6::text[]) as new (milestone_id, window_no, target)
         on conflict do nothing
         returning milestone_id, window_no, target",
        tx.id(),
        customer,
        activity,
        &column(reached, |own| own.milestone_id),
        &column(reached, |own| own.window_no),
        &column(reached, |own| own.target.as_str()) as _,
    ))
    .await
}

/// How far a customer has come in one window of a milestone.
#[derive(Clone, Debug)]
pub struct Standing {
    pub milestone_id: Uuid,
    /// The progress, as decimal text.
    pub progress: String,
    /// The names of the targets that were reached.
    pub targets: Vec<String>,
}

/// Reads a customer's progress in these windows of milestones. A window without progress has no row.
pub async fn standings(
    tx: &mut TenantTx,
    customer: &str,
    windows: &[(Uuid, i32)],
) -> Result<Vec<Standing>> {
    tx.all(sqlx::query_as!(
        Standing,
        r#"select own.milestone_id, own.progress::text as "progress!",
                  array(select target from milestone_target
                         where milestone_target.tenant_id = $1 and milestone_target.milestone_id = own.milestone_id
                           and milestone_target.customer_id = $2
                           and milestone_target.window_no = own.window_no) as "targets!"
             from unnest($3::uuid[], $4::integer[]) as present (milestone_id, window_no)
             join milestone_progress as own
               on own.tenant_id = $1 and own.milestone_id = present.milestone_id and own.customer_id = $2
              and own.window_no = present.window_no"#,
        tx.id(),
        customer,
        &column(windows, |(milestone, _)| *milestone),
        &column(windows, |(_, window)| *window),
    ))
    .await
}

/// What an activity has added to one milestone.
#[derive(Clone, Debug)]
pub struct StepRow {
    pub milestone_id: Uuid,
    pub activity_id: String,
    /// How much of it was returned, as decimal text.
    pub lowered: String,
    /// The counted part of each line, as JSON text.
    pub lines: String,
}

/// Reads what the activities of a transaction have added. The redemption is locked, so only one return of a transaction
/// runs at a time.
pub async fn of_transaction(tx: &mut TenantTx, transaction: &str) -> Result<Vec<StepRow>> {
    tx.all(sqlx::query_as!(
        StepRow,
        r#"select milestone_id, activity_id, lowered::text as "lowered!", lines
             from milestone_step
            where tenant_id = $1 and transaction_id = $2
            order by milestone_id, activity_id"#,
        tx.id(),
        transaction,
    ))
    .await
}

/// Sets how much of these steps was returned in total, and lowers progress by the increase, but never below 0.
pub async fn lower(tx: &mut TenantTx, steps: &[(Uuid, String, String)]) -> Result<()> {
    let milestones: Vec<Uuid> = steps.iter().map(|own| own.0).collect();
    let activities: Vec<&str> = steps.iter().map(|own| own.1.as_str()).collect();
    let lowered: Vec<&str> = steps.iter().map(|own| own.2.as_str()).collect();
    tx.lock(sqlx::query!(
        "select 1 as one from milestone_progress as own
          where own.tenant_id = $1 and (milestone_id, customer_id, window_no) in (
                select step.milestone_id, step.customer_id, step.window_no
                  from milestone_step as step
                  join unnest($2::uuid[], $3::text[]) as new (milestone_id, activity_id)
                    on new.milestone_id = step.milestone_id and new.activity_id = step.activity_id
                 where step.tenant_id = $1)
          order by milestone_id, customer_id, window_no
            for no key update of own",
        tx.id(),
        &milestones,
        &activities as _,
    ))
    .await?;
    tx.run(sqlx::query!(
        "with due as (
             select step.milestone_id, step.activity_id, step.customer_id, step.window_no,
                    new.lowered::numeric as lowered, new.lowered::numeric - step.lowered as back
               from milestone_step as step
               join unnest($2::uuid[], $3::text[], $4::text[]) as new (milestone_id, activity_id, lowered)
                 on new.milestone_id = step.milestone_id and new.activity_id = step.activity_id
              where step.tenant_id = $1),
         noted as (
             update milestone_step as step set lowered = due.lowered
               from due
              where step.tenant_id = $1 and step.milestone_id = due.milestone_id
                and step.activity_id = due.activity_id)
         update milestone_progress as own set progress = greatest(own.progress - sums.back, 0)
           from (select milestone_id, customer_id, window_no, sum(back) as back from due group by 1, 2, 3) as sums
          where own.tenant_id = $1 and own.milestone_id = sums.milestone_id
            and own.customer_id = sums.customer_id and own.window_no = sums.window_no",
        tx.id(),
        &milestones,
        &activities as _,
        &lowered as _,
    ))
    .await
}
