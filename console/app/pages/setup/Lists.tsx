import { Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { ProductListSummary } from '../../api/schema';
import { sendCsv } from '../../api/send';
import { useCanWrite } from '../../api/session';
import { number } from '../../money/money';
import { Remove } from '../../parts/Remove';
import { CsvImport } from '../../parts/CsvImport';
import { after, Paged, usePaged } from '../../parts/paged';
import { save, toCsv } from '../../parts/save';
import { Empty, Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { lists as texts } from '../../texts/setup';
import { shared } from '../../texts/shared';
import { showTime } from '../../time/zone';
import { Head } from './Head';

function refresh() {
  return queries.invalidateQueries({ queryKey: ['product-lists'] });
}

export default function Lists() {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  /** The list that is written; empty: a new one. */
  const [written, setWritten] = useState<string | null>(null);
  const query = usePaged(['product-lists'], (cursor) => call(api.GET('/v1/product-lists', { params: { query: after(cursor) } })));
  const write = useMutation({
    mutationFn: async (name: string) => {
      const list = await call(api.GET('/v1/product-lists/{name}', { params: { path: { name } } }));
      save(`${name}.csv`, toCsv([['sku'], ...list.skus.map((sku) => [sku])]));
    },
  });
  const remove = useMutation({
    mutationFn: (name: string) => call(api.DELETE('/v1/product-lists/{name}', { params: { path: { name } } })),
    onSettled: refresh,
  });
  const add = canWrite && <Button onClick={() => setWritten('')}>{texts.add}</Button>;
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain}>{add}</Head>
      {write.isError && <Failed error={write.error} needs="viewer" />}
      <Paged query={query} empty={<Empty title={texts.none} action={add}>{texts.noneText}</Empty>}>
        {(items) => (
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label={texts.title} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.name}</Table.Th><Table.Th ta="end">{texts.size}</Table.Th><Table.Th>{texts.updated}</Table.Th><Table.Th><span className="visually-hidden">{shared.edit}</span></Table.Th>
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.name}>
                    <Table.Th scope="row" fw={500}>{own.name}</Table.Th><Table.Td ta="end">{number(own.size)}</Table.Td><Table.Td>{showTime(own.updated_at, zone)}</Table.Td>
                    <Table.Td>
                      <Group gap={6} wrap="nowrap" justify="end">
                        <Button size="compact-xs" variant="default" aria-label={texts.saveOf(own.name)} onClick={() => write.mutate(own.name)}>{texts.save}</Button>
                        {canWrite && <Button size="compact-xs" variant="default" aria-label={texts.replaceOf(own.name)} onClick={() => setWritten(own.name)}>{texts.replace}</Button>}
                        {canWrite && <Remove name={own.name} texts={texts} by={remove} />}
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
      <Modal opened={written !== null} onClose={() => setWritten(null)} title={written === '' ? texts.add : texts.replaceOf(written ?? '')} size="lg">
        {written !== null && <Write name={written} />}
      </Modal>
    </Stack>
  );
}

function Write({ name }: { name: string }) {
  const [typed, setTyped] = useState(name);
  return (
    <Stack>
      {name === '' && <TextInput label={texts.name} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} data-autofocus required />}
      {typed.trim() === '' ? <Text size="sm" c="dimmed">{texts.needsName}</Text> : (
        <CsvImport help={texts.importHelp} example={'sku\nTEE-RED-M\nTEE-RED-L'} after={refresh} done={(answer) => texts.imported(number((answer as ProductListSummary).size))}
          send={(text, onSent) => sendCsv<ProductListSummary>('PUT', `/v1/product-lists/${encodeURIComponent(typed.trim())}`, text, onSent)} />
      )}
    </Stack>
  );
}
