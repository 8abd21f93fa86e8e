/** The custom fields that promotions may have. */
import { ActionIcon, Button, Checkbox, Group, NativeSelect, Paper, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';

import type { CustomField, CustomFieldType } from '../../../api/schema';
import { NamesField } from '../../../parts/NamesField';
import { fieldTypeWords, settings as texts } from '../../../texts/setup';

const TYPES = Object.keys(fieldTypeWords) as CustomFieldType[];

export function Fields({ value, onChange, fault, disabled }: {
  value: readonly CustomField[];
  onChange: (value: CustomField[]) => void;
  fault: (pointer: string) => string | undefined;
  disabled: boolean;
}) {
  const change = (place: number, part: Partial<CustomField>) => onChange(value.map((own, at) => (at === place ? { ...own, ...part } : own)));
  const retype = (place: number, type: CustomFieldType) => onChange(value.map((own, at) => {
    if (at !== place) return own;
    const { key, label, required } = own;
    return { key, label, required, type, ...(type === 'select' && { options: own.options ?? [] }) };
  }));
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">{texts.fieldsHelp}</Text>
      {value.length === 0 && <Text size="sm">{texts.noFields}</Text>}
      {value.map((own, place) => (
        <Paper key={place} withBorder p="xs" role="group" aria-label={own.label || own.key}>
          <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
            <TextInput label={texts.key} value={own.key} disabled={disabled} error={fault(`/custom_fields/${place}/key`)} onChange={(event) => change(place, { key: event.currentTarget.value })} />
            <TextInput label={texts.label} value={own.label} disabled={disabled} error={fault(`/custom_fields/${place}/label`)} onChange={(event) => change(place, { label: event.currentTarget.value })} />
            <NativeSelect label={texts.type} value={own.type} disabled={disabled} data={TYPES.map((type) => ({ value: type, label: fieldTypeWords[type] }))}
              onChange={(event) => retype(place, TYPES.find((type) => type === event.currentTarget.value) ?? 'text')} />
          </SimpleGrid>
          {own.type === 'select' && <NamesField label={texts.options} value={own.options ?? []} disabled={disabled} error={fault(`/custom_fields/${place}/options`)} onChange={(options) => change(place, { options })} />}
          <Group justify="space-between" mt="xs">
            <Checkbox label={texts.required} checked={own.required} disabled={disabled} onChange={(event) => change(place, { required: event.currentTarget.checked })} />
            {!disabled && <ActionIcon variant="subtle" color="gray" aria-label={texts.removeField(own.key)} onClick={() => onChange(value.filter((_, at) => at !== place))}><span aria-hidden>✕</span></ActionIcon>}
          </Group>
        </Paper>
      ))}
      {!disabled && <Group><Button size="xs" variant="default" onClick={() => onChange([...value, { key: '', label: '', type: 'text', required: false }])}>{texts.addField}</Button></Group>}
    </Stack>
  );
}
