//! Milestones, which customers can reach (spec 11).

use super::{handler::*, schema};
use crate::db;
use crate::db::milestones::MilestoneRow;
use crate::stored;
use crate::wire;
use crate::wire::body::*;
use crate::wire::milestone::MilestoneBody;

conflicts! {
    PutMilestoneConflict = "in_use";
    DeleteMilestoneConflict = "in_use";
}

/// List the milestones
#[utoipa::path(get, path = "/v1/milestones", operation_id = "list_milestones", tag = "milestones",
    security(("key" = ["admin", "viewer"])), params(ListParams),
    responses((status = 200, description = "A page of milestones.", body = schema::MilestonePage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, query: Query) -> Answered {
    let wanted = query.into_page::<String>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(
            async move { db::milestones::list(tx, wanted.after.as_deref(), wanted.limit).await },
        )
    });
    let found = api.within(Deadline::Read, read).await?;
    let printed: Vec<String> = found.items.iter().map(print).collect::<Result<_, _>>()?;
    let mut printed = printed.iter();
    Ok(page::answer(&found, &wanted.seal, |writer, _| {
        writer.raw(printed.next().map_or("", String::as_str));
    }))
}

/// Read a milestone
#[utoipa::path(get, path = "/v1/milestones/{name}", operation_id = "read_milestone", tag = "milestones",
    security(("key" = ["admin", "viewer"])), params(("name" = String, Path, description = "The milestone's name.")),
    responses((status = 200, description = "The milestone.", body = schema::Milestone), Reading))]
pub async fn get(api: Api, reader: Caller<Reader>, Name(name): Name, _: NoQuery) -> Answered {
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::milestones::get(tx, &name).await })
    });
    let row = api.within(Deadline::Read, read).await?.ok_or(ApiError::NotFound)?;
    ok(print(&row)?)
}

/// Add or replace a milestone
///
/// The body is `{"measure": "spend" | "visits" | "quantity", "of": selector | null, "window": null | {"every", "unit"},
/// "targets": [{"name", "value"}]}`. If a milestone measures something else than before, progress begins anew. Targets
/// that promotions use cannot be removed (409 `in_use`).
#[utoipa::path(put, path = "/v1/milestones/{name}", operation_id = "put_milestone", tag = "milestones",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The milestone's name.")),
    request_body = schema::MilestoneInput,
    responses(
        (status = 200, description = "The milestone.", body = schema::Milestone), Writing, PutMilestoneConflict))]
pub async fn put(api: Api, admin: Caller<Admin>, NewName(name): NewName, body: Small) -> Answered {
    let actor = admin.actor();
    let read = decode(&body.json()?, |value, faults| {
        let milestone = wire::milestone::parse(value, &name, faults)?;
        Some((milestone, faults.take_lists()))
    });
    let (milestone, lists) = match read {
        Ok(read) => read,
        Err(refused) => return Err(api.with_missing_lists(actor.tenant, refused).await),
    };
    let row =
        api.within(Deadline::Write, api.service().put_milestone(actor, milestone, lists)).await?;
    ok(print(&row)?)
}

/// Delete a milestone that no promotion uses, with all progress of customers
#[utoipa::path(delete, path = "/v1/milestones/{name}", operation_id = "delete_milestone", tag = "milestones",
    security(("key" = ["admin"])), params(("name" = String, Path, description = "The milestone's name.")),
    responses((status = 204, description = "Deleted."), Writing, DeleteMilestoneConflict))]
pub async fn delete(api: Api, admin: Caller<Admin>, Name(name): Name, _: NoQuery) -> Answered {
    api.within(Deadline::Write, api.service().delete_milestone(admin.actor(), name)).await?;
    done()
}

fn print(row: &MilestoneRow) -> Result<String, ApiError> {
    let known = stored::milestone(row)?;
    let known = (known.milestone, row.created_at, row.updated_at);
    Ok(MilestoneBody::document(&known))
}
