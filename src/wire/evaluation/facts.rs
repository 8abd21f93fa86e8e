//! The facts that explain a reason (spec 15.8). The reason chooses one of several bodies.

use chrono::{DateTime, FixedOffset};
use serde_json::{Value as Json, json};

use super::context::Context;
use super::head::PromotionHead;
use crate::domain::amount::Money;
use crate::domain::currency::Currency;
use crate::domain::limit::LimitName;
use crate::domain::names::Named;
use crate::domain::promotion::{Audience, Promotion};
use crate::domain::reason::{Outside, ReachedLimit, Reason, ReasonCode, ScopePart, Wanted};
use crate::wire::audience::AudienceBody;
use crate::wire::body::schema::{described, one_of, reference};
use crate::wire::body::*;
use crate::wire::selector::{Field, written_field};
use crate::wire::usage::{LIMIT_NAME, is_amount, limit_name, limit_names, limits};
use crate::wire::write::Writer;

/// What explains a reason. Without a reason there is nothing to explain.
pub(super) struct FactsBody;

impl PrintBody<(Option<&Reason>, Context<'_>)> for FactsBody {
    fn print_members(writer: &mut Writer, (reason, context): &(Option<&Reason>, Context<'_>)) {
        let Some(reason) = reason else { return };
        let local = |at: DateTime<_>| at.with_timezone(&context.zone()).fixed_offset();
        match reason {
            Reason::NotStarted { starts_at } => NotStarted::print_members(writer, starts_at),
            Reason::Ended { ended_at } => Ended::print_members(writer, ended_at),
            Reason::OutsideSchedule(next) => {
                let opens_at = next.map(|next| local(next.opens_at));
                OutsideSchedule::print_members(writer, &opens_at);
            }
            Reason::CurrencyMismatch(currency) => {
                CurrencyMismatch::print_members(writer, currency);
            }
            Reason::OutOfScope(own) => OutOfScope::print_members(writer, &**own),
            Reason::NotInAudience(audience) => NotInAudience::print_members(writer, &**audience),
            Reason::NotIssued { expired_at } => {
                NotIssued::print_members(writer, &expired_at.map(local));
            }
            Reason::LimitReached(own) => {
                let refreshes_at = own.refreshes_at.map(local);
                let precision = context.precision;
                let reached = (&**own, refreshes_at, precision);
                if is_amount(own.limit.name.measure) {
                    AmountReached::print_members(writer, &reached);
                } else {
                    CountReached::print_members(writer, &reached);
                }
            }
            Reason::NoEligibleItems(wanted) => {
                NoEligibleItems::print_members(writer, &wanted.as_deref());
            }
            Reason::UnitsTaken(by)
            | Reason::Incompatible(by)
            | Reason::AnotherCartPromotionApplied(by)
            | Reason::CartPromotionAppliedFirst(by)
            | Reason::ExclusiveApplied(by)
            | Reason::StoppedByEarlier(by) => {
                AnotherPromotion::print_members(writer, &context.promotion(*by));
            }
            Reason::NoBenefit { floor } => NoBenefit::print_members(writer, floor),
            Reason::Paused
            | Reason::CustomerRequired
            | Reason::CodeNotPresented
            | Reason::NotActivated
            | Reason::ConditionsNotMet(_)
            | Reason::ExclusivePassedOver
            | Reason::BetterDealTaken
            | Reason::OutdoneBy(_) => {}
        }
    }
}

impl Described for FactsBody {
    const NAME: &'static str = "Facts";

    /// One object with the members of all reasons. The reason stands beside the facts, so no member of theirs tells which
    /// of them there are, as generators need it of a union; what differs by reason has no type. An extension names the
    /// exact object of each reason, for those who want to read the facts as that.
    fn schema(schemas: &mut Schemas) -> Json {
        let mut fields = schemas.fields();
        let parts: [fn(&mut Fields, &mut Schemas); 9] = [
            NotStarted::describe,
            Ended::describe,
            OutsideSchedule::describe,
            CurrencyMismatch::describe,
            OutOfScope::describe,
            NotIssued::describe,
            CountReached::describe,
            AnotherPromotion::describe,
            NoBenefit::describe,
        ];
        for describe in parts {
            describe(&mut fields, schemas);
        }
        fields.add("limit", described(LIMIT_NAME.schema(schemas), LIMIT), false);
        let mut schema =
            fields.schema("What explains a reason. The reason decides which members there are.");
        let untyped = [
            ("wanted", WANTED),
            ("max", "With `limit_reached`: the limit, a count or a decimal."),
            ("used", "With `limit_reached`: what is used, holds included; a count or a decimal."),
        ];
        if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
            for (member, says) in untyped {
                properties.insert(member.to_owned(), json!({"description": says}));
            }
        }
        let by_reason = ReasonCode::ALL.iter().filter_map(|reason| {
            Some((reason.name().to_owned(), reference(&exact(*reason, schemas)?)))
        });
        let by_reason = Json::Object(by_reason.collect());
        if let Some(members) = schema.as_object_mut() {
            members.remove("required");
            members.insert("x-by-reason".to_owned(), by_reason);
        }
        schema
    }
}

