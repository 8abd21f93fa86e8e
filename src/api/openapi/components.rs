//! The schemas of all bodies: the components of the OpenAPI document.
//!
//! The table of a body describes its schema ([`crate::wire::body`]). This list says which body has which of the names
//! that paths refer to ([`schema`]); the parts of a body are found through its table. Parts that differ between
//! requests and answers appear twice, for example as `SelectorInput` and `Selector`.

use std::marker::PhantomData;

use serde_json::{Map, Value, json};

use crate::api::{
    audit, backtests as api_backtests, code_lookup, codes, health, keys, product_lists,
    redemptions, schema, stats, stores, tenants, vocabulary, webhooks,
};
use crate::domain::redemption::Order;
use crate::wire::body::{
    Described, Describes, DescribesMember, Fields, SIZE, Schemas, Side, WORDS, absent, every,
    optional, part, required,
};
use crate::wire::event::EventBody;
use crate::wire::{
    activity, backtests, code, customer_promotion, drafts, evaluation, finding, import, issuing,
    milestone, problem, product_list, products, promotion, promotion_status, redemption, returns,
    settings, store, vocabulary as wire_vocabulary,
};

/// Makes the function that describes all bodies.
macro_rules! bodies {
    ($($name:ident: $schema:expr;)+) => {
        /// All schemas, by name.
        pub fn all() -> Map<String, Value> {
            let mut schemas = Schemas::default();
            $(
                let describe: fn(&mut Schemas) -> Value = $schema;
                let schema = describe(&mut schemas);
                schemas.insert(schema::$name::NAME, schema);
            )+
            schemas.into_components().into_iter().collect()
        }
    };
}

