//! Promotions (spec 5): the whole, and its parts but for conditions, benefit and limits.

use serde_json::{Value, json};

use super::form::{
    Decimal, Object, Side, boolean, choice, choice_of, constant, currency, distinct, every, id,
    integer, list, map, plain, reference, text, time, time_of_day, zone,
};
use crate::domain::issuance::{ActivityType, MessageChannel};
use crate::domain::promotion::{DEFAULT_SEQUENCE, MAX_SCOPE_ENTRIES, PromotionType, State, Status};
use crate::domain::schedule::Weekday;
use crate::domain::settings::MAX_CUSTOM_FIELDS;
use crate::wire::audience::{self, MAX_PROGRAMS};
use crate::wire::decode::{MAX_INTEGER, TextBound};
use crate::wire::issuance::{ExpiryType, MAX_DAYS, MAX_MESSAGES, TriggerType};
use crate::wire::schedule::{MAX_DATE, Recurrence};

/// The body that makes a promotion.
pub fn new() -> Value {
    let statuses = choice_of(&[Status::Draft, Status::Active]);
    terms(Side::Request.object(), Side::Request)
        .or("status", statuses, json!("draft"), "Whether it is to be active at once.")
        .schema("A promotion to be made. What is left out takes its default.")
}

/// The body that replaces a promotion.
pub fn replacement() -> Value {
    let object = terms(computed(Side::Request), Side::Request);
    object
        .absent("status", choice::<Status>(), "Left out it stays. Moves as by `/status`.")
        .schema("What the promotion is to be. What is left out takes its default; what `GET` adds may be sent back.")
}

/// A promotion as it is answered.
pub fn answer() -> Value {
    terms(computed(Side::Answer), Side::Answer)
        .required("status", choice::<Status>(), "What an admin has set.")
        .schema("A promotion, with all defaults filled in.")
}

/// A promotion as its history has it.
pub fn recorded() -> Value {
    terms(Side::Answer.object(), Side::Answer)
        .schema("What a promotion was, with all defaults filled in.")
}

fn computed(side: Side) -> Object {
    side.object()
        .computed("id", id(), "The promotion's id.")
        .computed(
            "version",
            json!({"type": "integer", "minimum": 1}),
            "How often it was written; also the `ETag`.",
        )
        .computed("state", choice::<State>(), "What follows from status and dates now.")
        .computed("usage", reference("Usage"), "How far its limits are used now.")
        .computed("created_at", time(), "When it was made.")
        .computed("updated_at", time(), "When it was last written.")
}

fn terms(object: Object, side: Side) -> Object {
    let long = || text(TextBound::LONG);
    object
        .required("name", text(TextBound::NAME), "Unique in the tenant among promotions that are not archived (409 `name_taken`).")
        .or("description", long(), json!(""), "For those who manage promotions.")
        .required("type", choice::<PromotionType>(), "Who gets it how: automatically (`pos`; `loyalty`: members only), by an issuance (`loyalty_earning`, `rewards`), or by a code (`code_linked`).")
        .optional("campaign", text(TextBound::NAME), "What it belongs to, for lists and statistics.")
        .or("sequence", integer(-MAX_INTEGER..=MAX_INTEGER), json!(DEFAULT_SEQUENCE), "Lower goes first where the ranking says `sequence`.")
        .required("starts_at", time(), "Included. Locked once the promotion has been live.")
        .required("ends_at", time(), "Excluded; after `starts_at`.")
        .optional("currency", currency(), "Carts in another currency do not get it. Null: the tenant's.")
        .optional("schedule", side.part("Schedule"), "When it is open between its dates; null: all the time.")
        .or("scope", side.part("Scope"), json!({}), "Where it applies; everywhere by default.")
        .or("audience", side.part("Audience"), json!({"type": "all"}), "For whom; everybody by default.")
        .or("activation_required", boolean(), json!(false), "The customer must activate it first.")
        .optional("conditions", side.part("Condition"), "What the cart must be; null is always true.")
        .required("benefit", side.part("Benefit"), "What is given.")
        .or("limits", side.part("Limits"), json!({}), "How often and how much.")
        .or("stacking", side.part("Stacking"), json!({}), "How it bears others.")
        .or("suggest", boolean(), json!(false), "Whether shoppers are told what is missing.")
        .or("message", long(), json!(""), "Shown to the shopper. In suggestions `{shortfall}` is replaced by what is missing.")
        .or("custom_fields", custom_fields(side), json!({}), "Values of the settings' custom fields, by key.")
        .optional("earning", side.part("Earning"), "How it is earned. Required for `loyalty_earning`, `{\"trigger\": \"direct\"}` for `rewards`, null for all others.")
        .or("expiry", side.part("Expiry"), json!({"type": "with_promotion"}), "How long an issuance can be used. Goes with `loyalty_earning` and `rewards`.")
        .optional("communication", side.part("Communication"), "What the customer is told. Goes with `loyalty_earning` and `rewards`.")
}

