/** Asks for a backtest. */
import { Button, Group, NativeSelect, NumberInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { faultOf } from '../../api/problem';
import { queries } from '../../api/queries';
import { makeBacktest } from '../../api/calls';
import type { BacktestInput } from '../../api/schema';
import { draftOf, useChoices } from '../../parts/drafts';
import { DraftsChooser } from '../../parts/DraftsChooser';
import { Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { ZonedTime } from '../../parts/ZonedTime';
import { backtests as texts } from '../../texts/backtests';
import { baseWords, orderWords, qualifyingWords, settings as settingsTexts, strategyWords } from '../../texts/setup';
import { startOfDay } from '../../time/zone';
import { AS_IS, keep, settingsOf } from './input';
import type { SettingsForm } from './input';

const MOST = 100_000;

export function Make() {
  const { zone } = useOwnTenant();
  const navigate = useNavigate();
  const choices = useChoices().data ?? [];
  const [form, setForm] = useState({ name: '', from: startOfDay(zone, -30), to: startOfDay(zone), most: MOST });
  const [taken, setTaken] = useState<string[]>([]);
  const [left, setLeft] = useState<string[]>([]);
  const [settings, setSettings] = useState(AS_IS);
  const input: BacktestInput = {
    name: form.name.trim(), from: form.from, to: form.to, with: choices.filter(({ id }) => taken.includes(id)).map(draftOf), without: left,
    settings: settingsOf(settings), max_redemptions: form.most,
  };
  const make = useMutation({
    mutationFn: () => makeBacktest(input),
    onSuccess: async (made) => {
      keep(made.id, input);
      await queries.invalidateQueries({ queryKey: ['backtests'] });
      void navigate(`/backtests/${made.id}`);
    },
  });
  const fault = (pointer: string) => faultOf(make, (own) => own === pointer);
  const isSame = taken.length === 0 && left.length === 0 && input.settings === null;
  return (
    <form onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
      <Stack>
        <TextInput label={texts.name} required value={form.name} error={fault('/name')} onChange={(event) => setForm({ ...form, name: event.currentTarget.value })} data-autofocus />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <ZonedTime label={texts.from} zone={zone} value={form.from} error={fault('/from')} onChange={(from) => setForm({ ...form, from })} />
          <ZonedTime label={texts.to} zone={zone} value={form.to} error={fault('/to')} onChange={(to) => setForm({ ...form, to })} />
        </SimpleGrid>
        <Text size="sm" fw={600}>{texts.drafts}</Text>
        <DraftsChooser taken={taken} left={left} setTaken={setTaken} setLeft={setLeft} />
        <Changed form={settings} set={(part) => setSettings({ ...settings, ...part })} fault={fault} />
        <NumberInput label={texts.most} description={texts.mostHelp} value={form.most} min={1} max={1_000_000} allowDecimal={false} thousandSeparator="," error={fault('/max_redemptions')} onChange={(most) => setForm({ ...form, most: Number(most) })} />
        {make.isError && <Failed error={make.error} />}
        <Group justify="space-between">
          <Text size="sm" c="dimmed">{isSame ? texts.nothing : ''}</Text>
          <Button type="submit" loading={make.isPending} disabled={isSame || input.name === '' || form.from === '' || form.to === ''}>{texts.go}</Button>
        </Group>
      </Stack>
    </form>
  );
}

function Changed({ form, set, fault }: { form: SettingsForm; set: (part: Partial<SettingsForm>) => void; fault: (pointer: string) => string | undefined }) {
  const choice = (name: keyof SettingsForm, label: string, words: Record<string, string>) => (
    <NativeSelect label={label} value={form[name]} data={[{ value: '', label: texts.asIs }, ...Object.entries(words).map(([value, word]) => ({ value, label: word }))]}
      onChange={(event) => set({ [name]: event.currentTarget.value })} />
  );
  return (
    <details>
      <summary>{texts.settings}</summary>
      <Stack gap="xs" pt="xs">
        <Text size="xs" c="dimmed">{texts.settingsHelp}</Text>
        {choice('strategy', settingsTexts.strategy, strategyWords)}
        {choice('evaluation_order', settingsTexts.order, orderWords)}
        {choice('percentage_base', settingsTexts.base, baseWords)}
        {choice('qualifying_items', settingsTexts.qualifying, qualifyingWords)}
        {choice('multiple_cart_promotions', settingsTexts.cart, { yes: texts.yes, no: texts.no })}
        <TextInput label={settingsTexts.maxDiscount} placeholder={texts.asIs} inputMode="decimal" value={form.max_discount_percent} error={fault('/settings/max_discount_percent')}
          onChange={(event) => set({ max_discount_percent: event.currentTarget.value })} />
      </Stack>
    </details>
  );
}
