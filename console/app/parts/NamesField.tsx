/** Names from the vocabulary, with free entry, and from a file. */
import { Anchor, Autocomplete, FileButton, Group, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { DragEvent } from 'react';

import { namesField as texts } from '../texts/parts';
import { firstColumn } from './csv';
import { useVocabulary } from './vocabulary';
import type { Lookup } from './vocabulary';

/** More names than this are edited as text: as many labels would be slow to draw and impossible to read. */
const MOST_LABELS = 100;

/** Names for the first row of a file, which is then no value. */
const HEADERS = ['sku', 'code', 'store', 'value', 'id', 'name'];

export interface NamesFieldProps {
  label: string;
  value: readonly string[];
  onChange: (value: string[]) => void;
  lookup?: Lookup | null;
  /** Whether a file of names may be dropped. */
  files?: boolean;
  error?: string | undefined;
  description?: string;
  disabled?: boolean;
  hideLabel?: boolean;
}

export function NamesField({
  label, value, onChange, lookup = null, files = false, error, description, disabled = false, hideLabel = false,
}: NamesFieldProps) {
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const words = useVocabulary(disabled ? null : lookup, typed);
  const titles = new Map(words.map(({ value: word, title }) => [word, title]));
  const read = async (file: File | null | undefined) => {
    if (!file) return;
    try {
      const found = firstColumn(await file.text(), HEADERS);
      setProblem(found.length === 0 ? texts.empty : null);
      if (found.length > 0) onChange([...new Set([...value, ...found])]);
    } catch {
      setProblem(texts.unreadable);
    }
  };
  const drop = files && !disabled && {
    onDragOver: (event: DragEvent) => event.preventDefault(),
    onDrop: (event: DragEvent) => { event.preventDefault(); void read(event.dataTransfer.files[0]); },
  };
  const named = hideLabel ? { 'aria-label': label } : { label };
  return (
    <Stack gap={2} {...drop}>
      {value.length > MOST_LABELS ? (
        <Textarea
          {...named} description={texts.many(value.length)} rows={5} value={value.join('\n')} error={error} disabled={disabled}
          onChange={(event) => onChange(event.currentTarget.value.split('\n').map((line) => line.trim()).filter((line) => line !== ''))}
        />
      ) : (
        <TagsInput
          {...named} value={[...value]} onChange={onChange} searchValue={typed} onSearchChange={setTyped} error={error} disabled={disabled}
          description={description} data={words.map((word) => word.value)} acceptValueOnBlur splitChars={[',', ';', '\n', '\t']} limit={20}
          placeholder={value.length === 0 ? texts.placeholder : ''} maxDropdownHeight={220} filter={({ options }) => options}
          renderOption={({ option }) => (
            <Text size="sm">{option.value} {titles.get(option.value) != null && <Text span size="xs" c="dimmed">{titles.get(option.value)}</Text>}</Text>
          )}
        />
      )}
      {files && !disabled && (
        <Group gap="xs">
          <FileButton onChange={(file) => void read(file)} accept=".csv,.txt,text/csv,text/plain">
            {(props) => <Anchor component="button" type="button" size="xs" {...props}>{texts.drop}</Anchor>}
          </FileButton>
          {value.length > 0 && <Anchor component="button" type="button" size="xs" onClick={() => onChange([])}>{texts.clear}</Anchor>}
          {problem !== null && <Text size="xs" c="red" role="alert">{problem}</Text>}
        </Group>
      )}
    </Stack>
  );
}

/** One name. */
export function NameField({ label, value, onChange, lookup = null, error, disabled = false, hideLabel = false, description }: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  lookup?: Lookup | null;
  error?: string | undefined;
  disabled?: boolean;
  hideLabel?: boolean;
  description?: string;
}) {
  const words = useVocabulary(disabled ? null : lookup, value);
  return (
    <Autocomplete
      {...(hideLabel ? { 'aria-label': label } : { label })} value={value} onChange={onChange} error={error} disabled={disabled} limit={20}
      description={description} data={words.map((word) => word.value)} filter={({ options }) => options} maxDropdownHeight={220}
    />
  );
}