fn custom_fields(side: Side) -> Value {
    let value = match side {
        Side::Request => json!({"type": ["string", "number", "boolean", "null"]}),
        Side::Answer => json!({"type": ["string", "boolean"]}),
    };
    map(value, MAX_CUSTOM_FIELDS)
}

/// When it is open.
pub fn schedule(side: Side) -> Value {
    side.object()
        .optional(
            "timezone",
            zone(),
            "Of the IANA database. Default: the store's, else the tenant's.",
        )
        .or(
            "recurrence",
            recurrence(side),
            json!({"type": "none"}),
            "On which days, or from when to when.",
        )
        .optional(
            "daily_window",
            side.part("DailyWindow"),
            "From when on each of these days, and for how long. Not with a span.",
        )
        .schema("When a promotion is open.")
}

fn recurrence(side: Side) -> Value {
    let kind = |kind: Recurrence| side.object().required("type", constant(kind), "");
    let week = || {
        side.object()
            .required("day", choice::<Weekday>(), "The day of the week.")
            .required("time", time_of_day(), "`HH:MM`, local.")
            .schema("")
    };
    let month = || {
        side.object()
            .required("date", integer(1..=MAX_DATE), "The day of the month.")
            .required("time", time_of_day(), "`HH:MM`, local.")
            .schema("")
    };
    let (weekly, monthly) = (week(), month());
    let spans = |kind: Object, moment: Value, says: &str| {
        kind.required("from", moment.clone(), "When it opens.")
            .required("to", moment, "When it closes; not the moment at which it opens.")
            .schema(says)
    };
    json!({"oneOf": [
        kind(Recurrence::None).schema("Each day."),
        kind(Recurrence::Weekly)
            .required("days", distinct(choice::<Weekday>(), 1..=7), "Days of the week.")
            .schema("On days of the week."),
        kind(Recurrence::Monthly)
            .required("dates", distinct(integer(1..=MAX_DATE), 1..=31), "Days of the month; one that a month lacks is skipped.")
            .schema("On days of the month."),
        spans(kind(Recurrence::WeeklySpan), weekly, "From one moment of the week to another."),
        spans(kind(Recurrence::MonthlySpan), monthly, "From one moment of the month to another."),
    ]})
}

/// A window of each day.
pub fn daily_window(side: Side) -> Value {
    side.object()
        .required("start", time_of_day(), "`HH:MM`, local.")
        .required(
            "duration_hours",
            side.decimal(Decimal::Hours),
            "Hours of elapsed time: over 0, at most 24, at most 4 decimals.",
        )
        .schema("From when on each day, and for how long.")
}

/// Where.
pub fn scope(side: Side) -> Value {
    let names = || list(text(TextBound::NAME), 0..=MAX_SCOPE_ENTRIES);
    side.object()
        .or("stores", names(), json!([]), "Codes of stores.")
        .or("concepts", names(), json!([]), "Concepts of stores.")
        .or("zones", names(), json!([]), "Zones of stores.")
        .or("channels", names(), json!([]), "Channels.")
        .schema("Where a promotion applies. Empty lists do not restrict.")
}

/// For whom.
pub fn audience(side: Side) -> Value {
    let groups = |object: Object| {
        object.or(
            "groups",
            list(text(TextBound::NAME), 0..=MAX_SCOPE_ENTRIES),
            json!([]),
            "The customer must be in one of them, if any are named.",
        )
    };
    let all = side.object().required("type", constant(audience::Type::All), "");
    let all = match side {
        Side::Request => all.absent("programs", list(json!({}), 0..=0), "Go with `loyalty` only."),
        Side::Answer => all,
    };
    let program = side
        .object()
        .required("program", text(TextBound::NAME), "The program.")
        .or(
            "tiers",
            list(text(TextBound::NAME), 0..=MAX_PROGRAMS),
            json!([]),
            "One of these levels, if any are named.",
        )
        .or(
            "supplementary",
            list(text(TextBound::NAME), 0..=MAX_PROGRAMS),
            json!([]),
            "One of these memberships within it, if any are named.",
        )
        .schema("");
    let loyalty = side.object().required("type", constant(audience::Type::Loyalty), "").or(
        "programs",
        list(program, 0..=MAX_PROGRAMS),
        json!([]),
        "A membership in one of them, if any are named.",
    );
    json!({"oneOf": [
        groups(all).schema("Everybody, or the customers of some groups."),
        groups(loyalty).schema("Members of loyalty programs."),
    ]})
}

/// How it bears others.
pub fn stacking(side: Side) -> Value {
    side.object()
        .or("exclusive", boolean(), json!(false), "It applies only alone.")
        .or("allow_further", boolean(), json!(true), "Whether others apply after it.")
        .optional(
            "group",
            text(TextBound::NAME),
            "Under `best_deal`: those with which it goes together.",
        )
        .schema("How a promotion bears others.")
}