bodies! {
    ActivityInput: request::<activity::ActivityBody>;
    ActivityRecorded: answer::<activity::ActivityRecorded>;
    AuditPage: page::<audit::AuditEntry>;
    Backtest: answer::<api_backtests::BacktestBody>;
    BacktestInput: request::<backtests::BacktestInput>;
    BacktestPage: page::<api_backtests::ListedBacktest>;
    BulkIssuanceInput: request::<issuing::BulkIssueBody>;
    CartRequestInput: request::<drafts::EvaluationRequest>;
    Claim: request::<issuing::ClaimBody>;
    CodeBatchPage: page::<code_lookup::CodeBatch>;
    CodeFound: answer::<crate::wire::code_lookup::CodeFound>;
    CodePage: page::<codes::CodeBody>;
    CodesInput: request::<code::CodesBody>;
    CodesMade: answer::<codes::CodesMade>;
    DeadDeliveryPage: page::<webhooks::DeadDelivery>;
    Document: |_| json!({
        "type": "object", "description": "An OpenAPI document.", "additionalProperties": true,
    });
    EndedRedemption: answer::<redemption::EndedRedemption>;
    Evaluation: answer::<evaluation::EvaluationBody>;
    EventPage: page::<EventBody>;
    Findings: answer::<finding::FindingsBody>;
    Health: answer::<health::Health>;
    Imported: answer::<import::ImportedBody>;
    ImportInput: request::<import::ImportInput>;
    Issuance: answer::<issuing::IssuanceBody>;
    IssuanceInput: request::<issuing::IssueBody>;
    IssuancePage: page::<issuing::IssuanceBody>;
    IssuanceVerdicts: answer::<issuing::VerdictsBody>;
    KeyInput: request::<keys::NewKey>;
    KeyMade: answer::<keys::KeyMade>;
    KeyPage: page::<keys::KeyBody>;
    Merge: request::<issuing::MergeBody>;
    Milestone: answer::<milestone::MilestoneBody>;
    MilestoneInput: request::<milestone::NewMilestone>;
    MilestonePage: page::<milestone::MilestoneBody>;
    MilestoneProgressPage: page::<milestone::ProgressBody>;
    Nothing: |schemas| schemas.on(Side::Request, |schemas| {
        schemas.fields().schema("Nothing: the path says everything.")
    });
    OfferPage: page::<customer_promotion::CustomerPromotionBody>;
    OwnTenant: answer::<tenants::OwnTenant>;
    Problem: answer::<problem::ProblemBody>;
    ProductList: answer::<product_lists::ProductListBody>;
    ProductListInput: request::<product_list::NewProductList>;
    ProductListPage: page::<product_lists::SummaryBody>;
    ProductListSummary: answer::<product_lists::SummaryBody>;
    ProductPrices: answer::<products::PricesBody>;
    ProductsInput: request::<products::ProductsInput>;
    Promotion: answer::<promotion::PromotionAnswer>;
    PromotionInput: request::<promotion::PromotionInput>;
    PromotionPage: answer::<CountedPage<promotion::PromotionAnswer>>;
    PromotionReplacement: request::<promotion::PromotionReplacement>;
    PromotionStats: answer::<stats::PromotionStatsBody>;
    PromotionVersionPage: page::<promotion::VersionAnswer>;
    Redemption: answer::<redemption::RedemptionBody>;
    RedemptionFull: answer::<redemptions::FullRedemption>;
    RedemptionInput: request::<Order<'_>>;
    RedemptionPage: page::<redemptions::ListedRedemption>;
    Resend: request::<webhooks::Resend>;
    Resent: answer::<webhooks::Resent>;
    ReturnInput: request::<returns::NewReturn>;
    ReturnRecord: answer::<returns::ReturnRecord>;
    SecretRotation: request::<webhooks::SecretRotation>;
    Settings: answer::<settings::SettingsAnswer>;
    SettingsInput: request::<settings::SettingsAnswer>;
    Stats: answer::<stats::StatsBody>;
    StatusChange: request::<promotion_status::StatusChange>;
    StatusVerdicts: answer::<promotion_status::StatusVerdictsBody>;
    StatusesChange: request::<promotion_status::StatusesChange>;
    Store: answer::<store::StoreBody>;
    StoreInput: request::<store::NewStore>;
    StoreListInput: |schemas| schemas.on(Side::Request, |schemas| store::STORES.schema(schemas));
    StorePage: page::<store::StoreBody>;
    StoresPut: answer::<stores::StoresPut>;
    Tenant: answer::<tenants::TenantBody>;
    TenantInput: request::<tenants::NewTenant>;
    TenantMade: answer::<tenants::TenantMade>;
    TenantPage: page::<tenants::TenantBody>;
    TenantPatch: request::<tenants::PatchBody>;
    VocabularyInput: request::<wire_vocabulary::NewNames>;
    VocabularyPage: page::<vocabulary::EntryBody>;
    VocabularyPut: answer::<vocabulary::VocabularyPut>;
    Webhook: answer::<webhooks::WebhookBody>;
    WebhookInput: request::<webhooks::NewWebhookBody>;
    WebhookPage: page::<webhooks::WebhookBody>;
}

fn request<B: Described>(schemas: &mut Schemas) -> Value {
    schemas.on(Side::Request, B::schema)
}

fn answer<B: Described>(schemas: &mut Schemas) -> Value {
    schemas.on(Side::Answer, B::schema)
}

fn page<B: Described>(schemas: &mut Schemas) -> Value {
    answer::<Page<B>>(schemas)
}

/// A page of a list, which [`crate::api::page`] prints.
struct Page<B>(PhantomData<B>);

impl<B: Described> Described for Page<B> {
    const NAME: &'static str = "";

    fn schema(schemas: &mut Schemas) -> Value {
        page_fields::<B>(schemas).schema("A page of a list.")
    }
}

/// A page of a list that can be counted.
struct CountedPage<B>(PhantomData<B>);

impl<B: Described> Described for CountedPage<B> {
    const NAME: &'static str = "";

    fn schema(schemas: &mut Schemas) -> Value {
        let mut fields = page_fields::<B>(schemas);
        let about = "With `count=true`: how many items match in all.";
        absent(SIZE).describe("total", about, &mut fields, schemas);
        fields.schema("A page of a list.")
    }
}

fn page_fields<B: Described>(schemas: &mut Schemas) -> Fields {
    let mut fields = schemas.fields();
    required(every(part::<B>())).describe("items", "In a stable order.", &mut fields, schemas);
    let about = "The `cursor` of the next page; null at the end.";
    optional(WORDS).describe("next_cursor", about, &mut fields, schemas);
    fields
}
