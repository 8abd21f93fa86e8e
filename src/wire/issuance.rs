//! How a promotion becomes a customer's own: earning, expiry, communication (spec 11, 12).

use super::body::*;
use super::condition::CONDITIONS;
use super::decode::Object;
use super::faults::Faults;
use crate::domain::issuance::{
    ActivityType, Communication, Earning, Expiry, Message, MessageChannel, Reminder, Trigger,
};
use crate::domain::names::names;
use crate::domain::promotion::Scope;

/// Of an expiry, a reminder or a time to earn (spec 14).
const DAYS: Integer = integer(1..=3_650);

names! {
    pub(crate) enum TriggerType { Activity = "activity", Milestone = "milestone", Direct = "direct" }
    pub(crate) enum ExpiryType { WithPromotion = "with_promotion", AfterDays = "after_days" }
}

body! {
    /// How it is earned.
    pub struct EarningBody "Earning" as Earning {
        /// By what the customer does, by a target that the customer reaches, or by hand, which goes with nothing else.
        kind as "trigger": required(choice::<TriggerType>()) => match earning.trigger {
            Trigger::Activity(_) => TriggerType::Activity,
            Trigger::Milestone { .. } => TriggerType::Milestone,
            Trigger::Direct => TriggerType::Direct,
        },
        /// What the customer does. Goes with `activity`, which needs it.
        activity: later(absent(choice::<ActivityType>())) => match earning.trigger {
            Trigger::Activity(activity) => Some(activity),
            Trigger::Milestone { .. } | Trigger::Direct => None,
        },
        /// What the customer comes to. Goes with `milestone`, which needs it.
        milestone: later(absent(part::<MilestoneTrigger>())) =>
            matches!(earning.trigger, Trigger::Milestone { .. }).then_some(&earning.trigger),
        /// Where it is earned; everywhere by default.
        scope: later(absent(part::<Scope>())) => earned(earning).map(|earning| &earning.scope),
        /// On the activity's cart and customer.
        conditions: later(absent(or_null(CONDITIONS))) =>
            earned(earning).map(|earning| earning.conditions.as_ref()),
        /// Only whom it was issued to can earn it.
        requires_issue: absent(BOOLEAN) => earned(earning).map(|earning| earning.requires_issue),
        /// Days of 24 hours from the issue. Goes with `requires_issue`.
        earn_within_days: later(absent(or_null(DAYS))) =>
            earned(earning).map(|earning| earning.earn_within_days),
    } print |earning| read |object, faults| {
        if kind == Some(TriggerType::Direct) {
            // Nothing else is asked when it is unlocked, so that a rule here would be dead letters.
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

/// What is issued by hand has nothing more to say.
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
        target: required(NAME) => target,
    } print |Trigger::Milestone { name, target }| or "a milestone" read |object, faults| {
        Some(Trigger::Milestone { name: name?, target: target? })
    }
}

body! {
    /// How long an issuance can be used.
    pub struct ExpiryBody "Expiry" as Expiry {
        /// Until the promotion ends, or for so many days, and never after the promotion's end.
        kind as "type": required(choice::<ExpiryType>()) => match expiry {
            Expiry::WithPromotion => ExpiryType::WithPromotion,
            Expiry::AfterDays(_) => ExpiryType::AfterDays,
        },
        /// Days of 24 hours from unlocking. Goes with `after_days`, which needs it.
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
    /// What the customer is told; sent by those who follow the events.
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
        /// What to send then.
        messages: or_empty(MESSAGES),
    }
}

body! {
    Message "" {
        /// How it is sent.
        channel: required(choice::<MessageChannel>()),
        /// What it says: a name that the sender knows.
        template: required(NAME),
    }
}
