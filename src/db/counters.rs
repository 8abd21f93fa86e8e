//! The counters of limits. They are always locked in the order of their primary key, so that two transactions cannot
//! deadlock.

use uuid::Uuid;

use super::statements::{column, raced_unless};
use super::{Result, TenantTx};
use crate::domain::counter::{CounterKey, Used};
use crate::domain::limit::{LimitSubject, Measure};

/// A change of a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterChange {
    pub counter: CounterKey,
    /// The amount to add; negative to take off.
    pub change: i64,
    /// The bound of the sum.
    pub maximum: i64,
}

/// Counters as arrays of columns, for statements.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) promotions: Vec<Uuid>,
    pub(super) subjects: Vec<LimitSubject>,
    pub(super) owners: Vec<String>,
    pub(super) measures: Vec<Measure>,
    pub(super) windows: Vec<i32>,
}

impl Columns {
    pub(super) fn of<'c>(counters: impl Iterator<Item = &'c CounterKey>) -> Self {
        let mut columns = Self::default();
        for counter in counters {
            columns.promotions.push(counter.promotion_id.uuid());
            columns.subjects.push(counter.owner.subject());
            columns.owners.push(counter.owner.name());
            columns.measures.push(counter.measure);
            columns.windows.push(counter.window);
        }
        columns
    }
}

/// Returns how much is used of each counter. `found` has places, counted from 1, and amounts. A counter that was not
/// found is unused.
pub(super) fn used(
    counters: Vec<CounterKey>,
    found: impl Iterator<Item = (i64, i64)>,
) -> Vec<Used> {
    let mut all: Vec<Used> =
        counters.into_iter().map(|counter| Used { counter, amount: 0 }).collect();
    for (place, amount) in found {
        let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        if let Some(own) = place.and_then(|place| all.get_mut(place)) {
            own.amount = amount;
        }
    }
    all
}

/// Reads counters, in the given order.
pub async fn read(tx: &mut TenantTx, counters: Vec<CounterKey>) -> Result<Vec<Used>> {
    let columns = Columns::of(counters.iter());
    // `offset 0` keeps one subquery for each counter, so that each is found by the whole key. A join could get a worse
    // plan from misleading statistics.
    let rows = tx.all(sqlx::query!(
        r#"select wanted.place as "place!", counter.used as "used!"
             from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[]) with ordinality
                  as wanted (promotion_id, subject, owner, measure, window_no, place)
            cross join lateral (
                select used from limit_counter
                 where tenant_id = $1 and promotion_id = wanted.promotion_id and subject = wanted.subject
                   and owner = wanted.owner and measure = wanted.measure and window_no = wanted.window_no
                offset 0) as counter"#,
        tx.id(),
        &columns.promotions,
        &columns.subjects as _,
        &columns.owners,
        &columns.measures as _,
        &columns.windows,
    ))
    .await?;
    Ok(used(counters, rows.iter().map(|row| (row.place, row.used))))
}

/// Reads counters like [`read`], and locks them to the end of the transaction.
pub async fn lock(tx: &mut TenantTx, counters: Vec<CounterKey>) -> Result<Vec<Used>> {
    let columns = Columns::of(counters.iter());
    let rows = tx.all(sqlx::query!(
        r#"select wanted.place as "place!", counter.used as "used!"
             from (select * from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[]) with ordinality
                          as named (promotion_id, subject, owner, measure, window_no, place)
                    order by promotion_id, subject collate "C", owner collate "C", measure collate "C", window_no)
                  as wanted
            cross join lateral (
                select used from limit_counter
                 where tenant_id = $1 and promotion_id = wanted.promotion_id and subject = wanted.subject
                   and owner = wanted.owner and measure = wanted.measure and window_no = wanted.window_no
                   for no key update) as counter"#,
        tx.id(),
        &columns.promotions,
        &columns.subjects as _,
        &columns.owners,
        &columns.measures as _,
        &columns.windows,
    ))
    .await?;
    Ok(used(counters, rows.iter().map(|row| (row.place, row.used))))
}

