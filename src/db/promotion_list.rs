//! The list of promotions: filtered, sorted, paged and counted by indexes.
//!
//! A page is read in two steps: first the places of its promotions, which indexes alone answer, then their documents.
//! There is an index for each order within a status, and one for each order within a type or campaign of it. So places
//! are read status by status and merged. What only a few promotions have (a part of a name, a store) is looked up first.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::page::Filling;
use super::promotions::PromotionRow;
use super::{DbError, Page, Result, TenantTx};
use crate::domain::id::PromotionId;
use crate::domain::limit::Measure;
use crate::domain::promotion::{PromotionOrder, PromotionType, State, Status};
use crate::domain::store::Store;

/// Up to so many promotions are read one by one and sorted. If more promotions match, an index in the order of the
/// list finds a page of them sooner.
const FEW: usize = 1_000;
/// Most characters of a word (migration 13).
const WORD: usize = 32;

/// Which promotions are listed.
#[derive(Clone, Debug, Default)]
pub struct PromotionFilter {
    /// Those in one of these states. Empty: those that are not archived.
    pub states: Vec<State>,
    pub kind: Option<PromotionType>,
    pub campaign: Option<String>,
    /// Those whose name contains this text, in any case.
    pub q: Option<String>,
    /// Those whose scope lets this store in.
    pub store: Option<Store>,
    /// Those that end at this time or later.
    pub ends_after: Option<DateTime<Utc>>,
    /// Those that end before this time.
    pub ends_before: Option<DateTime<Utc>>,
    /// Some of these.
    pub among: Option<Vec<Uuid>>,
    /// None of these.
    pub without: Option<Vec<Uuid>>,
}

/// What a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PromotionKey {
    Time(DateTime<Utc>),
    /// A name in lower case.
    Name(String),
}

/// A place in a list of promotions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromotionCursor {
    pub order: PromotionOrder,
    pub key: PromotionKey,
    pub promotion: PromotionId,
}

/// A promotion and its place.
#[derive(Clone, Debug)]
pub struct ListedPromotion {
    pub row: PromotionRow,
    pub place: PromotionCursor,
}

/// A limit that all customers share and that has been used up in a window, the latest such window.
#[derive(Clone, Debug)]
pub struct UsedUp {
    pub promotion_id: Uuid,
    pub measure: Measure,
    pub window_no: i32,
    pub starts_at: DateTime<Utc>,
    /// The promotion's limits, as JSON text.
    pub limits: String,
}

/// The promotions of one status whose dates lie within bounds, each bound included below and excluded above.
#[derive(Clone, Copy, Debug)]
struct Part {
    status: Status,
    starts: Bounds,
    ends: Bounds,
}

type Bounds = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The filter, as the statements take it.
struct Conditions {
    kind: Option<PromotionType>,
    campaign: Option<String>,
    q: Option<String>,
    /// The words of which a promotion has one of each kind, if a store is asked for.
    stores: Option<Vec<String>>,
    concepts: Option<Vec<String>>,
    zones: Option<Vec<String>>,
    among: Option<Vec<Uuid>>,
    without: Option<Vec<Uuid>>,
    parts: Vec<Part>,
}

/// Selects from the promotions of one part that match. `$what` are the columns, `$rest` follows the conditions.
///
/// The words of a scope are looked up promotion by promotion, by `select true … limit 1`: for `exists` PostgreSQL would
/// read all promotions with these words first.
macro_rules! matching {
    ($tx:expr, $filter:expr, $part:expr, $what:literal, $rest:literal $(, $more:expr)*) => {
        sqlx::query!(
            "select " + $what + "
               from promotion
              where tenant_id = $1 and status = $2
                and ($3::timestamptz is null or starts_at >= $3)
                and ($4::timestamptz is null or starts_at < $4)
                and ($5::timestamptz is null or ends_at >= $5)
                and ($6::timestamptz is null or ends_at < $6)
                and ($7::text is null or type = $7)
                and ($8::text is null or campaign = $8)
                and ($9::text is null or strpos(name_folded, $9) > 0)
                and ($10::uuid[] is null or promotion_id = any ($10))
                and ($11::uuid[] is null or promotion_id <> all ($11))
                and ($12::text[] is null or (
                      select true from promotion_word as own
                       where own.tenant_id = $1 and own.promotion_id = promotion.promotion_id
                         and own.kind = 'store' and own.word = any ($12)
                       limit 1))
                and ($13::text[] is null or (
                      select true from promotion_word as own
                       where own.tenant_id = $1 and own.promotion_id = promotion.promotion_id
                         and own.kind = 'concept' and own.word = any ($13)
                       limit 1))
                and ($14::text[] is null or (
                      select true from promotion_word as own
                       where own.tenant_id = $1 and own.promotion_id = promotion.promotion_id
                         and own.kind = 'zone' and own.word = any ($14)
                       limit 1))
                " + $rest,
            $tx.id(),
            $part.status as _,
            $part.starts.0,
            $part.starts.1,
            $part.ends.0,
            $part.ends.1,
            $filter.kind as _,
            $filter.campaign,
            $filter.q,
            $filter.among.as_deref(),
            $filter.without.as_deref(),
            $filter.stores.as_deref(),
            $filter.concepts.as_deref(),
            $filter.zones.as_deref()
            $(, $more)*
        )
    };
}

