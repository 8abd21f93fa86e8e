/** Lists that come page by page. */
import { Button, Group } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { shared } from '../texts/shared';
import { Answer } from './states';

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export function usePaged<T>(queryKey: readonly unknown[], page: (cursor: string | undefined) => Promise<Page<T>>, enabled = true) {
  return useInfiniteQuery({
    queryKey,
    enabled,
    queryFn: ({ pageParam }) => page(pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
}

/** The items of all pages that were read, with a button for the next. */
export function Paged<T>({ query, empty, children }: {
  query: ReturnType<typeof usePaged<T>>;
  empty: ReactNode;
  children: (items: T[]) => ReactNode;
}) {
  return (
    <Answer query={query} needs="viewer">
      {(data) => {
        const items = data.pages.flatMap((page) => page.items);
        if (items.length === 0 && !query.hasNextPage) return empty;
        return (
          <>
            {children(items)}
            {query.hasNextPage && (
              <Group justify="center" mt="sm">
                <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{shared.more}</Button>
              </Group>
            )}
          </>
        );
      }}
    </Answer>
  );
}

/** For `params.query` of a list: a cursor is left out where there is none. */
export function after(cursor: string | undefined, limit = 50): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit } : { limit, cursor };
}
