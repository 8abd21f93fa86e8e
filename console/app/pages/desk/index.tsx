/** The desk: a code, a customer or a redemption, found by what somebody reads out on the phone. */
import { Button, Group, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'react-router';

import { queries } from '../../api/queries';
import { desk as texts } from '../../texts/desk';
import { shared } from '../../texts/shared';
import { CodeCard } from './CodeCard';
import { CustomerCard } from './CustomerCard';
import { SaleCard } from './SaleCard';

type Kind = keyof typeof texts.kinds;

const KINDS = Object.keys(texts.kinds) as Kind[];

export default function Desk() {
  const [search, setSearch] = useSearchParams();
  const kind = KINDS.find((name) => search.has(name)) ?? 'customer';
  const asked = search.get(kind) ?? '';
  const go = (what: Kind, value: string) => {
    setSearch({ [what]: value });
    // Whoever finds the same again wants to know what is there now.
    void queries.invalidateQueries();
  };
  return (
    <Stack gap="md">
      <div>
        <Title order={1} size="h2">{texts.title}</Title>
        <Text size="sm" c="dimmed">{texts.explain}</Text>
      </div>
      <Search key={`${kind} ${asked}`} kind={kind} asked={asked} go={go} />
      {asked !== '' && kind === 'code' && <CodeCard code={asked} />}
      {asked !== '' && kind === 'customer' && <CustomerCard key={asked} id={asked} />}
      {asked !== '' && kind === 'tx' && <SaleCard key={asked} id={asked} />}
    </Stack>
  );
}

function Search({ kind, asked, go }: { kind: Kind; asked: string; go: (kind: Kind, value: string) => void }) {
  const [chosen, setChosen] = useState(kind);
  const [typed, setTyped] = useState(asked);
  return (
    <form role="search" onSubmit={(event) => { event.preventDefault(); if (typed.trim() !== '') go(chosen, typed.trim()); }}>
      <Stack gap="xs" maw={520}>
        <SegmentedControl aria-label={texts.kind} value={chosen} onChange={(value) => setChosen(KINDS.find((name) => name === value) ?? 'customer')}
          data={KINDS.map((value) => ({ value, label: texts.kinds[value] }))} />
        <Group gap="xs" align="end" wrap="nowrap">
          <TextInput style={{ flex: 1 }} label={texts.labels[chosen]} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoComplete="off" spellCheck={false} />
          <Button type="submit" disabled={typed.trim() === ''}>{shared.find}</Button>
        </Group>
      </Stack>
    </form>
  );
}
