import { Anchor, Group, Stack, Table, Text, UnstyledButton } from '@mantine/core';
import { lazy, memo, Suspense, useCallback, useMemo, useState } from 'react';
import { Link } from 'react-router';

import type { Promotion } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { money, number } from '../../money/money';
import { LimitBar, limitsOf } from '../../parts/LimitBar';
import { Sparkline } from '../../parts/Sparkline';
import { StateBadge } from '../../parts/StateBadge';
import { useOwnTenant } from '../../parts/tenant';
import { promotions as texts } from '../../texts/promotions';
import { typeWords } from '../../texts/words';
import { sameInstant, showTime, startOfDay } from '../../time/zone';
import { DAYS, useLastDays } from './data';
import type { Week } from './data';
import type { ListState, Sort } from './filters';

/** Needed only when something is selected. */
const Bulk = lazy(() => import('./Bulk'));

export function List({ items, state }: { items: readonly Promotion[]; state: ListState }) {
  const canWrite = useCanWrite();
  const { zone } = useOwnTenant();
  const week = useLastDays(zone).data;
  const days = useMemo(() => Array.from({ length: DAYS }, (_, day) => startOfDay(zone, day + 1 - DAYS)), [zone]);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => items.filter((item) => selected.has(item.id)), [items, selected]);
  const toggle = useCallback((id: string) => setSelected((before) => {
    const after = new Set(before);
    if (!after.delete(id)) after.add(id);
    return after;
  }), []);
  const isAll = shown.length === items.length;
  return (
    <Stack gap="xs">
      {canWrite && selected.size > 0 && <Suspense fallback={null}><Bulk selected={shown} clear={() => setSelected(new Set())} /></Suspense>}
      <Table.ScrollContainer minWidth={320}>
        <Table verticalSpacing={6} horizontalSpacing="xs" highlightOnHover aria-label={texts.title}>
          <Table.Thead>
            <Table.Tr>
              {canWrite && (
                <Table.Th w={30}>
                  <input
                    type="checkbox" aria-label={texts.selectAll} checked={isAll}
                    onChange={() => setSelected(isAll ? new Set() : new Set(items.map((item) => item.id)))}
                  />
                </Table.Th>
              )}
              <Table.Th w={120}>{texts.state}</Table.Th>
              <Sorted state={state} by="name" label={texts.name} />
              <Table.Th visibleFrom="md">{texts.type}</Table.Th>
              <Table.Th visibleFrom="md">{texts.campaign}</Table.Th>
              <Sorted state={state} by="starts_at" label={texts.from} wide />
              <Sorted state={state} by="ends_at" label={texts.to} wide />
              <Table.Th visibleFrom="sm">{texts.budget}</Table.Th>
              <Table.Th visibleFrom="sm">{texts.week}</Table.Th>
              {canWrite && <Table.Th visibleFrom="sm" w={96} />}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((item) => (
              <Row
                key={item.id} item={item} week={week?.get(item.id)} days={days} isSelected={selected.has(item.id)}
                toggle={toggle} canWrite={canWrite}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Text size="xs" c="dimmed">{texts.count(items.length, null)} · {texts.times(zone)}</Text>
    </Stack>
  );
}

function Sorted({ state, by, label, wide = false }: { state: ListState; by: Sort; label: string; wide?: boolean }) {
  const now = state.filters.sort;
  const order = now === by ? 'ascending' : now === `-${by}` ? 'descending' : 'none';
  const next = order === 'none' ? by : order === 'ascending' ? `-${by}` : null;
  return (
    <Table.Th aria-sort={order} {...(wide && { visibleFrom: 'sm' })}>
      <UnstyledButton fz="sm" fw={700} title={texts.sortBy(label)} onClick={() => state.set('sort', next)}>
        {label} <span aria-hidden>{{ ascending: '↑', descending: '↓', none: '↕' }[order]}</span>
      </UnstyledButton>
    </Table.Th>
  );
}

interface RowProps {
  item: Promotion;
  week: Week | undefined;
  days: readonly string[];
  isSelected: boolean;
  toggle: (id: string) => void;
  canWrite: boolean;
}

const Row = memo(function Row({ item, week, days, isSelected, toggle, canWrite }: RowProps) {
  const { zone } = useOwnTenant();
  const budget = limitsOf(item.usage).filter((limit) => limit.name.startsWith('promotion.'));
  const [from, to] = [showTime(item.starts_at, zone), showTime(item.ends_at, zone)];
  return (
    <Table.Tr {...(isSelected && { bg: 'var(--mantine-primary-color-light)' })}>
      {canWrite && (
        <Table.Td>
          <input type="checkbox" checked={isSelected} onChange={() => toggle(item.id)} aria-label={texts.select(item.name)} />
        </Table.Td>
      )}
      <Table.Td><StateBadge state={item.state} /></Table.Td>
      <Table.Td>
        <Anchor component={Link} to={`/promotions/${item.id}`} size="sm" fw={500}>{item.name}</Anchor>
        <small className="under mantine-hidden-from-sm">{from} – {to}</small>
        <small className="under mantine-hidden-from-md mantine-visible-from-sm">{typeWords[item.type]}{item.campaign !== null && ` · ${item.campaign}`}</small>
      </Table.Td>
      <Table.Td visibleFrom="md">{typeWords[item.type]}</Table.Td>
      <Table.Td visibleFrom="md">{item.campaign}</Table.Td>
      <Table.Td visibleFrom="sm"><Moment at={item.starts_at} /></Table.Td>
      <Table.Td visibleFrom="sm"><Moment at={item.ends_at} /></Table.Td>
      <Table.Td visibleFrom="sm">
        {budget.length === 0 && <small className="under">{texts.noBudget}</small>}
        {budget.map((limit) => <LimitBar key={limit.name} limit={limit} compact />)}
      </Table.Td>
      <Table.Td visibleFrom="sm"><LastDays week={week} days={days} /></Table.Td>
      {canWrite && (
        <Table.Td visibleFrom="sm">
          <Group gap={6} wrap="nowrap">
            {item.state !== 'archived' && (
              <Anchor component={Link} to={`/promotions/${item.id}/edit`} size="xs" aria-label={texts.editOf(item.name)}>{texts.edit}</Anchor>
            )}
            <Anchor component={Link} to={`/promotions/new?from=${item.id}`} size="xs" aria-label={texts.copyOf(item.name)}>{texts.copy}</Anchor>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
});

function Moment({ at }: { at: string }) {
  const { zone } = useOwnTenant();
  return (
    <span style={{ whiteSpace: 'nowrap' }}>
      {showTime(at, zone, 'date')}
      <small className="under">{showTime(at, zone, 'time')}</small>
    </span>
  );
}

function LastDays({ week, days }: { week: Week | undefined; days: readonly string[] }) {
  const { currency } = useOwnTenant();
  if (week === undefined || week.total.redemptions === 0) return <small className="under">{texts.noWeek}</small>;
  const buckets = days.map((day) => week.buckets.find(({ starts_at }) => starts_at !== null && sameInstant(starts_at, day)));
  const [redemptions, discount] = [number(week.total.redemptions), money(week.total.discount, currency)];
  return (
    <Group gap={6} wrap="nowrap">
      {/* Heights of a plot, not amounts. */}
      <Sparkline
        bars={buckets.map((bucket) => bucket?.redemptions ?? 0)} line={buckets.map((bucket) => Number(bucket?.discount ?? 0))}
        label={texts.weekLabel(redemptions, discount)}
      />
      <Text size="xs" style={{ whiteSpace: 'nowrap' }} aria-hidden>{redemptions} · {discount}</Text>
    </Group>
  );
}
