import { Accordion, Group, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useSearchParams } from 'react-router';
import { useState } from 'react';

import { api, call } from '../../api/client';
import type { AuditEntry } from '../../api/schema';
import { Difference } from '../../parts/Difference';
import { useKeyNames } from '../../parts/keys';
import { after, Paged, usePaged } from '../../parts/paged';
import { useOwnTenant } from '../../parts/tenant';
import { ZonedTime } from '../../parts/ZonedTime';
import { actionWords, audit as texts } from '../../texts/setup';
import { showTime } from '../../time/zone';
import { Head } from './Head';

export default function Audit() {
  const { zone } = useOwnTenant();
  const [search, setSearch] = useSearchParams();
  const [typed, setTyped] = useState(search.get('subject') ?? '');
  const [subject] = useDebouncedValue(typed.trim(), 300);
  const [from, to] = [search.get('from') ?? '', search.get('to') ?? ''];
  const set = (name: string, value: string) => setSearch((before) => {
    const changed = new URLSearchParams(before);
    if (value === '') changed.delete(name); else changed.set(name, value);
    return changed;
  }, { replace: true });
  const filter = { ...(subject !== '' && { subject }), ...(from !== '' && { from }), ...(to !== '' && { to }) };
  const query = usePaged(['audit', filter], (cursor) => call(api.GET('/v1/audit', { params: { query: { ...filter, ...after(cursor) } } })));
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain} />
      <Group align="start" gap="xs" role="search">
        <TextInput label={texts.subject} description={texts.subjectHelp} value={typed} onChange={(event) => { setTyped(event.currentTarget.value); set('subject', event.currentTarget.value.trim()); }} />
        <ZonedTime label={texts.from} value={from} onChange={(value) => set('from', value)} zone={zone} />
        <ZonedTime label={texts.to} value={to} onChange={(value) => set('to', value)} zone={zone} />
      </Group>
      <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.none}</Text>}>
        {(items) => <Accordion variant="separated" chevronPosition="left" order={2}>{items.map((own) => <Entry key={own.id} entry={own} />)}</Accordion>}
      </Paged>
    </Stack>
  );
}

/** The name of what was changed, where the change has it. */
function nameOf({ before, after: later }: AuditEntry): string {
  for (const document of [later, before]) {
    if (typeof document !== 'object' || document === null) continue;
    const inner = 'promotion' in document ? document.promotion : document;
    if (typeof inner === 'object' && inner !== null && 'name' in inner && typeof inner.name === 'string') return inner.name;
  }
  return '';
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { zone } = useOwnTenant();
  const who = useKeyNames();
  const [kind = '', id = ''] = entry.subject.split(':');
  const name = nameOf(entry);
  return (
    <Accordion.Item value={entry.id}>
      <Accordion.Control>
        <Group gap="sm" justify="space-between">
          <Text size="sm"><b>{kind.replaceAll('_', ' ')}</b> {name === '' ? id : name} · {actionWords[entry.action] ?? entry.action.replaceAll('_', ' ')}</Text>
          <Text size="sm" c="dimmed">{showTime(entry.at, zone, 'weekday')} · {who(entry.key_id)}</Text>
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        {/* What was made or deleted is shown by its fields too. */}
        <Difference before={entry.before ?? {}} after={entry.after ?? {}} label={texts.difference} />
        {kind === 'promotion' && <Link to={`/promotions/${id}?tab=history`}>{texts.open}</Link>}
      </Accordion.Panel>
    </Accordion.Item>
  );
}
