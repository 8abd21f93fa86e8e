//! Webhooks: where a tenant wants its events, the pending deliveries, and the ones that were given up (spec 12).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use rand::Rng;
use url::Url;
use uuid::Uuid;

use super::change::audit;
use super::{Actor, Service, ServiceError};
use crate::db::deliveries::DeadRow;
use crate::db::webhooks::WebhookRow;
use crate::db::{self, Page, TenantTx};
use crate::domain::event::EventType;
use crate::domain::id::{TenantId, WebhookId};
use crate::wire::body::*;
use crate::wire::faults::FaultCode;

pub mod address;
pub mod delivery;

/// Most webhooks of a tenant (spec 14).
pub const MAX_WEBHOOKS: i64 = 20;

/// A requested webhook.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Where events go, as checked by [`address::Targets::read`].
    pub url: Url,
    /// The wanted types, without duplicates.
    pub events: Vec<EventType>,
}

#[derive(Clone, Debug)]
pub enum Put {
    /// It was made. The text is its secret, which is shown only this once.
    Made(WebhookRow, String),
    Replaced(WebhookRow),
}

impl Service {
    pub async fn put_webhook(
        &self,
        actor: Actor,
        name: String,
        new: NewWebhook,
    ) -> Result<Put, ServiceError> {
        let put = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                db::outbox::lock(tx).await?;
                let (url, events) = (new.url.as_str(), &new.events);
                let subject = subject(&name);
                let Some(before) = db::webhooks::get(tx, &name).await? else {
                    require_room(tx).await?;
                    let secret = new_secret();
                    let id = WebhookId::new(Uuid::now_v7());
                    let row = db::webhooks::insert(tx, id, &name, url, events, &secret).await?;
                    let after = Some(WebhookTerms::document(&row));
                    audit(tx, actor, subject, "created", None, after).await?;
                    return Ok(Put::Made(row, shown(secret)));
                };
                let row = db::webhooks::replace(tx, &name, url, events).await?;
                let row = row.ok_or(ServiceError::NotFound)?;
                if (&before.url, &before.events) != (&row.url, &row.events) {
                    let before = Some(WebhookTerms::document(&before));
                    let after = Some(WebhookTerms::document(&row));
                    audit(tx, actor, subject, "replaced", before, after).await?;
                }
                Ok(Put::Replaced(row))
            })
        });
        put.await
    }

    /// Gives a webhook another secret, and returns it. The one before signs beside it for so many hours.
    pub async fn rotate_webhook_secret(
        &self,
        actor: Actor,
        name: String,
        keep_hours: u8,
    ) -> Result<(WebhookRow, String), ServiceError> {
        let offset = self.clock().offset();
        let rotated = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                let secret = new_secret();
                let now = db::redemptions::now(tx).await? + offset;
                let keep = TimeDelta::hours(keep_hours.into());
                let keep_until = (keep_hours > 0).then_some(now + keep);
                let row = db::webhooks::rotate(tx, &name, &secret, now, keep_until).await?;
                let row = row.ok_or(ServiceError::NotFound)?;
                let after = Some(format!("{{\"keep_hours\":{keep_hours}}}"));
                audit(tx, actor, subject(&name), "secret_rotated", None, after).await?;
                Ok((row, shown(secret)))
            })
        });
        rotated.await
    }

    pub async fn webhook(
        &self,
        tenant: TenantId,
        name: String,
    ) -> Result<WebhookRow, ServiceError> {
        self.db().tenant(tenant, move |tx| Box::pin(async move { known(tx, &name).await })).await
    }

    /// Deletes a webhook with its pending deliveries.
    pub async fn delete_webhook(&self, actor: Actor, name: String) -> Result<(), ServiceError> {
        let deleted = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                db::outbox::lock(tx).await?;
                let gone = db::webhooks::delete(tx, &name).await?.ok_or(ServiceError::NotFound)?;
                let before = Some(WebhookTerms::document(&gone));
                audit(tx, actor, subject(&name), "deleted", before, None).await
            })
        });
        deleted.await
    }

    /// A page of the deliveries that were given up, oldest first.
    pub async fn dead_deliveries(
        &self,
        tenant: TenantId,
        name: String,
        after: Option<i64>,
        limit: u16,
    ) -> Result<Page<DeadRow, i64>, ServiceError> {
        let read = self.db().tenant(tenant, move |tx| {
            Box::pin(async move {
                let webhook = WebhookId::new(known(tx, &name).await?.webhook_id);
                Ok::<_, ServiceError>(db::deliveries::dead(tx, webhook, after, limit).await?)
            })
        });
        read.await
    }

    /// Makes given-up deliveries due again: those of these events, or all. Returns how many.
    pub async fn resend_deliveries(
        &self,
        actor: Actor,
        name: String,
        events: Option<Vec<Uuid>>,
    ) -> Result<u64, ServiceError> {
        let offset = self.clock().offset();
        let done = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                let webhook = WebhookId::new(known(tx, &name).await?.webhook_id);
                let now = db::redemptions::now(tx).await? + offset;
                let count = db::deliveries::resend(tx, webhook, events.as_deref(), now).await?;
                if count > 0 {
                    db::webhooks::rest(tx, webhook, 0, None).await?;
                    let after = Some(format!("{{\"count\":{count}}}"));
                    audit(tx, actor, subject(&name), "resent", None, after).await?;
                }
                Ok::<_, ServiceError>(count)
            })
        });
        done.await
    }
}

fn new_secret() -> [u8; 32] {
    let mut secret = [0; 32];
    rand::rng().fill_bytes(&mut secret);
    secret
}

fn shown(secret: [u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

async fn known(tx: &mut TenantTx, name: &str) -> Result<WebhookRow, ServiceError> {
    db::webhooks::get(tx, name).await?.ok_or(ServiceError::NotFound)
}

/// INVARIANT: the tenant's event numbers are locked, so that no other transaction makes a webhook meanwhile.
async fn require_room(tx: &mut TenantTx) -> Result<(), ServiceError> {
    if db::webhooks::count(tx).await? < MAX_WEBHOOKS {
        return Ok(());
    }
    let message = "there are as many webhooks as there may be: 20";
    Err(ServiceError::fault("", FaultCode::TooMany, message))
}

/// What the audit trail calls a webhook.
fn subject(name: &str) -> String {
    format!("webhook:{name}")
}

answer! {
    /// What it is, for the audit trail: never its secret.
    pub struct WebhookTerms "" as WebhookRow |row| {
        /// Where events go.
        url: required(WORDS) => row.url,
        /// Which events.
        events: required(every(choice::<EventType>())) => row.events,
    }
}
