import { Alert, Button, Checkbox, Code, Group, Modal, SimpleGrid, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { faultOf } from '../../api/problem';
import { queries } from '../../api/queries';
import type { EventType, Webhook } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { Remove } from '../../parts/Remove';
import { CopyButton } from '../../parts/CopyButton';
import { after, Paged, usePaged } from '../../parts/paged';
import { Secret } from '../../parts/Secret';
import { Empty, Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { eventWords } from '../../texts/promotion';
import { webhooks as texts } from '../../texts/setup';
import { shared } from '../../texts/shared';
import { states } from '../../texts/frame';
import { showTime } from '../../time/zone';
import { Head } from './Head';
import { RotateSecret } from './RotateSecret';

const EVENTS = Object.keys(eventWords) as EventType[];

type Form = Pick<Webhook, 'name' | 'url' | 'events'>;

function refresh() {
  return queries.invalidateQueries({ queryKey: ['webhooks'] });
}

export default function Webhooks() {
  const canWrite = useCanWrite();
  const [edited, setEdited] = useState<Form | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [rotated, setRotated] = useState<string | null>(null);
  const query = usePaged(['webhooks', 'list'], (cursor) => call(api.GET('/v1/webhooks', { params: { query: after(cursor) } })));
  const remove = useMutation({
    mutationFn: (name: string) => call(api.DELETE('/v1/webhooks/{name}', { params: { path: { name } } })),
    onSettled: refresh,
  });
  const add = canWrite && <Button onClick={() => setEdited({ name: '', url: 'https://', events: EVENTS })}>{texts.add}</Button>;
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain}>{add}</Head>
      <Paged query={query} empty={<Empty title={texts.none} action={add}>{texts.noneText}</Empty>}>
        {(items) => (
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label={texts.title} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.name}</Table.Th><Table.Th>{texts.url}</Table.Th><Table.Th>{texts.events}</Table.Th><Table.Th><span className="visually-hidden">{shared.edit}</span></Table.Th>
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.name}>
                    <Table.Th scope="row" fw={500}>{own.name}</Table.Th><Table.Td style={{ overflowWrap: 'anywhere' }}>{own.url}</Table.Td>
                    <Table.Td>{own.events.length === EVENTS.length ? texts.all : own.events.map((event) => eventWords[event]).join(', ')}</Table.Td>
                    <Table.Td>
                      <Group gap={6} wrap="nowrap" justify="end">
                        <Button size="compact-xs" variant="default" aria-label={`${texts.dead}: ${own.name}`} onClick={() => setShown(own.name)}>{texts.dead}</Button>
                        {canWrite && <Button size="compact-xs" variant="default" aria-label={texts.change(own.name)} onClick={() => setEdited(own)}>{shared.edit}</Button>}
                        {canWrite && <Button size="compact-xs" variant="default" aria-label={texts.rotateOf(own.name)} onClick={() => setRotated(own.name)}>{texts.rotate}</Button>}
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
      <Modal opened={edited !== null} onClose={() => setEdited(null)} title={edited?.name === '' ? texts.add : texts.change(edited?.name ?? '')} size="lg" closeOnClickOutside={false}>
        {edited !== null && <Edit webhook={edited} close={() => setEdited(null)} />}
      </Modal>
      <Modal opened={rotated !== null} onClose={() => setRotated(null)} title={texts.rotateOf(rotated ?? '')} closeOnClickOutside={false}>
        {rotated !== null && <RotateSecret name={rotated} close={() => setRotated(null)} refresh={refresh} />}
      </Modal>
      <Modal opened={shown !== null} onClose={() => setShown(null)} title={`${texts.dead}: ${shown ?? ''}`} size="xl">
        {shown !== null && <Dead name={shown} />}
      </Modal>
    </Stack>
  );
}

