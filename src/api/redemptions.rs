//! Redemptions: made, read, committed, cancelled, returned (spec 9).

use utoipa::IntoParams;
use uuid::Uuid;

use super::codes::masked;
use super::extract::Redemption;
use super::{handler::*, schema};
use crate::db;
use crate::db::redemption_list::{ListedRow, RedemptionCursor, RedemptionFilter};
use crate::db::redemptions::RedemptionRow;
use crate::domain::cart::Request;
use crate::domain::redemption::{Order, RedemptionState};
use crate::service::redemptions::Found;
use crate::wire;
use crate::wire::body::{choice as named, *};
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

/// Redeem a cart: evaluate it, add to every counter and record it in one step; the same request again answers the same
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
    let redeemed = api.redemption(api.service().redeem(pos.tenant(), order)).await?;
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

/// Filters of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `read_filter` reads")]
pub struct FilterParams {
    /// The caller's id.
    #[param(max_length = 255)]
    transaction_id: Option<String>,
    /// Whose cart it was.
    #[param(max_length = 255)]
    customer_id: Option<String>,
    /// A promotion that applied.
    promotion_id: Option<Uuid>,
    /// A code that unlocked a promotion, in whatever case. Viewers may not look codes up (403).
    #[param(max_length = 255)]
    code: Option<String>,
    /// Where they stand.
    #[param(inline)]
    state: Option<States>,
    /// Evaluated then or later: an RFC 3339 time.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Evaluated before then: an RFC 3339 time.
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
        // The answer would say whether a code exists that is not shown.
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
    let found = api.admin_read(read).await?;
    if let Some(guess) = guess {
        guess.failed(usize::from(found.items.is_empty()));
    }
    Ok(page::answer(&found, &wanted.seal, ListedRedemption::print))
}

answer! {
    /// A redemption, without its request and result.
    pub struct ListedRedemption "RedemptionListed" as ListedRow |row| {
        /// Which.
        id: required(ID) => row.redemption_id,
        /// The caller's id.
        transaction_id: required(WORDS) => row.transaction_id,
        /// Where it stands.
        state: required(named::<RedemptionState>()) => row.state,
        /// A hold's end.
        expires_at: optional(INSTANT) => row.expires_at,
        /// Who bought.
        customer_id: optional(WORDS) => row.customer_id,
        /// As of when.
        evaluated_at: required(INSTANT) => row.evaluated_at,
        /// When it was committed or ended.
        settled_at: optional(INSTANT) => row.settled_at,
        /// By which version of the tenant's rules.
        ruleset_version: required(SIZE) => row.ruleset_version,
        /// What the cart came to.
        totals: required(raw(part::<TotalsBody>())) => row.totals,
    }
}

/// Read a redemption: what was asked for, what it came to, by which rules, and what came back of it
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
    let found = api.admin_read(service.redemption(reader.tenant(), address)).await?;
    let (row, state, returns) = match found {
        Found::Redemption(row, state, returns) => (row, state, returns),
        Found::Buried(transaction) => return Ok(json(StatusCode::OK, buried(&transaction))),
    };
    // Viewers see the last three characters of codes.
    let shown = |document: &str| {
        if reader.sees_codes() {
            Some(document.to_owned())
        } else {
            wire::redemption::masked(document, masked)
        }
    };
    let (request, result) = (shown(&row.request), shown(&row.result));
    let mut writer = Writer::with_capacity(row.request.len() + row.result.len() + 512);
    let answer = Answer { result: result.as_deref(), ..head(&row, state) };
    FullRedemption::print(&mut writer, &(&*row, &answer, request.as_deref(), &returns));
    ok(writer.finish())
}

answer! {
    /// A redemption. Of a transaction that was cancelled before it was seen there is no more than `transaction_id` and `state`.
    pub struct FullRedemption "RedemptionFull"
        as (&RedemptionRow, &Answer<'_>, Option<&str>, &Vec<String>) |(row, answer, request, returns)| {
        head: all_of::<Head>() => answer,
        /// As of when.
        evaluated_at: absent(INSTANT) => Some(row.evaluated_at),
        /// When it was committed or ended.
        settled_at: absent(or_null(INSTANT)) => Some(row.settled_at),
        /// By which version of the tenant's rules.
        ruleset_version: absent(SIZE) => Some(row.ruleset_version),
        /// What was asked for, as it was understood. Viewers see codes by their last three characters.
        request: absent(or_null(raw(part::<Request<'_>>()))) => Some(*request),
        /// What was recorded. Null where the transaction was cancelled before it was seen.
        result: optional(raw(part::<EvaluationBody>())) => answer.result,
        /// What came back, in order.
        returns: absent(every(raw(part::<ReturnRecord>()))) => Some(*returns),
        /// When all that it took was given back to the limits.
        restored_at: absent(or_null(INSTANT)) => Some(row.restored_at),
    }
}

/// Make a hold final, as it was quoted
#[utoipa::path(post, path = "/v1/redemptions/{id}/commit", operation_id = "commit_redemption", tag = "redemptions",
    security(("key" = ["admin", "pos"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    request_body(content = schema::Nothing, description = "None, or an empty object."),
    responses(
        (status = 200, description = "Committed, now or before.", body = schema::Redemption), Writing,
        CommitRedemptionConflict))]
pub async fn commit(
    api: Api,
    pos: Caller<Pos>,
    Redemption(address): Redemption,
    _: NoBody,
) -> Answered {
    let service = api.service();
    answer(&api.redemption(service.commit_redemption(pos.tenant(), address)).await?)
}

/// Cancel a hold: what it reserved is given back; one that was never seen is not redeemed late
#[utoipa::path(post, path = "/v1/redemptions/{id}/cancel", operation_id = "cancel_redemption", tag = "redemptions",
    security(("key" = ["admin", "pos"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    request_body(content = schema::Nothing, description = "None, or an empty object."),
    responses(
        (status = 200, description = "Cancelled, now or before, or ended otherwise.", body = schema::EndedRedemption),
        Writing, CancelRedemptionConflict))]
pub async fn cancel(
    api: Api,
    pos: Caller<Pos>,
    Redemption(address): Redemption,
    _: NoBody,
) -> Answered {
    let service = api.service();
    answer(&api.redemption(service.cancel_redemption(pos.tenant(), address)).await?)
}

/// Take units back; the last unit of a line brings its refund to all that was paid for it
#[utoipa::path(post, path = "/v1/redemptions/{id}/returns", operation_id = "return_goods", tag = "redemptions",
    security(("key" = ["admin", "pos"])),
    params(
        ("id" = String, Path, min_length = 1, max_length = 258, description = "The redemption, or `tx:` and the transaction id, URL-encoded.")),
    request_body = schema::ReturnInput,
    responses(
        (status = 200, description = "What is refunded, now or before.", body = schema::ReturnRecord), Writing,
        ReturnGoodsConflict))]
pub async fn take_back(
    api: Api,
    pos: Caller<Pos>,
    Redemption(address): Redemption,
    body: Small,
) -> Answered {
    let service = api.service();
    // What does not exist, or is another tenant's, is told before what is wrong with the body.
    api.admin_read(service.redemption(pos.tenant(), address.clone())).await?;
    let new = decode(&body.json()?, read_body::<NewReturn, _>)?;
    ok(api.redemption(service.take_back(pos.tenant(), address, new)).await?)
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

/// A transaction that was cancelled before it was seen.
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
