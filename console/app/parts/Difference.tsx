/** Two documents, as what differs between them. */
import { Code, Table, Text } from '@mantine/core';

import { differenceTexts as texts, fieldWords } from '../texts/shared';
import { showTime } from '../time/zone';
import { difference, isEmpty, moved } from './difference';
import type { Change } from './difference';
import { useOwnTenant } from './tenant';

function place(path: readonly string[]): string {
  if (path.length === 0) return texts.whole;
  const words = path.map((part) => (/^\d+$/.test(part) ? texts.place_(Number(part) + 1) : fieldWords[part] ?? part.replaceAll('_', ' ')));
  const text = words.join(' › ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function Value({ value, name }: { value: unknown; name: string | undefined }) {
  const { zone } = useOwnTenant();
  if (isEmpty(value)) return <Text span size="sm" c="dimmed">{texts.nothing}</Text>;
  if (typeof value === 'string') {
    const isTime = name?.endsWith('_at') === true && /^\d{4}-\d\d-\d\dT/.test(value);
    return <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>{isTime ? showTime(value, zone) : value}</Text>;
  }
  if (typeof value === 'object') {
    return <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: 220, overflowY: 'auto' }} tabIndex={0}>{JSON.stringify(value, null, 2)}</Code>;
  }
  return <Text span size="sm">{JSON.stringify(value)}</Text>;
}

/** Names that went and came, where a long list changed by a few. */
function Moved({ before, after }: { before: readonly unknown[]; after: readonly unknown[] }) {
  const { gone, come, isSorted } = moved(before, after);
  const list = (values: unknown[]) => values.slice(0, 50).map(String).join(', ') + (values.length > 50 ? ' …' : '');
  if (isSorted) return <Text size="sm">{texts.sorted}: {list([...after])}</Text>;
  return (
    <>
      {gone.length > 0 && <Text size="sm">{texts.gone}: <del>{list(gone)}</del></Text>}
      {come.length > 0 && <Text size="sm">{texts.come}: <ins>{list(come)}</ins></Text>}
    </>
  );
}

function Row({ change: { path, before, after } }: { change: Change }) {
  const name = path.findLast((part) => !/^\d+$/.test(part));
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500} w="28%"><Text size="sm" fw={500}>{place(path)}</Text></Table.Th>
      {Array.isArray(before) && Array.isArray(after) ? (
        <Table.Td colSpan={2}><Moved before={before} after={after} /></Table.Td>
      ) : (
        <>
          <Table.Td w="36%"><Value value={before} name={name} /></Table.Td>
          <Table.Td w="36%"><Value value={after} name={name} /></Table.Td>
        </>
      )}
    </Table.Tr>
  );
}

export function Difference({ before, after, label }: { before: unknown; after: unknown; label: string }) {
  const changes = difference(before, after);
  if (changes.length === 0) return <Text size="sm" c="dimmed">{texts.same}</Text>;
  return (
    <Table.ScrollContainer minWidth={420}>
      <Table verticalSpacing={4} aria-label={label} layout="fixed">
        <Table.Thead>
          <Table.Tr><Table.Th w="28%">{texts.place}</Table.Th><Table.Th>{texts.before}</Table.Th><Table.Th>{texts.after}</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>{changes.map((change) => <Row key={change.path.join('/')} change={change} />)}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
