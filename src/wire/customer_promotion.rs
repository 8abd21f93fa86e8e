//! What a customer has: promotions that the customer can use or claim (spec 15.6).

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::audience::AudienceBody;
use super::benefit::BenefitBody;
use super::body::*;
use super::condition::CONDITIONS;
use super::issuing::IssuanceBody;
use super::schedule::ScheduleBody;
use super::usage;
use super::write::Writer;
use crate::domain::issuance::{Issuance, OfferStatus};
use crate::domain::limit::CountedLimit;
use crate::domain::promotion::{Promotion, PromotionType, Scope};

/// A limit, and what is left of it.
pub type Left = (CountedLimit, Option<i64>);

/// A promotion that a customer has, with what the answer says about it.
#[derive(Clone, Debug)]
pub struct Offer<'o> {
    pub promotion: &'o Promotion,
    pub status: OfferStatus,
    pub opens_at: Option<DateTime<Utc>>,
    pub issuance: Option<&'o Issuance>,
    pub left: &'o [Left],
    /// Decimals of an amount.
    pub precision: u32,
    /// Codes that are bound to the customer.
    pub codes: Vec<String>,
}

answer! {
    /// A promotion that a customer can use now, can claim, or can use later.
    pub struct CustomerPromotionBody "Offer" as Offer<'_> |offer| {
        /// The promotion's id.
        promotion_id: required(ID) => offer.promotion.id.uuid(),
        /// The promotion's name.
        name: required(WORDS) => offer.promotion.terms.name,
        /// The promotion's type.
        kind as "type": required(choice::<PromotionType>()) => offer.promotion.terms.kind.promotion_type(),
        /// The note for those who manage promotions.
        description: required(WORDS) => offer.promotion.terms.description,
        /// The promotion's message to the shopper.
        message: required(WORDS) => offer.promotion.terms.message,
        /// What the shopper is told where the promotion nearly applied.
        suggestion_message: required(WORDS) => offer.promotion.terms.suggestion_message,
        /// The campaign of the promotion.
        campaign: optional(WORDS) => offer.promotion.terms.campaign,
        /// What the promotion gives.
        benefit: required(part::<BenefitBody>()) => (
            offer.promotion.terms.benefit.clone(), offer.promotion.terms.steps.clone()
        ),
        /// The conditions that the cart must meet. They are shown, not checked.
        conditions: optional(CONDITIONS) => offer.promotion.terms.conditions,
        /// Where the promotion applies. It is checked against `store` and `channel`, where these are given.
        scope: required(part::<Scope>()) => offer.promotion.terms.scope,
        /// Who gets the promotion. It is shown, not checked.
        audience: required(part::<AudienceBody>()) => offer.promotion.terms.audience,
        /// When the promotion is open between its dates; null: all the time.
        schedule: optional(part::<ScheduleBody>()) => offer.promotion.terms.schedule,
        /// The start, included.
        starts_at: required(TIME) => offer.promotion.terms.starts_at,
        /// The end, excluded.
        ends_at: required(TIME) => offer.promotion.terms.ends_at,
        /// The issuance that lets the customer use the promotion, or that waits for its activation: the newest one.
        issuance: optional(part::<IssuanceBody>()) => offer.issuance,
        /// Whether the customer can use the promotion now, must activate it first, or can use it when its schedule
        /// opens.
        status: required(choice::<OfferStatus>()) => offer.status,
        /// When the schedule opens; null: it is open.
        opens_at: optional(INSTANT) => offer.opens_at,
        limits: required(part::<LeftBody>()) => (offer.left, offer.precision),
        /// The codes of the promotion that are bound to the customer and can be used. Viewers see their last three
        /// characters.
        codes: required(every(WORDS)) => offer.codes,
    }
}

pub(super) struct LeftBody;

impl PrintBody<(&[Left], u32)> for LeftBody {
    fn print_members(writer: &mut Writer, (left, precision): &(&[Left], u32)) {
        for (limit, left) in *left {
            let amount = |writer: &mut Writer, amount: i64| {
                usage::print_amount(writer, limit.name.measure, amount, *precision);
            };
            writer.data_key(&usage::limit_name(limit.name)).object(|writer| {
                writer.key("left").option(*left, amount);
                amount(writer.key("max"), limit.maximum);
            });
        }
    }
}

impl Described for LeftBody {
    const NAME: &'static str = "";

    fn schema(schemas: &mut Schemas) -> Json {
        let says = "What is left of each limit: a count, or an amount in the tenant's currency.";
        usage::of_limits(schemas, says, |amount, fields, schemas| {
            let left = "What is left of the limit for this customer or code.";
            optional(amount).describe("left", left, fields, schemas);
            required(amount).describe("max", "The limit.", fields, schemas);
        })
    }
}
