//! Issuances: promotions that are given to customers, claimed by customers, and revoked (spec 11).

use utoipa::IntoParams;
use uuid::Uuid;

use super::problem;
use super::{handler::*, schema};
use crate::db::issuances::{IssuanceCursor, IssuanceFilter};
use crate::domain::id::{IssuanceId, PromotionId};
use crate::domain::issuance::{Issuance, IssuanceState};
use crate::service::ServiceError;
use crate::service::issuances::Issued;
use crate::wire::body::*;
use crate::wire::faults::FaultCode;
use crate::wire::issuing::{
    BulkIssueBody, ClaimBody, IssuanceBody, IssueBody, Verdict, VerdictsBody,
};

conflicts! {
    IssueConflict = "issue_limit_reached" | "earn_limit_reached" | "promotion_not_active" | "source_id_reused";
    ActivateIssuanceConflict = "not_activatable";
    ClaimPromotionConflict = "not_activatable";
}

fn answer(status: StatusCode, issuance: &Issuance) -> Response {
    json(status, IssuanceBody::document(issuance))
}

/// Issue a promotion to a customer; the same `source_id` again gives the same answer
///
/// The body is `{"promotion_id", "customer_id", "source_id"}`. The promotion has the type `rewards`, `loyalty_earning`
/// or `loyalty` and is live or scheduled. It is refused with 409 `issue_limit_reached`, `earn_limit_reached`,
/// `promotion_not_active` or `source_id_reused`.
#[utoipa::path(post, path = "/v1/issuances", operation_id = "issue", tag = "issuances",
    security(("key" = ["admin", "issuer"])), request_body = schema::IssuanceInput,
    responses(
        (status = 201, description = "Issued.", body = schema::Issuance),
        (status = 200, description = "It was issued before.", body = schema::Issuance), Writing, IssueConflict))]
pub async fn issue(api: Api, issuer: Caller<Issuer>, body: Small) -> Answered {
    let new = decode(&body.json()?, read_body::<IssueBody, _>)?;
    match api.within(Deadline::Redemption, api.service().issue(issuer.actor(), new)).await?.pop() {
        Some(Issued::New(own)) => Ok(answer(StatusCode::CREATED, &own)),
        Some(Issued::Known(own)) => Ok(answer(StatusCode::OK, &own)),
        Some(Issued::Refused(refusal)) => Err(ServiceError::Refused(refusal).into()),
        None => Err(ServiceError::unreadable("an issue").into()),
    }
}

/// Issue a promotion to up to 10,000 customers, each independently
///
/// The body is `{"promotion_id", "source_id", "customer_ids"}`. The answer has a verdict for each customer, in the
/// order of the body: `{"customer_id", "verdict", "issuance"}`. The verdict is `issued`, `already_issued` or the code
/// of a refusal.
#[utoipa::path(post, path = "/v1/issuances/bulk", operation_id = "issue_in_bulk", tag = "issuances",
    security(("key" = ["admin", "issuer"])), request_body = schema::BulkIssuanceInput,
    responses((status = 200, description = "A verdict for each.", body = schema::IssuanceVerdicts), Writing))]
pub async fn issue_all(api: Api, issuer: Caller<Issuer>, body: Bulk) -> Answered {
    let tenant = issuer.tenant();
    let body = body.json()?;
    let new = api.decode(tenant, body, read_body::<BulkIssueBody, _>).await?;
    let customers = new.customers.clone();
    let issued = api.within(Deadline::BulkWrite, api.service().issue(issuer.actor(), new)).await?;
    let verdicts = customers.iter().zip(&issued).map(|(customer, issued)| {
        let (outcome, is_new) = match issued {
            Issued::New(own) => (Ok(own), true),
            Issued::Known(own) => (Ok(own), false),
            Issued::Refused(refusal) => (Err(problem::code_of(refusal)), false),
        };
        Verdict { customer_id: customer, outcome, is_new }
    });
    let verdicts: Vec<Verdict<'_>> = verdicts.collect();
    ok(VerdictsBody::document(&verdicts))
}

type States = OneNamed<IssuanceState>;

/// Which issuances are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads")]
pub struct FilterParams {
    /// Only issuances of this customer.
    #[param(max_length = 255)]
    customer_id: Option<String>,
    /// Only issuances of this promotion.
    promotion_id: Option<Uuid>,
    /// Only issuances in this state.
    #[param(inline)]
    state: Option<States>,
}

/// List issuances, newest first
#[utoipa::path(get, path = "/v1/issuances", operation_id = "list_issuances", tag = "issuances",
    security(("key" = ["admin", "pos", "issuer", "viewer"])), params(FilterParams, ListParams),
    responses((status = 200, description = "A page of issuances.", body = schema::IssuancePage), Reading))]
