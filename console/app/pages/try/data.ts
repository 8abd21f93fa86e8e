/** Pricing a cart, and what the form chooses from. */
import { useMutation, useQuery } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import type { CartRequestInput, Evaluation, Promotion } from '../../api/schema';
import { listPromotions } from '../../api/upcoming';

export type Draft = NonNullable<CartRequestInput['with']>[number];

/** Pages that are read to choose from. */
const PAGES = 5;

export function useChoices() {
  return useQuery({
    queryKey: ['promotions', 'choices'],
    staleTime: 60_000,
    queryFn: async () => {
      const found: Promotion[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < PAGES; page += 1) {
        const answer = await listPromotions({}, cursor, 200);
        found.push(...answer.items);
        cursor = answer.next_cursor;
        if (cursor === null) break;
      }
      return found;
    },
  });
}

/** What a service adds to a promotion, and a draft does not have. */
const COMPUTED: readonly string[] = ['created_at', 'updated_at', 'state', 'usage', 'version', 'findings', 'status'];

/** A stored promotion as a draft that takes its own place. */
export function draftOf(promotion: Promotion): Draft {
  return Object.fromEntries(Object.entries(promotion).filter(([name]) => !COMPUTED.includes(name))) as unknown as Draft;
}

export interface Run {
  request: CartRequestInput;
  result: Evaluation;
  /** The same without the changes, where there are any. */
  base: Evaluation | null;
}

function price(body: CartRequestInput): Promise<Evaluation> {
  return call(api.POST('/v1/evaluate-cart', { body }));
}

export function usePrice() {
  return useMutation({
    mutationFn: async (request: CartRequestInput): Promise<Run> => {
      const { with: drafts, without, ...plain } = request;
      const isChanged = (drafts?.length ?? 0) + (without?.length ?? 0) > 0;
      const [result, base] = await Promise.all([price(request), isChanged ? price(plain) : null]);
      return { request, result, base };
    },
  });
}

export function useRecorded() {
  return useMutation({
    mutationFn: (transaction: string) =>
      call(api.GET('/v1/redemptions/{id}', { params: { path: { id: `tx:${transaction}` } } })),
  });
}
