/** New codes: generated, written, or from a file. */
import { Alert, Button, Group, NumberInput, Stack, Tabs, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { CodesInput, CodesMade } from '../../api/schema';
import { sendCsv } from '../../api/send';
import { number } from '../../money/money';
import { CsvImport } from '../../parts/CsvImport';
import { save, toCsv } from '../../parts/save';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { ZonedTime } from '../../parts/ZonedTime';
import { codes as texts } from '../../texts/promotion';

const EXAMPLE = 'code,expires_at,customer_id\nSUMMER-1,2026-12-31T23:59:59+05:30,\nSUMMER-2,,C-1001';

function lines(text: string): string[] {
  return text.split(/[\n,;]/).map((line) => line.trim()).filter((line) => line !== '');
}

function refresh(id: string) {
  return queries.invalidateQueries({ queryKey: ['promotions', id] });
}

export function MakeCodes({ id }: { id: string }) {
  return (
    <Tabs defaultValue="generate" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="generate">{texts.generate}</Tabs.Tab>
        <Tabs.Tab value="write">{texts.write}</Tabs.Tab>
        <Tabs.Tab value="file">{texts.file}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="generate" pt="sm"><Generate id={id} /></Tabs.Panel>
      <Tabs.Panel value="write" pt="sm"><Write id={id} /></Tabs.Panel>
      <Tabs.Panel value="file" pt="sm">
        <CsvImport
          help={texts.importHelp} example={EXAMPLE} after={() => refresh(id)}
          send={(text, onSent) => sendCsv<CodesMade>('POST', `/v1/promotions/${id}/codes`, text, onSent)}
          done={(answer) => said(answer as CodesMade)}
        />
      </Tabs.Panel>
    </Tabs>
  );
}

function said({ count, created }: CodesMade): string {
  return texts.made(number(count), number(created));
}

function useMake(id: string) {
  return useMutation({
    mutationFn: (body: CodesInput) => call(api.POST('/v1/promotions/{id}/codes', { params: { path: { id } }, body })),
    onSuccess: () => refresh(id),
  });
}

function Generate({ id }: { id: string }) {
  const { zone } = useOwnTenant();
  const make = useMake(id);
  const [form, setForm] = useState({ count: 100, prefix: '', length: 10, batch: '', expires_at: '', customers: '' });
  const set = (part: Partial<typeof form>) => setForm({ ...form, ...part });
  const customers = lines(form.customers);
  const go = () => make.mutate({
    generate: {
      length: form.length, prefix: form.prefix.trim() || null,
      ...(customers.length > 0 ? { customer_ids: customers } : { count: form.count }),
    },
    batch: form.batch.trim() || null, expires_at: form.expires_at || null,
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); go(); }}>
      <Stack gap="sm">
        <Group grow align="start">
          <NumberInput label={texts.count} value={form.count} min={1} max={100_000} allowDecimal={false} disabled={customers.length > 0}
            onChange={(count) => set({ count: Number(count) })} thousandSeparator="," />
          <NumberInput label={texts.length} description={texts.lengthHelp} value={form.length} min={8} max={32} allowDecimal={false} onChange={(length) => set({ length: Number(length) })} />
        </Group>
        <Group grow align="start">
          <TextInput label={texts.prefix} value={form.prefix} placeholder="DIW-" onChange={(event) => set({ prefix: event.currentTarget.value })} />
          <TextInput label={texts.batch} description={texts.batchHelp} value={form.batch} onChange={(event) => set({ batch: event.currentTarget.value })} />
        </Group>
        <ZonedTime label={texts.expires} description={texts.expiresHelp} value={form.expires_at} onChange={(expires_at) => set({ expires_at })} zone={zone} />
        <Textarea label={texts.forWhom} description={texts.forWhomHelp} rows={3} value={form.customers} onChange={(event) => set({ customers: event.currentTarget.value })} />
        <Group><Button type="submit" loading={make.isPending}>{texts.generate}</Button></Group>
        {make.isError && <Failed error={make.error} />}
        {make.isSuccess && <Made made={make.data} />}
      </Stack>
    </form>
  );
}

function Write({ id }: { id: string }) {
  const { zone } = useOwnTenant();
  const make = useMake(id);
  const [text, setText] = useState('');
  const [expires, setExpires] = useState('');
  const codes = lines(text);
  // The document of the API lists entries as objects only; a text alone is read too.
  const go = () => make.mutate({ codes: codes.map((code) => ({ code })), expires_at: expires || null });
  return (
    <form onSubmit={(event) => { event.preventDefault(); go(); }}>
      <Stack gap="sm">
        <Textarea label={texts.list} rows={6} ff="monospace" value={text} onChange={(event) => setText(event.currentTarget.value)} spellCheck={false} />
        <ZonedTime label={texts.expires} description={texts.expiresHelp} value={expires} onChange={setExpires} zone={zone} />
        <Group><Button type="submit" loading={make.isPending} disabled={codes.length === 0}>{texts.make}</Button></Group>
        {make.isError && <Failed error={make.error} />}
        {make.isSuccess && <Alert color="green" role="status">{said(make.data)}</Alert>}
      </Stack>
    </form>
  );
}

function Made({ made }: { made: CodesMade }) {
  const rows = made.bound_codes?.map(({ code, customer_id }) => [code, customer_id]) ?? made.codes?.map((code) => [code]) ?? [];
  const header = made.bound_codes === undefined ? ['code'] : ['code', 'customer_id'];
  return (
    <Alert color="green" role="status">
      <Group justify="space-between">
        <Text size="sm">{said(made)}</Text>
        <Button size="xs" variant="default" onClick={() => save(`${made.batch ?? 'codes'}.csv`, toCsv([header, ...rows]))}>{texts.saveMade}</Button>
      </Group>
    </Alert>
  );
}
