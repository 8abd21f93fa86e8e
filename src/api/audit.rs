//! The audit trail: every change, who made it, when, and what it changed (spec 3).

use std::borrow::Cow;

use utoipa::IntoParams;

use super::{handler::*, schema};
use crate::db;
use crate::db::audit::{AuditCursor, AuditFilter, AuditRow};
use crate::wire::body::*;
use crate::wire::code::masked_document;
use crate::wire::write::Writer;

/// Which entries are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `list` reads")]
pub struct FilterParams {
    /// An RFC 3339 time: only changes at this time or later.
    #[param(format = DateTime)]
    from: Option<String>,
    /// An RFC 3339 time: only changes before this time.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Only changes of this subject: `settings`, `store:BLR-01`, `promotion:<id>`, `product_list:<name>`,
    /// `milestone:<name>`, `issuance:<id>`, `webhook:<name>`, `key:<id>`, `tenant`.
    subject: Option<String>,
}

/// List changes, newest first
#[utoipa::path(get, path = "/v1/audit", operation_id = "list_changes", tag = "audit",
    security(("key" = ["admin", "viewer"])), params(FilterParams, ListParams),
    responses((status = 200, description = "A page of changes.", body = schema::AuditPage), Reading))]
pub async fn list(api: Api, reader: Caller<Reader>, mut query: Query) -> Answered {
    let filter = AuditFilter {
        from: query.time("from"),
        to: query.time("to"),
        subject: query.text("subject"),
    };
    let wanted = query.into_page::<AuditCursor>(reader.cursors())?;
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move { db::audit::list(tx, &filter, wanted.after, wanted.limit).await })
    });
    let found = api.within(Deadline::Read, read).await?;
    let hides = !reader.sees_codes();
    Ok(page::answer(&found, &wanted.seal, |writer, row| AuditEntry::print(writer, &(row, hides))))
}

answer! {
    /// A change.
    pub struct AuditEntry "AuditEntry" as (&AuditRow, bool) |(row, hides)| {
        /// The entry's id.
        id: required(ID) => row.audit_id,
        /// When the change was made.
        at: required(INSTANT) => row.at,
        /// The key that made the change; null if the operator made it.
        key_id: optional(ID) => row.key_id,
        /// What was changed, for example `promotion:<id>`.
        subject: required(WORDS) => row.subject,
        /// What was done to the subject.
        action: required(WORDS) => row.action,
        /// The subject before the change; null if there was nothing.
        before: required(ANYTHING) => shown(row, &row.before, *hides),
        /// The subject after the change; null if there is nothing.
        after: required(ANYTHING) => shown(row, &row.after, *hides),
    }
}

/// Prints a document of a change. `hides` masks its codes.
fn shown<'r>(
    row: &AuditRow,
    document: &'r Option<String>,
    hides: bool,
) -> impl Fn(&mut Writer) + use<'r> {
    let shown = match document {
        Some(document) if hides && row.action.starts_with("codes_") => {
            masked_document(document).map(Cow::Owned)
        }
        other => other.as_deref().map(Cow::Borrowed),
    };
    move |writer| writer.option(shown.as_ref(), |writer, json| writer.raw(json))
}
