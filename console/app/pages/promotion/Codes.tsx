/** The codes of a promotion: made, found, listed, saved and deleted. */
import { Alert, Button, Group, Modal, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { CodePage, Promotion } from '../../api/schema';
import { readText } from '../../api/send';
import { useCanWrite } from '../../api/session';
import { listBatches } from '../../api/calls';
import { number } from '../../money/money';
import { Ask } from '../../parts/Ask';
import { after, Paged, usePaged } from '../../parts/paged';
import { save } from '../../parts/save';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { codes as texts } from '../../texts/promotion';
import { shared } from '../../texts/shared';
import { showTime } from '../../time/zone';
import { FindCode } from './FindCode';
import { MakeCodes } from './MakeCodes';

export function Codes({ promotion }: { promotion: Promotion }) {
  const { id, state } = promotion;
  const canWrite = useCanWrite();
  const [isMaking, making] = useDisclosure(false);
  const [batch, setBatch] = useState('');
  return (
    <Stack gap="lg">
      {!canWrite && <Text size="sm" c="dimmed">{texts.hidden}</Text>}
      <Group align="start" justify="space-between">
        <FindCode promotion={promotion} />
        {canWrite && state !== 'archived' && <Button onClick={making.open}>{texts.make}</Button>}
      </Group>
      <Modal opened={isMaking} onClose={making.close} title={texts.make} size="lg"><MakeCodes id={id} /></Modal>
      <Batches id={id} choose={setBatch} />
      <List promotion={promotion} batch={batch} setBatch={setBatch} />
    </Stack>
  );
}

function Batches({ id, choose }: { id: string; choose: (batch: string) => void }) {
  const { zone } = useOwnTenant();
  const query = usePaged(['promotions', id, 'batches'], (cursor) => listBatches(id, cursor));
  return (
    <Stack gap="xs" component="section" aria-label={texts.batches}>
      <Title order={2} size="h4">{texts.batches}</Title>
      <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.noBatches}</Text>}>
        {(batches) => (
          <Table.ScrollContainer minWidth={360}>
            <Table aria-label={texts.batches} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.batch}</Table.Th><Table.Th>{texts.created}</Table.Th>
                <Table.Th ta="end">{texts.codes}</Table.Th><Table.Th ta="end">{texts.used}</Table.Th>
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {batches.map((own) => (
                  <Table.Tr key={own.batch}>
                    <Table.Td>
                      <Button size="compact-sm" variant="subtle" onClick={() => choose(own.batch)}>{own.batch}</Button>
                    </Table.Td>
                    <Table.Td>{showTime(own.created_at, zone)}</Table.Td>
                    <Table.Td ta="end">{number(own.codes)}</Table.Td>
                    <Table.Td ta="end">{number(own.used)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
    </Stack>
  );
}

type Use = 'any' | 'yes' | 'no';

function List({ promotion: { id, name }, batch, setBatch }: { promotion: Promotion; batch: string; setBatch: (batch: string) => void }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const [used, setUsed] = useState<Use>('any');
  const [customer, setCustomer] = useState('');
  const [wanted] = useDebouncedValue({ batch: batch.trim(), customer: customer.trim() }, 250);
  const filter = {
    ...(wanted.batch !== '' && { batch: wanted.batch }),
    ...(wanted.customer !== '' && { customer_id: wanted.customer }),
    ...(used !== 'any' && { used: used === 'yes' }),
  };
  const query = usePaged(['promotions', id, 'codes', filter], async (cursor): Promise<CodePage> => {
    const params = { path: { id }, query: { ...filter, ...after(cursor) } };
    // Text is answered only where it is asked for.
    return await call(api.GET('/v1/promotions/{id}/codes', { params })) as CodePage;
  });
  const remove = useMutation({
    mutationFn: (code: string) => call(api.DELETE('/v1/promotions/{id}/codes/{code}', { params: { path: { id, code } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['promotions', id] }),
  });
  const write = useMutation({
    mutationFn: async () => {
      const wants = new URLSearchParams(Object.entries(filter).map(([key, value]) => [key, String(value)]));
      save(`${name}.csv`, await readText(`/v1/promotions/${id}/codes?${wants.toString()}`, 'text/csv'));
    },
  });
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <Stack gap="xs" component="section" aria-label={texts.title}>
      <Group justify="space-between" align="end">
        <Title order={2} size="h4">{texts.title}</Title>
        <Group gap="xs" align="end">
          <TextInput size="xs" label={texts.batch} value={batch} onChange={(event) => setBatch(event.currentTarget.value)} />
          <TextInput size="xs" label={texts.customer} value={customer} onChange={(event) => setCustomer(event.currentTarget.value)} />
          <NativeSelect size="xs" label={texts.isUsed} value={used}
            onChange={(event) => setUsed(event.currentTarget.value === 'yes' ? 'yes' : event.currentTarget.value === 'no' ? 'no' : 'any')}
            data={[{ value: 'any', label: texts.usedAny }, { value: 'yes', label: texts.usedYes }, { value: 'no', label: texts.usedNo }]} />
          <Button size="xs" variant="default" loading={write.isPending} onClick={() => write.mutate()}>{shared.exportCsv}</Button>
        </Group>
      </Group>
      {write.isError && <Failed error={write.error} needs="viewer" />}
      <Paged query={query} empty={isFiltered ? <Text size="sm" c="dimmed">{texts.nothing}</Text> : <Alert color="orange">{texts.none}</Alert>}>
        {(items) => (
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label={texts.title} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.code}</Table.Th><Table.Th ta="end">{texts.used}</Table.Th><Table.Th>{texts.customer}</Table.Th>
                <Table.Th>{texts.expires}</Table.Th><Table.Th>{texts.batch}</Table.Th><Table.Th>{texts.created}</Table.Th>
                {canWrite && <Table.Th><span className="visually-hidden">{texts.remove}</span></Table.Th>}
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own, place) => (
                  <Table.Tr key={canWrite ? own.code : place}>
                    <Table.Td ff="monospace">{own.code}</Table.Td>
                    <Table.Td ta="end">{number(own.used)}</Table.Td>
                    <Table.Td>{own.customer_id ?? texts.anybody}</Table.Td>
                    <Table.Td>{own.expires_at === null ? texts.withPromotion : showTime(own.expires_at, zone)}</Table.Td>
                    <Table.Td>{own.batch}</Table.Td>
                    <Table.Td>{showTime(own.created_at, zone)}</Table.Td>
                    {canWrite && (
                      <Table.Td>
                        <Ask size="compact-xs" button={texts.remove} label={texts.removeOf(own.code)} title={texts.removeTitle(own.code)} go={texts.remove}
                          onGo={() => remove.mutateAsync(own.code)} doing={remove}>
                          <Text size="sm">{texts.removeText}</Text>
                        </Ask>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
    </Stack>
  );
}
