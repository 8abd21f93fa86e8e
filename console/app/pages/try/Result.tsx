/** A priced cart: the receipt, what nearly applied, what did not and why, and what went over the wire. */
import { Alert, Code, Group, Paper, SimpleGrid, Stack, Tabs, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Evaluation, NotApplied as NotAppliedEntry } from '../../api/schema';
import { compare, money, subtract } from '../../money/money';
import { CopyButton } from '../../parts/CopyButton';
import { promotionLink } from '../../parts/promotionLink';
import { CodeVerdicts } from '../../parts/CodeVerdicts';
import { explanationOf, Receipt } from '../../parts/Receipt';
import { useOwnTenant } from '../../parts/tenant';
import { strategyWords } from '../../texts/setup';
import { tryTexts as texts } from '../../texts/try';
import type { Compared } from '../../texts/try';
import { showTime } from '../../time/zone';
import { gaps } from './comparison';
import type { Run } from './data';
import { curl } from './wire';

export function Result({ run }: { run: Run }) {
  const { zone, settings } = useOwnTenant();
  const { result, base, request } = run;
  const beside = request.settings?.strategy ?? null;
  const titles = beside === null ? [texts.now, texts.changed] as const : [texts.ownWay(strategyWords[settings.strategy]), strategyWords[beside]] as const;
  return (
    <Stack gap="md">
      {base === null ? <Side title={texts.now} result={result} request={request} /> : (
        <>
          {beside === null ? <Verdict base={base} result={result} words={texts.compared} /> : (
            <Verdict base={base} result={result} words={texts.comparedUnder(strategyWords[beside])}><Gaps run={{ ...run, base }} /></Verdict>
          )}
          <SimpleGrid cols={{ base: 1, xl: 2 }}>
            <Side title={titles[0]} result={base} request={request} />
            <Side title={titles[1]} result={result} request={request} />
          </SimpleGrid>
        </>
      )}
      <NotApplied title={beside === null ? texts.notApplied : texts.notAppliedUnder(strategyWords[beside])} result={result} />
      <Wire run={run} />
      <Text size="xs" c="dimmed">{texts.ruleset(result.ruleset_version, showTime(result.evaluated_at, zone))}</Text>
    </Stack>
  );
}

function Verdict({ base, result, words, children }: { base: Evaluation; result: Evaluation; words: Compared; children?: ReactNode }) {
  const order = compare(base.totals.payable, result.totals.payable);
  const gap = subtract(base.totals.payable, result.totals.payable);
  const shown = money(gap.replace('-', ''), result.currency);
  return (
    <Alert role="status" color="blue">
      {order === 0 ? words.equal : order > 0 ? words.less(shown) : words.more(shown)}
      {children}
    </Alert>
  );
}

function Gaps({ run: { request, base, result } }: { run: Run & { base: Evaluation } }) {
  const found = gaps(request, base, result);
  const amount = (value: string) => money(value, result.currency);
  if (found.length === 0) return <Text size="sm">{texts.noGaps}</Text>;
  return (
    <ul style={{ margin: 0, paddingInlineStart: '1.2em' }}>
      {found.map((own, place) => <li key={place}><Text size="sm">{texts.gap(own.name, amount(own.result), amount(own.base))}</Text></li>)}
    </ul>
  );
}

/** The promotions that are being tried. */
function drafts(request: Run['request']): string[] {
  return (request.with ?? []).flatMap(({ id }, place) => id ?? `draft:${place}`);
}

function Side({ title, result, request }: { title: string; result: Evaluation; request: Run['request'] }) {
  return (
    <Paper withBorder p="sm" component="section" aria-label={title}>
      <Title order={3} size="h5">{title}</Title>
      <Receipt evaluation={result} request={request} marked={drafts(request)} nameOf={promotionLink} />
      <CodeVerdicts codes={result.codes} />
    </Paper>
  );
}

function NotApplied({ title, result }: { title: string; result: Evaluation }) {
  const entries: readonly (NotAppliedEntry)[] = result.not_applied ?? [];
  return (
    <Paper withBorder p="sm" component="section" aria-label={title}>
      <Title order={3} size="h5" mb={4}>{title}</Title>
      {entries.length === 0 && <Text size="sm" c="dimmed">{texts.noneLeft}</Text>}
      <ul style={{ margin: 0, paddingInlineStart: '1.2em' }}>
        {entries.map((own, place) => (
          <li key={place}>
            <Text size="sm" fw={500} component="span">{promotionLink(own)}</Text>
            <Text size="sm">
              {explanationOf(own)}
              {own.alternative_discount != null && ` ${texts.alternative(money(own.alternative_discount, result.currency))}`}
            </Text>
          </li>
        ))}
      </ul>
    </Paper>
  );
}

function Wire({ run: { request, result } }: { run: Run }) {
  const [sent, answered] = [JSON.stringify(request, null, 2), JSON.stringify(result, null, 2)];
  const command = curl(location.origin, '/v1/evaluate-cart', request);
  const parts = [
    { name: 'sent', title: texts.sent, text: sent, copy: texts.copySent },
    { name: 'answered', title: texts.answered, text: answered, copy: texts.copyAnswer },
    { name: 'curl', title: texts.curl, text: command, copy: texts.copyCurl },
  ];
  return (
    <details>
      <summary>{texts.wire}</summary>
      <Tabs defaultValue="sent" keepMounted={false} pt="xs">
        <Tabs.List aria-label={texts.wire}>{parts.map(({ name, title }) => <Tabs.Tab key={name} value={name}>{title}</Tabs.Tab>)}</Tabs.List>
        {parts.map(({ name, text, copy }) => (
          <Tabs.Panel key={name} value={name} pt="xs">
            <Group justify="space-between" mb={4}>
              <Text size="xs" c="dimmed">{name === 'curl' ? texts.curlHelp : ''}</Text>
              <CopyButton text={text} label={copy} />
            </Group>
            <Code block tabIndex={0} mah={420} style={{ overflow: 'auto' }}>{text}</Code>
          </Tabs.Panel>
        ))}
      </Tabs>
    </details>
  );
}
