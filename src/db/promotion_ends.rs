//! Promotions that have ended: they are found across tenants, and each end is noted once.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::promotions::PromotionRow;
use super::{OperatorTx, Result, TenantTx};
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::promotion::{PromotionType, Status};

/// Active promotions of all tenants whose end has come and is not noted yet, the oldest end first.
pub async fn due(
    tx: &mut OperatorTx,
    offset_ms: i64,
    limit: i64,
) -> Result<Vec<(TenantId, PromotionId)>> {
    let ids = sqlx::query!(
        "select tenant_id, promotion_id from promotion
          where status = 'active' and ended_for is distinct from ends_at
            and ends_at <= clock_timestamp() + $1::bigint * interval '1 millisecond'
          order by ends_at
          limit $2",
        offset_ms,
        limit,
    )
    .map(|row| (TenantId::new(row.tenant_id), PromotionId::new(row.promotion_id)));
    tx.own().await?.all(ids).await
}

/// Notes the ends of those of these promotions that have ended and are not noted yet, and returns these promotions.
pub async fn note(
    tx: &mut TenantTx,
    promotions: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<PromotionRow>> {
    tx.all(sqlx::query_as!(
        PromotionRow,
        r#"with due as (
             select promotion_id from promotion
              where tenant_id = $1 and promotion_id = any ($2::uuid[]) and status = 'active' and ends_at <= $3
                and ended_for is distinct from ends_at
              order by promotion_id
                for no key update)
         update promotion as own set ended_for = ends_at
           from due
          where own.tenant_id = $1 and own.promotion_id = due.promotion_id
         returning own.promotion_id, status as "status: _", version, document::text as "document!", created_at, updated_at"#,
        tx.id(),
        promotions,
        now,
    ))
    .await
}

/// An ended promotion, with only the columns for its name, its reason and its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedRow {
    pub promotion_id: Uuid,
    pub name: String,
    pub kind: PromotionType,
    pub status: Status,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    /// The limits of a code-linked promotion, as JSON text. They show whether a code is used up.
    pub limits: Option<String>,
}

/// Reads the promotions that are neither drafts nor archived and had ended by `ended_by`.
pub async fn ended(tx: &mut TenantTx, ended_by: DateTime<Utc>) -> Result<Vec<EndedRow>> {
    tx.all(sqlx::query_as!(
        EndedRow,
        r#"select promotion_id, name, type as "kind: _", status as "status: _", starts_at, ends_at, created_at,
                  case type when 'code_linked' then (document -> 'limits')::text end as limits
             from promotion
            where tenant_id = $1 and status not in ('draft', 'archived') and ends_at <= $2"#,
        tx.id(),
        ended_by,
    ))
    .await
}
