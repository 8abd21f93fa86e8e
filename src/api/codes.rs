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
use crate::db::codes::{CodeFilter, ListedCode};
use crate::db::{self, Page};
use crate::domain::code::{Generation, NewCode, Recipients};
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
use crate::wire::write::{Writer, time_text};

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
    /// `true`: only codes that some redemption uses. `false`: only those that none uses.
    used: Option<bool>,
    /// Only the codes that are bound to this customer.
    #[param(max_length = 255)]
    customer_id: Option<String>,
}

/// Add codes to a promotion: by name, as CSV, or generated at random
///
/// `{"codes": ["SAVE10", {"code": "FOR-ASHA", "customer_id": "C-1001"}], "expires_at"}` or `text/csv` names the codes. A
/// code with a customer is bound to that customer: it unlocks the promotion only when that customer is in the request.
/// The CSV header has `code` and optionally `expires_at` and `customer_id`, in any case and order; without a header each
/// line is a code. An exported file can be read as well. Codes that the promotion already has stay as they are, with
/// the customer that they have. A code of another promotion is refused with 409 `code_taken`. The answer is `{"count",
/// "created"}`.
///
/// `{"generate": {"count", "prefix", "length"}, "batch", "expires_at"}` generates 1 to 100,000 codes. Each is the
/// prefix and `length` (8 to 32) random letters and digits. The answer contains the codes: `{"count", "created",
/// "batch", "expires_at", "codes"}`. With `customer_ids` in place of `count` each of these customers gets one code, and
/// the answer has `bound_codes`, with the customer of each, in place of `codes`. The same `batch` again gives the same
/// answer and generates nothing; with another body it is refused with 409 `name_taken`. Without `batch` every request
/// generates new codes, under a new batch name.
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
    head.push_str(match wanted.recipients {
        Recipients::Anybody(_) => ",\"codes\":[",
        Recipients::Customers(_) => ",\"bound_codes\":[",
    });
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
) -> Result<Page<NewCode, String>, ServiceError> {
    let read = service.db().tenant(tenant, move |tx| {
        Box::pin(
            async move { db::codes::of_batch(tx, promotion, &batch, after.as_deref(), PART).await },
        )
    });
    Ok(read.await?)
}

/// Entries of a JSON list of codes. A comma precedes every entry but the first of the list.
fn listed(codes: &[NewCode], is_first: bool) -> String {
    let mut text = String::with_capacity(codes.len() * 24);
    for (place, new) in codes.iter().enumerate() {
        if !(is_first && place == 0) {
            text.push(',');
        }
        let mut writer = Writer::default();
        match &new.customer_id {
            None => writer.text(&new.code),
            Some(customer) => BoundCode::print(&mut writer, &(&new.code, customer)),
        }
        text.push_str(&writer.finish());
    }
    text
}

/// List the codes of a promotion with their use; viewers see only the last three characters
///
/// `used` counts the redemptions by the code that are held or committed and not returned in full. With `Accept:
/// text/csv` the answer has all codes, as `code,expires_at,used`, and `customer_id` besides if one of the promotion's
/// codes is bound to a customer; `limit` and `cursor` apply to the JSON list only.
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
    let filter = CodeFilter {
        batch: query.text("batch"),
        used: query.boolean("used"),
        customer_id: query.text("customer_id"),
    };
    let wanted = if csv {
        Wanted { limit: PART, ..Wanted::first(query.path(), reader.cursors()) }
    } else {
        query.page::<String>(reader.cursors())
    };
    let finished = query.finish();
    api.require_promotion(reader.tenant(), promotion).await?;
    finished?;
    let mut listing = Listing {
        service: api.service().clone(),
        tenant: reader.tenant(),
        promotion,
        filter,
        shows_codes: reader.sees_codes(),
        shows_customers: true,
    };
    if csv {
        listing.shows_customers = api.within(Deadline::BulkRead, listing.has_customers()).await?;
    }
    let first = listing.page(wanted.after, wanted.limit);
    let found = api.within(Deadline::BulkRead, first).await?;
    if csv {
        return Ok(exported(listing, found));
    }
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        CodeBody::print(writer, &(row, listing.shown(&row.code)));
    }))
}

/// The codes to list, and how they are shown.
#[derive(Clone)]
struct Listing {
    service: Service,
    tenant: TenantId,
    promotion: PromotionId,
    filter: CodeFilter,
    /// Whether the caller may see codes whole.
    shows_codes: bool,
    /// Whether a file has a column of customers.
    shows_customers: bool,
}

impl Listing {
    async fn page(
        &self,
        after: Option<String>,
        limit: u16,
    ) -> Result<Page<ListedCode, String>, ServiceError> {
        let (promotion, filter) = (self.promotion, self.filter.clone());
        let read = self.service.db().tenant(self.tenant, move |tx| {
            Box::pin(async move {
                // A popular code may have a million redemptions to count.
                tx.allow_bulk().await?;
                db::codes::list(tx, promotion, &filter, after.as_deref(), limit).await
            })
        });
        Ok(read.await?)
    }

    async fn has_customers(&self) -> Result<bool, ServiceError> {
        let promotion = self.promotion;
        let read = self.service.db().tenant(self.tenant, move |tx| {
            Box::pin(async move {
                tx.allow_bulk().await?;
                db::codes::any_bound(tx, promotion).await
            })
        });
        Ok(read.await?)
    }

    /// The columns of a file.
    fn columns(&self) -> &'static [&'static str] {
        let [plain @ .., _] = &CODE_COLUMNS;
        if self.shows_customers { &CODE_COLUMNS } else { plain }
    }

    /// Codes as rows of a file. If it has no column of customers, a code that was bound since then is left out, because
    /// an import of the file would make it anybody's.
    fn rows(&self, page: &Page<ListedCode, String>) -> String {
        let rows =
            page.items.iter().filter(|row| self.shows_customers || row.customer_id.is_none());
        let mut text = String::new();
        for row in rows {
            let expires_at = row.expires_at.as_ref().map(time_text).unwrap_or_default();
            // Only customers may contain a comma or a quote. Writing to a string does not fail.
            let _ = write!(text, "{},{expires_at},{}", self.shown(&row.code), row.used);
            if self.shows_customers {
                text.push(',');
                text.push_str(&wire::csv::field(row.customer_id.as_deref().unwrap_or_default()));
            }
            text.push('\n');
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
    let head = format!("{}\n{}", listing.columns().join(","), listing.rows(&first));
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
        /// The only customer who can use the code; null: anybody can.
        customer_id: optional(WORDS) => row.customer_id,
        /// Redemptions by the code that are held or committed and not returned in full.
        used: required(SIZE) => row.used,
        /// The name of the generation that made the code; null if the code was named.
        batch: optional(WORDS) => row.batch,
        /// When the code was created.
        created_at: required(INSTANT) => row.created_at,
    }
}

/// The result of adding codes: how many there were, and how many are new. Generated codes have a batch and an expiry.
/// They are read while the answer is sent.
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
        /// The generated codes. Not for `customer_ids`.
        codes: absent(every(WORDS)) => None::<Vec<String>>,
        /// The codes that were generated for `customer_ids`.
        bound_codes: absent(every(part::<BoundCode>())) => None::<Vec<(&String, &String)>>,
    }
}

answer! {
    struct BoundCode "" as (&String, &String) |(code, customer)| {
        /// The code.
        code: required(WORDS) => code,
        /// The only customer who can use the code.
        customer_id: required(WORDS) => customer,
    }
}

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
