/** What can be done with many promotions at once, and what became of each. */
import { Button, Group, List as Items, Modal, Stack, Text } from '@mantine/core';
import { useState } from 'react';

import type { LifecycleStatus, Promotion, StatusVerdict } from '../../api/schema';
import { Failed } from '../../parts/states';
import { promotions as texts } from '../../texts/promotions';
import { refusalWords, statusWords } from '../../texts/words';
import { useMoveMany } from './data';

/** Most ids of one request. */
const MOST = 250;

/** Whether some of them could go there, by the table of transitions. */
function canMove(items: readonly Promotion[], to: LifecycleStatus): boolean {
  const from: Record<LifecycleStatus, readonly LifecycleStatus[]> = {
    draft: [], active: ['draft', 'paused'], paused: ['active'], archived: ['draft', 'active', 'paused'],
  };
  return items.some((item) => from[to].includes(item.status));
}

export default function Bulk({ selected, clear }: { selected: readonly Promotion[]; clear: () => void }) {
  const move = useMoveMany();
  const [isArchiving, setArchiving] = useState(false);
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  const begin = (status: LifecycleStatus) => {
    setArchiving(false);
    setNames(new Map(selected.map((item) => [item.id, item.name])));
    move.mutate({ ids: selected.map((item) => item.id), status });
  };
  const isTooMany = selected.length > MOST;
  const button = (status: LifecycleStatus, label: string, onClick: () => void) => (
    <Button
      size="xs" variant="default" onClick={onClick} loading={move.isPending && move.variables.status === status}
      disabled={isTooMany || !canMove(selected, status)}
    >
      {label}
    </Button>
  );
  return (
    <>
      {selected.length > 0 && (
        <Group gap="xs" role="toolbar" aria-label={texts.selected(selected.length)}>
          <Text size="sm" fw={500} aria-live="polite">{texts.selected(selected.length)}</Text>
          {button('paused', texts.pause, () => begin('paused'))}
          {button('active', texts.activate, () => begin('active'))}
          {button('archived', texts.archive, () => setArchiving(true))}
          {isTooMany && <Text size="xs" c="dimmed">{texts.tooMany}</Text>}
        </Group>
      )}
      {move.isError && <Failed error={move.error} />}
      <Modal opened={isArchiving} onClose={() => setArchiving(false)} title={texts.archiveTitle(selected.length)}>
        <Stack>
          <Text size="sm">{texts.archiveText}</Text>
          <Group justify="end">
            <Button variant="default" onClick={() => setArchiving(false)}>{texts.cancel}</Button>
            <Button color="red" onClick={() => begin('archived')}>{texts.archive}</Button>
          </Group>
        </Stack>
      </Modal>
      <Modal opened={move.isSuccess} onClose={() => { move.reset(); clear(); }} title={texts.verdicts}>
        <Verdicts verdicts={move.data ?? []} names={names} />
      </Modal>
    </>
  );
}

function Verdicts({ verdicts, names }: { verdicts: readonly StatusVerdict[]; names: ReadonlyMap<string, string> }) {
  return (
    <Items spacing="xs" listStyleType="none" p={0}>
      {verdicts.map((verdict) => (
        <Items.Item key={verdict.id}>
          <Text size="sm" fw={500}>{names.get(verdict.id) ?? verdict.id}</Text>
          <Text size="sm" c={verdict.status === undefined ? 'red' : 'dimmed'}>
            {verdict.status === undefined
              ? `✕ ${texts.failed}: ${refusalWords[verdict.code ?? ''] ?? verdict.code ?? ''}`
              : `✓ ${texts.done}: ${statusWords[verdict.status]}`}
          </Text>
        </Items.Item>
      ))}
    </Items>
  );
}
