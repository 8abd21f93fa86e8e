//! `POST /v1/evaluate-cart`: the hot path. Bytes in, one snapshot of the rules, one pure function, bytes out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::{handler::*, schema};
use crate::domain::cart::Request;
use crate::service::ServiceError;
use crate::service::drafts::Trial;
use crate::service::evaluate::{Asked, SURELY_TRIED};
use crate::service::pool::{Seat, Size};
use crate::wire;
use crate::wire::decode::Value;
use crate::wire::faults::Faults;
use crate::wire::json::Json;

/// A caller who may send a cart now. While the tenant's share of the pool's queue is full, a body is refused unread
/// unless its `Content-Length` is small. So reading and trying heavy carts of one tenant takes no time from the others.
pub struct Admitted {
    pub(super) pos: Caller<Pricer>,
    /// A large cart's room in the queue. It bounds how many large bodies of a tenant are read at once by how many may
    /// wait.
    pub(super) seat: Option<Seat>,
}

impl FromRequestParts<Api> for Admitted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let pos = Caller::<Pricer>::from_request_parts(parts, api).await?;
        let length = parts.headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
        let pool = api.service().pool();
        let admitted = match length {
            Some(length) if length <= SURELY_TRIED => Ok(None),
            Some(length) if Size::of(length) == Size::Small => {
                pool.require_room(pos.tenant()).map(|()| None)
            }
            Some(_) | None => pool.take_seat(pos.tenant()).map(Some),
        };
        let seat = admitted.map_err(ServiceError::from)?;
        Ok(Self { pos, seat })
    }
}

/// Price a cart: which promotions apply, what every line then costs, and why the others do not apply
#[utoipa::path(post, path = "/v1/evaluate-cart", operation_id = "evaluate_cart", tag = "evaluation",
    security(("key" = ["admin", "pos"])), request_body = schema::CartRequestInput,
    responses((status = 200, description = "The prices.", body = schema::Evaluation), Evaluating))]
pub async fn evaluate(api: Api, Admitted { pos, seat }: Admitted, body: Small) -> Answered {
    let body = body.json()?;
    drop(seat);
    if Size::of(body.len()) == Size::Large {
        let is_admin = pos.is_admin();
        let read = move |body: &Bytes| read_owned(body, is_admin);
        let (request, trial) = api.read(pos.tenant(), body, read).await?;
        return price(&api, &pos, Asked::Large(Arc::new(request)), trial).await;
    }
    let json;
    let (request, trial) = match wire::cart::read_plain(&body) {
        Some(request) => (request, None),
        None => {
            json = Json::parse(&body)?;
            read(&json, pos.is_admin())?
        }
    };
    price(&api, &pos, Asked::Small(&request), trial).await
}

async fn price(
    api: &Api,
    pos: &Caller<Pricer>,
    asked: Asked<'_>,
    trial: Option<Trial>,
) -> Answered {
    if asked.request().at.is_some() && !pos.is_admin() {
        return Err(ApiError::AtForbidden);
    }
    let text = api
        .within(Deadline::Evaluation, api.service().evaluate(pos.tenant(), asked, trial))
        .await?;
    ok(text)
}

/// The request of a body, which owns its texts, and its drafts, if it has any.
fn read_owned(body: &Bytes, is_admin: bool) -> Result<(Request<'static>, Option<Trial>), ApiError> {
    if let Some(request) = wire::cart::read_plain(body) {
        return Ok((request.into_owned(), None));
    }
    let json = Json::parse(body)?;
    let (request, trial) = read(&json, is_admin)?;
    Ok((request.into_owned(), trial))
}

/// The role is judged before the body: who may not send drafts is not told what is wrong with them.
fn read<'t>(json: &'t Json<'t>, is_admin: bool) -> Result<(Request<'t>, Option<Trial>), ApiError> {
    if !is_admin && wire::drafts::has_any(json) {
        return Err(ApiError::DraftsForbidden);
    }
    let mut faults = Faults::new();
    match wire::drafts::parse(Value::root(json), &mut faults) {
        Some((request, drafts)) if faults.is_empty() => {
            let lists = faults.take_lists();
            Ok((request, drafts.map(|drafts| Trial { drafts, lists })))
        }
        _ => Err(ApiError::Invalid(faults)),
    }
}
