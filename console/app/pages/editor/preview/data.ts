/** What the service says of the draft: its faults, its findings, and what it does to the sample cart. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';

import { api, call } from '../../../api/client';
import { ApiProblem } from '../../../api/problem';
import type { Fault } from '../../../api/problem';
import type { CartRequestInput, Finding, PromotionPage } from '../../../api/schema';
import { firstOpening } from './moment';
import { Temporal } from '../../../time/zone';
import { replacementOf } from '../draft';
import type { Draft } from '../draft';
import { pricedDraft, sampleOf } from './sample';

/** Most promotions that an evaluation can leave out. */
const MOST_WITHOUT = 1_000;

/** Milliseconds without a key until the draft is checked, and until it is priced. */
const [CHECK_AFTER, PRICE_AFTER] = [250, 30];

/** The stored promotion that is edited. */
export interface Stored {
  id: string;
  etag: string;
}

export interface Checked {
  faults: readonly Fault[];
  findings: readonly Finding[];
  isChecking: boolean;
  /** Anything but faults of the draft: no answer, no right, a newer version. */
  error: unknown;
}

export function useChecked(draft: Draft, stored: Stored | null): Checked {
  const [rested] = useDebouncedValue(draft, CHECK_AFTER);
  const query = useQuery({
    queryKey: ['check', stored?.id ?? null, rested],
    gcTime: 10_000,
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: async ({ signal }) => {
      try {
        const checked = await check(rested, stored, signal);
        return { faults: [], findings: checked.findings ?? [] };
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 422) return { faults: error.faults, findings: [] };
        // What a save would be refused for is said when it is saved.
        if (error instanceof ApiProblem && (error.status === 409 || error.status === 412)) return { faults: [], findings: [] };
        throw error;
      }
    },
  });
  return {
    faults: query.data?.faults ?? [], findings: query.data?.findings ?? [], isChecking: query.isFetching || rested !== draft,
    error: query.error,
  };
}

function check(draft: Draft, stored: Stored | null, signal: AbortSignal) {
  if (stored === null) return call(api.POST('/v1/promotions', { params: { query: { dry_run: true } }, body: draft, signal }));
  const params = { query: { dry_run: true }, path: { id: stored.id }, header: { 'if-match': '*' } };
  return call(api.PUT('/v1/promotions/{id}', { params, body: replacementOf(draft), signal }));
}

export type Cart = Pick<CartRequestInput, 'cart' | 'customer' | 'store' | 'channel'>;

/** The sample that is made from the draft. */
export function useSample(draft: Draft): Cart {
  const stores = useQuery({ queryKey: ['stores', 'first'], queryFn: () => call(api.GET('/v1/stores', { params: { query: { limit: 200 } } })) });
  return useMemo(() => sampleOf(draft, stores.data?.items ?? []), [draft, stores.data]);
}

/** The ids of all promotions that could apply now or later. */
async function others(): Promise<string[]> {
  const found: string[] = [];
  for (const state of ['live', 'scheduled'] as const) {
    let cursor: string | null = null;
    do {
      const query = { state: [state], limit: 200, ...(cursor !== null && { cursor }) };
      const page: PromotionPage = await call(api.GET('/v1/promotions', { params: { query } }));
      found.push(...page.items.map((item) => item.id));
      cursor = page.next_cursor;
    } while (cursor !== null && found.length < MOST_WITHOUT);
  }
  return found;
}

/** `isAlone`: without all other promotions, so that nothing hides what the draft does. */
export function usePriced(draft: Draft, cart: Cart, zone: string, stored: Stored | null, isAlone: boolean) {
  const [now] = useState(() => Temporal.Now.instant());
  const all = useQuery({ queryKey: ['promotions', 'ids'], queryFn: others, enabled: isAlone, staleTime: 60_000 });
  const at = firstOpening(draft, zone, now);
  const own = stored === null ? [] : [stored.id];
  const without = isAlone ? [...new Set([...own, ...(all.data ?? [])])] : own;
  const asked: CartRequestInput = {
    ...cart, explain: 'all', with: [pricedDraft(draft)], ...(at !== null && { at }), without: without.slice(0, MOST_WITHOUT),
  };
  const [request] = useDebouncedValue(asked, PRICE_AFTER);
  const query = useQuery({
    queryKey: ['preview', request],
    gcTime: 10_000,
    placeholderData: keepPreviousData,
    retry: false,
    enabled: !isAlone || all.isSuccess,
    queryFn: async ({ signal }) => ({ request, evaluation: await call(api.POST('/v1/evaluate-cart', { body: request, signal })) }),
  });
  return { query, at };
}

/** How the draft is named in the answers. */
export const DRAFT_ID = 'draft:0';
