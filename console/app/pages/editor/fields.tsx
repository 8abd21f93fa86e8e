/** The fields of the editor. Each has a pointer, at which the service reports its faults. */
import { Select, TextInput, Textarea } from '@mantine/core';

import { readDecimal } from '../../money/money';
import { NameField, NamesField } from '../../parts/NamesField';
import type { Lookup } from '../../parts/vocabulary';
import { useFault, useListFault } from './context';

interface Common {
  at: string;
  label: string;
  description?: string | undefined;
  disabled?: boolean | undefined;
  hideLabel?: boolean;
  w?: number | string;
}

function named({ label, hideLabel = false }: Common): { label: string } | { 'aria-label': string } {
  return hideLabel ? { 'aria-label': label } : { label };
}

function rest({ description, disabled, w }: Common) {
  return { description, disabled: disabled ?? false, ...(w !== undefined && { w }) };
}

/** A decimal, kept as the text that is typed: no float ever holds it. Empty is null. */
export function DecimalField({ value, onChange, unit, ...common }: Common & {
  value: string | null | undefined;
  onChange: (value: string | null) => void;
  unit?: string;
}) {
  const error = useFault(common.at);
  return (
    <TextInput
      {...named(common)} {...rest(common)} value={value ?? ''} inputMode="decimal" error={error} autoComplete="off"
      rightSection={unit === undefined ? undefined : <span style={{ fontSize: 12 }}>{unit}</span>} rightSectionWidth={unit === undefined ? undefined : 44}
      onChange={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.value)}
      onBlur={() => {
        const read = value === null || value === undefined ? null : readDecimal(value);
        if (read !== null && read !== value) onChange(read);
      }}
    />
  );
}

/** A whole number, or null. What is no number is not taken. */
export function IntegerField({ value, onChange, ...common }: Common & {
  value: number | null | undefined;
  onChange: (value: number | null) => void;
}) {
  const error = useFault(common.at);
  return (
    <TextInput
      {...named(common)} {...rest(common)} value={value ?? ''} inputMode="numeric" error={error} autoComplete="off"
      onChange={(event) => {
        const text = event.currentTarget.value.trim();
        if (text === '') onChange(null);
        else if (/^-?\d{1,10}$/.test(text)) onChange(Number(text));
      }}
    />
  );
}

export function TextField({ value, onChange, rows, ...common }: Common & {
  value: string | null | undefined;
  onChange: (value: string) => void;
  rows?: number;
}) {
  const error = useFault(common.at);
  const props = { ...named(common), ...rest(common), value: value ?? '', error };
  return rows === undefined
    ? <TextInput {...props} onChange={(event) => onChange(event.currentTarget.value)} />
    : <Textarea {...props} rows={rows} onChange={(event) => onChange(event.currentTarget.value)} />;
}

/** One of a closed set, whose words are a table. */
export function ChoiceField<K extends string>({ value, onChange, words, only, ...common }: Common & {
  value: K;
  onChange: (value: K) => void;
  words: Readonly<Record<K, string>>;
  /** Those that are offered, in their order; else all. */
  only?: readonly K[];
}) {
  const error = useFault(common.at);
  const keys = only ?? (Object.keys(words) as K[]);
  return (
    <Select
      {...named(common)} {...rest(common)} allowDeselect={false} error={error} value={value}
      data={keys.map((key) => ({ value: key, label: words[key] }))}
      onChange={(chosen) => {
        const key = keys.find((candidate) => candidate === chosen);
        if (key !== undefined) onChange(key);
      }}
    />
  );
}

export function ListField({ value, onChange, lookup, files = false, ...common }: Common & {
  value: readonly string[] | null | undefined;
  onChange: (value: string[]) => void;
  lookup?: Lookup | null;
  files?: boolean;
}) {
  const error = useListFault(common.at);
  return (
    <NamesField
      label={common.label} hideLabel={common.hideLabel ?? false} value={value ?? []} onChange={onChange} lookup={lookup ?? null} files={files}
      error={error} disabled={common.disabled ?? false} {...(common.description !== undefined && { description: common.description })}
    />
  );
}

export function WordField({ value, onChange, lookup, ...common }: Common & {
  value: string | null | undefined;
  onChange: (value: string) => void;
  lookup: Lookup | null;
}) {
  const error = useFault(common.at);
  return (
    <NameField
      label={common.label} hideLabel={common.hideLabel ?? false} value={value ?? ''} onChange={onChange} lookup={lookup} error={error}
      disabled={common.disabled ?? false} {...(common.description !== undefined && { description: common.description })}
    />
  );
}
