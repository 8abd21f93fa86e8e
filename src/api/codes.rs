//! The codes of a promotion (spec 10).

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::body::Bytes;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use utoipa::IntoParams;

use super::page::Wanted;
use super::stream;
use super::{handler::*, schema};
use crate::db::codes::ListedCode;
use crate::db::{self, Page};
use crate::domain::code::{Generation, NewCode};
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::names::Named;
use crate::domain::promotion::PromotionType;
use crate::service::codes::Generated;
use crate::service::{Service, ServiceError};
use crate::wire;
use crate::wire::body::*;
use crate::wire::code::{CodesBody, NewCodes, masked};
use crate::wire::csv::CODE_COLUMNS;
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::write::time_text;

conflicts! {
    CreateCodesConflict = "code_taken" | "name_taken" | "archived";
    DeleteCodeConflict = "archived";
}

/// Codes in one part of a long answer.
const PART: u16 = 2_000;

/// Which codes are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads")]
pub struct FilterParams {
    /// Only the codes of this generation.
    #[param(max_length = 255)]
    batch: Option<String>,
}

/// Add codes to a promotion: by name, as CSV, or generated at random
///
/// `{"codes": ["SAVE10"], "expires_at"}` or `text/csv` names the codes. The CSV header is `code` and optionally
/// `expires_at`; an exported file can be read as well. Codes that the promotion already has stay as they are. A code of
/// another promotion is refused with 409 `code_taken`. The answer is `{"count", "created"}`.
///
/// `{"generate": {"count", "prefix", "length"}, "batch", "expires_at"}` generates 1 to 100,000 codes. Each is the
/// prefix and `length` (8 to 32) random letters and digits. The answer contains the codes: `{"count", "created",
/// "batch", "expires_at", "codes"}`. The same `batch` again gives the same answer and generates nothing; with another
/// body it is refused with 409 `name_taken`. Without `batch` every request generates new codes, under a new batch name.
#[utoipa::path(post, path = "/v1/promotions/{id}/codes", operation_id = "create_codes", tag = "codes",
    security(("key" = ["admin"])), params(("id" = Uuid, Path, description = "The promotion.")),
    request_body(content((schema::CodesInput = "application/json"), (String = "text/csv"))),
    responses(
        (status = 201, description = "How many codes are new; the codes, if generated.", body = schema::CodesMade),
        Writing, CreateCodesConflict))]
pub async fn create(
    api: Api,
    admin: Caller<Admin>,
    PathId(promotion): PathId<PromotionId>,
    body: Bulk,
) -> Answered {
    let (service, actor) = (api.service(), admin.actor());
    let stored = api.within(Deadline::Read, service.promotion(actor.tenant, promotion)).await?;
    let new = match body.text()? {
        JsonOrCsv::Json(bytes) => {
            api.decode(actor.tenant, bytes, read_body::<CodesBody, _>).await?
        }
        JsonOrCsv::Csv(bytes) => NewCodes::Named(api.read(actor.tenant, bytes, imported).await?),
    };
    let kind = stored.promotion.terms.kind.promotion_type();
    if kind != PromotionType::CodeLinked {
        let message = format!("a promotion of type {} has no codes", kind.name());
        return Err(ApiError::fault("", FaultCode::UnsupportedCombination, message));
    }
    match new {
        NewCodes::Named(codes) => {
            let count = u64::try_from(codes.len()).unwrap_or(u64::MAX);
            let added = service.add_codes(actor, promotion, codes);
            let made =
                Made { count, created: api.within(Deadline::BulkWrite, added).await?, drawn: None };
            created(CodesMade::document(&made))
        }
        NewCodes::Generated(wanted) => {
            let asked = wanted.clone();
            let made = service.generate_codes(actor, promotion, asked);
            let made = api.within(Deadline::BulkWrite, made).await?;
            Ok(generated(&api, actor.tenant, promotion, &wanted, &made))
        }
    }
}

fn imported(bytes: &Bytes) -> Result<Vec<NewCode>, ApiError> {
    let mut faults = Faults::new();
    let codes = wire::csv::codes(bytes, &mut faults);
    codes.filter(|_| faults.is_empty()).ok_or(ApiError::Invalid(faults))
}

