/** What promotions gave, summed by campaign, by promotion or by period. Amounts stay decimal strings. */
import type { Stats, StatsTotals } from '../../api/schema';
import { add, compare } from '../../money/money';

export type Grouping = 'campaign' | 'promotion' | 'period';

export interface Row {
  /** The campaign (null: none), the promotion's id, or the start of the period. */
  key: string | null;
  name: string | null;
  sums: StatsTotals;
}

export const NOTHING: StatsTotals = { redemptions: 0, times: 0, discount: '0', points: '0', returns: { count: 0, discount: '0', points: '0' } };

export function plus(a: StatsTotals, b: StatsTotals): StatsTotals {
  return {
    redemptions: a.redemptions + b.redemptions,
    times: a.times + b.times,
    discount: add(a.discount, b.discount),
    points: add(a.points, b.points),
    returns: {
      count: a.returns.count + b.returns.count,
      discount: add(a.returns.discount, b.returns.discount),
      points: add(a.returns.points, b.returns.points),
    },
  };
}

function grouped(parts: readonly Row[]): Row[] {
  const found = new Map<string | null, Row>();
  for (const part of parts) {
    const known = found.get(part.key);
    found.set(part.key, known === undefined ? part : { ...known, sums: plus(known.sums, part.sums) });
  }
  return [...found.values()];
}

/** Campaigns and promotions by what they gave, the most first; periods in their order. */
export function rowsOf(stats: Stats, by: Grouping): Row[] {
  const used = stats.promotions.filter(({ total, buckets }) => buckets.length > 0 || total.redemptions > 0 || total.returns.count > 0);
  if (by === 'period') {
    const parts = used.flatMap(({ buckets }) => buckets.map(({ starts_at, ...sums }) => ({ key: starts_at, name: starts_at, sums })));
    return grouped(parts).sort((a, b) => Date.parse(a.key ?? '') - Date.parse(b.key ?? ''));
  }
  const parts = used.map((own) => (by === 'campaign'
    ? { key: own.campaign, name: own.campaign, sums: own.total }
    : { key: own.promotion_id, name: own.name, sums: own.total }));
  return grouped(parts).sort((a, b) => compare(b.sums.discount, a.sums.discount) || b.sums.redemptions - a.sums.redemptions);
}
