/** Which customers have the promotion in hand; giving it and taking it back. */
import { Alert, Anchor, Button, Group, Modal, NativeSelect, Stack, Table, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import type { IssuanceState, Promotion } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { Ask } from '../../parts/Ask';
import { after, Paged, usePaged } from '../../parts/paged';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { issuances as texts, issuanceSourceWords, issuanceStateWords, verdictWords } from '../../texts/promotion';
import { showTime } from '../../time/zone';

const STATES = Object.keys(issuanceStateWords) as IssuanceState[];

/** Those that a revocation can still end. */
const HELD: readonly IssuanceState[] = ['issued', 'unlocked', 'activated'];

export function Issuances({ promotion: { id, type } }: { promotion: Promotion }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const [state, setState] = useState<IssuanceState | null>(null);
  const [isGiving, giving] = useDisclosure(false);
  const query = usePaged(['issuances', 'of', id, state], (cursor) =>
    call(api.GET('/v1/issuances', { params: { query: { promotion_id: id, ...(state !== null && { state }), ...after(cursor) } } })));
  const revoke = useMutation({
    mutationFn: (issuance: string) => call(api.POST('/v1/issuances/{id}/revoke', { params: { path: { id: issuance } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['issuances'] }),
  });
  const isGivable = type === 'rewards' || type === 'loyalty' || type === 'loyalty_earning';
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="end">
        <NativeSelect label={texts.state} value={state ?? ''} onChange={(event) => setState(STATES.find((own) => own === event.currentTarget.value) ?? null)}
          data={[{ value: '', label: texts.anyState }, ...STATES.map((value) => ({ value, label: issuanceStateWords[value] }))]} />
        {canWrite && isGivable && <Button onClick={giving.open}>{texts.give}</Button>}
      </Group>
      <Modal opened={isGiving} onClose={giving.close} title={texts.give}><Give id={id} /></Modal>
      <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.none}</Text>}>
        {(items) => (
          <Table.ScrollContainer minWidth={480}>
            <Table aria-label={texts.none} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.customer}</Table.Th><Table.Th>{texts.state}</Table.Th><Table.Th>{texts.issued}</Table.Th>
                <Table.Th>{texts.expires}</Table.Th><Table.Th>{texts.source}</Table.Th>{canWrite && <Table.Th><span className="visually-hidden">{texts.revoke}</span></Table.Th>}
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.id}>
                    <Table.Td><Anchor component={Link} size="sm" to={`/desk?customer=${encodeURIComponent(own.customer_id)}`}>{own.customer_id}</Anchor></Table.Td>
                    <Table.Td>{issuanceStateWords[own.state]}</Table.Td>
                    <Table.Td>{showTime(own.issued_at, zone)}</Table.Td>
                    <Table.Td>{showTime(own.expires_at, zone)}</Table.Td>
                    <Table.Td>{issuanceSourceWords[own.source]}{own.source_id !== null && ` · ${own.source_id}`}</Table.Td>
                    {canWrite && (
                      <Table.Td>
                        {HELD.includes(own.state) && (
                          <Ask size="compact-xs" button={texts.revoke} label={texts.revokeOf(own.customer_id)} title={texts.revokeTitle(own.customer_id)}
                            go={texts.revoke} onGo={() => revoke.mutateAsync(own.id)} doing={revoke}>
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
    </Stack>
  );
}

function Give({ id }: { id: string }) {
  const [text, setText] = useState('');
  const [source, setSource] = useState('');
  const customers = [...new Set(text.split(/[\n,;\t]/).map((line) => line.trim()).filter((line) => line !== ''))];
  const give = useMutation({
    mutationFn: () => call(api.POST('/v1/issuances/bulk', { body: { promotion_id: id, source_id: source.trim(), customer_ids: customers } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['issuances'] }),
  });
  return (
    <form onSubmit={(event) => { event.preventDefault(); give.mutate(); }}>
      <Stack>
        <Textarea label={texts.giveTo} description={texts.giveHelp} rows={5} value={text} onChange={(event) => setText(event.currentTarget.value)} data-autofocus />
        <TextInput label={texts.source_id} description={texts.source_idHelp} value={source} onChange={(event) => setSource(event.currentTarget.value)} required />
        <Group><Button type="submit" loading={give.isPending} disabled={customers.length === 0 || source.trim() === ''}>{texts.goGive}</Button></Group>
        {give.isError && <Failed error={give.error} />}
        {give.isSuccess && (
          <Alert color="blue" role="status" title={texts.verdicts}>
            {give.data.verdicts.map((own) => <Text size="sm" key={own.customer_id}>{own.customer_id}: {verdictWords[own.verdict] ?? own.verdict}</Text>)}
          </Alert>
        )}
      </Stack>
    </form>
  );
}
