import { describe, expect, it } from 'vitest';

import type { ScheduleInput } from '../api/schema';
import { openings } from './openings';

const [AFTER, UNTIL] = ['2026-06-01T00:00:00+05:30', '2027-06-01T00:00:00+05:30'];

function list(schedule: ScheduleInput, count = 3, after = AFTER, zone = 'Asia/Kolkata', until = UNTIL): string[] | null {
  return openings(schedule, zone, after, until, count)?.map(({ from, to }) => `${from.slice(5, 16)} ${to.slice(5, 16)}`) ?? null;
}

const evening = { start: '18:00', duration_hours: '6' };

describe('openings', () => {
  it('are none where it is always open', () => {
    expect(openings(null, 'UTC', AFTER, UNTIL, 3)).toBeNull();
    expect(openings({ recurrence: { type: 'none' } }, 'UTC', AFTER, UNTIL, 3)).toBeNull();
  });

  it('follow days, dates and hours', () => {
    expect(list({ daily_window: evening }, 2)).toEqual(['06-01T18:00 06-02T00:00', '06-02T18:00 06-03T00:00']);
    expect(list({ recurrence: { type: 'weekly', days: ['sat', 'sun'] } })).toEqual([
      '06-06T00:00 06-07T00:00', '06-07T00:00 06-08T00:00', '06-13T00:00 06-14T00:00',
    ]);
    expect(list({ recurrence: { type: 'monthly', dates: [31] }, daily_window: evening })).toEqual([
      '07-31T18:00 08-01T00:00', '08-31T18:00 09-01T00:00', '10-31T18:00 11-01T00:00',
    ]);
  });

  it('of a window that is open now are cut to now', () => {
    expect(list({ daily_window: { start: '22:00', duration_hours: '8' } }, 2)).toEqual([
      '06-01T00:00 06-01T06:00', '06-01T22:00 06-02T06:00',
    ]);
  });

  it('of spans cross weeks and months', () => {
    const weekend: ScheduleInput = { recurrence: { type: 'weekly_span', from: { day: 'fri', time: '18:00' }, to: { day: 'mon', time: '06:00' } } };
    expect(list(weekend, 2)).toEqual(['06-01T00:00 06-01T06:00', '06-05T18:00 06-08T06:00']);
    const payday: ScheduleInput = { recurrence: { type: 'monthly_span', from: { date: 28, time: '00:00' }, to: { date: 3, time: '12:00' } } };
    expect(list(payday, 2)).toEqual(['06-01T00:00 06-03T12:00', '06-28T00:00 07-03T12:00']);
    // April has no 31st: the end of the month.
    const end: ScheduleInput = { recurrence: { type: 'monthly_span', from: { date: 29, time: '00:00' }, to: { date: 31, time: '12:00' } } };
    expect(list(end, 3, '2027-02-01T00:00:00+05:30')).toEqual(['03-29T00:00 03-31T12:00', '04-29T00:00 05-01T00:00', '05-29T00:00 05-31T12:00']);
  });

  it('keep their hours over a change of the clock', () => {
    const night: ScheduleInput = { daily_window: { start: '02:30', duration_hours: '2' } };
    const berlin = (after: string) => openings(night, 'Europe/Berlin', after, '2027-01-01T00:00:00Z', 2);
    // The clock skips 02:30: it opens at 03:00, the next instant that exists.
    expect(berlin('2026-03-29T00:00:00+01:00')?.[0]).toEqual({ from: '2026-03-29T03:00:00+02:00', to: '2026-03-29T05:00:00+02:00' });
    // 02:30 comes twice: it opens at the first, for two hours that pass.
    expect(berlin('2026-10-25T00:00:00+02:00')?.[0]).toEqual({ from: '2026-10-25T02:30:00+02:00', to: '2026-10-25T03:30:00+01:00' });
  });

  it('end with the promotion, and are none where nothing is selected', () => {
    expect(list({ daily_window: evening }, 9, AFTER, 'Asia/Kolkata', '2026-06-02T20:00:00+05:30')).toEqual([
      '06-01T18:00 06-02T00:00', '06-02T18:00 06-02T20:00',
    ]);
    expect(list({ recurrence: { type: 'weekly', days: [] } })).toEqual([]);
    expect(list({ daily_window: { start: '', duration_hours: '2' } })).toEqual([]);
  });
});
