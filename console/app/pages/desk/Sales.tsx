/** Redemptions of a code or of a customer. */
import { Anchor, Table, Text } from '@mantine/core';
import { Link } from 'react-router';

import { api, call } from '../../api/client';
import { money } from '../../money/money';
import { after, Paged, usePaged } from '../../parts/paged';
import { useOwnTenant } from '../../parts/tenant';
import { deskSale as texts, redemptionStateWords } from '../../texts/desk';
import { showTime } from '../../time/zone';

export function Sales({ filter, title, empty }: { filter: { code: string } | { customer_id: string }; title: string; empty: string }) {
  const { currency, zone } = useOwnTenant();
  const query = usePaged(['redemptions', filter], (cursor) => call(api.GET('/v1/redemptions', { params: { query: { ...filter, ...after(cursor, 20) } } })));
  return (
    <Paged query={query} empty={<Text size="sm" c="dimmed">{empty}</Text>}>
      {(items) => (
        <Table.ScrollContainer minWidth={320}>
          <Table aria-label={title} verticalSpacing={4}>
            <Table.Thead><Table.Tr>
              <Table.Th>{texts.transaction}</Table.Th><Table.Th visibleFrom="xs">{texts.state}</Table.Th><Table.Th>{texts.when}</Table.Th>
              <Table.Th ta="end">{texts.discount}</Table.Th><Table.Th ta="end" visibleFrom="xs">{texts.payable}</Table.Th>
            </Table.Tr></Table.Thead>
            <Table.Tbody>
              {items.map((own) => (
                <Table.Tr key={own.id}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}><Anchor component={Link} size="sm" to={`/desk?tx=${own.id}`}>{own.transaction_id}</Anchor></Table.Td>
                  <Table.Td visibleFrom="xs">{redemptionStateWords[own.state]}</Table.Td>
                  <Table.Td>{showTime(own.evaluated_at, zone)}</Table.Td>
                  <Table.Td ta="end">{money(own.totals.discount, currency)}</Table.Td>
                  <Table.Td ta="end" visibleFrom="xs">{money(own.totals.payable, currency)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Paged>
  );
}
