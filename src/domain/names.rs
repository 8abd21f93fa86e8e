//! The names of the values of closed sets, in the API and in the database. One table serves for reading and printing.

use chrono::Weekday;

use super::activity::MilestoneMeasure;
use super::benefit::{From, Level, Pick, PriceBase, Same, Spread, StepMeasure, Within};
use super::cart::Explain;
use super::condition::{CartMeasure, LineMeasure, MemberSubject, Order};
use super::evaluation::ReasonCode;
use super::event::EventType;
use super::finding::{FindingCode, Severity};
use super::issuance::{ActivityType, IssuanceSource, IssuanceState, MessageChannel};
use super::limit::{LimitSubject, Measure, RefreshUnit};
use super::promotion::{PromotionOrder, PromotionType, State, Status};
use super::redemption::RedemptionState;
use super::role::Role;
use super::rounding::RoundingMode;
use super::selector::{Match, NumberField, NumberOperator};
use super::settings::{
    EvaluationOrder, PercentageBase, QualifyingItems, RankingCriterion, Strategy,
};
use super::suggestion::SuggestionKind;
use super::vocabulary::NameField;

/// A closed set whose values have names.
pub trait Named: Copy + 'static {
    /// All values, in the order of the spec.
    const ALL: &'static [Self];

    /// The name of this value in the API.
    fn name(self) -> &'static str;

    /// The value with this name.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

/// The names of these values.
pub fn names_of<T: Named>(values: &[T]) -> Vec<&'static str> {
    values.iter().map(|value| value.name()).collect()
}

