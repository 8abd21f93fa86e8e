/** Issuances of a customer. */
import { Table, Text } from '@mantine/core';
import { useMutation, useQueries } from '@tanstack/react-query';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { IssuanceState } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { Ask } from '../../parts/Ask';
import { after, Paged, usePaged } from '../../parts/paged';
import { promotionLink } from '../../parts/promotionLink';
import { useOwnTenant } from '../../parts/tenant';
import { deskCustomer as texts } from '../../texts/desk';
import { issuanceSourceWords, issuanceStateWords } from '../../texts/promotion';
import { showTime } from '../../time/zone';

const ENDED: readonly IssuanceState[] = ['used_up', 'expired', 'revoked'];

/** The names of promotions: issuances have their ids alone. */
function useNames(ids: readonly string[]): (id: string) => string {
  const found = useQueries({
    queries: [...new Set(ids)].map((id) => ({
      queryKey: ['promotions', id],
      queryFn: () => call(api.GET('/v1/promotions/{id}', { params: { path: { id } } })),
      staleTime: 60_000,
    })),
    combine: (answers) => new Map(answers.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data.name] as const]))),
  });
  return (id) => found.get(id) ?? id;
}

export function Held({ customer }: { customer: string }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const query = usePaged(['issuances', 'for', customer], (cursor) =>
    call(api.GET('/v1/issuances', { params: { query: { customer_id: customer, ...after(cursor, 20) } } })));
  const nameOf = useNames(query.data?.pages.flatMap((page) => page.items.map((own) => own.promotion_id)) ?? []);
  const revoke = useMutation({
    mutationFn: (id: string) => call(api.POST('/v1/issuances/{id}/revoke', { params: { path: { id } } })),
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['issuances'] }), queries.invalidateQueries({ queryKey: ['customers', customer] })]),
  });
  return (
    <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.noHeld}</Text>}>
      {(items) => (
        <Table.ScrollContainer minWidth={320}>
          <Table aria-label={texts.held} verticalSpacing={4}>
            <Table.Thead><Table.Tr>
              <Table.Th>{texts.promotion}</Table.Th><Table.Th>{texts.state}</Table.Th><Table.Th visibleFrom="sm">{texts.issued}</Table.Th>
              <Table.Th>{texts.expires}</Table.Th><Table.Th visibleFrom="sm">{texts.source}</Table.Th>{canWrite && <Table.Th><span className="visually-hidden">{texts.revoke}</span></Table.Th>}
            </Table.Tr></Table.Thead>
            <Table.Tbody>
              {items.map((own) => {
                const name = nameOf(own.promotion_id);
                return (
                  <Table.Tr key={own.id}>
                    <Table.Td>{promotionLink({ promotion_id: own.promotion_id, name })}</Table.Td>
                    <Table.Td>{issuanceStateWords[own.state]}</Table.Td>
                    <Table.Td visibleFrom="sm">{showTime(own.issued_at, zone)}</Table.Td>
                    <Table.Td>{showTime(own.expires_at, zone)}</Table.Td>
                    <Table.Td visibleFrom="sm">{issuanceSourceWords[own.source]}{own.source_id !== null && ` · ${own.source_id}`}</Table.Td>
                    {canWrite && (
                      <Table.Td>
                        {!ENDED.includes(own.state) && (
                          <Ask size="compact-xs" button={texts.revoke} label={texts.revokeOf(name)} title={texts.revokeTitle(name)} go={texts.revoke} onGo={() => revoke.mutateAsync(own.id)} doing={revoke}>
                            <Text size="sm">{texts.revokeText}</Text>
                          </Ask>
                        )}
                      </Table.Td>
                    )}
                  </Table.Tr>
                );
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paged>
  );
}
