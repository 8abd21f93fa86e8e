/** Reports: discount, redemptions, points and returns by campaign, promotion and period. */
import { Button, Group, NativeSelect, Paper, SegmentedControl, Stack, Text, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

import { api, call } from '../../api/client';
import type { BucketSize, Stats } from '../../api/schema';
import { money, number } from '../../money/money';
import { bucketsOf, seconds } from '../../parts/buckets';
import { NameField } from '../../parts/NamesField';
import { Plot } from '../../parts/Plot';
import type { Series } from '../../parts/Plot';
import { save, toCsv } from '../../parts/save';
import { Answer } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { ZonedTime } from '../../parts/ZonedTime';
import { bucketWords, periodWords } from '../../texts/promotion';
import { reports as texts } from '../../texts/reports';
import { shared } from '../../texts/shared';
import { now, startOfDay } from '../../time/zone';
import { NOTHING, rowsOf } from './rows';
import type { Grouping, Row } from './rows';
import { Rows } from './Rows';

type Measure = keyof typeof texts.measures;

const SIZES = Object.keys(bucketWords) as BucketSize[];
const GROUPS = Object.keys(texts.groups) as Grouping[];
const MEASURES = Object.keys(texts.measures) as Measure[];

function options(words: Record<string, string>) {
  return Object.entries(words).map(([value, label]) => ({ value, label }));
}

/** What is asked for stands in the address. */
function useAsked() {
  const { zone } = useOwnTenant();
  const [search, setSearch] = useSearchParams();
  const set = (values: Record<string, string>) => setSearch((before) => {
    const after = new URLSearchParams(before);
    for (const [name, value] of Object.entries(values)) {
      if (value === '') after.delete(name); else after.set(name, value);
    }
    return after;
  }, { replace: true });
  return {
    from: search.get('from') ?? startOfDay(zone, -29),
    to: search.get('to') ?? '',
    campaign: search.get('campaign') ?? '',
    bucket: SIZES.find((size) => size === search.get('bucket')) ?? 'day',
    group: GROUPS.find((group) => group === search.get('group')) ?? 'campaign',
    measure: MEASURES.find((measure) => measure === search.get('measure')) ?? 'discount',
    set,
  };
}

export default function Reports() {
  const { zone } = useOwnTenant();
  const asked = useAsked();
  const { from, to, bucket, campaign, group, measure, set } = asked;
  const wanted = { from, bucket, ...(to !== '' && { to }), ...(campaign !== '' && { campaign }) };
  const query = useQuery({
    queryKey: ['stats', 'report', wanted],
    placeholderData: keepPreviousData,
    queryFn: () => call(api.GET('/v1/stats', { params: { query: wanted } })),
  });
  return (
    <Stack gap="md">
      <div>
        <Title order={1} size="h2">{texts.title}</Title>
        <Text size="sm" c="dimmed">{texts.explain}</Text>
      </div>
      <Group gap="xs" align="start" role="search" aria-label={texts.title}>
        <ZonedTime label={texts.from} zone={zone} value={from} onChange={(value) => set({ from: value })} />
        <ZonedTime label={texts.to} description={texts.toHelp} zone={zone} value={to} onChange={(value) => set({ to: value })} />
        <NativeSelect label={texts.period} description={shared.zone(zone)} value="" data={[{ value: '', label: shared.none }, ...options(periodWords)]}
          onChange={(event) => { const days = Number(event.currentTarget.value); if (days > 0) set({ from: startOfDay(zone, 1 - days), to: '' }); }} />
        <NameField label={texts.campaign} description={texts.anyCampaign} lookup={{ field: 'campaign' }} value={campaign} onChange={(value) => set({ campaign: value })} />
      </Group>
      <Group gap="xs">
        <SegmentedControl size="xs" aria-label={texts.bucket} value={bucket} data={options(bucketWords)} onChange={(value) => set({ bucket: value })} />
        <SegmentedControl size="xs" aria-label={texts.measure} value={measure} data={options(texts.measures)} onChange={(value) => set({ measure: value })} />
      </Group>
      <Answer query={query} needs="viewer">
        {(stats) => (stats.promotions.every((own) => own.buckets.length === 0) ? <Text size="sm" c="dimmed">{texts.none}</Text> : (
          <>
            <Paper withBorder p="sm"><Drawn stats={stats} measure={measure} /></Paper>
            <Table stats={stats} group={group} setGroup={(value) => set({ group: value })} />
          </>
        ))}
      </Answer>
    </Stack>
  );
}

const plain = (height: number) => number(height);

function Drawn({ stats, measure }: { stats: Stats; measure: Measure }) {
  const { zone, currency } = useOwnTenant();
  const { times, series } = useMemo(() => {
    const starts = bucketsOf(stats.from, stats.to ?? now(), stats.bucket, zone);
    const known = new Map(rowsOf(stats, 'period').map((row) => [seconds(row.key ?? ''), row.sums]));
    const sums = starts.map((start) => known.get(seconds(start)) ?? NOTHING);
    const show = (value: string | number) => (measure === 'discount' ? money(String(value), currency) : number(value));
    const given = sums.map((own) => own[measure]);
    const back = sums.map((own) => (measure === 'redemptions' ? own.returns.count : own.returns[measure]));
    const drawn: Series[] = [
      { label: texts.measures[measure], color: 'main', values: given.map(Number), words: given.map(show) },
      { label: texts.returns, color: 'other', values: back.map((own) => -Number(own)), words: back.map(show) },
    ];
    return { times: starts.map(seconds), series: drawn };
  }, [stats, measure, zone, currency]);
  const axis = useCallback((height: number) => money(String(height), currency), [currency]);
  return <Plot title={texts.measures[measure]} times={times} series={series} kind="bars" zone={zone} axis={measure === 'discount' ? axis : plain} />;
}

function Table({ stats, group, setGroup }: { stats: Stats; group: Grouping; setGroup: (group: string) => void }) {
  const rows = useMemo(() => rowsOf(stats, group), [stats, group]);
  const line = ({ name, key, sums }: Row) => [
    name ?? '', ...(group === 'promotion' ? [key ?? ''] : []), String(sums.redemptions), String(sums.times), sums.discount, sums.points,
    String(sums.returns.count), sums.returns.discount, sums.returns.points,
  ];
  const write = () => save(texts.file(stats.from, group), toCsv([
    [texts.name[group], ...(group === 'promotion' ? ['id'] : []), texts.redemptions, texts.times, texts.discount, texts.points, texts.returns, texts.returned, texts.pointsBack],
    ...rows.map(line),
  ]));
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <SegmentedControl size="xs" aria-label={texts.group} value={group} data={options(texts.groups)} onChange={setGroup} />
        <Button size="xs" variant="default" onClick={write}>{shared.exportCsv}</Button>
      </Group>
      <Rows rows={rows} group={group} stats={stats} />
      <Text size="xs" c="dimmed">{texts.double} {shared.zone(stats.timezone)}.</Text>
    </Stack>
  );
}
