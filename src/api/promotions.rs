//! Promotions (spec 5).

use axum::body::Bytes;
use utoipa::IntoParams;

use super::etag::{IfMatch, tagged};
use super::problem::code_of;
use super::{handler::*, schema};
use crate::db;
use crate::db::promotion_history::HistoryRow;
use crate::db::promotion_list::{PromotionCursor, PromotionFilter};
use crate::domain::finding::Finding;
use crate::domain::id::{PromotionId, TenantId};
use crate::domain::promotion::{
    Promotion, PromotionOrder, PromotionType, State as PromotionState, Status, Terms,
};
use crate::domain::settings::CustomField;
use crate::service::promotion_list::Search;
use crate::service::promotions::{Content, Stored, Written, exists};
use crate::service::{Mode, Service, ServiceError};
use crate::stored;
use crate::wire;
use crate::wire::body::{PrintBody as _, read_body};
use crate::wire::faults::FaultCode;
use crate::wire::finding::FindingsBody;
use crate::wire::promotion::{PromotionAnswer, Purpose, VersionAnswer};
use crate::wire::promotion_status::{StatusChange, StatusVerdictsBody, StatusesChange};

conflicts! {
    CreatePromotionConflict = "name_taken" | "active_promotion_limit";
    ReplacePromotionConflict = "name_taken" | "active_promotion_limit" | "locked_after_live" | "archived" | "invalid_transition";
    ArchivePromotionConflict = "archived";
    SetPromotionStatusConflict = "active_promotion_limit" | "archived" | "invalid_transition";
}

type States = OneNamed<PromotionState>;
type Types = OneNamed<PromotionType>;
type Orders = OneNamed<PromotionOrder>;

/// Which promotions are listed, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads")]
pub struct FilterParams {
    /// Only promotions that are in one of these states now, parted by commas. Without it, archived promotions are left
    /// out.
    #[param(inline, style = Form, explode = false)]
    state: Option<Vec<States>>,
    /// Only promotions of this type.
    #[param(inline)]
    r#type: Option<Types>,
    /// Only promotions of this campaign.
    #[param(max_length = 255)]
    campaign: Option<String>,
    /// Only promotions whose name contains this text; case is ignored.
    #[param(max_length = 255)]
    q: Option<String>,
    /// Only the promotion that has this code; case is ignored. Viewers may not search by code (403).
    #[param(max_length = 255)]
    code: Option<String>,
    /// The code of a store: only promotions whose scope lets it in.
    #[param(max_length = 255)]
    store: Option<String>,
    /// An RFC 3339 time: only promotions that end at this time or later.
    #[param(format = DateTime)]
    ends_after: Option<String>,
    /// An RFC 3339 time: only promotions that end before this time.
    #[param(format = DateTime)]
    ends_before: Option<String>,
    /// `true`: only promotions of which a limit that all customers share is used up now. `false`: only the others.
    exhausted: Option<bool>,
    /// The order, descending with `-` in front. Without it: the newest first. Names are sorted in lower case.
    #[param(inline)]
    sort: Option<Orders>,
    /// `true`: the answer has `total`, the number of all promotions that match.
    count: Option<bool>,
}

/// Create a promotion, as a draft or active
#[utoipa::path(post, path = "/v1/promotions", operation_id = "create_promotion", tag = "promotions",
    security(("key" = ["admin"])), params(DryRunParams), request_body = schema::PromotionInput,
    responses(
        (status = 200, description = "Of a dry run: the promotion as it would be.", body = schema::Promotion),
        (status = 201, description = "The promotion.", body = schema::Promotion), Writing, CreatePromotionConflict))]
pub async fn create(api: Api, admin: Caller<Admin>, DryRun(mode): DryRun, body: Small) -> Answered {
    let (service, actor) = (api.service(), admin.actor());
    let body = body.json()?;
    let (settings, _) = api.within(Deadline::Read, service.settings(actor.tenant)).await?;
    let fields = settings.custom_fields.clone();
    let new = read(&api, actor.tenant, body, fields, None).await?;
    let made = api.within(Deadline::Write, service.create_promotion(mode, actor, new)).await?;
    Ok(written(&api, mode, StatusCode::CREATED, &made))
}

