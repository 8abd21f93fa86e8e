import { ActionIcon, Button, Group, Modal, NativeSelect, NumberInput, Stack, Table, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { faultOf } from '../../api/problem';
import { queries } from '../../api/queries';
import type { Milestone, MilestoneInput, MilestoneMeasure, RefreshUnit } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { money, number, readDecimal, trim } from '../../money/money';
import { Remove } from '../../parts/Remove';
import { LineChooser } from '../../parts/LineChooser';
import { after, Paged, usePaged } from '../../parts/paged';
import { Empty, Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { measureWords } from '../../texts/desk';
import { milestones as texts, unitWords } from '../../texts/setup';
import { shared } from '../../texts/shared';
import { Head } from './Head';

const MEASURES = Object.keys(measureWords) as MilestoneMeasure[];
const UNITS = Object.keys(unitWords) as RefreshUnit[];

type Form = MilestoneInput & { name: string };

const NEW: Form = { name: '', measure: 'spend', of: null, window: { every: 1, unit: 'month' }, targets: [{ name: '', value: '' }] };

function refresh() {
  return queries.invalidateQueries({ queryKey: ['milestones'] });
}

function formOf({ name, measure, of, window, targets }: Milestone): Form {
  return { name, measure, of, window, targets };
}

export default function Milestones() {
  const { currency } = useOwnTenant();
  const canWrite = useCanWrite();
  const [edited, setEdited] = useState<Form | null>(null);
  const query = usePaged(['milestones'], (cursor) => call(api.GET('/v1/milestones', { params: { query: after(cursor) } })));
  const remove = useMutation({
    mutationFn: (name: string) => call(api.DELETE('/v1/milestones/{name}', { params: { path: { name } } })),
    onSettled: refresh,
  });
  const add = canWrite && <Button onClick={() => setEdited(NEW)}>{texts.add}</Button>;
  return (
    <Stack gap="md">
      <Head title={texts.title} explain={texts.explain}>{add}</Head>
      <Paged query={query} empty={<Empty title={texts.none} action={add}>{texts.noneText}</Empty>}>
        {(items) => (
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label={texts.title} verticalSpacing={4}>
              <Table.Thead><Table.Tr>
                <Table.Th>{texts.name}</Table.Th><Table.Th>{texts.measure}</Table.Th><Table.Th>{texts.window}</Table.Th><Table.Th>{texts.targets}</Table.Th>
                {canWrite && <Table.Th><span className="visually-hidden">{shared.edit}</span></Table.Th>}
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {items.map((own) => (
                  <Table.Tr key={own.name}>
                    <Table.Th scope="row" fw={500}>{own.name}</Table.Th><Table.Td>{measureWords[own.measure]}</Table.Td>
                    <Table.Td>{own.window === null ? texts.never : texts.refresh(own.window.every, own.window.unit)}</Table.Td>
                    <Table.Td>{own.targets.map(({ name, value }) => `${name}: ${own.measure === 'spend' ? money(value, currency) : number(trim(value))}`).join(' · ')}</Table.Td>
                    {canWrite && (
                      <Table.Td>
                        <Group gap={6} wrap="nowrap" justify="end">
                          <Button size="compact-xs" variant="default" aria-label={texts.change(own.name)} onClick={() => setEdited(formOf(own))}>{shared.edit}</Button>
                          <Remove name={own.name} texts={texts} by={remove} />
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
      <Modal opened={edited !== null} onClose={() => setEdited(null)} title={edited?.name === '' ? texts.add : texts.change(edited?.name ?? '')} size="lg">
        {edited !== null && <Edit milestone={edited} close={() => setEdited(null)} />}
      </Modal>
    </Stack>
  );
}

function Edit({ milestone, close }: { milestone: Form; close: () => void }) {
  const [form, setForm] = useState(milestone);
  const set = (part: Partial<Form>) => setForm({ ...form, ...part });
  const change = (place: number, part: Partial<Form['targets'][number]>) => set({ targets: form.targets.map((own, at) => (at === place ? { ...own, ...part } : own)) });
  const { name, ...terms } = form;
  const put = useMutation({
    mutationFn: () => call(api.PUT('/v1/milestones/{name}', {
      params: { path: { name: name.trim() } }, body: { ...terms, targets: terms.targets.map((own) => ({ name: own.name.trim(), value: readDecimal(own.value) ?? own.value })) },
    })),
    onSuccess: async () => { await refresh(); close(); },
  });
  const fault = (pointer: string) => faultOf(put, (own) => own.startsWith(pointer));
  return (
    <form onSubmit={(event) => { event.preventDefault(); put.mutate(); }}>
      <Stack>
        <TextInput label={texts.name} value={name} disabled={milestone.name !== ''} required onChange={(event) => set({ name: event.currentTarget.value })} data-autofocus />
        <NativeSelect label={texts.measure} value={form.measure} data={MEASURES.map((value) => ({ value, label: measureWords[value] }))}
          onChange={(event) => set({ measure: MEASURES.find((own) => own === event.currentTarget.value) ?? 'spend' })} />
        <LineChooser label={texts.lines} value={form.of ?? null} onChange={(of) => set({ of })} />
        <Group align="end" gap="xs">
          <NativeSelect label={texts.window} value={form.window == null ? 'never' : 'every'} data={[{ value: 'never', label: texts.never }, { value: 'every', label: texts.every }]}
            onChange={(event) => set({ window: event.currentTarget.value === 'never' ? null : { every: 1, unit: 'month' } })} />
          {form.window != null && (
            <>
              <NumberInput label={texts.every} w={90} min={1} allowDecimal={false} value={form.window.every} onChange={(every) => set({ window: { every: Number(every), unit: form.window?.unit ?? 'month' } })} />
              <NativeSelect label={texts.unit} value={form.window.unit} data={UNITS.map((value) => ({ value, label: unitWords[value] }))}
                onChange={(event) => set({ window: { every: form.window?.every ?? 1, unit: UNITS.find((own) => own === event.currentTarget.value) ?? 'month' } })} />
            </>
          )}
        </Group>
        <Stack gap={6} role="group" aria-label={texts.targets}>
          {form.targets.map((own, place) => (
            <Group key={place} gap={6} align="end" wrap="nowrap">
              <TextInput style={{ flex: 1 }} label={texts.target} value={own.name} error={fault(`/targets/${place}/name`)} onChange={(event) => change(place, { name: event.currentTarget.value })} />
              <TextInput style={{ flex: 1 }} label={texts.value} inputMode="decimal" value={own.value} error={fault(`/targets/${place}/value`)} onChange={(event) => change(place, { value: event.currentTarget.value })} />
              <ActionIcon mb={6} variant="subtle" color="gray" disabled={form.targets.length === 1} aria-label={`${texts.removeTarget} ${place + 1}`} onClick={() => set({ targets: form.targets.filter((_, at) => at !== place) })}><span aria-hidden>✕</span></ActionIcon>
            </Group>
          ))}
          <Group><Button size="xs" variant="default" onClick={() => set({ targets: [...form.targets, { name: '', value: '' }] })}>{texts.addTarget}</Button></Group>
        </Stack>
        {put.isError && <Failed error={put.error} />}
        <Group justify="end"><Button variant="default" onClick={close}>{shared.cancel}</Button><Button type="submit" loading={put.isPending} disabled={name.trim() === ''}>{shared.save}</Button></Group>
      </Stack>
    </form>
  );
}
