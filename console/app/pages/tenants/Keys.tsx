import { Alert, Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import type { KeyRole, Tenant } from '../../api/schema';
import { Secret } from '../../parts/Secret';
import { Failed } from '../../parts/states';
import { roleWords } from '../../texts/setup';
import { tenants as texts } from '../../texts/tenants';

const ROLES = Object.keys(roleWords) as KeyRole[];

export function Keys({ tenant: { id } }: { tenant: Tenant }) {
  const [role, setRole] = useState<KeyRole>('admin');
  const [label, setLabel] = useState('');
  const [key, setKey] = useState('');
  const make = useMutation({
    mutationFn: () => call(api.POST('/v1/tenants/{id}/keys', { params: { path: { id } }, body: { role, label: label.trim() } })),
  });
  const revoke = useMutation({
    mutationFn: () => call(api.DELETE('/v1/tenants/{id}/keys/{key_id}', { params: { path: { id, key_id: key.trim() } } })),
    onSuccess: () => setKey(''),
  });
  return (
    <Stack gap="lg">
      {make.isSuccess ? (
        <>
          <Secret explain={texts.newKey} secret={make.data.key} copy={texts.copyKey} />
          <Text size="xs">{texts.keyId}: {make.data.id}</Text>
          <Group><Button size="xs" variant="default" onClick={() => make.reset()}>{texts.another}</Button></Group>
        </>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
          <Stack gap="xs">
            <NativeSelect label={texts.role} value={role} data={ROLES.map((value) => ({ value, label: roleWords[value] }))} onChange={(event) => setRole(ROLES.find((own) => own === event.currentTarget.value) ?? 'admin')} data-autofocus />
            <TextInput label={texts.label} value={label} onChange={(event) => setLabel(event.currentTarget.value)} />
            {make.isError && <Failed error={make.error} needs="operator" />}
            <Group><Button type="submit" loading={make.isPending}>{texts.makeKey}</Button></Group>
          </Stack>
        </form>
      )}
      <form onSubmit={(event) => { event.preventDefault(); revoke.mutate(); }}>
        <Stack gap="xs">
          <TextInput label={`${texts.revoke}: ${texts.keyId}`} description={texts.revokeHelp} value={key} onChange={(event) => setKey(event.currentTarget.value)} spellCheck={false} autoComplete="off" />
          {revoke.isError && <Failed error={revoke.error} needs="operator" />}
          {revoke.isSuccess && <Alert color="green" role="status">{texts.revoked}</Alert>}
          <Group><Button type="submit" color="red" loading={revoke.isPending} disabled={key.trim() === ''}>{texts.goRevoke}</Button></Group>
        </Stack>
      </form>
    </Stack>
  );
}
