/** What the recorded sales come to under today's rules, and with the change. */
import { Alert, Button, Paper, Stack, Table, Text, Title } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';

import type { BacktestResult } from '../../api/schema';
import { compare, money, number, subtract, trim } from '../../money/money';
import { seconds } from '../../parts/buckets';
import { Plot } from '../../parts/Plot';
import type { Series } from '../../parts/Plot';
import { promotionLink } from '../../parts/promotionLink';
import { useOwnTenant } from '../../parts/tenant';
import { backtestResult as texts } from '../../texts/backtests';
import { shared } from '../../texts/shared';
import { showTime } from '../../time/zone';
import { kept } from './input';

export function Result({ id, result }: { id: string; result: BacktestResult }) {
  if (result.redemptions === 0) return <Text>{texts.noCarts}</Text>;
  return (
    <Stack gap="lg">
      <Summary result={result} />
      <Days result={result} />
      <Promotions result={result} />
      <Examples id={id} result={result} />
    </Stack>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={title}>
      <Title order={2} size="h4" mb="xs">{title}</Title>
      {children}
    </Paper>
  );
}

/** With a sign, so that more and less are told apart. */
function signed(value: string, show: (value: string) => string): string {
  const order = compare(value, '0');
  return order > 0 ? `+${show(value)}` : show(value);
}

