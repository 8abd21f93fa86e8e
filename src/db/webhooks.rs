//! Webhooks: which events a tenant wants at which URL, and the secrets that sign them. Before a webhook is made or
//! deleted, the caller locks the tenant's event numbers (`outbox::lock`).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::page::one_more;
use super::{Page, Result, TenantTx};
use crate::domain::event::EventType;
use crate::domain::id::WebhookId;

/// A webhook without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its id. A webhook that is deleted and made again gets another id.
    pub webhook_id: Uuid,
    /// The name that the tenant has chosen.
    pub name: String,
    pub url: String,
    pub events: Vec<EventType>,
    /// Until then the secret before the last rotation signs, too.
    pub former_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The URL that a webhook's events go to, and the secrets that sign them.
#[derive(Clone)]
pub struct TargetRow {
    pub url: String,
    pub secret: Vec<u8>,
    /// The secret before the last rotation.
    pub former_secret: Option<Vec<u8>>,
    pub former_until: Option<DateTime<Utc>>,
}

impl TargetRow {
    /// The secrets that sign at this time, in seconds. The newest is first.
    pub fn secrets(&self, now: i64) -> impl Iterator<Item = &[u8]> {
        let signs = self.former_until.is_some_and(|until| now < until.timestamp());
        let former = self.former_secret.as_deref().filter(|_| signs);
        std::iter::once(self.secret.as_slice()).chain(former)
    }
}

/// What a delivery needs to know about its webhook.
#[derive(Clone)]
pub struct ReceiverRow {
    pub target: TargetRow,
    /// How many claims in a row have failed completely.
    pub failures: i32,
    /// Until then nothing is tried.
    pub rests_until: Option<DateTime<Utc>>,
}

pub async fn insert(
    tx: &mut TenantTx,
    webhook: WebhookId,
    name: &str,
    url: &str,
    events: &[EventType],
    secret: &[u8; 32],
) -> Result<WebhookRow> {
    tx.one(sqlx::query_as!(
        WebhookRow,
        r#"insert into webhook (tenant_id, webhook_id, name, url, events, secret) values ($1, $2, $3, $4, $5, $6)
         returning webhook_id, name, url, events as "events: _", former_until, created_at, updated_at"#,
        tx.id(),
        webhook.uuid(),
        name,
        url,
        events as _,
        secret.as_slice(),
    ))
    .await
}

/// Replaces a webhook, keeps its secret, and ends its rest. `None` if no webhook has this name.
pub async fn replace(
    tx: &mut TenantTx,
    name: &str,
    url: &str,
    events: &[EventType],
) -> Result<Option<WebhookRow>> {
    tx.optional(sqlx::query_as!(
        WebhookRow,
        r#"update webhook set url = $3, events = $4, updated_at = now(), failures = 0, rests_until = null
          where tenant_id = $1 and name = $2
         returning webhook_id, name, url, events as "events: _", former_until, created_at, updated_at"#,
        tx.id(),
        name,
        url,
        events as _,
    ))
    .await
}

/// Gives a webhook another secret. The present secret becomes the former one and signs until `keep_until`; if that is
/// `None`, it ends at once. While a former secret still signs, it stays, and the present one is dropped: its answer may
/// have been lost, so that the receiver never learned it. Returns `None` if no webhook has this name.
pub async fn rotate(
    tx: &mut TenantTx,
    name: &str,
    secret: &[u8; 32],
    now: DateTime<Utc>,
    keep_until: Option<DateTime<Utc>>,
) -> Result<Option<WebhookRow>> {
    tx.optional(sqlx::query_as!(
        WebhookRow,
        r#"update webhook
            set secret = $3, former_until = $5, updated_at = now(),
                former_secret = case
                    when $5::timestamptz is null then null
                    when former_until > $4 then former_secret
                    else secret
                end
          where tenant_id = $1 and name = $2
         returning webhook_id, name, url, events as "events: _", former_until, created_at, updated_at"#,
        tx.id(),
        name,
        secret.as_slice(),
        now,
        keep_until,
    ))
    .await
}

/// How many webhooks the tenant has.
pub async fn count(tx: &mut TenantTx) -> Result<i64> {
    tx.value(sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhook where tenant_id = $1"#,
        tx.id(),
    ))
    .await
}

pub async fn get(tx: &mut TenantTx, name: &str) -> Result<Option<WebhookRow>> {
    tx.optional(sqlx::query_as!(
        WebhookRow,
        r#"select webhook_id, name, url, events as "events: _", former_until, created_at, updated_at from webhook
          where tenant_id = $1 and name = $2"#,
        tx.id(),
        name,
    ))
    .await
}

/// Reads where a webhook's events go, and its recent failures. `None` if the webhook is gone.
pub async fn receiver(tx: &mut TenantTx, webhook: WebhookId) -> Result<Option<ReceiverRow>> {
    let receiver = sqlx::query!(
        "select url, secret, former_secret, former_until, failures, rests_until from webhook
          where tenant_id = $1 and webhook_id = $2",
        tx.id(),
        webhook.uuid(),
    )
    .map(|row| ReceiverRow {
        target: TargetRow {
            url: row.url,
            secret: row.secret,
            former_secret: row.former_secret,
            former_until: row.former_until,
        },
        failures: row.failures,
        rests_until: row.rests_until,
    });
    tx.optional(receiver).await
}

/// Sets how often a webhook has failed in a row, and until when it rests.
pub async fn rest(
    tx: &mut TenantTx,
    webhook: WebhookId,
    failures: i32,
    until: Option<DateTime<Utc>>,
) -> Result<()> {
    tx.run(sqlx::query!(
        "update webhook set failures = $3, rests_until = $4 where tenant_id = $1 and webhook_id = $2",
        tx.id(),
        webhook.uuid(),
        failures,
        until,
    ))
    .await
}

/// Deletes a webhook with its pending deliveries, and returns it.
pub async fn delete(tx: &mut TenantTx, name: &str) -> Result<Option<WebhookRow>> {
    tx.optional(sqlx::query_as!(
        WebhookRow,
        r#"delete from webhook where tenant_id = $1 and name = $2
         returning webhook_id, name, url, events as "events: _", former_until, created_at, updated_at"#,
        tx.id(),
        name,
    ))
    .await
}

/// Lists the webhooks in the order of their names, after the name `after`.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<&str>,
    limit: u16,
) -> Result<Page<WebhookRow, String>> {
    let query = sqlx::query_as!(
        WebhookRow,
        r#"select webhook_id, name, url, events as "events: _", former_until, created_at, updated_at from webhook
          where tenant_id = $1 and ($2::text is null or name > $2)
          order by name
          limit $3"#,
        tx.id(),
        after,
        one_more(limit),
    );
    Ok(Page::cut(tx.all(query).await?, limit, |row| row.name.clone()))
}
