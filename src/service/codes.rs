//! The codes of promotions: added by the caller, generated at random, and deleted (spec 10).
//!
//! Codes are looked up for each cart and not held in memory, so new codes do not change the rule set. Adding codes does
//! not bump the version of the rules and does not make the tenant's other writers wait.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rand::RngExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::change::audit;
use super::promotions::{lock, require_open, subject};
use super::{Actor, Refusal, Service, ServiceError};
use crate::db::{self, DbError, TenantTx};
use crate::domain::code::{ALPHABET, Generation, NewCode, Recipients};
use crate::domain::id::PromotionId;
use crate::wire::write::Writer;

/// Most codes that an audit row lists. The row always has the total number.
const MAX_AUDITED: usize = 1_000;
/// Most rounds of drawing. A round replaces drawn codes that exist already. With at least 30^8 possible codes, a second
/// round is rare.
const MAX_DRAWS: usize = 16;

/// A generation that was completed now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Its name, from the caller or made up.
    pub batch: String,
    pub count: i32,
}

impl Service {
    /// Adds codes to a promotion. Codes that it already has stay as they are, whoever they are bound to. Returns how
    /// many are new.
    pub async fn add_codes(
        &self,
        actor: Actor,
        promotion: PromotionId,
        codes: Vec<NewCode>,
    ) -> Result<u64, ServiceError> {
        let added = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                require_open(&lock(tx, promotion).await?)?;
                let made = db::codes::insert(tx, promotion, &codes).await?;
                let after = Some(imported(&codes, made));
                audit(tx, actor, subject(promotion), "codes_added", None, after).await?;
                Ok(made)
            })
        });
        added.await
    }

    /// Adds randomly drawn codes to a promotion. A repeated batch makes no codes, and is refused if it asks for
    /// something else.
    pub async fn generate_codes(
        &self,
        actor: Actor,
        promotion: PromotionId,
        wanted: Generation,
    ) -> Result<Generated, ServiceError> {
        let made = self.db().tenant(actor.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                let row = lock(tx, promotion).await?;
                let hash = Sha256::digest(canonical(&wanted));
                if let Some(batch) = &wanted.batch
                    && let Some(before) = db::codes::batch(tx, promotion, batch).await?
                {
                    if before.body_hash != hash.as_slice() {
                        return Err(Refusal::BatchTaken.into());
                    }
                    return Ok(Generated { batch: batch.clone(), count: before.count });
                }
                require_open(&row)?;
                let batch = wanted.batch.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
                draw(tx, promotion, &wanted, &batch).await?;
                let count = i32::try_from(wanted.recipients.count()).unwrap_or(i32::MAX);
                db::codes::insert_batch(tx, promotion, &batch, &hash, count).await?;
                let after = Some(generated(&wanted, &batch));
                audit(tx, actor, subject(promotion), "codes_generated", None, after).await?;
                Ok(Generated { batch, count })
            })
        });
        made.await
    }

    pub async fn delete_code(
        &self,
        actor: Actor,
        promotion: PromotionId,
        code: String,
    ) -> Result<(), ServiceError> {
        self.publish(actor.tenant, move |tx| {
            Box::pin(async move {
                let row = lock(tx, promotion).await?;
                let gone =
                    db::codes::delete(tx, promotion, &code).await?.ok_or(ServiceError::NotFound)?;
                require_open(&row)?;
                let (code, customer_id) = (gone.code, gone.customer_id);
                let gone = NewCode { code, customer_id, expires_at: gone.expires_at };
                let before = Some(imported(&[gone], 1));
                audit(tx, actor, subject(promotion), "codes_deleted", before, None).await
            })
        })
        .await
    }
}

