//! Redemptions: redeem, read, commit, cancel, return (spec 9).

use utoipa::IntoParams;
use uuid::Uuid;

use super::extract::Redemption;
use super::{handler::*, schema};
use crate::db;
use crate::db::redemption_list::{ListedRow, RedemptionCursor, RedemptionFilter};
use crate::db::redemptions::RedemptionRow;
use crate::domain::cart::Request;
use crate::domain::redemption::{Address, Order, RedemptionState};
use crate::service::redemptions::Found;
use crate::wire;
use crate::wire::body::{choice as named, *};
use crate::wire::code::masked_document;
use crate::wire::decode::Value;
use crate::wire::evaluation::{EvaluationBody, TotalsBody};
use crate::wire::faults::{FaultCode, Faults};
use crate::wire::redemption::{Answer, Head};
use crate::wire::returns::{NewReturn, ReturnRecord};
use crate::wire::write::Writer;

conflicts! {
    RedeemConflict = "transaction_id_reused" | "discount_changed" | "redemption_cancelled";
    CommitRedemptionConflict = "redemption_cancelled" | "hold_expired" | "hold_replaced";
    CancelRedemptionConflict = "already_committed";
    ReturnGoodsConflict = "not_committed" | "return_id_reused" | "return_exceeds_purchase";
}

/// Redeem a cart: evaluate it, count its limits and record it in one step; a repeated request gets the same answer
#[utoipa::path(post, path = "/v1/redemptions", operation_id = "redeem", tag = "redemptions",
    security(("key" = ["admin", "pos"])), request_body = schema::RedemptionInput,
    responses(
        (status = 201, description = "Recorded.", body = schema::Redemption),
        (status = 200, description = "It was recorded before.", body = schema::Redemption), Redeeming, RedeemConflict))]
pub async fn create(api: Api, pos: Caller<Pos>, body: Small) -> Answered {
    let body = body.json()?;
    let read = |value: Value<'_, '_>, faults: &mut Faults| {
        Order::read(value, faults).map(Order::into_owned)
    };
    let order = api.decode(pos.tenant(), body, read).await?;
    let redeemed =
        api.within(Deadline::Redemption, api.service().redeem(pos.tenant(), order)).await?;
    let answer = Answer {
        id: Some(redeemed.id.uuid()),
        transaction_id: &redeemed.transaction_id,
        state: redeemed.state,
        expires_at: redeemed.expires_at,
        result: Some(&redeemed.result),
    };
    let status = if redeemed.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(json(status, wire::redemption::print(&answer)))
}

type States = OneNamed<RedemptionState>;

/// Which redemptions are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `read_filter` reads")]
pub struct FilterParams {
    /// Only redemptions with this transaction id.
    #[param(max_length = 255)]
    transaction_id: Option<String>,
    /// Only redemptions of this customer.
    #[param(max_length = 255)]
    customer_id: Option<String>,
    /// Only redemptions to which this promotion applied.
    promotion_id: Option<Uuid>,
    /// Only redemptions in which this code unlocked a promotion; case is ignored. Viewers may not search by code (403).
    #[param(max_length = 255)]
    code: Option<String>,
    /// Only redemptions in this state.
    #[param(inline)]
    state: Option<States>,
    /// An RFC 3339 time: only redemptions that were evaluated at this time or later.
    #[param(format = DateTime)]
    from: Option<String>,
    /// An RFC 3339 time: only redemptions that were evaluated before this time.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// List redemptions, newest first
#[utoipa::path(get, path = "/v1/redemptions", operation_id = "list_redemptions", tag = "redemptions",
    security(("key" = ["admin", "pos", "viewer"])), params(FilterParams, ListParams),
    responses(
        (status = 200, description = "A page of redemptions, without requests and results.", body = schema::RedemptionPage),
        Reading))]
