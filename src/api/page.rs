//! Lists: `?limit=` and `?cursor=` in, `{"items", "next_cursor"}` out (spec 1).
//!
//! A cursor is the place of the last item that was seen, in hexadecimal so that nobody builds one.

use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::edge;
use super::extract::Query;
use crate::db::Page;
use crate::db::audit::AuditCursor;
use crate::db::issuances::IssuanceCursor;
use crate::db::promotions::PromotionCursor;
use crate::db::redemption_list::RedemptionCursor;
use crate::domain::id::{KeyId, PromotionId, TenantId};
use crate::service::event_log::EventCursor;
use crate::wire::faults::FaultCode;
use crate::wire::write::Writer;

/// Items of a page unless it is said otherwise.
const DEFAULT_LIMIT: u16 = 50;
/// Most items of a page.
const MAX_LIMIT: u16 = 200;
/// Longest cursor that can be one of ours.
const MAX_CURSOR: usize = 4_096;

/// Which page is asked for.
#[derive(Clone, Debug)]
pub struct Wanted<C> {
    /// At most so many items.
    pub limit: u16,
    /// After this place.
    pub after: Option<C>,
}

/// A place in a list.
pub trait Cursor: Sized {
    /// The place as text.
    fn text(&self) -> String;
    /// The place of this text.
    fn place(text: &str) -> Option<Self>;
}

impl Query {
    /// The parameters of a list.
    pub fn page<C: Cursor>(&mut self) -> Wanted<C> {
        let limit = self.take("limit").map_or(Some(DEFAULT_LIMIT), |text| {
            text.parse()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        if limit.is_none() {
            self.fault(
                "limit",
                FaultCode::OutOfRange,
                "is not a number from 1 to 200",
            );
        }
        let after = self.take("cursor").map(|text| place(&text));
        if let Some(None) = after {
            self.fault(
                "cursor",
                FaultCode::Malformed,
                "is not a cursor of this list",
            );
        }
        Wanted {
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            after: after.flatten(),
        }
    }
}

/// The place that a cursor stands for, if it is one of this list.
pub fn place<C: Cursor>(cursor: &str) -> Option<C> {
    C::place(&unhex(cursor)?)
}

/// A page as an answer, each item written by `write`.
pub fn answer<T, C: Cursor>(page: &Page<T, C>, mut write: impl FnMut(&mut Writer, &T)) -> Response {
    let mut writer = Writer::with_capacity(1_024);
    writer.object(|writer| {
        writer
            .key("items")
            .list(&page.items, |writer, item| write(writer, item));
        let next = page.next.as_ref().map(|place| hex(&place.text()));
        writer
            .key("next_cursor")
            .option(next, |writer, next| writer.plain(next));
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

impl Cursor for PromotionCursor {
    fn text(&self) -> String {
        format!("p{}/{}", self.created_at.timestamp_micros(), self.promotion)
    }

    fn place(text: &str) -> Option<Self> {
        let (created_at, id) = instant_and_id(text.strip_prefix('p')?)?;
        Some(Self {
            created_at,
            promotion: PromotionId::new(id),
        })
    }
}

impl Cursor for AuditCursor {
    fn text(&self) -> String {
        format!("a{}/{}", self.at.timestamp_micros(), self.audit_id)
    }

    fn place(text: &str) -> Option<Self> {
        let (at, audit_id) = instant_and_id(text.strip_prefix('a')?)?;
        Some(Self { at, audit_id })
    }
}

impl Cursor for RedemptionCursor {
    fn text(&self) -> String {
        format!(
            "r{}/{}",
            self.evaluated_at.timestamp_micros(),
            self.redemption_id
        )
    }

    fn place(text: &str) -> Option<Self> {
        let (evaluated_at, redemption_id) = instant_and_id(text.strip_prefix('r')?)?;
        Some(Self {
            evaluated_at,
            redemption_id,
        })
    }
}

impl Cursor for IssuanceCursor {
    fn text(&self) -> String {
        format!(
            "i{}/{}",
            self.issued_at.timestamp_micros(),
            self.issuance_id
        )
    }

    fn place(text: &str) -> Option<Self> {
        let (issued_at, issuance_id) = instant_and_id(text.strip_prefix('i')?)?;
        Some(Self {
            issued_at,
            issuance_id,
        })
    }
}

/// What PostgreSQL stores: microseconds of the years that it knows.
fn instant_and_id(text: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (micros, id) = text.split_once('/')?;
    let micros: i64 = micros.parse().ok()?;
    let instant = DateTime::from_timestamp_micros(micros)?;
    let known = DateTime::from_timestamp(0, 0)?..DateTime::from_timestamp(253_402_300_800, 0)?;
    known.contains(&instant).then_some(())?;
    Some((instant, Uuid::try_parse(id).ok()?))
}

fn hex(text: &str) -> String {
    use std::fmt::Write;
    text.bytes()
        .fold(String::with_capacity(2 * text.len()), |mut out, byte| {
            // Writing to a string does not fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
}

fn unhex(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > MAX_CURSOR || !text.len().is_multiple_of(2) {
        return None;
    }
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let bytes = digits?
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte: u8, digit| (byte << 4) | digit))
        .collect();
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A cursor is the place of one list, and no other text is.
    fn check<C: Cursor + std::fmt::Debug + PartialEq>(cursor: &str) {
        if let Some(found) = place::<C>(cursor) {
            assert_eq!(place::<C>(&hex(&found.text())), Some(found), "{cursor}");
        }
    }

    fn check_all(cursor: &str) {
        check::<TenantId>(cursor);
        check::<KeyId>(cursor);
        check::<String>(cursor);
        check::<i32>(cursor);
        check::<EventCursor>(cursor);
        check::<PromotionCursor>(cursor);
        check::<AuditCursor>(cursor);
        check::<RedemptionCursor>(cursor);
        check::<IssuanceCursor>(cursor);
    }

    proptest! {
        #[test]
        fn no_cursor_makes_its_reader_panic(
            text in "\\PC{0,40}|([0-9a-fA-F]{2}){0,60}",
            place in "[npeacri]-?[0-9]{0,20}/?[0-9a-f-]{0,40}",
        ) {
            check_all(&text);
            check_all(&hex(&place));
        }
    }

    #[test]
    fn a_cursor_comes_back_and_garbage_does_not() {
        let place = AuditCursor {
            at: DateTime::from_timestamp_micros(1_780_000_000_123_456).unwrap(),
            audit_id: Uuid::now_v7(),
        };
        let text = hex(&place.text());
        assert_eq!(
            unhex(&text).and_then(|text| AuditCursor::place(&text)),
            Some(place)
        );
        assert!(
            unhex(&text)
                .and_then(|text| PromotionCursor::place(&text))
                .is_none()
        );
        for garbage in ["", "0", "zz", "é", "00ff", "p", "6e0a"] {
            assert!(
                unhex(garbage)
                    .and_then(|text| String::place(&text))
                    .is_none(),
                "{garbage}"
            );
        }
    }
}