/// The component that describes the facts of a reason exactly; `None`: it has none.
fn exact(reason: ReasonCode, schemas: &mut Schemas) -> Option<String> {
    Some(match reason {
        ReasonCode::NotStarted => schemas.named::<NotStarted>(),
        ReasonCode::Ended => schemas.named::<Ended>(),
        ReasonCode::OutsideSchedule => schemas.named::<OutsideSchedule>(),
        ReasonCode::CurrencyMismatch => schemas.named::<CurrencyMismatch>(),
        ReasonCode::OutOfScope => schemas.named::<OutOfScope>(),
        ReasonCode::NotInAudience => schemas.named::<NotInAudience>(),
        ReasonCode::NotIssued => schemas.named::<NotIssued>(),
        ReasonCode::LimitReached => schemas.named::<LimitReached>(),
        ReasonCode::NoEligibleItems => schemas.named::<NoEligibleItems>(),
        ReasonCode::UnitsTaken
        | ReasonCode::Incompatible
        | ReasonCode::AnotherCartPromotionApplied
        | ReasonCode::CartPromotionAppliedFirst
        | ReasonCode::ExclusiveApplied
        | ReasonCode::StoppedByEarlier => schemas.named::<AnotherPromotion>(),
        ReasonCode::NoBenefit => schemas.named::<NoBenefit>(),
        ReasonCode::Paused
        | ReasonCode::CustomerRequired
        | ReasonCode::CodeNotPresented
        | ReasonCode::NotActivated
        | ReasonCode::ConditionsNotMet
        | ReasonCode::ExclusivePassedOver
        | ReasonCode::BetterDealTaken => return None,
    })
}

const LIMIT: &str = "With `limit_reached`: the limit.";

const WANTED: &str = "What is asked for. With `out_of_scope`: a list of at most 10 names. With `not_in_audience`: an audience, \
                      as in a promotion. With `no_eligible_items`: `{\"field\", \"key\", \"values\"}`, or with `list` the name \
                      of a product list; or null.";

answer! {
    /// With `not_started`.
    struct NotStarted "NotStartedFacts" as DateTime<FixedOffset> |starts_at| {
        /// With `not_started`: when the promotion starts.
        starts_at: required(TIME) => *starts_at,
    }
}

answer! {
    /// With `ended`.
    struct Ended "EndedFacts" as DateTime<FixedOffset> |ended_at| {
        /// With `ended`: when the promotion ended.
        ended_at: required(TIME) => *ended_at,
    }
}

answer! {
    /// With `outside_schedule`.
    struct OutsideSchedule "OutsideScheduleFacts" as Option<DateTime<FixedOffset>> |opens_at| {
        /// With `outside_schedule`: when the schedule opens next; null: never again.
        opens_at: optional(TIME) => *opens_at,
    }
}

answer! {
    /// With `currency_mismatch`.
    struct CurrencyMismatch "CurrencyMismatchFacts" as Currency |currency| {
        /// With `currency_mismatch`: the promotion's currency.
        currency: required(CURRENCY) => *currency,
    }
}

answer! {
    /// With `out_of_scope`.
    struct OutOfScope "OutOfScopeFacts" as Outside |own| {
        /// With `out_of_scope`: the first part of the scope that does not fit.
        failed: required(choice::<ScopePart>()) => own.failed,
        /// The first 10 values that the scope has there.
        wanted: required(every(WORDS)) => &own.wanted.first,
        /// With `out_of_scope`: the first 10 values that the request, or its store, has there.
        actual: required(every(WORDS)) => &own.actual,
    }
}

answer! {
    /// With `not_in_audience`.
    struct NotInAudience "NotInAudienceFacts" as Audience |audience| {
        /// The audience, with at most 10 values of each list.
        wanted: required(part::<AudienceBody>()) => audience,
    }
}

answer! {
    /// With `not_issued`.
    struct NotIssued "NotIssuedFacts" as Option<DateTime<FixedOffset>> |expired_at| {
        /// With `not_issued`: when the customer's last issuance expired, if one has.
        expired_at: absent(TIME) => *expired_at,
    }
}

