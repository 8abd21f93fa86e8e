//! The codes of promotions: named by the caller or drawn at random, deleted (spec 10).
//!
//! Codes are looked up for each cart and not held in memory, so that new ones change no rule set: giving a promotion
//! codes does not raise the version of the rules, and does not make the tenant's other writers wait.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rand::RngExt;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::promotions::{lock, require_open, subject};
use super::{Actor, Refusal, Service, ServiceError, audit};
use crate::db::{self, DbError, TenantTx};
use crate::domain::code::{ALPHABET, Generation, NewCode};
use crate::domain::id::PromotionId;
use crate::wire::write::Writer;

/// Most codes that an audit row names; how many there were it always tells.
const MAX_AUDITED: usize = 1_000;
/// How often codes are drawn again for those that somebody has already. With at least 30^8 codes to draw from, a
/// second time is rare.
const MAX_DRAWS: usize = 16;

/// A generation that was carried out, now or before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Its name, the caller's or a new one.
    pub batch: String,
    pub count: i32,
}

impl Service {
    /// Gives a promotion codes; its own sent again stay as they are. Returns how many are new.
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

    /// Gives a promotion codes that are drawn at random. The same batch again makes nothing, and is refused when it
    /// asks for something else.
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
                let hash = Sha256::digest(generation(&wanted, None));
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
                let count = i32::try_from(wanted.count).unwrap_or(i32::MAX);
                db::codes::insert_batch(tx, promotion, &batch, &hash, count).await?;
                let after = Some(generation(&wanted, Some(&batch)));
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
                let gone = NewCode { code: gone.code, expires_at: gone.expires_at };
                let before = Some(imported(&[gone], 1));
                audit(tx, actor, subject(promotion), "codes_deleted", before, None).await
            })
        })
        .await
    }
}

/// Draws codes until so many are the promotion's as were asked for; those that somebody has already are drawn again.
async fn draw(
    tx: &mut TenantTx,
    promotion: PromotionId,
    wanted: &Generation,
    batch: &str,
) -> Result<(), ServiceError> {
    let mut drawn = BTreeSet::new();
    let mut missing = u64::from(wanted.count);
    for _ in 0..MAX_DRAWS {
        let mut fresh = BTreeSet::new();
        while u64::try_from(fresh.len()).unwrap_or(u64::MAX) < missing {
            let code = random(wanted);
            if !drawn.contains(&code) {
                fresh.insert(code);
            }
        }
        // In the order of the keys, as imports have it.
        let codes: Vec<String> = fresh.iter().cloned().collect();
        let made = db::codes::insert_drawn(tx, promotion, batch, wanted.expires_at, &codes).await?;
        missing = missing.saturating_sub(made);
        if missing == 0 {
            return Ok(());
        }
        drawn.append(&mut fresh);
    }
    Err(DbError::CodesTaken(Vec::new()).into())
}

/// One code from the generator of the process, which is a cryptographic one, seeded by the operating system.
fn random(wanted: &Generation) -> String {
    let mut code = wanted.prefix.clone();
    let mut generator = rand::rng();
    for _ in 0..wanted.length {
        let place = generator.random_range(0..ALPHABET.len());
        code.extend(ALPHABET.get(place).copied().map(char::from));
    }
    code
}

/// What was asked for, as it was understood: what a batch is compared by, and, with its name, the audit document.
fn generation(wanted: &Generation, batch: Option<&str>) -> String {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("count").integer(wanted.count);
        writer.key("prefix").text(&wanted.prefix);
        writer.key("length").raw(&wanted.length.to_string());
        write_expiry(writer, wanted.expires_at);
        if let Some(batch) = batch {
            writer.key("batch").text(batch);
        }
    });
    writer.finish()
}

/// The audit document of codes that were named. A common expiry is told, others are not.
fn imported(codes: &[NewCode], count: u64) -> String {
    let first = codes.first().and_then(|new| new.expires_at);
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        writer.key("count").raw(&count.to_string());
        let named = codes.iter().take(MAX_AUDITED);
        writer.key("codes").list(named, |writer, new| writer.text(&new.code));
        if codes.iter().all(|new| new.expires_at == first) {
            write_expiry(writer, first);
        }
    });
    writer.finish()
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
        let wanted = Generation { count: 1, prefix, length: 10, batch: None, expires_at: None };
        for _ in 0..1_000 {
            let code = random(&wanted);
            let drawn = code.strip_prefix("DIW-").unwrap();
            assert_eq!(drawn.len(), 10);
            assert!(!drawn.contains(['I', 'L', 'O', 'U', '0', '1']), "{code}");
            assert!(crate::domain::code::Code::new(&code).is_some(), "{code}");
        }
    }
}