function Edit({ webhook, close }: { webhook: Form; close: () => void }) {
  const [form, setForm] = useState(webhook);
  const toggle = (event: EventType) => setForm({ ...form, events: EVENTS.filter((own) => (own === event ? !form.events.includes(own) : form.events.includes(own))) });
  const put = useMutation({
    mutationFn: () => call(api.PUT('/v1/webhooks/{name}', { params: { path: { name: form.name.trim() } }, body: { url: form.url.trim(), events: [...form.events] } })),
    onSuccess: async (answer) => { await refresh(); if (answer.secret === undefined) close(); },
  });
  const fault = (pointer: string) => faultOf(put, (own) => own.startsWith(pointer));
  if (put.data?.secret !== undefined) return <Secret explain={texts.secret} secret={put.data.secret} copy={states.copy} />;
  return (
    <form onSubmit={(event) => { event.preventDefault(); put.mutate(); }}>
      <Stack>
        <TextInput label={texts.name} value={form.name} disabled={webhook.name !== ''} required onChange={(event) => setForm({ ...form, name: event.currentTarget.value })} data-autofocus />
        <TextInput label={texts.url} description={texts.urlHelp} type="url" value={form.url} required error={fault('/url')} onChange={(event) => setForm({ ...form, url: event.currentTarget.value })} />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={6} role="group" aria-label={texts.events}>
          {EVENTS.map((event) => <Checkbox key={event} size="sm" label={eventWords[event]} checked={form.events.includes(event)} onChange={() => toggle(event)} />)}
        </SimpleGrid>
        {put.isError && <Failed error={put.error} />}
        <Group justify="end"><Button variant="default" onClick={close}>{shared.cancel}</Button><Button type="submit" loading={put.isPending} disabled={form.name.trim() === '' || form.events.length === 0}>{shared.save}</Button></Group>
      </Stack>
    </form>
  );
}

function Dead({ name }: { name: string }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const query = usePaged(['webhooks', 'dead', name], (cursor) => call(api.GET('/v1/webhooks/{name}/dead', { params: { path: { name }, query: after(cursor) } })));
  const again = useMutation({
    mutationFn: (events: string[] | null) => call(api.POST('/v1/webhooks/{name}/resend', { params: { path: { name } }, body: events === null ? {} : { events } })),
    onSettled: refresh,
  });
  return (
    <Stack>
      {again.isSuccess && <Alert color="green" role="status">{texts.sent(again.data.count)}</Alert>}
      {again.isError && <Failed error={again.error} />}
      <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.noDead}</Text>}>
        {(items) => (
          <>
            {canWrite && <Group><Button size="xs" loading={again.isPending} onClick={() => again.mutate(null)}>{texts.againAll}</Button></Group>}
            <Table.ScrollContainer minWidth={480}>
              <Table aria-label={texts.dead} verticalSpacing={4}>
                <Table.Thead><Table.Tr>
                  <Table.Th>{texts.deadAt}</Table.Th><Table.Th>{texts.event}</Table.Th><Table.Th>{texts.fault}</Table.Th><Table.Th ta="end">{texts.attempts}</Table.Th>{canWrite && <Table.Th><span className="visually-hidden">{texts.again}</span></Table.Th>}
                </Table.Tr></Table.Thead>
                <Table.Tbody>
                  {items.map((own) => (
                    <Table.Tr key={own.event.id}>
                      <Table.Td>{showTime(own.dead_at, zone)}</Table.Td>
                      <Table.Td>
                        <Group gap={4} wrap="nowrap">{eventWords[own.event.type]} <CopyButton text={own.event.id} /></Group>
                        <details><summary>{own.event.sequence}</summary><Code block>{JSON.stringify(own.event.data, null, 2)}</Code></details>
                      </Table.Td>
                      <Table.Td>{own.fault}</Table.Td><Table.Td ta="end">{own.attempts}</Table.Td>
                      {canWrite && <Table.Td><Button size="compact-xs" variant="default" aria-label={texts.againOf(own.event.id)} onClick={() => again.mutate([own.event.id])}>{texts.again}</Button></Table.Td>}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
      </Paged>
    </Stack>
  );
}
