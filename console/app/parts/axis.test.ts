import { describe, expect, it } from 'vitest';

import { markWords, marksOf } from './axis';
import { bucketsOf, seconds } from './buckets';

const ZONE = 'Asia/Kolkata';

function words(from: string, to: string, size: 'hour' | 'day', most: number): string[] {
  const times = bucketsOf(from, to, size, ZONE).map(seconds);
  return markWords(times, marksOf(times, most), ZONE, 'en-GB');
}

describe('the time axis', () => {
  it('has one mark for one day', () => {
    expect(words('2026-11-30T00:00:00+05:30', '2026-12-01T00:00:00+05:30', 'day', 8)).toEqual(['30 Nov']);
  });

  it('has no hours between days, and no more marks than there is room for', () => {
    expect(words('2026-11-29T00:00:00+05:30', '2026-12-01T00:00:00+05:30', 'day', 8)).toEqual(['29 Nov', '30 Nov']);
    expect(words('2026-11-01T00:00:00+05:30', '2026-12-01T00:00:00+05:30', 'day', 8)).toHaveLength(8);
  });

  it('has the hours of a day', () => {
    expect(words('2026-11-30T00:00:00+05:30', '2026-12-01T00:00:00+05:30', 'hour', 2)).toEqual(['00:00\n30 Nov', '12:00\n30 Nov']);
    expect(words('2026-11-30T09:00:00+05:30', '2026-11-30T10:00:00+05:30', 'hour', 2)).toEqual(['09:00\n30 Nov']);
  });
});