pub async fn list(api: Api, reader: Caller<PosReader>, mut query: Query) -> Answered {
    let filter = read_filter(&mut query);
    let wanted = query.into_page::<RedemptionCursor>(reader.cursors())?;
    let names_code = filter.code_key.is_some();
    if names_code && !reader.sees_codes() {
        // The answer would reveal whether a code exists that viewers may not see.
        return Err(ApiError::Forbidden);
    }
    let guess = if names_code && !reader.is_admin() {
        Some(api.service().cache().guess(reader.tenant(), 1)?)
    } else {
        None
    };
    let clock = api.service().clock().clone();
    let read = api.service().db().tenant(reader.tenant(), move |tx| {
        Box::pin(async move {
            let now = db::redemptions::now(tx).await? + clock.offset();
            db::redemption_list::list(tx, &filter, now, wanted.after, wanted.limit).await
        })
    });
    let found = api.within(Deadline::Read, read).await?;
    if let Some(guess) = guess {
        guess.failed(usize::from(found.items.is_empty()));
    }
    Ok(page::answer(&found, &wanted.seal, ListedRedemption::print))
}

answer! {
    /// A redemption, without its request and result.
    pub struct ListedRedemption "RedemptionListed" as ListedRow |row| {
        /// The redemption's id.
        id: required(ID) => row.redemption_id,
        /// The caller's id of the transaction.
        transaction_id: required(WORDS) => row.transaction_id,
        /// The state of the redemption.
        state: required(named::<RedemptionState>()) => row.state,
        /// When the hold expires; null if it never was a hold.
        expires_at: optional(INSTANT) => row.expires_at,
        /// The customer.
        customer_id: optional(WORDS) => row.customer_id,
        /// The time for which the cart was evaluated.
        evaluated_at: required(INSTANT) => row.evaluated_at,
        /// When the redemption was committed or ended.
        settled_at: optional(INSTANT) => row.settled_at,
        /// The version of the tenant's rules that priced the cart.
        ruleset_version: required(SIZE) => row.ruleset_version,
        /// The totals of the cart.
        totals: required(raw(part::<TotalsBody>())) => row.totals,
    }
}

