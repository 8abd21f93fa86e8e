/** One condition, with the fields of its kind. */
import { Group, Stack, Text } from '@mantine/core';

import type { AttributeConditionInput, ConditionInput, GroupConditionInput, NumberOperator } from '../../../api/schema';
import { conditions as texts, operators } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { ChoiceField, DecimalField, ListField, WordField } from '../fields';
import { SelectorField } from './SelectorField';

type LeafCondition = Exclude<ConditionInput, GroupConditionInput>;

const NUMBER_OPERATORS: readonly NumberOperator[] = ['gte', 'gt', 'lte', 'lt', 'eq', 'ne'];
const ATTRIBUTE_OPERATORS: readonly AttributeConditionInput['op'][] = ['in', 'not_in', 'eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains', 'starts_with'];
const AMOUNTS: readonly string[] = ['cart_amount', 'subtotal', 'total_mrp', 'line_amount'];

interface LeafProps<T> {
  node: T;
  at: string;
  onChange: (next: ConditionInput) => void;
}

export function Leaf({ node, at, onChange }: LeafProps<LeafCondition>) {
  const fault = useFault(at);
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500} pr={34}>{texts.kinds[node.type]}</Text>
      <Fields node={node} at={at} onChange={onChange} />
      {fault !== undefined && <Text size="xs" c="red">{fault}</Text>}
    </Stack>
  );
}

function Fields({ node, at, onChange }: LeafProps<LeafCondition>) {
  const { currency } = useEditor();
  switch (node.type) {
    case 'cart_amount': case 'subtotal': case 'total_mrp': case 'total_quantity': case 'total_weight': case 'item_count':
    case 'line_amount': case 'line_quantity': case 'distinct_products': case 'distinct_variants':
      return (
        <>
          <Group gap="xs" align="start" grow preventGrowOverflow={false}>
            <ChoiceField label={texts.op} hideLabel at={`${at}/op`} value={node.op} words={operators} only={NUMBER_OPERATORS} onChange={(op) => onChange({ ...node, op })} />
            <DecimalField label={texts.value} hideLabel at={`${at}/value`} value={node.value} {...(AMOUNTS.includes(node.type) && { unit: currency })}
              onChange={(value) => onChange({ ...node, value: value ?? '' })} />
          </Group>
          {'of' in node || node.type.startsWith('line_') || node.type.startsWith('distinct_')
            ? <SelectorOf node={node} at={at} onChange={onChange} /> : null}
        </>
      );
    case 'item':
      return (
        <>
          <ChoiceField label={texts.found} hideLabel at={`${at}/found`} value={node.found === false ? 'no' : 'yes'} words={{ yes: texts.foundYes, no: texts.foundNo }}
            onChange={(found) => onChange({ ...node, found: found === 'yes' })} />
          <SelectorOf node={node} at={at} onChange={onChange} />
        </>
      );
    case 'payment_mode':
      return (
        <>
          <ChoiceField label={texts.op} hideLabel at={`${at}/op`} value={node.op} words={operators} only={['in', 'not_in', 'starts_with']}
            onChange={(op) => onChange(op === 'not_in' ? { type: node.type, op, values: node.values } : { ...node, op })} />
          <ListField label={texts.values} hideLabel at={`${at}/values`} value={node.values} lookup={{ field: 'payment_mode' }} onChange={(values) => onChange({ ...node, values })} />
          {node.op !== 'not_in' && (
            <DecimalField label={texts.minAmount} at={`${at}/min_amount`} value={node.min_amount} unit={currency}
              onChange={(amount) => onChange({ ...node, min_amount: amount })} />
          )}
        </>
      );
    case 'gift_voucher':
      return <ListField label={texts.values} hideLabel at={`${at}/values`} value={node.values} files onChange={(values) => onChange({ ...node, values })} />;
    case 'shipping_method': case 'channel': case 'customer_group':
      return (
        <>
          <ChoiceField label={texts.op} hideLabel at={`${at}/op`} value={node.op} words={operators} only={['in', 'not_in']} onChange={(op) => onChange({ ...node, op })} />
          <ListField label={texts.values} hideLabel at={`${at}/values`} value={node.values} lookup={{ field: node.type === 'customer_group' ? 'group' : node.type }}
            onChange={(values) => onChange({ ...node, values })} />
        </>
      );
    case 'customer_attribute': return <AttributeFields node={node} at={at} onChange={onChange} />;
  }
}

function SelectorOf({ node, at, onChange }: LeafProps<LeafCondition>) {
  if (!('of' in node) && node.type !== 'item' && !node.type.startsWith('line_') && !node.type.startsWith('distinct_')) return null;
  const of = 'of' in node ? node.of : null;
  return <SelectorField label={texts.which} value={of} at={`${at}/of`} onChange={(next) => onChange({ ...node, of: next } as ConditionInput)} />;
}

function AttributeFields({ node, at, onChange }: LeafProps<AttributeConditionInput>) {
  const isMany = node.op === 'in' || node.op === 'not_in';
  const withOperator = (op: AttributeConditionInput['op']): AttributeConditionInput => {
    const values = node.values ?? (node.value ? [node.value] : []);
    return op === 'in' || op === 'not_in'
      ? { type: node.type, key: node.key, op, values }
      : { type: node.type, key: node.key, op, value: node.value ?? values[0] ?? '' };
  };
  return (
    <>
      <Group gap="xs" align="start" grow>
        <WordField label={texts.key} at={`${at}/key`} value={node.key} lookup={{ field: 'customer_attribute_key' }} onChange={(key) => onChange({ ...node, key })} />
        <ChoiceField label={texts.op} at={`${at}/op`} value={node.op} words={operators} only={ATTRIBUTE_OPERATORS} onChange={(op) => onChange(withOperator(op))} />
      </Group>
      {isMany
        ? <ListField label={texts.values} hideLabel at={`${at}/values`} value={node.values} onChange={(values) => onChange({ ...node, values })} />
        : <WordField label={texts.value} hideLabel at={`${at}/value`} value={node.value} lookup={null} onChange={(value) => onChange({ ...node, value })} />}
    </>
  );
}
