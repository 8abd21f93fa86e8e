import { Alert, Anchor, Group, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import { findCode } from '../../api/calls';
import type { CodeFound } from '../../api/schema';
import { money, number } from '../../money/money';
import { promotionLink } from '../../parts/promotionLink';
import { StateBadge } from '../../parts/StateBadge';
import { Answer, Empty } from '../../parts/states';
import { useOwnTenant } from '../../parts/tenant';
import { desk, deskCode as texts } from '../../texts/desk';
import { limitWords } from '../../texts/words';
import type { LimitName } from '../../texts/words';
import { showTime } from '../../time/zone';
import { Card, Facts } from './Card';
import { Sales } from './Sales';

export function CodeCard({ code }: { code: string }) {
  const query = useQuery({ queryKey: ['codes', code], queryFn: () => findCode(code) });
  return (
    <Answer query={query} needs="admin">
      {(found) => (found === null ? <Empty title={desk.nothingTitle}>{desk.noCode(code)}</Empty> : <Found found={found} />)}
    </Answer>
  );
}

/** The limits of a subject, with what is left. */
export function leftRows(limits: CodeFound['limits'], currency: string): (readonly [string, string])[] {
  const names = Object.keys(limits) as LimitName[];
  return names.flatMap((name) => {
    const own = limits[name];
    if (own === undefined) return [];
    const show = (value: string | number | null) => (value === null ? '–' : name.endsWith('.discount') ? money(String(value), currency) : number(value));
    return [[limitWords[name], texts.leftOf(show(own.left), show(own.max))] as const];
  });
}

function Found({ found }: { found: CodeFound }) {
  const { currency, zone } = useOwnTenant();
  const limits = leftRows(found.limits, currency);
  const [now] = useState(() => Date.now());
  const isOver = found.expires_at !== null && Date.parse(found.expires_at) <= now;
  return (
    <Stack gap="sm">
      <Card title={found.code}>
        {isOver && <Alert color="orange" p="xs" mb="xs">{texts.expired}</Alert>}
        <Facts label={found.code} rows={[
          [texts.of, <Group gap="xs" key="of">{promotionLink({ promotion_id: found.promotion.id, name: found.promotion.name })}<StateBadge state={found.promotion.state} /></Group>],
          [texts.customer, found.customer_id === null ? texts.anybody : <Anchor key="customer" component={Link} size="sm" to={`/desk?customer=${encodeURIComponent(found.customer_id)}`}>{found.customer_id}</Anchor>],
          [texts.expires, found.expires_at === null ? texts.withPromotion : showTime(found.expires_at, zone)],
          [texts.used, texts.times(number(found.used))],
          ...limits,
          [texts.batch, found.batch],
          [texts.made, showTime(found.created_at, zone)],
        ]} />
      </Card>
      <Card title={texts.sales}><Sales filter={{ code: found.code }} title={texts.sales} empty={texts.noSales} /></Card>
    </Stack>
  );
}
