//! How a promotion becomes a customer's own: earning, expiry, communication (spec 11, 12).

use super::audience;
use super::condition;
use super::decode::{Object, TextBound, Value};
use super::faults::{FaultCode, Faults};
use super::selector::ListReference;
use super::write::Writer;
use crate::domain::issuance::{
    ActivityType, Communication, Earning, Expiry, Message, Reminder, Trigger,
};
use crate::domain::names::{Named, names};
use crate::domain::promotion::Scope;

/// Most days of an expiry, a reminder or a time to earn (spec 14).
pub(crate) const MAX_DAYS: i64 = 3_650;
/// Most messages of one occasion.
pub(crate) const MAX_MESSAGES: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriggerType {
    Activity,
    Milestone,
    Direct,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiryType {
    WithPromotion,
    AfterDays,
}

names! {
    TriggerType { Activity = "activity", Milestone = "milestone", Direct = "direct" }
    ExpiryType { WithPromotion = "with_promotion", AfterDays = "after_days" }
}

const COMBINATION: FaultCode = FaultCode::UnsupportedCombination;

/// Reads how a `loyalty_earning` promotion is earned.
pub fn parse_earning(
    value: Value<'_, '_>,
    lists: &mut Vec<ListReference>,
    faults: &mut Faults,
) -> Option<Earning> {
    let mut object = value.object(faults)?;
    let kind = object.required("trigger", faults, |v, f| v.choice(f));
    if kind == Some(TriggerType::Direct) {
        // Nothing else is asked when it is unlocked, so that a rule here would be dead letters.
        for name in ["scope", "conditions", "earn_within_days"] {
            let message = "does not go with the trigger direct";
            object.refuse(name, COMBINATION, message, faults);
        }
    }
    let trigger = kind.and_then(|kind| trigger(&mut object, kind, faults));
    let scope = object.or("scope", Scope::default(), faults, audience::parse_scope);
    let conditions = object
        .optional("conditions", faults, |value, faults| condition::parse(value, lists, faults));
    let requires_issue = object.or("requires_issue", false, faults, |v, f| v.boolean(f));
    let earn_within_days = object.optional("earn_within_days", faults, days);
    if requires_issue == Some(true) && kind == Some(TriggerType::Direct) {
        let message = "does not go with the trigger direct";
        object.fault::<()>("requires_issue", faults, COMBINATION, message);
    }
    if requires_issue == Some(false) && matches!(earn_within_days, Some(Some(_))) {
        let message = "goes with requires_issue only";
        object.fault::<()>("earn_within_days", faults, COMBINATION, message);
    }
    if kind.is_none() {
        object.ignore("activity", faults);
        object.ignore("milestone", faults);
    }
    object.finish(faults)?;
    Some(Earning {
        trigger: trigger?,
        scope: scope?,
        conditions: conditions?,
        requires_issue: requires_issue?,
        earn_within_days: earn_within_days?,
    })
}

fn trigger(object: &mut Object<'_, '_>, kind: TriggerType, faults: &mut Faults) -> Option<Trigger> {
    let refuse = |object: &mut Object<'_, '_>, name: &str, faults: &mut Faults| {
        object.refuse(name, COMBINATION, "goes with another trigger", faults);
    };
    match kind {
        TriggerType::Activity => {
            refuse(object, "milestone", faults);
            let activity: ActivityType = object.required("activity", faults, |v, f| v.choice(f))?;
            Some(Trigger::Activity(activity))
        }
        TriggerType::Milestone => {
            refuse(object, "activity", faults);
            object.required("milestone", faults, |value, faults| {
                let mut object = value.object(faults)?;
                let name = object.required("name", faults, |v, f| v.owned(TextBound::NAME, f));
                let target = object.required("target", faults, |v, f| v.owned(TextBound::NAME, f));
                object.finish(faults)?;
                Some(Trigger::Milestone { name: name?, target: target? })
            })
        }
        TriggerType::Direct => {
            refuse(object, "activity", faults);
            refuse(object, "milestone", faults);
            Some(Trigger::Direct)
        }
    }
}

fn days(value: Value<'_, '_>, faults: &mut Faults) -> Option<u32> {
    value.integer(1..=MAX_DAYS, faults)
}

/// Reads how long an issuance can be used.
pub fn parse_expiry(value: Value<'_, '_>, faults: &mut Faults) -> Option<Expiry> {
    let mut object = value.object(faults)?;
    let expiry = match object.required("type", faults, |v, f| v.choice(f))? {
        ExpiryType::WithPromotion => {
            object.refuse("days", COMBINATION, "goes with after_days only", faults);
            Some(Expiry::WithPromotion)
        }
        ExpiryType::AfterDays => object.required("days", faults, days).map(Expiry::AfterDays),
    };
    object.finish(faults)?;
    expiry
}

/// Reads what the customer is told.
pub fn parse_communication(value: Value<'_, '_>, faults: &mut Faults) -> Option<Communication> {
    let mut object = value.object(faults)?;
    let on_earning = object.or("on_earning", Vec::new(), faults, messages);
    let expiry_reminder = object.optional("expiry_reminder", faults, |value, faults| {
        let mut object = value.object(faults)?;
        let days_before = object.required("days_before", faults, days);
        let messages = object.or("messages", Vec::new(), faults, messages);
        object.finish(faults)?;
        Some(Reminder { days_before: days_before?, messages: messages? })
    });
    object.finish(faults)?;
    Some(Communication { on_earning: on_earning?, expiry_reminder: expiry_reminder? })
}

fn messages(value: Value<'_, '_>, faults: &mut Faults) -> Option<Vec<Message>> {
    value.list(0..=MAX_MESSAGES, faults, |value, faults| {
        let mut object = value.object(faults)?;
        let channel = object.required("channel", faults, |v, f| v.choice(f));
        let template = object.required("template", faults, |v, f| v.owned(TextBound::NAME, f));
        object.finish(faults)?;
        Some(Message { channel: channel?, template: template? })
    })
}

/// Prints how a `loyalty_earning` promotion is earned, defaults and all.
pub fn print_earning(writer: &mut Writer, earning: &Earning) {
    writer.object(|writer| {
        match &earning.trigger {
            Trigger::Activity(activity) => {
                writer.key("trigger").name(TriggerType::Activity);
                writer.key("activity").name(*activity);
            }
            Trigger::Milestone { name, target } => {
                writer.key("trigger").name(TriggerType::Milestone);
                writer.key("milestone").object(|writer| {
                    writer.key("name").text(name);
                    writer.key("target").text(target);
                });
            }
            Trigger::Direct => return print_direct(writer),
        }
        audience::print_scope(writer.key("scope"), &earning.scope);
        let conditions = earning.conditions.as_ref();
        writer.key("conditions").option(conditions, condition::print);
        writer.key("requires_issue").boolean(earning.requires_issue);
        let days = earning.earn_within_days;
        writer.key("earn_within_days").option(days, Writer::integer);
    });
}

/// Prints the earning of a `rewards` promotion.
pub fn print_direct_earning(writer: &mut Writer) {
    writer.object(print_direct);
}

fn print_direct(writer: &mut Writer) {
    writer.key("trigger").name(TriggerType::Direct);
}

/// Prints how long an issuance can be used.
pub fn print_expiry(writer: &mut Writer, expiry: Expiry) {
    writer.object(|writer| match expiry {
        Expiry::WithPromotion => writer.key("type").name(ExpiryType::WithPromotion),
        Expiry::AfterDays(days) => {
            writer.key("type").name(ExpiryType::AfterDays);
            writer.key("days").integer(days);
        }
    });
}

/// Prints what the customer is told.
pub fn print_communication(writer: &mut Writer, communication: &Communication) {
    writer.object(|writer| {
        print_messages(writer.key("on_earning"), &communication.on_earning);
        let reminder = communication.expiry_reminder.as_ref();
        writer.key("expiry_reminder").option(reminder, |writer, reminder| {
            writer.object(|writer| {
                writer.key("days_before").integer(reminder.days_before);
                print_messages(writer.key("messages"), &reminder.messages);
            });
        });
    });
}

fn print_messages(writer: &mut Writer, messages: &[Message]) {
    writer.list(messages, |writer, message| {
        writer.object(|writer| {
            writer.key("channel").name(message.channel);
            writer.key("template").text(&message.template);
        });
    });
}
