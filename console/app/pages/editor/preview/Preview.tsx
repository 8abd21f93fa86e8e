/** Beside the form, always: what the promotion does, what looks unintended, and a sample cart priced with it. */
import { ActionIcon, Anchor, Badge, Button, Group, Paper, SegmentedControl, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { memo, useState } from 'react';
import { Link } from 'react-router';

import { ApiProblem } from '../../../api/problem';
import type { Finding, LineInput } from '../../../api/schema';
import { explanationOf, Receipt } from '../../../parts/Receipt';
import { Failed } from '../../../parts/states';
import { useOwnTenant } from '../../../parts/tenant';
import { sentence } from '../../../sentence/sentence';
import { editor as texts } from '../../../texts/editor';
import { severityWords } from '../../../texts/words';
import { showTime } from '../../../time/zone';
import { isEarned, sectionOf } from '../draft';
import type { Draft, Section } from '../draft';
import { DRAFT_ID, usePriced, useSample } from './data';
import type { Cart, Checked, Stored } from './data';

export const Preview = memo(function Preview({ draft, checked, stored, show }: {
  draft: Draft;
  checked: Checked;
  stored: Stored | null;
  show: (section: Section) => void;
}) {
  const { currency } = useOwnTenant();
  return (
    <Stack gap="sm">
      <Paper withBorder p="sm" component="section" aria-label={texts.sentence}>
        <Title order={2} size="h6" mb={4}>{texts.sentence}</Title>
        <Text data-testid="sentence">{sentence(draft, { currency })}</Text>
      </Paper>
      <Findings checked={checked} show={show} />
      <Sample draft={draft} stored={stored} />
    </Stack>
  );
});

/** Findings that are shown at once. Warnings come first, as the service orders them. */
const FIRST = 3;

function keyOf(finding: Finding): string {
  return `${finding.code} ${finding.pointer} ${finding.promotion_id ?? ''}`;
}

function Findings({ checked, show }: { checked: Checked; show: (section: Section) => void }) {
  const { faults, findings, error } = checked;
  return (
    <Paper withBorder p="sm" component="section" aria-label={texts.findings}>
      <Title order={2} size="h6" mb={4}>{texts.findings}</Title>
      <div aria-live="polite">
        {error !== null && <Failed error={error} />}
        {faults.length > 0 && <Text size="sm" c="dimmed">{texts.findingsWait}</Text>}
        {error === null && faults.length === 0 && findings.length === 0 && <Text size="sm" c="dimmed">✓ {texts.noFindings}</Text>}
        <Stack gap={6}>{findings.slice(0, FIRST).map((finding) => <Found key={keyOf(finding)} finding={finding} show={show} />)}</Stack>
        {findings.length > FIRST && (
          <details>
            <summary><Text span size="sm">{texts.moreFindings(findings.length - FIRST)}</Text></summary>
            <Stack gap={6} mt={6}>{findings.slice(FIRST).map((finding) => <Found key={keyOf(finding)} finding={finding} show={show} />)}</Stack>
          </details>
        )}
      </div>
    </Paper>
  );
}

function Found({ finding, show }: { finding: Finding; show: (section: Section) => void }) {
  const isWarning = finding.severity === 'warning';
  const section = sectionOf(finding.pointer);
  return (
    <Text size="sm" component="div">
      <Badge size="sm" variant="outline" color={isWarning ? 'orange' : 'blue'} tt="none" mr={6} styles={{ root: { color: 'var(--mantine-color-text)' } }}>
        {isWarning ? '▲' : '○'} {severityWords[finding.severity]}
      </Badge>
      {finding.message}{' '}
      {finding.pointer !== '' && <Anchor component="button" type="button" size="sm" td="underline" onClick={() => show(section)}>{texts.sections[section]}</Anchor>}
      {finding.promotion_id !== null && <> <Anchor component={Link} to={`/promotions/${finding.promotion_id}`} target="_blank" size="sm" td="underline">{texts.other}</Anchor></>}
    </Text>
  );
}

function Sample({ draft, stored }: { draft: Draft; stored: Stored | null }) {
  const { zone } = useOwnTenant();
  const made = useSample(draft);
  const [own, setOwn] = useState<LineInput[] | null>(null);
  const cart: Cart = own === null ? made : { ...made, cart: { ...made.cart, lines: own } };
  const [isAlone, setAlone] = useState(true);
  const { query, at } = usePriced(draft, cart, zone, stored, isAlone);
  const isFaulty = query.error instanceof ApiProblem && query.error.status === 422;
  const why = query.data?.evaluation.not_applied?.find((outcome) => outcome.promotion_id === DRAFT_ID);
  const applies = query.data?.evaluation.applied.some((promotion) => promotion.promotion_id === DRAFT_ID) === true;
  return (
    <Paper withBorder p="sm" component="section" aria-label={texts.receipt} aria-busy={query.isFetching}>
      <Group justify="space-between" mb={4}>
        <Title order={2} size="h6">{texts.receipt}</Title>
        {query.data !== undefined && !isFaulty && (
          <Badge variant="outline" color={applies ? 'green' : 'gray'} tt="none" styles={{ root: { color: 'var(--mantine-color-text)' } }}>
            {applies ? `● ${texts.gives}` : `○ ${texts.givesNot}`}
          </Badge>
        )}
      </Group>
      {isFaulty && <Text size="sm" c="dimmed">{texts.receiptWait}</Text>}
      {query.isError && !isFaulty && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data !== undefined && !isFaulty && (
        <Stack gap="xs">
          {why !== undefined && <Text size="sm">{explanationOf(why)}</Text>}
          <Receipt evaluation={query.data.evaluation} request={query.data.request} marked={[DRAFT_ID]} />
        </Stack>
      )}
      <SegmentedControl size="xs" mt="xs" fullWidth aria-label={texts.compare} value={isAlone ? 'alone' : 'together'} onChange={(value) => setAlone(value === 'alone')}
        data={[{ value: 'alone', label: texts.alone }, { value: 'together', label: texts.together }]} />
      <Text size="xs" c="dimmed" mt="xs">
        {at === null ? texts.neverOpen : texts.asOf(showTime(at, zone, 'weekday'))} {isEarned(draft.type) && texts.asAutomatic}
      </Text>
      <Lines lines={cart.cart.lines} isOwn={own !== null} change={setOwn} />
    </Paper>
  );
}

function Lines({ lines, isOwn, change }: { lines: readonly LineInput[]; isOwn: boolean; change: (lines: LineInput[] | null) => void }) {
  const put = (place: number, part: Partial<LineInput>) => change(lines.map((line, other) => (other === place ? { ...line, ...part } : line)));
  const next = String(Math.max(0, ...lines.map((line) => Number(line.id) || 0)) + 1);
  return (
    <details>
      <summary><Text span size="sm">{texts.sample}</Text></summary>
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={4} mt={4}>
        <Table.Thead>
          <Table.Tr><Table.Th>{texts.sku}</Table.Th><Table.Th>{texts.category}</Table.Th><Table.Th w={64}>{texts.quantity}</Table.Th><Table.Th w={84}>{texts.price}</Table.Th><Table.Th w={26} /></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map((line, place) => (
            <Table.Tr key={line.id}>
              <Table.Td><TextInput size="xs" aria-label={texts.sku} value={line.sku} onChange={(event) => put(place, { sku: event.currentTarget.value })} /></Table.Td>
              <Table.Td>
                <TextInput size="xs" aria-label={texts.category} value={line.categories?.join(', ') ?? ''}
                  onChange={(event) => put(place, { categories: event.currentTarget.value === '' ? [] : event.currentTarget.value.split(/\s*,\s*/) })} />
              </Table.Td>
              <Table.Td><TextInput size="xs" aria-label={texts.quantity} inputMode="decimal" value={line.quantity} onChange={(event) => put(place, { quantity: event.currentTarget.value })} /></Table.Td>
              <Table.Td><TextInput size="xs" aria-label={texts.price} inputMode="decimal" value={line.unit_price} onChange={(event) => put(place, { unit_price: event.currentTarget.value })} /></Table.Td>
              <Table.Td>
                <ActionIcon size="sm" variant="subtle" color="gray" aria-label={texts.removeLine(line.sku)} disabled={lines.length === 1}
                  onClick={() => change(lines.filter((_, other) => other !== place))}>
                  <span aria-hidden>✕</span>
                </ActionIcon>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group gap="xs" mt={4}>
        <Button size="compact-xs" variant="light" onClick={() => change([...lines, { id: next, sku: `SAMPLE-${next}`, quantity: '1', unit_price: '400' }])}>+ {texts.addLine}</Button>
        {isOwn && <Button size="compact-xs" variant="subtle" onClick={() => change(null)}>{texts.sampleReset}</Button>}
      </Group>
    </details>
  );
}