pub async fn list(api: Api, reader: Caller<HandReader>, mut query: Query) -> Answered {
    let promotion = query.take("promotion_id").map(|text| Uuid::try_parse(&text));
    if let Some(Err(_)) = promotion {
        query.fault("promotion_id", FaultCode::Malformed, "is not a UUID");
    }
    let filter = IssuanceFilter {
        ids: None,
        customer_id: query.text("customer_id"),
        promotion_id: promotion.and_then(Result::ok),
        state: query.choice("state"),
    };
    let wanted = query.into_page::<IssuanceCursor>(reader.cursors())?;
    let service = api.service();
    let read = service.issuances(reader.tenant(), filter, wanted.after, wanted.limit);
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, IssuanceBody::print))
}

/// Read an issuance
#[utoipa::path(get, path = "/v1/issuances/{id}", operation_id = "read_issuance", tag = "issuances",
    security(("key" = ["admin", "pos", "issuer", "viewer"])),
    params(("id" = Uuid, Path, description = "The issuance.")),
    responses((status = 200, description = "The issuance as it stands.", body = schema::Issuance), Reading))]
pub async fn get(
    api: Api,
    reader: Caller<HandReader>,
    PathId(issuance): PathId<IssuanceId>,
    _: NoQuery,
) -> Answered {
    let read = api.service().issuance(reader.tenant(), issuance);
    Ok(answer(StatusCode::OK, &api.within(Deadline::Read, read).await?))
}

/// Activate an issuance for its customer
///
/// The issuance must be unlocked, and its promotion must have `activation_required`. Activating it again gives the same
/// answer. Everything else is refused with 409 `not_activatable`.
#[utoipa::path(post, path = "/v1/issuances/{id}/activate", operation_id = "activate_issuance", tag = "issuances",
    security(("key" = ["admin", "pos", "issuer"])), params(("id" = Uuid, Path, description = "The issuance.")),
    request_body(content = schema::Nothing, description = "None, or an empty object."),
    responses(
        (status = 200, description = "Activated.", body = schema::Issuance), Writing, ActivateIssuanceConflict))]
pub async fn activate(
    api: Api,
    teller: Caller<Teller>,
    PathId(issuance): PathId<IssuanceId>,
    NoBody(nothing): NoBody,
) -> Answered {
    api.after_path(nothing, api.service().issuance(teller.tenant(), issuance)).await?;
    let done = api.service().activate_issuance(teller.tenant(), issuance);
    Ok(answer(StatusCode::OK, &api.within(Deadline::Redemption, done).await?))
}

/// Revoke an issuance: held and committed redemptions stay, and the issuance cannot be used any more
#[utoipa::path(post, path = "/v1/issuances/{id}/revoke", operation_id = "revoke_issuance", tag = "issuances",
    security(("key" = ["admin"])), params(("id" = Uuid, Path, description = "The issuance.")),
    request_body(content = schema::Nothing, description = "None, or an empty object."),
    responses((status = 200, description = "Revoked.", body = schema::Issuance), Writing))]
pub async fn revoke(
    api: Api,
    admin: Caller<Admin>,
    PathId(issuance): PathId<IssuanceId>,
    NoBody(nothing): NoBody,
) -> Answered {
    api.after_path(nothing, api.service().issuance(admin.tenant(), issuance)).await?;
    let done = api.service().revoke_issuance(admin.actor(), issuance);
    Ok(answer(StatusCode::OK, &api.within(Deadline::Write, done).await?))
}

/// Claim an open promotion for a customer
///
/// The body is `{"customer_id"}`. The promotion must have `activation_required`, need no issuance, and be live or
/// scheduled. The claim makes one activated issuance for each customer and promotion. Everything else is refused with
/// 409 `not_activatable`.
#[utoipa::path(post, path = "/v1/promotions/{id}/activations", operation_id = "claim_promotion", tag = "issuances",
    security(("key" = ["admin", "pos", "issuer"])), params(("id" = Uuid, Path, description = "The promotion.")),
    request_body = schema::Claim,
    responses(
        (status = 201, description = "Activated.", body = schema::Issuance),
        (status = 200, description = "It was activated before.", body = schema::Issuance), Writing,
        ClaimPromotionConflict))]
pub async fn claim(
    api: Api,
    teller: Caller<Teller>,
    PathId(promotion): PathId<PromotionId>,
    body: Small,
) -> Answered {
    let service = api.service();
    let read = body.json().and_then(|body| decode(&body, read_body::<ClaimBody, _>));
    let customer = api.after_path(read, service.promotion(teller.tenant(), promotion)).await?;
    let claimed = service.claim(teller.tenant(), promotion, customer);
    let (own, is_new) = api.within(Deadline::Redemption, claimed).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(status, &own))
}
