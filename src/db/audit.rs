//! The audit trail. Each change writes its row in its own transaction. The service never changes or deletes rows.

use std::slice;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::Filling;
use super::statements::column;
use super::{Page, Result, TenantTx};
use crate::domain::id::KeyId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub audit_id: Uuid,
    pub at: DateTime<Utc>,
    /// The key that made the change; `None` is the operator.
    pub key_id: Option<Uuid>,
    /// What was changed, such as `promotion:<id>`.
    pub subject: String,
    /// What was done to it.
    pub action: String,
    /// The state before: JSON text.
    pub before: Option<String>,
    /// The state after: JSON text.
    pub after: Option<String>,
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// The key that made the change; `None` is the operator.
    pub key: Option<KeyId>,
    /// What was changed, such as `promotion:<id>`.
    pub subject: String,
    /// What was done to it.
    pub action: String,
    /// The state before: JSON text.
    pub before: Option<String>,
    /// The state after: JSON text.
    pub after: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub subject: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    pub at: DateTime<Utc>,
    pub audit_id: Uuid,
}

pub async fn insert(tx: &mut TenantTx, new: &NewAudit) -> Result<()> {
    insert_all(tx, slice::from_ref(new)).await
}

/// Lists entries, newest first, after the place `after`.
pub async fn list(
    tx: &mut TenantTx,
    filter: &AuditFilter,
    after: Option<AuditCursor>,
    limit: u16,
) -> Result<Page<AuditRow, AuditCursor>> {
    let mut filling = Filling::new(
        limit,
        after,
        |row: &AuditRow| AuditCursor { at: row.at, audit_id: row.audit_id },
        |row| {
            let document = |side: &Option<String>| side.as_ref().map_or(0, String::len);
            document(&row.before).saturating_add(document(&row.after))
        },
    );
    while let Some((after, count)) = filling.wants() {
        let query = sqlx::query_as!(
            AuditRow,
            "select audit_id, at, key_id, subject, action, before::text, after::text
           from audit
          where tenant_id = $1
            and ($2::timestamptz is null or at >= $2)
            and ($3::timestamptz is null or at < $3)
            and ($4::text is null or subject = $4)
            and ($5::timestamptz is null or (at, audit_id) < ($5, $6))
          order by at desc, audit_id desc
          limit $7",
            tx.id(),
            filter.from,
            filter.to,
            filter.subject,
            after.map(|place| place.at),
            after.map(|place| place.audit_id),
            count,
        );
        filling.add(tx.all(query).await?);
    }
    Ok(filling.page())
}

/// Writes many entries with one statement.
pub async fn insert_all(tx: &mut TenantTx, rows: &[NewAudit]) -> Result<()> {
    let insert = sqlx::query(
        "insert into audit (tenant_id, audit_id, key_id, subject, action, before, after)
         select $1, new.audit_id, new.key_id, new.subject, new.action, new.before::jsonb, new.after::jsonb
           from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
             as new (audit_id, key_id, subject, action, before, after)",
    )
    .bind(tx.id())
    .bind(column(rows, |_| Uuid::now_v7()))
    .bind(column(rows, |row| row.key.map(KeyId::uuid)))
    .bind(column(rows, |row| row.subject.clone()))
    .bind(column(rows, |row| row.action.clone()))
    .bind(column(rows, |row| row.before.clone()))
    .bind(column(rows, |row| row.after.clone()));
    tx.run(insert).await
}
