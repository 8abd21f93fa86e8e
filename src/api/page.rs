//! Lists: `?limit=` and `?cursor=` in, `{"items", "next_cursor"}` out (spec 1).
//!
//! A cursor is the place of the last item of a page. It is sealed, so that callers can neither read nor build one. A
//! page ends at its limit or at a number of bytes, whichever comes first.

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Datelike, Utc};
use uuid::Uuid;

use super::edge;
use super::extract::Query;
use super::problem::ApiError;
use super::seal::Seal;
use crate::db::audit::AuditCursor;
use crate::db::codes::BatchCursor;
use crate::db::issuances::IssuanceCursor;
use crate::db::promotion_list::{PromotionCursor, PromotionKey};
use crate::db::redemption_list::RedemptionCursor;
use crate::db::{MAX_PAGE, Page};
use crate::domain::id::{CursorKey, KeyId, PromotionId, TenantId};
use crate::domain::names::Named as _;
use crate::domain::promotion::PromotionOrder;
use crate::service::event_log::EventCursor;
use crate::wire::faults::FaultCode;
use crate::wire::write::Writer;

const DEFAULT_LIMIT: u16 = 50;
const MAX_LIMIT: u16 = 200;
/// Bytes reserved for what surrounds the items, such as a cursor.
const FRAME: usize = 1_024;

/// The requested page.
#[derive(Clone, Debug)]
pub struct Wanted<C> {
    pub limit: u16,
    pub after: Option<C>,
    /// The seal of the list's cursors.
    pub seal: Seal,
}

impl<C> Wanted<C> {
    /// The first page of the list at this path. `key` seals its cursors.
    pub fn first(path: &str, key: CursorKey) -> Self {
        Self { limit: DEFAULT_LIMIT, after: None, seal: Seal::new(key, path.to_owned()) }
    }
}

/// A place in a list.
pub trait Cursor: Sized {
    fn text(&self) -> String;
    fn place(text: &str) -> Option<Self>;
}

impl Query {
    /// The parameters of a list.
    pub fn page<C: Cursor>(&mut self, key: CursorKey) -> Wanted<C> {
        let first = Wanted::first(self.path(), key);
        let limit = self.take("limit").map_or(Some(DEFAULT_LIMIT), |text| {
            text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        if limit.is_none() {
            self.fault("limit", FaultCode::OutOfRange, "is not a number from 1 to 200");
        }
        let after = self.take("cursor").map(|text| C::place(&first.seal.open(&text)?));
        if let Some(None) = after {
            self.fault("cursor", FaultCode::Malformed, "is not a cursor of this list");
        }
        Wanted { limit: limit.unwrap_or(first.limit), after: after.flatten(), ..first }
    }

    /// Reads the parameters of a list that has no other parameters.
    pub fn into_page<C: Cursor>(mut self, key: CursorKey) -> Result<Wanted<C>, ApiError> {
        let wanted = self.page(key);
        self.finish()?;
        Ok(wanted)
    }
}

/// The answer for a page. `write` prints each item.
pub fn answer<T, C: Cursor>(
    page: &Page<T, C>,
    seal: &Seal,
    write: impl FnMut(&mut Writer, &T),
) -> Response {
    counted(page, seal, None, write)
}

/// The answer for a page, with the number of all items of the list if it is given.
pub fn counted<T, C: Cursor>(
    page: &Page<T, C>,
    seal: &Seal,
    total: Option<i64>,
    mut write: impl FnMut(&mut Writer, &T),
) -> Response {
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| {
        let room = MAX_PAGE - FRAME;
        let items = writer.key("items");
        let written = items.list_within(room, &page.items, |writer, item| write(writer, item));
        let last = page.items.get(written.saturating_sub(1));
        let next = match &page.next {
            _ if written < page.items.len() => last.map(|last| (page.place)(last).text()),
            next => next.as_ref().map(Cursor::text),
        };
        writer
            .key("next_cursor")
            .option(next.and_then(|place| seal.close(&place)), |writer, next| writer.plain(next));
        if let Some(total) = total {
            writer.key("total").integer(total);
        }
    });
    edge::json(StatusCode::OK, writer.finish())
}

macro_rules! id_cursors {
    ($($id:ty),+) => {$(
        impl Cursor for $id {
            fn text(&self) -> String {
                self.uuid().to_string()
            }

            fn place(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self::new)
            }
        }
    )+};
}

id_cursors!(TenantId, KeyId);

/// Cursors of an instant and an id. Each kind begins with its own letter.
macro_rules! timed_cursors {
    ($($letter:literal $cursor:ident($at:ident, $id:ident: $new:expr);)+) => {$(
        impl Cursor for $cursor {
            fn text(&self) -> String {
                format!("{}{}/{}", $letter, self.$at.timestamp_micros(), self.$id)
            }

            fn place(text: &str) -> Option<Self> {
                let ($at, id) = instant_and_id(text.strip_prefix($letter)?)?;
                Some(Self { $at, $id: $new(id) })
            }
        }
    )+};
}

timed_cursors! {
    'a' AuditCursor(at, audit_id: Uuid::from);
    'r' RedemptionCursor(evaluated_at, redemption_id: Uuid::from);
    'i' IssuanceCursor(issued_at, issuance_id: Uuid::from);
}

