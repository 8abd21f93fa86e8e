/** When a schedule is open (spec 5.1): the next windows, for people to check what they have written. */
import type { MonthlySpanInput, ScheduleInput, Weekday, WeeklySpanInput } from '../api/schema';
import { firstInstant, printed, Temporal } from './zone';

export interface Opening {
  /** RFC 3339, in the schedule's zone. */
  from: string;
  to: string;
}

const WEEK: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** Days that are looked through for openings: a date that few months have, over two years. */
const MOST_DAYS = 800;

interface Window {
  start: Temporal.ZonedDateTime;
  end: Temporal.ZonedDateTime;
}

/** At most `count` openings that end after `after` and begin before `until`, cut to these. Null: always open. */
export function openings(
  schedule: ScheduleInput | null | undefined, zone: string, after: string, until: string, count: number,
): Opening[] | null {
  const isAlways = !schedule || ((schedule.recurrence?.type ?? 'none') === 'none' && !schedule.daily_window);
  if (isAlways) return null;
  const local = schedule.timezone || zone;
  const [from, to] = [after, until].map((instant) => Temporal.Instant.from(instant).toZonedDateTimeISO(local));
  if (from === undefined || to === undefined) return [];
  const found: Opening[] = [];
  // A window that is open now may have begun up to a month before.
  let day = from.toPlainDate().subtract({ days: 32 });
  for (let step = 0; step < MOST_DAYS && found.length < count; step += 1, day = day.add({ days: 1 })) {
    const window = windowFrom(schedule, day, local);
    if (window === null) continue;
    if (Temporal.ZonedDateTime.compare(window.start, to) >= 0) break;
    if (Temporal.ZonedDateTime.compare(window.end, from) <= 0) continue;
    found.push({
      from: printed(later(window.start, from)),
      to: printed(Temporal.ZonedDateTime.compare(window.end, to) < 0 ? window.end : to),
    });
  }
  return found;
}

function later(a: Temporal.ZonedDateTime, b: Temporal.ZonedDateTime): Temporal.ZonedDateTime {
  return Temporal.ZonedDateTime.compare(a, b) < 0 ? b : a;
}

function at(day: Temporal.PlainDate, time: string, zone: string): Temporal.ZonedDateTime | null {
  if (!/^\d\d:\d\d$/.test(time)) return null;
  return firstInstant(day.toPlainDateTime(Temporal.PlainTime.from(time)), zone);
}

/** The window that opens on this day. */
function windowFrom(schedule: ScheduleInput, day: Temporal.PlainDate, zone: string): Window | null {
  const recurrence = schedule.recurrence ?? { type: 'none' };
  switch (recurrence.type) {
    case 'none': return daily(schedule, day, zone);
    case 'weekly': return isDay(day, recurrence.days) ? daily(schedule, day, zone) : null;
    case 'monthly': return recurrence.dates.includes(day.day) ? daily(schedule, day, zone) : null;
    case 'weekly_span': return weekly(recurrence, day, zone);
    case 'monthly_span': return monthly(recurrence, day, zone);
  }
}

function isDay(day: Temporal.PlainDate, days: readonly Weekday[]): boolean {
  const name = WEEK[day.dayOfWeek - 1];
  return name !== undefined && days.includes(name);
}

function daily({ daily_window: hours }: ScheduleInput, day: Temporal.PlainDate, zone: string): Window | null {
  if (!hours) return window(at(day, '00:00', zone), at(day.add({ days: 1 }), '00:00', zone));
  const start = at(day, hours.start, zone);
  const minutes = Math.round(Number(hours.duration_hours) * 60);
  if (start === null || !Number.isFinite(minutes) || minutes <= 0) return null;
  return window(start, start.add({ minutes }));
}

function weekly({ from, to }: WeeklySpanInput, day: Temporal.PlainDate, zone: string): Window | null {
  if (!isDay(day, [from.day])) return null;
  const days = WEEK.indexOf(to.day) - WEEK.indexOf(from.day);
  const isNext = days < 0 || (days === 0 && to.time <= from.time);
  return window(at(day, from.time, zone), at(day.add({ days: isNext ? days + 7 : days }), to.time, zone));
}

function monthly({ from, to }: MonthlySpanInput, day: Temporal.PlainDate, zone: string): Window | null {
  if (day.day !== from.date) return null;
  const isNext = to.date < from.date || (to.date === from.date && to.time <= from.time);
  const month = day.toPlainYearMonth().add({ months: isNext ? 1 : 0 });
  const end = to.date > month.daysInMonth
    ? at(month.add({ months: 1 }).toPlainDate({ day: 1 }), '00:00', zone)
    : at(month.toPlainDate({ day: to.date }), to.time, zone);
  return window(at(day, from.time, zone), end);
}

function window(start: Temporal.ZonedDateTime | null, end: Temporal.ZonedDateTime | null): Window | null {
  return start === null || end === null || Temporal.ZonedDateTime.compare(start, end) >= 0 ? null : { start, end };
}
