/** The time axis of a plot: marks stand where there are figures, so a plot of days has days at its axis, and no hours. */
import { showTime } from '../time/zone';
import { bucketStart, seconds } from './buckets';

/** Every so many of the times that no more than `most` are left. */
export function marksOf(times: readonly number[], most: number): number[] {
  const step = Math.ceil(times.length / Math.max(1, most));
  return times.filter((_, place) => place % step === 0);
}

/** Days by their date; what begins within a day has the hour too. */
export function markWords(times: readonly number[], marks: readonly number[], zone: string, locale?: string): string[] {
  const instant = (time: number) => new Date(time * 1000).toISOString();
  // Two hours are never both the start of a day.
  const isOfDays = times.slice(0, 2).every((time) => seconds(bucketStart(instant(time), 'day', zone).toInstant().toString()) === time);
  return marks.map((time) => {
    const day = showTime(instant(time), zone, 'day', locale);
    return isOfDays ? day : `${showTime(instant(time), zone, 'time', locale)}\n${day}`;
  });
}
