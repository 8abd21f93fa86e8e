/** The buckets of a period, with those in which nothing happened: the service leaves these out. */
import type { BucketSize } from '../api/schema';
import { printed, Temporal } from '../time/zone';

/** More than these nobody can tell apart in a plot. */
const MOST = 2_000;

/** The start of the bucket that an instant lies in. Weeks begin on Monday. */
export function bucketStart(instant: string, size: BucketSize, zone: string): Temporal.ZonedDateTime {
  const local = Temporal.Instant.from(instant).toZonedDateTimeISO(zone);
  if (size === 'hour') return local.round({ smallestUnit: 'hour', roundingMode: 'floor' });
  const day = local.startOfDay();
  if (size === 'day') return day;
  return size === 'week' ? day.subtract({ days: day.dayOfWeek - 1 }).startOfDay() : day.with({ day: 1 }).startOfDay();
}

const STEPS = { hour: { hours: 1 }, day: { days: 1 }, week: { weeks: 1 }, month: { months: 1 } } as const;

export function bucketsOf(from: string, to: string, size: BucketSize, zone: string): string[] {
  const found: string[] = [];
  const end = Temporal.Instant.from(to);
  let start = bucketStart(from, size, zone);
  while (Temporal.Instant.compare(start.toInstant(), end) < 0 && found.length < MOST) {
    found.push(printed(start));
    start = start.add(STEPS[size]);
  }
  return found;
}

/** Seconds since the epoch, as plots count. */
export function seconds(instant: string): number {
  return Temporal.Instant.from(instant).epochMilliseconds / 1000;
}

/** Each bucket with what the service told of it, or undefined. */
export function filled<T extends { starts_at: string | null }>(buckets: readonly string[], told: readonly T[]): (T | undefined)[] {
  const known = new Map(told.flatMap((own) => (own.starts_at === null ? [] : [[seconds(own.starts_at), own] as const])));
  return buckets.map((start) => known.get(seconds(start)));
}
