//! The judge: reads the database as its owner, and compares counters, ledger and what the tills were told.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::till::{Book, State};

/// How long what was begun may go on: a statement's time, and that of a transaction that nobody ends.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most lines of a report.
const MOST_LINES: usize = 20;

/// What must be empty, and each row of it a sentence. Read on one snapshot.
const RULES: &[(&str, &str)] = &[
    ("a counter is what its uses add up to, and within its bounds", "
        with taken as (
            select tenant_id, promotion_id, subject, owner, measure, window_no, sum(amount - given_back) as taken
              from redemption_use group by 1, 2, 3, 4, 5, 6)
        select format('%s %s %s %s window %s: used %s of %s, uses %s', c.promotion_id, c.subject, c.owner, c.measure,
                      c.window_no, c.used, c.maximum, coalesce(taken, 0))
          from limit_counter c left join taken using (tenant_id, promotion_id, subject, owner, measure, window_no)
         where c.used <> coalesce(taken, 0) or c.used < 0 or c.used > c.maximum"),
    ("what was taken has a counter", "
        select format('%s of %s: %s %s %s', u.redemption_id, u.promotion_id, u.subject, u.owner, u.measure)
          from redemption_use u left join limit_counter c
               using (tenant_id, promotion_id, subject, owner, measure, window_no)
         where c.used is null and u.amount > u.given_back"),
    ("a counter's maximum is the promotion's limit", "
        select format('%s %s %s: %s for %s', promotion_id, subject, measure, maximum,
                      p.document #>> array['limits', subject, measure, 'max'])
          from limit_counter c join promotion p using (tenant_id, promotion_id)
               cross join lateral (
                   select (p.document #>> array['limits', subject, measure, 'max'])::numeric
                          * case measure when 'discount' then 10000 else 1 end as allowed) as bound
         where maximum < allowed
            -- What merged customers have used in all may be more than one may.
            or maximum > allowed and not (subject = 'customer' and exists (
                   select from audit a where a.tenant_id = c.tenant_id and a.subject = 'customer'))"),
    ("what a customer or an issuance has used is what its redemptions took", "
        select format('%s of %s: %s of %s, the redemption is of %s by %s', u.redemption_id, u.promotion_id, u.subject,
                      u.owner, r.customer_id, p.issuance_id)
          from redemption_use u join redemption r using (tenant_id, redemption_id)
               join redemption_promotion p using (tenant_id, redemption_id, promotion_id)
         where u.subject = 'customer' and u.owner is distinct from r.customer_id
            or u.subject = 'earn' and u.owner is distinct from p.issuance_id::text"),
    ("how often a customer was given a promotion is how many issuances there are", "
        with given as (
            select tenant_id, promotion_id, customer_id, count(*) as issued, count(unlocked_at) as unlocked
              from issuance where source <> 'activation' group by 1, 2, 3)
        select format('%s of %s: counted %s and %s, there are %s and %s', promotion_id, customer_id, h.issued,
                      h.unlocked, given.issued, given.unlocked)
          from customer_promotion h full join given using (tenant_id, promotion_id, customer_id)
         where coalesce(h.issued, 0) <> coalesce(given.issued, 0)
            or coalesce(h.unlocked, 0) <> coalesce(given.unlocked, 0)"),
    ("a customer's progress is what its activities moved", "
        with moved as (
            select tenant_id, milestone_id, customer_id, window_no, sum(amount - lowered) as moved
              from milestone_step group by 1, 2, 3, 4)
        select format('%s of %s in window %s: %s, moved %s', milestone_id, customer_id, window_no, progress, moved)
          from milestone_progress p full join moved using (tenant_id, milestone_id, customer_id, window_no)
         where coalesce(progress, 0) <> coalesce(moved, 0)
        union all
        select format('%s is of %s, what it moved of %s', activity_id, a.customer_id, s.customer_id)
          from milestone_step s left join activity a using (tenant_id, activity_id)
         where s.customer_id is distinct from a.customer_id"),
    ("what became of an issuance is told, once each", "
        with told as (
            select tenant_id, subject_id, count(*) filter (where type = 'issuance.issued') as issued,
                   count(*) filter (where type = 'issuance.unlocked') as unlocked,
                   count(*) filter (where type = 'issuance.activated') as activated,
                   count(*) filter (where type = 'issuance.revoked') as revoked
              from (select tenant_id, subject, subject_id, type from outbox
                    union all
                    select tenant_id, subject, subject_id, type from event) as written
             where subject = 'issuance' group by 1, 2)
        select format('%s: told issued %s, unlocked %s, activated %s, revoked %s', coalesce(issuance_id, subject_id),
                      issued, unlocked, activated, revoked)
          from issuance i full join told on told.tenant_id = i.tenant_id and subject_id = issuance_id
         where issued is distinct from 1
            or unlocked is distinct from (unlocked_at is not null and source <> 'activation')::int
            or activated is distinct from (activated_at is not null)::int
            or revoked is distinct from (revoked_at is not null)::int"),
    ("what a use took is what its promotion gave", "
        select format('%s %s %s: %s', u.redemption_id, u.subject, u.measure, u.amount)
          from redemption_use u left join redemption_promotion p using (tenant_id, redemption_id, promotion_id)
         where u.amount is distinct from
               case measure when 'times' then p.times when 'transactions' then 1 else p.discount end"),
    ("each limit of an applied promotion has its use", "
        select format('%s of %s: no use of %s %s', r.redemption_id, r.promotion_id, subject, measure)
          from redemption_promotion r join promotion p using (tenant_id, promotion_id)
               cross join lateral jsonb_each(p.document -> 'limits') as parts (subject, measures)
               cross join lateral jsonb_object_keys(measures) as measure
         where subject in ('customer', 'promotion', 'code') and (measure <> 'discount' or r.discount > 0)
           and not exists (select from redemption_use u
                            where u.tenant_id = r.tenant_id and u.redemption_id = r.redemption_id
                              and u.promotion_id = r.promotion_id and u.subject = parts.subject
                              and u.measure = measure.measure)"),
    ("what has ended has given back everything, a hold nothing, a sale only what came back", "
        select format('%s is %s: %s %s took %s and gave back %s', redemption_id, state, subject, measure, amount,
                      given_back)
          from redemption_use u join redemption r using (tenant_id, redemption_id)
         where case when state in ('cancelled', 'expired', 'replaced') then given_back <> amount
                    when state = 'held' then given_back <> 0
                    when restored_at is not null then false
                    else given_back <> 0 and (measure <> 'discount' or not exists (
                        select from redemption_return b
                         where b.tenant_id = r.tenant_id and b.redemption_id = r.redemption_id)) end"),
    ("the ledger says what the result says", "
        with given as (
            select tenant_id, redemption_id, jsonb_object_agg(promotion_id, jsonb_build_array(times, discount)) as given
              from redemption_promotion group by 1, 2),
        told as (
            select r.tenant_id, redemption_id,
                   round((result::jsonb #>> '{totals,discount}')::numeric * 10000) as discount,
                   (select jsonb_object_agg(one ->> 'promotion_id', jsonb_build_array((one ->> 'times')::bigint,
                               round((one ->> 'discount')::numeric * 10000)::bigint))
                      from jsonb_array_elements(result::jsonb -> 'applied') as one) as told
              from redemption r)
        select format('%s: %s is %s, in the ledger %s', redemption_id, told.discount, told, given)
          from told join redemption r using (tenant_id, redemption_id) left join given using (tenant_id, redemption_id)
         where told is distinct from given or told.discount <> r.discount"),
    ("the open holds are the redemptions that are held", "
        select format('%s: %s', redemption_id, coalesce(r.state, 'no redemption'))
          from (select * from redemption where state = 'held') r full join hold h using (tenant_id, redemption_id)
         where r.state is null or h.redemption_id is null or r.expires_at <> h.expires_at"),
    ("no hold outlives its time by more than a second", "
        select format('%s expired at %s', redemption_id, expires_at) from hold
         where expires_at < statement_timestamp() - interval '1.5 s'"),
    ("a transaction has one redemption that counts", "
        select format('%s: %s', transaction_id, array_agg(redemption_id || ' ' || state))
          from redemption where state in ('held', 'committed') group by tenant_id, transaction_id having count(*) > 1"),
    ("a transaction names its redemption", "
        select format('%s: %s is %s, the transaction names %s', r.transaction_id, r.redemption_id, r.state,
                      k.redemption_id)
          from redemption r left join redemption_key k using (tenant_id, transaction_id)
         where r.state in ('held', 'committed') and k.redemption_id is distinct from r.redemption_id
        union all
        select format('%s names %s, which is not there', k.transaction_id, k.redemption_id)
          from redemption_key k left join redemption r using (tenant_id, redemption_id)
         where k.redemption_id is not null and r.transaction_id is distinct from k.transaction_id"),
    ("what became of a redemption is told, once each", "
        with told as (
            select tenant_id, subject_id, count(*) filter (where type = 'redemption.committed') as committed,
                   string_agg(data::jsonb ->> 'cause', ' ') as causes,
                   count(*) filter (where type = 'redemption.returned') as returned
              from (select tenant_id, subject, subject_id, type, data from outbox
                    union all
                    select tenant_id, subject, subject_id, type, data from event) as written
             where subject = 'redemption' group by 1, 2)
        select format('%s is %s: told committed %s, ended as %s, returned %s', coalesce(redemption_id, subject_id),
                      state, committed, causes, returned)
          from redemption r full join told on told.tenant_id = r.tenant_id and subject_id = redemption_id
         where state is null or coalesce(committed, 0) <> (state = 'committed')::int
            or causes is distinct from case when state in ('cancelled', 'expired', 'replaced') then state end
            or coalesce(returned, 0) <> (select count(*) from redemption_return b
                                          where b.tenant_id = r.tenant_id and b.redemption_id = r.redemption_id)"),
    ("a limit on a promotion that is reached is told, once", "
        with told as (
            select tenant_id, subject_id, data::jsonb ->> 'limit' as name, (data::jsonb ->> 'window')::int as window_no,
                   count(*) as times
              from (select tenant_id, subject_id, type, data from outbox
                    union all
                    select tenant_id, subject_id, type, data from event) as written
             where type = 'promotion.budget_exhausted' group by 1, 2, 3, 4)
        select format('%s %s window %s: %s of %s, told %s times', promotion_id, measure, c.window_no, used, maximum,
                      times)
          from limit_counter c
          left join told on told.tenant_id = c.tenant_id and subject_id = promotion_id
                        and name = 'promotion.' || measure and told.window_no = c.window_no
         where subject = 'promotion' and (times > 1 or (used = maximum and times is null))"),
    ("no more comes back than was bought", "
        select format('%s line %s: %s thousandths and %s of %s', redemption_id, b.line_id, b.quantity, b.refunded, line)
          from redemption_returned_line b join redemption r using (tenant_id, redemption_id)
               left join lateral (select line from jsonb_array_elements(r.result::jsonb -> 'lines') as line
                                   where line ->> 'id' = b.line_id) as bought on true
         where line is null or b.quantity > (line ->> 'quantity')::numeric * 1000
            or b.refunded > (line ->> 'payable')::numeric"),
];

/// What there is, for figures and for further comparisons.
#[derive(Debug)]
pub struct Ledger {
    rows: HashMap<(String, String), Row>,
}

#[derive(Debug)]
struct Row {
    transaction: String,
    state: String,
    result: String,
}

impl Ledger {
    /// How many redemptions are in a state.
    pub fn count(&self, state: &str) -> usize {
        self.rows.values().filter(|row| row.state == state).count()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether a redemption is in one of these states.
    pub fn is_in(&self, tenant: &str, id: &str, states: &[&str]) -> bool {
        let row = self.rows.get(&(tenant.to_owned(), id.to_owned()));
        row.is_some_and(|row| states.contains(&row.state.as_str()))
    }
}

/// Waits until nothing is under way, then compares everything. `book` is what tills were told; whether they were told
/// everything that there is, is for [`check_all`].
#[track_caller]
pub fn check<'c>(owner: &'c PgConnectOptions, book: &'c Book) -> impl Future<Output = Ledger> + 'c {
    let caller = std::panic::Location::caller();
    async move {
        let (ledger, faults) = judge(owner, book, false).await;
        report(faults, caller);
        ledger
    }
}

/// The same where every till went on until it was answered: the ledger holds nothing that nobody was told.
#[track_caller]
pub fn check_all<'c>(
    owner: &'c PgConnectOptions,
    book: &'c Book,
) -> impl Future<Output = Ledger> + 'c {
    let caller = std::panic::Location::caller();
    async move {
        let (ledger, faults) = judge(owner, book, true).await;
        report(faults, caller);
        ledger
    }
}

fn report(faults: Vec<String>, caller: &std::panic::Location<'_>) {
    let count = faults.len();
    let shown: Vec<String> = faults.into_iter().take(MOST_LINES).collect();
    assert!(count == 0, "{caller}: {count} faults\n{}", shown.join("\n"));
}

async fn judge(owner: &PgConnectOptions, book: &Book, whole: bool) -> (Ledger, Vec<String>) {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let mut faults = quiet(&mut connection).await;
    let mut tx = connection
        .begin_with("begin isolation level repeatable read, read only")
        .await
        .expect("a snapshot");
    for (rule, statement) in RULES {
        let rows: Vec<String> = sqlx::query_scalar(*statement)
            .fetch_all(&mut *tx)
            .await
            .unwrap_or_else(|error| panic!("{rule}: {error}"));
        faults.extend(rows.into_iter().map(|row| format!("{rule}: {row}")));
    }
    let rows: Vec<(String, String, String, String, String)> = sqlx::query_as(
        "select tenant_id::text, redemption_id::text, transaction_id, state, result from redemption",
    )
    .fetch_all(&mut *tx)
    .await
    .expect("the ledger");
    let keys: Vec<(String, String)> =
        sqlx::query_as("select tenant_id::text, transaction_id from redemption_key")
            .fetch_all(&mut *tx)
            .await
            .expect("the transactions");
    tx.rollback().await.expect("the end of the snapshot");
    connection.close().await.expect("a closed connection");
    let rows = rows
        .into_iter()
        .map(|(tenant, id, transaction, state, result)| {
            let row = Row { transaction, state, result };
            ((tenant, id), row)
        })
        .collect();
    let ledger = Ledger { rows };
    compare(&ledger, &keys.into_iter().collect(), book, whole, &mut faults);
    (ledger, faults)
}

/// What the tills were told, against the ledger.
fn compare(
    ledger: &Ledger,
    keys: &HashSet<(String, String)>,
    book: &Book,
    whole: bool,
    faults: &mut Vec<String>,
) {
    let mut known = HashSet::new();
    for told in book.all() {
        let key = (told.tenant, told.id);
        let Some(row) = ledger.rows.get(&key) else {
            faults.push(format!("acknowledged and lost: {} of {}", key.1, told.transaction));
            continue;
        };
        let is_so = match told.state {
            // It may have run out, or have been replaced, since.
            State::Held => true,
            State::Committed => row.state == "committed",
            State::Ended => matches!(row.state.as_str(), "cancelled" | "expired" | "replaced"),
        };
        if !is_so || row.transaction != told.transaction {
            faults.push(format!(
                "{} of {} was told {:?} and is {} of {}",
                key.1, told.transaction, told.state, row.state, row.transaction
            ));
        }
        if row.result != told.result {
            faults.push(format!("{}: told {} but recorded {}", key.1, told.result, row.result));
        }
        known.insert(key);
    }
    for entry in book.all_nothing() {
        if keys.contains(&entry) {
            faults.push(format!("told that nothing was done, but it was: {}", entry.1));
        }
    }
    if whole {
        // What was cancelled can begin anew, once, by an attempt that its till has given up and that comes late.
        let rows = ledger.rows.iter();
        let cancelled = rows.filter(|(key, row)| known.contains(*key) && row.state == "cancelled");
        let mut cancelled: HashSet<(&str, &str)> =
            cancelled.map(|(key, row)| (key.0.as_str(), row.transaction.as_str())).collect();
        let unknown = ledger.rows.iter().filter(|(key, row)| {
            !known.contains(*key) && !cancelled.remove(&(key.0.as_str(), row.transaction.as_str()))
        });
        faults.extend(unknown.map(|(key, row)| {
            format!("recorded and told to nobody: {} of {}, {}", key.1, row.transaction, row.state)
        }));
    }
}

/// Waits until no transaction is left from before, and no hold is overdue; names what does not end.
async fn quiet(connection: &mut PgConnection) -> Vec<String> {
    let begun = Instant::now();
    loop {
        let busy: Vec<String> = sqlx::query_scalar(
            "select format('%s since %s: %s', state, xact_start, query) from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
                and (state like 'idle in transaction%'
                     or xact_start < clock_timestamp() - interval '200 ms')
             union all
             select format('the hold %s expired at %s', redemption_id, expires_at) from hold
              where expires_at < statement_timestamp()",
        )
        .fetch_all(&mut *connection)
        .await
        .expect("who is connected");
        if busy.is_empty() || begun.elapsed() > PATIENCE {
            let left = |busy| format!("still there after {PATIENCE:?}: {busy}");
            return busy.into_iter().map(left).collect();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// `used` of each counter of a promotion: (subject, owner, measure, used, maximum).
pub async fn counters(
    owner: &PgConnectOptions,
    promotion: &str,
) -> Vec<(String, String, String, i64, i64)> {
    let mut connection = owner.connect().await.expect("a connection as the owner");
    let rows = sqlx::query_as(
        "select subject, owner, measure, used, maximum from limit_counter
          where promotion_id = $1::uuid order by 1, 2, 3, window_no",
    )
    .bind(promotion)
    .fetch_all(&mut connection)
    .await
    .expect("the counters");
    connection.close().await.expect("a closed connection");
    rows
}

/// What is used of one limit of a promotion, all owners together.
pub async fn used(owner: &PgConnectOptions, promotion: &str, subject: &str, measure: &str) -> i64 {
    counters(owner, promotion)
        .await
        .iter()
        .filter(|row| row.0 == subject && row.2 == measure)
        .map(|row| row.3)
        .sum()
}
