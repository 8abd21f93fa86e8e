//! Schedules: when, between its dates, a promotion is open (spec 5.1).

use chrono::NaiveTime;

use super::decode::{Object, Value};
use super::faults::{FaultCode, Faults};
use super::write::Writer;
use crate::domain::amount::Number;
use crate::domain::names::{Named, names};
use crate::domain::schedule::{
    DailyWindow, Days, MonthMoment, Opening, Schedule, WeekMoment, Weekday,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recurrence {
    None,
    Weekly,
    Monthly,
    WeeklySpan,
    MonthlySpan,
}

names! {
    Recurrence {
        None = "none",
        Weekly = "weekly",
        Monthly = "monthly",
        WeeklySpan = "weekly_span",
        MonthlySpan = "monthly_span",
    }
}

/// Most days of a month.
pub(crate) const MAX_DATE: i64 = 31;

pub fn parse(value: Value<'_, '_>, faults: &mut Faults) -> Option<Schedule> {
    let mut object = value.object(faults)?;
    let timezone = object.optional("timezone", faults, |v, f| v.zone(f));
    let every_day = Opening::Days { days: Days::Every, window: None };
    let opening = object.or("recurrence", every_day, faults, recurrence);
    let window = object.optional("daily_window", faults, daily_window);
    if matches!(opening, Some(Opening::WeeklySpan { .. } | Opening::MonthlySpan { .. })) {
        let message = "does not go with a span";
        object.refuse("daily_window", FaultCode::UnsupportedCombination, message, faults);
    }
    object.finish(faults)?;
    let opening = match opening? {
        Opening::Days { days, .. } => Opening::Days { days, window: window? },
        span @ (Opening::WeeklySpan { .. } | Opening::MonthlySpan { .. }) => span,
    };
    Some(Schedule { timezone: timezone?, opening })
}

/// The recurrence alone; its window is read beside it.
fn recurrence(value: Value<'_, '_>, faults: &mut Faults) -> Option<Opening> {
    let mut object = value.object(faults)?;
    let days = |days| Opening::Days { days, window: None };
    let opening = match object.required("type", faults, |v, f| v.choice(f))? {
        Recurrence::None => Some(days(Days::Every)),
        Recurrence::Weekly => {
            let list = object.required("days", faults, |value, faults| {
                distinct(value, 7, faults, |v, f| v.choice(f))
            });
            list.map(|list| days(Days::Weekly(list)))
        }
        Recurrence::Monthly => {
            let list = object.required("dates", faults, |value, faults| {
                distinct(value, 31, faults, |v, f| v.integer(1..=MAX_DATE, f))
            });
            list.map(|list| days(Days::Monthly(list)))
        }
        Recurrence::WeeklySpan => {
            let ends = span(&mut object, faults, |object, faults| {
                let day: Option<Weekday> = object.required("day", faults, |v, f| v.choice(f));
                let time = object.required("time", faults, |v, f| v.time_of_day(f));
                Some(WeekMoment { day: day?, time: time? })
            });
            ends.map(|(from, to)| Opening::WeeklySpan { from, to })
        }
        Recurrence::MonthlySpan => {
            let ends = span(&mut object, faults, |object, faults| {
                let date = object.required("date", faults, |v, f| v.integer(1..=MAX_DATE, f));
                let time = object.required("time", faults, |v, f| v.time_of_day(f));
                Some(MonthMoment { date: date?, time: time? })
            });
            ends.map(|(from, to)| Opening::MonthlySpan { from, to })
        }
    };
    object.finish(faults)?;
    opening
}

/// A list of at least one and at most `max` values, each once.
fn distinct<T: PartialEq>(
    value: Value<'_, '_>,
    max: usize,
    faults: &mut Faults,
    read: impl Fn(Value<'_, '_>, &mut Faults) -> Option<T>,
) -> Option<Vec<T>> {
    let list = value.list(1..=max, faults, |v, f| read(v, f))?;
    for (index, entry) in list.iter().enumerate() {
        if list.iter().take(index).any(|before| before == entry) {
            let path = value.path().index(index);
            faults.add(&path, FaultCode::NotUnique, "is there twice");
            return None;
        }
    }
    Some(list)
}

/// `from` and `to` of a span, which differ.
fn span<T: PartialEq>(
    object: &mut Object<'_, '_>,
    faults: &mut Faults,
    moment: impl Fn(&mut Object<'_, '_>, &mut Faults) -> Option<T>,
) -> Option<(T, T)> {
    let read = |value: Value<'_, '_>, faults: &mut Faults| {
        let mut object = value.object(faults)?;
        let end = moment(&mut object, faults);
        object.finish(faults)?;
        end
    };
    let from = object.required("from", faults, read);
    let to = object.required("to", faults, read);
    let (from, to) = (from?, to?);
    if from == to {
        let message = "must differ from the start of the span";
        return object.fault("to", faults, FaultCode::UnsupportedCombination, message);
    }
    Some((from, to))
}

fn daily_window(value: Value<'_, '_>, faults: &mut Faults) -> Option<DailyWindow> {
    let mut object = value.object(faults)?;
    let start = object.required("start", faults, |v, f| v.time_of_day(f));
    let duration_hours = object.required("duration_hours", faults, |value, faults| {
        value.number(Number::from_scaled(1)..=Number::whole(24), faults)
    });
    object.finish(faults)?;
    Some(DailyWindow { start: start?, duration_hours: duration_hours? })
}

/// Prints a schedule, defaults and all.
pub fn print(writer: &mut Writer, schedule: &Schedule) {
    writer.object(|writer| {
        let timezone = schedule.timezone.map(|zone| zone.name());
        writer.key("timezone").option(timezone, Writer::text);
        writer.key("recurrence").object(|writer| print_recurrence(writer, &schedule.opening));
        let window = match &schedule.opening {
            Opening::Days { window, .. } => window.as_ref(),
            Opening::WeeklySpan { .. } | Opening::MonthlySpan { .. } => None,
        };
        writer.key("daily_window").option(window, |writer, window| {
            writer.object(|writer| {
                print_time(writer.key("start"), window.start);
                writer.key("duration_hours").plain(window.duration_hours);
            });
        });
    });
}

fn print_recurrence(writer: &mut Writer, opening: &Opening) {
    let kind = match opening {
        Opening::Days { days, .. } => match days {
            Days::Every => Recurrence::None,
            Days::Weekly(_) => Recurrence::Weekly,
            Days::Monthly(_) => Recurrence::Monthly,
        },
        Opening::WeeklySpan { .. } => Recurrence::WeeklySpan,
        Opening::MonthlySpan { .. } => Recurrence::MonthlySpan,
    };
    writer.key("type").name(kind);
    match opening {
        Opening::Days { days, .. } => match days {
            Days::Every => {}
            Days::Weekly(days) => {
                let list = days.iter().copied();
                writer.key("days").list(list, |writer, day| writer.name(day));
            }
            Days::Monthly(dates) => {
                let list = dates.iter().copied();
                writer.key("dates").list(list, |writer, date| writer.integer(date));
            }
        },
        Opening::WeeklySpan { from, to } => {
            for (key, moment) in [("from", from), ("to", to)] {
                writer.key(key).object(|writer| {
                    writer.key("day").name(moment.day);
                    print_time(writer.key("time"), moment.time);
                });
            }
        }
        Opening::MonthlySpan { from, to } => {
            for (key, moment) in [("from", from), ("to", to)] {
                writer.key(key).object(|writer| {
                    writer.key("date").integer(moment.date);
                    print_time(writer.key("time"), moment.time);
                });
            }
        }
    }
}

fn print_time(writer: &mut Writer, time: NaiveTime) {
    writer.plain(time.format("%H:%M"));
}
