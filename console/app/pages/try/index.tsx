/**
 * Try a cart. The address may name promotions to take in (`with`) or leave out (`without`), a strategy to compare the
 * tenant's own with (`beside`), and a transaction to begin with (`tx`); another page may hand over drafts that are not
 * stored.
 */
import { Alert, Button, Group, Paper, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'react-router';

import { asProblem } from '../../api/problem';
import type { Strategy } from '../../api/schema';
import { draftOf, useChoices } from '../../parts/drafts';
import type { Draft } from '../../parts/drafts';
import { Empty, Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { strategyWords } from '../../texts/setup';
import { tryTexts as texts } from '../../texts/try';
import { Around, Changes } from './Around';
import { usePrice, useRecorded } from './data';
import { formOf, requestOf } from './form';
import { Lines } from './Lines';
import { Result } from './Result';
import { useCart } from './state';

function list(text: string | null): string[] {
  return text === null || text === '' ? [] : text.split(',');
}

/** Drafts that another page hands over. */
function handedOver(state: unknown): Draft[] {
  return typeof state === 'object' && state !== null && 'with' in state && Array.isArray(state.with) ? (state.with as Draft[]) : [];
}

export default function TryCart() {
  const [search, setSearch] = useSearchParams();
  const [form, setForm] = useCart();
  const { state } = useLocation() as { state: unknown };
  const [handed, setHanded] = useState(() => handedOver(state));
  const choices = useChoices();
  const { settings } = useOwnTenant();
  const price = usePrice();
  const [taken, left] = [list(search.get('with')), list(search.get('without'))];
  const ways = Object.keys(strategyWords) as Strategy[];
  const beside = ways.find((own) => own === search.get('beside') && own !== settings.strategy) ?? null;
  const choose = (name: 'with' | 'without' | 'beside', chosen: string[]) => setSearch((before) => {
    const after = new URLSearchParams(before);
    if (chosen.length === 0) after.delete(name); else after.set(name, chosen.join(','));
    return after;
  }, { replace: true });

  const drafts = [...taken.flatMap((id) => choices.data?.filter((own) => own.id === id).map(draftOf) ?? []), ...handed];
  const request = { ...requestOf(form), ...(drafts.length > 0 && { with: drafts }), ...(left.length > 0 && { without: left }), ...(beside !== null && { settings: { strategy: beside } }) };
  const isEmpty = request.cart.lines.length === 0;
  const go = () => { if (!isEmpty) price.mutate(request); };
  const problem = price.isError ? asProblem(price.error) : null;
  // The service counts the lines that were sent. Lines that are blank were not.
  const blanks = form.lines.findIndex((line) => line.sku.trim() === '' && line.unit_price.trim() === '');
  const fault = (pointer: string) => problem?.faults.find((own) => own.pointer === pointer || (own.pointer.startsWith(`${pointer}/`) && !pointer.startsWith('/cart/lines/')))?.message;
  const isStale = price.isSuccess && JSON.stringify(price.data.request) !== JSON.stringify(request);

  return (
    <Stack gap="md" onKeyDown={(event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) go(); }}>
      <div>
        <Title order={1} size="h2">{texts.title}</Title>
        <Text size="sm" c="dimmed">{texts.explain}</Text>
      </div>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack gap="md">
          <FromSale asked={search.get('tx')} take={(loaded) => setForm(loaded)} />
          <Paper withBorder p="sm" component="section" aria-label={texts.lines}>
            <Title order={2} size="h5" mb="xs">{texts.lines}</Title>
            <Lines lines={form.lines} onChange={(lines) => setForm({ ...form, lines })} fault={blanks === -1 || blanks === form.lines.length - 1 ? fault : () => undefined} />
          </Paper>
          <Around form={form} set={(part) => setForm({ ...form, ...part })} fault={fault} />
          <Paper withBorder p="sm">
            <Title order={2} size="h5" mb="xs">{texts.changes}</Title>
            <Changes taken={taken} left={left} setTaken={(ids) => choose('with', ids)} setLeft={(ids) => choose('without', ids)}
              handed={handed.length} dropHanded={() => setHanded([])} beside={beside} setBeside={(strategy) => choose('beside', list(strategy))} />
          </Paper>
          <Group gap="sm">
            <Button onClick={go} loading={price.isPending} disabled={isEmpty || (taken.length > 0 && choices.isPending)}>{texts.price}</Button>
            <Text size="xs" c="dimmed">{isEmpty ? texts.noLines : texts.priceHint}</Text>
          </Group>
        </Stack>
        <Stack gap="md" aria-live="polite">
          {problem !== null && <Failed error={problem} />}
          {isStale && <Alert color="yellow" p="xs">{texts.stale}</Alert>}
          {price.isSuccess ? <Result run={price.data} /> : problem === null && <Empty title={texts.title}>{texts.explain}</Empty>}
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}

function FromSale({ asked, take }: { asked: string | null; take: (form: ReturnType<typeof formOf>) => void }) {
  const [typed, setTyped] = useState(asked ?? '');
  const recorded = useRecorded();
  const load = (transaction: string) => recorded.mutate(transaction, {
    onSuccess: ({ request, evaluated_at }) => { if (request) take(formOf(request, evaluated_at ?? '')); },
  });
  const begun = useRef(false);
  useEffect(() => {
    if (asked !== null && !begun.current) {
      begun.current = true;
      load(asked);
    }
  });
  const isMissing = (recorded.isError && asProblem(recorded.error).status === 404) || (recorded.isSuccess && !recorded.data.request);
  return (
    <form onSubmit={(event) => { event.preventDefault(); load(typed.trim()); }} aria-label={texts.fromSale}>
      <Group gap="xs" align="end">
        <TextInput style={{ flex: 1 }} label={`${texts.fromSale}: ${texts.transaction}`} description={texts.transactionHelp} value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)} error={isMissing && texts.notFound} />
        <Button type="submit" variant="default" loading={recorded.isPending} disabled={typed.trim() === ''} mb={isMissing ? 20 : 0}>{texts.load}</Button>
      </Group>
      {recorded.isError && !isMissing && <Failed error={recorded.error} />}
    </form>
  );
}
