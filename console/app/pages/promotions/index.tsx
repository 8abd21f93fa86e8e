/** All promotions: a table or a calendar, with filters that stand in the address. */
import { Button, Group, SegmentedControl, Stack, Title } from '@mantine/core';
import { useMemo } from 'react';
import { Link } from 'react-router';

import { useCanWrite } from '../../api/session';
import { Answer, Empty } from '../../parts/states';
import { promotions as texts } from '../../texts/promotions';
import { Calendar } from './Calendar';
import { usePromotions } from './data';
import { FilterBar } from './FilterBar';
import { useListState } from './filters';
import type { ListState, View } from './filters';
import { List } from './List';

function MakeButton({ label }: { label: string }) {
  return <Button component={Link} to="/promotions/new">{label}</Button>;
}

function Nothing({ state }: { state: ListState }) {
  const canWrite = useCanWrite();
  if (state.isFiltered) {
    return (
      <Empty title={texts.nothingTitle} action={<Button variant="light" onClick={state.clear}>{texts.clear}</Button>}>
        {texts.nothing}
      </Empty>
    );
  }
  return (
    <Empty title={texts.noneTitle} action={canWrite && <MakeButton label={texts.first} />}>
      {canWrite ? texts.none : texts.noneViewer}
    </Empty>
  );
}

export default function Promotions() {
  const state = useListState();
  const canWrite = useCanWrite();
  const query = usePromotions(state.filters);
  const items = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const more = query.hasNextPage && (
    <Group justify="center">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{texts.more}</Button>
    </Group>
  );
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Title order={1} size="h2">{texts.title}</Title>
        <Group gap="sm">
          <SegmentedControl
            size="sm" aria-label={texts.view} value={state.view}
            onChange={(view) => state.set('view', view === 'table' ? null : view)}
            data={[{ value: 'table' satisfies View, label: texts.table }, { value: 'calendar' satisfies View, label: texts.calendar }]}
          />
          {canWrite && <MakeButton label={texts.make} />}
        </Group>
      </Group>
      <FilterBar state={state} />
      <Answer query={query} needs="viewer">
        {() => {
          if (items.length === 0) return <Nothing state={state} />;
          return state.view === 'calendar'
            ? <>{<Calendar items={items} />}{more}</>
            : <>{<List items={items} state={state} />}{more}</>;
        }}
      </Answer>
    </Stack>
  );
}
