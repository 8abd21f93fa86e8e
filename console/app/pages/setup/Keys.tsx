import { Badge, Button, Group, Modal, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { KeyRole } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { Ask } from '../../parts/Ask';
import { after, Paged, usePaged } from '../../parts/paged';
import { Secret } from '../../parts/Secret';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { keys as texts, roleWords } from '../../texts/setup';
import { shared } from '../../texts/shared';
import { showTime } from '../../time/zone';
import { Head } from './Head';

const ROLES = Object.keys(roleWords) as KeyRole[];

function refresh() {
  return queries.invalidateQueries({ queryKey: ['keys'] });
}

export default function Keys() {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const [isMaking, setMaking] = useState(false);
  const query = usePaged(['keys', 'list'], (cursor) => call(api.GET('/v1/keys', { params: { query: after(cursor) } })));
  const revoke = useMutation({
    mutationFn: (id: string) => call(api.DELETE('/v1/keys/{id}', { params: { path: { id } } })),
    onSettled: refresh,
  });
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain}>{canWrite && <Button onClick={() => setMaking(true)}>{texts.add}</Button>}</Head>
      <Paged query={query} empty={null}>
        {(items) => (
          <Table.ScrollContainer minWidth={480}>
            <Table aria-label={texts.title} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.label}</Table.Th><Table.Th>{texts.role}</Table.Th><Table.Th>{texts.ending}</Table.Th><Table.Th>{texts.made}</Table.Th><Table.Th>{texts.lastUsed}</Table.Th>
                {canWrite && <Table.Th><span className="visually-hidden">{texts.revoke}</span></Table.Th>}
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.id}>
                    <Table.Th scope="row" fw={500}>{own.label} {own.revoked_at !== null && <Badge variant="outline" color="gray" tt="none" autoContrast styles={{ root: { color: 'var(--mantine-color-text)' } }}>{texts.revoked}</Badge>}</Table.Th>
                    <Table.Td>{roleWords[own.role]}</Table.Td><Table.Td ff="monospace">…{own.hint}</Table.Td><Table.Td>{showTime(own.created_at, zone)}</Table.Td>
                    <Table.Td>{own.last_used_at === null ? texts.never : showTime(own.last_used_at, zone)}</Table.Td>
                    {canWrite && (
                      <Table.Td ta="end">
                        {own.revoked_at === null && (
                          <Ask size="compact-xs" button={texts.revoke} label={texts.revokeOf(own.label)} title={texts.revokeTitle(own.label)} go={texts.revoke} onGo={() => revoke.mutateAsync(own.id)} doing={revoke}>
                            <Text size="sm">{texts.revokeText}</Text>
                          </Ask>
                        )}
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Paged>
      <Modal opened={isMaking} onClose={() => setMaking(false)} title={texts.add} closeOnClickOutside={false}>{isMaking && <Make />}</Modal>
    </Stack>
  );
}

function Make() {
  const [role, setRole] = useState<KeyRole>('viewer');
  const [label, setLabel] = useState('');
  const make = useMutation({
    mutationFn: () => call(api.POST('/v1/keys', { body: { role, label: label.trim() } })),
    onSuccess: refresh,
  });
  if (make.isSuccess) return <Secret explain={texts.once} secret={make.data.key} copy={texts.copy} />;
  return (
    <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
      <Stack>
        <NativeSelect label={texts.role} value={role} data={ROLES.map((value) => ({ value, label: roleWords[value] }))} onChange={(event) => setRole(ROLES.find((own) => own === event.currentTarget.value) ?? 'viewer')} data-autofocus />
        <TextInput label={texts.label} description={texts.labelHelp} value={label} onChange={(event) => setLabel(event.currentTarget.value)} />
        {make.isError && <Failed error={make.error} />}
        <Group justify="end"><Button type="submit" loading={make.isPending}>{shared.save}</Button></Group>
      </Stack>
    </form>
  );
}
