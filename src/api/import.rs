//! Importing rules: settings, stores, product lists, promotions and codes at once (spec 3).

use super::{handler::*, schema};
use crate::wire;
use crate::wire::body::PrintBody as _;
use crate::wire::import::ImportedBody;

conflicts! {
    ImportConflict = "name_taken" | "active_promotion_limit" | "locked_after_live" | "invalid_transition"
        | "code_taken" | "too_many";
}

/// Import rules: what `export` prints, all or nothing
///
/// Stores are found by their codes, product lists and promotions by their names. What is not there is made, what differs
/// is replaced, what is the same is left, and nothing is deleted. Promotions keep their ids; new ones get new ids, in the
/// order of the document. A document without custom fields leaves those of the tenant and of its promotions. Codes are
/// added; those that are there stay as they are. The answer counts what was made, replaced and left.
#[utoipa::path(put, path = "/v1/promotions/import", operation_id = "import_rules", tag = "promotions",
    security(("key" = ["admin"])), params(DryRunParams), request_body = schema::ImportInput,
    responses(
        (status = 200, description = "What was made, replaced and left, or would be.", body = schema::Imported),
        Writing, ImportConflict))]
pub async fn import(api: Api, admin: Caller<Admin>, DryRun(mode): DryRun, body: Bulk) -> Answered {
    let service = api.service();
    let (present, _) = api.within(Deadline::Read, service.settings(admin.tenant())).await?;
    let read = move |value: wire::decode::Value<'_, '_>, faults: &mut wire::faults::Faults| {
        wire::import::parse(value, &present, faults)
    };
    let import = api.decode(admin.tenant(), body.json()?, read).await?;
    let imported = service.import(mode, admin.actor(), import);
    ok(ImportedBody::document(&api.within(Deadline::BulkWrite, imported).await?))
}
