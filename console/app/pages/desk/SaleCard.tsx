/** A redemption: its receipt, what became of it, what came back, and what can still be done. */
import { Alert, Anchor, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { api, call } from '../../api/client';
import { asProblem } from '../../api/problem';
import { queries } from '../../api/queries';
import type { RedemptionFull } from '../../api/schema';
import { useCanWrite } from '../../api/session';
import { money, trim } from '../../money/money';
import { Ask } from '../../parts/Ask';
import { CodeVerdicts } from '../../parts/CodeVerdicts';
import { promotionLink } from '../../parts/promotionLink';
import { Receipt } from '../../parts/Receipt';
import { Answer, Empty } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { desk, deskSale as texts, redemptionStateWords } from '../../texts/desk';
import { showTime } from '../../time/zone';
import { Card, Facts } from './Card';
import { TakeBack } from './TakeBack';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

async function read(asked: string): Promise<RedemptionFull> {
  const at = (id: string) => call(api.GET('/v1/redemptions/{id}', { params: { path: { id } } }));
  if (!UUID.test(asked)) return at(`tx:${asked}`);
  try {
    return await at(asked);
  } catch (error) {
    // A till may number its transactions by UUIDs too.
    if (asProblem(error).status === 404) return at(`tx:${asked}`);
    throw error;
  }
}

export function SaleCard({ id }: { id: string }) {
  const query = useQuery({ queryKey: ['redemptions', 'one', id], queryFn: () => read(id) });
  if (query.isError && asProblem(query.error).status === 404) return <Empty title={desk.nothingTitle}>{desk.noSale(id)}</Empty>;
  return <Answer query={query} needs="viewer">{(sale) => <Sale sale={sale} />}</Answer>;
}

function Sale({ sale }: { sale: RedemptionFull }) {
  const { zone } = useOwnTenant();
  const canWrite = useCanWrite();
  const { request, result } = sale;
  const customer = request?.customer?.id;
  const moment = (time: string | null | undefined) => (time == null ? null : showTime(time, zone, 'weekday'));
  return (
    <Stack gap="sm">
      <Card title={texts.title(sale.transaction_id)}>
        <Facts label={texts.title(sale.transaction_id)} rows={[
          [texts.state, redemptionStateWords[sale.state]],
          [texts.when, moment(sale.evaluated_at)],
          [texts.expires, sale.state === 'held' ? moment(sale.expires_at) : null],
          [texts.settled, moment(sale.settled_at)],
          [texts.customer, customer === undefined ? texts.nobody : <Anchor key="c" component={Link} size="sm" to={`/desk?customer=${encodeURIComponent(customer)}`}>{customer}</Anchor>],
          [texts.store, request?.store],
          [texts.channel, request?.channel],
          [texts.restored, moment(sale.restored_at)],
          [texts.id, sale.id],
          [texts.rules, sale.ruleset_version],
        ]} />
        <Alert color="blue" p="xs" mt="xs">{texts.who[sale.state]}</Alert>
        {canWrite && <Moves sale={sale} />}
      </Card>
      {result === null || !request ? <Text size="sm">{desk.never}</Text> : (
        <SimpleGrid cols={{ base: 1, lg: 2 }}>
          <Card title={texts.receipt} order={3}>
            <Receipt evaluation={result} request={request} nameOf={promotionLink} />
            <CodeVerdicts codes={result.codes} />
          </Card>
          <Returns sale={sale} />
        </SimpleGrid>
      )}
    </Stack>
  );
}

function Moves({ sale: { id, state, transaction_id } }: { sale: RedemptionFull }) {
  const move = useMutation({
    mutationFn: async (what: 'commit' | 'cancel') => {
      const params = { path: { id: id ?? `tx:${transaction_id}` } };
      if (what === 'commit') await call(api.POST('/v1/redemptions/{id}/commit', { params }));
      else await call(api.POST('/v1/redemptions/{id}/cancel', { params }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['redemptions'] }),
  });
  return (
    <Group gap="xs" mt="xs">
      {state === 'held' && (
        <>
          <Ask button={texts.cancel} title={texts.cancelTitle} go={texts.cancel} onGo={() => move.mutateAsync('cancel')} doing={move}><Text size="sm">{texts.cancelText}</Text></Ask>
          <Ask button={texts.commit} title={texts.commitTitle} go={texts.commit} color="blue" onGo={() => move.mutateAsync('commit')} doing={move}><Text size="sm">{texts.commitText}</Text></Ask>
        </>
      )}
      <Button component={Link} size="xs" variant="default" to={`/try?tx=${encodeURIComponent(transaction_id)}`}>{texts.tryIt}</Button>
    </Group>
  );
}

function Returns({ sale }: { sale: RedemptionFull }) {
  const { currency } = useOwnTenant();
  const canWrite = useCanWrite();
  const returns = sale.returns ?? [];
  const titles = new Map(sale.request?.cart.lines.map((line) => [line.id, line.title ?? line.sku]));
  const shown = sale.result?.currency ?? currency;
  return (
    <Card title={texts.returns} order={3}>
      {returns.length === 0 && <Text size="sm" c="dimmed">{texts.noReturns}</Text>}
      {returns.map((own) => (
        <div key={own.return_id}>
          <Text size="sm" fw={500}>{texts.returned(own.return_id, money(own.refund, shown))}</Text>
          {own.lines.map((line) => <Text size="sm" key={line.id}>{texts.line(trim(line.quantity), titles.get(line.id) ?? line.id)} · {money(line.refund, shown)}</Text>)}
          {own.complete && <Text size="sm" c="dimmed">{texts.complete}</Text>}
        </div>
      ))}
      {canWrite && sale.state === 'committed' && returns.at(-1)?.complete !== true && <TakeBack sale={sale} />}
    </Card>
  );
}
