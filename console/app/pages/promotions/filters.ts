/** The filters of the list, as they stand in the address, and as the API is asked. */
import { useSearchParams } from 'react-router';

import type { PromotionQuery } from '../../api/calls';
import type { Temporal } from '../../time/zone';

const NAMES = ['state', 'type', 'campaign', 'store', 'code', 'q', 'ends', 'exhausted'] as const;

export type FilterName = (typeof NAMES)[number];

export type Filters = Readonly<Partial<Record<FilterName | 'sort', string>>>;

export type View = 'table' | 'calendar';

/** What may be sorted by; `-` in front turns the order around. */
export const SORTS = ['name', 'starts_at', 'ends_at'] as const;

export type Sort = (typeof SORTS)[number];

export interface ListState {
  filters: Filters;
  view: View;
  isFiltered: boolean;
  set: (name: FilterName | 'sort' | 'view', value: string | null) => void;
  clear: () => void;
}

export function useListState(): ListState {
  const [search, setSearch] = useSearchParams();
  const filters: Partial<Record<FilterName | 'sort', string>> = {};
  for (const name of [...NAMES, 'sort'] as const) {
    const value = search.get(name);
    if (value !== null && value !== '') filters[name] = value;
  }
  return {
    filters,
    view: search.get('view') === 'calendar' ? 'calendar' : 'table',
    isFiltered: NAMES.some((name) => filters[name] !== undefined),
    set: (name, value) => setSearch((before) => {
      const after = new URLSearchParams(before);
      if (value === null || value === '') after.delete(name); else after.set(name, value);
      return after;
    }, { replace: true }),
    clear: () => setSearch((before) => {
      const after = new URLSearchParams(before);
      for (const name of NAMES) after.delete(name);
      return after;
    }, { replace: true }),
  };
}

/** `now` is an argument, so that what is asked is a function of what is given. */
export function queryOf(filters: Filters, now: Temporal.Instant): PromotionQuery {
  const { ends, state, exhausted, ...texts } = filters;
  const days = Number(ends);
  // What an address says that the service does not know, the service refuses.
  const asked = { ...texts, ...(state !== undefined && { state: state.split(',') }), ...(exhausted !== undefined && { exhausted: exhausted === 'true' }) } as PromotionQuery;
  if (ends === undefined || !Number.isInteger(days) || days <= 0) return asked;
  return { ...asked, ends_after: now.toString(), ends_before: now.add({ hours: 24 * days }).toString() };
}