/// Adds to counters, and makes missing ones. The caller has locked the counters and checked the sums. As a second
/// check, a sum beyond its bound writes no row and results in `Raced`.
pub async fn take(tx: &mut TenantTx, changes: &[CounterChange]) -> Result<()> {
    let columns = Columns::of(changes.iter().map(|change| &change.counter));
    let written = tx.written(sqlx::query!(
        "insert into limit_counter as counter
                (tenant_id, promotion_id, subject, owner, measure, window_no, used, maximum)
         select $1, * from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::bigint[])
                as new (promotion_id, subject, owner, measure, window_no, change, maximum)
          order by promotion_id, subject collate \"C\", owner collate \"C\", measure collate \"C\", window_no
         on conflict (tenant_id, promotion_id, subject, owner, measure, window_no) do update
            set used = counter.used + excluded.used, maximum = excluded.maximum
          where counter.used + excluded.used <= excluded.maximum",
        tx.id(),
        &columns.promotions,
        &columns.subjects as _,
        &columns.owners,
        &columns.measures as _,
        &columns.windows,
        &column(changes, |own| own.change),
        &column(changes, |own| own.maximum),
    ))
    .await?;
    raced_unless(written, changes.len())
}

/// Takes amounts off existing, locked counters; the changes are negative. `Raced` if a counter would fall below zero.
pub async fn put_back(tx: &mut TenantTx, changes: &[CounterChange]) -> Result<()> {
    let columns = Columns::of(changes.iter().map(|change| &change.counter));
    let written = tx.written(sqlx::query!(
        "update limit_counter as counter
            set used = counter.used + new.change,
                was_used_up = counter.was_used_up or counter.subject = 'earn' and counter.used >= counter.maximum
           from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[])
                as new (promotion_id, subject, owner, measure, window_no, change)
          where counter.tenant_id = $1 and counter.promotion_id = new.promotion_id
            and counter.subject = new.subject and counter.owner = new.owner
            and counter.measure = new.measure and counter.window_no = new.window_no
            and counter.used + new.change >= 0",
        tx.id(),
        &columns.promotions,
        &columns.subjects as _,
        &columns.owners,
        &columns.measures as _,
        &columns.windows,
        &column(changes, |own| own.change),
    ))
    .await?;
    raced_unless(written, changes.len())
}

/// Gives back everything that these redemptions took from counters and have not given back yet, and notes it in their
/// uses. `promotions` limits this to some promotions. The redemptions are locked.
pub async fn give_back(
    tx: &mut TenantTx,
    redemptions: &[Uuid],
    promotions: Option<&[Uuid]>,
) -> Result<()> {
    lock_taken(tx, redemptions, promotions).await?;
    tx.run(sqlx::query!(
        "with due as (
             select redemption_id, promotion_id, subject, owner, measure, window_no, amount - given_back as rest
               from redemption_use
              where tenant_id = $1 and redemption_id = any ($2::uuid[]) and given_back < amount
                and ($3::uuid[] is null or promotion_id = any ($3::uuid[]))
                for update),
         given as (
             update redemption_use as own set given_back = amount
               from due
              where own.tenant_id = $1 and own.redemption_id = due.redemption_id
                and own.promotion_id = due.promotion_id and own.subject = due.subject and own.measure = due.measure)
         update limit_counter as counter
            set used = counter.used - sums.rest,
                was_used_up = counter.was_used_up or counter.subject = 'earn' and counter.used >= counter.maximum
           from (select promotion_id, subject, owner, measure, window_no, sum(rest)::bigint as rest
                   from due group by 1, 2, 3, 4, 5) as sums
          where counter.tenant_id = $1 and counter.promotion_id = sums.promotion_id
            and counter.subject = sums.subject and counter.owner = sums.owner
            and counter.measure = sums.measure and counter.window_no = sums.window_no",
        tx.id(),
        redemptions,
        promotions as Option<&[Uuid]>,
    ))
    .await
}

/// Locks, in the order of the primary key, the counters that these redemptions took from and have not fully given back
/// to. `promotions` limits this to some promotions.
pub(super) async fn lock_taken(
    tx: &mut TenantTx,
    redemptions: &[Uuid],
    promotions: Option<&[Uuid]>,
) -> Result<()> {
    tx.lock(sqlx::query!(
        "select 1 as one from limit_counter as counter
          where (tenant_id, promotion_id, subject, owner, measure, window_no) in (
                select tenant_id, promotion_id, subject, owner, measure, window_no from redemption_use
                 where tenant_id = $1 and redemption_id = any ($2::uuid[]) and given_back < amount
                   and ($3::uuid[] is null or promotion_id = any ($3::uuid[])))
          order by promotion_id, subject, owner, measure, window_no
            for no key update of counter",
        tx.id(),
        redemptions,
        promotions as Option<&[Uuid]>,
    ))
    .await
}
