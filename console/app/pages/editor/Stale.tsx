/** Somebody else has saved meanwhile: both sides by field, and a choice for each. */
import { Alert, Button, Code, Group, Modal, Radio, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';

import { same } from '../../parts/difference';
import { stale as texts } from '../../texts/editor';
import { fieldWords } from '../../texts/shared';
import type { Draft } from './draft';

type Field = keyof Draft;

/** The fields in which mine and theirs differ. */
export function conflicts(mine: Draft, theirs: Draft): Field[] {
  const fields = new Set([...Object.keys(mine), ...Object.keys(theirs)]) as Set<Field>;
  return [...fields].filter((field) => !same(mine[field], theirs[field]));
}

/** Theirs, with my side of these fields. */
export function joined(mine: Draft, theirs: Draft, keepMine: ReadonlySet<Field>): Draft {
  const fields = conflicts(mine, theirs).filter((field) => keepMine.has(field));
  return { ...theirs, ...Object.fromEntries(fields.map((field) => [field, mine[field]])) };
}

export function Stale({ base, mine, theirs, close, choose }: {
  /** What was loaded: a field that I have not touched is theirs unless I say otherwise. */
  base: Draft;
  mine: Draft;
  theirs: Draft;
  close: () => void;
  choose: (draft: Draft) => void;
}) {
  const fields = conflicts(mine, theirs);
  const [kept, setKept] = useState<ReadonlySet<Field>>(() => new Set(fields.filter((field) => !same(mine[field], base[field]))));
  const pick = (field: Field, isMine: boolean) => {
    const next = new Set(kept);
    if (isMine) next.add(field); else next.delete(field);
    setKept(next);
  };
  return (
    <Modal opened onClose={close} title={texts.title} size="xl">
      <Stack>
        <Text size="sm">{texts.text}</Text>
        {fields.length === 0 && <Alert color="blue">{texts.same}</Alert>}
        <Table verticalSpacing="xs" layout="fixed">
          <Table.Thead><Table.Tr><Table.Th w={130}>{texts.field}</Table.Th><Table.Th>{texts.mine}</Table.Th><Table.Th>{texts.theirs}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {fields.map((field) => {
              const name = fieldWords[field] ?? field;
              return (
                <Table.Tr key={field} style={{ verticalAlign: 'top' }}>
                  <Table.Th scope="row">{name}</Table.Th>
                  <Table.Td><Side name={field} label={`${texts.mine}: ${name}`} value={mine[field]} isChosen={kept.has(field)} choose={() => pick(field, true)} /></Table.Td>
                  <Table.Td><Side name={field} label={`${texts.theirs}: ${name}`} value={theirs[field]} isChosen={!kept.has(field)} choose={() => pick(field, false)} /></Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
        <Group justify="end"><Button onClick={() => choose(joined(mine, theirs, kept))}>{texts.go}</Button></Group>
      </Stack>
    </Modal>
  );
}

function Side({ name, label, value, isChosen, choose }: { name: string; label: string; value: unknown; isChosen: boolean; choose: () => void }) {
  const text = typeof value === 'string' ? value : value == null ? texts.nothing : JSON.stringify(value, null, 1);
  return (
    <Group gap="xs" wrap="nowrap" align="start">
      <Radio name={name} aria-label={label} checked={isChosen} onChange={choose} mt={2} />
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: 200, overflowY: 'auto', flex: 1 }}>{text}</Code>
    </Group>
  );
}
