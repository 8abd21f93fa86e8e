//! What one customer has; merging and deleting customers (spec 3, 15.6).

use utoipa::IntoParams;

use super::{handler::*, schema};
use crate::db::Page;
use crate::service::customers::Asked;
use crate::wire::body::*;
use crate::wire::code::masked;
use crate::wire::customer_promotion::{CustomerPromotionBody, Offer};
use crate::wire::issuing::MergeBody;
use crate::wire::milestone::ProgressBody;

/// Where the customer is.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `promotions` reads")]
pub struct PlaceParams {
    /// Only promotions that apply in this store. Its time zone is the one of schedules that name none.
    #[param(max_length = 255)]
    store: Option<String>,
    /// Only promotions that apply in this channel.
    #[param(max_length = 255)]
    channel: Option<String>,
}

/// List what a customer has: what the customer can use now, claim, or use later, with what is left of every limit
///
/// Status, dates, schedule, issuance, activation and limits are checked; the scope where `store` or `channel` is given.
/// Audience and conditions are only shown. Limits of codes apply to each code separately. `usable`: now. `claimable`:
/// the customer must activate it first, by `POST /v1/promotions/{id}/activations`, or by
/// `POST /v1/issuances/{id}/activate` if there is an issuance. `later`: only the schedule is closed, until `opens_at`.
#[utoipa::path(get, path = "/v1/customers/{id}/promotions", operation_id = "list_customer_promotions", tag = "customers",
    security(("key" = ["admin", "pos", "viewer"])),
    params(("id" = String, Path, description = "The customer."), PlaceParams, ListParams),
    responses((status = 200, description = "A page of promotions.", body = schema::OfferPage), Reading))]
pub async fn promotions(
    api: Api,
    reader: Caller<PosReader>,
    Name(customer): Name,
    mut query: Query,
) -> Answered {
    let (store, channel) = (query.text("store"), query.text("channel"));
    let wanted = query.into_page::<i32>(reader.cursors())?;
    let asked = Asked { customer, store, channel };
    let found = api.within(Deadline::Read, api.service().offers(reader.tenant(), asked)).await?;
    let seen = wanted.after.unwrap_or(0);
    let skipped = usize::try_from(seen).unwrap_or(0);
    let limit = usize::from(wanted.limit);
    let next = found.all.len() > skipped.saturating_add(limit);
    let numbered = (1..).zip(found.all);
    let page = Page {
        items: numbered.skip(skipped).take(limit).collect(),
        next: next.then(|| seen.saturating_add(i32::from(wanted.limit))),
        place: |(number, _)| *number,
    };
    let rules = &found.rules;
    let precision = rules.settings().rounding.precision();
    let shown = |code: &'_ String| -> String {
        if reader.sees_codes() { code.clone() } else { masked(code) }
    };
    Ok(page::answer(&page, &wanted.seal, |writer, (_, own)| {
        let offer = Offer {
            promotion: rules.promotion(own.usable.promotion),
            status: own.usable.status,
            opens_at: own.usable.opens_at,
            issuance: own.issuance.as_ref(),
            left: &own.usable.left,
            precision,
            codes: own.codes.iter().map(shown).collect(),
        };
        CustomerPromotionBody::print(writer, &offer);
    }))
}

/// List a customer's progress in the present window of every milestone
#[utoipa::path(get, path = "/v1/customers/{id}/milestones", operation_id = "list_customer_milestones", tag = "customers",
    security(("key" = ["admin", "pos", "issuer", "viewer"])),
    params(("id" = String, Path, description = "The customer."), ListParams),
    responses((status = 200, description = "A page of milestones.", body = schema::MilestoneProgressPage), Reading))]
pub async fn milestones(
    api: Api,
    reader: Caller<HandReader>,
    Name(customer): Name,
    query: Query,
) -> Answered {
    let wanted = query.into_page::<String>(reader.cursors())?;
    let service = api.service();
    let read = service.customer_progress(reader.tenant(), customer, wanted.after, wanted.limit);
    let found = api.within(Deadline::Read, read).await?;
    Ok(page::answer(&found, &wanted.seal, |writer, own| {
        let told = (&own.milestone, &own.progress, own.window_ends_at, own.unlocked.as_slice());
        ProgressBody::print(writer, &told);
    }))
}

/// Merge a customer into another one: issuances and progress move, counts are added
///
/// If a sum exceeds a limit, the limit is used up. Repeating the merge finds nothing to move.
#[utoipa::path(post, path = "/v1/customers/{id}/merge", operation_id = "merge_customer", tag = "customers",
    security(("key" = ["admin"])),
    params(("id" = String, Path, description = "The customer who becomes part of the other.")),
    request_body = schema::Merge, responses((status = 204, description = "Merged."), Writing))]
pub async fn merge(api: Api, admin: Caller<Admin>, Name(customer): Name, body: Small) -> Answered {
    let into = decode(&body.json()?, read_body::<MergeBody, _>)?;
    let service = api.service();
    let merged = service.merge_customers(admin.actor(), customer, into);
    api.within(Deadline::BulkWrite, merged).await?;
    done()
}

/// Delete a customer: a random id replaces the customer's id everywhere; sums stay
#[utoipa::path(delete, path = "/v1/customers/{id}", operation_id = "delete_customer", tag = "customers",
    security(("key" = ["admin"])), params(("id" = String, Path, description = "The customer.")),
    responses((status = 204, description = "Deleted."), Writing))]
pub async fn delete(api: Api, admin: Caller<Admin>, Name(customer): Name, _: NoQuery) -> Answered {
    api.within(Deadline::BulkWrite, api.service().delete_customer(admin.actor(), customer)).await?;
    done()
}
