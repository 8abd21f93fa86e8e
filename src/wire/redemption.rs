//! Redemptions: the body of one, and what is answered (spec 9).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::body::*;
use super::decode::Object;
use super::evaluation::EvaluationBody;
use super::faults::Faults;
use super::json::Json;
use super::write::Writer;
use crate::domain::cart::Request;
use crate::domain::id::RedemptionId;
use crate::domain::redemption::{Order, RedemptionState};

/// About so many bytes an answer has besides its result.
const ROOM: usize = 256;

request! {
    /// A cart to be redeemed.
    Order<'t> "Redemption" {
        /// Unique in the tenant, for ever: put store and till into it. The same id with the same body answers the same.
        transaction_id: required(NAME),
        /// As for an evaluation, without `at`.
        request: required(part::<OrderRequest>()),
        /// What was quoted as `totals.discount`, in the cart's currency. If it comes to another, 409 `discount_changed` and nothing is recorded.
        expected_discount: absent(AMOUNT),
        /// Reserves for the settings' `hold_seconds`, to be committed or cancelled.
        hold: or(BOOLEAN, false),
        /// The id of the current hold of this transaction, which this body replaces in one step.
        replaces: absent(ID),
    }
}

/// The request of a redemption: the database says when it is.
struct OrderRequest;

impl Described for OrderRequest {
    const NAME: &'static str = "Order";

    fn schema(schemas: &mut Schemas) -> serde_json::Value {
        let mut schema = Request::schema(schemas);
        if let Some(fields) = schema.get_mut("properties").and_then(|own| own.as_object_mut()) {
            fields.remove("at");
        }
        schema
    }
}

impl<'t> ReadBody<'t, Arc<Request<'t>>> for OrderRequest {
    fn members(object: &mut Object<'_, 't>, faults: &mut Faults) -> Option<Arc<Request<'t>>> {
        let request = Request::members(object, faults);
        if object.has("at") {
            return object.clash("at", "a redemption has the time of the database", faults);
        }
        request.map(Arc::new)
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
    EndedRedemption::print(&mut writer, answer);
    writer.finish()
}

answer! {
    /// The members that every answer about a redemption begins with.
    pub struct Head "" as Answer<'_> |answer| {
        /// Null where the transaction was cancelled before it was seen.
        id: optional(ID) => answer.id,
        /// The caller's id.
        transaction_id: required(WORDS) => answer.transaction_id,
        /// Where it stands.
        state: required(choice::<RedemptionState>()) => answer.state,
        /// A hold's end.
        expires_at: optional(INSTANT) => answer.expires_at,
    }
}

answer! {
    /// A redemption that has ended.
    pub struct EndedRedemption "EndedRedemption" as Answer<'_> |answer| {
        head: all_of::<Head>() => answer,
        /// What was recorded. Null where the transaction was cancelled before it was seen.
        result: optional(raw(part::<EvaluationBody>())) => answer.result,
    }
}

described! {
    /// A redemption.
    pub struct RedemptionBody "Redemption" {
        head: all_of::<Head>(),
        /// Its id.
        id: required(ID),
        /// What was recorded.
        result: required(part::<EvaluationBody>()),
    }
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