/// The answer to a generation. Its codes are read while it is sent.
fn generated(
    api: &Api,
    tenant: TenantId,
    promotion: PromotionId,
    wanted: &Generation,
    made: &Generated,
) -> Response {
    let count = u64::try_from(made.count).unwrap_or_default();
    let drawn = Some((made.batch.as_str(), wanted.expires_at));
    // The codes follow, so the object stays open.
    let mut head = CodesMade::document(&Made { count, created: count, drawn });
    head.pop();
    head.push_str(",\"codes\":[");
    let (service, batch) = (api.service().clone(), made.batch.clone());
    let start: Option<Option<String>> = Some(None);
    stream::answer(StatusCode::CREATED, "application/json", (head, "]}"), start, move |after| {
        let (service, batch) = (service.clone(), batch.clone());
        async move {
            let is_first = after.is_none();
            let page = codes_of(&service, tenant, promotion, batch, after).await?;
            Ok((listed(&page.items, is_first), page.next.map(Some)))
        }
    })
}

async fn codes_of(
    service: &Service,
    tenant: TenantId,
    promotion: PromotionId,
    batch: String,
    after: Option<String>,
) -> Result<Page<String, String>, ServiceError> {
    let read = service.db().tenant(tenant, move |tx| {
        Box::pin(
            async move { db::codes::of_batch(tx, promotion, &batch, after.as_deref(), PART).await },
        )
    });
    Ok(read.await?)
}

/// Entries of a JSON list of codes. Codes need no escaping. A comma precedes every entry but the first of the list.
fn listed(codes: &[String], is_first: bool) -> String {
    let mut text = String::with_capacity(codes.len() * 24);
    for (place, code) in codes.iter().enumerate() {
        let comma = if is_first && place == 0 { "" } else { "," };
        // Writing to a string does not fail.
        let _ = write!(text, "{comma}\"{code}\"");
    }
    text
}

/// List the codes of a promotion with their use; viewers see only the last three characters
///
/// `used` counts the redemptions by the code that are held or committed and not returned in full. With `Accept:
/// text/csv` the answer has all codes, as `code,expires_at,used`; `limit` and `cursor` apply to the JSON list only.
#[utoipa::path(get, path = "/v1/promotions/{id}/codes", operation_id = "list_codes", tag = "codes",
    security(("key" = ["admin", "viewer"])),
    params(("id" = Uuid, Path, description = "The promotion."), FilterParams, ListParams),
    responses(
        (status = 200, description = "A page of codes, or all of them as CSV.", content((schema::CodePage = "application/json"), (String = "text/csv"))),
        Reading))]
pub async fn list(
    api: Api,
    reader: Caller<Reader>,
    PathId(promotion): PathId<PromotionId>,
    headers: HeaderMap,
    mut query: Query,
) -> Answered {
    let csv = stream::wants_csv(&headers);
    let batch = query.text("batch");
    let wanted = if csv {
        Wanted { limit: PART, ..Wanted::first(query.path(), reader.cursors()) }
    } else {
        query.page::<String>(reader.cursors())
    };
    let finished = query.finish();
    api.require_promotion(reader.tenant(), promotion).await?;
    finished?;
    let listing = Listing {
        service: api.service().clone(),
        tenant: reader.tenant(),
        promotion,
        batch,
        shows_codes: reader.sees_codes(),
    };
    let first = listing.page(wanted.after, wanted.limit);
    let found = api.within(Deadline::BulkRead, first).await?;
    if csv {
        return Ok(exported(listing, found));
    }
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        CodeBody::print(writer, &(row, listing.shown(&row.code)));
    }))
}

/// The codes to list, and whether the caller may see them whole.
#[derive(Clone)]
struct Listing {
    service: Service,
    tenant: TenantId,
    promotion: PromotionId,
    batch: Option<String>,
    shows_codes: bool,
}

