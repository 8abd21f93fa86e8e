import { Button, Checkbox, Group, Input, NativeSelect, TextInput } from '@mantine/core';
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
      <States chosen={filters.state?.split(',') ?? []} choose={(states) => set('state', states.join(','))} />
      <NativeSelect
        label={texts.type} size="xs" w={130} data={[{ value: '', label: texts.any }, ...options(typeWords)]} value={filters.type ?? ''}
        onChange={(event) => set('type', event.currentTarget.value)}
      />
      <Typed state={state} name="campaign" label={texts.campaign} width={130} />
      <Typed state={state} name="store" label={texts.store} width={100} />
      <Typed state={state} name="code" label={texts.code} width={120} />
      <NativeSelect
        label={texts.ends} size="xs" w={110} value={filters.ends ?? ''} onChange={(event) => set('ends', event.currentTarget.value)}
        data={[{ value: '', label: texts.any }, ...[1, 7, 30].map((days) => ({ value: String(days), label: texts.endsDays(days) }))]}
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

/** The states, each of which can be turned on. None: all but archived ones. */
function States({ chosen, choose }: { chosen: readonly string[]; choose: (states: string[]) => void }) {
  return (
    <Input.Wrapper label={texts.state} size="xs" labelElement="div">
      <Button.Group>
        {options(stateWords).map(({ value, label }) => {
          const isOn = chosen.includes(value);
          return (
            <Button key={value} size="xs" px={8} fw={400} variant={isOn ? 'filled' : 'default'} aria-pressed={isOn}
              onClick={() => choose(isOn ? chosen.filter((state) => state !== value) : [...chosen, value])}>
              {label}
            </Button>
          );
        })}
      </Button.Group>
    </Input.Wrapper>
  );
}
