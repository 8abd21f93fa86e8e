//! Redemptions: the body of one, and what is answered (spec 9).

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

use super::cart;
use super::decode::{TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::json::Json;
use super::write::Writer;
use crate::domain::currency::Currency;
use crate::domain::id::RedemptionId;
use crate::domain::redemption::{Order, RedemptionState};

/// About so many bytes an answer has besides its result.
const ROOM: usize = 256;

/// Reads the body of a redemption.
pub fn parse<'t>(value: Value<'_, 't>, faults: &mut Faults) -> Option<Order<'t>> {
    let mut object = value.object(faults)?;
    let transaction_id = object
        .required("transaction_id", faults, |value, faults| value.owned(TextBound::NAME, faults));
    let request = object.required("request", faults, |value, faults| {
        if names_a_time(value.json()) {
            let message = "a redemption has the time of the database";
            let at = value.path().key("at");
            faults.add(&at, FaultCode::UnsupportedCombination, message);
        }
        cart::parse(value, faults)
    });
    let expected_discount = object.optional("expected_discount", faults, |v, f| v.amount(f));
    let hold = object.or("hold", false, faults, |v, f| v.boolean(f));
    let replaces = object.optional("replaces", faults, |v, f| v.uuid(f));
    object.finish(faults)?;
    Some(Order {
        transaction_id: transaction_id?,
        request: request?,
        expected_discount: expected_discount?,
        hold: hold?,
        replaces: replaces?.map(RedemptionId::new),
    })
}

/// Whether a request, right or wrong in other ways, says when it is to be evaluated.
fn names_a_time(request: &Json<'_>) -> bool {
    match request {
        Json::Object(members) => {
            members.iter().any(|(name, value)| name == "at" && !matches!(value, Json::Null))
        }
        _ => false,
    }
}

/// An order as it was understood: what bodies are compared by. `request` is its request, printed.
pub fn canonical(order: &Order<'_>, request: &str) -> String {
    let mut writer = Writer::with_capacity(ROOM + request.len());
    writer.object(|writer| {
        writer.key("transaction_id").text(&order.transaction_id);
        writer.key("request").raw(request);
        let expected = order.expected_discount;
        writer.key("expected_discount").option(expected, |writer, amount| writer.money(amount, 0));
        writer.key("hold").boolean(order.hold);
        let replaces = order.replaces.map(RedemptionId::uuid);
        writer.key("replaces").option(replaces, Writer::id);
    });
    writer.finish()
}

/// The request of an order, as it was understood by a tenant of this currency.
pub fn request(order: &Order<'_>, currency: Currency) -> String {
    cart::print(&order.request, currency)
}

/// What is answered to whoever makes, commits or cancels a redemption.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// None where the transaction was cancelled before it was seen.
    pub id: Option<Uuid>,
    pub transaction_id: &'a str,
    pub state: RedemptionState,
    pub expires_at: Option<DateTime<Utc>>,
    /// What it came to, as it was printed.
    pub result: Option<&'a str>,
}

pub fn print(answer: &Answer<'_>) -> String {
    let room = ROOM + answer.result.map_or(0, str::len);
    let mut writer = Writer::with_capacity(room);
    writer.object(|writer| {
        write_head(writer, answer);
        writer.key("result").option(answer.result, Writer::raw);
    });
    writer.finish()
}

/// The members that every answer about a redemption begins with.
pub fn write_head(writer: &mut Writer, answer: &Answer<'_>) {
    writer.key("id").option(answer.id, Writer::id);
    writer.key("transaction_id").text(answer.transaction_id);
    writer.key("state").name(answer.state);
    let expires_at = answer.expires_at.map(instant);
    writer.key("expires_at").option(expires_at, |writer, time| writer.plain(time));
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A stored request or result with its codes as viewers see them: their last three characters. What cannot be read is
/// not shown.
pub fn masked(document: &str, mask: impl Fn(&str) -> String + Copy) -> Option<String> {
    let json = Json::parse(document.as_bytes()).ok()?;
    let mut writer = Writer::with_capacity(document.len());
    write_masked(&mut writer, &json, false, mask);
    Some(writer.finish())
}

/// Writes a tree again. `is_code` says that a text at this place is a code.
fn write_masked(
    writer: &mut Writer,
    json: &Json<'_>,
    is_code: bool,
    mask: impl Fn(&str) -> String + Copy,
) {
    match json {
        Json::Null => writer.null(),
        Json::Bool(value) => writer.boolean(*value),
        Json::Number(digits) => writer.raw(digits),
        Json::String(text) if is_code => writer.text(&mask(text)),
        Json::String(text) => writer.text(text),
        Json::Array(entries) => writer.list(entries, |writer, entry| {
            write_masked(writer, entry, is_code, mask);
        }),
        Json::Object(members) => writer.object(|writer| {
            for (name, value) in members {
                // `code` of a result, `codes` of a cart.
                let is_code = name == "code" || name == "codes";
                write_masked(writer.data_key(name), value, is_code, mask);
            }
        }),
    }
}
