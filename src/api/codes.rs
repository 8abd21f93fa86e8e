//! The codes of a promotion (spec 10).

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::Value as Any;

use super::auth::{Admin, Reader};
use super::extract::{Bulk, Id, Name, NoQuery, Query, decode};
use super::openapi::{ListParams, Reading, Writing};
use super::problem::ApiError;
use super::{Api, edge, page};
use crate::db;
use crate::domain::code::Code;
use crate::domain::id::PromotionId;
use crate::domain::promotion::PromotionType;
use crate::service::ServiceError;
use crate::service::promotions::exists;
use crate::wire::decode::Value;
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::names::Named;
use crate::wire::write::Writer;

/// Most codes of one request.
const MAX_CODES: usize = 1_000_000;

/// Give a promotion codes; its own sent again stay as they are
#[utoipa::path(post, path = "/v1/promotions/{id}/codes", tag = "codes",
    params(("id" = String, Path, description = "The promotion.")), request_body = Any,
    responses((status = 201, description = "How many codes are new.", body = Any), Writing))]
pub async fn create(
    State(api): State<Api>,
    admin: Admin,
    Id(promotion): Id<PromotionId>,
    _: NoQuery,
    body: Bulk,
) -> Result<Response, ApiError> {
    let (service, actor) = (api.service().clone(), admin.actor());
    let stored = api
        .admin_read(service.promotion(actor.tenant, promotion))
        .await?;
    let Codes { codes, expires_at } = decode(&body.json()?, read)?;
    let kind = stored.promotion.terms.kind.promotion_type();
    if kind != PromotionType::CodeLinked {
        let message = format!("a promotion of type {} has no codes", kind.name());
        return Err(ApiError::fault(
            "",
            FaultCode::UnsupportedCombination,
            message,
        ));
    }
    let count = codes.len();
    let added = async move { service.add_codes(actor, promotion, codes, expires_at).await };
    let made = api.bulk_write(added).await?;
    let mut writer = Writer::with_capacity(64);
    writer.object(|writer| {
        writer.key("count").raw(&count.to_string());
        writer.key("created").raw(&made.to_string());
    });
    Ok(edge::json(StatusCode::CREATED, writer.finish()))
}

/// List the codes of a promotion; viewers see their last three characters only
#[utoipa::path(get, path = "/v1/promotions/{id}/codes", tag = "codes",
    params(("id" = String, Path, description = "The promotion."), ListParams),
    responses((status = 200, description = "A page of codes.", body = Any), Reading))]
pub async fn list(
    State(api): State<Api>,
    reader: Reader,
    Id(promotion): Id<PromotionId>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let wanted = query.page::<String>();
    let finished = query.finish();
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move {
            exists(tx, promotion).await?;
            let after = wanted.after.as_deref();
            Ok::<_, ServiceError>(db::codes::list(tx, promotion, after, wanted.limit).await?)
        })
    });
    let mut found = api.admin_read(read).await?;
    finished?;
    if !reader.sees_codes() {
        for row in &mut found.items {
            row.code = masked(&row.code);
        }
    }
    Ok(page::answer(&found, |writer, row| {
        writer.object(|writer| {
            writer.key("code").text(&row.code);
            let expires_at = row.expires_at.map(super::time);
            writer
                .key("expires_at")
                .option(expires_at, |writer, time| writer.plain(time));
            writer.key("used").integer(0);
            writer.key("created_at").plain(super::time(row.created_at));
        });
    }))
}

/// Delete a code
#[utoipa::path(delete, path = "/v1/promotions/{id}/codes/{code}", tag = "codes",
    params(("id" = String, Path, description = "The promotion."),
           ("code" = String, Path, description = "The code, in whatever case.")),
    responses((status = 204, description = "Deleted."), Writing))]
pub async fn delete(
    State(api): State<Api>,
    admin: Admin,
    Id(promotion): Id<PromotionId>,
    Name(code): Name,
    _: NoQuery,
) -> Result<Response, ApiError> {
    let (service, actor) = (api.service().clone(), admin.actor());
    api.admin_write(async move { service.delete_code(actor, promotion, code).await })
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A code as viewers see it.
pub fn masked(code: &str) -> String {
    let hidden = code.chars().count().saturating_sub(3);
    let shown: String = code.chars().skip(hidden).collect();
    format!("…{shown}")
}

struct Codes {
    codes: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
}

fn read(value: Value<'_, '_>, faults: &mut Faults) -> Option<Codes> {
    let mut body = value.object(faults)?;
    let codes = body.required("codes", faults, |value, faults| {
        value.list(1..=MAX_CODES, faults, |value, faults| {
            let text = value.str(faults)?;
            if Code::new(text).is_none() {
                return value.fault(
                    faults,
                    FaultCode::Malformed,
                    "must be 3 to 64 letters, digits, - and _, beginning with a letter or digit",
                );
            }
            Some(text.to_owned())
        })
    });
    let expires_at = body.optional("expires_at", faults, |value, faults| value.time(faults));
    if let Some(codes) = &codes {
        let mut seen = BTreeSet::new();
        for (place, code) in codes.iter().enumerate() {
            if !seen.insert(code.to_ascii_uppercase()) {
                let pointer = format!("/codes/{place}");
                faults.add_at(pointer, FaultCode::NotUnique, "is there twice");
            }
        }
    }
    body.finish(faults)?;
    Some(Codes {
        codes: codes?,
        expires_at: expires_at?.map(|time| time.to_utc()),
    })
}
