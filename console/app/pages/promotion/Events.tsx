/**
 * What has happened around the promotion. The service tells events of the whole tenant, from the oldest on, so they are
 * looked through a few pages at a time.
 */
import { Button, Code, Group, Stack, Table, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import type { Event } from '../../api/schema';
import { after } from '../../parts/paged';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { eventWords, events as texts } from '../../texts/promotion';
import { showTime } from '../../time/zone';

const PAGES = 10;

interface Part {
  read: number;
  found: Event[];
  next: string | null;
}

function isAbout(event: Event, id: string): boolean {
  const { data } = event;
  if ('promotion_id' in data) return data.promotion_id === id;
  return 'promotions' in data && data.promotions.some((own) => own.promotion_id === id);
}

async function look(id: string, from: string | null): Promise<Part> {
  const part: Part = { read: 0, found: [], next: from };
  for (let page = 0; page < PAGES; page += 1) {
    const answer = await call(api.GET('/v1/events', { params: { query: after(part.next ?? undefined, 200) } }));
    part.read += answer.items.length;
    part.found.push(...answer.items.filter((event) => isAbout(event, id)));
    part.next = answer.next_cursor;
    if (part.next === null) break;
  }
  return part;
}

export function Events({ id }: { id: string }) {
  const { zone } = useOwnTenant();
  const query = useInfiniteQuery({
    queryKey: ['events', 'of', id],
    queryFn: ({ pageParam }) => look(id, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
  });
  return (
    <Answer query={query} needs="viewer">
      {({ pages }) => {
        const found = pages.flatMap((part) => part.found);
        const read = pages.reduce((sum, part) => sum + part.read, 0);
        return (
          <Stack gap="sm">
            <Group>
              <Text size="sm" role="status">{texts.read(read, found.length)} {!query.hasNextPage && texts.all}</Text>
              {query.hasNextPage && <Button size="xs" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{texts.further}</Button>}
            </Group>
            {found.length === 0 ? <Text size="sm" c="dimmed">{texts.none}</Text> : (
              <Table.ScrollContainer minWidth={480}>
                <Table aria-label={texts.what}>
                  <Table.Thead><Table.Tr><Table.Th>{texts.when}</Table.Th><Table.Th>{texts.what}</Table.Th><Table.Th>{texts.details}</Table.Th></Table.Tr></Table.Thead>
                  <Table.Tbody>
                    {found.toReversed().map((event) => (
                      <Table.Tr key={event.id}>
                        <Table.Td style={{ whiteSpace: 'nowrap' }}>{showTime(event.occurred_at, zone)}</Table.Td>
                        <Table.Td>{eventWords[event.type] ?? event.type}</Table.Td>
                        <Table.Td><Details event={event} /></Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </Stack>
        );
      }}
    </Answer>
  );
}

function Details({ event: { data } }: { event: Event }) {
  return (
    <details>
      <summary>{'transaction_id' in data ? data.transaction_id : 'customer_id' in data ? data.customer_id : texts.details}</summary>
      <Code block style={{ whiteSpace: 'pre-wrap' }}>{JSON.stringify(data, null, 2)}</Code>
    </details>
  );
}
