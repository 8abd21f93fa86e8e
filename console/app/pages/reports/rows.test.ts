import { expect, it } from 'vitest';

import type { Stats, StatsTotals } from '../../api/schema';
import { rowsOf } from './rows';

const sums = (redemptions: number, discount: string, back = '0'): StatsTotals => ({
  redemptions, times: redemptions, discount, points: '0.5', returns: { count: back === '0' ? 0 : 1, discount: back, points: '0' },
});

const promotion = (id: string, campaign: string | null, total: StatsTotals, buckets: [string, StatsTotals][]) => ({
  promotion_id: id, name: `Name ${id}`, campaign, limits: {}, total, buckets: buckets.map(([starts_at, own]) => ({ starts_at, ...own })),
});

const stats = {
  promotions: [
    promotion('a', 'x', sums(3, '0.30'), [['2026-01-02T00:00:00Z', sums(2, '0.10')], ['2026-01-01T00:00:00Z', sums(1, '0.20')]]),
    promotion('b', 'x', sums(1, '10.01', '4'), [['2026-01-02T00:00:00Z', sums(1, '10.01', '4')]]),
    promotion('c', null, sums(1, '5'), [['2026-01-03T00:00:00Z', sums(1, '5')]]),
    promotion('d', null, sums(0, '0'), []),
  ],
} as unknown as Stats;

it('sums by campaign, exactly, and those without one together', () => {
  expect(rowsOf(stats, 'campaign').map(({ key, sums: own }) => [key, own.redemptions, own.discount, own.returns.discount])).toEqual([
    ['x', 4, '10.31', '4'], [null, 1, '5', '0'],
  ]);
});

it('lists promotions that were used, the most discount first', () => {
  expect(rowsOf(stats, 'promotion').map(({ key }) => key)).toEqual(['b', 'c', 'a']);
});

it('sums by period, in order', () => {
  expect(rowsOf(stats, 'period').map(({ key, sums: own }) => [key, own.discount, own.points])).toEqual([
    ['2026-01-01T00:00:00Z', '0.20', '0.5'], ['2026-01-02T00:00:00Z', '10.11', '1.0'], ['2026-01-03T00:00:00Z', '5', '0.5'],
  ]);
});
