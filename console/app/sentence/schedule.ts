/** When it is open between its dates, in words. */
import type { ScheduleInput, Weekday } from '../api/schema';
import { counted, listed, MISSING, ordinal } from './say';
import type { Say } from './say';

export const WEEKDAYS: Record<Weekday, string> = {
  mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday', fri: 'Friday', sat: 'Saturday', sun: 'Sunday',
};

const WEEK = Object.keys(WEEKDAYS) as Weekday[];

/** Null: always. */
export function opening(schedule: ScheduleInput | null | undefined, say: Say): string | null {
  if (schedule === null || schedule === undefined) return null;
  const { recurrence, daily_window: window, timezone } = schedule;
  const hours = window === null || window === undefined
    ? '' : ` from ${window.start || MISSING} for ${counted(say.count(window.duration_hours), 'hour')}`;
  const zone = timezone ? ` (time of ${timezone})` : '';
  switch (recurrence?.type) {
    case undefined: case 'none':
      return hours === '' ? null : `daily${hours}${zone}`;
    case 'weekly': {
      const days = WEEK.filter((day) => recurrence.days.includes(day)).map((day) => `${WEEKDAYS[day]}s`);
      return `${days.length === 7 ? 'daily' : listed(days) || MISSING}${hours}${zone}`;
    }
    case 'monthly': {
      const dates = [...recurrence.dates].sort((a, b) => a - b).map(ordinal);
      return `on the ${listed(dates) || MISSING} of each month${hours}${zone}`;
    }
    case 'weekly_span': {
      const { from, to } = recurrence;
      return `from ${WEEKDAYS[from.day]} ${from.time} to ${WEEKDAYS[to.day]} ${to.time}${zone}`;
    }
    case 'monthly_span': {
      const { from, to } = recurrence;
      return `from the ${ordinal(from.date)}, ${from.time} to the ${ordinal(to.date)}, ${to.time} of each month${zone}`;
    }
  }
}
