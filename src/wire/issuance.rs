//! How a customer gets a promotion: earning, expiry, communication (spec 11, 12).

use super::body::*;
use super::condition::CONDITIONS;
use super::decode::Object;
use super::faults::Faults;
use crate::domain::issuance::{
    ActivityType, Communication, Earning, Expiry, Message, MessageChannel, Reminder, Trigger,
};
use crate::domain::names::names;
use crate::domain::promotion::Scope;

/// The bound on days of an expiry, a reminder or a time to earn (spec 14).
const DAYS: Integer = integer(1..=3_650);

names! {
    pub(crate) enum TriggerType { Activity = "activity", Milestone = "milestone", Direct = "direct" }
    pub(crate) enum ExpiryType { WithPromotion = "with_promotion", AfterDays = "after_days" }
}

body! {
    /// How a promotion is earned.
    pub struct EarningBody "Earning" as Earning {
        /// What unlocks the promotion: an activity of the customer, a target that the customer reaches, or an issue by
        /// hand (`direct`). With `direct` no other field is allowed.
        kind as "trigger": required(choice::<TriggerType>()) => match earning.trigger {
            Trigger::Activity(_) => TriggerType::Activity,
            Trigger::Milestone { .. } => TriggerType::Milestone,
            Trigger::Direct => TriggerType::Direct,
        },
        /// The type of activity. Required for `activity`, and only for it.
        activity: later(absent(choice::<ActivityType>())) => match earning.trigger {
            Trigger::Activity(activity) => Some(activity),
            Trigger::Milestone { .. } | Trigger::Direct => None,
        },
        /// The target to reach. Required for `milestone`, and only for it.
        milestone: later(absent(part::<MilestoneTrigger>())) =>
            matches!(earning.trigger, Trigger::Milestone { .. }).then_some(&earning.trigger),
        /// Where the promotion can be earned; everywhere by default.
        scope: later(absent(part::<Scope>())) => earned(earning).map(|earning| &earning.scope),
        /// The conditions that the activity's cart and customer must meet.
        conditions: later(absent(or_null(CONDITIONS))) =>
            earned(earning).map(|earning| earning.conditions.as_ref()),
        /// Whether only customers to whom the promotion was issued can earn it.
        requires_issue: absent(BOOLEAN) => earned(earning).map(|earning| earning.requires_issue),
        /// Days of 24 hours from the issue in which it can be earned. Only with `requires_issue`.
        earn_within_days: later(absent(or_null(DAYS))) =>
            earned(earning).map(|earning| earning.earn_within_days),
    } print |earning| read |object, faults| {
        if kind == Some(TriggerType::Direct) {
            // Nothing is checked when a `direct` promotion is unlocked, so these rules would have no effect.
            let message = "does not go with the trigger direct";
            object.refuse(&["scope", "conditions", "earn_within_days"], message, faults);
        }
        let trigger = trigger(object, kind, faults);
        let scope = or_empty(part::<Scope>()).read("scope", object, faults);
        let conditions = optional(CONDITIONS).read("conditions", object, faults);
        let requires_issue = requires_issue.map(Option::unwrap_or_default);
        let earn_within_days = optional(DAYS).read("earn_within_days", object, faults);
        if requires_issue == Some(true) && kind == Some(TriggerType::Direct) {
            object.clash::<()>("requires_issue", "does not go with the trigger direct", faults);
        }
        if requires_issue == Some(false) && matches!(earn_within_days, Some(Some(_))) {
            object.clash::<()>("earn_within_days", "goes with requires_issue only", faults);
        }
        whole!(Earning { trigger, scope, conditions, requires_issue, earn_within_days })
    }
}

/// The earning, unless the trigger is `direct`, which has no other fields.
fn earned(earning: &Earning) -> Option<&Earning> {
    (earning.trigger != Trigger::Direct).then_some(earning)
}

fn trigger(
    object: &mut Object<'_, '_>,
    kind: Option<TriggerType>,
    faults: &mut Faults,
) -> Option<Trigger> {
    let others: &[&str] = match kind {
        Some(TriggerType::Activity) => &["milestone"],
        Some(TriggerType::Milestone) => &["activity"],
        Some(TriggerType::Direct) => &["activity", "milestone"],
        None => &[],
    };
    object.refuse(others, "goes with another trigger", faults);
    match kind {
        Some(TriggerType::Activity) => {
            required(choice()).read("activity", object, faults).map(Trigger::Activity)
        }
        Some(TriggerType::Milestone) => {
            required(part::<MilestoneTrigger>()).read("milestone", object, faults)
        }
        Some(TriggerType::Direct) => Some(Trigger::Direct),
        None => {
            object.ignore(&["activity", "milestone"], faults);
            None
        }
    }
}

body! {
    struct MilestoneTrigger "" as Trigger {
        /// The milestone's name.
        name: required(NAME) => name,
        /// The target's name.
        target: required(TITLE) => target,
    } print |Trigger::Milestone { name, target }| or "a milestone" read |object, faults| {
        Some(Trigger::Milestone { name: name?, target: target? })
    }
}

body! {
    /// How long an issuance can be used.
    pub struct ExpiryBody "Expiry" as Expiry {
        /// Whether it can be used until the promotion ends, or for a number of days. It never outlasts the promotion.
        kind as "type": required(choice::<ExpiryType>()) => match expiry {
            Expiry::WithPromotion => ExpiryType::WithPromotion,
            Expiry::AfterDays(_) => ExpiryType::AfterDays,
        },
        /// Days of 24 hours from unlocking. Required for `after_days`, and only for it.
        days: later(absent(DAYS)) => match *expiry {
            Expiry::WithPromotion => None,
            Expiry::AfterDays(days) => Some(days),
        },
    } print |expiry| read |object, faults| {
        match kind {
            Some(ExpiryType::WithPromotion) => {
                object.refuse(&["days"], "goes with after_days only", faults)?;
                Some(Expiry::WithPromotion)
            }
            Some(ExpiryType::AfterDays) => {
                required(DAYS).read("days", object, faults).map(Expiry::AfterDays)
            }
            None => {
                object.ignore(&["days"], faults);
                None
            }
        }
    }
}

const MESSAGES: List<Part<Message>> = list(part(), 0..=20);

body! {
    /// What the customer is told. Systems that read the events send the messages.
    Communication "Communication" {
        /// What to send when an issuance is unlocked.
        on_earning: or_empty(MESSAGES),
        /// What to send before an issuance expires.
        expiry_reminder: optional(part::<Reminder>()),
    }
}

body! {
    Reminder "" {
        /// Days of 24 hours before the issuance expires.
        days_before: required(DAYS),
        /// The messages to send then.
        messages: or_empty(MESSAGES),
    }
}

body! {
    Message "" {
        /// The channel of the message.
        channel: required(choice::<MessageChannel>()),
        /// The name of a template that the sender knows.
        template: required(TEMPLATE),
    }
}
