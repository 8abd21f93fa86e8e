/** The tree of conditions. The same component serves promotions and what earns them. */
import { ActionIcon, Box, Group, Menu, Button, Paper, Select, Stack, Text } from '@mantine/core';

import type { ConditionInput, GroupConditionInput } from '../../../api/schema';
import { claim } from '../../../sentence/conditions';
import { sayIn } from '../../../sentence/say';
import { conditions as texts } from '../../../texts/editor';
import { useEditor, useFault } from '../context';
import { Leaf } from './Leaf';
import { added, leaf, leavesOf, MOST_DEPTH, MOST_LEAVES, replaced, tidied } from './tree';
import type { Kind } from './tree';

const KINDS: readonly { label: string; kinds: readonly Kind[] }[] = [
  { label: texts.groups.products, kinds: ['line_quantity', 'line_amount', 'item', 'distinct_products', 'distinct_variants'] },
  { label: texts.groups.cart, kinds: ['cart_amount', 'subtotal', 'total_quantity', 'item_count', 'total_mrp', 'total_weight'] },
  { label: texts.groups.customer, kinds: ['payment_mode', 'channel', 'shipping_method', 'customer_group', 'customer_attribute', 'gift_voucher'] },
];

export function Conditions({ value, onChange, at }: {
  value: ConditionInput | null | undefined;
  onChange: (value: ConditionInput | null) => void;
  at: string;
}) {
  const fault = useFault(at);
  const count = leavesOf(value);
  const isFull = count >= MOST_LEAVES;
  const change = (next: ConditionInput | null) => onChange(tidied(next));
  return (
    <Stack gap="sm">
      {value ? <Node node={value} at={at} depth={1} isFull={isFull} onChange={change} /> : <Text size="sm" c="dimmed">{texts.none}</Text>}
      {fault !== undefined && <Text size="sm" c="red">{fault}</Text>}
      <Group justify="space-between">
        <Adder isFull={isFull} canNest={value != null} add={(fresh) => onChange(added(value, fresh))} />
        <Text size="xs" c="dimmed">{isFull ? texts.full : texts.count(count, MOST_LEAVES)}</Text>
      </Group>
    </Stack>
  );
}

function Adder({ isFull, canNest, add }: { isFull: boolean; canNest: boolean; add: (fresh: ConditionInput) => void }) {
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <Button size="xs" variant="light" disabled={isFull}>+ {texts.add}</Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        {KINDS.map(({ label, kinds }) => (
          <Box key={label}>
            <Menu.Label>{label}</Menu.Label>
            {kinds.map((kind) => <Menu.Item key={kind} onClick={() => add(leaf(kind))}>{texts.kinds[kind]}</Menu.Item>)}
          </Box>
        ))}
        {canNest && (
          <>
            <Menu.Divider />
            <Menu.Item onClick={() => add({ type: 'group', match: 'any', is: true, of: [] })}>{texts.addGroup}</Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

interface NodeProps<T> {
  node: T;
  at: string;
  depth: number;
  isFull: boolean;
  onChange: (next: ConditionInput | null) => void;
}

function Node({ node, at, depth, isFull, onChange }: NodeProps<ConditionInput>) {
  const { currency } = useEditor();
  const words = claim(node, sayIn(currency));
  return (
    <Paper withBorder p="xs" pos="relative" role="group" aria-label={words}>
      <ActionIcon variant="subtle" color="gray" pos="absolute" top={6} right={6} aria-label={texts.removeOf(words)} onClick={() => onChange(null)} style={{ zIndex: 1 }}>
        <span aria-hidden>✕</span>
      </ActionIcon>
      {node.type === 'group'
        ? <Branch node={node} at={at} depth={depth} isFull={isFull} onChange={onChange} />
        : <Leaf node={node} at={at} onChange={onChange} />}
    </Paper>
  );
}

function Branch({ node, at, depth, isFull, onChange }: NodeProps<GroupConditionInput>) {
  const fault = useFault(at);
  return (
    <Stack gap="xs">
      <Group gap="xs" pr={34}>
        <Select
          size="xs" w={190} aria-label={texts.match} allowDeselect={false} value={node.match ?? 'all'}
          data={[{ value: 'all', label: texts.matchAll }, { value: 'any', label: texts.matchAny }]}
          onChange={(match) => onChange({ ...node, match: match === 'any' ? 'any' : 'all' })}
        />
        <Select
          size="xs" w={130} aria-label={texts.is} allowDeselect={false} value={node.is === false ? 'false' : 'true'}
          data={[{ value: 'true', label: texts.isTrue }, { value: 'false', label: texts.isFalse }]}
          onChange={(is) => onChange({ ...node, is: is !== 'false' })}
        />
      </Group>
      {node.of.length === 0 && <Text size="sm" c="dimmed">{texts.emptyGroup}</Text>}
      {node.of.map((child, place) => (
        <Node key={place} node={child} at={`${at}/of/${place}`} depth={depth + 1} isFull={isFull} onChange={(next) => onChange(replaced(node, place, next))} />
      ))}
      {fault !== undefined && <Text size="xs" c="red">{fault}</Text>}
      <Adder isFull={isFull} canNest={depth < MOST_DEPTH} add={(fresh) => onChange({ ...node, of: [...node.of, fresh] })} />
    </Stack>
  );
}
