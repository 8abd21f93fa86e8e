/** Names that the tenant uses, for drop-downs. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { listWords } from '../api/calls';
import type { VocabularyField } from '../api/schema';

export type { VocabularyField };

export interface Word {
  value: string;
  title: string | null;
}

/** What to look names up for: a field, and the key of an attribute. */
export interface Lookup {
  field: VocabularyField;
  key?: string | null | undefined;
}

export function useVocabulary(lookup: Lookup | null, typed: string): readonly Word[] {
  const [q] = useDebouncedValue(typed.trim(), 120);
  const { field, key } = lookup ?? {};
  const query = useQuery({
    queryKey: ['vocabulary', field, key ?? null, q],
    enabled: field !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    queryFn: async () => {
      if (field === undefined) return [];
      return (await listWords({ field, ...(key && { key }), ...(q !== '' && { q }) }, 20)).items;
    },
    // Names are a help. Without them the field still takes what is typed.
    retry: false,
    throwOnError: false,
  });
  return query.data ?? [];
}
