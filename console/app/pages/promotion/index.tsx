/** One promotion: what it does, how it goes, its codes and customers, and how it became what it is. */
import { Anchor, Stack, Tabs } from '@mantine/core';
import { useEffect } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';

import type { Promotion } from '../../api/schema';
import { Answer } from '../../parts/states';
import { promotion as texts } from '../../texts/promotion';
import { Codes } from './Codes';
import { usePromotion } from './data';
import { Events } from './Events';
import { Head } from './Head';
import { History } from './History';
import { Issuances } from './Issuances';
import { Overview } from './Overview';

type Tab = keyof typeof texts.tabs;

/** What a promotion of its kind has. */
function tabsOf({ type, activation_required, limits }: Promotion): Tab[] {
  const isHeld = type === 'loyalty_earning' || type === 'rewards' || activation_required || limits.issue?.per_customer != null;
  return ['overview', ...(type === 'code_linked' ? ['codes' as const] : []), ...(isHeld ? ['issuances' as const] : []), 'history', 'events'];
}

function Parts({ promotion }: { promotion: Promotion }) {
  const [search, setSearch] = useSearchParams();
  const tabs = tabsOf(promotion);
  const asked = search.get('tab');
  const tab = tabs.find((name) => name === asked) ?? 'overview';
  useEffect(() => { document.title = `${promotion.name} · ${texts.back}`; }, [promotion.name]);
  return (
    <Tabs value={tab} onChange={(name) => setSearch(name === 'overview' || name === null ? {} : { tab: name }, { replace: true })} keepMounted={false}>
      <Tabs.List aria-label={texts.views}>
        {tabs.map((name) => <Tabs.Tab key={name} value={name}>{texts.tabs[name]}</Tabs.Tab>)}
      </Tabs.List>
      <Tabs.Panel value="overview" pt="md"><Overview promotion={promotion} /></Tabs.Panel>
      <Tabs.Panel value="codes" pt="md"><Codes promotion={promotion} /></Tabs.Panel>
      <Tabs.Panel value="issuances" pt="md"><Issuances promotion={promotion} /></Tabs.Panel>
      <Tabs.Panel value="history" pt="md"><History id={promotion.id} /></Tabs.Panel>
      <Tabs.Panel value="events" pt="md"><Events id={promotion.id} /></Tabs.Panel>
    </Tabs>
  );
}

export default function PromotionPage() {
  const { id = '' } = useParams();
  return (
    <Stack gap="md">
      <Anchor component={Link} to="/promotions" size="sm">← {texts.back}</Anchor>
      <Answer query={usePromotion(id)} needs="viewer">
        {(promotion) => <><Head promotion={promotion} /><Parts promotion={promotion} key={promotion.id} /></>}
      </Answer>
    </Stack>
  );
}
