//! Redemptions: the body of a request, and the answers (spec 9).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::body::*;
use super::decode::Object;
use super::evaluation::EvaluationBody;
use super::faults::Faults;
use super::write::Writer;
use crate::domain::cart::Request;
use crate::domain::id::RedemptionId;
use crate::domain::redemption::{Order, RedemptionState};

/// Typical bytes of an answer without its result.
const ROOM: usize = 256;

request! {
    /// A cart to redeem.
    Order<'t> "Redemption" {
        /// The caller's id of the transaction, unique in the tenant forever: make store and till part of it. The same
        /// id with the same body gives the same answer.
        transaction_id: required(NAME),
        /// The request, as for an evaluation but without `at`.
        request: required(part::<OrderRequest>()),
        /// The `totals.discount` that was quoted, in the cart's currency. If the discount is now another, the answer is
        /// 409 `discount_changed` and nothing is recorded.
        expected_discount: absent(AMOUNT),
        /// Whether to make a hold. It reserves for `hold_seconds` of the settings, and is then committed or cancelled.
        hold: or(BOOLEAN, false),
        /// The id of this transaction's current hold. This request replaces the hold in one step.
        replaces: absent(ID),
    }
}

/// The request of a redemption. It has no `at`, because the database provides the time.
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

/// Prints an order as it was understood. Bodies are compared in this form. `request` is the printed request.
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

/// The answer about a redemption that is made, committed or cancelled.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// `None` if the transaction was cancelled before its redemption arrived.
    pub id: Option<Uuid>,
    pub transaction_id: &'a str,
    pub state: RedemptionState,
    pub expires_at: Option<DateTime<Utc>>,
    /// The recorded result, as it was printed.
    pub result: Option<&'a str>,
}

pub fn print(answer: &Answer<'_>) -> String {
    let room = ROOM + answer.result.map_or(0, str::len);
    let mut writer = Writer::with_capacity(room);
    EndedRedemption::print(&mut writer, answer);
    writer.finish()
}

answer! {
    /// The members that begin every answer about a redemption.
    pub struct Head "" as Answer<'_> |answer| {
        /// The redemption's id. Null if the transaction was cancelled before its redemption arrived.
        id: optional(ID) => answer.id,
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => answer.transaction_id,
        /// The state of the redemption.
        state: required(choice::<RedemptionState>()) => answer.state,
        /// When the hold expires; null if it never was a hold.
        expires_at: optional(INSTANT) => answer.expires_at,
    }
}

answer! {
    /// A redemption that was cancelled or has ended.
    pub struct EndedRedemption "EndedRedemption" as Answer<'_> |answer| {
        head: all_of::<Head>() => answer,
        /// The recorded result. Null if the transaction was cancelled before its redemption arrived.
        result: optional(raw(part::<EvaluationBody>())) => answer.result,
    }
}

described! {
    /// A redemption.
    pub struct RedemptionBody "Redemption" {
        head: all_of::<Head>(),
        /// The redemption's id.
        id: required(ID),
        /// The recorded result.
        result: required(part::<EvaluationBody>()),
    }
}
