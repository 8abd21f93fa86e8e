/** The settings of the tenant. */
import { Alert, Button, Checkbox, Group, NativeSelect, NumberInput, Paper, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactNode } from 'react';

import { api, callWithTag } from '../../../api/client';
import { asProblem } from '../../../api/problem';
import { queries } from '../../../api/queries';
import type { Settings } from '../../../api/queries';
import type { RoundingMode, SettingsInput } from '../../../api/schema';
import { useCanWrite } from '../../../api/session';
import { isDecimal, readDecimal } from '../../../money/money';
import { same } from '../../../parts/difference';
import { LineChooser } from '../../../parts/LineChooser';
import { Answer, Failed } from '../../../parts/states';
import {
  baseWords, lineChooser, orderWords, qualifyingWords, roundingWords, settings as texts, strategyWords,
} from '../../../texts/setup';
import { Fields } from './Fields';
import { Ranking } from './Ranking';
import { rounded } from './rounding';

interface Tagged {
  data: Settings;
  etag: string | null;
}

export default function SettingsPage() {
  const query = useQuery({ queryKey: ['settings', 'tagged'], queryFn: () => callWithTag(api.GET('/v1/settings')) });
  return (
    <Stack gap="md" maw={900}>
      <div>
        <Title order={1} size="h2">{texts.title}</Title>
        <Text size="sm" c="dimmed">{texts.explain}</Text>
      </div>
      <Answer query={query} needs="viewer">{(saved) => <Form key={saved.data.version} saved={saved} />}</Answer>
    </Stack>
  );
}

function refresh() {
  return queries.invalidateQueries({ queryKey: ['settings'] });
}

function Form({ saved }: { saved: Tagged }) {
  const canWrite = useCanWrite();
  const [form, setForm] = useState(saved.data);
  const set = (part: Partial<Settings>) => setForm({ ...form, ...part });
  const save = useMutation({
    mutationFn: () => callWithTag(api.PUT('/v1/settings', {
      params: { header: { 'if-match': saved.etag ?? `"${saved.data.version}"` } }, body: form satisfies SettingsInput,
    })),
    onSuccess: (answer) => {
      queries.setQueryData(['settings', 'tagged'], answer);
      queries.setQueryData(['settings'], answer.data);
      notifications.show({ message: texts.saved });
    },
  });
  const problem = save.isError ? asProblem(save.error) : null;
  const fault = (pointer: string) => problem?.faults.find((own) => own.pointer === pointer)?.message;
  const isChanged = !same(form, saved.data);
  const fixed = { disabled: !canWrite };
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <Stack gap="md">
        <Section title={texts.place}>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput label={texts.currency} description={texts.fixed} value={form.currency} maxLength={3} error={fault('/currency')} {...fixed} onChange={(event) => set({ currency: event.currentTarget.value.toUpperCase() })} />
            <TextInput label={texts.timezone} description={texts.fixed} value={form.timezone} error={fault('/timezone')} {...fixed} onChange={(event) => set({ timezone: event.currentTarget.value })} />
          </SimpleGrid>
        </Section>
        <Section title={texts.ranking}>
          <Ranking value={form.ranking} onChange={(ranking) => set({ ranking })} disabled={!canWrite} />
        </Section>
        <Together form={form} set={set} fault={fault} disabled={!canWrite} />
        <Rounding form={form} set={set} disabled={!canWrite} />
        <Section title={texts.sales}>
          <NumberInput label={texts.hold} value={form.hold_seconds} min={10} max={86_400} allowDecimal={false} error={fault('/hold_seconds')} {...fixed} onChange={(value) => set({ hold_seconds: Number(value) })} />
          <Checkbox label={texts.restore} checked={form.restore_limits_on_return} {...fixed} onChange={(event) => set({ restore_limits_on_return: event.currentTarget.checked })} />
        </Section>
        <Section title={texts.fields}>
          <Fields value={form.custom_fields} onChange={(custom_fields) => set({ custom_fields })} fault={fault} disabled={!canWrite} />
        </Section>
        {problem?.status === 412
          ? <Alert color="orange" role="alert">{texts.stale} <Button size="compact-xs" variant="default" onClick={() => void refresh()}>{texts.load}</Button></Alert>
          : problem !== null && <Failed error={problem} />}
        {canWrite && (
          <Group pos="sticky" bottom={0} py="xs" bg="var(--mantine-color-body)" style={{ zIndex: 1 }}>
            <Button type="submit" loading={save.isPending} disabled={!isChanged}>{texts.save}</Button>
            {isChanged && <Button variant="default" onClick={() => { setForm(saved.data); save.reset(); }}>{texts.reset}</Button>}
            {isChanged && <Text size="sm">{texts.unsaved}</Text>}
          </Group>
        )}
      </Stack>
    </form>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} size="h4" mb="xs">{title}</Title>
      <Stack gap="sm">{children}</Stack>
    </Paper>
  );
}

