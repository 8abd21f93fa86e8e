//! The names by which paths refer to bodies, one type for each. `openapi::components` describes the bodies.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

macro_rules! names {
    ($($name:ident)+) => {$(
        #[doc = concat!("The schema `", stringify!($name), "`.")]
        pub struct $name;

        impl $name {
            pub const NAME: &str = stringify!($name);
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                // A placeholder: `openapi::components` has the real schema.
                RefOr::T(Schema::default())
            }
        }

        impl ToSchema for $name {}
    )+};
}

names! {
    ActivityInput ActivityRecorded AuditPage Backtest BacktestInput BacktestPage BulkIssuanceInput
    CartRequestInput Claim CodeBatchPage CodeFound CodePage CodesInput CodesMade DeadDeliveryPage Document
    EndedRedemption Evaluation EventPage Findings Health ImportInput Imported Issuance IssuanceInput
    IssuancePage IssuanceVerdicts KeyInput KeyMade KeyPage Merge Milestone MilestoneInput MilestonePage
    MilestoneProgressPage Nothing OfferPage OwnTenant Problem ProductList ProductListInput ProductListPage
    ProductListSummary ProductPrices ProductsInput Promotion PromotionInput PromotionPage PromotionReplacement
    PromotionStats PromotionVersionPage Redemption RedemptionFull RedemptionInput RedemptionPage Resend Resent
    ReturnInput ReturnRecord SecretRotation Settings SettingsInput Stats StatusChange StatusVerdicts StatusesChange Store
    StoreInput StoreListInput StorePage StoresPut Tenant TenantInput TenantMade TenantPage TenantPatch
    VocabularyInput VocabularyPage VocabularyPut Webhook WebhookInput WebhookPage
}