/// Draws codes until every recipient has one. Codes that exist already are replaced by others.
async fn draw(
    tx: &mut TenantTx,
    promotion: PromotionId,
    wanted: &Generation,
    batch: &str,
) -> Result<(), ServiceError> {
    let mut drawn = BTreeSet::new();
    let mut waiting: Vec<Option<String>> = match &wanted.recipients {
        Recipients::Anybody(_) => vec![None; wanted.recipients.count()],
        Recipients::Customers(customers) => customers.iter().cloned().map(Some).collect(),
    };
    for _ in 0..MAX_DRAWS {
        let mut fresh = BTreeMap::new();
        for customer in waiting {
            let mut code = random(wanted);
            while !drawn.insert(code.clone()) {
                code = random(wanted);
            }
            fresh.insert(code, customer);
        }
        // In the order of the keys, as in imports, so that the two cannot deadlock.
        let codes: Vec<_> = fresh.into_iter().collect();
        let made = db::codes::insert_drawn(tx, promotion, batch, wanted.expires_at, &codes).await?;
        if made.len() == codes.len() {
            return Ok(());
        }
        let made: BTreeSet<String> = made.into_iter().collect();
        let left = codes.into_iter().filter(|(code, _)| !made.contains(code));
        waiting = left.map(|(_, customer)| customer).collect();
    }
    Err(DbError::CodesTaken(Vec::new()).into())
}

/// Draws one code with a cryptographic generator that the operating system seeds.
fn random(wanted: &Generation) -> String {
    let mut code = wanted.prefix.clone();
    let mut generator = rand::rng();
    for _ in 0..wanted.length {
        let place = generator.random_range(0..ALPHABET.len());
        code.extend(ALPHABET.get(place).copied().map(char::from));
    }
    code
}

/// The canonical form of a request, by which repeated batches are compared.
fn canonical(wanted: &Generation) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        match &wanted.recipients {
            Recipients::Anybody(count) => writer.key("count").integer(*count),
            Recipients::Customers(customers) => writer.key("customer_ids").texts(customers),
        }
        write_form(writer, wanted);
    });
    writer.finish()
}

/// The audit document of a generation.
fn generated(wanted: &Generation, batch: &str) -> String {
    let count = wanted.recipients.count();
    let bound = match wanted.recipients {
        Recipients::Anybody(_) => 0,
        Recipients::Customers(_) => count,
    };
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("count").raw(&count.to_string());
        write_bound(writer, bound);
        write_form(writer, wanted);
        writer.key("batch").text(batch);
    });
    writer.finish()
}

/// The audit document of added or deleted codes. It has the expiry only if all codes have the same.
pub(super) fn imported(codes: &[NewCode], count: u64) -> String {
    let first = codes.first().and_then(|new| new.expires_at);
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("count").raw(&count.to_string());
        write_bound(writer, codes.iter().filter(|new| new.customer_id.is_some()).count());
        let named = codes.iter().take(MAX_AUDITED);
        writer.key("codes").list(named, |writer, new| writer.text(&new.code));
        if codes.iter().all(|new| new.expires_at == first) {
            write_expiry(writer, first);
        }
    });
    writer.finish()
}

/// How many of the codes are bound to a customer, if any is. The audit trail does not name customers: a customer can be
/// deleted, but the audit trail cannot.
fn write_bound(writer: &mut Writer, bound: usize) {
    if bound > 0 {
        writer.key("bound").raw(&bound.to_string());
    }
}

fn write_form(writer: &mut Writer, wanted: &Generation) {
    writer.key("prefix").text(&wanted.prefix);
    writer.key("length").raw(&wanted.length.to_string());
    write_expiry(writer, wanted.expires_at);
}

fn write_expiry(writer: &mut Writer, expires_at: Option<DateTime<Utc>>) {
    writer.key("expires_at").option(expires_at, |writer, time| writer.time(&time));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_codes_have_their_length_and_nothing_that_is_mistaken() {
        let prefix = "DIW-".to_owned();
        let recipients = Recipients::Anybody(1);
        let wanted = Generation { recipients, prefix, length: 10, batch: None, expires_at: None };
        for _ in 0..1_000 {
            let code = random(&wanted);
            let drawn = code.strip_prefix("DIW-").unwrap();
            assert_eq!(drawn.len(), 10);
            assert!(!drawn.contains(['I', 'L', 'O', 'U', '0', '1']), "{code}");
            assert!(crate::domain::code::Code::new(&code).is_some(), "{code}");
        }
    }
}
