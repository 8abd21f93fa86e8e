import { expect, it } from 'vitest';

import { bucketsOf, filled } from './buckets';

it('counts days over a change of the clock', () => {
  expect(bucketsOf('2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z', 'day', 'Europe/Berlin')).toEqual([
    '2026-03-28T00:00:00+01:00', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00',
  ]);
  // The night has 23 hours.
  expect(bucketsOf('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 'hour', 'Europe/Berlin')).toHaveLength(23);
});

it('begins weeks on Monday and months on the first', () => {
  expect(bucketsOf('2026-11-26T00:00:00Z', '2026-12-01T00:00:00Z', 'week', 'UTC')).toEqual([
    '2026-11-23T00:00:00+00:00', '2026-11-30T00:00:00+00:00',
  ]);
  expect(bucketsOf('2026-11-26T00:00:00Z', '2026-12-01T00:00:01Z', 'month', 'UTC')).toEqual([
    '2026-11-01T00:00:00+00:00', '2026-12-01T00:00:00+00:00',
  ]);
});

it('puts what was told where it belongs', () => {
  const told = [{ starts_at: '2026-11-29T23:00:00Z', count: 3 }];
  const buckets = ['2026-11-29T00:00:00+01:00', '2026-11-30T00:00:00+01:00'];
  expect(filled(buckets, told)).toEqual([undefined, told[0]]);
});
