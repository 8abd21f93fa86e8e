/** The operator's page: who is on the service, and how much each may ask of it. */
import { Badge, Button, Group, Modal, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { faultOf } from '../../api/problem';
import type { Tenant } from '../../api/schema';
import { Ask } from '../../parts/Ask';
import { CopyButton } from '../../parts/CopyButton';
import { after, Paged, usePaged } from '../../parts/paged';
import { Secret } from '../../parts/Secret';
import { Empty, Failed } from '../../parts/states';
import { shared } from '../../texts/shared';
import { tenants as texts } from '../../texts/tenants';
import { showTime } from '../../time/zone';
import { Bounds } from './Bounds';
import { refreshTenants, useChange } from './data';
import { Keys } from './Keys';

export default function Tenants() {
  const [isMaking, setMaking] = useState(false);
  const [bounds, setBounds] = useState<Tenant | null>(null);
  const [keys, setKeys] = useState<Tenant | null>(null);
  const query = usePaged(['tenants'], (cursor) => call(api.GET('/v1/tenants', { params: { query: after(cursor) } })));
  const add = <Button onClick={() => setMaking(true)}>{texts.add}</Button>;
  return (
    <Stack gap="md">
      <Group justify="space-between" align="start">
        <div>
          <Title order={1} size="h2">{texts.title}</Title>
          <Text size="sm" c="dimmed">{texts.explain}</Text>
        </div>
        {add}
      </Group>
      <Paged query={query} empty={<Empty title={texts.none} action={add}>{texts.noneText}</Empty>}>
        {(items) => (
          <Table.ScrollContainer minWidth={560}>
            <Table aria-label={texts.title} verticalSpacing={6}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.name}</Table.Th><Table.Th>{texts.state}</Table.Th><Table.Th>{texts.currency}</Table.Th><Table.Th>{texts.timezone}</Table.Th><Table.Th>{texts.made}</Table.Th>
                <Table.Th><span className="visually-hidden">{shared.edit}</span></Table.Th>
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => <Row key={own.id} tenant={own} openBounds={() => setBounds(own)} openKeys={() => setKeys(own)} />)}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
      <Modal opened={isMaking} onClose={() => setMaking(false)} title={texts.add} closeOnClickOutside={false}>{isMaking && <Make />}</Modal>
      <Modal opened={bounds !== null} onClose={() => setBounds(null)} title={texts.boundsOf(bounds?.name ?? '')}>{bounds !== null && <Bounds tenant={bounds} close={() => setBounds(null)} />}</Modal>
      <Modal opened={keys !== null} onClose={() => setKeys(null)} title={texts.keysOf(keys?.name ?? '')} closeOnClickOutside={false}>{keys !== null && <Keys tenant={keys} />}</Modal>
    </Stack>
  );
}

function Row({ tenant, openBounds, openKeys }: { tenant: Tenant; openBounds: () => void; openKeys: () => void }) {
  const change = useChange(tenant.id);
  const { name, suspended } = tenant;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>{name}<Group gap={4}><Text size="xs" c="dimmed" ff="monospace">{tenant.id}</Text><CopyButton text={tenant.id} /></Group></Table.Th>
      <Table.Td>
        <Badge variant="outline" color={suspended ? 'orange' : 'green'} tt="none" leftSection={<span aria-hidden>{suspended ? '❚❚' : '●'}</span>} styles={{ root: { color: 'var(--mantine-color-text)' }, label: { overflow: 'visible' } }}>
          {suspended ? texts.suspended : texts.active}
        </Badge>
      </Table.Td>
      <Table.Td>{tenant.currency}</Table.Td><Table.Td>{tenant.timezone}</Table.Td><Table.Td>{showTime(tenant.created_at, 'UTC')}</Table.Td>
      <Table.Td>
        <Group gap={6} wrap="nowrap" justify="end">
          <Button size="compact-xs" variant="default" aria-label={texts.boundsOf(name)} onClick={openBounds}>{texts.bounds}</Button>
          <Button size="compact-xs" variant="default" aria-label={texts.keysOf(name)} onClick={openKeys}>{texts.keys}</Button>
          {suspended ? (
            <Ask size="compact-xs" color="blue" button={texts.resume} label={texts.resumeOf(name)} title={texts.resumeTitle(name)} go={texts.resume} onGo={() => change.mutateAsync({ suspended: false })} doing={change}>
              <Text size="sm">{texts.resumeText}</Text>
            </Ask>
          ) : (
            <Ask size="compact-xs" button={texts.suspend} label={texts.suspendOf(name)} title={texts.suspendTitle(name)} go={texts.suspend} onGo={() => change.mutateAsync({ suspended: true })} doing={change}>
              <Text size="sm">{texts.suspendText}</Text>
            </Ask>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Make() {
  const [form, setForm] = useState({ name: '', currency: '', timezone: '' });
  const make = useMutation({
    mutationFn: () => call(api.POST('/v1/tenants', { body: { name: form.name.trim(), currency: form.currency.trim(), timezone: form.timezone.trim() } })),
    onSuccess: refreshTenants,
  });
  const fault = (pointer: string) => faultOf(make, (own) => own === pointer);
  if (make.isSuccess) return <Secret explain={texts.adminKey} secret={make.data.admin_key} copy={texts.copyKey} />;
  return (
    <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
      <Stack>
        <TextInput label={texts.name} value={form.name} required error={fault('/name')} onChange={(event) => setForm({ ...form, name: event.currentTarget.value })} data-autofocus />
        <TextInput label={texts.currency} description={texts.currencyHelp} value={form.currency} required maxLength={3} error={fault('/currency')} onChange={(event) => setForm({ ...form, currency: event.currentTarget.value.toUpperCase() })} />
        <TextInput label={texts.timezone} description={texts.timezoneHelp} value={form.timezone} required error={fault('/timezone')} onChange={(event) => setForm({ ...form, timezone: event.currentTarget.value })} />
        <Text size="xs" c="dimmed">{texts.fixed}</Text>
        {make.isError && <Failed error={make.error} needs="operator" />}
        <Group justify="end"><Button type="submit" loading={make.isPending}>{texts.add}</Button></Group>
      </Stack>
    </form>
  );
}
