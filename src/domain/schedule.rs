//! When a promotion is open between its dates (spec 5.1). `engine::calendar` interprets it.

use chrono::{NaiveTime, Weekday};
use chrono_tz::Tz;

/// Days and hours in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// `None`: the store's, or the tenant's if the store has none.
    pub timezone: Option<Tz>,
    /// When it opens and closes.
    pub opening: Opening,
}

/// The shapes of a schedule. A span has no daily window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Selected days, whole or for some hours.
    Days {
        days: Days,
        /// When on these days it opens, and for how long; `None`: the whole local day.
        window: Option<DailyWindow>,
    },
    /// From one moment of the week to another. The ends differ.
    WeeklySpan { from: WeekMoment, to: WeekMoment },
    /// From one moment of a month to another, perhaps of the next month. The ends differ.
    MonthlySpan {
        /// Included. A month that lacks this date has no span.
        from: MonthMoment,
        /// Excluded. In a month that lacks this date, the span ends with the month.
        to: MonthMoment,
    },
}

/// Selected local calendar days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Days {
    Every,
    /// Days of the week, in the order given; at least one.
    Weekly(Vec<Weekday>),
    /// Days of the month, 1 to 31, in the order given; at least one. Days that a month lacks are skipped.
    Monthly(Vec<u8>),
}

/// The time at which a selected day opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyWindow {
    pub start: NaiveTime,
    /// Elapsed time in ten-thousandths of an hour, over 0, at most 24 h.
    pub duration_hours: super::amount::Number,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekMoment {
    pub day: Weekday,
    pub time: NaiveTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthMoment {
    pub date: u8,
    pub time: NaiveTime,
}