/// A limit that is used up, and when its count starts anew.
type Reached<'r> = (&'r ReachedLimit, Option<DateTime<FixedOffset>>, u32);

answer! {
    /// With `limit_reached`, where the limit counts.
    struct CountReached "CountReachedFacts" as Reached<'_> |(own, refreshes_at, _)| {
        /// With `limit_reached`: the limit.
        limit: required(Like(|_| limit_names(|measure| !is_amount(measure)))) => limit_name(own.limit.name),
        /// The largest count.
        max: required(SIZE) => own.limit.maximum,
        /// What is used, holds included.
        used: required(SIZE) => own.used,
        /// With `limit_reached`: when the count starts anew; null: not before the promotion ends.
        refreshes_at: optional(TIME) => *refreshes_at,
    }
}

answer! {
    /// With `limit_reached`, where the limit is an amount of discount.
    struct AmountReached "AmountReachedFacts" as Reached<'_> |(own, refreshes_at, precision)| {
        /// With `limit_reached`: the limit.
        limit: required(Like(|_| limit_names(is_amount))) => limit_name(own.limit.name),
        /// The largest amount.
        max: required(DECIMAL) => (Money::from_scaled(own.limit.maximum), *precision),
        /// What is used, holds included.
        used: required(DECIMAL) => (Money::from_scaled(own.used), *precision),
        /// With `limit_reached`: when the count starts anew; null: not before the promotion ends.
        refreshes_at: optional(TIME) => *refreshes_at,
    }
}

/// With `limit_reached`: what is counted decides whether it is an amount.
struct LimitReached;

impl Described for LimitReached {
    const NAME: &'static str = "LimitReachedFacts";

    fn schema(schemas: &mut Schemas) -> Json {
        let (counts, amounts) = (schemas.named::<CountReached>(), schemas.named::<AmountReached>());
        let part = |limit: LimitName| if is_amount(limit.measure) { &amounts } else { &counts };
        let names: Vec<(String, String)> =
            limits().map(|limit| (limit_name(limit), part(limit).clone())).collect();
        let parts: Vec<(&str, String)> =
            names.iter().map(|(name, part)| (name.as_str(), part.clone())).collect();
        one_of("limit", &parts, "With `limit_reached`.")
    }
}

answer! {
    /// With `no_eligible_items`.
    struct NoEligibleItems "NoEligibleItemsFacts" as Option<&Wanted> |wanted| {
        /// What the promotion discounts; null: more than a list of values says.
        wanted: optional(part::<WantedBody>()) => *wanted,
    }
}

answer! {
    /// What a line must have: one of these values, or a SKU of a product list.
    struct WantedBody "WantedItems" as &Wanted |own| {
        /// The field of the line.
        field: required(choice::<Field>()) => match own {
            Wanted::Texts(field, _) => written_field(field).0.name(),
            Wanted::Number(field, _) => field.name(),
            Wanted::OfList(_) => Field::Sku.name(),
        },
        /// The name of the attribute or variant property.
        key: absent(WORDS) => match own {
            Wanted::Texts(field, _) => written_field(field).1,
            Wanted::Number(..) | Wanted::OfList(_) => None,
        },
        /// The first 10 values. Empty for a product list.
        values: required(every(WORDS)) => match own {
            Wanted::Texts(_, values) => values.first.clone(),
            Wanted::Number(_, value) => vec![value.to_string()],
            Wanted::OfList(_) => Vec::new(),
        },
        /// The name of the product list.
        list: absent(WORDS) => match own {
            Wanted::OfList(name) => Some(name),
            Wanted::Texts(..) | Wanted::Number(..) => None,
        },
    }
}

answer! {
    /// With `units_taken`, `incompatible`, `stopped_by_earlier`, `exclusive_applied`, `another_cart_promotion_applied`
    /// and `cart_promotion_applied_first`.
    struct AnotherPromotion "AnotherPromotionFacts" as &Promotion |by| {
        /// The promotion that stood in the way, with every reason that names one.
        by: required(part::<OtherPromotion>()) => *by,
    }
}

answer! {
    /// A promotion that applied.
    struct OtherPromotion "OtherPromotion" as &Promotion |promotion| {
        head: all_of::<PromotionHead>() => promotion,
    }
}

answer! {
    /// With `no_benefit`.
    struct NoBenefit "NoBenefitFacts" as bool |floor| {
        /// With `no_benefit`: true, if there would be a discount without floors.
        floor: absent(BOOLEAN) => floor.then_some(true),
    }
}