/// List promotions, newest first if no order is asked for
#[utoipa::path(get, path = "/v1/promotions", operation_id = "list_promotions", tag = "promotions",
    security(("key" = ["admin", "viewer"])), params(FilterParams, ListParams),
    responses((status = 200, description = "A page of promotions.", body = schema::PromotionPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, mut query: Query) -> Answered {
    let search = Search {
        filter: PromotionFilter {
            states: query.choices("state"),
            kind: query.choice("type"),
            campaign: query.text("campaign"),
            q: query.text("q"),
            ends_after: query.time("ends_after"),
            ends_before: query.time("ends_before"),
            ..PromotionFilter::default()
        },
        code: query.text("code"),
        store: query.text("store"),
        exhausted: query.boolean("exhausted"),
        order: query.choice("sort").unwrap_or(PromotionOrder::NewestFirst),
        counts: query.boolean("count").unwrap_or(false),
    };
    let wanted = query.page::<PromotionCursor>(reader.cursors());
    if wanted.after.as_ref().is_some_and(|after| after.order != search.order) {
        query.fault("cursor", FaultCode::Malformed, "is a cursor of another order");
    }
    query.finish()?;
    if search.code.is_some() && !reader.sees_codes() {
        // The answer would reveal whether a code exists that viewers may not see.
        return Err(ApiError::Forbidden);
    }
    let service = api.service();
    let read = service.promotions(reader.tenant(), search, wanted.after, wanted.limit);
    let (found, total) = api.within(Deadline::Read, read).await?;
    Ok(page::counted(&found, &wanted.seal, total, |writer, (own, _)| {
        writer.raw(&text(service, own, None));
    }))
}

/// Read a promotion
#[utoipa::path(get, path = "/v1/promotions/{id}", operation_id = "read_promotion", tag = "promotions",
    security(("key" = ["admin", "viewer"])), params(("id" = Uuid, Path, description = "The promotion.")),
    responses((status = 200, description = "The promotion.", body = schema::Promotion), Reading))]
pub async fn get(
    api: Api,
    reader: Caller<Reader>,
    PathId(promotion): PathId<PromotionId>,
    _: NoQuery,
) -> Answered {
    let stored =
        api.within(Deadline::Read, api.service().promotion(reader.tenant(), promotion)).await?;
    Ok(answer(&api, StatusCode::OK, &stored))
}

/// Replace a promotion; a field that is left out takes its default, but `status` stays
#[utoipa::path(put, path = "/v1/promotions/{id}", operation_id = "replace_promotion", tag = "promotions",
    security(("key" = ["admin"])),
    params(
        ("id" = Uuid, Path, description = "The promotion."),
        ("if-match" = String, Header, description = "The version that is to be replaced: the `ETag` of the last answer, or `*`."),
        DryRunParams),
    request_body = schema::PromotionReplacement,
    responses(
        (status = 200, description = "The promotion; of a dry run, as it would be.", body = schema::Promotion),
        Replacing, ReplacePromotionConflict))]
pub async fn put(
    api: Api,
    admin: Caller<Admin>,
    PathId(promotion): PathId<PromotionId>,
    if_match: IfMatch,
    DryRun(mode): DryRun,
    body: Small,
) -> Answered {
    let (service, actor) = (api.service(), admin.actor());
    let before = service.before_replacing(actor.tenant, promotion);
    let (before, settings) = api.within(Deadline::Read, before).await?;
    let fields = settings.custom_fields.clone();
    let new = read(&api, actor.tenant, body.json()?, fields, Some(before)).await?;
    let expected = if_match.expected()?;
    let replaced = service.replace_promotion(mode, actor, promotion, expected, new);
    let replaced = api.within(Deadline::Write, replaced).await?;
    Ok(written(&api, mode, StatusCode::OK, &replaced))
}

/// Find what is allowed in a promotion but probably not meant
#[utoipa::path(get, path = "/v1/promotions/{id}/findings", operation_id = "read_promotion_findings", tag = "promotions",
    security(("key" = ["admin", "viewer"])), params(("id" = Uuid, Path, description = "The promotion.")),
    responses((status = 200, description = "The findings.", body = schema::Findings), Reading))]
pub async fn findings(
    api: Api,
    reader: Caller<Reader>,
    PathId(promotion): PathId<PromotionId>,
    _: NoQuery,
) -> Answered {
    let found =
        api.within(Deadline::Read, api.service().findings(reader.tenant(), promotion)).await?;
    ok(FindingsBody::document(found.as_slice()))
}

/// Archive a promotion
#[utoipa::path(delete, path = "/v1/promotions/{id}", operation_id = "archive_promotion", tag = "promotions",
    security(("key" = ["admin"])), params(("id" = Uuid, Path, description = "The promotion.")),
    responses((status = 204, description = "Archived."), Writing, ArchivePromotionConflict))]
pub async fn archive(
    api: Api,
    admin: Caller<Admin>,
    PathId(promotion): PathId<PromotionId>,
    _: NoQuery,
) -> Answered {
    let (service, actor) = (api.service(), admin.actor());
    api.within(Deadline::Write, service.set_promotion_status(actor, promotion, Status::Archived))
        .await?;
    done()
}

/// Activate, pause or archive a promotion
#[utoipa::path(post, path = "/v1/promotions/{id}/status", operation_id = "set_promotion_status", tag = "promotions",
    security(("key" = ["admin"])), params(("id" = Uuid, Path, description = "The promotion.")),
    request_body = schema::StatusChange,
    responses(
        (status = 200, description = "The promotion.", body = schema::Promotion), Writing, SetPromotionStatusConflict))]