/// How it is earned.
pub fn earning(side: Side) -> Value {
    let rules = |object: Object| {
        let days = integer(1..=MAX_DAYS);
        object
            .or("scope", side.part("Scope"), json!({}), "Where it is earned.")
            .optional("conditions", side.part("Condition"), "On the activity's cart and customer.")
            .or(
                "requires_issue",
                boolean(),
                json!(false),
                "Only whom it was issued to can earn it.",
            )
            .optional(
                "earn_within_days",
                days,
                "Days of 24 hours from the issue. Goes with `requires_issue`.",
            )
    };
    let trigger = |kind: TriggerType| side.object().required("trigger", constant(kind), "");
    let milestone = side
        .object()
        .required("name", text(TextBound::NAME), "The milestone's name.")
        .required("target", text(TextBound::NAME), "The target's name.")
        .schema("");
    let activity = trigger(TriggerType::Activity)
        .required("activity", choice::<ActivityType>(), "What the customer does.")
        .refused("milestone");
    let milestone = trigger(TriggerType::Milestone)
        .required("milestone", milestone, "What the customer comes to.")
        .refused("activity");
    let direct = trigger(TriggerType::Direct)
        .refused("activity")
        .refused("milestone")
        .refused("scope")
        .refused("conditions")
        .refused("earn_within_days");
    let direct = match side {
        Side::Request => direct.never("requires_issue"),
        Side::Answer => direct,
    };
    json!({"oneOf": [
        rules(activity).schema("By what the customer does."),
        rules(milestone).schema("By a target that the customer reaches."),
        direct.schema("It is given by hand."),
    ]})
}

/// How long it can be used.
pub fn expiry(side: Side) -> Value {
    let kind = |kind: ExpiryType| side.object().required("type", constant(kind), "");
    json!({"oneOf": [
        kind(ExpiryType::WithPromotion).refused("days").schema("Until the promotion ends."),
        kind(ExpiryType::AfterDays)
            .required("days", integer(1..=MAX_DAYS), "Days of 24 hours from unlocking.")
            .schema("For so many days, and never after the promotion's end."),
    ]})
}

/// What the customer is told.
pub fn communication(side: Side) -> Value {
    let messages = || list(message(side), 0..=MAX_MESSAGES);
    let reminder = side
        .object()
        .required(
            "days_before",
            integer(1..=MAX_DAYS),
            "Days of 24 hours before the issuance expires.",
        )
        .or("messages", messages(), json!([]), "What to send then.")
        .schema("");
    side.object()
        .or("on_earning", messages(), json!([]), "What to send when an issuance is unlocked.")
        .optional("expiry_reminder", reminder, "What to send before an issuance expires.")
        .schema("What the customer is told; sent by those who follow the events.")
}

/// A message to a customer.
pub fn message(side: Side) -> Value {
    side.object()
        .required("channel", choice::<MessageChannel>(), "How it is sent.")
        .required("template", text(TextBound::NAME), "What it says: a name that the sender knows.")
        .schema("")
}

/// The body that moves a promotion's status.
pub fn status() -> Value {
    let statuses = choice_of(&[Status::Active, Status::Paused, Status::Archived]);
    Side::Request
        .object()
        .required(
            "status",
            statuses,
            "draft → active; active ⇄ paused; any → archived, which is final.",
        )
        .schema("What the status is to be.")
}

/// A version of a promotion.
pub fn version() -> Value {
    Side::Answer
        .object()
        .required("version", json!({"type": "integer", "minimum": 1}), "Which.")
        .optional("key_id", id(), "Who made it; null is the operator.")
        .required("at", time(), "When.")
        .required("status", choice::<Status>(), "What the status was.")
        .required("promotion", reference("PromotionTerms"), "What it was.")
        .schema("A version of a promotion.")
}

/// A promotion that a customer could use.
pub fn offer() -> Value {
    let side = Side::Answer;
    side.object()
        .required("promotion_id", id(), "Which.")
        .required("name", plain(), "Its name.")
        .required("type", choice::<PromotionType>(), "Its type.")
        .required("message", plain(), "Shown to the shopper.")
        .required("starts_at", time(), "Included.")
        .required("ends_at", time(), "Excluded.")
        .optional("issuance", reference("Issuance"), "The issuance by which it can be used.")
        .required("limits", super::limits::left(), "")
        .required("scope", side.part("Scope"), "Where it applies: told, not judged.")
        .required("audience", side.part("Audience"), "For whom: told, not judged.")
        .optional("conditions", side.part("Condition"), "What the cart must be: told, not judged.")
        .schema("A promotion that a customer could use now.")
}

/// A list of one page.
pub fn page(item: &str) -> Value {
    Side::Answer
        .object()
        .required("items", every(reference(item)), "In a stable order.")
        .optional("next_cursor", plain(), "The `cursor` of the next page; null at the end.")
        .schema("A page of a list.")
}