/// The order comes first: in another order the same place is another one.
impl Cursor for PromotionCursor {
    fn text(&self) -> String {
        let Self { order, key, promotion } = self;
        match key {
            PromotionKey::Time(time) => {
                format!("p{} {promotion} t{}", order.name(), time.timestamp_micros())
            }
            PromotionKey::Name(name) => format!("p{} {promotion} n{name}", order.name()),
        }
    }

    fn place(text: &str) -> Option<Self> {
        let (order, rest) = text.strip_prefix('p')?.split_once(' ')?;
        let (id, key) = rest.split_once(' ')?;
        let order = PromotionOrder::named(order)?;
        let key = match order {
            PromotionOrder::Name | PromotionOrder::NameDescending => {
                PromotionKey::Name(String::place(key)?)
            }
            PromotionOrder::OldestFirst
            | PromotionOrder::NewestFirst
            | PromotionOrder::StartsAt
            | PromotionOrder::StartsAtDescending
            | PromotionOrder::EndsAt
            | PromotionOrder::EndsAtDescending => {
                let micros = key.strip_prefix('t')?.parse().ok()?;
                let time = DateTime::from_timestamp_micros(micros)?;
                (1..=9999).contains(&time.year()).then_some(PromotionKey::Time(time))?
            }
        };
        Some(Self { order, key, promotion: PromotionId::new(Uuid::try_parse(id).ok()?) })
    }
}

impl Cursor for BatchCursor {
    fn text(&self) -> String {
        format!("b{} {}", self.created_at.timestamp_micros(), self.batch)
    }

    fn place(text: &str) -> Option<Self> {
        let (micros, batch) = text.strip_prefix('b')?.split_once(' ')?;
        let created_at = known_instant(micros)?;
        (!batch.chars().any(char::is_control)).then(|| Self { created_at, batch: batch.to_owned() })
    }
}

impl Cursor for String {
    fn text(&self) -> String {
        format!("n{self}")
    }

    fn place(text: &str) -> Option<Self> {
        let name = text.strip_prefix('n')?;
        (!name.chars().any(char::is_control)).then(|| name.to_owned())
    }
}

impl Cursor for i32 {
    fn text(&self) -> String {
        format!("c{self}")
    }

    fn place(text: &str) -> Option<Self> {
        text.strip_prefix('c')?.parse().ok()
    }
}

impl Cursor for EventCursor {
    fn text(&self) -> String {
        format!("e{}", self.0)
    }

    fn place(text: &str) -> Option<Self> {
        let sequence: i64 = text.strip_prefix('e')?.parse().ok()?;
        (sequence >= 0).then_some(Self(sequence))
    }
}

/// Reads a place. The instant must be one that PostgreSQL can store and answers can show: microseconds of the years
/// 1970 to 9999.
fn instant_and_id(text: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (micros, id) = text.split_once('/')?;
    Some((known_instant(micros)?, Uuid::try_parse(id).ok()?))
}

fn known_instant(micros: &str) -> Option<DateTime<Utc>> {
    let instant = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
    let known = DateTime::from_timestamp(0, 0)?..DateTime::from_timestamp(253_402_300_800, 0)?;
    known.contains(&instant).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text that is a place must print as a place again.
    fn check<C: Cursor + std::fmt::Debug + PartialEq>(text: &str) {
        if let Some(found) = C::place(text) {
            assert_eq!(C::place(&found.text()), Some(found), "{text}");
        }
    }

    fn check_all(text: &str) {
        check::<TenantId>(text);
        check::<KeyId>(text);
        check::<String>(text);
        check::<i32>(text);
        check::<EventCursor>(text);
        check::<PromotionCursor>(text);
        check::<BatchCursor>(text);
        check::<AuditCursor>(text);
        check::<RedemptionCursor>(text);
        check::<IssuanceCursor>(text);
    }

    proptest! {
        #[test]
        fn no_cursor_makes_its_reader_panic(
            text in "\\PC{0,40}|([0-9a-fA-F]{2}){0,60}|[0-9A-Za-z_-]{0,300}",
            place in "[npeacri]-?[0-9]{0,20}/?[0-9a-f-]{0,40}|b[0-9]{1,16} [0-9a-f-]{0,9}|p-?(name|ends_at) [0-9a-f-]{36} [nt]-?[0-9]{1,18}",
        ) {
            check_all(&text);
            check_all(&place);
            let seal = Seal::new(CursorKey::new([7; 32]), "/v1/audit".to_owned());
            prop_assert_eq!(seal.open(&text), None);
        }
    }

    #[test]
    fn a_place_comes_back_and_garbage_does_not() {
        let place = AuditCursor {
            at: DateTime::from_timestamp_micros(1_780_000_000_123_456).unwrap(),
            audit_id: Uuid::now_v7(),
        };
        let text = place.text();
        assert_eq!(AuditCursor::place(&text), Some(place));
        assert!(PromotionCursor::place(&text).is_none());
        for garbage in ["", "0", "zz", "é", "00ff", "p", "n\n"] {
            assert!(String::place(garbage).is_none(), "{garbage}");
        }
    }
}
