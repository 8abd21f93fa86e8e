/** Backtests: a list of them, and a new one. */
import { Anchor, Button, Group, Modal, Progress, Stack, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';

import { useCanWrite } from '../../api/session';
import { listBacktests } from '../../api/calls';
import { Paged, usePaged } from '../../parts/paged';
import { Empty } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { backtests as texts, backtestStateWords } from '../../texts/backtests';
import { showTime } from '../../time/zone';
import { Make } from './Make';
import { percentOf } from './numbers';

export default function Backtests() {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const [isMaking, setMaking] = useState(false);
  const query = usePaged(['backtests', 'list'], listBacktests);
  const add = canWrite && <Button onClick={() => setMaking(true)}>{texts.add}</Button>;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="start">
        <div style={{ maxWidth: 640 }}>
          <Title order={1} size="h2">{texts.title}</Title>
          <Text size="sm" c="dimmed">{texts.explain}</Text>
        </div>
        {add}
      </Group>
      <Paged query={query} empty={<Empty title={texts.none} action={add}>{texts.noneText}</Empty>}>
        {(items) => (
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label={texts.title} verticalSpacing={6}>
              <Table.Thead><Table.Tr><Table.Th>{texts.name}</Table.Th><Table.Th>{texts.state}</Table.Th><Table.Th>{texts.made}</Table.Th><Table.Th>{texts.finished}</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.id}>
                    <Table.Th scope="row" fw={500}><Anchor component={Link} size="sm" to={`/backtests/${own.id}`}>{own.name}</Anchor></Table.Th>
                    <Table.Td>
                      {backtestStateWords[own.state]}
                      {own.state === 'running' && <Progress value={percentOf(own.progress)} size="sm" aria-label={own.name} />}
                    </Table.Td>
                    <Table.Td>{showTime(own.created_at, zone)}</Table.Td><Table.Td>{own.finished_at !== null && showTime(own.finished_at, zone)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
      <Modal opened={isMaking} onClose={() => setMaking(false)} title={texts.add} size="lg" closeOnClickOutside={false}>{isMaking && <Make />}</Modal>
    </Stack>
  );
}
