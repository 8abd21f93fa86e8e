import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Stats, StatsTotals } from '../../api/schema';
import { money, number, trim } from '../../money/money';
import { promotionLink } from '../../parts/promotionLink';
import { useOwnTenant } from '../../parts/tenant';
import { reports as texts } from '../../texts/reports';
import { showTime } from '../../time/zone';
import type { Grouping, Row } from './rows';

export function Rows({ rows, group, stats }: { rows: readonly Row[]; group: Grouping; stats: Stats }) {
  const { zone } = useOwnTenant();
  const style = stats.bucket === 'hour' ? 'full' : stats.bucket === 'month' ? 'month' : 'date';
  const nameOf = ({ key, name }: Row): ReactNode => {
    if (group === 'period') return key === null ? '' : showTime(key, zone, style);
    if (group === 'campaign') return name ?? texts.noCampaign;
    return promotionLink({ promotion_id: key ?? '', name: name ?? '' });
  };
  const heads = [texts.redemptions, texts.times, texts.discount, texts.points, texts.returns, texts.returned, texts.pointsBack];
  return (
    <Table.ScrollContainer minWidth={680}>
      <Table aria-label={texts.groups[group]} verticalSpacing={4} highlightOnHover style={{ fontVariantNumeric: 'tabular-nums' }}>
        <Table.Thead><Table.Tr><Table.Th>{texts.name[group]}</Table.Th>{heads.map((head) => <Table.Th key={head} ta="end">{head}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.map((row) => <Table.Tr key={row.key}><Table.Th scope="row" fw={400}>{nameOf(row)}</Table.Th><Cells sums={row.sums} /></Table.Tr>)}
        </Table.Tbody>
        <Table.Tfoot><Table.Tr fw={600}><Table.Th scope="row">{texts.total}</Table.Th><Cells sums={stats.total} /></Table.Tr></Table.Tfoot>
      </Table>
    </Table.ScrollContainer>
  );
}

function Cells({ sums }: { sums: StatsTotals }) {
  const { currency } = useOwnTenant();
  const values = [
    number(sums.redemptions), number(sums.times), money(sums.discount, currency), number(trim(sums.points)),
    number(sums.returns.count), money(sums.returns.discount, currency), number(trim(sums.returns.points)),
  ];
  return values.map((value, place) => <Table.Td key={place} ta="end">{value}</Table.Td>);
}
