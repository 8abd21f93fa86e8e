//! Promotions (spec 5): the whole, and its parts but for conditions, benefit and limits.

use serde_json::{Value, json};

use super::form::{
    Decimal, Object, Side, anything, boolean, choice, choice_of, constant, currency, distinct,
    every, id, integer, list, map, nullable, plain, reference, text, time, time_of_day, zone,
};
use crate::domain::issuance::{ActivityType, MessageChannel};
use crate::domain::names::Named;
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
        .or("status", statuses, "draft", "Whether it is to be active at once.")
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
        .or("description", long(), "", "For those who manage promotions.")
        .required("type", choice::<PromotionType>(), "Who gets it how: automatically (`pos`; `loyalty`: members only), by an issuance (`loyalty_earning`, `rewards`), or by a code (`code_linked`).")
        .optional("campaign", text(TextBound::NAME), "What it belongs to, for lists and statistics.")
        .or("sequence", integer(-MAX_INTEGER..=MAX_INTEGER), &DEFAULT_SEQUENCE.to_string(), "Lower goes first where the ranking says `sequence`.")
        .required("starts_at", time(), "Included. Locked once the promotion has been live.")
        .required("ends_at", time(), "Excluded; after `starts_at`.")
        .optional("currency", currency(), "Carts in another currency do not get it. Null: the tenant's.")
        .optional("schedule", side.part("Schedule"), "When it is open between its dates; null: all the time.")
        .or("scope", side.part("Scope"), "", "Where it applies; everywhere by default.")
        .or("audience", side.part("Audience"), "", "For whom; everybody by default.")
        .or("activation_required", boolean(), "false", "The customer must activate it first.")
        .optional("conditions", side.part("Condition"), "What the cart must be; null is always true.")
        .required("benefit", side.part("Benefit"), "What is given.")
        .or("limits", side.part("Limits"), "", "How often and how much.")
        .or("stacking", side.part("Stacking"), "", "How it bears others.")
        .or("suggest", boolean(), "false", "Whether shoppers are told what is missing.")
        .or("message", long(), "", "Shown to the shopper. In suggestions `{shortfall}` is replaced by what is missing.")
        .or("custom_fields", custom_fields(side), "", "Values of the settings' custom fields, by key.")
        .optional("earning", side.part("Earning"), "How it is earned. Required for `loyalty_earning`, `{\"trigger\": \"direct\"}` for `rewards`, null for all others.")
        .or("expiry", side.part("Expiry"), "", "How long an issuance can be used; as long as the promotion by default. Goes with `loyalty_earning` and `rewards`.")
        .optional("communication", side.part("Communication"), "What the customer is told. Goes with `loyalty_earning` and `rewards`.")
}

fn custom_fields(side: Side) -> Value {
    let says = match side {
        Side::Request => "By the field's type: a text, a decimal, or true or false.",
        Side::Answer => "By the field's type: a text, or true or false.",
    };
    map(anything(says), MAX_CUSTOM_FIELDS)
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
            side.part("Recurrence"),
            "",
            "On which days, or from when to when; each day by default.",
        )
        .optional(
            "daily_window",
            side.part("DailyWindow"),
            "From when on each of these days, and for how long. Not with a span.",
        )
        .schema("When a promotion is open.")
}

/// On which days.
pub fn recurrence(side: Side) -> Value {
    let part = |kind| match kind {
        Recurrence::None => "EachDay",
        Recurrence::Weekly => "Weekly",
        Recurrence::Monthly => "Monthly",
        Recurrence::WeeklySpan => "WeeklySpan",
        Recurrence::MonthlySpan => "MonthlySpan",
    };
    side.one_of("type", Recurrence::ALL, part, "On which days, or from when to when.")
}

fn recurring(side: Side, kind: Recurrence) -> Object {
    side.object().required("type", constant(kind), "")
}

pub fn each_day(side: Side) -> Value {
    recurring(side, Recurrence::None).schema("Each day.")
}

pub fn weekly(side: Side) -> Value {
    recurring(side, Recurrence::Weekly)
        .required("days", distinct(choice::<Weekday>(), 1..=7), "Days of the week.")
        .schema("On days of the week.")
}

pub fn monthly(side: Side) -> Value {
    let dates = distinct(integer(1..=MAX_DATE), 1..=31);
    recurring(side, Recurrence::Monthly)
        .required("dates", dates, "Days of the month; one that a month lacks is skipped.")
        .schema("On days of the month.")
}

