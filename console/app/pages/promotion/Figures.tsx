/** Redemptions and discount over time; what returns took back lies below the line. */
import { Group, Paper, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';

import { api, call } from '../../api/client';
import type { BucketSize, Promotion, PromotionStats } from '../../api/schema';
import { money, number } from '../../money/money';
import { bucketsOf, filled, seconds } from '../../parts/buckets';
import { Plot } from '../../parts/Plot';
import type { Series } from '../../parts/Plot';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { bucketWords, periodWords, promotion as texts } from '../../texts/promotion';
import { shared } from '../../texts/shared';
import { now, showTime, startOfDay } from '../../time/zone';

const SIZES = Object.keys(bucketWords) as BucketSize[];

const options = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }));

export function Figures({ promotion: { id } }: { promotion: Promotion }) {
  const { zone } = useOwnTenant();
  const [bucket, setBucket] = useState<BucketSize>('day');
  const [days, setDays] = useState('30');
  const query = useQuery({
    queryKey: ['stats', id, bucket, days, zone],
    placeholderData: keepPreviousData,
    queryFn: () => call(api.GET('/v1/promotions/{id}/stats', {
      params: { path: { id }, query: { bucket, from: startOfDay(zone, 1 - Number(days)) } },
    })),
  });
  return (
    <Paper withBorder p="md" component="section" aria-label={texts.figures}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">{texts.figures}</Title>
        <Group gap="xs">
          <SegmentedControl size="xs" aria-label={texts.period} value={days} onChange={setDays} data={options(periodWords)} />
          <SegmentedControl size="xs" aria-label={texts.bucket} value={bucket} data={options(bucketWords)}
            onChange={(value) => setBucket(SIZES.find((size) => size === value) ?? 'day')} />
        </Group>
      </Group>
      <Answer query={query} needs="viewer">{(stats) => <Shown stats={stats} />}</Answer>
    </Paper>
  );
}

const plain = (height: number) => String(height);

function Shown({ stats }: { stats: PromotionStats }) {
  const { currency, zone } = useOwnTenant();
  const { times, counts, amounts } = useMemo(() => {
    const starts = bucketsOf(stats.from, stats.to ?? now(), stats.bucket, zone);
    const told = filled(starts, stats.buckets);
    const show = (amount: string | undefined) => money(amount ?? '0', currency);
    const counted: Series[] = [
      { label: texts.redemptions, color: 'main', values: told.map((own) => own?.redemptions ?? 0), words: told.map((own) => number(own?.redemptions ?? 0)) },
      { label: texts.returns, color: 'other', values: told.map((own) => -(own?.returns.count ?? 0)), words: told.map((own) => number(own?.returns.count ?? 0)) },
    ];
    const given: Series[] = [
      { label: texts.discount, color: 'main', values: told.map((own) => Number(own?.discount ?? 0)), words: told.map((own) => show(own?.discount)) },
      { label: texts.returned, color: 'other', values: told.map((own) => -Number(own?.returns.discount ?? 0)), words: told.map((own) => show(own?.returns.discount)) },
    ];
    return { times: starts.map(seconds), counts: counted, amounts: given };
  }, [stats, currency, zone]);
  const axis = useCallback((height: number) => money(String(height), currency), [currency]);
  if (stats.buckets.length === 0) return <Text size="sm" c="dimmed">{texts.noFigures}</Text>;
  return (
    <Stack gap="md">
      <Text size="sm">{texts.totals(number(stats.total.redemptions), money(stats.total.discount, currency))}</Text>
      <Plot title={texts.redemptions} times={times} series={counts} kind="bars" zone={zone} axis={plain} />
      <Plot title={texts.discount} times={times} series={amounts} kind="bars" zone={zone} axis={axis} />
      <details>
        <summary>{shared.numbers}</summary>
        <Numbers stats={stats} />
      </details>
      {stats.steps !== undefined && stats.steps.length > 0 && (
        <Table aria-label={texts.steps}>
          <Table.Tbody>
            {stats.steps.map((step) => (
              <Table.Tr key={step.step}>
                <Table.Th scope="row" fw={500}>{texts.stepOf(step.step + 1)}</Table.Th>
                <Table.Td>{number(step.redemptions)}</Table.Td>
                <Table.Td>{money(step.discount, currency)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

function Numbers({ stats }: { stats: PromotionStats }) {
  const { currency, zone } = useOwnTenant();
  const style = stats.bucket === 'hour' ? 'full' : stats.bucket === 'month' ? 'month' : 'date';
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table aria-label={texts.figures} ta="end">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{texts.when}</Table.Th>
            {[texts.redemptions, texts.times, texts.discount, texts.points, texts.returns, texts.returned].map((word) => <Table.Th key={word} ta="end">{word}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {stats.buckets.map((own) => (
            <Table.Tr key={own.starts_at}>
              <Table.Th scope="row" fw={400} ta="start">{own.starts_at !== null && showTime(own.starts_at, zone, style)}</Table.Th>
              <Table.Td>{number(own.redemptions)}</Table.Td>
              <Table.Td>{number(own.times)}</Table.Td>
              <Table.Td>{money(own.discount, currency)}</Table.Td>
              <Table.Td>{number(own.points)}</Table.Td>
              <Table.Td>{number(own.returns.count)}</Table.Td>
              <Table.Td>{money(own.returns.discount, currency)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
