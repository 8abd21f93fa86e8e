/** Promotions to take in or leave out, where carts are priced under changed rules. */
import { useQuery } from '@tanstack/react-query';

import type { CartRequestInput, Promotion } from '../api/schema';
import { listPromotions } from '../api/calls';

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
