/** Messages, and the tenant's own fields. */
import { Checkbox, Select, Stack, Text, TextInput, Title } from '@mantine/core';

import type { CustomField } from '../../../api/schema';
import { useOwnTenant } from '../../../parts/tenant';
import { more as texts } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { TextField } from '../fields';

export function More() {
  const { draft, change } = useEditor();
  const fields = useOwnTenant().settings.custom_fields;
  return (
    <Stack gap="md">
      <TextField label={texts.message} at="/message" rows={2} value={draft.message} onChange={(message) => change({ message })} />
      <Checkbox label={texts.suggest} checked={draft.suggest === true} onChange={(event) => change({ suggest: event.currentTarget.checked })} />
      {draft.suggest === true && (
        <TextField label={texts.suggestion} description={texts.suggestionHelp} at="/suggestion_message" rows={2} value={draft.suggestion_message}
          onChange={(message) => change({ suggestion_message: message })} />
      )}
      <Title order={3} size="h5">{texts.custom}</Title>
      {fields.length === 0 && <Text size="sm" c="dimmed">{texts.noCustom}</Text>}
      {fields.map((field) => <Own key={field.key} field={field} />)}
    </Stack>
  );
}

function Own({ field }: { field: CustomField }) {
  const { draft, change } = useEditor();
  const at = `/custom_fields/${field.key}`;
  const fault = useFault(at);
  const value = draft.custom_fields?.[field.key];
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const set = (next: string | boolean | null) => {
    const others = Object.fromEntries(Object.entries(draft.custom_fields ?? {}).filter(([key]) => key !== field.key));
    change({ custom_fields: next === null || next === '' ? others : { ...others, [field.key]: next } });
  };
  const common = { label: field.label, error: fault, withAsterisk: field.required };
  switch (field.type) {
    case 'boolean': return <Checkbox label={field.label} error={fault} checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />;
    case 'select': return <Select {...common} data={field.options ?? []} clearable value={text === '' ? null : text} onChange={set} />;
    case 'date': return <TextInput {...common} type="date" value={text} onChange={(event) => set(event.currentTarget.value)} />;
    case 'number': return <TextInput {...common} inputMode="decimal" value={text} onChange={(event) => set(event.currentTarget.value)} />;
    case 'text': return <TextInput {...common} value={text} onChange={(event) => set(event.currentTarget.value)} />;
  }
}