/// Read a redemption: its request, its result, the version of the rules, and its returns
#[utoipa::path(get, path = "/v1/redemptions/{id}", operation_id = "read_redemption", tag = "redemptions",
    security(("key" = ["admin", "pos", "viewer"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    responses((status = 200, description = "The redemption.", body = schema::RedemptionFull), Reading))]
pub async fn get(
    api: Api,
    reader: Caller<PosReader>,
    Redemption(address): Redemption,
    _: NoQuery,
) -> Answered {
    let service = api.service();
    let found = api.within(Deadline::Read, service.redemption(reader.tenant(), address)).await?;
    let (row, state, returns) = match found {
        Found::Redemption(row, state, returns) => (row, state, returns),
        Found::Buried(transaction) => return Ok(json(StatusCode::OK, buried(&transaction))),
    };
    // Viewers see only the last three characters of codes.
    let shown = |document: &str| {
        if reader.sees_codes() { Some(document.to_owned()) } else { masked_document(document) }
    };
    let (request, result) = (shown(&row.request), shown(&row.result));
    let mut writer = Writer::with_capacity(row.request.len() + row.result.len() + 512);
    let answer = Answer { result: result.as_deref(), ..head(&row, state) };
    FullRedemption::print(&mut writer, &(&*row, &answer, request.as_deref(), &returns));
    ok(writer.finish())
}

answer! {
    /// A redemption. If the transaction was cancelled before its redemption arrived, only `transaction_id` and `state`
    /// are known.
    pub struct FullRedemption "RedemptionFull"
        as (&RedemptionRow, &Answer<'_>, Option<&str>, &Vec<String>) |(row, answer, request, returns)| {
        head: all_of::<Head>() => answer,
        /// The time for which the cart was evaluated.
        evaluated_at: absent(INSTANT) => Some(row.evaluated_at),
        /// When the redemption was committed or ended.
        settled_at: absent(or_null(INSTANT)) => Some(row.settled_at),
        /// The version of the tenant's rules that priced the cart.
        ruleset_version: absent(SIZE) => Some(row.ruleset_version),
        /// The request, with its defaults. Viewers see only the last three characters of codes.
        request: absent(or_null(raw(part::<Request<'_>>()))) => Some(*request),
        /// The recorded result. Null if the transaction was cancelled before its redemption arrived.
        result: optional(raw(part::<EvaluationBody>())) => answer.result,
        /// The returns, in order.
        returns: absent(every(raw(part::<ReturnRecord>()))) => Some(*returns),
        /// When everything that the redemption took of limits was given back.
        restored_at: absent(or_null(INSTANT)) => Some(row.restored_at),
    }
}

/// Commit a hold: it becomes final at the price that was quoted
#[utoipa::path(post, path = "/v1/redemptions/{id}/commit", operation_id = "commit_redemption", tag = "redemptions",
    security(("key" = ["admin", "pos"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    request_body(content = schema::Nothing, description = "None, or an empty object."),
    responses(
        (status = 200, description = "Committed by this or an earlier request.", body = schema::Redemption), Writing,
        CommitRedemptionConflict))]
pub async fn commit(
    api: Api,
    pos: Caller<Pos>,
    Redemption(address): Redemption,
    NoBody(nothing): NoBody,
) -> Answered {
    let service = api.service();
    api.after_path(nothing, service.redemption(pos.tenant(), address.clone())).await?;
    answer(
        &api.within(Deadline::Redemption, service.commit_redemption(pos.tenant(), address)).await?,
    )
}

/// Cancel a hold and give back what it reserved; an unknown transaction can then no longer be redeemed
#[utoipa::path(post, path = "/v1/redemptions/{id}/cancel", operation_id = "cancel_redemption", tag = "redemptions",
    security(("key" = ["admin", "pos"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    request_body(content = schema::Nothing, description = "None, or an empty object."),
    responses(
        (status = 200, description = "Cancelled by this or an earlier request, or ended.", body = schema::EndedRedemption),
        Writing, CancelRedemptionConflict))]
pub async fn cancel(
    api: Api,
    pos: Caller<Pos>,
    Redemption(address): Redemption,
    NoBody(nothing): NoBody,
) -> Answered {
    let service = api.service();
    match &address {
        Address::Id(_) => {
            api.after_path(nothing, service.redemption(pos.tenant(), address.clone())).await?;
        }
        // A transaction can be cancelled before its redemption arrives, so this path always leads somewhere.
        Address::Transaction(_) => nothing?,
    }
    answer(
        &api.within(Deadline::Redemption, service.cancel_redemption(pos.tenant(), address)).await?,
    )
}

/// Return units; with the last unit of a line, its refunds add up to all that was paid for the line
#[utoipa::path(post, path = "/v1/redemptions/{id}/returns", operation_id = "return_goods", tag = "redemptions",
    security(("key" = ["admin", "pos"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    request_body = schema::ReturnInput,
    responses(
        (status = 200, description = "The refund of this or of the first such request.", body = schema::ReturnRecord), Writing,
        ReturnGoodsConflict))]
pub async fn take_back(
    api: Api,
    pos: Caller<Pos>,
    Redemption(address): Redemption,
    body: Small,
) -> Answered {
    let service = api.service();
    let read = body.json().and_then(|body| decode(&body, read_body::<NewReturn, _>));
    let new = api.after_path(read, service.redemption(pos.tenant(), address.clone())).await?;
    ok(api.within(Deadline::Redemption, service.take_back(pos.tenant(), address, new)).await?)
}

fn answer(found: &Found) -> Answered {
    let text = match found {
        Found::Redemption(row, state, _) => {
            wire::redemption::print(&Answer { result: Some(&row.result), ..head(row, *state) })
        }
        Found::Buried(transaction) => buried(transaction),
    };
    ok(text)
}

fn head(row: &RedemptionRow, state: RedemptionState) -> Answer<'_> {
    Answer {
        id: Some(row.redemption_id),
        transaction_id: &row.transaction_id,
        state,
        expires_at: row.expires_at,
        result: None,
    }
}

/// The answer for a transaction that was cancelled before its redemption arrived.
fn buried(transaction: &str) -> String {
    wire::redemption::print(&Answer {
        id: None,
        transaction_id: transaction,
        state: RedemptionState::Cancelled,
        expires_at: None,
        result: None,
    })
}

fn read_filter(query: &mut Query) -> RedemptionFilter {
    let promotion_id = query.take("promotion_id").and_then(|text| {
        let id = Uuid::try_parse(&text).ok();
        if id.is_none() {
            query.fault("promotion_id", FaultCode::Malformed, "is not an id");
        }
        id
    });
    let (from, to) = (query.time("from"), query.time("to"));
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        query.fault("to", FaultCode::NotAfter, "is not after `from`");
    }
    RedemptionFilter {
        transaction_id: query.text("transaction_id"),
        customer_id: query.text("customer_id"),
        promotion_id,
        code_key: query.text("code").map(|code| code.to_ascii_uppercase()),
        state: query.choice("state"),
        from,
        to,
    }
}
