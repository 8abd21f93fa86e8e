/** What the list shows: promotions page by page, and what each took off in the last seven days. */
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { LifecycleStatus, Stats } from '../../api/schema';
import { listPromotions, moveMany } from '../../api/calls';
import { startOfDay, Temporal } from '../../time/zone';
import { queryOf } from './filters';
import type { Filters } from './filters';

export const DAYS = 7;

export type Week = Stats['promotions'][number];

export function usePromotions(filters: Filters) {
  return useInfiniteQuery({
    queryKey: ['promotions', 'list', filters],
    queryFn: ({ pageParam }) => listPromotions(queryOf(filters, Temporal.Now.instant()), pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
}

/** By promotion; those that were not used are absent. */
export function useLastDays(zone: string) {
  return useQuery({
    queryKey: ['stats', 'last-days', zone],
    queryFn: async () => {
      const query = { from: startOfDay(zone, 1 - DAYS), bucket: 'day' as const };
      const stats = await call(api.GET('/v1/stats', { params: { query } }));
      return new Map(stats.promotions.map((promotion) => [promotion.promotion_id, promotion]));
    },
  });
}

export function useMoveMany() {
  return useMutation({
    mutationFn: ({ ids, status }: { ids: readonly string[]; status: LifecycleStatus }) => moveMany(ids, status),
    onSettled: () => queries.invalidateQueries({ queryKey: ['promotions'] }),
  });
}
