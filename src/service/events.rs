//! Events as they are written: their types, subjects and data (spec 12).

use chrono::{DateTime, Utc};

use crate::db::outbox::NewEvent;
use crate::domain::event::{EventType, Subject};
use crate::wire::names::Named;
use crate::wire::write::Writer;

/// An event whose data are the members that `write` writes, after the id of its subject.
pub fn event(
    event_type: EventType,
    subject: Subject,
    occurred_at: DateTime<Utc>,
    write: impl FnOnce(&mut Writer),
) -> NewEvent {
    let mut writer = Writer::with_capacity(256);
    writer.object(|writer| {
        let id = match subject {
            Subject::Promotion(_) => "promotion_id",
            Subject::Issuance(_) => "issuance_id",
            Subject::Redemption(_) => "redemption_id",
        };
        writer.key(id).id(subject.uuid());
        write(writer);
    });
    NewEvent {
        event_type: event_type.name(),
        subject,
        occurred_at,
        data: writer.finish(),
    }
}
