import { Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { faultOf } from '../../api/problem';
import { queries } from '../../api/queries';
import type { Store, StoresPut } from '../../api/schema';
import { sendCsv } from '../../api/send';
import { useCanWrite } from '../../api/session';
import { number } from '../../money/money';
import { Remove } from '../../parts/Remove';
import { CsvImport } from '../../parts/CsvImport';
import { NameField, NamesField } from '../../parts/NamesField';
import { after, Paged, usePaged } from '../../parts/paged';
import { save, toCsv } from '../../parts/save';
import { Empty, Failed } from '../../parts/states';
import { stores as texts } from '../../texts/setup';
import { shared } from '../../texts/shared';
import { Head } from './Head';

const EXAMPLE = 'code,concept,zones,timezone\nBLR-01,fashion,south|metro,\nDXB-01,fashion,gulf,Asia/Dubai';

const NEW: Store = { code: '', concept: null, zones: [], timezone: null };

function refresh() {
  return queries.invalidateQueries({ queryKey: ['stores'] });
}

/** All stores, page by page, for a file. */
async function everyStore(): Promise<Store[]> {
  const found: Store[] = [];
  let cursor: string | undefined;
  do {
    const page = await call(api.GET('/v1/stores', { params: { query: after(cursor, 200) } }));
    found.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

export default function Stores() {
  const canWrite = useCanWrite();
  const [edited, setEdited] = useState<Store | null>(null);
  const [isImporting, setImporting] = useState(false);
  const query = usePaged(['stores'], (cursor) => call(api.GET('/v1/stores', { params: { query: after(cursor) } })));
  const write = useMutation({
    mutationFn: async () => {
      const all = await everyStore();
      save('stores.csv', toCsv([['code', 'concept', 'zones', 'timezone'], ...all.map((own) => [own.code, own.concept ?? '', own.zones.join('|'), own.timezone ?? ''])]));
    },
  });
  const remove = useMutation({
    mutationFn: (code: string) => call(api.DELETE('/v1/stores/{code}', { params: { path: { code } } })),
    onSettled: refresh,
  });
  const add = canWrite && <Button onClick={() => setEdited(NEW)}>{texts.add}</Button>;
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain}>
        <Button variant="default" loading={write.isPending} onClick={() => write.mutate()}>{shared.exportCsv}</Button>
        {canWrite && <Button variant="default" onClick={() => setImporting(true)}>{texts.file}</Button>}
        {add}
      </Head>
      {write.isError && <Failed error={write.error} needs="viewer" />}
      <Paged query={query} empty={<Empty title={texts.none} action={add}>{texts.noneText}</Empty>}>
        {(items) => (
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label={texts.title} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.code}</Table.Th><Table.Th>{texts.concept}</Table.Th><Table.Th>{texts.zones}</Table.Th><Table.Th>{texts.timezone}</Table.Th>
                {canWrite && <Table.Th><span className="visually-hidden">{shared.edit}</span></Table.Th>}
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.code}>
                    <Table.Th scope="row" fw={500}>{own.code}</Table.Th><Table.Td>{own.concept}</Table.Td><Table.Td>{own.zones.join(', ')}</Table.Td>
                    <Table.Td>{own.timezone ?? <Text span size="sm" c="dimmed">{texts.ownZone}</Text>}</Table.Td>
                    {canWrite && (
                      <Table.Td>
                        <Group gap={6} wrap="nowrap" justify="end">
                          <Button size="compact-xs" variant="default" aria-label={texts.change(own.code)} onClick={() => setEdited(own)}>{shared.edit}</Button>
                          <Remove name={own.code} texts={texts} by={remove} />
                        </Group>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
      <Modal opened={edited !== null} onClose={() => setEdited(null)} title={edited?.code === '' ? texts.add : texts.change(edited?.code ?? '')}>
        {edited !== null && <Edit store={edited} close={() => setEdited(null)} />}
      </Modal>
      <Modal opened={isImporting} onClose={() => setImporting(false)} title={texts.file} size="lg">
        <CsvImport help={texts.importHelp} example={EXAMPLE} after={refresh} done={(answer) => texts.imported(number((answer as StoresPut).count))}
          send={(text, onSent) => sendCsv<StoresPut>('PUT', '/v1/stores', text, onSent)} />
      </Modal>
    </Stack>
  );
}

function Edit({ store, close }: { store: Store; close: () => void }) {
  const [form, setForm] = useState(store);
  const put = useMutation({
    mutationFn: () => call(api.PUT('/v1/stores/{code}', {
      params: { path: { code: form.code.trim() } }, body: { concept: form.concept?.trim() || null, zones: form.zones, timezone: form.timezone?.trim() || null },
    })),
    onSuccess: async () => { await refresh(); close(); },
  });
  const fault = (pointer: string) => faultOf(put, (own) => own.startsWith(pointer));
  return (
    <form onSubmit={(event) => { event.preventDefault(); put.mutate(); }}>
      <Stack>
        <TextInput label={texts.code} value={form.code} disabled={store.code !== ''} required onChange={(event) => setForm({ ...form, code: event.currentTarget.value })} data-autofocus />
        <NameField label={texts.concept} lookup={{ field: 'concept' }} value={form.concept ?? ''} error={fault('/concept')} onChange={(concept) => setForm({ ...form, concept })} />
        <NamesField label={texts.zones} lookup={{ field: 'zone' }} value={form.zones} error={fault('/zones')} onChange={(zones) => setForm({ ...form, zones })} />
        <TextInput label={texts.timezone} placeholder={texts.ownZone} value={form.timezone ?? ''} error={fault('/timezone')} onChange={(event) => setForm({ ...form, timezone: event.currentTarget.value })} />
        {put.isError && <Failed error={put.error} />}
        <Group justify="end"><Button variant="default" onClick={close}>{shared.cancel}</Button><Button type="submit" loading={put.isPending} disabled={form.code.trim() === ''}>{shared.save}</Button></Group>
      </Stack>
    </form>
  );
}
