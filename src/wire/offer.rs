//! What a customer could use now (spec 3).

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
type Left = (CountedLimit, Option<i64>);

answer! {
    /// A promotion that a customer could use now.
    pub struct OfferBody "Offer" as (&Promotion, Option<&Issuance>, &[Left], u32)
        |(promotion, issuance, left, precision)| {
        /// Which.
        promotion_id: required(ID) => promotion.id.uuid(),
        /// Its name.
        name: required(WORDS) => promotion.terms.name,
        /// Its type.
        kind as "type": required(choice::<PromotionType>()) => promotion.terms.kind.promotion_type(),
        /// Shown to the shopper.
        message: required(WORDS) => promotion.terms.message,
        /// Included.
        starts_at: required(TIME) => promotion.terms.starts_at,
        /// Excluded.
        ends_at: required(TIME) => promotion.terms.ends_at,
        /// The issuance by which it can be used.
        issuance: optional(part::<IssuanceBody>()) => *issuance,
        limits: required(part::<LeftBody>()) => (*left, *precision),
        /// Where it applies: told, not judged.
        scope: required(part::<Scope>()) => promotion.terms.scope,
        /// For whom: told, not judged.
        audience: required(part::<AudienceBody>()) => promotion.terms.audience,
        /// What the cart must be: told, not judged.
        conditions: optional(CONDITIONS) => promotion.terms.conditions,
    }
}

struct LeftBody;

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
            let left = "What is left of it for this customer.";
            optional(amount).describe("left", left, fields, schemas);
            required(amount).describe("max", "The limit.", fields, schemas);
        })
    }
}