impl Listing {
    async fn page(
        &self,
        after: Option<String>,
        limit: u16,
    ) -> Result<Page<ListedCode, String>, ServiceError> {
        let (promotion, batch) = (self.promotion, self.batch.clone());
        let read = self.service.db().tenant(self.tenant, move |tx| {
            Box::pin(async move {
                // A popular code may have a million redemptions to count.
                tx.allow_bulk().await?;
                db::codes::list(tx, promotion, batch.as_deref(), after.as_deref(), limit).await
            })
        });
        Ok(read.await?)
    }

    /// Codes as rows of CSV.
    fn rows(&self, page: &Page<ListedCode, String>) -> String {
        let mut text = String::new();
        for row in &page.items {
            let expires_at = row.expires_at.as_ref().map(time_text).unwrap_or_default();
            // Neither field contains a comma or a quote. Writing to a string does not fail.
            let _ = writeln!(text, "{},{expires_at},{}", self.shown(&row.code), row.used);
        }
        text
    }

    /// A code as the caller sees it.
    fn shown<'c>(&self, code: &'c str) -> Cow<'c, str> {
        if self.shows_codes { Cow::Borrowed(code) } else { Cow::Owned(masked(code)) }
    }
}

/// All codes as CSV. The first page is already read.
fn exported(listing: Listing, first: Page<ListedCode, String>) -> Response {
    let head = format!("{}\n{}", CODE_COLUMNS.join(","), listing.rows(&first));
    let csv = "text/csv; charset=utf-8";
    stream::answer(StatusCode::OK, csv, (head, ""), first.next, move |after| {
        let listing = listing.clone();
        async move {
            let page = listing.page(Some(after), PART).await?;
            Ok((listing.rows(&page), page.next))
        }
    })
}

answer! {
    /// A code.
    pub struct CodeBody "Code" as (&ListedCode, Cow<'_, str>) |(row, shown)| {
        /// The code. Viewers see only its last three characters.
        code: required(WORDS) => shown,
        /// When the code stops working; null: when the promotion ends.
        expires_at: optional(INSTANT) => row.expires_at,
        /// Redemptions by the code that are held or committed and not returned in full.
        used: required(SIZE) => row.used,
        /// The name of the generation that made the code; null if the code was named.
        batch: optional(WORDS) => row.batch,
        /// When the code was created.
        created_at: required(INSTANT) => row.created_at,
    }
}

/// The result of adding codes: how many there were, and how many are new. Generated codes have a batch and an expiry.
struct Made<'b> {
    count: u64,
    created: u64,
    drawn: Option<(&'b str, Option<DateTime<Utc>>)>,
}

answer! {
    /// The result of adding codes.
    pub struct CodesMade "CodesMade" as Made<'_> |made| {
        /// How many codes were named or generated.
        count: required(SIZE) => made.count,
        /// How many of the codes are new. All generated codes are new.
        created: required(SIZE) => made.created,
        /// The name of the generation. Only for generated codes.
        batch: absent(WORDS) => made.drawn.map(|(batch, _)| batch),
        /// When the generated codes stop working. Only for generated codes.
        expires_at: absent(or_null(INSTANT)) => made.drawn.map(|(_, expires_at)| expires_at),
        /// The generated codes.
        codes: absent(every(WORDS)) => NOT_YET,
    }
}

/// Generated codes are read while the answer is sent.
const NOT_YET: Option<Vec<String>> = None;

/// Delete a code
#[utoipa::path(delete, path = "/v1/promotions/{id}/codes/{code}", operation_id = "delete_code", tag = "codes",
    security(("key" = ["admin"])),
    params(
        ("id" = Uuid, Path, description = "The promotion."),
        ("code" = String, Path, description = "The code, in whatever case.")),
    responses((status = 204, description = "Deleted."), Writing, DeleteCodeConflict))]
pub async fn delete(
    api: Api,
    admin: Caller<Admin>,
    PathId(promotion): PathId<PromotionId>,
    Name(code): Name,
    _: NoQuery,
) -> Answered {
    api.within(Deadline::Write, api.service().delete_code(admin.actor(), promotion, code)).await?;
    done()
}
