//! Codes looked up by themselves, and the generations of a promotion's codes (spec 10).

use super::{handler::*, schema};
use crate::db;
use crate::db::codes::{BatchCursor, ListedBatch};
use crate::domain::id::PromotionId;
use crate::service::ServiceError;
use crate::service::promotions::exists;
use crate::wire::body::*;
use crate::wire::code_lookup::{CodeFound, Told};

/// Look up a code: which promotion has it, how often it was used, and what is left
///
/// A till's look-up of an unknown code counts as a guess at a code, of which a tenant has a number each minute.
#[utoipa::path(get, path = "/v1/codes/{code}", operation_id = "read_code", tag = "codes",
    security(("key" = ["admin", "pos"])),
    params(("code" = String, Path, description = "The code, in whatever case.")),
    responses((status = 200, description = "The code.", body = schema::CodeFound), Reading))]
pub async fn look_up(
    api: Api,
    reader: Caller<CodeReader>,
    Name(code): Name,
    _: NoQuery,
) -> Answered {
    let guess = if reader.is_admin() {
        None
    } else {
        Some(api.service().cache().guess(reader.tenant(), 1)?)
    };
    let found = api.within(Deadline::BulkRead, api.service().code(reader.tenant(), code)).await?;
    if let Some(guess) = guess {
        guess.failed(usize::from(found.is_none()));
    }
    let found = found.ok_or(ApiError::NotFound)?;
    let (listed, promotion) = (&found.listed, &found.promotion);
    ok(CodeFound::document(&Told {
        code: &listed.code,
        owner: (promotion.id.uuid(), &promotion.terms.name, found.state),
        batch: listed.batch.as_deref(),
        expires_at: listed.expires_at,
        customer_id: listed.customer_id.as_deref(),
        used: listed.used,
        left: &found.left,
        precision: found.precision,
        created_at: listed.created_at,
    }))
}

/// List the generations of a promotion's codes, newest first
#[utoipa::path(get, path = "/v1/promotions/{id}/batches", operation_id = "list_code_batches", tag = "codes",
    security(("key" = ["admin", "viewer"])),
    params(("id" = Uuid, Path, description = "The promotion."), ListParams),
    responses((status = 200, description = "A page of generations.", body = schema::CodeBatchPage), Reading))]
pub async fn batches(
    api: Api,
    reader: Caller<Reader>,
    PathId(promotion): PathId<PromotionId>,
    mut query: Query,
) -> Answered {
    let wanted = query.page::<BatchCursor>(reader.cursors());
    let finished = query.finish();
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move {
            tx.allow_bulk().await?;
            exists(tx, promotion).await?;
            let after = wanted.after.as_ref();
            let found = db::code_lookup::batches(tx, promotion, after, wanted.limit).await?;
            Ok::<_, ServiceError>(found)
        })
    });
    let found = api.within(Deadline::BulkRead, read).await?;
    finished?;
    Ok(page::answer(&found, &wanted.seal, CodeBatch::print))
}

answer! {
    /// A generation of codes.
    pub struct CodeBatch "CodeBatch" as ListedBatch |row| {
        /// The name of the generation.
        batch: required(WORDS) => row.batch,
        /// How many of its codes have not been deleted.
        codes: required(SIZE) => row.codes,
        /// How many of these codes some redemption uses that is held or committed and not returned in full.
        used: required(SIZE) => row.used,
        /// When the codes were generated.
        created_at: required(INSTANT) => row.created_at,
    }
}
