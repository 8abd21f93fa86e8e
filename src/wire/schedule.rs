//! Schedules: when a promotion is open between its dates (spec 5.1).

use chrono::Weekday;

use super::body::*;
use super::decode::Object;
use super::faults::Faults;
use crate::domain::schedule::{DailyWindow, Days, MonthMoment, Opening, Schedule, WeekMoment};

const EVERY_DAY: Opening = Opening::Days { days: Days::Every, window: None };
const DATE: Integer = integer(1..=31);

body! {
    /// When a promotion is open between its dates.
    pub struct ScheduleBody "Schedule" as Schedule {
        /// The time zone: a name of the IANA database. Default: the store's, else the tenant's.
        timezone: optional(ZONE) => schedule.timezone,
        /// The days on which the promotion is open, or a span; every day by default.
        recurrence: or(part::<RecurrenceBody>(), EVERY_DAY) => schedule.opening,
        /// The hours of each of these days; null: the whole day. Not with a span.
        daily_window: optional(part::<DailyWindow>()) => match schedule.opening {
            Opening::Days { window, .. } => window,
            Opening::WeeklySpan { .. } | Opening::MonthlySpan { .. } => None,
        },
    } print |schedule| read |object, faults| {
        let opening = match recurrence {
            Some(Opening::Days { days, .. }) => {
                daily_window.map(|window| Opening::Days { days, window })
            }
            Some(span @ (Opening::WeeklySpan { .. } | Opening::MonthlySpan { .. })) => {
                object.refuse(&["daily_window"], "does not go with a span", faults).map(|()| span)
            }
            None => None,
        };
        Some(Schedule { timezone: timezone?, opening: opening? })
    }
}

union! {
    /// The days on which a promotion is open, or a span.
    struct RecurrenceBody "Recurrence" as Opening, by "type": enum Recurrence {
        None = "none" => EachDay,
        Weekly = "weekly" => Weekly,
        Monthly = "monthly" => Monthly,
        WeeklySpan = "weekly_span" => WeeklySpan,
        MonthlySpan = "monthly_span" => MonthlySpan,
    } which |opening| match opening {
        Opening::Days { days: Days::Every, .. } => Recurrence::None,
        Opening::Days { days: Days::Weekly(_), .. } => Recurrence::Weekly,
        Opening::Days { days: Days::Monthly(_), .. } => Recurrence::Monthly,
        Opening::WeeklySpan { .. } => Recurrence::WeeklySpan,
        Opening::MonthlySpan { .. } => Recurrence::MonthlySpan,
    }
}

body! {
    /// Every day.
    struct EachDay "EachDay" as Opening {
        kind as "type": tag(Recurrence::None) => (),
    } print |_| read |object, faults| { Some(EVERY_DAY) }
}

body! {
    /// On days of the week.
    struct Weekly "Weekly" as Opening {
        kind as "type": tag(Recurrence::Weekly) => (),
        /// Days of the week.
        days: required(distinct(choice::<Weekday>(), 1..=7)) => days,
    } print |Opening::Days { days: Days::Weekly(days), .. }| or "days of the week"
    read |object, faults| { Some(Opening::Days { days: Days::Weekly(days?), window: None }) }
}

body! {
    /// On days of the month.
    struct Monthly "Monthly" as Opening {
        kind as "type": tag(Recurrence::Monthly) => (),
        /// Days of the month. A month skips the days that it lacks.
        dates: required(distinct(DATE, 1..=31)) => dates,
    } print |Opening::Days { days: Days::Monthly(dates), .. }| or "days of the month"
    read |object, faults| { Some(Opening::Days { days: Days::Monthly(dates?), window: None }) }
}

body! {
    /// A span from one moment of the week to another.
    struct WeeklySpan "WeeklySpan" as Opening {
        kind as "type": tag(Recurrence::WeeklySpan) => (),
        /// When it opens.
        from: required(part::<WeekMoment>()) => from,
        /// When it closes. It must differ from the opening.
        to: required(part::<WeekMoment>()) => to,
    } print |Opening::WeeklySpan { from, to }| or "a span of the week" read |object, faults| {
        refuse_empty(object, (&from, &to), faults)?;
        Some(Opening::WeeklySpan { from: from?, to: to? })
    }
}

body! {
    /// A span from one moment of the month to another.
    struct MonthlySpan "MonthlySpan" as Opening {
        kind as "type": tag(Recurrence::MonthlySpan) => (),
        /// When it opens.
        from: required(part::<MonthMoment>()) => from,
        /// When it closes. It must differ from the opening.
        to: required(part::<MonthMoment>()) => to,
    } print |Opening::MonthlySpan { from, to }| or "a span of the month" read |object, faults| {
        refuse_empty(object, (&from, &to), faults)?;
        Some(Opening::MonthlySpan { from: from?, to: to? })
    }
}

fn refuse_empty<T: PartialEq>(
    object: &Object<'_, '_>,
    (from, to): (&Option<T>, &Option<T>),
    faults: &mut Faults,
) -> Option<()> {
    if from.is_some() && from == to {
        return object.clash("to", "must differ from the start of the span", faults);
    }
    Some(())
}

body! {
    /// A moment of the week.
    WeekMoment "WeekMoment" {
        /// The day of the week.
        day: required(choice::<Weekday>()),
        /// Local time, `HH:MM`.
        time: required(TIME_OF_DAY),
    }
}

body! {
    /// A moment of the month.
    MonthMoment "MonthMoment" {
        /// The day of the month.
        date: required(DATE),
        /// Local time, `HH:MM`.
        time: required(TIME_OF_DAY),
    }
}

body! {
    /// The hours of each day: when they begin, and how long they last.
    DailyWindow "DailyWindow" {
        /// Local time, `HH:MM`.
        start: required(TIME_OF_DAY),
        /// Hours of elapsed time: over 0, at most 24, at most 4 decimals.
        duration_hours: required(HOURS),
    }
}
