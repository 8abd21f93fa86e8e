//! A promotion that a customer can use now (spec 3).

use serde_json::Value as Json;

use super::audience::AudienceBody;
use super::body::*;
use super::condition::CONDITIONS;
use super::issuing::IssuanceBody;
use super::usage;
use super::write::Writer;
use crate::domain::issuance::Issuance;
use crate::domain::limit::CountedLimit;
use crate::domain::promotion::{Promotion, PromotionType, Scope};

/// A limit, and what is left of it.
pub type Left = (CountedLimit, Option<i64>);

answer! {
    /// A promotion that a customer can use now.
    pub struct CustomerPromotionBody "Offer" as (&Promotion, Option<&Issuance>, &[Left], u32)
        |(promotion, issuance, left, precision)| {
        /// The promotion's id.
        promotion_id: required(ID) => promotion.id.uuid(),
        /// The promotion's name.
        name: required(WORDS) => promotion.terms.name,
        /// The promotion's type.
        kind as "type": required(choice::<PromotionType>()) => promotion.terms.kind.promotion_type(),
        /// The promotion's message to the shopper.
        message: required(WORDS) => promotion.terms.message,
        /// The start, included.
        starts_at: required(TIME) => promotion.terms.starts_at,
        /// The end, excluded.
        ends_at: required(TIME) => promotion.terms.ends_at,
        /// The issuance that lets the customer use the promotion.
        issuance: optional(part::<IssuanceBody>()) => *issuance,
        limits: required(part::<LeftBody>()) => (*left, *precision),
        /// Where the promotion applies. It is shown, not checked.
        scope: required(part::<Scope>()) => promotion.terms.scope,
        /// Who gets the promotion. It is shown, not checked.
        audience: required(part::<AudienceBody>()) => promotion.terms.audience,
        /// The conditions that the cart must meet. They are shown, not checked.
        conditions: optional(CONDITIONS) => promotion.terms.conditions,
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
