import { Button, Checkbox, Group, MultiSelect, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

import { promotions as texts } from '../../texts/promotions';
import { stateWords, typeWords } from '../../texts/words';
import type { FilterName, ListState } from './filters';

const options = (words: Record<string, string>) => Object.entries(words).map(([value, label]) => ({ value, label }));

/** A text filter. It asks when the typing rests. */
function Typed({ state, name, label, width }: { state: ListState; name: FilterName; label: string; width: number }) {
  const [text, setText] = useState(state.filters[name] ?? '');
  const apply = useDebouncedCallback((value: string) => state.set(name, value.trim()), 250);
  return (
    <TextInput
      label={label} size="xs" w={width} value={text} type={name === 'q' ? 'search' : 'text'}
      onChange={(event) => { setText(event.currentTarget.value); apply(event.currentTarget.value); }}
    />
  );
}

export function FilterBar({ state }: { state: ListState }) {
  const { filters, set } = state;
  // Clearing empties the fields too: they are made anew.
  const [round, setRound] = useState(0);
  return (
    <Group gap="xs" align="end" role="search" aria-label={texts.filters} key={round}>
      <Typed state={state} name="q" label={texts.search} width={190} />
      <MultiSelect
        label={texts.state} size="xs" miw={150} data={options(stateWords)} clearable value={filters.state?.split(',') ?? []}
        onChange={(values) => set('state', values.join(','))}
      />
      <Select
        label={texts.type} size="xs" w={130} data={options(typeWords)} clearable value={filters.type ?? null}
        onChange={(value) => set('type', value)}
      />
      <Typed state={state} name="campaign" label={texts.campaign} width={130} />
      <Typed state={state} name="store" label={texts.store} width={100} />
      <Typed state={state} name="code" label={texts.code} width={120} />
      <Select
        label={texts.ends} size="xs" w={110} placeholder={texts.endsAny} clearable value={filters.ends ?? null}
        data={[1, 7, 30].map((days) => ({ value: String(days), label: texts.endsDays(days) }))} onChange={(value) => set('ends', value)}
      />
      <Checkbox
        label={texts.exhausted} size="xs" mb={7} checked={filters.exhausted === 'true'}
        onChange={(event) => set('exhausted', event.currentTarget.checked ? 'true' : null)}
      />
      {state.isFiltered && (
        <Button size="xs" variant="subtle" onClick={() => { state.clear(); setRound(round + 1); }}>{texts.clear}</Button>
      )}
    </Group>
  );
}