/** A choice of a closed set, by its words. */
function Choice<T extends string>({ label, words, value, onChange, disabled }: {
  label: string;
  words: Record<T, string>;
  value: T;
  onChange: (value: T) => void;
  disabled: boolean;
}) {
  const names = Object.keys(words) as T[];
  return (
    <NativeSelect label={label} value={value} disabled={disabled} data={names.map((name) => ({ value: name, label: words[name] }))}
      onChange={(event) => { const chosen = names.find((name) => name === event.currentTarget.value); if (chosen !== undefined) onChange(chosen); }} />
  );
}

interface PartProps {
  form: Settings;
  set: (part: Partial<Settings>) => void;
  disabled: boolean;
}

function Together({ form, set, fault, disabled }: PartProps & { fault: (pointer: string) => string | undefined }) {
  const [most, setMost] = useState(form.max_discount_percent ?? '');
  return (
    <Section title={texts.together}>
      <Choice label={texts.strategy} words={strategyWords} value={form.strategy} onChange={(strategy) => set({ strategy })} disabled={disabled} />
      {form.strategy === 'optimal' && (
        <NumberInput label={texts.budget} value={form.optimal.budget_ms} min={1} max={200} allowDecimal={false} error={fault('/optimal/budget_ms')} disabled={disabled} onChange={(value) => set({ optimal: { budget_ms: Number(value) } })} />
      )}
      <Choice label={texts.order} words={orderWords} value={form.evaluation_order} onChange={(evaluation_order) => set({ evaluation_order })} disabled={disabled} />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Choice label={texts.base} words={baseWords} value={form.percentage_base} onChange={(percentage_base) => set({ percentage_base })} disabled={disabled} />
        <Choice label={texts.qualifying} words={qualifyingWords} value={form.qualifying_items} onChange={(qualifying_items) => set({ qualifying_items })} disabled={disabled} />
      </SimpleGrid>
      <Checkbox label={texts.perLine} checked={form.multiple_promotions_per_line.enabled} disabled={disabled}
        onChange={(event) => set({ multiple_promotions_per_line: { ...form.multiple_promotions_per_line, enabled: event.currentTarget.checked } })} />
      {form.multiple_promotions_per_line.enabled && (
        <LineChooser label={texts.exclude} none={lineChooser.no} value={form.multiple_promotions_per_line.exclude} disabled={disabled}
          // What the service reads it prints with its defaults, as the answer has it.
          onChange={(exclude) => set({ multiple_promotions_per_line: { enabled: true, exclude: exclude as Settings['multiple_promotions_per_line']['exclude'] } })} />
      )}
      <Checkbox label={texts.stacking} checked={form.unit_stacking.enabled} disabled={disabled} onChange={(event) => set({ unit_stacking: { ...form.unit_stacking, enabled: event.currentTarget.checked } })} />
      {form.unit_stacking.enabled && (
        <NumberInput label={texts.stackingMax} description={texts.stackingHelp} value={form.unit_stacking.max_promotions ?? ''} min={1} allowDecimal={false} disabled={disabled}
          onChange={(value) => set({ unit_stacking: { enabled: true, max_promotions: value === '' ? null : Number(value) } })} />
      )}
      <Checkbox label={texts.cart} checked={form.multiple_cart_promotions} disabled={disabled} onChange={(event) => set({ multiple_cart_promotions: event.currentTarget.checked })} />
      <TextInput label={texts.maxDiscount} description={texts.maxDiscountHelp} inputMode="decimal" value={most} disabled={disabled} error={fault('/max_discount_percent')}
        onChange={(event) => { setMost(event.currentTarget.value); set({ max_discount_percent: event.currentTarget.value.trim() === '' ? null : readDecimal(event.currentTarget.value) ?? event.currentTarget.value }); }} />
    </Section>
  );
}

const SAMPLES = ['12.345', '0.125', '99.9949'];

function Rounding({ form, set, disabled }: PartProps) {
  const { mode, precision } = form.rounding;
  const [typed, setTyped] = useState('33.333');
  const own = readDecimal(typed);
  const samples = [...SAMPLES, ...(own !== null && isDecimal(own) && !own.startsWith('-') ? [own] : [])];
  return (
    <Section title={texts.rounding}>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <Choice<RoundingMode> label={texts.mode} words={roundingWords} value={mode} onChange={(chosen) => set({ rounding: { mode: chosen, precision } })} disabled={disabled} />
        <NativeSelect label={texts.precision} value={String(precision)} data={['0', '1', '2', '3', '4']} disabled={disabled} onChange={(event) => set({ rounding: { mode, precision: Number(event.currentTarget.value) } })} />
      </SimpleGrid>
      <div aria-live="polite">
        <Text size="sm" fw={500}>{texts.example}</Text>
        {samples.map((amount, place) => <Text size="sm" key={place}>{texts.exampleText(amount, rounded(amount, mode, precision))}</Text>)}
      </div>
      <TextInput label={texts.try} inputMode="decimal" w={200} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
    </Section>
  );
}