/// Lists promotions in an order, after the place `after`. `now` divides active promotions into scheduled, live and
/// ended.
pub async fn list(
    tx: &mut TenantTx,
    filter: &PromotionFilter,
    order: PromotionOrder,
    now: DateTime<Utc>,
    after: Option<&PromotionCursor>,
    limit: u16,
) -> Result<Page<ListedPromotion, PromotionCursor>> {
    let conditions = conditions(tx, filter, now).await?;
    let wanted = usize::from(limit) + 1;
    let mut places = Vec::new();
    for part in &conditions.parts {
        places.extend(places_of(tx, &conditions, *part, order, after, wanted).await?);
    }
    places.sort_unstable();
    if descends(order) {
        places.reverse();
    }
    let places = places.into_iter().take(wanted);
    let mut places = places
        .map(|(key, id)| (id, PromotionCursor { order, key, promotion: PromotionId::new(id) }));
    let mut filling = Filling::new(
        limit,
        None,
        |own: &ListedPromotion| own.place.clone(),
        |own| own.row.document.len(),
    );
    while let Some((_, count)) = filling.wants() {
        let count = usize::try_from(count).unwrap_or(wanted);
        let chunk: Vec<(Uuid, PromotionCursor)> = places.by_ref().take(count).collect();
        let ids: Vec<Uuid> = chunk.iter().map(|(id, _)| *id).collect();
        let mut rows = read(tx, &ids).await?;
        let listed = chunk.into_iter().filter_map(|(id, place)| {
            let own = rows.iter().position(|row| row.promotion_id == id)?;
            Some(ListedPromotion { row: rows.swap_remove(own), place })
        });
        filling.add(listed.collect());
    }
    Ok(filling.page())
}

