/** Which products are meant: what is included, and what is left out. */
import { ActionIcon, Anchor, Box, Group, Paper, Select, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { api, call } from '../../../api/client';
import type { LineField, Operator, PredicateInput, SelectorInput } from '../../../api/schema';
import type { VocabularyField } from '../../../parts/vocabulary';
import { operators, selector as texts } from '../../../texts/editor';
import { useFault } from '../context';
import { DecimalField, ListField, WordField } from '../fields';

const NUMBERS: readonly LineField[] = ['unit_price', 'mrp', 'quantity', 'weight', 'stock', 'price_discount', 'price_discount_percent'];
const FIELDS = Object.keys(texts.fields) as LineField[];

const TEXT_OPERATORS: readonly Operator[] = ['in', 'not_in', 'eq', 'ne', 'contains', 'starts_with'];
const NUMBER_OPERATORS: readonly Operator[] = ['gte', 'gt', 'lte', 'lt', 'eq', 'ne', 'between'];

function operatorsOf(field: LineField): readonly Operator[] {
  if (NUMBERS.includes(field)) return NUMBER_OPERATORS;
  return field === 'sku' ? [...TEXT_OPERATORS, 'in_list'] : TEXT_OPERATORS;
}

/** Where names of this field are looked up; numbers have none. */
const LOOKUPS: Partial<Record<LineField, VocabularyField>> = {
  sku: 'sku', product: 'product', brand: 'brand', supplier: 'supplier', product_group: 'product_group', category: 'category', tag: 'tag',
  attribute: 'attribute', variant: 'variant',
};

function isMany(op: Operator): boolean {
  return op === 'in' || op === 'not_in' || op === 'between';
}

/** The test with another field or operator. What does not go with that is dropped. */
function changed(test: PredicateInput, field: LineField, op: Operator): PredicateInput {
  const isSameKind = NUMBERS.includes(test.field) === NUMBERS.includes(field);
  const kept = operatorsOf(field).includes(op) ? op : operatorsOf(field)[0] ?? 'in';
  const values = isSameKind ? test.values ?? (test.value ? [test.value] : []) : [];
  const key = field === 'attribute' || field === 'variant' ? { key: test.key ?? '' } : {};
  if (kept === 'in_list') return { field, op: kept, list: test.list ?? '', ...key };
  if (isMany(kept)) return { field, op: kept, values, ...key };
  return { field, op: kept, value: (isSameKind ? test.value : null) ?? values[0] ?? '', ...key };
}

export function SelectorField({ label, value, onChange, at, disabled = false, none = texts.all }: {
  label: string;
  value: SelectorInput | null | undefined;
  onChange: (value: SelectorInput | null) => void;
  at: string;
  disabled?: boolean;
  /** What is meant where nothing is selected. */
  none?: string;
}) {
  const include = value?.include ?? [];
  const exclude = value?.exclude ?? [];
  const change = (part: Partial<SelectorInput>) => {
    const next = { match: value?.match ?? 'all', include, exclude, ...part };
    const isEmpty = next.include?.length === 0 && next.exclude?.length === 0;
    onChange(isEmpty ? null : next);
  };
  const fresh: PredicateInput = { field: 'category', op: 'in', values: [] };
  return (
    <Box component="fieldset" m={0} p={0} style={{ border: 0 }}>
      <Text component="legend" size="sm" fw={500} mb={4}>{label}</Text>
      <Stack gap="xs">
        {include.length === 0 && <Text size="sm" c="dimmed">{none}</Text>}
        {include.length > 1 && (
          <Select
            size="xs" w={260} aria-label={texts.match} allowDeselect={false} disabled={disabled} value={value?.match ?? 'all'}
            data={[{ value: 'all', label: `${texts.match}: ${texts.matchAll}` }, { value: 'any', label: `${texts.match}: ${texts.matchAny}` }]}
            onChange={(match) => change({ match: match === 'any' ? 'any' : 'all' })}
          />
        )}
        <Tests tests={include} at={`${at}/include`} disabled={disabled} onChange={(tests) => change({ include: tests })} />
        {exclude.length > 0 && <Text size="sm" fw={500}>{texts.exclude}</Text>}
        <Tests tests={exclude} at={`${at}/exclude`} disabled={disabled} onChange={(tests) => change({ exclude: tests })} />
        {!disabled && (
          <Group gap="md">
            <Anchor component="button" type="button" size="xs" onClick={() => change({ include: [...include, fresh] })}>+ {texts.addInclude}</Anchor>
            <Anchor component="button" type="button" size="xs" onClick={() => change({ exclude: [...exclude, fresh] })}>− {texts.addExclude}</Anchor>
          </Group>
        )}
      </Stack>
    </Box>
  );
}

function Tests({ tests, at, onChange, disabled }: {
  tests: readonly PredicateInput[];
  at: string;
  onChange: (tests: PredicateInput[]) => void;
  disabled: boolean;
}) {
  return tests.map((test, place) => (
    <Paper key={place} withBorder p="xs">
      <Test
        test={test} at={`${at}/${place}`} disabled={disabled}
        onChange={(next) => onChange(tests.map((old, other) => (other === place ? next : old)))}
        remove={() => onChange(tests.filter((_, other) => other !== place))}
      />
    </Paper>
  ));
}

function Test({ test, at, onChange, remove, disabled }: {
  test: PredicateInput;
  at: string;
  onChange: (test: PredicateInput) => void;
  remove: () => void;
  disabled: boolean;
}) {
  const fault = useFault(at);
  const isKeyed = test.field === 'attribute' || test.field === 'variant';
  return (
    <Stack gap={6}>
      <Group gap="xs" wrap="nowrap" align="start">
        <Select
          size="xs" aria-label={texts.field} allowDeselect={false} disabled={disabled} value={test.field} flex={1} searchable
          data={FIELDS.map((field) => ({ value: field, label: texts.fields[field] }))}
          onChange={(chosen) => { const field = FIELDS.find((known) => known === chosen); if (field) onChange(changed(test, field, test.op)); }}
        />
        {isKeyed && (
          <TextInput size="xs" aria-label={texts.key} placeholder={texts.key} w={110} disabled={disabled} value={test.key ?? ''}
            onChange={(event) => onChange({ ...test, key: event.currentTarget.value })} />
        )}
        <Select
          size="xs" aria-label={texts.op} allowDeselect={false} disabled={disabled} value={test.op} w={140}
          data={operatorsOf(test.field).map((op) => ({ value: op, label: operators[op] }))}
          onChange={(chosen) => { const op = operatorsOf(test.field).find((known) => known === chosen); if (op) onChange(changed(test, test.field, op)); }}
        />
        {!disabled && <ActionIcon variant="subtle" color="gray" aria-label={texts.remove} onClick={remove}><span aria-hidden>✕</span></ActionIcon>}
      </Group>
      <Operand test={test} at={at} onChange={onChange} disabled={disabled} />
      {fault !== undefined && <Text size="xs" c="red">{fault}</Text>}
    </Stack>
  );
}

function Operand({ test, at, onChange, disabled }: {
  test: PredicateInput;
  at: string;
  onChange: (test: PredicateInput) => void;
  disabled: boolean;
}) {
  const field = LOOKUPS[test.field];
  const lookup = field === undefined ? null : { field, key: test.key };
  if (test.op === 'in_list') return <ListChoice value={test.list ?? ''} at={`${at}/list`} disabled={disabled} onChange={(list) => onChange({ ...test, list })} />;
  if (test.op === 'between') {
    const [from = '', to = ''] = test.values ?? [];
    return (
      <Group gap="xs" grow>
        <DecimalField label={texts.from} at={`${at}/values/0`} value={from} disabled={disabled} onChange={(next) => onChange({ ...test, values: [next ?? '', to] })} />
        <DecimalField label={texts.to} at={`${at}/values/1`} value={to} disabled={disabled} onChange={(next) => onChange({ ...test, values: [from, next ?? ''] })} />
      </Group>
    );
  }
  if (isMany(test.op)) {
    return (
      <ListField label={texts.values} hideLabel at={`${at}/values`} value={test.values} lookup={lookup} files={test.field === 'sku' || test.field === 'product'}
        disabled={disabled} onChange={(values) => onChange({ ...test, values })} />
    );
  }
  if (NUMBERS.includes(test.field)) {
    return <DecimalField label={texts.value} hideLabel at={`${at}/value`} value={test.value} disabled={disabled} onChange={(value) => onChange({ ...test, value: value ?? '' })} />;
  }
  return <WordField label={texts.value} hideLabel at={`${at}/value`} value={test.value} lookup={lookup} disabled={disabled} onChange={(value) => onChange({ ...test, value })} />;
}

function ListChoice({ value, at, onChange, disabled }: { value: string; at: string; onChange: (value: string) => void; disabled: boolean }) {
  const fault = useFault(at);
  const lists = useQuery({ queryKey: ['product-lists', 'names'], queryFn: () => call(api.GET('/v1/product-lists', { params: { query: { limit: 200 } } })) });
  const names = lists.data?.items.map((list) => list.name) ?? [];
  return (
    <Select
      aria-label={texts.list} placeholder={texts.list} searchable disabled={disabled} error={fault} value={value === '' ? null : value}
      data={value === '' || names.includes(value) ? names : [...names, value]} onChange={(list) => onChange(list ?? '')}
    />
  );
}
