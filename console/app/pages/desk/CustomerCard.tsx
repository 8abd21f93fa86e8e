/** A customer: what they have, can claim and have used, and what an admin can do for them. */
import { Badge, Button, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';

import { api, call } from '../../api/client';
import { queries } from '../../api/queries';
import { useCanWrite } from '../../api/session';
import { listOffers, listProgress } from '../../api/calls';
import type { Offer, MilestoneProgress } from '../../api/schema';
import { money, number, share, trim } from '../../money/money';
import { NameField } from '../../parts/NamesField';
import { Paged, usePaged } from '../../parts/paged';
import { promotionLink } from '../../parts/promotionLink';
import { Answer, Failed } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { sentence } from '../../sentence/sentence';
import { deskCustomer as texts, measureWords, offerStatusWords } from '../../texts/desk';
import { showTime } from '../../time/zone';
import { Card } from './Card';
import { leftRows } from './CodeCard';
import { Actions } from './CustomerActions';
import { Held } from './Held';
import { Sales } from './Sales';

export function CustomerCard({ id }: { id: string }) {
  const canWrite = useCanWrite();
  return (
    <Stack gap="sm">
      <Title order={2} size="h3" style={{ overflowWrap: 'anywhere' }}>{texts.title(id)}</Title>
      {canWrite && <Actions id={id} />}
      <Offers id={id} />
      <Card title={texts.held} order={3}><Held customer={id} /></Card>
      <Milestones id={id} />
      <Card title={texts.used} order={3}><Sales filter={{ customer_id: id }} title={texts.used} empty={texts.noUsed} /></Card>
    </Stack>
  );
}

function Offers({ id }: { id: string }) {
  const [place, setPlace] = useState({ store: '', channel: '' });
  const [asked] = useDebouncedValue(place, 300);
  const filter = { ...(asked.store !== '' && { store: asked.store }), ...(asked.channel !== '' && { channel: asked.channel }) };
  const query = usePaged(['customers', id, 'offers', filter], (cursor) => listOffers(id, filter, cursor));
  return (
    <Card title={texts.has} order={3}>
      <Group gap="xs" mb="xs" role="group" aria-label={texts.place} grow preventGrowOverflow={false}>
        <NameField label={texts.store} lookup={{ field: 'store' }} value={place.store} onChange={(store) => setPlace({ ...place, store })} />
        <NameField label={texts.channel} lookup={{ field: 'channel' }} value={place.channel} onChange={(channel) => setPlace({ ...place, channel })} />
      </Group>
      <Paged query={query} empty={<Text size="sm" c="dimmed">{texts.nothing}</Text>}>
        {(offers) => (
          <Stack gap={0}>
            {offers.map((offer) => <OfferRow key={offer.promotion_id} offer={offer} customer={id} />)}
            <Text size="xs" c="dimmed" mt={4}>{texts.checked}</Text>
          </Stack>
        )}
      </Paged>
    </Card>
  );
}

const COLORS = { usable: 'green', claimable: 'blue', later: 'gray' } as const;

function OfferRow({ offer, customer }: { offer: Offer; customer: string }) {
  const { currency, zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const status = offer.status;
  const { benefit } = offer;
  const left = leftRows(offer.limits, currency);
  const claim = useMutation({
    mutationFn: async () => {
      const waiting = offer.issuance;
      if (waiting !== null) await call(api.POST('/v1/issuances/{id}/activate', { params: { path: { id: waiting.id } } }));
      else await call(api.POST('/v1/promotions/{id}/activations', { params: { path: { id: offer.promotion_id } }, body: { customer_id: customer } }));
    },
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['customers', customer] }), queries.invalidateQueries({ queryKey: ['issuances'] })]),
  });
  return (
    <div style={{ borderTop: '1px solid var(--mantine-color-default-border)', padding: '6px 0' }}>
      <Group justify="space-between" align="start" gap="xs">
        <Text size="sm" fw={500} component="div">{promotionLink(offer)}</Text>
        <Badge variant="outline" color={COLORS[status]} tt="none" styles={{ root: { color: 'var(--mantine-color-text)' } }}>{offerStatusWords[status]}</Badge>
      </Group>
      <Text size="sm">{sentence({ type: offer.type, benefit, conditions: offer.conditions, audience: offer.audience, scope: offer.scope, schedule: offer.schedule }, { currency })}</Text>
      {offer.message !== '' && <Text size="xs" c="dimmed">“{offer.message}”</Text>}
      {left.map(([name, words]) => <Text size="xs" c="dimmed" key={name}>{name}: {texts.left} {words}</Text>)}
      {offer.codes.length > 0 && <Text size="sm">{texts.codes}: {offer.codes.join(', ')}</Text>}
      <Text size="xs" c="dimmed">
        {offer.opens_at != null && `${texts.opens(showTime(offer.opens_at, zone, 'weekday'))} · `}{texts.until(showTime(offer.issuance?.expires_at ?? offer.ends_at, zone))}
      </Text>
      {canWrite && status === 'claimable' && (
        <Button size="compact-xs" variant="default" mt={4} loading={claim.isPending} onClick={() => claim.mutate()} aria-label={texts.claimOf(offer.name)}>{texts.claim}</Button>
      )}
      {claim.isError && <Failed error={claim.error} />}
    </div>
  );
}

function Milestones({ id }: { id: string }) {
  const query = useQuery({ queryKey: ['customers', id, 'milestones'], queryFn: () => listProgress(id) });
  return (
    <Card title={texts.progress} order={3}>
      <Answer query={query} needs="viewer">
        {(page) => (page.items.length === 0
          ? <Text size="sm" c="dimmed">{texts.noProgress}</Text>
          : <Stack gap="sm">{page.items.map((own) => <Milestone key={own.name} own={own} />)}</Stack>)}
      </Answer>
    </Card>
  );
}

function Milestone({ own }: { own: MilestoneProgress }) {
  const { currency, zone } = useOwnTenant();
  const show = (value: string) => (own.measure === 'spend' ? money(value, currency) : number(trim(value)));
  return (
    <div role="group" aria-label={own.name}>
      <Text size="sm" fw={500}>{own.name} <Text span size="xs" c="dimmed">{measureWords[own.measure]}{own.window_ends_at !== null && ` · ${texts.begins(showTime(own.window_ends_at, zone))}`}</Text></Text>
      {own.targets.map((target) => {
        const words = texts.progressOf(show(own.progress), show(target.value), target.name);
        return (
          <div key={target.name}>
            <Text size="xs">{words}{target.unlocked && ` · ✓ ${texts.reached}`}</Text>
            <Progress.Root size="md">
              <Progress.Section value={share(own.progress, target.value) * 100} color={target.unlocked ? 'green' : 'blue'} aria-label={words} />
            </Progress.Root>
          </div>
        );
      })}
    </div>
  );
}