/// Counts the promotions that match.
pub async fn count(tx: &mut TenantTx, filter: &PromotionFilter, now: DateTime<Utc>) -> Result<i64> {
    let conditions = conditions(tx, filter, now).await?;
    let mut total = 0_i64;
    for part in &conditions.parts {
        let counted = matching!(tx, conditions, part, r#"count(*) as "count!""#, "");
        total = total.saturating_add(tx.one(counted.map(|row| row.count)).await?);
    }
    Ok(total)
}

/// The limits that all customers share and that are used up in some window.
pub async fn used_up(tx: &mut TenantTx) -> Result<Vec<UsedUp>> {
    tx.all(sqlx::query_as!(
        UsedUp,
        r#"select reached.promotion_id, reached.measure as "measure: _", reached.window_no as "window_no!",
                  promotion.starts_at, (promotion.document -> 'limits')::text as "limits!"
             from (select promotion_id, measure, max(window_no) as window_no
                     from limit_reached
                    where tenant_id = $1
                    group by promotion_id, measure) as reached
             join limit_counter
               on limit_counter.tenant_id = $1 and limit_counter.promotion_id = reached.promotion_id
              and limit_counter.subject = 'promotion' and limit_counter.owner = ''
              and limit_counter.measure = reached.measure and limit_counter.window_no = reached.window_no
              and limit_counter.used >= limit_counter.maximum
             join promotion
               on promotion.tenant_id = $1 and promotion.promotion_id = reached.promotion_id"#,
        tx.id(),
    ))
    .await
}

async fn conditions(
    tx: &mut TenantTx,
    filter: &PromotionFilter,
    now: DateTime<Utc>,
) -> Result<Conditions> {
    // Each set of filters has an index of its own. Only a plan for the actual values finds it.
    tx.run(sqlx::query!("set local plan_cache_mode = force_custom_plan")).await?;
    if filter.states.is_empty() {
        refuse_unknown(tx).await?;
    }
    let q = filter.q.as_deref().map(str::to_lowercase).filter(|q| !q.is_empty());
    let or_open = |names: &[String]| [names, &[String::new()]].concat();
    let store = filter.store.as_ref();
    let stores = store.map(|store| or_open(std::slice::from_ref(&store.code)));
    let concepts = store.map(|store| or_open(store.concept.as_slice()));
    let zones = store.map(|store| or_open(&store.zones));
    let mut among = filter.among.clone();
    if among.as_ref().is_none_or(|ids| ids.len() > FEW) {
        let mut few = match &q {
            Some(q) => few_named(tx, q).await?,
            None => None,
        };
        for (kind, words) in [("store", &stores), ("concept", &concepts), ("zone", &zones)] {
            if let (None, Some(words)) = (&few, words) {
                few = few_with(tx, kind, words).await?;
            }
        }
        among = match (among, few) {
            (Some(among), Some(mut few)) => {
                few.retain(|id| among.contains(id));
                Some(few)
            }
            (one, other) => one.or(other),
        };
    }
    Ok(Conditions {
        kind: filter.kind,
        campaign: filter.campaign.clone(),
        q,
        stores,
        concepts,
        zones,
        among,
        without: filter.without.clone(),
        parts: parts(filter, now),
    })
}

/// A promotion with an unknown status could be in any state, so it is not skipped.
async fn refuse_unknown(tx: &mut TenantTx) -> Result<()> {
    let unknown = tx.optional_value(sqlx::query_scalar!(
        "select status from promotion
          where tenant_id = $1 and status not in ('draft', 'active', 'paused', 'archived')
          limit 1",
        tx.id(),
    ));
    match unknown.await? {
        None => Ok(()),
        Some(status) => Err(DbError::Unreadable(format!("{status:?} is no status of a promotion"))),
    }
}

/// The statuses and dates of the states that are asked for.
fn parts(filter: &PromotionFilter, now: DateTime<Utc>) -> Vec<Part> {
    let any = (None, None);
    let of = |status| Part { status, starts: any, ends: (filter.ends_after, filter.ends_before) };
    if filter.states.is_empty() {
        return [Status::Draft, Status::Active, Status::Paused].map(of).to_vec();
    }
    // The database counts microseconds.
    let later = Some(now.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(now));
    let part = |state: &State| match state {
        State::Draft => of(Status::Draft),
        State::Paused => of(Status::Paused),
        State::Archived => of(Status::Archived),
        State::Scheduled => Part { starts: (later, None), ..of(Status::Active).ending_from(later) },
        State::Live => Part { starts: (None, later), ..of(Status::Active).ending_from(later) },
        State::Ended => of(Status::Active).ending_before(later),
    };
    filter.states.iter().map(part).collect()
}

impl Part {
    fn ending_from(self, time: Option<DateTime<Utc>>) -> Self {
        let (from, before) = self.ends;
        Self { ends: (from.max(time), before), ..self }
    }

    fn ending_before(self, time: Option<DateTime<Utc>>) -> Self {
        let (from, before) = self.ends;
        let before = before.into_iter().chain(time).min();
        Self { ends: (from, before), ..self }
    }
}

/// The promotions with one of these words, if they are few.
async fn few_with(tx: &mut TenantTx, kind: &str, words: &[String]) -> Result<Option<Vec<Uuid>>> {
    let query = sqlx::query_scalar!(
        "select promotion_id from promotion_word
          where tenant_id = $1 and kind = $2 and word = any ($3)
          limit $4",
        tx.id(),
        kind,
        words,
        LOOKED_AT,
    );
    Ok(few(tx.values(query).await?))
}

/// The promotions whose name may contain this text, if they are few.
async fn few_named(tx: &mut TenantTx, folded: &str) -> Result<Option<Vec<Uuid>>> {
    let word: String = folded.chars().take(WORD).collect();
    let end = format!("{word}{}", char::MAX);
    let query = sqlx::query_scalar!(
        "select promotion_id from promotion_word
          where tenant_id = $1 and kind = 'name' and word >= $2 and word < $3
          limit $4",
        tx.id(),
        word,
        end,
        LOOKED_AT,
    );
    Ok(few(tx.values(query).await?))
}

/// One word more than few promotions have. A promotion may have several of the words.
const LOOKED_AT: i64 = FEW as i64 + 1;

fn few(mut ids: Vec<Uuid>) -> Option<Vec<Uuid>> {
    if ids.len() > FEW {
        return None;
    }
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

const fn descends(order: PromotionOrder) -> bool {
    match order {
        PromotionOrder::OldestFirst
        | PromotionOrder::Name
        | PromotionOrder::StartsAt
        | PromotionOrder::EndsAt => false,
        PromotionOrder::NewestFirst
        | PromotionOrder::NameDescending
        | PromotionOrder::StartsAtDescending
        | PromotionOrder::EndsAtDescending => true,
    }
}

/// The first places of one part after the place `after`.
async fn places_of(
    tx: &mut TenantTx,
    conditions: &Conditions,
    part: Part,
    order: PromotionOrder,
    after: Option<&PromotionCursor>,
    count: usize,
) -> Result<Vec<(PromotionKey, Uuid)>> {
    let id = after.map(|place| place.promotion.uuid());
    let (mut time, mut name) = (None, None);
    match after.map(|place| &place.key) {
        None => {}
        Some(PromotionKey::Time(own)) => time = Some(*own),
        Some(PromotionKey::Name(own)) => name = Some(own.as_str()),
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    macro_rules! sorted {
        ($kind:ident, $key:expr, $what:literal, $rest:literal) => {{
            let query = matching!(tx, conditions, part, $what, $rest, $key, id, count);
            let query = query.map(|row| (PromotionKey::$kind(row.key), row.promotion_id));
            tx.all(query).await
        }};
    }
    match order {
        PromotionOrder::OldestFirst => sorted!(
            Time,
            time,
            "promotion_id, created_at as key",
            "and ($15::timestamptz is null or (created_at, promotion_id) > ($15, $16))
             order by created_at, promotion_id limit $17"
        ),
        PromotionOrder::NewestFirst => sorted!(
            Time,
            time,
            "promotion_id, created_at as key",
            "and ($15::timestamptz is null or (created_at, promotion_id) < ($15, $16))
             order by created_at desc, promotion_id desc limit $17"
        ),
        PromotionOrder::Name => sorted!(
            Name,
            name,
            "promotion_id, name_folded as key",
            "and ($15::text is null or (name_folded, promotion_id) > ($15, $16))
             order by name_folded, promotion_id limit $17"
        ),
        PromotionOrder::NameDescending => sorted!(
            Name,
            name,
            "promotion_id, name_folded as key",
            "and ($15::text is null or (name_folded, promotion_id) < ($15, $16))
             order by name_folded desc, promotion_id desc limit $17"
        ),
        PromotionOrder::StartsAt => sorted!(
            Time,
            time,
            "promotion_id, starts_at as key",
            "and ($15::timestamptz is null or (starts_at, promotion_id) > ($15, $16))
             order by starts_at, promotion_id limit $17"
        ),
        PromotionOrder::StartsAtDescending => sorted!(
            Time,
            time,
            "promotion_id, starts_at as key",
            "and ($15::timestamptz is null or (starts_at, promotion_id) < ($15, $16))
             order by starts_at desc, promotion_id desc limit $17"
        ),
        PromotionOrder::EndsAt => sorted!(
            Time,
            time,
            "promotion_id, ends_at as key",
            "and ($15::timestamptz is null or (ends_at, promotion_id) > ($15, $16))
             order by ends_at, promotion_id limit $17"
        ),
        PromotionOrder::EndsAtDescending => sorted!(
            Time,
            time,
            "promotion_id, ends_at as key",
            "and ($15::timestamptz is null or (ends_at, promotion_id) < ($15, $16))
             order by ends_at desc, promotion_id desc limit $17"
        ),
    }
}

async fn read(tx: &mut TenantTx, promotions: &[Uuid]) -> Result<Vec<PromotionRow>> {
    tx.all(sqlx::query_as!(
        PromotionRow,
        r#"select promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at
             from promotion
            where tenant_id = $1 and promotion_id = any ($2::uuid[])"#,
        tx.id(),
        promotions,
    ))
    .await
}
