//! The audit trail: written in the transaction of each change, never changed and never deleted by the service.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{DbError, Filling, Page, TenantTx};
use crate::domain::id::KeyId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub audit_id: Uuid,
    pub at: DateTime<Utc>,
    /// Who; none is the operator.
    pub key_id: Option<Uuid>,
    /// What was changed, like `promotion/<id>`.
    pub subject: String,
    /// What was done to it.
    pub action: String,
    /// What it was before: JSON text.
    pub before: Option<String>,
    /// What it was after: JSON text.
    pub after: Option<String>,
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct NewAudit {
    /// Who; none is the operator.
    pub key: Option<KeyId>,
    /// What was changed, like `promotion/<id>`.
    pub subject: String,
    /// What was done to it.
    pub action: String,
    /// What it was before: JSON text.
    pub before: Option<String>,
    /// What it was after: JSON text.
    pub after: Option<String>,
}

/// Which entries are listed.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// Only of this subject.
    pub subject: Option<String>,
}

/// A place in the audit trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    /// When the last one seen was written.
    pub at: DateTime<Utc>,
    pub audit_id: Uuid,
}

/// Writes one entry and returns its id.
pub async fn insert(tx: &mut TenantTx, new: &NewAudit) -> Result<Uuid, DbError> {
    let audit_id = Uuid::now_v7();
    sqlx::query!(
        "insert into audit (tenant_id, audit_id, key_id, subject, action, before, after)
         values ($1, $2, $3, $4, $5, $6::text::jsonb, $7::text::jsonb)",
        tx.id(),
        audit_id,
        new.key.map(KeyId::uuid),
        new.subject,
        new.action,
        new.before,
        new.after,
    )
    .execute(tx.connection())
    .await?;
    Ok(audit_id)
}

/// Lists entries, newest first, after the place `after`.
pub async fn list(
    tx: &mut TenantTx,
    filter: &AuditFilter,
    after: Option<AuditCursor>,
    limit: u16,
) -> Result<Page<AuditRow, AuditCursor>, DbError> {
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
        let rows = sqlx::query_as!(
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
        )
        .fetch_all(tx.connection())
        .await?;
        filling.add(rows);
    }
    Ok(filling.page())
}

/// Writes many rows of the audit trail with one statement.
pub async fn insert_all(tx: &mut TenantTx, rows: &[NewAudit]) -> Result<(), DbError> {
    fn column<T>(rows: &[NewAudit], of: impl Fn(&NewAudit) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    sqlx::query(
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
    .bind(column(rows, |row| row.after.clone()))
    .execute(tx.connection())
    .await?;
    Ok(())
}
