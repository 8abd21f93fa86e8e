//! Lists and times in sentences.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::reason::Values;

/// “A”, “A and B”, “A, B and C”; if the list has more: “A, B and others”.
pub(super) fn and(list: &[String], has_more: bool) -> String {
    joined(list, has_more.then_some("others"), "and")
}

/// “A”, “A or B”, “A, B or C”; if the list has more: “A, B or another”.
pub fn or(list: &[String], has_more: bool) -> String {
    joined(list, has_more.then_some("another"), "or")
}

/// One of a list, of which the first values are named.
pub(super) fn one_of(list: &[String]) -> String {
    let Values { first, has_more } = Values::of(list);
    or(&first, has_more)
}

/// None of a list, after “other than” or “not”.
pub(super) fn none_of(list: &[String]) -> String {
    let Values { first, has_more } = Values::of(list);
    joined(&first, has_more.then_some("some others"), "or")
}

fn joined(list: &[String], more: Option<&str>, word: &str) -> String {
    let all: Vec<&str> = list.iter().map(String::as_str).chain(more).collect();
    match all.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [before @ .., last] => format!("{} {word} {last}", before.join(", ")),
    }
}

/// The text with a capital first letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The time of the evaluation in the zone of the shopper, from which other times are told.
pub(super) struct Clock {
    pub(super) zone: Tz,
    pub(super) now: DateTime<Utc>,
}

impl Clock {
    /// “tomorrow”, “Monday”, “1 December”, “1 December 2027”.
    pub(super) fn day(&self, at: DateTime<Utc>) -> String {
        self.name(at.with_timezone(&self.zone).date_naive()).1
    }

    /// “tomorrow at 18:00”, “on Monday at 18:00”, “on 1 December”. Midnight is not named.
    pub(super) fn moment(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone).naive_local();
        let day = self.on(local.date());
        if local.time() == NaiveTime::MIN {
            return day;
        }
        format!("{day} at {}", local.time().format("%H:%M"))
    }

    /// The same of an end, which is excluded. What ends at midnight ended on the day before.
    pub(super) fn end(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone).naive_local();
        match local.date().pred_opt() {
            Some(before) if local.time() == NaiveTime::MIN => self.on(before),
            Some(_) | None => self.moment(at),
        }
    }

    /// “From 18:00 to 22:00”; `None` if that does not tell when it closes.
    pub(super) fn hours(&self, opens: DateTime<Utc>, closes: DateTime<Utc>) -> Option<String> {
        let time = |at: DateTime<Utc>| at.with_timezone(&self.zone).format("%H:%M").to_string();
        let (from, to) = (time(opens), time(closes));
        (from != to && closes - opens < TimeDelta::days(1)).then(|| format!("From {from} to {to}"))
    }

    fn on(&self, day: NaiveDate) -> String {
        let (preposition, name) = self.name(day);
        format!("{preposition}{name}")
    }

    /// The name of a day, and the preposition before it.
    fn name(&self, day: NaiveDate) -> (&'static str, String) {
        let today = self.now.with_timezone(&self.zone).date_naive();
        match day.signed_duration_since(today).num_days() {
            -1 => ("", "yesterday".to_owned()),
            0 => ("", "today".to_owned()),
            1 => ("", "tomorrow".to_owned()),
            2..=6 => ("on ", day.format("%A").to_string()),
            _ if day.year() == today.year() => ("on ", day.format("%-d %B").to_string()),
            _ => ("on ", day.format("%-d %B %Y").to_string()),
        }
    }
}