pub fn weekly_span(side: Side) -> Value {
    let moment = side.part("WeekMoment");
    span(side, Recurrence::WeeklySpan, moment, "From one moment of the week to another.")
}

pub fn monthly_span(side: Side) -> Value {
    let moment = side.part("MonthMoment");
    span(side, Recurrence::MonthlySpan, moment, "From one moment of the month to another.")
}

fn span(side: Side, kind: Recurrence, moment: Value, says: &str) -> Value {
    recurring(side, kind)
        .required("from", moment.clone(), "When it opens.")
        .required("to", moment, "When it closes; not the moment at which it opens.")
        .schema(says)
}

pub fn week_moment(side: Side) -> Value {
    side.object()
        .required("day", choice::<Weekday>(), "The day of the week.")
        .required("time", time_of_day(), "`HH:MM`, local.")
        .schema("A moment of the week.")
}

pub fn month_moment(side: Side) -> Value {
    side.object()
        .required("date", integer(1..=MAX_DATE), "The day of the month.")
        .required("time", time_of_day(), "`HH:MM`, local.")
        .schema("A moment of the month.")
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
        .or("stores", names(), "", "Codes of stores.")
        .or("concepts", names(), "", "Concepts of stores.")
        .or("zones", names(), "", "Zones of stores.")
        .or("channels", names(), "", "Channels.")
        .schema("Where a promotion applies. Empty lists do not restrict.")
}

/// For whom.
pub fn audience(side: Side) -> Value {
    let names = |most| list(text(TextBound::NAME), 0..=most);
    let program = side
        .object()
        .required("program", text(TextBound::NAME), "The program.")
        .or("tiers", names(MAX_PROGRAMS), "", "One of these levels, if any are named.")
        .or(
            "supplementary",
            names(MAX_PROGRAMS),
            "",
            "One of these memberships within it, if any are named.",
        )
        .schema("");
    side.object()
        .required(
            "type",
            choice::<audience::Type>(),
            "Everybody, or the members of loyalty programs.",
        )
        .or(
            "groups",
            names(MAX_SCOPE_ENTRIES),
            "",
            "The customer must be in one of them, if any are named.",
        )
        .absent(
            "programs",
            list(program, 0..=MAX_PROGRAMS),
            "A membership in one of them, if any are named. Goes with `loyalty`.",
        )
        .schema("For whom a promotion is.")
}

/// How it bears others.
pub fn stacking(side: Side) -> Value {
    side.object()
        .or("exclusive", boolean(), "false", "It applies only alone.")
        .or("allow_further", boolean(), "true", "Whether others apply after it.")
        .optional(
            "group",
            text(TextBound::NAME),
            "Under `best_deal`: those with which it goes together.",
        )
        .schema("How a promotion bears others.")
}

/// How it is earned.
pub fn earning(side: Side) -> Value {
    let milestone = side
        .object()
        .required("name", text(TextBound::NAME), "The milestone's name.")
        .required("target", text(TextBound::NAME), "The target's name.")
        .schema("");
    side.object()
        .required("trigger", choice::<TriggerType>(), "By what the customer does, by a target that the customer reaches, or by hand, which goes with nothing else.")
        .absent("activity", choice::<ActivityType>(), "What the customer does. Goes with `activity`, which needs it.")
        .absent("milestone", milestone, "What the customer comes to. Goes with `milestone`, which needs it.")
        .absent("scope", side.part("Scope"), "Where it is earned; everywhere by default.")
        .absent("conditions", nullable(side.part("Condition")), "On the activity's cart and customer.")
        .absent("requires_issue", boolean(), "Only whom it was issued to can earn it.")
        .absent("earn_within_days", nullable(integer(1..=MAX_DAYS)), "Days of 24 hours from the issue. Goes with `requires_issue`.")
        .schema("How it is earned.")
}

/// How long it can be used.
pub fn expiry(side: Side) -> Value {
    side.object()
        .required(
            "type",
            choice::<ExpiryType>(),
            "Until the promotion ends, or for so many days, and never after the promotion's end.",
        )
        .absent(
            "days",
            integer(1..=MAX_DAYS),
            "Days of 24 hours from unlocking. Goes with `after_days`, which needs it.",
        )
        .schema("How long an issuance can be used.")
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
        .or("messages", messages(), "", "What to send then.")
        .schema("");
    side.object()
        .or("on_earning", messages(), "", "What to send when an issuance is unlocked.")
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
