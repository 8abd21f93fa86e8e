/** Who made a change, by the label of the key. */
import { useQuery } from '@tanstack/react-query';

import { api, call } from '../api/client';
import { shared } from '../texts/shared';

/** More keys than these are shown by their ids. */
const MOST = 200;

export function useKeyNames(): (id: string | null) => string {
  const query = useQuery({
    queryKey: ['keys', 'names'],
    queryFn: () => call(api.GET('/v1/keys', { params: { query: { limit: MOST } } })),
    staleTime: 60_000,
  });
  const names = new Map(query.data?.items.map((key) => [key.id, key.label === '' ? `…${key.hint}` : key.label]));
  return (id) => (id === null ? shared.unknownKey : names.get(id) ?? shared.key(id));
}
