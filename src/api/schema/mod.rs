//! What bodies look like, as JSON Schema 2020-12: the components of the OpenAPI document.
//!
//! Bodies are read and printed by [`crate::wire`], which knows no schema. What is said of them here takes the names of
//! closed sets from `domain::names` and bounds from the readers' own constants; that it is true is what the tests check:
//! every answer of every API test against the document, and every body that was taken.
//!
//! [`form`] has the words, the other modules a schema for each thing. A type here only carries its name to the paths;
//! parts that differ between requests and answers are there twice, as `SelectorInput` and `Selector`.

use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

mod benefit;
mod cart;
mod condition;
mod customer;
mod enums;
mod evaluation;
pub mod examples;
mod form;
mod limits;
mod log;
mod problem;
mod promotion;
mod settings;
mod tenant;

use form::Side::{Answer, Request as Input};

/// Bodies that paths name, by types that carry their names.
macro_rules! bodies {
    ($($name:ident = $schema:expr;)+) => {
        $(
            #[doc = concat!("The schema `", stringify!($name), "`.")]
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    // Its place is held until [`components`] are there.
                    RefOr::T(Schema::default())
                }
            }

            impl ToSchema for $name {}
        )+

        fn bodies() -> Vec<(&'static str, Value)> {
            vec![$((stringify!($name), $schema)),+]
        }
    };
}

bodies! {
    ActivityRecorded = customer::recorded();
    AuditPage = promotion::page("AuditEntry");
    Claim = customer::claim();
    CodePage = promotion::page("Code");
    CodesMade = tenant::made_codes();
    DeadDeliveryPage = promotion::page("DeadDelivery");
    Document = serde_json::json!({"type": "object", "description": "An OpenAPI document.", "additionalProperties": true});
    Evaluation = evaluation::result();
    EventPage = promotion::page("Event");
    Health = tenant::health();
    Issuance = customer::issuance();
    IssuancePage = promotion::page("Issuance");
    IssuanceVerdicts = customer::verdicts();
    KeyMade = tenant::made_key();
    KeyPage = promotion::page("Key");
    Merge = customer::merge();
    Milestone = customer::milestone(Answer);
    MilestoneInput = customer::milestone(Input);
    MilestonePage = promotion::page("Milestone");
    ActivityInput = customer::new_activity();
    CodesInput = tenant::new_codes();
    IssuanceInput = customer::new_issuance();
    BulkIssuanceInput = customer::new_issuances();
    KeyInput = tenant::new_key();
    ProductListInput = tenant::new_product_list();
    PromotionInput = promotion::new();
    RedemptionInput = cart::new_redemption();
    ReturnInput = cart::new_return();
    StoreInput = tenant::new_store();
    StoreListInput = tenant::new_stores();
    TenantInput = tenant::new_tenant();
    WebhookInput = log::new_webhook();
    Nothing = Input.object().schema("Nothing: what is asked for stands in the path.");
    OfferPage = promotion::page("Offer");
    Problem = problem::problem();
    ProductList = tenant::product_list();
    ProductListPage = promotion::page("ProductListSummary");
    ProductListSummary = tenant::product_list_summary();
    Promotion = promotion::answer();
    PromotionPage = promotion::page("Promotion");
    PromotionReplacement = promotion::replacement();
    PromotionStats = log::promotion_stats();
    StatusChange = promotion::status();
    PromotionVersionPage = promotion::page("PromotionVersion");
    EndedRedemption = evaluation::ended_redemption();
    Redemption = evaluation::redemption();
    RedemptionFull = evaluation::full_redemption();
    RedemptionPage = promotion::page("RedemptionListed");
    CartRequestInput = cart::request(Input);
    Resend = log::resend();
    Resent = tenant::resent();
    ReturnRecord = evaluation::returned();
    Settings = settings::settings(Answer);
    SettingsInput = settings::settings(Input);
    Stats = log::stats();
    Store = tenant::store();
    StorePage = promotion::page("Store");
    StoresPut = tenant::stored();
    Tenant = tenant::tenant();
    TenantMade = tenant::made_tenant();
    TenantPage = promotion::page("Tenant");
    TenantPatch = tenant::tenant_patch();
    Webhook = log::webhook();
    WebhookPage = promotion::page("Webhook");
}

