//! A tenant's settings.

use super::etag::{IfMatch, tagged};
use super::{handler::*, schema};
use crate::domain::settings::Settings;
use crate::wire;
use crate::wire::body::PrintBody as _;
use crate::wire::settings::{Computed, SettingsAnswer};

conflicts! {
    ReplaceSettingsConflict = "locked_after_live" | "in_use";
}

/// Read the settings
#[utoipa::path(get, path = "/v1/settings", operation_id = "read_settings", tag = "settings",
    security(("key" = ["admin", "viewer"])),
    responses((status = 200, description = "The settings.", body = schema::Settings), Reading))]
pub async fn get(api: Api, reader: Caller<Reader>, _: NoQuery) -> Answered {
    let (settings, version) =
        api.within(Deadline::Read, api.service().settings(reader.tenant())).await?;
    Ok(answer(&settings, version))
}

/// Replace the settings; a field that is left out takes its default
#[utoipa::path(put, path = "/v1/settings", operation_id = "replace_settings", tag = "settings",
    security(("key" = ["admin"])),
    params(
        ("if-match" = String, Header, description = "The version that is to be replaced: the `ETag` of the last answer, or `*`.")),
    request_body = schema::SettingsInput,
    responses(
        (status = 200, description = "The settings.", body = schema::Settings), Replacing, ReplaceSettingsConflict))]
pub async fn put(api: Api, admin: Caller<Admin>, if_match: IfMatch, body: Small) -> Answered {
    let (service, actor) = (api.service(), admin.actor());
    let defaults = api.within(Deadline::Read, service.default_settings(actor.tenant)).await?;
    let read = decode(&body.json()?, |value, faults| {
        let settings = wire::settings::parse(value, defaults, Computed::Ignored, faults)?;
        Some((settings, faults.take_lists()))
    });
    let (settings, lists) = match read {
        Ok(read) => read,
        Err(refused) => return Err(api.with_missing_lists(actor.tenant, refused).await),
    };
    let expected = if_match.expected()?;
    let replaced = service.replace_settings(actor, expected, settings, lists);
    let (settings, version) = api.within(Deadline::Write, replaced).await?;
    Ok(answer(&settings, version))
}

fn answer(settings: &Settings, version: i64) -> Response {
    let text = SettingsAnswer::document(&(settings, version));
    tagged(json(StatusCode::OK, text), version)
}
