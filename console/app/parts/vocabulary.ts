/** Names that the tenant uses, for drop-downs. A service without a vocabulary offers none, and typing goes on working. */
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { upcoming } from '../api/upcoming';
import type { VocabularyPage } from '../api/upcoming';

export type VocabularyField =
  | 'sku' | 'product' | 'category' | 'brand' | 'tag' | 'supplier' | 'product_group' | 'attribute_key' | 'attribute'
  | 'variant_key' | 'variant' | 'payment_mode' | 'shipping_method' | 'channel' | 'store' | 'concept' | 'zone' | 'program'
  | 'tier' | 'supplementary' | 'group' | 'customer_attribute_key' | 'campaign' | 'template';

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
      const parameters = new URLSearchParams({ field: field ?? '', limit: '20', ...(key && { key }), ...(q !== '' && { q }) });
      return (await upcoming<VocabularyPage>('GET', `/v1/vocabulary?${parameters.toString()}`))?.items ?? [];
    },
    // Names are a help. Without them the field still takes what is typed.
    retry: false,
    throwOnError: false,
  });
  return query.data ?? [];
}