/// Names the values of closed sets. It can also declare a set that needs nothing but its names.
macro_rules! names {
    ($($(#[$says:meta])* $vis:vis enum $type:ident {
        $($(#[$about:meta])* $variant:ident = $name:literal),+ $(,)?
    })+) => {
        $($(#[$says])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $type {
            $($(#[$about])* $variant),+
        })+

        $crate::domain::names::names! { $($type { $($variant = $name),+ })+ }
    };
    ($($type:ty { $($variant:ident = $name:literal),+ $(,)? })+) => {$(
        impl $crate::domain::names::Named for $type {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    )+};
}
pub(crate) use names;

names! {
    PromotionType {
        Pos = "pos",
        Loyalty = "loyalty",
        LoyaltyEarning = "loyalty_earning",
        Rewards = "rewards",
        CodeLinked = "code_linked",
    }
    Status { Draft = "draft", Active = "active", Paused = "paused", Archived = "archived" }
    PromotionOrder {
        OldestFirst = "created_at", NewestFirst = "-created_at", Name = "name",
        NameDescending = "-name", StartsAt = "starts_at", StartsAtDescending = "-starts_at",
        EndsAt = "ends_at", EndsAtDescending = "-ends_at",
    }
    State {
        Draft = "draft",
        Scheduled = "scheduled",
        Live = "live",
        Paused = "paused",
        Ended = "ended",
        Archived = "archived",
    }
    RedemptionState {
        Held = "held",
        Committed = "committed",
        Cancelled = "cancelled",
        Expired = "expired",
        Replaced = "replaced",
    }
    MilestoneMeasure { Spend = "spend", Visits = "visits", Quantity = "quantity" }
    IssuanceState {
        Issued = "issued",
        Unlocked = "unlocked",
        Activated = "activated",
        UsedUp = "used_up",
        Expired = "expired",
        Revoked = "revoked",
    }
    IssuanceSource {
        Manual = "manual",
        Activity = "activity",
        Milestone = "milestone",
        Activation = "activation",
    }
    Role { Admin = "admin", Pos = "pos", Issuer = "issuer", Viewer = "viewer" }
    Match { All = "all", Any = "any" }
    NumberOperator { Eq = "eq", Ne = "ne", Gt = "gt", Gte = "gte", Lt = "lt", Lte = "lte" }
    NumberField {
        UnitPrice = "unit_price",
        Mrp = "mrp",
        Quantity = "quantity",
        Weight = "weight",
        Stock = "stock",
        PriceDiscount = "price_discount",
        PriceDiscountPercent = "price_discount_percent",
    }
    Order { Gt = "gt", Gte = "gte", Lt = "lt", Lte = "lte" }
    CartMeasure {
        Amount = "cart_amount",
        Subtotal = "subtotal",
        Mrp = "total_mrp",
        Quantity = "total_quantity",
        Weight = "total_weight",
        ItemCount = "item_count",
    }
    LineMeasure {
        Amount = "line_amount",
        Quantity = "line_quantity",
        DistinctProducts = "distinct_products",
        DistinctVariants = "distinct_variants",
    }
    MemberSubject {
        ShippingMethod = "shipping_method",
        Channel = "channel",
        CustomerGroup = "customer_group",
    }
    From {
        InCondition = "in_condition",
        BeyondCondition = "beyond_condition",
        Matching = "matching",
    }
    Pick { Cheapest = "cheapest", MostExpensive = "most_expensive", CartOrder = "cart_order" }
    Within { Cart = "cart", Application = "application" }
    Same { Sku = "sku", Product = "product" }
    PriceBase { UnitPrice = "unit_price", Mrp = "mrp" }
    StepMeasure { Amount = "amount", Quantity = "quantity" }
    Spread { Application = "application", Unit = "unit" }
    Level { Item = "item", Cart = "cart", Shipping = "shipping" }
    Weekday {
        Mon = "mon",
        Tue = "tue",
        Wed = "wed",
        Thu = "thu",
        Fri = "fri",
        Sat = "sat",
        Sun = "sun",
    }
    RefreshUnit { Day = "day", Week = "week", Month = "month" }
    LimitSubject {
        Earn = "earn",
        Customer = "customer",
        Promotion = "promotion",
        Code = "code",
    }
    Measure { Times = "times", Transactions = "transactions", Discount = "discount" }
    ActivityType {
        Transaction = "transaction",
        Registration = "registration",
        ProfileUpdate = "profile_update",
    }
    EventType {
        PromotionActivated = "promotion.activated",
        PromotionPaused = "promotion.paused",
        PromotionArchived = "promotion.archived",
        PromotionEnded = "promotion.ended",
        PromotionBudgetExhausted = "promotion.budget_exhausted",
        IssuanceIssued = "issuance.issued",
        IssuanceUnlocked = "issuance.unlocked",
        IssuanceActivated = "issuance.activated",
        IssuanceUsedUp = "issuance.used_up",
        IssuanceExpiring = "issuance.expiring",
        IssuanceExpired = "issuance.expired",
        IssuanceRevoked = "issuance.revoked",
        RedemptionCommitted = "redemption.committed",
        RedemptionCancelled = "redemption.cancelled",
        RedemptionReturned = "redemption.returned",
    }
    MessageChannel { Sms = "sms", Email = "email", Push = "push" }
    EvaluationOrder { ItemsThenCart = "items_then_cart", CartFirst = "cart_first" }
    Strategy { Ranked = "ranked", BestDeal = "best_deal", Optimal = "optimal" }
    PercentageBase { Gross = "gross", Net = "net" }
    QualifyingItems { Shared = "shared", Consumed = "consumed" }
    RankingCriterion {
        Exclusive = "exclusive",
        Sequence = "sequence",
        Segmented = "segmented",
        Pos = "pos",
        Loyalty = "loyalty",
        LoyaltyEarning = "loyalty_earning",
        Rewards = "rewards",
        CodeLinked = "code_linked",
        EarliestExpiry = "earliest_expiry",
        MaximumDiscount = "maximum_discount",
    }
    RoundingMode {
        Up = "up",
        Down = "down",
        Ceiling = "ceiling",
        Floor = "floor",
        HalfUp = "half_up",
        HalfDown = "half_down",
        HalfEven = "half_even",
    }
    Explain { None = "none", All = "all" }
    FindingCode {
        NeverOpen = "never_open",
        AlreadyEnded = "already_ended",
        Contradiction = "contradiction",
        UnknownName = "unknown_name",
        Unreachable = "unreachable",
        NeverCombines = "never_combines",
        GivesNothing = "gives_nothing",
        GivesEverything = "gives_everything",
        NoLimit = "no_limit",
        SameTerms = "same_terms",
        Overlaps = "overlaps",
        NoMessage = "no_message",
        Placeholder = "placeholder",
    }
    Severity { Warning = "warning", Info = "info" }
    NameField {
        Store = "store",
        Concept = "concept",
        Zone = "zone",
        Channel = "channel",
        Program = "program",
        Tier = "tier",
        Group = "group",
        Category = "category",
        Brand = "brand",
        Tag = "tag",
        PaymentMode = "payment_mode",
        ShippingMethod = "shipping_method",
        AttributeKey = "attribute_key",
        VariantKey = "variant_key",
    }
    SuggestionKind {
        AddAmount = "add_amount",
        AddQuantity = "add_quantity",
        AddItem = "add_item",
        NextStep = "next_step",
        PayWith = "pay_with",
        Identify = "identify",
    }
    ReasonCode {
        Paused = "paused",
        NotStarted = "not_started",
        Ended = "ended",
        OutsideSchedule = "outside_schedule",
        CurrencyMismatch = "currency_mismatch",
        OutOfScope = "out_of_scope",
        NotInAudience = "not_in_audience",
        CustomerRequired = "customer_required",
        CodeNotPresented = "code_not_presented",
        NotIssued = "not_issued",
        NotActivated = "not_activated",
        LimitReached = "limit_reached",
        ConditionsNotMet = "conditions_not_met",
        NoEligibleItems = "no_eligible_items",
        UnitsTaken = "units_taken",
        Incompatible = "incompatible",
        NoBenefit = "no_benefit",
        AnotherCartPromotionApplied = "another_cart_promotion_applied",
        CartPromotionAppliedFirst = "cart_promotion_applied_first",
        ExclusiveApplied = "exclusive_applied",
        ExclusivePassedOver = "exclusive_passed_over",
        StoppedByEarlier = "stopped_by_earlier",
        BetterDealTaken = "better_deal_taken",
    }
}