function Summary({ result }: { result: BacktestResult }) {
  const { currency } = useOwnTenant();
  const { recorded, baseline, changed } = result;
  const amount = (value: string) => money(value, currency);
  const plain = (value: string) => number(trim(value));
  const rows: [string, string, string, string, string][] = [
    [texts.discount, amount(recorded.discount), amount(baseline.discount), amount(changed.discount), signed(subtract(changed.discount, baseline.discount), amount)],
    [texts.discounted, number(recorded.carts), number(baseline.carts), number(changed.carts), signed(String(changed.carts - baseline.carts), plain)],
    [texts.points, shared.none, plain(baseline.points), plain(changed.points), signed(subtract(changed.points, baseline.points), plain)],
  ];
  return (
    <Section title={texts.summary}>
      <Text size="sm">{texts.carts(number(result.redemptions), result.sampled_every)} {texts.gross(amount(result.gross))}</Text>
      <Text size="sm" fw={600}>{texts.compared(number(result.better), number(result.worse), number(result.same))}</Text>
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label={texts.summary} verticalSpacing={4} style={{ fontVariantNumeric: 'tabular-nums' }}>
          <Table.Thead><Table.Tr><Table.Th />{[texts.recorded, texts.baseline, texts.changed, texts.gap].map((head) => <Table.Th key={head} ta="end">{head}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>{rows.map(([name, ...values]) => <Table.Tr key={name}><Table.Th scope="row" fw={500}>{name}</Table.Th>{values.map((value, place) => <Table.Td key={place} ta="end">{value}</Table.Td>)}</Table.Tr>)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

function Days({ result: { days } }: { result: BacktestResult }) {
  const { currency, zone } = useOwnTenant();
  const { times, series } = useMemo(() => {
    const drawn: Series[] = [
      { label: texts.baseline, color: 'main', values: days.map((day) => Number(day.baseline.discount)), words: days.map((day) => money(day.baseline.discount, currency)) },
      { label: texts.changed, color: 'other', values: days.map((day) => Number(day.changed.discount)), words: days.map((day) => money(day.changed.discount, currency)) },
    ];
    return { times: days.map((day) => seconds(day.from)), series: drawn };
  }, [days, currency]);
  const axis = useCallback((height: number) => money(String(height), currency), [currency]);
  return (
    <Section title={texts.days}>
      <Plot title={texts.discount} times={times} series={series} kind="line" zone={zone} axis={axis} />
      <details>
        <summary>{shared.numbers}</summary>
        <Table aria-label={texts.days} verticalSpacing={3}>
          <Table.Thead><Table.Tr><Table.Th>{texts.day}</Table.Th>{[texts.baseline, texts.changed, texts.gap].map((head) => <Table.Th key={head} ta="end">{head}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>
            {days.map((day) => (
              <Table.Tr key={day.from}>
                <Table.Th scope="row" fw={400}>{showTime(day.from, zone, 'date')}</Table.Th>
                <Table.Td ta="end">{money(day.baseline.discount, currency)}</Table.Td><Table.Td ta="end">{money(day.changed.discount, currency)}</Table.Td>
                <Table.Td ta="end">{signed(subtract(day.changed.discount, day.baseline.discount), (value) => money(value, currency))}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </Section>
  );
}

function Promotions({ result: { promotions } }: { result: BacktestResult }) {
  const { currency } = useOwnTenant();
  const amount = (value: string) => money(value, currency);
  const sorted = promotions.toSorted((a, b) => compare(b.changed.discount, a.changed.discount));
  return (
    <Section title={texts.promotions}>
      <Table.ScrollContainer minWidth={620}>
        <Table aria-label={texts.promotions} verticalSpacing={4} style={{ fontVariantNumeric: 'tabular-nums' }}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th rowSpan={2}>{texts.promotion}</Table.Th><Table.Th colSpan={2} ta="center">{texts.baseline}</Table.Th><Table.Th colSpan={2} ta="center">{texts.changed}</Table.Th><Table.Th rowSpan={2} ta="end">{texts.gap}</Table.Th>
            </Table.Tr>
            <Table.Tr>{[texts.times, texts.discount, texts.times, texts.discount].map((head, place) => <Table.Th key={place} ta="end">{head}</Table.Th>)}</Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sorted.map((own) => (
              <Table.Tr key={own.promotion_id}>
                <Table.Th scope="row" fw={400}>{promotionLink(own)}</Table.Th>
                <Table.Td ta="end">{number(own.baseline.times)}</Table.Td><Table.Td ta="end">{amount(own.baseline.discount)}</Table.Td>
                <Table.Td ta="end">{number(own.changed.times)}</Table.Td><Table.Td ta="end">{amount(own.changed.discount)}</Table.Td>
                <Table.Td ta="end">{signed(subtract(own.changed.discount, own.baseline.discount), amount)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}

function Examples({ id, result: { examples } }: { id: string; result: BacktestResult }) {
  const { currency } = useOwnTenant();
  const navigate = useNavigate();
  const [change] = useState(() => kept(id));
  const open = (transaction: string) => {
    const query = new URLSearchParams({ tx: transaction, ...(change !== null && (change.without ?? []).length > 0 && { without: (change.without ?? []).join(',') }) });
    void navigate(`/try?${query.toString()}`, { state: { with: change?.with ?? [] } });
  };
  return (
    <Section title={texts.examples}>
      {change === null && <Alert color="blue" p="xs" mb="xs">{texts.unknownInput}</Alert>}
      <Table.ScrollContainer minWidth={420}>
        <Table aria-label={texts.examples} verticalSpacing={4} style={{ fontVariantNumeric: 'tabular-nums' }}>
          <Table.Thead><Table.Tr><Table.Th>{texts.transaction}</Table.Th>{[texts.baseline, texts.changed, texts.gap].map((head) => <Table.Th key={head} ta="end">{head}</Table.Th>)}<Table.Th><span className="visually-hidden">{texts.open}</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {examples.map((own) => (
              <Table.Tr key={own.transaction_id}>
                <Table.Th scope="row" fw={400}>{own.transaction_id}</Table.Th>
                <Table.Td ta="end">{money(own.baseline, currency)}</Table.Td><Table.Td ta="end">{money(own.changed, currency)}</Table.Td>
                <Table.Td ta="end">{signed(subtract(own.changed, own.baseline), (value) => money(value, currency))}</Table.Td>
                <Table.Td ta="end"><Button size="compact-xs" variant="default" aria-label={texts.openOf(own.transaction_id)} onClick={() => open(own.transaction_id)}>{texts.open}</Button></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  );
}
