/** Who buys, where, when, and how it is paid; and which promotions are taken in or left out. */
import { Accordion, ActionIcon, Button, Group, NativeSelect, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core';

import type { Strategy } from '../../api/schema';
import { DraftsChooser } from '../../parts/DraftsChooser';
import { NameField, NamesField } from '../../parts/NamesField';
import { useOwnTenant } from '../../parts/tenant';
import { ZonedTime } from '../../parts/ZonedTime';
import { strategyWords } from '../../texts/setup';
import { tryTexts as texts } from '../../texts/try';
import type { CartForm } from './form';

interface AroundProps {
  form: CartForm;
  set: (part: Partial<CartForm>) => void;
  fault: (pointer: string) => string | undefined;
}

export function Around(props: AroundProps) {
  return (
    <Accordion multiple defaultValue={['where']} variant="contained">
      <Accordion.Item value="where">
        <Accordion.Control>{texts.where}</Accordion.Control>
        <Accordion.Panel><Where {...props} /></Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="who">
        <Accordion.Control>{texts.who}</Accordion.Control>
        <Accordion.Panel><Who {...props} /></Accordion.Panel>
      </Accordion.Item>
      <Accordion.Item value="pay">
        <Accordion.Control>{texts.pay}</Accordion.Control>
        <Accordion.Panel><Pay {...props} /></Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}

function Where({ form, set, fault }: AroundProps) {
  const { zone, currency } = useOwnTenant();
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NameField label={texts.store} lookup={{ field: 'store' }} value={form.store} error={fault('/store')} onChange={(store) => set({ store })} />
      <NameField label={texts.channel} lookup={{ field: 'channel' }} value={form.channel} error={fault('/channel')} onChange={(channel) => set({ channel })} />
      <ZonedTime label={texts.at} description={texts.atHelp(zone)} zone={zone} value={form.at} error={fault('/at')} onChange={(at) => set({ at })} />
      <TextInput label={texts.currency} placeholder={currency} maxLength={3} value={form.currency} error={fault('/cart/currency')} onChange={(event) => set({ currency: event.currentTarget.value.toUpperCase() })} />
    </SimpleGrid>
  );
}

function Who({ form, set, fault }: AroundProps) {
  const change = (place: number, part: Partial<CartForm['memberships'][number]>) =>
    set({ memberships: form.memberships.map((own, at) => (at === place ? { ...own, ...part } : own)) });
  return (
    <Stack gap="xs">
      <TextInput label={texts.customer} value={form.customer} error={fault('/customer/id')} onChange={(event) => set({ customer: event.currentTarget.value })} />
      {form.memberships.map((own, place) => (
        <Group key={place} gap={6} align="start" wrap="nowrap" role="group" aria-label={`${texts.memberships} ${place + 1}`}>
          <div style={{ flex: 1 }}><NameField label={texts.program} lookup={{ field: 'program' }} value={own.program} error={fault(`/customer/loyalty/${place}/program`)} onChange={(program) => change(place, { program })} /></div>
          <div style={{ flex: 1 }}><NameField label={texts.tier} lookup={{ field: 'tier' }} value={own.tier} onChange={(tier) => change(place, { tier })} /></div>
          <div style={{ flex: 1 }}><NamesField label={texts.supplementary} lookup={{ field: 'supplementary' }} value={own.supplementary} onChange={(supplementary) => change(place, { supplementary })} /></div>
          <ActionIcon mt={26} variant="subtle" color="gray" aria-label={`${texts.removeThis} ${place + 1}`} onClick={() => set({ memberships: form.memberships.filter((_, at) => at !== place) })}><span aria-hidden>✕</span></ActionIcon>
        </Group>
      ))}
      <Group><Button size="xs" variant="default" onClick={() => set({ memberships: [...form.memberships, { program: '', tier: '', supplementary: [] }] })}>{texts.addMembership}</Button></Group>
      <NamesField label={texts.groups} lookup={{ field: 'group' }} value={form.groups} error={fault('/customer/groups')} onChange={(groups) => set({ groups })} />
      <Textarea label={texts.attributes} description={texts.attributesHelp} autosize minRows={1} value={form.attributes} error={fault('/customer/attributes')} onChange={(event) => set({ attributes: event.currentTarget.value })} />
    </Stack>
  );
}

function Pay({ form, set, fault }: AroundProps) {
  const change = (place: number, part: Partial<CartForm['tenders'][number]>) =>
    set({ tenders: form.tenders.map((own, at) => (at === place ? { ...own, ...part } : own)) });
  return (
    <Stack gap="xs">
      <NamesField label={texts.codes} value={form.codes} error={fault('/cart/codes')} onChange={(codes) => set({ codes })} />
      {form.tenders.map((own, place) => (
        <Group key={place} gap={6} align="start" wrap="nowrap" role="group" aria-label={`${texts.tenders} ${place + 1}`}>
          <div style={{ flex: 1 }}><NameField label={texts.mode} lookup={{ field: 'payment_mode' }} value={own.mode} error={fault(`/cart/tenders/${place}/mode`)} onChange={(mode) => change(place, { mode })} /></div>
          <TextInput style={{ flex: 1 }} label={texts.amount} inputMode="decimal" value={own.amount} error={fault(`/cart/tenders/${place}/amount`)} onChange={(event) => change(place, { amount: event.currentTarget.value })} />
          <ActionIcon mt={26} variant="subtle" color="gray" aria-label={`${texts.removeThis} ${place + 1}`} onClick={() => set({ tenders: form.tenders.filter((_, at) => at !== place) })}><span aria-hidden>✕</span></ActionIcon>
        </Group>
      ))}
      <Group><Button size="xs" variant="default" onClick={() => set({ tenders: [...form.tenders, { mode: '', amount: '' }] })}>{texts.addTender}</Button></Group>
      <SimpleGrid cols={2}>
        <NameField label={texts.shippingMethod} lookup={{ field: 'shipping_method' }} value={form.shippingMethod} error={fault('/cart/shipping/method')} onChange={(shippingMethod) => set({ shippingMethod })} />
        <TextInput label={texts.shippingAmount} inputMode="decimal" value={form.shippingAmount} error={fault('/cart/shipping/amount')} onChange={(event) => set({ shippingAmount: event.currentTarget.value })} />
      </SimpleGrid>
      <NamesField label={texts.vouchers} value={form.vouchers} error={fault('/cart/gift_vouchers')} onChange={(vouchers) => set({ vouchers })} />
    </Stack>
  );
}

export function Changes({ taken, left, setTaken, setLeft, handed, dropHanded, beside, setBeside }: {
  taken: readonly string[];
  left: readonly string[];
  setTaken: (ids: string[]) => void;
  setLeft: (ids: string[]) => void;
  /** How many drafts came from another page. */
  handed: number;
  dropHanded: () => void;
  /** The strategy that the tenant's own is compared with. */
  beside: Strategy | null;
  setBeside: (strategy: string) => void;
}) {
  const { strategy } = useOwnTenant().settings;
  const others = Object.entries(strategyWords).filter(([name]) => name !== strategy);
  return (
    <Stack gap="xs" component="section" aria-label={texts.changes}>
      <DraftsChooser taken={taken} left={left} setTaken={setTaken} setLeft={setLeft} />
      {handed > 0 && (
        <Group gap="xs"><Text size="sm">{texts.drafts(handed)}</Text><Button size="compact-xs" variant="default" onClick={dropHanded}>{texts.dropDrafts}</Button></Group>
      )}
      <NativeSelect label={texts.beside} description={texts.besideHelp(strategyWords[strategy])} value={beside ?? ''}
        data={[{ value: '', label: texts.noBeside }, ...others.map(([value, label]) => ({ value, label }))]}
        onChange={(event) => setBeside(event.currentTarget.value)} />
    </Stack>
  );
}