/// A schema for each side.
type Part = fn(form::Side) -> Value;

/// Parts of bodies that go both ways.
const PARTS: &[(&str, Part)] = &[
    ("AmountOff", benefit::amount_off),
    ("AttributeCondition", condition::attribute),
    ("Audience", promotion::audience),
    ("AwardPoints", benefit::award_points),
    ("Benefit", benefit::benefit),
    ("BenefitTarget", benefit::target),
    ("BundlePrice", benefit::bundle_price),
    ("Cart", cart::cart),
    ("CartCondition", condition::cart),
    ("CartTarget", benefit::cart_target),
    ("Communication", promotion::communication),
    ("Condition", condition::condition),
    ("CustomField", settings::custom_field),
    ("Customer", cart::customer),
    ("DailyWindow", promotion::daily_window),
    ("EachDay", promotion::each_day),
    ("Earning", promotion::earning),
    ("Expiry", promotion::expiry),
    ("FixedPrice", benefit::fixed_price),
    ("FixedPriceTarget", benefit::fixed_price_target),
    ("FreeProduct", benefit::free_product),
    ("GiftVoucherCondition", condition::gift_voucher),
    ("GroupCondition", condition::group),
    ("ItemCondition", condition::item),
    ("ItemsTarget", benefit::items_target),
    ("Limits", limits::limits),
    ("Line", cart::line),
    ("LineCondition", condition::line),
    ("MemberCondition", condition::member),
    ("Membership", cart::membership),
    ("MonthMoment", promotion::month_moment),
    ("Monthly", promotion::monthly),
    ("MonthlySpan", promotion::monthly_span),
    ("PaymentCondition", condition::payment),
    ("PercentageOff", benefit::percentage_off),
    ("Predicate", condition::predicate),
    ("Recurrence", promotion::recurrence),
    ("Refresh", limits::refresh),
    ("Repeat", benefit::repeat),
    ("RepeatPerAmount", benefit::repeat_per_amount),
    ("RepeatPerQuantity", benefit::repeat_per_quantity),
    ("RepeatPerSet", benefit::repeat_per_set),
    ("Schedule", promotion::schedule),
    ("Scope", promotion::scope),
    ("Selector", condition::selector),
    ("Shipping", cart::shipping),
    ("ShippingTarget", benefit::shipping_target),
    ("Stacking", promotion::stacking),
    ("SubjectLimits", limits::subject),
    ("Tender", cart::tender),
    ("WeekMoment", promotion::week_moment),
    ("Weekly", promotion::weekly),
    ("WeeklySpan", promotion::weekly_span),
];

/// The other parts of bodies.
fn others() -> Vec<(&'static str, Value)> {
    vec![
        ("Applied", evaluation::applied()),
        ("AuditEntry", tenant::audit_entry()),
        ("Code", tenant::code()),
        ("DeadDelivery", log::dead_delivery()),
        ("Decimal", form::decimals()),
        ("Event", log::event()),
        ("Key", tenant::key()),
        ("KnownCustomerInput", customer::known_customer()),
        ("NotApplied", evaluation::not_applied()),
        ("Offer", promotion::offer()),
        ("OrderInput", cart::order()),
        ("PricedLine", evaluation::line()),
        ("PromotionTerms", promotion::recorded()),
        ("PromotionVersion", promotion::version()),
        ("RedemptionListed", evaluation::listed_redemption()),
        ("CartRequest", cart::request(Answer)),
        ("StatsPeriod", log::bucket()),
        ("StatsTotals", log::totals()),
        ("Totals", evaluation::totals()),
        ("Unmet", evaluation::unmet()),
        ("Usage", limits::usage()),
    ]
}

/// All schemas, by name.
pub fn components() -> Map<String, Value> {
    let mut all: Vec<(String, Value)> = Vec::new();
    let single = bodies().into_iter().chain(others()).chain(log::events()).chain(enums::enums());
    for (name, schema) in single {
        all.push((name.to_owned(), schema));
    }
    all.extend(log::event_data());
    for (name, schema) in PARTS {
        all.push(((*name).to_owned(), schema(Answer)));
        all.push((format!("{name}Input"), schema(Input)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.into_iter().collect()
}
