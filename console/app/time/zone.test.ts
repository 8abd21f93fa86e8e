import { describe, expect, it } from 'vitest';

import { firstInstant, instantsOf, sameInstant, showTime, Temporal, wallTime, zoneName } from './zone';

const ZONES = ['Asia/Kolkata', 'America/New_York', 'Pacific/Auckland', 'Europe/Berlin', 'Australia/Lord_Howe'];

describe('times in the tenant’s zone', () => {
  it('come back as the same instant, over every change of the clock', { timeout: 60_000 }, () => {
    const lost: string[] = [];
    for (const zone of ZONES) {
      // Every half hour of the days around which the clocks of these zones change.
      for (const start of ['2026-03-07T00:00Z', '2026-03-28T00:00Z', '2026-04-04T00:00Z', '2026-09-26T00:00Z', '2026-10-03T00:00Z', '2026-10-24T00:00Z', '2026-10-31T00:00Z']) {
        for (let step = 0; step < 48 * 2; step += 1) {
          const instant = Temporal.Instant.from(start).add({ minutes: 30 * step }).toString();
          const names = instantsOf(wallTime(instant, zone), zone);
          if (names.length > 2 || !names.some((name) => sameInstant(name, instant))) lost.push(`${zone} ${instant}`);
        }
      }
    }
    expect(lost).toEqual([]);
  });

  it('do not depend on the zone of the browser', () => {
    const before = process.env['TZ'];
    const seen = new Set<string>();
    for (const browser of ['UTC', 'America/Los_Angeles', 'Asia/Tokyo']) {
      process.env['TZ'] = browser;
      const [instant = ''] = instantsOf('2026-06-01T00:00', 'Asia/Kolkata');
      seen.add(`${instant} ${showTime(instant, 'Asia/Kolkata', 'full', 'en-GB')}`);
    }
    process.env['TZ'] = before;
    expect([...seen]).toEqual(['2026-06-01T00:00:00+05:30 1 Jun 2026, 00:00']);
  });

  it('are two where the clock is set back, and none where it skips', () => {
    expect(instantsOf('2026-10-25T02:30', 'Europe/Berlin')).toEqual([
      '2026-10-25T02:30:00+02:00',
      '2026-10-25T02:30:00+01:00',
    ]);
    expect(instantsOf('2026-03-29T02:30', 'Europe/Berlin')).toEqual([]);
    expect(instantsOf('tomorrow', 'Europe/Berlin')).toEqual([]);
    const skipped = Temporal.PlainDateTime.from('2026-03-29T02:30');
    expect(firstInstant(skipped, 'Europe/Berlin').toPlainTime().toString()).toBe('03:00:00');
  });

  it('keep their seconds', () => {
    expect(wallTime('2026-06-01T12:00:30Z', 'UTC')).toBe('2026-06-01T12:00:30.000');
    expect(wallTime('2026-06-01T12:00:00Z', 'Asia/Kolkata')).toBe('2026-06-01T17:30');
  });

  it('name their zone', () => {
    expect(zoneName('Asia/Kolkata')).toBe('Asia/Kolkata (UTC+05:30)');
    expect(zoneName('UTC')).toBe('UTC');
  });
});
