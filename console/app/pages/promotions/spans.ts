/** Where bars lie in the calendar. Positions are percentages of the period that is shown. */
import type { Promotion } from '../../api/schema';
import type { Temporal } from '../../time/zone';

export type Scale = 'weeks' | 'months';

export interface Step {
  start: Temporal.ZonedDateTime;
  end: Temporal.ZonedDateTime;
}

/** Milliseconds since the epoch; the end is excluded. */
export interface Period {
  from: number;
  to: number;
}

const SHOWN = 6;

/** The weeks from Monday, or the months, that are shown: the present one first, moved by half a screen at a time. */
export function stepsOf(now: Temporal.ZonedDateTime, scale: Scale, shift: number): Step[] {
  const day = now.startOfDay();
  const unit = (count: number) => (scale === 'weeks' ? { weeks: count } : { months: count });
  const first = (scale === 'weeks' ? day.subtract({ days: day.dayOfWeek - 1 }) : day.with({ day: 1 })).add(unit((shift * SHOWN) / 2));
  return Array.from({ length: SHOWN }, (_, place) => ({ start: first.add(unit(place)), end: first.add(unit(place + 1)) }));
}

/** What of an interval lies in the period. */
export function span(period: Period, from: number, to: number): { left: number; width: number } {
  const whole = period.to - period.from;
  const place = (time: number) => (100 * (Math.min(Math.max(time, period.from), period.to) - period.from)) / whole;
  return { left: place(from), width: place(to) - place(from) };
}

export interface Lanes {
  campaign: string;
  lanes: Promotion[][];
}

/** By campaign, those without one last. Promotions of one lane do not overlap. */
export function lanes(items: readonly Promotion[], period: Period, none: string): Lanes[] {
  const shown = items
    .filter((item) => Date.parse(item.starts_at) < period.to && Date.parse(item.ends_at) > period.from)
    .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
  const groups = new Map<string | null, Promotion[][]>();
  for (const item of shown) {
    const group = groups.get(item.campaign) ?? [];
    groups.set(item.campaign, group);
    const free = group.find((lane) => Date.parse(lane.at(-1)?.ends_at ?? '') <= Date.parse(item.starts_at));
    if (free === undefined) group.push([item]); else free.push(item);
  }
  const named = [...groups].sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a.localeCompare(b)));
  return named.map(([campaign, group]) => ({ campaign: campaign ?? none, lanes: group }));
}