pub async fn set_status(
    api: Api,
    admin: Caller<Admin>,
    PathId(promotion): PathId<PromotionId>,
    body: Small,
) -> Answered {
    let (service, actor) = (api.service(), admin.actor());
    api.within(Deadline::Read, service.promotion(actor.tenant, promotion)).await?;
    let status = decode(&body.json()?, read_body::<StatusChange, _>)?;
    let moved = service.set_promotion_status(actor, promotion, status);
    let stored = api.within(Deadline::Write, moved).await?;
    Ok(answer(&api, StatusCode::OK, &stored))
}

/// Activate, pause or archive many promotions, each by itself
///
/// The answer has one result for each promotion: its status, or why it stays as it is. A refusal of one does not stop
/// the others.
#[utoipa::path(post, path = "/v1/promotions/status", operation_id = "set_promotion_statuses", tag = "promotions",
    security(("key" = ["admin"])), request_body = schema::StatusesChange,
    responses((status = 200, description = "One result for each promotion.", body = schema::StatusVerdicts), Writing))]
pub async fn set_statuses(api: Api, admin: Caller<Admin>, body: Small) -> Answered {
    let (ids, status) = decode(&body.json()?, read_body::<StatusesChange, _>)?;
    let ids = ids.into_iter().map(PromotionId::new).collect();
    let moved = api.service().set_promotion_statuses(admin.actor(), ids, status);
    let verdicts = api.within(Deadline::BulkWrite, moved).await?.into_iter();
    let verdicts = verdicts.map(|(id, outcome)| (id.uuid(), outcome.map_err(|why| verdict(&why))));
    ok(StatusVerdictsBody::document(&verdicts.collect::<Vec<_>>()))
}

/// The code of a refusal, which the service has told apart from failures.
fn verdict(why: &ServiceError) -> &'static str {
    match why {
        ServiceError::Refused(refusal) => code_of(refusal),
        ServiceError::Invalid(_) => "invalid",
        _ => "not_found",
    }
}

/// Read every version of a promotion, newest first
#[utoipa::path(get, path = "/v1/promotions/{id}/history", operation_id = "read_promotion_history", tag = "promotions",
    security(("key" = ["admin", "viewer"])), params(("id" = Uuid, Path, description = "The promotion."), ListParams),
    responses((status = 200, description = "A page of versions.", body = schema::PromotionVersionPage), Reading))]
pub async fn history(
    api: Api,
    reader: Caller<Reader>,
    PathId(promotion): PathId<PromotionId>,
    mut query: Query,
) -> Answered {
    let wanted = query.page::<i32>(reader.cursors());
    let finished = query.finish();
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move {
            exists(tx, promotion).await?;
            Ok::<_, ServiceError>(
                db::promotion_history::history(tx, promotion, wanted.after, wanted.limit).await?,
            )
        })
    });
    let found = api.within(Deadline::Read, read).await?;
    finished?;
    let read = |row: &HistoryRow| stored::terms("a version of a promotion", &row.document);
    let terms: Vec<Terms> = found.items.iter().map(read).collect::<Result<_, _>>()?;
    let mut terms = terms.iter();
    Ok(page::answer(&found, &wanted.seal, |writer, row| {
        if let Some(terms) = terms.next() {
            let version = (row.version, row.key_id, row.at, row.status, terms);
            VersionAnswer::print(writer, &version);
        }
    }))
}

fn answer(api: &Api, status: StatusCode, stored: &Stored) -> Response {
    tagged(json(status, text(api.service(), stored, None)), stored.version)
}

/// A promotion that was written, with `status`, or would be. A version that is not there has no `ETag`.
fn written(api: &Api, mode: Mode, status: StatusCode, written: &Written) -> Response {
    let Written { stored, findings } = written;
    let text = text(api.service(), stored, Some(findings));
    match mode {
        Mode::Write => tagged(json(status, text), stored.version),
        Mode::DryRun => json(StatusCode::OK, text),
    }
}

/// A promotion as JSON for answers.
fn text(service: &Service, stored: &Stored, findings: Option<&[Finding]>) -> String {
    let promotion = &stored.promotion;
    let state = promotion.status.state(&promotion.terms, service.clock().now());
    let Stored { usage, version, updated_at, .. } = stored;
    PromotionAnswer::document(&(promotion, state, usage, *version, *updated_at, findings))
}

/// Reads the body of a new promotion, or of one that replaces `before`.
async fn read(
    api: &Api,
    tenant: TenantId,
    body: Bytes,
    fields: Vec<CustomField>,
    before: Option<Promotion>,
) -> Result<Content, ApiError> {
    let read = move |body: &Bytes| {
        let purpose = match &before {
            None => Purpose::Create(&fields),
            Some(before) => Purpose::Replace(&fields, before.status, &before.terms.custom_fields),
        };
        decode(body, |value, faults| {
            let body = wire::promotion::parse(value, purpose, faults);
            let (terms, status) = (body.terms?, body.status);
            Some(Content { terms, lists: faults.take_lists(), status })
        })
    };
    match api.read(tenant, body, read).await {
        Ok(new) => Ok(new),
        Err(refused) => Err(api.with_missing_lists(tenant, refused).await),
    }
}
