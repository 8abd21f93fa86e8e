/** What the service says of the draft: its faults, its findings, and what it does to the sample cart. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';

import { api, call } from '../../../api/client';
import { ApiProblem } from '../../../api/problem';
import type { Fault } from '../../../api/problem';
import type { CartRequestInput, Finding } from '../../../api/schema';
import { openings } from '../../../time/openings';
import { Temporal } from '../../../time/zone';
import { replacementOf } from '../draft';
import type { Draft } from '../draft';
import { pricedDraft, sampleOf } from './sample';

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

/** The first moment from now on at which the draft is open; null: never. */
export function firstOpening(draft: Draft, zone: string, now: Temporal.Instant): string | null {
  try {
    const [start, end] = [Temporal.Instant.from(draft.starts_at), Temporal.Instant.from(draft.ends_at)];
    const after = Temporal.Instant.compare(start, now) > 0 ? start : now;
    if (Temporal.Instant.compare(after, end) >= 0) return null;
    const found = openings(draft.schedule, zone, after.toString(), draft.ends_at, 1);
    return found === null ? after.toString() : found[0]?.from ?? null;
  } catch {
    return null;
  }
}

export type Cart = Pick<CartRequestInput, 'cart' | 'customer' | 'store' | 'channel'>;

/** The sample that is made from the draft. */
export function useSample(draft: Draft): Cart {
  const stores = useQuery({ queryKey: ['stores', 'first'], queryFn: () => call(api.GET('/v1/stores', { params: { query: { limit: 200 } } })) });
  return useMemo(() => sampleOf(draft, stores.data?.items ?? []), [draft, stores.data]);
}

export function usePriced(draft: Draft, cart: Cart, zone: string, stored: Stored | null) {
  const [now] = useState(() => Temporal.Now.instant());
  const at = firstOpening(draft, zone, now);
  const asked: CartRequestInput = {
    ...cart, explain: 'all', with: [pricedDraft(draft)], ...(at !== null && { at }), ...(stored !== null && { without: [stored.id] }),
  };
  const [request] = useDebouncedValue(asked, PRICE_AFTER);
  const query = useQuery({
    queryKey: ['preview', request],
    gcTime: 10_000,
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: async ({ signal }) => ({ request, evaluation: await call(api.POST('/v1/evaluate-cart', { body: request, signal })) }),
  });
  return { query, at };
}

/** How the draft is named in the answers. */
export const DRAFT_ID = 'draft:0';
