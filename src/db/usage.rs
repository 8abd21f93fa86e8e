//! How much of the limits that all customers share is used, with holds counted separately.

use super::counters::Columns;
use super::{Result, TenantTx};
use crate::domain::counter::CounterKey;
use crate::domain::usage::Gone;

/// Reads counters that all customers share, in the given order. One statement reads use and holds, so that the held
/// amount is always a part of the used one.
pub async fn read(tx: &mut TenantTx, wanted: &[CounterKey]) -> Result<Vec<Gone>> {
    let columns = Columns::of(wanted.iter());
    let gone = sqlx::query!(
        r#"select coalesce(limit_counter.used, 0) as "used!", coalesce(held.amount, 0) as "held!"
             from unnest($2::uuid[], $3::text[], $4::integer[]) with ordinality
                  as wanted (promotion_id, measure, window_no, place)
             left join limit_counter
               on limit_counter.tenant_id = $1 and limit_counter.promotion_id = wanted.promotion_id
              and limit_counter.subject = 'promotion' and limit_counter.owner = ''
              and limit_counter.measure = wanted.measure and limit_counter.window_no = wanted.window_no
             left join (
                 select redemption_use.promotion_id, redemption_use.measure, redemption_use.window_no,
                        sum(redemption_use.amount - redemption_use.given_back)::bigint as amount
                   from hold
                   join redemption_use on redemption_use.tenant_id = hold.tenant_id
                                      and redemption_use.redemption_id = hold.redemption_id
                  where hold.tenant_id = $1 and redemption_use.promotion_id = any ($2::uuid[])
                    and redemption_use.subject = 'promotion'
                  group by redemption_use.promotion_id, redemption_use.measure, redemption_use.window_no
             ) as held
               on held.promotion_id = wanted.promotion_id and held.measure = wanted.measure
              and held.window_no = wanted.window_no
            order by wanted.place"#,
        tx.id(),
        &columns.promotions,
        &columns.measures as _,
        &columns.windows,
    )
    .map(|row| Gone { used: row.used.saturating_sub(row.held).max(0), held: row.held });
    tx.all(gone).await
}
