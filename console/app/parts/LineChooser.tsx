/** Which lines of a cart are meant, by names alone. A selector that says more is edited as a document. */
import { ActionIcon, Button, Group, NativeSelect, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';

import type { PredicateInput, SelectorInput } from '../api/schema';
import { lineChooser as texts } from '../texts/setup';
import { NamesField } from './NamesField';
import { isPlainSelector } from './selector';

type Field = keyof typeof texts.fields;

const FIELDS = Object.keys(texts.fields) as Field[];

export function LineChooser({ label, none = texts.all, value, onChange, disabled = false }: {
  label: string;
  /** What it means that nothing is chosen. */
  none?: string;
  value: SelectorInput | null;
  onChange: (value: SelectorInput | null) => void;
  disabled?: boolean;
}) {
  const [isPlain] = useState(() => isPlainSelector(value));
  if (!isPlain) return <AsDocument label={label} value={value} onChange={onChange} disabled={disabled} />;
  const tests = value?.include ?? [];
  const set = (include: PredicateInput[]) => onChange(include.length === 0 ? null : { match: value?.match ?? 'all', include });
  const change = (place: number, part: Partial<PredicateInput>) => set(tests.map((own, at) => (at === place ? { ...own, ...part } : own)));
  return (
    <Stack gap={6} role="group" aria-label={label}>
      <Text size="sm" fw={500}>{label}</Text>
      {tests.length === 0 && <Text size="sm" c="dimmed">{none}</Text>}
      {tests.map((own, place) => (
        <Group key={place} gap={6} align="start" wrap="nowrap">
          <NativeSelect label={texts.field} value={own.field} disabled={disabled} data={FIELDS.map((field) => ({ value: field, label: texts.fields[field] }))}
            onChange={(event) => change(place, { field: FIELDS.find((field) => field === event.currentTarget.value) ?? 'category' })} />
          <div style={{ flex: 1 }}>
            <NamesField label={texts.values} lookup={{ field: FIELDS.find((field) => field === own.field) ?? 'category' }} value={own.values ?? []} disabled={disabled} files={own.field === 'sku'} onChange={(values) => change(place, { values })} />
          </div>
          {!disabled && <ActionIcon mt={26} variant="subtle" color="gray" aria-label={texts.remove} onClick={() => set(tests.filter((_, at) => at !== place))}><span aria-hidden>✕</span></ActionIcon>}
        </Group>
      ))}
      {!disabled && <Group><Button size="compact-xs" variant="default" onClick={() => set([...tests, { field: 'category', op: 'in', values: [] }])}>{texts.add}</Button></Group>}
    </Stack>
  );
}

function AsDocument({ label, value, onChange, disabled }: { label: string; value: SelectorInput | null; onChange: (value: SelectorInput | null) => void; disabled: boolean }) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [isFaulty, setFaulty] = useState(false);
  const enter = (typed: string) => {
    setText(typed);
    try {
      onChange(JSON.parse(typed) as SelectorInput | null);
      setFaulty(false);
    } catch {
      setFaulty(true);
    }
  };
  return (
    <Textarea label={`${label} (${texts.json})`} description={texts.jsonHelp} autosize minRows={3} maxRows={14} ff="monospace" value={text} disabled={disabled}
      error={isFaulty && texts.faulty} onChange={(event) => enter(event.currentTarget.value)} spellCheck={false} />
  );
}
